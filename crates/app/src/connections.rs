//! From a vendor's stored settings to its connector, and what the vendor replaces in them back into
//! storage.

use std::sync::Arc;

use async_trait::async_trait;
use connectors::partner_center::{Account, PartnerCenter};
use connectors::{Connector, Reader, SecretKeeper, Settings, connect_with};
use domain::id::{OrganizationId, VendorId};
use domain::provisioning::Fault;
use store::{StoreError, Tx, catalog};

use crate::App;

/// Stands in for all vendors.
pub trait Exchange: Send + Sync {
    /// The connector of a vendor.
    fn connector(&self, vendor: VendorId) -> Box<dyn Connector>;
}

/// Whose connection is renewed.
struct Keeper {
    app: App,
    owner: OrganizationId,
    vendor: VendorId,
}

impl App {
    /// The connector of a vendor that `owner` is connected to.
    pub(crate) fn connection(
        &self,
        owner: OrganizationId,
        vendor: VendorId,
        settings: &Settings,
    ) -> Result<Box<dyn Connector>, Fault> {
        match &self.exchange {
            Some(exchange) => Ok(exchange.connector(vendor)),
            None => connect_with(settings, Some(self.keeper(owner, vendor))),
        }
    }

    /// The same, for whoever only reads.
    pub(crate) fn reader(
        &self,
        vendor: &catalog::Vendor,
        settings: &Settings,
    ) -> Result<Box<dyn Reader>, Fault> {
        connectors::reader(settings, Some(self.keeper(vendor.owner, vendor.id)))
    }

    /// The client of an account at Partner Center, for what no order asks for.
    pub(crate) fn partner_center(
        &self,
        vendor: &catalog::Vendor,
        account: &Account,
    ) -> Result<PartnerCenter, Fault> {
        PartnerCenter::new(account, Some(self.keeper(vendor.owner, vendor.id)))
    }

    fn keeper(&self, owner: OrganizationId, vendor: VendorId) -> Arc<dyn SecretKeeper> {
        Arc::new(Keeper {
            app: self.clone(),
            owner,
            vendor,
        })
    }
}

#[async_trait]
impl SecretKeeper for Keeper {
    async fn keep_refresh_token(&self, former: &str, renewed: &str) -> Result<(), String> {
        let state = (
            self.owner,
            self.vendor,
            former.to_owned(),
            renewed.to_owned(),
        );
        let write = self
            .app
            .store
            .write(state, |(owner, vendor, former, renewed), tx| {
                Box::pin(replace(tx, *owner, *vendor, former, renewed))
            });
        write.await.map_err(|error: StoreError| error.to_string())
    }
}

/// Writes the new token where the former one still stands: a person may have replaced it meanwhile.
async fn replace(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
    former: &str,
    renewed: &str,
) -> Result<(), StoreError> {
    let Some(mut vendor) = catalog::find_vendor(tx, &[owner], vendor).await? else {
        return Ok(());
    };
    let Ok(Settings::PartnerCenter(mut account)) = serde_json::from_str(&vendor.settings) else {
        return Ok(());
    };
    if account.refresh_token.as_deref() != Some(former) {
        return Ok(());
    }
    account.refresh_token = Some(renewed.to_owned());
    vendor.settings = serde_json::json!(Settings::PartnerCenter(account)).to_string();
    catalog::save_vendor(tx, &vendor).await
}
