//! Finding out what became of a creation: AWS takes no key of ours with it, so an account is ours by the
//! tag that was asked for with it, and is looked for among the creations and among the accounts.

use std::future::Future;

use aws_sdk_organizations::types::{Account, CreateAccountState, CreateAccountStatus};
use domain::provisioning::{Fault, Request};
use jiff::{SignedDuration, Timestamp};

use super::AwsOrganizations;
use super::answer::{Stop, Told};
use super::create::KEY_TAG;
use super::errors::Class;
use super::form::Wanted;
use super::stage::is_account;

/// A list that has more pages than this is not read to its end.
const PAGES_MAX: usize = 500;
/// A creation from so long before the request was sent is not its own, however far the clocks are apart.
const CLOCKS_APART: SignedDuration = SignedDuration::from_hours(24);

/// What there is of a creation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The account, with our tag.
    Ours(String),
    /// Something that may be ours, or may become it.
    Unclear(String),
    /// The address belongs to another account of the organization.
    Foreign(String),
    /// Nothing.
    Absent,
}

/// An answer that lacks what was asked for proves nothing.
fn unread(what: &str) -> Stop {
    Stop::Fault(Fault::NotSent {
        reason: format!("AWS answered without {what}"),
        retry_after: None,
    })
}

/// A whole list. Part of one is none, nothing is decided by it; the SDK's own pager takes a page that
/// comes twice for the end, so this is ours.
async fn pages<T, F>(page: impl Fn(Option<String>) -> F) -> Result<Vec<T>, Stop>
where
    F: Future<Output = Result<(Option<Vec<T>>, Option<String>), Stop>>,
{
    let (mut found, mut token) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let (items, next) = page(token.clone()).await?;
        found.extend(items.ok_or_else(|| unread("a list"))?);
        let next = next.filter(|next| !next.is_empty());
        match next {
            None => return Ok(found),
            Some(next) if token.as_ref() == Some(&next) => break,
            Some(next) => token = Some(next),
        }
    }
    Err(unread("the end of a list"))
}

impl AwsOrganizations {
    /// What there is of the account that a request asked for, at `since` or later where that is known.
    pub(super) async fn find(
        &self,
        request: &Request,
        wanted: &Wanted,
        since: Option<Timestamp>,
    ) -> Result<Found, Stop> {
        let mut unclear = None;
        for creation in self.creations(wanted, since).await? {
            let id = creation.account_id().filter(|id| is_account(id));
            match (creation.state(), id) {
                // A repeat fails for the same reason, whosever this is.
                (Some(CreateAccountState::Failed), _) => {}
                (Some(CreateAccountState::Succeeded), Some(id)) => {
                    match self.is_ours(id, request).await? {
                        Some(true) => return Ok(Found::Ours(id.to_owned())),
                        Some(false) => {}
                        None => unclear = Some(format!("account {id}, whose tags are not there")),
                    }
                }
                (state, _) => {
                    let state = state.map_or("no state", CreateAccountState::as_str);
                    let id = crate::http::clean(creation.id().unwrap_or_default());
                    let state = crate::http::clean(state);
                    unclear = Some(format!("creation {id} of that name, {state}"));
                }
            }
        }
        for account in self.accounts().await? {
            let (Some(id), Some(email)) = (account.id(), account.email()) else {
                return Err(unread("an account's id or address"));
            };
            if !wanted.has_email(email) || !is_account(id) {
                continue;
            }
            return Ok(match self.is_ours(id, request).await? {
                Some(true) => Found::Ours(id.to_owned()),
                Some(false) => Found::Foreign(id.to_owned()),
                None => Found::Unclear(format!("account {id}, whose tags are not there")),
            });
        }
        Ok(unclear.map_or(Found::Absent, Found::Unclear))
    }

    /// All that were asked for under the account's name.
    async fn creations(
        &self,
        wanted: &Wanted,
        since: Option<Timestamp>,
    ) -> Result<Vec<CreateAccountStatus>, Stop> {
        let page = move |token: Option<String>| async move {
            let asked = self.client.list_create_account_status();
            let answer = asked.set_next_token(token).send().await;
            let answer = answer.map_err(|error| self.told(&error).unread())?;
            Ok((answer.create_account_statuses, answer.next_token))
        };
        let from = since.and_then(|since| since.checked_sub(CLOCKS_APART).ok());
        let mut found = pages(page).await?;
        found.retain(|one| {
            let at = one.requested_timestamp().map(|at| at.secs());
            let is_before = from.zip(at).is_some_and(|(from, at)| at < from.as_second());
            one.account_name() == Some(&wanted.name) && !is_before
        });
        Ok(found)
    }

    /// All accounts of the organization.
    pub(super) async fn accounts(&self) -> Result<Vec<Account>, Stop> {
        let page = move |token: Option<String>| async move {
            let answer = self.client.list_accounts().set_next_token(token).send();
            let answer = answer.await.map_err(|error| self.told(&error).unread())?;
            Ok((answer.accounts, answer.next_token))
        };
        pages(page).await
    }

    /// Whether an account carries our key; `None` where AWS shows no such account yet.
    async fn is_ours(&self, account: &str, request: &Request) -> Result<Option<bool>, Stop> {
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let asked = self.client.list_tags_for_resource().resource_id(account);
            let answer = match asked.set_next_token(token).send().await {
                Ok(answer) => answer,
                Err(error) => match self.told(&error) {
                    absent if absent.class() == Some(Class::Absent) => return Ok(None),
                    told => return Err(Told::unread(told)),
                },
            };
            let tags = answer.tags.ok_or_else(|| unread("tags"))?;
            if let Some(tag) = tags.iter().find(|tag| tag.key() == KEY_TAG) {
                return Ok(Some(tag.value() == request.key.to_string()));
            }
            token = answer.next_token.filter(|next| !next.is_empty());
            if token.is_none() {
                return Ok(Some(false));
            }
        }
        Err(unread("the end of a list"))
    }
}
