//! Google's resources, as far as they are read, and its payment plans.

use domain::offer::Cadence;
use serde::Deserialize;
use serde_json::{Value, json};

/// A subscription's status after its end, in Google's spelling.
const ENDED: &str = concat!("CANCEL", "LED");

/// What of a customer account tells whose it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Customer {
    pub(super) customer_id: String,
    #[serde(default)]
    pub(super) customer_domain: String,
}

/// A subscription as Google lists it. Its id changes with some changes; our order's id on it does not.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subscription {
    pub(super) subscription_id: String,
    pub(super) customer_id: String,
    #[serde(default)]
    pub(super) customer_domain: String,
    pub(super) sku_id: String,
    pub(super) plan: Plan,
    #[serde(default)]
    pub(super) seats: Seats,
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    pub(super) purchase_order_id: String,
    #[serde(default)]
    pub(super) renewal_settings: Renewal,
    #[serde(default)]
    pub(super) suspension_reasons: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Plan {
    pub(super) plan_name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Seats {
    #[serde(default)]
    number_of_seats: Option<u32>,
    #[serde(default)]
    maximum_number_of_seats: Option<u32>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Renewal {
    #[serde(default)]
    renewal_type: String,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    kind: String,
    #[serde(default)]
    pub(super) subscriptions: Vec<Subscription>,
    #[serde(default)]
    pub(super) next_page_token: Option<String>,
}

impl Page {
    /// An empty list has no member of its own, so only its kind tells it from any other JSON.
    pub(super) fn is_one(&self) -> bool {
        self.kind == "reseller#subscriptions"
    }
}

/// How a subscription is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payment {
    /// A year's commitment in monthly payments.
    AnnualMonthly,
    /// A year's commitment in one payment.
    AnnualYearly,
    /// Month by month, by the seats that are used, up to a maximum.
    Flexible,
}

impl Payment {
    /// `None` for a term or a billing cycle that Google does not sell.
    pub(super) fn of(cadence: Cadence) -> Option<Payment> {
        match (cadence.term_months, cadence.cycle_months) {
            (12, 1) => Some(Payment::AnnualMonthly),
            (12, 12) => Some(Payment::AnnualYearly),
            (1, 1) => Some(Payment::Flexible),
            _ => None,
        }
    }

    /// The term and the billing cycle that it stands for.
    pub(super) fn cadence(self) -> Cadence {
        let (term_months, cycle_months) = match self {
            Payment::AnnualMonthly => (12, 1),
            Payment::AnnualYearly => (12, 12),
            Payment::Flexible => (1, 1),
        };
        Cadence {
            term_months,
            cycle_months,
        }
    }

    /// As Google writes it in answers, where the first has another name than in requests.
    fn read(name: &str) -> Option<Payment> {
        match name {
            "ANNUAL" | "ANNUAL_MONTHLY_PAY" => Some(Payment::AnnualMonthly),
            "ANNUAL_YEARLY_PAY" => Some(Payment::AnnualYearly),
            "FLEXIBLE" => Some(Payment::Flexible),
            _ => None,
        }
    }

    /// As requests have it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Payment::AnnualMonthly => "ANNUAL_MONTHLY_PAY",
            Payment::AnnualYearly => "ANNUAL_YEARLY_PAY",
            Payment::Flexible => "FLEXIBLE",
        }
    }

    /// What makes another year follow, for those that have years.
    pub(super) fn renewal(self) -> Option<&'static str> {
        match self {
            Payment::AnnualMonthly => Some("AUTO_RENEW_MONTHLY_PAY"),
            Payment::AnnualYearly => Some("AUTO_RENEW_YEARLY_PAY"),
            Payment::Flexible => None,
        }
    }

    /// A number of seats: what is committed to, or what is the most.
    pub(super) fn seats(self, seats: u32) -> Value {
        match self {
            Payment::AnnualMonthly | Payment::AnnualYearly => json!({"numberOfSeats": seats}),
            Payment::Flexible => json!({"maximumNumberOfSeats": seats}),
        }
    }
}

impl Subscription {
    /// `None` for a trial, and for plans that are newer than this.
    pub(super) fn payment(&self) -> Option<Payment> {
        Payment::read(&self.plan.plan_name)
    }

    /// The seats that this plan counts.
    pub(super) fn seats(&self) -> Option<u32> {
        match self.payment() {
            Some(Payment::AnnualMonthly | Payment::AnnualYearly) => self.seats.number_of_seats,
            Some(Payment::Flexible) | None => self.seats.maximum_number_of_seats,
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.status == ENDED
    }

    pub(super) fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    pub(super) fn is_suspended_by_us(&self) -> bool {
        let is_ours = |reason: &String| reason == "RESELLER_INITIATED";
        self.status == "SUSPENDED" && self.suspension_reasons.iter().any(is_ours)
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.status == "SUSPENDED"
    }

    /// Whether another term follows; `None` where Google says nothing, or something else.
    pub(super) fn renews(&self) -> Option<bool> {
        match self.renewal_settings.renewal_type.as_str() {
            "CANCEL" => Some(false),
            "AUTO_RENEW_MONTHLY_PAY"
            | "AUTO_RENEW_YEARLY_PAY"
            | "RENEW_CURRENT_USERS_MONTHLY_PAY"
            | "RENEW_CURRENT_USERS_YEARLY_PAY" => Some(true),
            _ => None,
        }
    }

    /// Whether it is of the customer of that id or domain.
    pub(super) fn is_of(&self, tenant: &str) -> bool {
        self.customer_id == tenant || self.customer_domain.eq_ignore_ascii_case(tenant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_and_a_cycle_are_one_of_googles_plans_or_none() {
        let cases = [
            (12, 1, Some("ANNUAL_MONTHLY_PAY")),
            (12, 12, Some("ANNUAL_YEARLY_PAY")),
            (1, 1, Some("FLEXIBLE")),
            (36, 1, None),
        ];
        for (term_months, cycle_months, name) in cases {
            let payment = Payment::of(Cadence {
                term_months,
                cycle_months,
            });
            assert_eq!(payment.map(Payment::name), name);
            let cadence = Cadence {
                term_months,
                cycle_months,
            };
            assert!(payment.is_none_or(|payment| payment.cadence() == cadence));
            assert_eq!(payment, name.and_then(Payment::read));
        }
        assert_eq!(Payment::read("ANNUAL"), Some(Payment::AnnualMonthly));
    }
}
