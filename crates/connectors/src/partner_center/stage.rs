//! How far a request has come, written as the operation that the engine stores and asks with. What a
//! second step needs of the first is in it, so a crash between the two loses nothing.

use serde::{Deserialize, Serialize};

/// What is asked next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub(super) enum Stage {
    /// A customer is to be created: its domain was free and its address is fine.
    Customer {
        /// How often in a row the domain was taken and no customer of ours was listed.
        #[serde(default)]
        absences: u32,
    },
    /// The customer is there; the agreement is to be confirmed, and a cart filled.
    Agreement {
        /// The customer's id at Microsoft.
        customer: String,
        /// How often in a row Microsoft did not know it.
        #[serde(default)]
        absences: u32,
    },
    /// A cart is filled; its checkout buys, and buys once however often it is asked for.
    Cart {
        /// The customer's id at Microsoft.
        customer: String,
        /// The cart.
        cart: String,
        /// How often in a row the cart was gone and no order of ours was listed.
        #[serde(default)]
        absences: u32,
    },
    /// An order is placed; its subscription may still be missing.
    Order {
        /// The customer's id at Microsoft.
        customer: String,
        /// The order.
        order: String,
    },
    /// A change was accepted and will show.
    Change {
        /// The customer's id at Microsoft.
        customer: String,
        /// The subscription that changes: an add-on's own, where it is about one.
        subscription: String,
    },
    /// Seats are moving to another license.
    Transition {
        /// The customer's id at Microsoft.
        customer: String,
        /// How many moves between the same licenses there were before.
        before: usize,
    },
}

impl Stage {
    /// `None` for an operation that is not ours.
    pub(super) fn read(operation: Option<&str>) -> Option<Stage> {
        serde_json::from_str(operation?).ok()
    }

    /// The customer's id at Microsoft, once there is one.
    pub(super) fn customer(&self) -> Option<&str> {
        match self {
            Stage::Customer { .. } => None,
            Stage::Agreement { customer, .. }
            | Stage::Cart { customer, .. }
            | Stage::Order { customer, .. }
            | Stage::Change { customer, .. }
            | Stage::Transition { customer, .. } => Some(customer),
        }
    }

    pub(super) fn write(&self) -> String {
        serde_json::json!(self).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_reads_back_and_another_connectors_operation_is_none() {
        let stage = Stage::Cart {
            customer: "c".into(),
            cart: "k \"7\"".into(),
            absences: 2,
        };
        assert_eq!(Stage::read(Some(&stage.write())), Some(stage));
        assert_eq!(Stage::read(Some("by hand")), None);
        assert_eq!(Stage::read(None), None);
    }
}
