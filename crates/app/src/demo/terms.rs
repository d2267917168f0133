//! The demo world's terms and conditions: each seller's first version, and the one in force.

use domain::id::TermsId;
use domain::terms::TermsVersion;
use jiff::civil::date;
use jiff::tz::TimeZone;
use store::{Tx, terms};
use uuid::Uuid;

use super::{catalog, organization};
use crate::Error;

/// What the demo world's orders have accepted.
pub(super) const VERSION: &str = "2026-11";

/// Name and first day.
const VERSIONS: [(&str, (i16, i8)); 2] = [("2025-01", (2025, 1)), (VERSION, (2026, 11))];

/// The sellers, by number, each with who published.
const SELLERS: [(u128, u128); 2] = [(2, 3), (3, 8)];

const FIRST: &str = "\
Licenses are ordered for the term that the order names, and paid by invoice at the end of each billing \
cycle.\n\n\
Seats can be added at any time. They can be given back within the vendor's window, which the subscription's \
page names.\n\n\
A subscription renews for the same term unless its auto-renewal is switched off before the term ends.";

const NOW: &str = "\n\n\
Prices are those of the order until the term ends. A change of a vendor's prices is told before a renewal.\n\n\
Personal data of administrators are given to the vendor whose licenses they administer, and to nobody else.";

pub(super) async fn seed(tx: &mut Tx) -> Result<(), Error> {
    let mut number = 0;
    for (seller, user) in SELLERS {
        for (label, (year, month)) in VERSIONS {
            number += 1;
            let midnight = date(year, month, 1).at(0, 0, 0, 0);
            let from = TimeZone::UTC.to_ambiguous_timestamp(midnight).compatible();
            let from = from.map_err(|error| Error::Internal(error.to_string()))?;
            let version = TermsVersion {
                id: TermsId(Uuid::from_u128(number)),
                owner: organization(seller),
                vendor: None,
                label: label.to_owned(),
                from,
                text: match label {
                    VERSION => format!("{FIRST}{NOW}"),
                    _ => FIRST.to_owned(),
                },
                published_by: catalog::maker(tx, seller, user).await?,
                published_at: from,
            };
            terms::insert(tx, &version).await?;
        }
    }
    Ok(())
}
