//! What a partner's products are sorted under: a row for each product, and the same in its offers.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{OrganizationId, VendorId};
use domain::offer::Offer;

use super::{code, save_offers};
use crate::sql::{Query, Row, json};
use crate::{StoreError, Tx};

/// Sorts a product of a partner's with all its offers; `false` where it has none.
pub async fn sort_product(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
    product: &str,
    categories: &[String],
) -> Result<bool, StoreError> {
    let query = Query::new("SELECT body FROM offers")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND vendor_id = ?", vendor.0)
        .and(" AND code >= ?", code(product, ""))
        // The next sign after the one between product and plan.
        .and(" AND code < ?", format!("{product}\u{20}"));
    let mut offers: Vec<Offer> = tx.bodies(query).await?;
    if offers.is_empty() {
        return Ok(false);
    }
    offers.retain(|offer| offer.categories != categories);
    for offer in &mut offers {
        offer.categories = categories.to_vec();
    }
    save_offers(tx, &offers).await?;
    let query = Query::new(
        "INSERT INTO sorted_products (organization_id, vendor_id, product, categories) VALUES ",
    )
    .list([
        owner.0.into(),
        vendor.0.into(),
        product.into(),
        json(&categories)?.into(),
    ])
    .then(
        " ON CONFLICT (organization_id, vendor_id, product) \
         DO UPDATE SET categories = excluded.categories",
    );
    tx.execute(query).await?;
    Ok(true)
}

/// What products of a vendor's are sorted under, as far as they are.
pub async fn find_categories(
    tx: &mut Tx,
    owner: OrganizationId,
    vendor: VendorId,
    products: impl Iterator<Item = &str>,
) -> Result<BTreeMap<String, Vec<String>>, StoreError> {
    let products: BTreeSet<&str> = products.collect();
    if products.is_empty() {
        return Ok(BTreeMap::new());
    }
    let query = Query::new("SELECT product, categories FROM sorted_products")
        .and(" WHERE organization_id = ?", owner.0)
        .and(" AND vendor_id = ?", vendor.0)
        .then(" AND product IN ")
        .list(products.into_iter().map(Into::into));
    let rows = tx.rows(query).await?;
    let read = |row: &Row| Ok((row.get("product")?, row.json("categories")?));
    rows.iter().map(read).collect()
}
