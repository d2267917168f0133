//! Typed, prefixed ids: `ord_…` can't be taken for `sub_…` by the compiler or by a reader of a log.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The text is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {prefix}_… id")]
pub struct InvalidId {
    prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|rest| rest.len() == 32)
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map($name)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(/** A distributor, seller or customer. */ OrganizationId, "org");
id!(/** A person who can sign in. */ UserId, "usr");
id!(/** A connection to a vendor. */ VendorId, "ven");
id!(/** Something that is sold. */ OfferId, "off");
id!(/** A term, billing cycle and price of an offer. */ PlanId, "pln");
id!(/** A rule that makes prices. */ PriceRuleId, "prl");
id!(/** A price sheet that was taken over. */ ImportId, "imp");
id!(/** One submission of one or more lines. */ OrderId, "ord");
id!(/** One license or change inside an order. */ LineId, "lin");
id!(/** A live entitlement at a vendor. */ SubscriptionId, "sub");
id!(/** A piece of durable work. */ TaskId, "tsk");
id!(/** A note on an order. */ NoteId, "not");
id!(/** Many changes that were asked for at once. */ JobId, "job");
id!(/** A list that somebody saved under a name. */ SavedViewId, "viw");
id!(/** A partner's rule about orders that it wants to approve. */ ApprovalRuleId, "apr");
id!(/** A version of terms and conditions. */ TermsId, "trm");
id!(/** An edit of a fact that no order makes. */ EditId, "edt");
id!(/** A priced proposal to a customer. */ QuoteId, "quo");
id!(/** One comparison of our records with a vendor's. */ RunId, "rec");
id!(/** Something that is otherwise at a vendor than here. */ DifferenceId, "dif");
id!(/** An API token (its record, never its secret). */ TokenId, "tok");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_a_foreign_prefix_does_not() {
        let id = OrderId(Uuid::from_u128(7));
        assert_eq!(id.to_string(), "ord_00000000000000000000000000000007");
        assert_eq!(id.to_string().parse::<OrderId>(), Ok(id));
        assert!(id.to_string().parse::<LineId>().is_err());
        assert!("ord_7".parse::<OrderId>().is_err());
    }
}
