//! What a SKU is sold as at this moment. The id changes over time, so it is looked up right before it is
//! used and kept nowhere.

use domain::offer::Cadence;
use domain::provisioning::Failure;

use super::account::Account;
use super::answer::Stop;
use super::http::{Http, path};
use super::resource::Resource;

/// A license with the term and the billing cycle that it is wanted for.
pub(super) struct Wanted<'r> {
    pub(super) product: &'r str,
    pub(super) plan: &'r str,
    pub(super) cadence: Cadence,
}

impl Wanted<'_> {
    /// The term as Microsoft writes it; nothing for what is bought once.
    pub(super) fn term(&self) -> Option<String> {
        (self.cadence.term_months > 0).then(|| self.cadence.term_code())
    }

    pub(super) fn billing_cycle(&self) -> String {
        match self.cadence.cycle_months {
            36 => "triennial".into(),
            _ => self.cadence.cycle_code(),
        }
    }

    /// How well an availability fits: by term and cycle, or by the term where its cycles are the SKU's.
    fn fit(&self, availability: &Resource, segment: &str) -> u8 {
        let is_sold = availability.flag("isPurchasable").unwrap_or(true)
            && availability
                .get("segment")
                .is_none_or(|_| availability.is("segment", segment));
        let Some(term) = self.term().filter(|_| is_sold) else {
            return u8::from(is_sold);
        };
        let terms = availability.parts("terms");
        let with_term: Vec<_> = terms
            .iter()
            .filter(|one| one.is("duration", &term))
            .collect();
        let has_cycle = with_term
            .iter()
            .any(|one| one.is("billingCycle", &self.billing_cycle()));
        u8::from(!with_term.is_empty()) + u8::from(has_cycle)
    }
}

/// The catalog item's id today, as `product:sku:availability`.
pub(super) async fn catalog_item(
    http: &Http,
    account: &Account,
    wanted: &Wanted<'_>,
) -> Result<String, Stop> {
    let path = path(&[
        "products",
        wanted.product,
        "skus",
        wanted.plan,
        "availabilities",
    ]);
    let pairs = [
        ("country", account.market.clone()),
        ("targetSegment", account.segment.clone()),
    ];
    let answer = http.read(&path, &pairs).await?;
    let body = answer.resource().filter(|_| answer.status == 200);
    let Some(body) = body.filter(|_| answer.error().is_none()) else {
        return Err(answer.unread());
    };
    // One alone may come without a list around it.
    let listed = match body.get("items") {
        Some(_) => body.parts("items"),
        None => vec![body],
    };
    let best = listed
        .iter()
        .map(|one| (wanted.fit(one, &account.segment), one))
        .filter(|(fit, _)| *fit > 0)
        .max_by_key(|(fit, _)| *fit);
    best.and_then(|(_, one)| one.text("catalogItemId"))
        .ok_or_else(|| {
            Stop::Unread(Failure {
                code: "OfferRetired".into(),
                message: format!(
                    "Microsoft does not sell {}:{} for {}, {} in {} now",
                    wanted.product,
                    wanted.plan,
                    wanted.cadence.term_label(),
                    wanted.cadence.cycle_name(),
                    account.market,
                ),
                field: None,
            })
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_availability_fits_by_segment_term_and_cycle() {
        let monthly_for_a_year = Wanted {
            product: "p",
            plan: "s",
            cadence: Cadence {
                term_months: 12,
                cycle_months: 1,
            },
        };
        let term =
            |duration: &str, cycle: &str| json!({"duration": duration, "billingCycle": cycle});
        for (availability, fit) in [
            (json!({"terms": [term("P1Y", "Monthly")]}), 2),
            (
                json!({"terms": [term("P1M", "monthly"), term("p1y", "annual")]}),
                1,
            ),
            (json!({"terms": [term("P1M", "monthly")]}), 0),
            (
                json!({"segment": "education", "terms": [term("P1Y", "monthly")]}),
                0,
            ),
            (
                json!({"isPurchasable": false, "terms": [term("P1Y", "monthly")]}),
                0,
            ),
            (json!({}), 0),
        ] {
            let found = Resource::read(availability.to_string().as_bytes()).unwrap();
            assert_eq!(
                monthly_for_a_year.fit(&found, "commercial"),
                fit,
                "{availability}"
            );
        }
        let once = Wanted {
            cadence: Cadence {
                term_months: 0,
                cycle_months: 0,
            },
            ..monthly_for_a_year
        };
        assert_eq!(once.fit(&Resource::read(b"{}").unwrap(), "commercial"), 1);
    }
}
