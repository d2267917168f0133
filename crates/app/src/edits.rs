//! Writing down who edited what no order makes.

use domain::edit::Edit;
use domain::id::EditId;
use store::{Tx, edits};

use crate::Error;
use crate::access::Access;

/// Writes an edit down, where there was one, of the organization that the access is to.
pub(crate) async fn append(
    tx: &mut Tx,
    access: &Access,
    id: EditId,
    edit: Option<Edit>,
) -> Result<(), Error> {
    match edit {
        Some(edit) => Ok(edits::append(tx, access.tenant(), id, &edit).await?),
        None => Ok(()),
    }
}
