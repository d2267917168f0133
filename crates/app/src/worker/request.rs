//! What a vendor is told about one attempt at one line, and what it can do.

use connectors::Settings;
use domain::id::{LineId, OrganizationId, VendorId};
use domain::order::Order;
use domain::order::line::{Item, Line, LineState};
use domain::provisioning::{Abilities, Request, Verb};
use sha2::{Digest, Sha256};
use store::{Tx, catalog};
use uuid::Uuid;

use crate::Error;

/// What the vendor of an offer can do, for an organization below the one that has the connection.
pub(crate) async fn abilities(
    tx: &mut Tx,
    chain: &[OrganizationId],
    vendor: VendorId,
) -> Result<Abilities, Error> {
    let vendor = catalog::find_vendor(tx, chain, vendor).await?;
    let settings = settings(&vendor.ok_or(Error::NotFound)?)?;
    Ok(connectors::abilities(&settings))
}

/// A vendor's settings as its connector reads them.
pub(crate) fn settings(vendor: &catalog::Vendor) -> Result<Settings, Error> {
    serde_json::from_str(&vendor.settings)
        .map_err(|error| Error::Internal(format!("settings of vendor {}: {error}", vendor.id)))
}

/// The request of a line's present attempt, always the same bytes: what it changes is changed by nobody
/// else meanwhile.
pub(super) fn request(
    order: &Order,
    line: &Line,
    changed: Option<(String, Item)>,
    slug: &str,
) -> Result<Request, Error> {
    let attempt = match &line.state {
        LineState::Sending { attempt, .. }
        | LineState::Checking { attempt, .. }
        | LineState::Accepted { attempt, .. }
        | LineState::Failed { attempt, .. }
        | LineState::Queued { attempt } => *attempt,
        other => {
            return Err(Error::Internal(format!(
                "a {} line asks nothing",
                other.name()
            )));
        }
    };
    let verb = line
        .verb()
        .ok_or_else(|| Error::Internal("no vendor hears of this".into()))?;
    let key = attempt_key(line.id, attempt);
    // A new purchase is its own; anything else is about what is there.
    let changed = changed.filter(|_| !matches!(verb, Verb::Purchase { .. }));
    let (reference, item) = changed.unzip();
    let vendor_reference = line.vendor_reference.clone().or(reference);
    let subscription_key = match (&verb, vendor_reference.as_deref()) {
        (Verb::Purchase { .. }, _) => key,
        // A person may have typed any text; only connectors that gave out the key need it back.
        (_, Some(reference)) => Uuid::try_parse(reference).unwrap_or(key),
        (_, None) => {
            return Err(Error::Internal(
                "the subscription has no id at its vendor".into(),
            ));
        }
    };
    let item = item.unwrap_or_else(|| line.item.clone());
    Ok(Request {
        key,
        subscription_key,
        vendor_reference,
        verb,
        product: item.product,
        plan: item.vendor_plan,
        cadence: line.item.cadence,
        organization: order.organization,
        organization_slug: slug.to_owned(),
        order: order.number,
        line: line.id,
        actor: order.created_by.user,
        actor_email: order.created_by.email.clone(),
        contact: Some(line.contact.clone()),
        tenant: line.tenant.clone(),
        parameters: line.parameters.clone(),
        corrected: line.corrected.clone(),
    })
}

/// The key of an attempt: the same after a crash, another for each retry that a person asks for.
fn attempt_key(line: LineId, attempt: u32) -> Uuid {
    let digest = Sha256::digest(format!("{line}:{attempt}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
