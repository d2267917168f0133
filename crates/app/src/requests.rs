//! Requests that are safe to repeat: an idempotency key stands for one wish, and the wish is done once.

use domain::id::OrderId;
use domain::order::Order;
use domain::text::line;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use store::requests::{self, Remembered, RequestKey};
use store::{Tx, orders};

use crate::Error;
use crate::access::Access;

/// An idempotency key and the hash of what came with it.
#[derive(Debug, Clone)]
pub struct Once {
    key: String,
    fingerprint: String,
}

impl Once {
    /// Binds a client's key to the content of its request.
    pub fn new(key: &str, content: &[u8]) -> Result<Once, Error> {
        let key = line(key, 200).map_err(|reason| Error::Invalid {
            field: "Idempotency-Key",
            reason,
        })?;
        Ok(Once {
            key,
            fingerprint: format!("{:x?}", Sha256::digest(content).as_slice()),
        })
    }

    /// The key of one order's part in a request about many. Its line break is in no client's key.
    pub(crate) fn of_item(&self, number: u64) -> Once {
        Once {
            key: format!("{}\n{number}", self.key),
            fingerprint: self.fingerprint.clone(),
        }
    }

    /// The order that the same request led to before; the first time, the key is remembered in the
    /// transaction of its effect.
    pub(crate) async fn recall(
        &self,
        tx: &mut Tx,
        access: &Access,
        order: OrderId,
        now: Timestamp,
    ) -> Result<Option<Order>, Error> {
        match self.recall_id(tx, access, order, now).await? {
            Some(id) => {
                let order = orders::load(tx, access.tenant(), id).await?;
                Ok(Some(order.into_order()))
            }
            None => Ok(None),
        }
    }

    /// What the same request led to before; remembered the first time.
    pub(crate) async fn recall_id(
        &self,
        tx: &mut Tx,
        access: &Access,
        order: OrderId,
        now: Timestamp,
    ) -> Result<Option<OrderId>, Error> {
        let request = RequestKey {
            organization: access.tenant(),
            user: access.actor().user,
            key: self.key.clone(),
            fingerprint: self.fingerprint.clone(),
        };
        match requests::remember(tx, &request, order, now).await? {
            Remembered::New => Ok(None),
            Remembered::Repeat(id) => Ok(Some(id)),
            Remembered::Other => Err(Error::KeyReused),
        }
    }
}
