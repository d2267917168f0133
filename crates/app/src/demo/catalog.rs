//! What the demo world sells, and the rules that price it.

use connectors::simulator;
use domain::edit::{Edit, Subject};
use domain::event::Actor;
use domain::id::{EditId, OfferId, PlanId, PriceRuleId, UserId, VendorId};
use domain::money::{Currency, UnitAmount};
use domain::offer::{Cadence, Changes, Form, Offer, Plan, VendorPrice};
use domain::price::record::RuleRecord;
use domain::price::rule::{PriceRule, RuleLevel, RuleScope};
use domain::price::{Adjustment, Percent, PriceSource};
use jiff::Timestamp;
use jiff::civil::date;
use rust_decimal::Decimal;
use store::plan_prices::{self, PlanPrice};
use store::{Tx, catalog, edits, price_rules};
use uuid::Uuid;

use super::{damaged, organization};
use crate::Error;

/// Vendor and its name, name, vendor's product and plan, largest quantity, yearly cost and retail in
/// euro cents.
type Sold = (
    u128,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u32,
    i64,
    i64,
);

const OFFERS: &[Sold] = &[
    (
        1,
        "Microsoft",
        "Microsoft 365 Business Basic",
        "microsoft-365",
        "business-basic",
        300,
        5760,
        7200,
    ),
    (
        1,
        "Microsoft",
        "Microsoft 365 Business Standard",
        "microsoft-365",
        "business-standard",
        300,
        12_000,
        15_000,
    ),
    (
        1,
        "Microsoft",
        "Microsoft 365 E3",
        "microsoft-365",
        "e3",
        10_000,
        34_560,
        43_200,
    ),
    (
        1,
        "Microsoft",
        "Exchange Online Plan 1",
        "exchange-online",
        "plan-1",
        10_000,
        3840,
        4800,
    ),
    (
        2,
        "Cirrus Backup",
        "Cirrus Workstation Backup",
        "cirrus-backup",
        "workstation",
        1_000,
        2400,
        3600,
    ),
    (
        2,
        "Cirrus Backup",
        "Cirrus Server Backup",
        "cirrus-backup",
        "server",
        100,
        18_000,
        24_000,
    ),
    (
        3,
        "Paper & Phone",
        "Desk Phone Line",
        "phone",
        "line",
        50,
        9600,
        12_000,
    ),
    (
        1,
        "Microsoft",
        "Defender for Endpoint P1",
        "defender",
        "p1",
        10_000,
        2880,
        3600,
    ),
    (
        2,
        "Cirrus Backup",
        "Cirrus Microsoft 365 Backup",
        "cirrus-backup",
        "m365-backup",
        5_000,
        3000,
        4200,
    ),
    (
        2,
        "Cirrus Backup",
        "Cirrus Vault",
        "cirrus-backup",
        "vault",
        500,
        4800,
        6000,
    ),
    (
        3,
        "Paper & Phone",
        "Conference Phone Line",
        "phone",
        "conference",
        50,
        14_400,
        18_000,
    ),
];
/// The offer that is also sold for three years, a tenth cheaper.
const LONG_TERM: u128 = 5;

/// Names of the vendors' products, and what they are sorted under.
const PRODUCTS: &[(&str, &str, &[&str])] = &[
    ("microsoft-365", "Microsoft 365", &["Productivity"]),
    (
        "exchange-online",
        "Exchange Online",
        &["Productivity", "E-mail"],
    ),
    ("cirrus-backup", "Cirrus Backup", &["Backup"]),
    ("phone", "Paper & Phone lines", &["Telephony"]),
];
/// Offers that are add-ons to others, by their numbers.
const ADDONS: &[(u128, &[u128])] = &[(8, &[2, 3]), (9, &[5, 6])];

/// What a vendor's plan asks, as its catalog says it.
fn form(plan: &str) -> Result<Option<Form>, Error> {
    let read = simulator::schema(plan).map(serde_json::from_value);
    read.transpose()
        .map_err(|error| Error::Internal(format!("the demo world is damaged: {error}")))
}

/// What of it can be others while it runs, as its catalog says it.
fn changes(plan: &str) -> Result<Changes, Error> {
    match simulator::change_schema(plan).map(serde_json::from_value) {
        None => Ok(Changes::AsOrdered),
        Some(Ok(form)) => Ok(Changes::Form(form)),
        Some(Err(error)) => Err(Error::Internal(format!(
            "the demo world is damaged: {error}"
        ))),
    }
}

/// Rough rates against the euro, so that each customer finds prices in their own currency.
const CURRENCIES: &[(&str, i64)] = &[("EUR", 1), ("NOK", 11), ("JPY", 160)];

/// Number, whose rule (and who made it), for whom, on what, percent, and of what.
type Rule = (
    u128,
    (u128, u128),
    RuleLevel,
    RuleScope,
    &'static str,
    PriceSource,
);

fn rules() -> Vec<Rule> {
    use PriceSource::{Cost, Retail};
    let vendor = |number| RuleScope::Vendor(VendorId(Uuid::from_u128(number)));
    let offer = |number| RuleScope::Offer(OfferId(Uuid::from_u128(number)));
    let only = |number| RuleLevel::One(organization(number));
    let (nordic, baltic, fjord) = ((1, 1), (2, 3), (3, 8));
    vec![
        // The distributor's tiers.
        (1, nordic, RuleLevel::Everyone, RuleScope::All, "5", Cost),
        (2, nordic, only(3), vendor(1), "-12", Retail),
        // The sellers' catalog prices.
        (3, baltic, RuleLevel::Everyone, RuleScope::All, "15", Cost),
        (4, baltic, RuleLevel::Everyone, vendor(2), "-10", Retail),
        (5, baltic, RuleLevel::Everyone, offer(3), "12.5", Cost),
        (6, baltic, only(5), vendor(1), "9", Cost),
        (7, baltic, only(6), RuleScope::All, "18", Cost),
        (8, fjord, RuleLevel::Everyone, RuleScope::All, "10", Cost),
    ]
}

pub(super) async fn seed(tx: &mut Tx) -> Result<(), Error> {
    seed_offers(tx).await?;
    for (number, (owner, user), level, scope, percent, source) in rules() {
        let record = RuleRecord {
            owner: organization(owner),
            rule: PriceRule {
                id: PriceRuleId(Uuid::from_u128(number)),
                level,
                scope,
                adjustment: Adjustment {
                    source,
                    percent: Percent::parse(percent).map_err(damaged)?,
                },
                from: date(2025, 1, 1),
                till: None,
            },
            created_by: maker(tx, owner, user).await?,
            created_at: begin(),
            ended_by: None,
        };
        price_rules::save(tx, &record).await?;
    }
    Ok(())
}

pub(super) async fn maker(tx: &mut Tx, owner: u128, user: u128) -> Result<Actor, Error> {
    let owner = store::organizations::find_by_id(tx, organization(owner)).await?;
    let owner = owner.ok_or(Error::NotFound)?;
    let id = UserId(Uuid::from_u128(user));
    let (email, name, _) = super::people()
        .into_iter()
        .nth(usize::try_from(user - 1).unwrap_or_default())
        .ok_or(Error::NotFound)?;
    Ok(Actor {
        user: id,
        person: name,
        email,
        organization: owner.id,
        organization_name: owner.name,
    })
}

/// Since when the demo world sells.
fn begin() -> Timestamp {
    Timestamp::from_second(1_735_689_600).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Plans by the year, paid monthly and at once, in each currency, with their prices; of one offer also
/// plans for three years.
fn plans(number: u128, cost: i64, retail: i64) -> Result<Vec<Plan>, Error> {
    let mut plans = Vec::new();
    // Months of the term and of the cycle, and what is paid of a year's price.
    let mut cadences = vec![((12, 1), 0, Decimal::ONE), ((12, 12), 100, Decimal::ONE)];
    if number == LONG_TERM {
        cadences.push(((36, 12), 200, Decimal::new(27, 1)));
    }
    for (at, (currency, rate)) in (1u128..).zip(CURRENCIES) {
        for ((term_months, cycle_months), offset, years) in &cadences {
            let amount = |cents: i64| {
                UnitAmount::from_decimal(Decimal::new(cents * rate, 2) * years).map_err(damaged)
            };
            plans.push(Plan {
                id: PlanId(Uuid::from_u128(number * 1_000 + offset + at)),
                cadence: Cadence {
                    term_months: *term_months,
                    cycle_months: *cycle_months,
                },
                currency: Currency::parse(currency).map_err(damaged)?,
                market: None,
                segment: None,
                price: Some(VendorPrice {
                    cost: amount(cost)?,
                    retail: amount(retail)?,
                    from: begin(),
                    till: None,
                }),
            });
        }
    }
    Ok(plans)
}

async fn save(tx: &mut Tx, offer: &Offer) -> Result<(), Error> {
    catalog::save_offer(tx, offer).await?;
    let prices: Vec<PlanPrice> = offer
        .plans
        .iter()
        .filter_map(|plan| {
            Some(PlanPrice {
                offer: offer.id,
                plan: plan.id,
                price: plan.price?,
            })
        })
        .collect();
    Ok(plan_prices::save_all(tx, offer.owner, &prices).await?)
}

fn product_name(product: &str) -> String {
    let found = PRODUCTS.iter().find(|(id, ..)| *id == product);
    found.map_or_else(String::new, |(_, name, _)| (*name).to_owned())
}

async fn seed_offers(tx: &mut Tx) -> Result<(), Error> {
    for (number, (vendor, vendor_name, name, product, plan, maximum, cost, retail)) in
        (1u128..).zip(OFFERS)
    {
        let id = OfferId(Uuid::from_u128(number));
        let vendor = VendorId(Uuid::from_u128(*vendor));
        let parents = ADDONS.iter().filter(|(addon, _)| *addon == number);
        let parents = parents.flat_map(|(_, parents)| *parents);
        let offer = Offer {
            product_name: product_name(product),
            form: form(plan)?,
            changes: changes(plan)?,
            parents: parents.map(|id| OfferId(Uuid::from_u128(*id))).collect(),
            vendor_name: (*vendor_name).to_owned(),
            name: (*name).to_owned(),
            description: format!("{name}, per license"),
            product: (*product).to_owned(),
            vendor_plan: (*plan).to_owned(),
            maximum: *maximum,
            has_tenant: *vendor_name == "Microsoft",
            plans: plans(number, *cost, *retail)?,
            ..Offer::new(id, organization(1), vendor)
        };
        save(tx, &offer).await?;
    }
    for (product, _, under) in PRODUCTS {
        let is_of = |sold: &&Sold| sold.3 == *product;
        let Some(sold) = OFFERS.iter().find(is_of) else {
            continue;
        };
        let vendor = VendorId(Uuid::from_u128(sold.0));
        let under: Vec<String> = under.iter().map(|name| (*name).to_owned()).collect();
        catalog::sort_product(tx, organization(1), vendor, product, &under).await?;
        let edit = Edit {
            subject: Subject::Product {
                vendor,
                product: (*product).to_owned(),
            },
            from: Vec::new(),
            to: under,
            by: maker(tx, 1, 1).await?,
            at: begin(),
        };
        edits::append(tx, organization(1), EditId(Uuid::from_u128(1)), &edit).await?;
    }
    Ok(())
}
