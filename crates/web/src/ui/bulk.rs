//! One action on the selected orders of a list, and the page that says what became of each.

use app::access::Access;
use app::orders::{BulkResult, check_selection};
use app::requests::Once;
use app::retries::{Retried, RetriedOrder, SameCauseRetry};
use app::{Error, Mode};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::order::action::Action;
use domain::order::phase::Status;
use serde::Deserialize;

use super::filters;
use super::frame::{Frame, Section};
use super::kept::safe_address;
use super::say;
use crate::Web;
use crate::api::bulk::BulkBody;
use crate::error::{Page, classify, render, words};
use crate::export;
use crate::posted::Posted;
use crate::visitor::{Lasting, Visitor};

/// What may be done to the selected orders of a list; an export may always.
pub(crate) struct Bar {
    /// Of this form, so that one that is sent twice is done once.
    pub(crate) key: String,
    pub(crate) buttons: Vec<(&'static str, &'static str)>,
    pub(crate) may_note: bool,
    pub(crate) may_note_internally: bool,
}

impl Bar {
    pub(crate) fn new(web: &Web, access: &Access) -> Bar {
        let may = |action: Action| access.standing().may(action.permission());
        let known = [
            (Action::Archive, "archive", "Archive"),
            (Action::Retry, "retry", "Retry"),
            (Action::GiveUp, "give_up", "Give up"),
        ];
        let buttons = known.into_iter().filter(|(action, ..)| may(*action));
        Bar {
            key: web.app.form_key(),
            buttons: buttons.map(|(_, name, label)| (name, label)).collect(),
            may_note: may(Action::AddNote),
            may_note_internally: access.visibility().internal,
        }
    }
}

/// Orders that were done together.
#[derive(Template)]
#[template(path = "bulk.html")]
struct BulkPage {
    frame: Frame,
    /// What was asked, as a heading.
    title: &'static str,
    /// Why nothing was done at all.
    problem: Option<String>,
    done: Vec<Done>,
    not_done: Vec<NotDone>,
    /// The order from whose page others were retried too; they were selected in a list otherwise.
    from: Option<u64>,
    back: String,
    /// As many as are done at a time; a repetition goes on.
    is_more: bool,
}

struct Done {
    at: At,
    number: u64,
    name: String,
    status: Status,
}

struct NotDone {
    at: At,
    number: u64,
    /// An order that is not found has no page to lead to.
    is_found: bool,
    why: String,
}

/// Whose an order is.
struct At {
    slug: String,
    /// The customer's name, where orders of several stand together.
    customer: Option<String>,
}

impl BulkPage {
    fn new(frame: Frame, title: &'static str, from: Option<u64>, back: String) -> BulkPage {
        BulkPage {
            frame,
            title,
            problem: None,
            done: Vec::new(),
            not_done: Vec::new(),
            from,
            back,
            is_more: false,
        }
    }

    fn tell(&mut self, results: impl IntoIterator<Item = (At, BulkResult)>) {
        for (at, BulkResult { number, outcome }) in results {
            match outcome {
                Ok(order) => self.done.push(Done {
                    at,
                    number,
                    name: say::name(&order),
                    status: order.status,
                }),
                Err(error) => self.not_done.push(NotDone {
                    at,
                    number,
                    is_found: !matches!(error, Error::NotFound),
                    why: words(&error),
                }),
            }
        }
    }

    /// What is wrong with a request as a whole stands where its results would.
    fn refuse(mut self, error: Error) -> Result<Response, Page> {
        match error {
            Error::Invalid { .. } | Error::KeyReused | Error::Refused(_) => {
                self.problem = Some(words(&error));
                Ok((classify(&error).0, render(&self)).into_response())
            }
            error => Err(Page(error)),
        }
    }

    fn is_whole(&self) -> bool {
        self.not_done.is_empty()
    }

    /// `3 of 5 orders done`
    fn summary(&self) -> String {
        let all = self.done.len() + self.not_done.len();
        match (all, self.done.len()) {
            (0, _) => "Nothing fails for this cause any more".to_owned(),
            (1, done) => format!("{done} of 1 order done"),
            (_, done) => format!("{done} of {all} orders done"),
        }
    }
}

/// What a list's form sends: `number` once for each selected row.
struct BulkForm {
    key: String,
    back: String,
    body: BulkBody,
}

impl BulkForm {
    fn read(fields: Vec<(String, String)>) -> Result<BulkForm, Error> {
        let mut form = BulkForm {
            key: String::new(),
            back: String::new(),
            body: BulkBody::default(),
        };
        for (name, value) in fields {
            match name.as_str() {
                "key" => form.key = value,
                "next" => form.back = value,
                "action" => form.body.action = value,
                "text" => form.body.text = Some(value),
                "internal" => form.body.internal = true,
                "number" => {
                    let number = value.parse().map_err(|_| Error::NotFound)?;
                    form.body.numbers.push(number);
                }
                _ => {}
            }
        }
        Ok(form)
    }

    /// The form's own key, where the list gave it one: a page that is sent again does nothing twice.
    fn once(&self) -> Result<Option<Once>, Error> {
        if self.key.is_empty() {
            return Ok(None);
        }
        let content = format!("bulk form\0{:?}", self.body);
        Once::new(&self.key, content.as_bytes()).map(Some)
    }
}

/// Acts on what was selected. A refusal for one order is a row of the answer; what is wrong with the
/// request as a whole stands above it.
pub(crate) async fn act(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Posted {
        visitor,
        access,
        form: fields,
    }: Posted<Vec<(String, String)>>,
) -> Result<Response, Page> {
    let form = BulkForm::read(fields)?;
    let back = list_address(&organization, &form.back);
    let frame = Frame::new(&web, &visitor, &access, Section::Orders).await?;
    let title = title(&form.body.action);
    let mut page = BulkPage::new(frame, title, None, back);
    match run(&web, &access, visitor, form).await {
        Ok(Outcome::File(file)) => Ok(file),
        Ok(Outcome::Results(results)) => {
            let at = || At {
                slug: organization.clone(),
                customer: None,
            };
            page.tell(results.into_iter().map(|result| (at(), result)));
            Ok(render(&page))
        }
        Err(error) => page.refuse(error),
    }
}

/// What the form under a refusal sends.
#[derive(Deserialize)]
pub(crate) struct SameCauseForm {
    #[serde(default)]
    key: String,
    all_customers: Option<String>,
}

/// Sends again whatever fails for the cause that stopped an item, and says what became of each order.
pub(crate) async fn same_cause(
    State(web): State<Web>,
    Path((organization, number, item)): Path<(String, String, String)>,
    Posted {
        visitor,
        access,
        form,
    }: Posted<SameCauseForm>,
) -> Result<Response, Page> {
    let number = number.parse().map_err(|_| Error::NotFound)?;
    let asked = SameCauseRetry {
        number,
        line: item.parse().map_err(|_| Error::NotFound)?,
        all_customers: form.all_customers.is_some(),
    };
    let once = match form.key.as_str() {
        "" => None,
        key => Some(Once::new(
            key,
            format!("same cause form\0{asked:?}").as_bytes(),
        )?),
    };
    let frame = Frame::new(&web, &visitor, &access, Section::Orders).await?;
    let back = format!("/o/{organization}/orders/{number}");
    let mut page = BulkPage::new(frame, "Retry", Some(number), back);
    let app = &web.app;
    let retried = app.retry_same_cause(&visitor.caller, &access, asked, once, Mode::Commit);
    match retried.await {
        Ok(Retried { orders, is_more }) => {
            page.is_more = is_more;
            page.tell(orders.into_iter().map(|RetriedOrder { customer, result }| {
                let at = At {
                    slug: customer.slug.as_str().to_owned(),
                    customer: asked.all_customers.then_some(customer.name),
                };
                (at, result)
            }));
            Ok(render(&page))
        }
        Err(error) => page.refuse(error),
    }
}

enum Outcome {
    Results(Vec<BulkResult>),
    File(Response),
}

async fn run(
    web: &Web,
    access: &Access,
    visitor: Visitor,
    form: BulkForm,
) -> Result<Outcome, Error> {
    if let Some(kind) = form.body.action.strip_prefix("export_") {
        let numbers = check_selection(form.body.numbers)?;
        let organization = access.organization().slug.as_str().to_owned();
        let holder = Lasting::visitor(visitor);
        let file = export::selected(web.clone(), organization, holder, numbers, kind).await?;
        return Ok(Outcome::File(file));
    }
    let once = form.once()?;
    let bulk = form.body.bulk()?;
    let results = web.app.bulk(access, bulk, once, Mode::Commit).await?;
    Ok(Outcome::Results(results))
}

fn title(action: &str) -> &'static str {
    match action {
        "add_note" => "Add a note",
        "archive" => "Archive",
        "retry" => "Retry",
        "give_up" => "Give up",
        "export_csv" | "export_xlsx" => "Export",
        _ => "Selected orders",
    }
}

/// The list that was left, and never anything else: what a form says may come from anywhere.
pub(crate) fn list_address(organization: &str, typed: &str) -> String {
    let recent = format!("/o/{organization}/orders");
    let path = typed.split(['?', '#']).next().unwrap_or_default();
    let is_list = path == recent || path == format!("{recent}/historical");
    match safe_address(typed) {
        Some(address) if is_list => address.to_owned(),
        _ => recent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_to_a_list_of_the_same_organization() {
        for good in [
            "/o/amber/orders",
            "/o/amber/orders?q=by%3Ame&sort=oldest",
            "/o/amber/orders/historical?tab=all",
        ] {
            assert_eq!(list_address("amber", good), good);
        }
        for evil in [
            "",
            "https://evil.example/o/amber/orders",
            "//evil.example",
            "/o/birch/orders",
            "/o/amber/orders/../../birch/orders",
            "/o/amber/orders\\evil",
            "/o/amber/orders?a\r\nLocation: x",
        ] {
            assert_eq!(list_address("amber", evil), "/o/amber/orders", "{evil}");
        }
    }
}
