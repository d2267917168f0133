//! What an order has to get past, read where it is decided: a page that was opened before somebody was
//! suspended does not help.

use domain::order::admission::Admission;
use store::{Tx, admissions};

use crate::Error;
use crate::access::Access;

/// What stands before the orders of the organization.
pub(crate) async fn load(tx: &mut Tx, access: &Access) -> Result<Admission, Error> {
    Ok(admissions::find(tx, &access.organization().chain).await?)
}

/// Refuses what would lead to a vendor, where the organization or anybody above it does no business.
pub(crate) async fn check_active(tx: &mut Tx, access: &Access) -> Result<(), Error> {
    Ok(load(tx, access).await?.check_active()?)
}
