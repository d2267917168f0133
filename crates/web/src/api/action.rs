//! What an action on an order is asked with, and the command that it is.

use app::Error;
use app::retries::TypedCorrection;
use domain::id::{LineId, NoteId};
use domain::order::Refusal;
use domain::order::command::{Command, Resolution};
use domain::order::line::Period;
use domain::order::note;
use domain::text::{Invalid, line};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What an action may need; each reads its own and refuses the others.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ActionBody {
    /// The line (`retry`, `cancel_item`, `resolve_doubt`, `fulfill`).
    pub(crate) item: Option<String>,
    /// Why (`reject`; `fulfill` when it can't be).
    pub(crate) reason: Option<String>,
    /// What to say beside it, for staff (`approve`).
    pub(crate) comment: Option<String>,
    /// The note (`add_note`).
    pub(crate) text: Option<String>,
    /// For staff only (`add_note`).
    pub(crate) internal: bool,
    /// `booked` or `not_booked` (`resolve_doubt`).
    pub(crate) resolution: Option<String>,
    /// The vendor's id of the subscription (`resolve_doubt` as booked, `fulfill`).
    pub(crate) vendor_reference: Option<String>,
    /// First day of the service, as `2026-11-23` (`fulfill`).
    pub(crate) starts_on: Option<String>,
    /// Last day of the service (`fulfill`).
    pub(crate) ends_on: Option<String>,
    /// A corrected e-mail address of the contact (`retry` of one item).
    pub(crate) contact_email: Option<String>,
    /// A corrected first name (`retry` of one item).
    pub(crate) contact_name: Option<String>,
    /// A corrected family name (`retry` of one item).
    pub(crate) contact_surname: Option<String>,
    /// A corrected tenant (`retry` of one item).
    pub(crate) tenant: Option<String>,
    /// Corrected answers to the offer's form, by name (`retry` of one item).
    #[schema(value_type = Object)]
    pub(crate) parameters: Map<String, Value>,
}

impl ActionBody {
    /// The command of an action's name; `note` is the id of the note that it may write. An unknown
    /// action is not found; a missing field is named.
    pub(crate) fn command(self, action: &str, note: NoteId) -> Result<Command, Error> {
        let needed = |field, value: Option<String>| {
            line(&value.unwrap_or_default(), 500).map_err(|reason| Error::Invalid { field, reason })
        };
        let item = match &self.item {
            None => None,
            Some(id) => Some(id.parse::<LineId>().map_err(|_| Refusal::NoSuchLine)?),
        };
        let the_item = || {
            item.ok_or_else(|| Error::Invalid {
                field: "/item",
                reason: Invalid("must name the item".into()),
            })
        };
        Ok(match action {
            "save_as_draft" => Command::SaveAsDraft,
            "continue_purchase" => Command::ContinuePurchase,
            "delete" => Command::Delete,
            "restore" => Command::Restore,
            "withdraw" => Command::Withdraw,
            "cancel_schedule" => Command::CancelSchedule,
            "cancel_item" => Command::CancelItem {
                line: the_item()?,
                by: 0,
            },
            "approve" => Command::Approve {
                partners: Vec::new(),
                comment: match self.comment.filter(|comment| !comment.trim().is_empty()) {
                    Some(comment) => Some(needed("/comment", Some(comment))?),
                    None => None,
                },
            },
            "reject" => Command::Reject {
                partners: Vec::new(),
                reason: needed("/reason", self.reason)?,
            },
            "give_up" => Command::GiveUp,
            "archive" => Command::Archive,
            "retry" => Command::Retry {
                line: item,
                correction: Box::new(
                    TypedCorrection {
                        contact_email: self.contact_email,
                        contact_name: self.contact_name,
                        contact_surname: self.contact_surname,
                        tenant: self.tenant,
                        parameters: self.parameters,
                    }
                    .parse()?,
                ),
            },
            "resolve_doubt" => Command::ResolveDoubt {
                line: the_item()?,
                resolution: match self.resolution.as_deref() {
                    Some("booked") => Resolution::Booked {
                        vendor_reference: needed("/vendor_reference", self.vendor_reference)?,
                    },
                    Some("not_booked") => Resolution::NotBooked,
                    _ => {
                        return Err(Error::Invalid {
                            field: "/resolution",
                            reason: Invalid("must be booked or not_booked".into()),
                        });
                    }
                },
            },
            "add_note" => Command::AddNote {
                id: note,
                text: note::parse(&self.text.unwrap_or_default()).map_err(|reason| {
                    Error::Invalid {
                        field: "/text",
                        reason,
                    }
                })?,
                is_internal: self.internal,
            },
            "fulfill" => match self.reason.filter(|reason| !reason.trim().is_empty()) {
                Some(reason) => Command::RefuseFulfillment {
                    line: the_item()?,
                    reason: needed("/reason", Some(reason))?,
                },
                None => Command::Fulfill {
                    line: the_item()?,
                    vendor_reference: needed("/vendor_reference", self.vendor_reference)?,
                    period: Period::parse(
                        &self.starts_on.unwrap_or_default(),
                        &self.ends_on.unwrap_or_default(),
                    )
                    .map_err(|(field, reason)| Error::Invalid { field, reason })?,
                },
            },
            _ => return Err(Error::NotFound),
        })
    }
}
