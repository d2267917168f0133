//! What a batch of a sheet's rows makes of the catalog.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::id::{OfferId, PlanId};
use domain::offer::{Cadence, Country, Form, Offer, Plan, VendorPrice};
use domain::price::import::{Import, Move};
use domain::price::sheet::{SheetProblem, SheetRow};
use domain::provisioning::Abilities;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use store::catalog::Vendor;
use store::plan_prices::{self, PlanPrice};
use store::{Tx, catalog, price_imports};
use uuid::Uuid;

use super::BATCH;
use crate::Error;

/// Most units in one line of an offer that no catalog has told more about.
const UNITS_MAX: u32 = 10_000;

fn digest(parts: &[&str]) -> [u8; 16] {
    let hash = Sha256::digest(parts.join("\u{1f}"));
    let mut first = [0; 16];
    first.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    first
}

/// The vendor's own key of a plan.
fn terms(row: &SheetRow) -> String {
    format!(
        "{} {} {} {} {}",
        row.cadence.term_code(),
        row.cadence.cycle_code(),
        row.currency.code(),
        row.market
            .map_or_else(String::new, |market| market.to_string()),
        row.segment.map_or("", |segment| segment.name()),
    )
}

/// A row's own key: no two rows of a sheet have the same.
pub(super) fn key(row: &SheetRow) -> [u8; 16] {
    let from = row.from.to_string();
    digest(&[&row.product, &row.sku, &terms(row), &from])
}

/// What is wrong with the second of two.
pub(super) fn twice(row: &SheetRow) -> SheetProblem {
    SheetProblem {
        line: row.line,
        column: "SkuId".into(),
        reason: format!(
            "{} {} is listed on these terms from this day already; leave one of the rows out",
            row.product, row.sku
        ),
    }
}

/// Rows that are taken over together.
pub(super) struct Batch {
    pub(super) import: Import,
    pub(super) vendor: Vendor,
    pub(super) abilities: Abilities,
    pub(super) form: Option<Form>,
    pub(super) rows: Vec<SheetRow>,
}

impl Batch {
    /// The import with what came of the rows, and their plans.
    pub(super) async fn run(&self, tx: &mut Tx) -> Result<(Import, Vec<PlanId>), Error> {
        let (mut import, owner) = (self.import.clone(), self.vendor.owner);
        let now = import.started_at;
        let codes: BTreeSet<(&str, &str)> = self
            .rows
            .iter()
            .map(|row| (row.product.as_str(), row.sku.as_str()))
            .collect();
        let found = catalog::find_by_codes(tx, owner, self.vendor.id, codes.into_iter()).await?;
        let products = self.rows.iter().map(|row| row.product.as_str());
        let sorted = catalog::find_categories(tx, owner, self.vendor.id, products).await?;
        let ids: Vec<OfferId> = found.iter().map(|offer| offer.id).collect();
        let mut known: BTreeMap<PlanId, Vec<VendorPrice>> = BTreeMap::new();
        for row in plan_prices::list_from(tx, owner, ids.into_iter(), now).await? {
            known.entry(row.plan).or_default().push(row.price);
        }
        let mut offers: BTreeMap<(String, String), Offer> = found
            .into_iter()
            .map(|offer| ((offer.product.clone(), offer.vendor_plan.clone()), offer))
            .collect();
        let (mut dirty, mut prices, mut plans) = (BTreeSet::new(), Vec::new(), Vec::new());
        for row in &self.rows {
            let place = (row.product.clone(), row.sku.clone());
            let offer = offers
                .entry(place.clone())
                .or_insert_with(|| self.offer(row, sorted.get(&row.product)));
            let (plan, is_new) = plan(offer, row);
            let has_form = self.form.is_none() || offer.form == self.form;
            let is_sold_so = offer.maximum <= self.maximum();
            if is_new || offer.is_withdrawn || !has_form || !is_sold_so {
                offer.is_withdrawn = false;
                offer.maximum = offer.maximum.min(self.maximum());
                offer.form = self.form.clone().or(offer.form.take());
                dirty.insert(place);
            }
            plans.push(plan);
            let history = known.entry(plan).or_default();
            match decide(row, history, now) {
                None => import.counts.unchanged += 1,
                Some(price) => {
                    match history.is_empty() {
                        true => import.counts.new += 1,
                        false => import.counts.changed += 1,
                    }
                    import.show(|| moved(offer, row, history, price));
                    history.retain(|known| known.from != price.from);
                    history.push(price);
                    history.sort_by_key(|known| known.from);
                    let offer = offer.id;
                    prices.push(PlanPrice { offer, plan, price });
                }
            }
        }
        let changed = offers.iter().filter(|(place, _)| dirty.contains(*place));
        catalog::save_offers(tx, changed.map(|(_, offer)| offer)).await?;
        // One statement can't write a row twice.
        let mut last: BTreeMap<(PlanId, Timestamp), PlanPrice> = BTreeMap::new();
        last.extend(
            prices
                .into_iter()
                .map(|row| ((row.plan, row.price.from), row)),
        );
        let prices: Vec<PlanPrice> = last.into_values().collect();
        plan_prices::save_all(tx, owner, &prices).await?;
        price_imports::save(tx, &import).await?;
        Ok((import, plans))
    }

    /// Most units of one line.
    fn maximum(&self) -> u32 {
        match self.abilities.is_single {
            true => 1,
            false => UNITS_MAX,
        }
    }

    /// The same id whenever the sheet is taken over again.
    fn offer(&self, row: &SheetRow, categories: Option<&Vec<String>>) -> Offer {
        let parts = [
            &self.vendor.owner.to_string(),
            &self.vendor.id.to_string(),
            &row.product,
            &row.sku,
        ];
        let id = OfferId(Uuid::from_bytes(digest(&parts.map(String::as_str))));
        Offer {
            vendor_name: self.vendor.name.clone(),
            name: row.name.clone(),
            description: row.description.clone(),
            product: row.product.clone(),
            vendor_plan: row.sku.clone(),
            product_name: row.product_name.clone(),
            categories: categories.cloned().unwrap_or_default(),
            maximum: self.maximum(),
            has_tenant: self.abilities.has_tenants,
            form: self.form.clone(),
            ..Offer::new(id, self.vendor.owner, self.vendor.id)
        }
    }
}

/// The plan that a row prices; whether it was added.
fn plan(offer: &mut Offer, row: &SheetRow) -> (PlanId, bool) {
    let is_it = |plan: &&Plan| {
        plan.cadence == row.cadence
            && plan.currency == row.currency
            && plan.market == row.market
            && plan.segment == row.segment
    };
    if let Some(found) = offer.plans.iter().find(is_it) {
        return (found.id, false);
    }
    let id = digest(&[&offer.id.to_string(), &terms(row)]);
    let id = PlanId(Uuid::from_bytes(id));
    offer.plans.push(Plan {
        id,
        cadence: row.cadence,
        currency: row.currency,
        market: row.market,
        segment: row.segment,
        price: None,
    });
    (id, true)
}

/// The price to write, where the row says anything new. What was in force before the import stays as it
/// was: another price holds from now on.
fn decide(row: &SheetRow, history: &[VendorPrice], now: Timestamp) -> Option<VendorPrice> {
    let is_known = !history.is_empty();
    if is_known && row.till.is_some_and(|till| till < now) {
        return None;
    }
    let from = if is_known {
        row.from.max(now)
    } else {
        row.from
    };
    let in_force = history.iter().rev().find(|known| known.from <= from);
    let is_same = in_force.is_some_and(|known| {
        known.cost == row.cost && known.retail == row.retail && known.till == row.till
    });
    (!is_same).then_some(VendorPrice {
        cost: row.cost,
        retail: row.retail,
        from,
        till: row.till,
    })
}

/// What becomes of a price, in words for people.
fn moved(offer: &Offer, row: &SheetRow, history: &[VendorPrice], price: VendorPrice) -> Move {
    let before = history.iter().rev().find(|known| known.from <= price.from);
    Move {
        offer: offer.name.clone(),
        plan: told(row.cadence, row.market),
        from: before.map(|known| known.cost),
        to: Some(price.cost),
        currency: row.currency,
        since: price.from,
    }
}

fn told(cadence: Cadence, market: Option<Country>) -> String {
    let (term, cycle) = (cadence.term_label(), cadence.cycle_label());
    let market = market.map_or_else(String::new, |market| format!(", {market}"));
    format!("{term}, billed {cycle}{market}")
}

/// What the sheet listed, and for which markets it speaks.
pub(super) struct Ending {
    pub(super) listed: HashSet<PlanId>,
    pub(super) markets: HashSet<Country>,
}

impl Ending {
    /// Ends what of these offers the sheet's markets are not sold any more; where the next begin.
    pub(super) async fn end(
        &self,
        tx: &mut Tx,
        import: &Import,
        found: Vec<Offer>,
    ) -> Result<(Import, Option<OfferId>), Error> {
        let (mut import, now) = (import.clone(), import.started_at);
        let mut ended = Vec::new();
        for offer in &found {
            for plan in &offer.plans {
                let is_spoken_of = plan.market.is_some_and(|m| self.markets.contains(&m));
                let Some(price) = plan.price.filter(|_| is_spoken_of) else {
                    continue;
                };
                let goes_on = price.till.is_none_or(|till| till > now);
                if goes_on && !self.listed.contains(&plan.id) {
                    import.show(|| Move {
                        offer: offer.name.clone(),
                        plan: told(plan.cadence, plan.market),
                        from: Some(price.cost),
                        to: None,
                        currency: plan.currency,
                        since: now,
                    });
                    let till = Some(now);
                    let price = VendorPrice { till, ..price };
                    let (offer, plan) = (offer.id, plan.id);
                    ended.push(PlanPrice { offer, plan, price });
                }
            }
        }
        import.counts.ended += ended.len() as u64;
        plan_prices::save_all(tx, import.owner, &ended).await?;
        let last = found.last().filter(|_| found.len() == BATCH);
        Ok((import, last.map(|offer| offer.id)))
    }
}
