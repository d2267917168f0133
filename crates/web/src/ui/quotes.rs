//! Quotes: the list, the form that makes one of the cart, and the page of one for both sides.

use std::collections::BTreeMap;

use app::access::Access;
use app::orders::Conditions;
use app::quotes::{QuoteCommand, TypedItem, TypedQuote, may};
use app::{Error, Mode};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::Permission;
use domain::id::OfferId;
use domain::order::seen::SeenOrder;
use domain::quote::Recipient;
use domain::quote::seen::{SeenQuote, SeenQuoteLine};
use domain::quote::status::{QuoteAction, QuoteStatus};
use domain::terms::Applied;
use serde::Deserialize;

use super::filters;
use super::frame::{Frame, Section};
use crate::Web;
use crate::api::cursor::{cursor, read_cursor};
use crate::error::{Page, classify, render, sentence, words};
use crate::posted::Posted;
use crate::visitor::Visitor;

/// Rows of a page.
const PAGE: u32 = 50;

/// Tone and icon of a status.
fn look(status: QuoteStatus) -> (&'static str, &'static str) {
    match status {
        QuoteStatus::Draft => ("calm", "draft"),
        QuoteStatus::Sent => ("busy", "send"),
        QuoteStatus::Accepted => ("good", "done"),
        QuoteStatus::Rejected => ("bad", "refused"),
        QuoteStatus::ChangeRequested => ("wait", "note"),
        QuoteStatus::Canceled | QuoteStatus::Deleted => ("calm", "canceled"),
        QuoteStatus::Expired => ("wait", "calendar"),
    }
}

/// `monthly`, as in what is billed.
fn cycle(months: u32) -> String {
    match months {
        1 => "monthly".to_owned(),
        12 => "annually".to_owned(),
        months => format!("every {months} months"),
    }
}

#[derive(Template)]
#[template(path = "quotes.html")]
struct QuotesPage {
    frame: Frame,
    found: Vec<SeenQuote>,
    hides_inactive: bool,
    next: Option<String>,
    may_make: bool,
}

#[derive(Template)]
#[template(path = "quote_new.html")]
struct NewQuotePage {
    frame: Frame,
    cart: Option<SeenOrder>,
    people: Vec<Recipient>,
    typed: TypedQuote,
    problems: Vec<String>,
}

#[derive(Template)]
#[template(path = "quote.html")]
struct QuotePage {
    frame: Frame,
    quote: SeenQuote,
    /// What whoever accepts it agrees to.
    terms: Applied,
    people: Vec<Recipient>,
    /// What stands in the form of staff.
    typed: TypedQuote,
    in_cart: usize,
    /// The quantities of what is sold in no other, for that form.
    only: BTreeMap<OfferId, u32>,
    problems: Vec<String>,
    allowed: Vec<QuoteAction>,
}

impl QuotePage {
    fn may(&self, name: &str) -> bool {
        let is = |action: &QuoteAction| serde_json::json!(action) == name;
        self.allowed.iter().any(is)
    }

    /// Whether there is no other quantity that an item could have.
    fn is_only(&self, line: &SeenQuoteLine) -> bool {
        self.only.get(&line.item.offer) == Some(&line.price.quantity)
    }
}

/// Whether somebody is among those that were chosen.
fn is_chosen(typed: &TypedQuote, person: &Recipient) -> bool {
    typed.recipients.contains(&person.email)
}

/// What of a list is asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    show: String,
    after: String,
}

pub(crate) async fn list(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Query(wanted): Query<Wanted>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let hides_inactive = wanted.show == "open";
    let after = read_cursor(&wanted.after)?;
    let page = web.app.quotes(&access, hides_inactive, after, PAGE).await?;
    Ok(render(&QuotesPage {
        frame: Frame::new(&web, &visitor, &access, Section::Quotes).await?,
        found: page.found,
        hides_inactive,
        next: page.after.map(cursor),
        may_make: access.standing().may(Permission::ManageQuotes),
    }))
}

pub(crate) async fn new(
    State(web): State<Web>,
    Path(organization): Path<String>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let typed = TypedQuote {
        valid_days: 14,
        ..TypedQuote::default()
    };
    Ok(render(
        &new_page(&web, &visitor, &access, typed, Vec::new()).await?,
    ))
}

async fn new_page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    typed: TypedQuote,
    problems: Vec<String>,
) -> Result<NewQuotePage, Error> {
    Ok(NewQuotePage {
        people: web.app.quote_people(access).await?,
        cart: web.app.cart(access).await?,
        frame: Frame::new(web, visitor, access, Section::Quotes).await?,
        typed,
        problems,
    })
}

/// What a form says of a quote; each item has its fields, named by its id.
fn typed(fields: &[(String, String)]) -> TypedQuote {
    let all = |name: &str| {
        let found = fields.iter().filter(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).collect::<Vec<_>>()
    };
    let one = |name: &str| all(name).pop().unwrap_or_default();
    let item = |id: String| {
        let of = |field: &str| one(&format!("{field}-{id}"));
        let given = |text: String| (!text.trim().is_empty()).then_some(text);
        let is_other = |field: &str| of(field).trim() != of(&format!("was-{field}")).trim();
        let quantity = of("quantity");
        TypedItem {
            // What is no number is out of range, and is told so with the range.
            quantity: is_other("quantity").then(|| quantity.trim().parse().unwrap_or(-1)),
            markup: given(of("markup")).filter(|_| is_other("markup")),
            target_price: given(of("target_price")),
            remove: !of("remove").is_empty(),
            item: id,
        }
    };
    TypedQuote {
        name: one("name"),
        recipients: all("recipients"),
        valid_days: one("valid_days").trim().parse().unwrap_or(0),
        comments: one("comments"),
        items: all("item").into_iter().map(item).collect(),
        add_cart: !one("add_cart").is_empty(),
    }
}

fn value<'f>(fields: &'f [(String, String)], name: &str) -> &'f str {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value.as_str())
}

/// What is wrong with a form, a sentence each; what is a matter of rights or ours is no form's fault.
fn sentences(error: Error) -> Result<(StatusCode, Vec<String>), Page> {
    match &error {
        Error::Problems(problems) => {
            let sentences = problems.iter().map(|one| sentence(&one.field, &one.reason));
            Ok((StatusCode::UNPROCESSABLE_ENTITY, sentences.collect()))
        }
        Error::Invalid { .. }
        | Error::Refused(_)
        | Error::Changed
        | Error::TermsChanged { .. }
        | Error::Withdrawn { .. } => Ok((classify(&error).0, vec![words(&error)])),
        _ => Err(Page(error)),
    }
}

pub(crate) async fn make(
    State(web): State<Web>,
    Path(organization): Path<String>,
    Posted {
        visitor,
        access,
        form: fields,
    }: Posted<Vec<(String, String)>>,
) -> Result<Response, Page> {
    let typed = typed(&fields);
    match web.app.make_quote(&access, typed.clone()).await {
        Ok(quote) => {
            let address = format!("/o/{organization}/quotes/{}", quote.number);
            Ok(Redirect::to(&address).into_response())
        }
        Err(error) => {
            let (status, problems) = sentences(error)?;
            let page = new_page(&web, &visitor, &access, typed, problems).await?;
            Ok((status, render(&page)).into_response())
        }
    }
}

pub(crate) async fn show(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let number = number.parse().map_err(|_| Error::NotFound)?;
    Ok(render(&page(&web, &visitor, &access, number).await?))
}

async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    number: u64,
) -> Result<QuotePage, Error> {
    let quote = web.app.quote(access, number).await?;
    let allowed = QuoteAction::ALL.into_iter();
    let allowed: Vec<QuoteAction> = allowed.filter(|a| may(&quote, access, *a)).collect();
    let (people, only) = match allowed.contains(&QuoteAction::Edit) {
        true => {
            let offers = quote.lines.iter().map(|line| line.item.offer).collect();
            let only = web.app.only_quantities(access, offers).await?;
            (web.app.quote_people(access).await?, only)
        }
        false => (Vec::new(), BTreeMap::new()),
    };
    let frame = Frame::new(web, visitor, access, Section::Quotes).await?;
    let vendors = quote.lines.iter().map(|line| line.item.vendor);
    Ok(QuotePage {
        terms: web.app.terms_for(access, vendors).await?,
        typed: TypedQuote {
            name: quote.name.clone(),
            recipients: quote.recipients.iter().map(|to| to.email.clone()).collect(),
            valid_days: quote.valid_days.into(),
            comments: quote.comments.clone().unwrap_or_default(),
            ..TypedQuote::default()
        },
        in_cart: frame.in_cart,
        frame,
        quote,
        people,
        only,
        problems: Vec::new(),
        allowed,
    })
}

pub(crate) async fn edit(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, String)>,
    Posted {
        visitor,
        access,
        form: fields,
    }: Posted<Vec<(String, String)>>,
) -> Result<Response, Page> {
    let number = number.parse().map_err(|_| Error::NotFound)?;
    let typed = typed(&fields);
    let expected = value(&fields, "version").parse().ok();
    let edited = web.app.edit_quote(&access, number, typed.clone(), expected);
    let problem = match edited.await {
        Ok(quote) if value(&fields, "step") == "send" => {
            let conditions = Conditions {
                expected: Some(quote.version),
                once: None,
            };
            let send = QuoteCommand::Send;
            let mode = Mode::Commit;
            let sent = web
                .app
                .answer_quote(&access, number, send, conditions, mode);
            sent.await.err()
        }
        Ok(_) => None,
        Err(error) => Some(error),
    };
    let Some(error) = problem else {
        let address = format!("/o/{organization}/quotes/{number}");
        return Ok(Redirect::to(&address).into_response());
    };
    let (status, problems) = sentences(error)?;
    let page = QuotePage {
        typed,
        problems,
        ..page(&web, &visitor, &access, number).await?
    };
    Ok((status, render(&page)).into_response())
}

pub(crate) async fn act(
    State(web): State<Web>,
    Path((organization, number, action)): Path<(String, String, String)>,
    Posted {
        visitor,
        access,
        form: fields,
    }: Posted<Vec<(String, String)>>,
) -> Result<Response, Page> {
    let number = number.parse().map_err(|_| Error::NotFound)?;
    let accepts = !value(&fields, "accept_terms").is_empty();
    let version = Some(value(&fields, "terms_version").to_owned());
    let version = version.filter(|version| !version.is_empty());
    let command = QuoteCommand::parse(&action, value(&fields, "comment"), accepts, version);
    let conditions = Conditions {
        expected: value(&fields, "version").parse().ok(),
        once: None,
    };
    let done = match command {
        Ok(command) => {
            let mode = Mode::Commit;
            let app = &web.app;
            app.answer_quote(&access, number, command, conditions, mode)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(answered) => Ok(Redirect::to(&match answered.order {
            Some(order) => format!("/o/{organization}/orders/{}", order.number),
            None => format!("/o/{organization}/quotes/{number}"),
        })
        .into_response()),
        Err(error) => {
            let (status, problems) = sentences(error)?;
            let page = QuotePage {
                problems,
                ..page(&web, &visitor, &access, number).await?
            };
            Ok((status, render(&page)).into_response())
        }
    }
}
