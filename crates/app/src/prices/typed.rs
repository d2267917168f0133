//! A price rule as it is typed in a form or sent by a program.

use domain::id::{OfferId, PriceRuleId, VendorId};
use domain::organization::{Organization, OrganizationKind};
use domain::price::record::{earliest_day, parse_day};
use domain::price::rule::{PriceRule, RuleLevel, RuleScope};
use domain::price::{Adjustment, Percent, PriceSource};
use domain::subscription::decide::Problem;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use store::{Tx, catalog};

use super::buyers;
use crate::Error;

/// A rule as typed; what is empty narrows nothing.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TypedPriceRule {
    /// The buyer's name in addresses: a seller's customer, a distributor's seller.
    pub buyer: String,
    /// The vendor's id.
    pub vendor: String,
    /// The offer's id, or its name as the catalog has it.
    pub offer: String,
    /// Such as `15` or `-10`.
    pub percent: String,
    /// `cost` (by default) or `retail`.
    pub source: String,
    /// First day, such as `2026-11-23`.
    pub from: String,
    /// Last day; empty or `9999-12-31` for no end.
    pub till: String,
}

/// Reads a rule. Every problem at once.
pub(super) async fn read(
    tx: &mut Tx,
    partner: &Organization,
    typed: &TypedPriceRule,
    id: PriceRuleId,
    now: Timestamp,
) -> Result<PriceRule, Error> {
    let mut reading = Reading {
        partner,
        typed,
        problems: Vec::new(),
    };
    let buyer = reading.buyer(tx).await?;
    let scope = reading.scope(tx, now).await?;
    let percent = reading.percent();
    let source = reading.source();
    let zone = buyer.as_ref().filter(|_| reading.is_distributor());
    let zone = zone.map_or(&partner.zone, |seller| &seller.zone);
    let (from, till) = reading.days(now.to_zoned(zone.clone()).date());
    match (percent, source, from) {
        (Some(percent), Some(source), Some(from)) if reading.problems.is_empty() => Ok(PriceRule {
            id,
            level: buyer.map_or(RuleLevel::Everyone, |buyer| RuleLevel::One(buyer.id)),
            scope,
            adjustment: Adjustment { source, percent },
            from,
            till,
        }),
        _ => Err(Error::Problems(reading.problems)),
    }
}

struct Reading<'r> {
    partner: &'r Organization,
    typed: &'r TypedPriceRule,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn problem(&mut self, field: &'static str, reason: impl Into<String>) {
        self.problems.push(Problem::new(field, reason));
    }

    fn is_distributor(&self) -> bool {
        self.partner.kind == OrganizationKind::Distributor
    }

    async fn buyer(&mut self, tx: &mut Tx) -> Result<Option<Organization>, Error> {
        let slug = self.typed.buyer.trim();
        if slug.is_empty() {
            return Ok(None);
        }
        let known = buyers(tx, self.partner).await?;
        let found = known.into_iter().find(|known| known.slug.as_str() == slug);
        if found.is_none() {
            let words = match self.is_distributor() {
                true => "must be one of your sellers, or empty for all of them",
                false => "must be one of your customers, or empty for all of them",
            };
            self.problem("/buyer", words);
        }
        Ok(found)
    }

    async fn scope(&mut self, tx: &mut Tx, now: Timestamp) -> Result<RuleScope, Error> {
        let (vendor, offer) = (self.typed.vendor.trim(), self.typed.offer.trim());
        match (vendor.is_empty(), offer.is_empty()) {
            (true, true) => Ok(RuleScope::All),
            (false, true) => {
                let known = catalog::list_vendors(tx, &self.partner.chain).await?;
                let id = vendor.parse::<VendorId>().ok();
                let found = known.iter().find(|known| Some(known.id) == id);
                if found.is_none() {
                    self.problem("/vendor", "must be a vendor of your catalog, or empty");
                }
                Ok(found.map_or(RuleScope::All, |found| RuleScope::Vendor(found.id)))
            }
            (true, false) => self.offer(tx, offer, now).await,
            (false, false) => {
                self.problem("/vendor", "must be empty where an offer is given");
                Ok(RuleScope::All)
            }
        }
    }

    async fn offer(
        &mut self,
        tx: &mut Tx,
        typed: &str,
        now: Timestamp,
    ) -> Result<RuleScope, Error> {
        let chain = &self.partner.chain;
        let found: Vec<OfferId> = match typed.parse::<OfferId>() {
            Ok(id) => {
                let found = catalog::find_offers(tx, chain, &[id].into(), now).await?;
                found.into_iter().map(|offer| offer.id).collect()
            }
            Err(_) => catalog::find_named(tx, chain, typed).await?,
        };
        match found.as_slice() {
            [one] => return Ok(RuleScope::Offer(*one)),
            [] => {
                let words = "is not in your catalog; write the name as the catalog has it";
                self.problem("/offer", words);
            }
            [..] => {
                let ids: Vec<String> = found.iter().map(OfferId::to_string).collect();
                let words = format!(
                    "is the name of several; take the id of one: {}",
                    ids.join(", ")
                );
                self.problem("/offer", words);
            }
        }
        Ok(RuleScope::All)
    }

    fn percent(&mut self) -> Option<Percent> {
        match Percent::parse(&self.typed.percent) {
            Ok(percent) => Some(percent),
            Err(reason) => {
                self.problem("/percent", reason.0);
                None
            }
        }
    }

    fn source(&mut self) -> Option<PriceSource> {
        match self.typed.source.trim() {
            "" | "cost" => Some(PriceSource::Cost),
            "retail" => Some(PriceSource::Retail),
            _ => {
                self.problem("/source", "must be cost or retail");
                None
            }
        }
    }

    fn days(&mut self, today: Date) -> (Option<Date>, Option<Date>) {
        let earliest = earliest_day(self.is_distributor(), today);
        let from = match parse_day(&self.typed.from) {
            Ok(Some(from)) if from >= earliest => Some(from),
            Ok(Some(_)) => {
                let why = match self.is_distributor() {
                    true => "today's prices are known to your sellers",
                    false => "what was sold before stays as it was",
                };
                self.problem("/from", format!("must be {earliest} or later: {why}"));
                None
            }
            Ok(None) => Some(earliest),
            Err(reason) => {
                self.problem("/from", reason.0);
                None
            }
        };
        let till = parse_day(&self.typed.till);
        match (from, till) {
            (_, Err(reason)) => self.problem("/till", reason.0),
            (Some(from), Ok(Some(till))) if till < from => {
                self.problem("/till", format!("must be {from}, its first day, or later"));
            }
            (_, Ok(till)) => return (from, till),
        }
        (from, None)
    }
}
