//! How a described vendor is asked what a subscription of ours is there: one call each, and where in its answer
//! the facts stand that can be compared.

use std::num::NonZeroU32;

use async_trait::async_trait;
use domain::money::Currency;
use domain::provisioning::Fault;
use domain::reconciliation::{AskedPrice, Holding};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::DescribedVendor;
use super::answer::{Heard, decide};
use super::description::{Call, Means};
use crate::http::nothing_sent;
use crate::inventory::{self, Account, Known, Reader, unreadable};

/// A look-up. What it points at nowhere, or what stands there in another form, is compared with nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookUp {
    /// The call, made of `vendor_reference`, `product` and `plan` alone. Its answers mean `done`, with
    /// `echoes` that tell whose it is, and `absent`.
    pub call: Call,
    /// Where its number of licenses stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<String>,
    /// Where stands, as true or false, whether another term follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_renewal: Option<String>,
    /// What the vendor asks of us for a license.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// Where a price stands, and for how long it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The amount in major units, for one license: a number, or a text of one.
    pub amount: String,
    /// Its currency code.
    pub currency: String,
    /// For so many months; for one billing cycle of the subscription when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub months: Option<NonZeroU32>,
}

impl LookUp {
    /// Whether its answers can be told apart.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let means = |wanted| {
            let answers = self.call.answers.iter();
            answers.filter(move |answer| answer.means == wanted)
        };
        if means(Means::Done).next().is_none() || means(Means::Absent).next().is_none() {
            return Err("needs an answer that means done and one that means absent");
        }
        match means(Means::Done).any(|answer| answer.echoes.is_empty()) {
            true => Err("an answer that means done has to echo what was asked about"),
            false => Ok(()),
        }
    }

    fn holding(&self, known: &Known, body: &Value) -> Holding {
        let at = |pointer: &Option<String>| body.pointer(pointer.as_deref()?);
        let quantity = at(&self.quantity).and_then(Value::as_u64);
        Holding {
            quantity: quantity.and_then(|count| u32::try_from(count).ok()),
            renews: at(&self.auto_renewal).and_then(Value::as_bool),
            price: self.price.as_ref().and_then(|price| price.read(body)),
            ..Holding::new(known.reference.0.clone())
        }
    }
}

impl Price {
    /// What is no price in a currency that we know is not told.
    fn read(&self, body: &Value) -> Option<AskedPrice> {
        let amount: Decimal = match body.pointer(&self.amount)? {
            Value::Number(number) => number.to_string().parse().ok()?,
            Value::String(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        let code = body.pointer(&self.currency)?.as_str()?;
        let currency = Currency::parse(&code.trim().to_uppercase()).ok()?;
        AskedPrice::new(amount, currency, self.months).ok()
    }
}

/// What the call's templates may speak of.
pub(super) fn facts(reference: &str, product: &str, plan: &str) -> Value {
    json!({ "vendor_reference": reference, "product": product, "plan": plan })
}

impl DescribedVendor {
    /// `None` where the vendor says in its own words that there is no such thing.
    async fn look_for(&self, look_up: &LookUp, known: &Known) -> Result<Option<Holding>, Fault> {
        let facts = facts(&known.reference.0, &known.product, &known.plan);
        let raw = self.send(&look_up.call, &facts).await?;
        let body = raw.json().unwrap_or_default();
        match decide(&look_up.call, raw, &facts, &self.templates, &self.secrets)? {
            Heard::Done { .. } => Ok(Some(look_up.holding(known, &body))),
            // A page of something in between has a status too.
            Heard::Absent if body.is_object() => Ok(None),
            Heard::Absent => Err(unreadable(
                "an absence that is not in the vendor's own words",
            )),
            Heard::Refused(failure) => Err(unreadable(&format!(
                "{}: {}",
                failure.code, failure.message
            ))),
            Heard::Accepted { .. } => Err(unreadable("no answer to what was asked")),
        }
    }
}

#[async_trait]
impl Reader for DescribedVendor {
    async fn look_up(&self, account: &Account) -> Result<Vec<Holding>, Fault> {
        let Some(look_up) = &self.account.look_up else {
            return Err(unreadable("this vendor's description has no look_up"));
        };
        let work = async {
            let mut found = Vec::new();
            for known in &account.known {
                found.extend(self.look_for(look_up, known).await?);
            }
            Ok(found)
        };
        match tokio::time::timeout(inventory::DEADLINE, work).await {
            Ok(found) => found.map_err(nothing_sent),
            Err(_) => Err(unreadable("no answer in time")),
        }
    }
}
