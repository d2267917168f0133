//! What Partner Center's error codes mean for a request. The same code can mean different things by its
//! HTTP status, so both are the key. The words for people are in `domain::order::failure`.

/// What to do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Microsoft is busy, with this or with itself: ask later.
    RetryLater,
    /// Somebody else changed the resource: read it again and apply the change again.
    ReadAgain,
    /// Refused until the buyer, the partner or Microsoft has done something.
    PersonMustAct,
    /// Refused, however often it is asked.
    Final,
    /// It may be there and not be listed: up to a quarter of an hour after its checkout.
    NotYet,
    /// The cart was checked out before: find what came of it.
    BoughtBefore,
    /// Our sign-in is wrong; everything for this vendor waits.
    Connection,
}

/// A code of an order inside a cart's answer comes without a status.
pub(super) const ANY: u16 = 0;

/// Codes of a class, each with its status.
struct Rows {
    class: Class,
    status: u16,
    codes: &'static [u32],
}

const fn rows(class: Class, status: u16, codes: &'static [u32]) -> Rows {
    Rows {
        class,
        status,
        codes,
    }
}

#[rustfmt::skip]
const TABLE: &[Rows] = {
    use Class::{BoughtBefore, Connection, Final, NotYet, PersonMustAct, ReadAgain, RetryLater};
    &[
        rows(RetryLater, 400, &[800072, 800081, 800082]),
        rows(RetryLater, 409, &[1003, 800014, 800060, 800064, 900101, 900104, 900109, 900112, 900113, 900278]),
        rows(RetryLater, 500, &[800003, 800005, 800031, 800083, 800084, 800087, 800094, 900103, 900135, 900192]),
        rows(RetryLater, 501, &[0]),

        rows(ReadAgain, 400, &[2055]),
        rows(ReadAgain, 412, &[800036]),
        rows(ReadAgain, 417, &[800036]),

        rows(NotYet, 404, &[20000, 800007, 800076]),

        rows(BoughtBefore, 400, &[800065]),

        rows(Connection, 401, &[400, 6002, 800001, 900420]),
        rows(Connection, 403, &[2032, 90000, 900150, 900308, 900309, 900329]),

        // The customer's tenant, data, agreement or account.
        rows(PersonMustAct, 400, &[600002, 600049, 600050, 600051, 900118]),
        rows(PersonMustAct, 403, &[13605, 20002, 800073, 800074, 800075, 800086, 900416]),
        rows(PersonMustAct, 400, &[800086, 900419, 900203, 900206]),
        rows(PersonMustAct, 404, &[60002, 60003]),
        // The partner's credit, agreements, programs and numbers.
        rows(PersonMustAct, 400, &[2071, 800015, 800016, 800018, 800022, 800023, 800025, 900116, 900154]),
        rows(PersonMustAct, 403, &[2006, 2030, 800023, 800039, 800043, 800066, 800068, 800069, 800089, 900121,
            900123, 900124, 900149]),
        rows(PersonMustAct, 404, &[2072, 800015]),
        // What another subscription has to be or to have first.
        rows(PersonMustAct, 400, &[800011, 800012, 800013, 800030, 800091, 900128, 900129, 900311]),
        rows(PersonMustAct, 409, &[27009, 900114]),

        rows(Final, 200, &[400072]),
        rows(Final, 400, &[2001, 2002, 2006, 2011, 2012, 2054, 2100, 3000, 4018, 6000, 6001, 27006, 27007, 60000,
            800002, 800004, 800009, 800010, 800017, 800021, 800024, 800026, 800029, 800040, 800041, 800042,
            800061, 800062, 800063, 800070, 800071, 800078, 800080, 800085, 800090, 800092, 800093, 800095, 800096,
            800097, 800098, 900117, 900125, 900126, 900127, 900141, 900142, 900143, 900144, 900279, 900316]),
        rows(Final, 403, &[2085, 2091, 6003, 6004, 400030, 400036, 800019, 800020, 800027, 800028, 800067, 800077,
            800088]),
        rows(Final, 404, &[1000, 20003, 400013, 400018, 400019, 800008, 800037, 800038]),
        // Migrations, transfers, overage, self-service and Azure upgrades, none of which we ask for.
        rows(Final, 400, &[600061, 900102, 900107, 900110, 900111, 900131, 900132, 900133, 900134, 900136, 900145,
            900146, 900147, 900148, 900215, 900217, 900219, 900400]),
        rows(Final, 403, &[800112, 800114, 800115, 900105, 900108, 900115, 900119, 900120, 900130, 900137, 900138,
            900139]),
        rows(Final, 404, &[600039, 600040, 800111, 900100, 900106, 900122, 900140]),
        rows(Final, 409, &[600041]),

        // Inside a cart's line.
        rows(Final, ANY, &[10000, 10001, 10002, 10003, 10004, 10006, 10010]),
        rows(PersonMustAct, ANY, &[10007, 10008, 10009, 10011, 10012]),
        rows(Final, ANY, &[0]),
    ]
};

/// The class of a code; `None` for one that nobody has told us.
pub(super) fn class(status: u16, code: &str) -> Option<Class> {
    let code: u32 = code.trim().parse().ok()?;
    let is_it = |rows: &&Rows| rows.status == status && rows.codes.contains(&code);
    TABLE.iter().find(is_it).map(|rows| rows.class)
}

/// The class of a code that came without a status: inside a cart or beside its orders.
pub(super) fn class_within(code: &str) -> Option<Class> {
    let number: u32 = code.trim().parse().ok()?;
    let has_it = |rows: &&Rows| rows.codes.contains(&number);
    let within = TABLE.iter().filter(|rows| rows.status == ANY);
    within.chain(TABLE).find(has_it).map(|rows| rows.class)
}

/// The field of the line that a code blames, as a pointer.
pub(super) fn field(code: &str) -> Option<&'static str> {
    match code.trim() {
        "20002" | "60003" | "900118" => Some("/tenant"),
        "2002" | "10002" | "800017" | "800067" | "800088" | "800090" => Some("/quantity"),
        _ => None,
    }
}

/// A code as it stands in our records: short numbers say whose they are.
pub(super) fn shown(code: &str) -> String {
    let code = code.trim();
    match code.len() {
        0..5 => format!("PC{code}"),
        _ => code.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::provisioning::Failure;
    use serde_json::Value;

    use super::*;

    /// Microsoft's own tables, as `tests/partner-center/SOURCES.md` says.
    fn documented() -> Vec<(u16, String)> {
        let tables: Value =
            serde_json::from_str(include_str!("../../tests/partner-center/errors.json")).unwrap();
        let lists = [
            &tables["codes"],
            &tables["per_page_codes"],
            &tables["codes_seen_only_in_2026"]["codes"],
            &tables["cart_error_codes"],
        ];
        let plain = |value: &Value| value.to_string().trim_matches('"').to_owned();
        let row = |row: &Value| {
            let status = match &row["http_status"] {
                Value::Null => ANY,
                status => plain(status).parse().unwrap(),
            };
            (status, plain(&row["code"]))
        };
        let all = lists.into_iter().flat_map(|list| list.as_array().unwrap());
        all.map(row).collect()
    }

    #[test]
    fn every_documented_code_has_a_row() {
        let documented = documented();
        assert!(documented.len() > 220, "{}", documented.len());
        let missing: Vec<_> = documented
            .iter()
            .filter(|(status, code)| class(*status, code).is_none())
            .collect();
        assert_eq!(missing, Vec::<&(u16, String)>::new());
    }

    #[test]
    fn no_code_has_two_rows() {
        let mut seen = BTreeSet::new();
        for rows in TABLE {
            for code in rows.codes {
                assert!(seen.insert((rows.status, *code)), "{} {code}", rows.status);
            }
        }
    }

    #[test]
    fn every_refusal_is_explained_in_plain_words() {
        let refusals = TABLE
            .iter()
            .filter(|rows| matches!(rows.class, Class::Final | Class::PersonMustAct));
        let mut mute = BTreeSet::new();
        for code in refusals.flat_map(|rows| rows.codes) {
            let failure = Failure {
                code: shown(&code.to_string()),
                message: "Computer says no".into(),
                field: field(&code.to_string()).map(str::to_owned),
            };
            if failure.explain().meaning.is_none() {
                mute.insert(failure.code);
            }
        }
        assert_eq!(mute, BTreeSet::new());
    }

    #[test]
    fn a_code_is_read_together_with_its_status() {
        assert_eq!(class(403, "2006"), Some(Class::PersonMustAct));
        assert_eq!(class(400, "2006"), Some(Class::Final));
        assert_eq!(class(404, "2055"), None);
        assert_eq!(class(400, "odd"), None);
        assert_eq!(class_within("800069"), Some(Class::PersonMustAct));
        assert_eq!(
            (shown("2002"), shown("800069")),
            ("PC2002".into(), "800069".into())
        );
    }
}
