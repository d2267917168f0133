//! What Microsoft sells in the account's market: products and their SKUs. Prices stand in price sheets,
//! which are imported on their own.

use domain::provisioning::Fault;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::PartnerCenter;
use super::answer::Stop;
use super::http::path;
use super::resource::Resource;
use crate::CatalogEntry;
use crate::http::clean;

/// Products whose SKUs are asked for at the same time.
const AT_ONCE: usize = 4;

impl PartnerCenter {
    pub(super) async fn list_catalog(&self) -> Result<Vec<CatalogEntry>, Fault> {
        let pairs = [
            ("country", self.account.market.clone()),
            ("targetView", "OnlineServices".to_owned()),
            ("targetSegment", self.account.segment.clone()),
        ];
        let products = self.http.list("/products", &pairs).await?;
        let skus = stream::iter(products)
            .map(|product| self.list_skus(product))
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        Ok(skus.into_iter().flatten().collect())
    }

    async fn list_skus(&self, product: Resource) -> Result<Vec<CatalogEntry>, Stop> {
        let Some(id) = product.text("id") else {
            return Ok(Vec::new());
        };
        let pairs = [
            ("country", self.account.market.clone()),
            ("targetSegment", self.account.segment.clone()),
        ];
        let skus = self
            .http
            .list(&path(&["products", &id, "skus"]), &pairs)
            .await?;
        let name = clean(&product.text("title").unwrap_or_else(|| id.clone()));
        let entry = |sku: &Resource| {
            let plan = sku.text("id")?;
            Some(CatalogEntry {
                product: id.clone(),
                product_name: name.clone(),
                plan_name: clean(&sku.text("title").unwrap_or_else(|| plan.clone())),
                plan,
                description: clean(&sku.text("description").unwrap_or_default()),
                maximum: sku
                    .number("maximumQuantity")
                    .and_then(|most| most.try_into().ok()),
                costs: Vec::new(),
                asked: None,
            })
        };
        Ok(skus.iter().filter_map(entry).collect())
    }
}
