//! A sheet as people paste or send it: one row a subscription, a column for each wish.

use domain::job::{ROWS_MAX, Row, RowOutcome};
use domain::subscription::decide::Problem;
use serde_json::{Map, Value};

use crate::Error;

/// The columns that say what is wanted; `subscription` is the only one that must be there.
pub const COLUMNS: [&str; 9] = [
    "subscription",
    "quantity",
    "status",
    "auto_renewal",
    "name",
    "markup",
    "target_price",
    "when",
    "in_steps",
];

/// Those of them that only people who may price a subscription can use.
pub const PRICING: [&str; 2] = ["markup", "target_price"];

/// Columns of the list's own sheet that are there to be read.
const READ_ONLY: [&str; 6] = [
    "license",
    "vendor",
    "unit_price",
    "currency",
    "term_ends_at",
    "tenant",
];

/// Problems that are told at once at the most.
const PROBLEMS_MAX: usize = 50;

/// Reads a sheet with a header, its columns in any order, apart by commas, semicolons or tabs. Fails with
/// every problem by row and column; nothing is ordered from half a sheet.
pub fn read_sheet(text: &str) -> Result<Vec<Row>, Error> {
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let delimiter = [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|delimiter| header.bytes().filter(|byte| byte == delimiter).count())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names
            .iter()
            .map(|name| name.to_lowercase().replace(' ', "_"))
            .collect(),
        Err(error) => return Err(refused(vec![format!("The sheet can't be read: {error}")])),
    };
    check_header(&names)?;
    let (mut rows, mut problems) = (Vec::new(), Vec::new());
    for (number, record) in (1u32..).zip(reader.records()) {
        if rows.len() == ROWS_MAX {
            problems.push(format!(
                "The sheet has more than {ROWS_MAX} rows; divide it"
            ));
            break;
        }
        if problems.len() >= PROBLEMS_MAX {
            break;
        }
        match record {
            Ok(record) if record.len() > names.len() => problems.push(format!(
                "Row {number} has {} values and the header {} names",
                record.len(),
                names.len()
            )),
            Ok(record) => rows.push(read_row(number, &names, &record, &mut problems)),
            Err(error) => problems.push(format!("Row {number} can't be read: {error}")),
        }
    }
    if rows.is_empty() && problems.is_empty() {
        problems.push("The sheet has a header and no rows".to_owned());
    }
    match problems.is_empty() {
        true => Ok(rows),
        false => Err(refused(problems)),
    }
}

fn refused(problems: Vec<String>) -> Error {
    let problem = |reason: String| Problem::new("/sheet", reason);
    Error::Problems(problems.into_iter().map(problem).collect())
}

fn check_header(names: &[String]) -> Result<(), Error> {
    let mut problems = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if !COLUMNS.contains(&name.as_str()) && !READ_ONLY.contains(&name.as_str()) {
            problems.push(format!(
                "The column \"{name}\" is not known; there are {}",
                COLUMNS.join(", ")
            ));
        }
        if names[..at].contains(name) {
            problems.push(format!("The column \"{name}\" is there twice"));
        }
    }
    if names.iter().all(|name| name != "subscription") {
        problems
            .push("The column \"subscription\" is missing; it holds ids such as sub_…".to_owned());
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(refused(problems)),
    }
}

fn read_row(
    number: u32,
    names: &[String],
    record: &csv::StringRecord,
    problems: &mut Vec<String>,
) -> Row {
    let mut wish = Map::new();
    let mut subscription = String::new();
    for (name, typed) in names.iter().zip(record) {
        let mut wrong = |words: &str| problems.push(format!("Row {number}, {name}: {words}"));
        match name.as_str() {
            "subscription" => typed.clone_into(&mut subscription),
            _ if typed.is_empty() || READ_ONLY.contains(&name.as_str()) => {}
            "quantity" => match typed.parse::<i64>() {
                Ok(quantity) => drop(wish.insert(name.clone(), quantity.into())),
                Err(_) => wrong("must be a whole number"),
            },
            "auto_renewal" | "in_steps" => match typed.to_lowercase().as_str() {
                "yes" | "on" | "true" | "1" => drop(wish.insert(name.clone(), true.into())),
                "no" | "off" | "false" | "0" => drop(wish.insert(name.clone(), false.into())),
                _ => wrong("must be yes or no"),
            },
            _ => drop(wish.insert(name.clone(), typed.into())),
        }
    }
    Row {
        number,
        subscription,
        wish: Value::Object(wish),
        outcome: RowOutcome::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        match read_sheet(text) {
            Ok(rows) => rows
                .iter()
                .map(|row| format!("{} {} {}", row.number, row.subscription, row.wish))
                .collect(),
            Err(Error::Problems(problems)) => problems
                .iter()
                .map(|problem| format!("! {}", problem.reason))
                .collect(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn columns_come_in_any_order_and_by_any_delimiter() {
        for sheet in [
            "subscription,quantity,auto_renewal\nsub_1,5,yes\nsub_2,,no\n",
            "\u{feff}Quantity;Auto renewal;Subscription\n5;on;sub_1\n;off;sub_2",
            "auto_renewal\tsubscription\tquantity\r\ntrue\tsub_1\t5\r\n0\tsub_2\r\n",
        ] {
            assert_eq!(
                told(sheet),
                [
                    r#"1 sub_1 {"auto_renewal":true,"quantity":5}"#,
                    r#"2 sub_2 {"auto_renewal":false}"#
                ],
                "{sheet}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_row_and_column() {
        for (sheet, words) in [
            ("", "! The column \"subscription\" is missing"),
            ("quantity\n5", "! The column \"subscription\" is missing"),
            (
                "subscription,quantitty\nsub_1,5",
                "! The column \"quantitty\" is not known",
            ),
            (
                "subscription,quantity,quantity\na,1,2",
                "! The column \"quantity\" is there twice",
            ),
            (
                "subscription,quantity",
                "! The sheet has a header and no rows",
            ),
            (
                "subscription,quantity\nsub_1,five",
                "! Row 1, quantity: must be a whole number",
            ),
            (
                "subscription,auto_renewal\nsub_1,perhaps",
                "! Row 1, auto_renewal: must be yes or no",
            ),
            (
                "subscription,quantity\nsub_1,5,6",
                "! Row 1 has 3 values and the header 2 names",
            ),
        ] {
            let found = told(sheet);
            assert!(
                found.iter().any(|line| line.starts_with(words)),
                "{sheet}: {found:?}"
            );
        }
    }

    #[test]
    fn a_sheet_that_is_too_long_is_refused_whole() {
        let mut sheet = String::from("subscription,quantity\n");
        sheet.extend((0..=ROWS_MAX).map(|n| format!("sub_{n},1\n")));
        assert_eq!(
            told(&sheet),
            ["! The sheet has more than 20000 rows; divide it"]
        );
    }
}
