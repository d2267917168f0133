//! The rules that make prices: a seller's for its customers, a distributor's for its sellers. What a new
//! one would change is shown by the code that keeps it.

mod preview;
mod typed;

use domain::access::Permission;
use domain::id::{OfferId, OrganizationId, PriceRuleId, VendorId};
use domain::organization::{Organization, OrganizationKind};
use domain::price::record::{RuleRecord, RuleState, clash, earliest_day, parse_day};
use domain::price::rule::{RuleLevel, RuleScope};
use domain::subscription::decide::Problem;
use jiff::Timestamp;
use jiff::civil::Date;
use store::{Tx, catalog, organizations, price_rules};

pub use self::preview::{Moved, Preview};
pub use self::typed::TypedPriceRule;
use crate::access::{Access, Caller};
use crate::{App, Error};

/// Buyers that a rule can be narrowed to, in one list at the most.
const BUYERS_MAX: u32 = 1_000;
/// Offers that a form suggests.
const SUGGESTED_MAX: u32 = 200;
/// Rules of a page.
const PAGE: u32 = 50;

/// A rule with the names of what it speaks of.
#[derive(Debug, Clone)]
pub struct SeenRule {
    /// The rule and who made it.
    pub record: RuleRecord,
    /// Where it stands today.
    pub state: RuleState,
    /// For whom, where it is for one.
    pub buyer: Option<String>,
    /// On what, where it is not on everything.
    pub subject: Option<String>,
}

/// A page of a partner's rules, and what they can speak of.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Whose they are.
    pub partner: Organization,
    /// Newest first.
    pub rules: Vec<SeenRule>,
    /// Where the next page begins.
    pub next: Option<price_rules::Place>,
    /// The customers of a seller, the sellers of a distributor, by name.
    pub buyers: Vec<Organization>,
    /// The vendors of its catalog, by name.
    pub vendors: Vec<(VendorId, String)>,
    /// Some offers of its catalog, by name.
    pub offers: Vec<String>,
    /// The first day that a new rule may have.
    pub earliest: Date,
}

/// Which of a partner's rules are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct AskedRules {
    /// Those that have ended, too.
    pub ended: bool,
    /// Where the page before ended.
    pub after: Option<price_rules::Place>,
}

impl App {
    /// The distributors and sellers whose price rules a caller may look at, by name.
    pub async fn pricing_partners(&self, caller: &Caller) -> Result<Vec<Organization>, Error> {
        self.partners_for(caller, Permission::ConfigurePrices).await
    }

    /// The distributors and sellers of which a caller may look at something, by name.
    pub(crate) async fn partners_for(
        &self,
        caller: &Caller,
        permission: Permission,
    ) -> Result<Vec<Organization>, Error> {
        let mut tx = self.store.read().await?;
        let held = caller
            .memberships
            .iter()
            .filter(|held| held.role.is_staff());
        let mut held: Vec<OrganizationId> = held.map(|held| held.organization).collect();
        held.sort_unstable();
        held.dedup();
        let mut found: Vec<Organization> = Vec::new();
        for top in organizations::list_by_id(&mut tx, &held).await? {
            let mut partners = organizations::list_children(&mut tx, &top, BUYERS_MAX).await?;
            partners.push(top);
            for partner in partners {
                let standing = caller.standing(&partner);
                let may = standing.is_some_and(|s| s.may_view(permission));
                let is_new = found.iter().all(|known| known.id != partner.id);
                if partner.kind != OrganizationKind::Customer && may && is_new {
                    found.push(partner);
                }
            }
        }
        found.sort_by(|a, b| (a.chain.len(), &a.name).cmp(&(b.chain.len(), &b.name)));
        Ok(found)
    }

    /// The rules of the partner that the access is to.
    pub async fn price_rules(&self, access: &Access, asked: AskedRules) -> Result<Rules, Error> {
        access.require_view(Permission::ConfigurePrices)?;
        let now = self.clock.now();
        let partner = access.organization().clone();
        let today = now.to_zoned(partner.zone.clone()).date();
        let mut tx = self.store.read().await?;
        let open_on = (!asked.ended).then_some(today);
        let mut records =
            price_rules::list(&mut tx, partner.id, open_on, asked.after, PAGE + 1).await?;
        let has_more = records.len() > PAGE as usize;
        records.truncate(PAGE as usize);
        let last = records.last().filter(|_| has_more);
        let next = last.map(|record| (record.created_at, record.rule.id));
        let buyers = buyers(&mut tx, &partner).await?;
        let vendors = catalog::list_vendors(&mut tx, &partner.chain).await?;
        let vendors = vendors.into_iter().map(|vendor| (vendor.id, vendor.name));
        let vendors: Vec<(VendorId, String)> = vendors.collect();
        let named = name_offers(&mut tx, &partner, &records, now).await?;
        let seen = records.into_iter().map(|record| SeenRule {
            state: record.state(today),
            buyer: buyer_name(&record, &buyers),
            subject: match record.rule.scope {
                RuleScope::All => None,
                RuleScope::Vendor(id) => Some(name_of(id, &vendors, "a vendor of before")),
                RuleScope::Offer(id) => Some(name_of(id, &named, "an offer of before")),
            },
            record,
        });
        let rules = seen.collect();
        let some = catalog::list_offers(&mut tx, &partner.chain, SUGGESTED_MAX, now).await?;
        let sold = some.into_iter().filter(|offer| !offer.is_withdrawn);
        let is_distributor = partner.kind == OrganizationKind::Distributor;
        Ok(Rules {
            earliest: earliest_day(is_distributor, today),
            offers: sold.map(|offer| offer.name).collect(),
            partner,
            rules,
            next,
            buyers,
            vendors,
        })
    }

    /// What a rule would change, without keeping it. Whoever may not set prices may not try either.
    pub async fn preview_price_rule(
        &self,
        access: &Access,
        typed: &TypedPriceRule,
    ) -> Result<Preview, Error> {
        access.require(Permission::ConfigurePrices)?;
        let now = self.clock.now();
        let mut tx = self.store.read().await?;
        let record = self
            .read_rule(&mut tx, access, typed, PriceRuleId(self.id()), now)
            .await?;
        preview::preview(&mut tx, access.organization(), &record).await
    }

    /// Keeps a new rule.
    pub async fn add_price_rule(
        &self,
        access: &Access,
        typed: TypedPriceRule,
    ) -> Result<RuleRecord, Error> {
        access.require(Permission::ConfigurePrices)?;
        let state = (
            self.clone(),
            access.clone(),
            typed,
            PriceRuleId(self.id()),
            self.clock.now(),
        );
        let saved = self
            .store
            .write(state, |(app, access, typed, id, now), tx| {
                Box::pin(async move {
                    let record = app.read_rule(tx, access, typed, *id, *now).await?;
                    price_rules::save(tx, &record).await?;
                    Ok::<_, Error>(record)
                })
            });
        saved.await
    }

    /// Sets a rule's last day, or takes it away again: nothing stands for no end.
    pub async fn end_price_rule(
        &self,
        access: &Access,
        id: PriceRuleId,
        last_day: &str,
    ) -> Result<RuleRecord, Error> {
        access.require(Permission::ConfigurePrices)?;
        let invalid = |reason| Error::Invalid {
            field: "/till",
            reason,
        };
        let last = parse_day(last_day).map_err(invalid)?;
        let today = self.today(access);
        let state = (access.clone(), id, last, today);
        let saved = self.store.write(state, |(access, id, last, today), tx| {
            Box::pin(async move {
                let found = price_rules::find(tx, access.tenant(), *id).await?;
                let mut record = found.ok_or(Error::NotFound)?;
                let ended = record.end(*last, access.actor(), *today);
                ended.map_err(|reason| Error::Invalid {
                    field: "/till",
                    reason,
                })?;
                price_rules::save(tx, &record).await?;
                Ok::<_, Error>(record)
            })
        });
        saved.await
    }

    /// Removes a rule that has not begun. One that has made prices is ended instead, so that they can be
    /// understood later.
    pub async fn remove_price_rule(&self, access: &Access, id: PriceRuleId) -> Result<(), Error> {
        access.require(Permission::ConfigurePrices)?;
        let state = (access.clone(), id, self.today(access));
        let removed = self.store.write(state, |(access, id, today), tx| {
            Box::pin(async move {
                let found = price_rules::find(tx, access.tenant(), *id).await?;
                let record = found.ok_or(Error::NotFound)?;
                match record.state(*today) {
                    RuleState::Coming => Ok(price_rules::delete(tx, access.tenant(), *id).await?),
                    RuleState::Open | RuleState::Ended => Err(Error::Problems(vec![Problem::new(
                        "/till",
                        "has to be set instead: the rule has made prices already",
                    )])),
                }
            })
        });
        removed.await
    }

    fn today(&self, access: &Access) -> Date {
        let zone = access.organization().zone.clone();
        self.clock.now().to_zoned(zone).date()
    }

    /// A rule as typed, with every problem at once.
    async fn read_rule(
        &self,
        tx: &mut Tx,
        access: &Access,
        typed: &TypedPriceRule,
        id: PriceRuleId,
        now: Timestamp,
    ) -> Result<RuleRecord, Error> {
        let partner = access.organization();
        let rule = typed::read(tx, partner, typed, id, now).await?;
        let beside = price_rules::list_beside(tx, partner.id, &rule, rule.from).await?;
        if let Some(reason) = clash(&rule, &beside) {
            return Err(Error::Problems(vec![Problem::new("/from", reason.0)]));
        }
        Ok(RuleRecord {
            owner: partner.id,
            rule,
            created_by: access.actor().clone(),
            created_at: now,
            ended_by: None,
        })
    }
}

/// The customers of a seller, the sellers of a distributor, by name.
async fn buyers(tx: &mut Tx, partner: &Organization) -> Result<Vec<Organization>, Error> {
    Ok(organizations::list_children(tx, partner, BUYERS_MAX).await?)
}

fn buyer_name(record: &RuleRecord, buyers: &[Organization]) -> Option<String> {
    match record.rule.level {
        RuleLevel::Everyone => None,
        RuleLevel::One(id) => {
            let found = buyers.iter().find(|buyer| buyer.id == id);
            Some(found.map_or_else(|| id.to_string(), |found| found.name.clone()))
        }
    }
}

fn name_of<I: PartialEq>(id: I, named: &[(I, String)], unknown: &str) -> String {
    let found = named.iter().find(|(known, _)| *known == id);
    found.map_or_else(|| unknown.to_owned(), |(_, name)| name.clone())
}

async fn name_offers(
    tx: &mut Tx,
    partner: &Organization,
    records: &[RuleRecord],
    now: Timestamp,
) -> Result<Vec<(OfferId, String)>, Error> {
    let asked = records.iter().filter_map(|record| match record.rule.scope {
        RuleScope::Offer(id) => Some(id),
        RuleScope::All | RuleScope::Vendor(_) => None,
    });
    let found = catalog::find_offers(tx, &partner.chain, &asked.collect(), now).await?;
    Ok(found
        .into_iter()
        .map(|offer| (offer.id, offer.name))
        .collect())
}

/// Nobody in particular: a buyer without rules of its own.
fn nobody() -> OrganizationId {
    OrganizationId(uuid::Uuid::nil())
}
