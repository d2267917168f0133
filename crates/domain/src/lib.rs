//! What is true about organizations, offers, prices, orders and subscriptions; no I/O, no clock, no randomness.
//!
//! Reading order is the order of the modules below. One word means one thing, here, on the screen,
//! in the API and in the tables:
//!
//! | word | means |
//! |---|---|
//! | organization | a distributor, a seller or a customer; every record belongs to one |
//! | offer, plan | what is sold; on which term, billing cycle and price |
//! | order, line | one submission; one license or change inside it, provisioned by itself |
//! | requested change | what a line asks for, from → to, frozen when the order is placed |
//! | phase | where the whole order stands, rolled up from its lines and what people decided |
//! | view | Recent (can still be changed) or Historical (a record) |
//! | doubt | the vendor was called and we do not know what became of it |
//! | subscription | what a finished line leaves behind: the live entitlement |
//! | edit | a change of a fact that no order makes, with who made it and when |
//! | holding, difference | what a vendor says that a customer has; where our record says otherwise |

pub mod access;
pub mod calendar;
pub mod edit;
pub mod event;
pub mod id;
pub mod job;
pub mod money;
pub mod offer;
pub mod order;
pub mod organization;
pub mod price;
pub mod provisioning;
pub mod quote;
pub mod reconciliation;
pub mod subscription;
pub mod task;
pub mod terms;
pub mod text;
