//! An order's details: what was ordered, where it stands, who is behind it and what it costs.

use app::access::Access;
use app::retries::SameCause;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::access::Permission;
use domain::event::{Actor, Event};
use domain::money::Money;
use domain::offer::Cadence;
use domain::order::approval::{Approval, ApprovalState};
use domain::order::attempt::{Attempt, attempts};
use domain::order::failure::{Field, Remedy};
use domain::order::filter::{Filter, Term};
use domain::order::line::LineState;
use domain::order::next::NextStep;
use domain::order::phase::{Phase, Status, View};
use domain::order::seen::{SeenLine, SeenOrder};
use domain::text::Contact;
use jiff::Timestamp;
use serde_json::Value;

use super::address::Address;
use super::filters;
use super::forms::{Forms, Problem, button_of, field_id, next_step};
use super::frame::{Frame, Section};
use super::timeline::{Entry, timeline};
use super::waterfall::Waterfall;
use crate::Web;
use crate::error::{Page, render};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "order.html")]
struct OrderPage {
    frame: Frame,
    order: SeenOrder,
    events: Vec<Event>,
    forms: Forms,
    next: NextStep,
    causes: Vec<SameCause>,
    /// Of the forms that send many orders again, so that one that is sent twice is done once.
    key: String,
    may_retry_alike: bool,
    problem: Option<Problem>,
    now: Timestamp,
}

/// A refusal for people.
struct Explained {
    meaning: Option<&'static str>,
    help: String,
    is_worth_a_retry: bool,
    is_to_be_corrected: bool,
    /// The answer to the offer's form that is to blame, by its name, and the answer.
    parameter: Option<String>,
    answer: String,
    others: Option<String>,
}

/// Others that fail as a line does or did, in words.
struct Alike {
    others: String,
    elsewhere: u32,
}

impl OrderPage {
    fn is_historical(&self) -> bool {
        self.order.view == Some(View::Historical)
    }

    fn lines(&self) -> Vec<&SeenLine> {
        nested(&self.order)
    }

    fn is_failed(&self, line: &SeenLine) -> bool {
        matches!(line.state, LineState::Failed { .. })
    }

    fn is_doubtful(&self, line: &SeenLine) -> bool {
        matches!(line.state, LineState::Checking { .. })
    }

    /// The vendor is a person, and it is their turn.
    fn waits_for_a_person(&self, line: &SeenLine) -> bool {
        line.state.waits_for_a_person()
    }

    /// Whether a button is what the reader would most likely press now.
    fn is_primary(&self, name: &str) -> bool {
        let primary = self.next.primary.and_then(button_of);
        primary == Some(name)
    }

    /// What the vendor's refusal of a line means, and the way out.
    fn explained(&self, line: &SeenLine) -> Option<Explained> {
        let explanation = line.explanation()?;
        let cause = self.causes.iter().find(|cause| cause.line == line.id);
        let others = cause.filter(|cause| cause.others > 0).map(others);
        let parameter = match &explanation.field {
            Some(Field::Parameter(name)) => Some(name.clone()),
            _ => None,
        };
        let now = parameter
            .as_ref()
            .and_then(|name| line.parameters.get(name));
        Some(Explained {
            meaning: explanation.meaning,
            help: explanation.help(&line.item.vendor_name),
            is_worth_a_retry: explanation.is_worth_a_retry(),
            is_to_be_corrected: explanation.remedy == Remedy::Correct,
            answer: now.and_then(Value::as_str).unwrap_or_default().to_owned(),
            parameter,
            others,
        })
    }

    /// Those that can be sent again together with a line.
    fn alike(&self, line: &SeenLine) -> Option<Alike> {
        let cause = self.causes.iter().find(|cause| cause.line == line.id);
        let may =
            self.may_retry_alike && line.explanation().is_none_or(|why| why.is_worth_a_retry());
        let cause = cause.filter(|cause| may && cause.others + cause.elsewhere > 0);
        cause.map(|cause| Alike {
            others: others(cause),
            elsewhere: cause.elsewhere,
        })
    }

    /// The failed orders of a line's vendor: where the others are.
    fn others(&self, line: &SeenLine) -> String {
        let terms = [
            Term::Status(Status::ProvisioningFailed),
            Term::Vendor(line.item.vendor_name.clone()),
        ];
        let filter = terms
            .into_iter()
            .fold(Filter::default(), |f, term| f.with(term));
        let path = format!("/o/{}/orders", self.frame.slug);
        Address::new(path, &[("q", &filter.to_string())]).to_string()
    }

    fn timeline(&self) -> Vec<Entry> {
        timeline(&self.order.lines, &self.events)
    }

    /// The lines that were tried more than once, with every attempt.
    fn attempts(&self) -> Vec<(&SeenLine, Vec<Attempt>)> {
        let lines = self.order.lines.iter();
        let tried = lines.map(|line| (line, attempts(line, &self.events)));
        tried.filter(|(_, tries)| tries.len() > 1).collect()
    }

    /// What was typed into a field, or what stands there.
    fn typed(&self, action: &str, item: &str, name: &str, now: &str) -> String {
        let sent = self.problem.as_ref().map(|problem| &problem.sent);
        let typed = sent.and_then(|sent| sent.typed(action, item, name));
        typed.unwrap_or(now).to_owned()
    }

    /// The same of an answer to the offer's form.
    fn answer(&self, line: &SeenLine, name: &str, now: &str) -> String {
        self.typed(
            "retry",
            &line.id.to_string(),
            &format!("parameters/{name}"),
            now,
        )
    }

    /// Whether a field is the one to correct: by what was just typed, or by what the vendor said.
    fn is_to_blame(&self, line: &SeenLine, name: &str) -> bool {
        let id = field_id(name, &line.id.to_string());
        match (&self.problem, &line.state) {
            (Some(problem), _) => problem.field.as_ref() == Some(&id),
            (None, LineState::Failed { failure, .. }) => {
                let blamed = failure.explain().field.map(|field| field.pointer());
                let blamed = blamed.unwrap_or_default();
                blamed
                    .trim_start_matches('/')
                    .replace("contact/", "contact_")
                    == name
            }
            (None, _) => false,
        }
    }

    /// What is paid at each pace, so that no sum mixes months and years.
    fn totals(&self) -> Vec<(String, Money)> {
        totals(&self.order)
    }

    /// Each pair of term and billing cycle once.
    fn cadences(&self) -> Vec<String> {
        let mut said = Vec::new();
        for line in &self.order.lines {
            let cadence = line.item.cadence;
            let words = format!("{}, {}", cadence.cycle_name(), cadence.term_label());
            if !said.contains(&words) {
                said.push(words);
            }
        }
        said
    }

    /// Everybody who will use something of it, each once.
    fn administrators(&self) -> Vec<&Contact> {
        let mut found: Vec<&Contact> = Vec::new();
        for line in &self.order.lines {
            if !found.contains(&&line.contact) {
                found.push(&line.contact);
            }
        }
        found
    }

    /// Tone and icon of an approval.
    fn approval_look(&self, approval: &Approval) -> (&'static str, &'static str) {
        match approval.state {
            ApprovalState::Open if self.order.phase == Phase::AwaitingApproval => {
                ("wait", "waiting")
            }
            ApprovalState::Open => ("calm", "canceled"),
            ApprovalState::Approved { .. } => ("good", "done"),
            ApprovalState::Rejected { .. } => ("bad", "refused"),
        }
    }

    fn approval_words(&self, approval: &Approval) -> &'static str {
        match approval.state {
            ApprovalState::Open if self.order.phase == Phase::AwaitingApproval => "Not decided",
            ApprovalState::Open => "Not asked any more",
            ApprovalState::Approved { .. } => "Approved",
            ApprovalState::Rejected { .. } => "Rejected",
        }
    }

    fn decided<'a>(&self, approval: &'a Approval) -> Option<(&'a Actor, &'a Timestamp)> {
        match &approval.state {
            ApprovalState::Open => None,
            ApprovalState::Approved { by, at, .. } | ApprovalState::Rejected { by, at, .. } => {
                Some((by, at))
            }
        }
    }

    fn said<'a>(&self, approval: &'a Approval) -> Option<&'a str> {
        match &approval.state {
            ApprovalState::Open => None,
            ApprovalState::Approved { comment, .. } => comment.as_deref(),
            ApprovalState::Rejected { reason, .. } => Some(reason),
        }
    }

    fn waterfall(&self) -> Option<Waterfall> {
        Waterfall::new(self.order.counted())
    }
}

/// `2 other orders fail for the same cause`
fn others(cause: &SameCause) -> String {
    let more = if cause.is_more { "More than " } else { "" };
    match cause.others {
        0 => "No other order of this customer fails for the same cause".to_owned(),
        1 => "1 other order fails for the same cause".to_owned(),
        others => format!("{more}{others} other orders fail for the same cause"),
    }
}

/// Each line, its add-ons right under it.
pub(crate) fn nested(order: &SeenOrder) -> Vec<&SeenLine> {
    let is_there = |line: &SeenLine| {
        let mut lines = order.lines.iter();
        lines.any(|other| Some(other.id) == line.parent)
    };
    let tops = order.lines.iter().filter(|line| !is_there(line));
    tops.flat_map(|top| {
        let below = order.lines.iter();
        std::iter::once(top).chain(below.filter(|line| line.parent == Some(top.id)))
    })
    .collect()
}

/// The customer's sums by billing cycle, in the order of the lines; `None` of them is a mixture.
pub(crate) fn totals(order: &SeenOrder) -> Vec<(String, Money)> {
    totals_by(order, Cadence::cycle_label)
}

/// The same, the billing cycle in other words.
pub(crate) fn totals_by(order: &SeenOrder, words: fn(Cadence) -> String) -> Vec<(String, Money)> {
    let mut sums: Vec<(String, Money)> = Vec::new();
    for line in order.counted() {
        let cycle = words(line.item.cadence);
        let known = sums
            .iter_mut()
            .find(|(known, sum)| *known == cycle && sum.currency == line.price.total.currency);
        match known {
            // The order's own total was computed from the same figures, so this one fits too.
            Some((_, sum)) => *sum = sum.plus(line.price.total).unwrap_or(*sum),
            None => sums.push((cycle, line.price.total)),
        }
    }
    sums
}

pub(crate) async fn details(
    State(web): State<Web>,
    Path((organization, number)): Path<(String, String)>,
    visitor: Visitor,
) -> Result<Response, Page> {
    let access = web.app.access(&visitor.caller, &organization).await?;
    let number = number.parse().map_err(|_| app::Error::NotFound)?;
    page(&web, &visitor, &access, number, None).await
}

/// The page, with what was wrong with a form sent from it.
pub(crate) async fn page(
    web: &Web,
    visitor: &Visitor,
    access: &Access,
    number: u64,
    problem: Option<Problem>,
) -> Result<Response, Page> {
    let (order, events) = web.app.order(access, number).await?;
    let now = web.app.now();
    let causes = web.app.same_cause(&visitor.caller, access, &order, &events);
    Ok(render(&OrderPage {
        frame: Frame::new(web, visitor, access, Section::Orders).await?,
        forms: Forms::new(&order, access, now),
        next: next_step(&order, access, now),
        now,
        causes: causes.await?,
        key: web.app.form_key(),
        may_retry_alike: access.standing().may(Permission::RetryOrders),
        order,
        events,
        problem,
    }))
}
