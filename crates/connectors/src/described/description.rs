//! The description: a JSON document that an operator writes, read strictly.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::look_up::LookUp;
use crate::{CatalogEntry, Cost};

/// A vendor's address, how to sign in, and what its API is like.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Root of the API.
    pub url: String,
    /// Sent with each request; their values are secrets.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Orders name the customer's tenant at the vendor.
    #[serde(default)]
    pub has_tenants: bool,
    /// For how many hours the vendor takes back what was bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancellation_window_hours: Option<u16>,
    /// By the verb's name (`purchase`, `quantity`, `suspend`, …); any other change is refused unsent.
    pub verbs: BTreeMap<String, Described>,
    /// How accepted work is asked about; `operation` is what the acceptance gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poll: Option<Call>,
    /// How the vendor's catalog is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Catalog>,
    /// How it is asked what a subscription of ours is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_up: Option<LookUp>,
}

impl std::fmt::Debug for Account {
    /// Never prints a header's value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// One verb.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    /// What a lost answer allows.
    pub repeat: Repeat,
    /// What is sent.
    pub call: Call,
    /// How it is looked up; needed where a repeat is not safe by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find: Option<Call>,
}

impl Described {
    /// Whether the class and the calls can be true together.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let finds_nothing = |find: &Call| !find.answers.iter().any(|a| a.means == Means::Absent);
        match (self.repeat, &self.find) {
            (Repeat::Referenced, None) => Err("a referenced verb needs find"),
            (Repeat::Once, Some(_)) => Err("a verb that is sent once has nothing to find"),
            (_, Some(find)) if finds_nothing(find) => Err("find needs an answer that means absent"),
            (Repeat::Keyed, None) if !self.call.mentions("key") => {
                Err("a keyed call has to send key or subscription_key")
            }
            _ => Ok(()),
        }
    }
}

/// How a verb may be repeated when its answer was lost (`reliability.md` 2.C).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// The vendor recognizes the key that the call sends, and answers as it did the first time.
    Keyed,
    /// The call asks for a state, and does nothing where it is so already.
    Absolute,
    /// `find` says whether it was carried out; it is sent again only where it was not.
    Referenced,
    /// Nothing helps: sent once, and any doubt goes to a person.
    Once,
}

/// One HTTP call. Texts are templates; a JSON text that is one expression keeps the value's type, and a
/// member whose value is null is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub method: String,
    /// Behind the root; what stands in `{{ }}` is percent-encoded.
    pub path: String,
    /// Sent beside those of the account.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON that is sent, where any is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The first that fits says what an answer means; one that fits none leaves a doubt.
    pub answers: Vec<Reading>,
}

impl Call {
    fn mentions(&self, word: &str) -> bool {
        let body = self.body.as_ref().map(Value::to_string);
        let texts = [Some(self.path.clone()), body];
        let texts = texts.into_iter().flatten();
        texts
            .chain(self.headers.values().cloned())
            .any(|text| text.contains(word))
    }
}

/// How one kind of answer is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// Its HTTP statuses.
    pub status: Vec<u16>,
    /// What has to stand in its JSON, by pointer; a text is a template.
    #[serde(default)]
    pub with: BTreeMap<String, Value>,
    /// What it means.
    pub means: Means,
    /// Where the vendor's id of the subscription stands (`done`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where what to poll with stands (`accepted`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Where the vendor's code stands (`refused`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where the vendor's words stand (`refused`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What must be so in an answer that is done, or it is about something else: by pointer, templates.
    #[serde(default)]
    pub echoes: BTreeMap<String, Value>,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// Carried out.
    Done,
    /// Taken; `poll` tells more.
    Accepted,
    /// Refused: nothing was changed.
    Refused,
    /// `find` found nothing: it was not carried out.
    Absent,
    /// Not taken, and nothing was changed: to be sent again later.
    Later,
}

/// Where a catalog stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// The call; its answers are not read.
    pub call: Call,
    /// The list in its answer.
    pub items: String,
    /// In an item: the product's id.
    pub product: String,
    /// In an item: the plan's id.
    pub plan: String,
    /// In an item: the name for people.
    pub name: String,
}

impl Catalog {
    /// An item of the list; `None` where it lacks an id or a name.
    pub(super) fn entry(&self, item: &Value) -> Option<CatalogEntry> {
        let text = |pointer: &str| item.pointer(pointer)?.as_str().map(crate::http::clean);
        let name = text(&self.name)?;
        Some(CatalogEntry {
            product: text(&self.product)?,
            product_name: name.clone(),
            plan: text(&self.plan)?,
            plan_name: name,
            description: String::new(),
            maximum: None,
            costs: Vec::<Cost>::new(),
            asked: None,
        })
    }
}
