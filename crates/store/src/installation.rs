//! Where a database lives, and whether its vendors may be called.
//!
//! A restored or copied database holds orders that another copy may have sent meanwhile. So it stays
//! paused until a person takes over: `tasks::list_due` gives out nothing before.

use jiff::Timestamp;

use crate::sql::{Query, Row};
use crate::{StoreError, Tx};

/// Why no vendor is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// In words for people.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// What a database knows of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// Where it lived when it was last taken into use ([`crate::Store::place`]).
    pub place: String,
    /// Vendors are not called.
    pub pause: Option<Pause>,
}

/// What is known; `None` before the first start.
pub async fn find(tx: &mut Tx) -> Result<Option<Installation>, StoreError> {
    let query = Query::new("SELECT place, paused, paused_at FROM installation WHERE id = 1");
    let read = |row: &Row| {
        let (reason, since): (Option<String>, Option<i64>) =
            (row.get("paused")?, row.get("paused_at")?);
        Ok(Installation {
            place: row.get("place")?,
            pause: reason.zip(since).map(|(reason, since)| Pause {
                reason,
                since: Timestamp::from_microsecond(since).unwrap_or(Timestamp::UNIX_EPOCH),
            }),
        })
    };
    tx.row(query).await?.as_ref().map(read).transpose()
}

/// Keeps what is known.
pub async fn save(tx: &mut Tx, known: &Installation) -> Result<(), StoreError> {
    let (reason, since) = match &known.pause {
        Some(pause) => (Some(&pause.reason), Some(pause.since.as_microsecond())),
        None => (None, None),
    };
    let query = Query::new("INSERT INTO installation (id, place, paused, paused_at) VALUES ")
        .list([
            1i64.into(),
            known.place.as_str().into(),
            reason.cloned().into(),
            since.into(),
        ])
        .then(
            " ON CONFLICT (id) DO UPDATE SET place = excluded.place, paused = excluded.paused, \
             paused_at = excluded.paused_at",
        );
    tx.execute(query).await.map(drop)
}
