//! A row of a vendor's price sheet, read by the names of its columns; the set of columns has grown and
//! their order changed over the years.

use jiff::Timestamp;
use jiff::civil::DateTime;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{Currency, UnitAmount};
use crate::offer::{Cadence, Country, Segment};

/// Why a row, or the sheet as a whole, was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SheetProblem {
    /// The line in the file; the first is 1.
    pub line: u64,
    /// The column's name; empty where it is the row as a whole.
    pub column: String,
    /// Why, and the way out.
    pub reason: String,
}

/// What a row says: the price of one unit and term, from when to when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// The line in the file.
    pub line: u64,
    /// The vendor's product id.
    pub product: String,
    /// Its name.
    pub product_name: String,
    /// The vendor's plan id.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub description: String,
    /// Term and billing cycle.
    pub cadence: Cadence,
    /// Where it is sold; everywhere when absent.
    pub market: Option<Country>,
    /// To whom; to all when absent.
    pub segment: Option<Segment>,
    /// What the prices are in.
    pub currency: Currency,
    /// Vendor to partner.
    pub cost: UnitAmount,
    /// Suggested retail price.
    pub retail: UnitAmount,
    /// Since when.
    pub from: Timestamp,
    /// Its last instant; open-ended when absent.
    pub till: Option<Timestamp>,
}

/// Where each column stands.
#[derive(Debug, Clone)]
pub struct Columns(Vec<Option<usize>>);

/// The columns that are read, by the vendor's names; the first ones must be there.
const NAMES: [&str; 14] = [
    "ProductId",
    "SkuId",
    "TermDuration",
    "BillingPlan",
    "Currency",
    "UnitPrice",
    "EffectiveStartDate",
    "SkuTitle",
    "ProductTitle",
    "SkuDescription",
    "Market",
    "Segment",
    "EffectiveEndDate",
    "ERP Price",
];
const NEEDED: usize = 7;
const TIERS: [&str; 2] = ["PricingTierRangeMin", "PricingTierRangeMax"];

/// Letters and digits alone: samples of the vendor's own end in a curly quote.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_ascii_alphanumeric());
    kept.collect::<String>().to_ascii_lowercase()
}

impl Columns {
    /// Finds the columns in a header, in whatever order; every missing one is named.
    pub fn find<'h>(header: impl Iterator<Item = &'h str>) -> Result<Columns, Vec<SheetProblem>> {
        let found: Vec<String> = header.map(plain).collect();
        let place = |name: &str| found.iter().position(|found| *found == plain(name));
        let mut problems = Vec::new();
        let mut wrong = |column: &str, reason: &str| {
            problems.push(SheetProblem {
                line: 1,
                column: column.to_owned(),
                reason: reason.to_owned(),
            });
        };
        for name in &NAMES[..NEEDED] {
            if place(name).is_none() {
                wrong(
                    name,
                    "is missing in the header; export the license-based sheet again",
                );
            }
        }
        for name in NAMES {
            if found.iter().filter(|found| **found == plain(name)).count() > 1 {
                wrong(name, "stands twice in the header; keep one of them");
            }
        }
        let places = NAMES.iter().chain(&TIERS).map(|name| place(name)).collect();
        match problems.is_empty() {
            true => Ok(Columns(places)),
            false => Err(problems),
        }
    }

    /// Reads a row; every problem of it at once.
    pub fn read<'r>(
        &self,
        line: u64,
        cell: impl Fn(usize) -> Option<&'r str>,
    ) -> Result<SheetRow, Vec<SheetProblem>> {
        let text = |name: &str| {
            let names = NAMES.iter().chain(&TIERS);
            let at = names.zip(&self.0).find(|(known, _)| **known == name);
            at.and_then(|(_, place)| cell((*place)?))
                .unwrap_or_default()
                .trim()
        };
        let mut reading = Reading {
            line,
            problems: Vec::new(),
        };
        let row = reading.row(text);
        match row.filter(|_| reading.problems.is_empty()) {
            Some(row) => Ok(row),
            None => Err(reading.problems),
        }
    }
}

struct Reading {
    line: u64,
    problems: Vec<SheetProblem>,
}

impl Reading {
    fn wrong(&mut self, column: &str, reason: impl Into<String>) {
        self.problems.push(SheetProblem {
            line: self.line,
            column: column.to_owned(),
            reason: reason.into(),
        });
    }

    fn take<T>(&mut self, column: &str, read: Result<T, impl ToString>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(reason) => {
                self.wrong(column, reason.to_string());
                None
            }
        }
    }

    fn row<'r>(&mut self, text: impl Fn(&str) -> &'r str) -> Option<SheetRow> {
        for name in ["ProductId", "SkuId"] {
            if text(name).is_empty() {
                self.wrong(name, "must not be empty");
            }
        }
        for name in TIERS {
            if !matches!(text(name), "" | "0" | "1") {
                self.wrong(
                    name,
                    "prices by quantity are not sold here yet; leave the row out",
                );
            }
        }
        let cadence = Cadence::parse(text("TermDuration"), text("BillingPlan"));
        let cadence = self.take("BillingPlan", cadence);
        let currency = Currency::parse(&text("Currency").to_ascii_uppercase());
        let currency = self.take("Currency", currency);
        let market = match text("Market") {
            "" => Some(None),
            code => self.take("Market", Country::parse(code)).map(Some),
        };
        let segment = match text("Segment") {
            "" => Some(None),
            word => self.take("Segment", Segment::parse(word)).map(Some),
        };
        let cost = self.amount("UnitPrice", text("UnitPrice"));
        let retail = match text("ERP Price") {
            "" => cost,
            price => self.amount("ERP Price", price),
        };
        let from = self.take("EffectiveStartDate", instant(text("EffectiveStartDate")));
        let till = match text("EffectiveEndDate") {
            "" => Some(None),
            end => self.take("EffectiveEndDate", instant(end)).map(open),
        };
        if let (Some(from), Some(Some(till))) = (from, till)
            && till < from
        {
            self.wrong(
                "EffectiveEndDate",
                "comes before EffectiveStartDate; swap the two",
            );
        }
        let (product_name, sku_name) = (text("ProductTitle"), text("SkuTitle"));
        let name = if sku_name.is_empty() {
            product_name
        } else {
            sku_name
        };
        Some(SheetRow {
            line: self.line,
            product: text("ProductId").to_owned(),
            product_name: product_name.to_owned(),
            sku: text("SkuId").to_owned(),
            name: if name.is_empty() { text("SkuId") } else { name }.to_owned(),
            description: text("SkuDescription").to_owned(),
            cadence: cadence?,
            market: market?,
            segment: segment?,
            currency: currency?,
            cost: cost?,
            retail: retail?,
            from: from?,
            till: till?,
        })
    }

    fn amount(&mut self, column: &str, text: &str) -> Option<UnitAmount> {
        let read = Decimal::from_str_exact(text).map_err(|_| "must be an amount such as 115.2");
        let amount = self.take(column, read)?;
        if amount.is_sign_negative() && !amount.is_zero() {
            self.wrong(
                column,
                "is negative; ask the vendor for the price, or leave the row out",
            );
            return None;
        }
        self.take(column, UnitAmount::from_decimal(amount))
    }
}

/// The year 9999, and the vendor's way to write it, stand for no end.
fn open(till: Timestamp) -> Option<Timestamp> {
    let far = till.to_zoned(jiff::tz::TimeZone::UTC).year() >= 9_999;
    (!far).then_some(till)
}

/// A day and time as the vendor writes them, in UTC: `2/1/2019 12:00:00 AM`; also ISO 8601.
fn instant(text: &str) -> Result<Timestamp, &'static str> {
    let wrong = "must be a day and time such as 2/1/2019 12:00:00 AM";
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let local = DateTime::strptime("%m/%d/%Y %I:%M:%S %p", text)
        .or_else(|_| DateTime::strptime("%m/%d/%Y", text))
        .or_else(|_| text.parse::<DateTime>());
    let local = local.map_err(|_| wrong)?;
    // The end of time in the vendor's words is later than ours.
    let local = if local.year() >= 9_999 {
        DateTime::constant(9_999, 1, 1, 0, 0, 0, 0)
    } else {
        local
    };
    let zoned = local.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| wrong)?;
    Ok(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns and the row of the vendor's own sample.
    const HEADER: &str = "ProductTitle,ProductId,SkuId,SkuTitle,Publisher,SkuDescription,UnitOfMeasure,TermDuration,BillingPlan,Market,Currency,UnitPrice,PricingTierRangeMin,PricingTierRangeMax,EffectiveStartDate,EffectiveEndDate,Tags,ERP Price\u{201d}";
    const ROW: &str = "Advanced Communications,CFQ7TTC0HDK0,0001,Advanced Communications,Microsoft Corporation,Advanced meetings,,P1Y,Annual,US,USD,115.2,,,2/1/2019 12:00:00 AM,2/4/2021 8:35:31 PM,License,144";

    fn read(header: &str, row: &str) -> Result<SheetRow, Vec<SheetProblem>> {
        let cells: Vec<&str> = row.split(',').collect();
        Columns::find(header.split(','))?.read(2, |at| cells.get(at).copied())
    }

    #[test]
    fn the_vendors_own_sample_is_read_in_any_order_of_its_columns() {
        let row = read(HEADER, ROW).unwrap();
        assert_eq!(
            (row.product.as_str(), row.sku.as_str()),
            ("CFQ7TTC0HDK0", "0001")
        );
        assert_eq!(row.cadence, Cadence::parse("P1Y", "annual").unwrap());
        assert_eq!(row.cost.to_decimal().to_string(), "115.2");
        assert_eq!(row.retail.to_decimal().to_string(), "144");
        assert_eq!(row.from.to_string(), "2019-02-01T00:00:00Z");
        assert_eq!(row.till.unwrap().to_string(), "2021-02-04T20:35:31Z");
        let turned = |text: &str| text.split(',').rev().collect::<Vec<_>>().join(",");
        assert_eq!(read(&turned(HEADER), &turned(ROW)).unwrap(), row);
        let open = ROW.replace("2/4/2021 8:35:31 PM", "11/30/9999 11:59:59 PM");
        assert_eq!(read(HEADER, &open).unwrap().till, None);
    }

    #[test]
    fn what_is_wrong_is_named_by_column_with_its_way_out() {
        let mut said = Vec::new();
        for (from, to) in [
            ("115.2", "-1"),
            ("USD", "US$"),
            ("P1Y,Annual", "P1M,Annual"),
            ("2/1/2019 12:00:00 AM", "2019"),
            ("2/1/2019", "3/1/2021"),
            (",US,", ",USA,"),
            (",144", ",many"),
            ("0001", ""),
        ] {
            let problems = read(HEADER, &ROW.replacen(from, to, 1)).unwrap_err();
            said.extend(
                problems
                    .iter()
                    .map(|p| format!("{} {}", p.column, p.reason)),
            );
        }
        let missing = read("ProductId,SkuId,Currency", "a,b,EUR").unwrap_err();
        said.extend(missing.iter().map(|p| format!("{} {}", p.column, p.reason)));
        insta::assert_snapshot!(said.join("\n"));
    }
}
