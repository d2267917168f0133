//! Another attempt at failed lines: what may be put right, and what is kept of the attempt before.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::line::{Line, LineEvent, LineState};
use super::{Order, Refusal, event};
use crate::event::{Actor, AttemptFacts, Correction, Event, EventKind};
use crate::id::{LineId, VendorId};
use crate::provisioning::Failure;
use crate::text::Email;

/// Why an item can't be sent again by itself.
const FIRST_THE_OTHER: &str = "the item that this one waits for has failed; retry that one first";

/// What a retry sends otherwise; what is absent stays. What was bought can't be changed (R50).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Corrected {
    /// Where the vendor writes to.
    pub email: Option<Email>,
    /// The contact's first name.
    pub name: Option<String>,
    /// The contact's family name.
    pub surname: Option<String>,
    /// The customer's tenant, for vendors that have such a thing.
    pub tenant: Option<String>,
    /// Answers to the offer's form, by name.
    pub parameters: Map<String, Value>,
}

impl Corrected {
    /// Whether everything stays as it was.
    pub fn is_empty(&self) -> bool {
        *self == Corrected::default()
    }

    /// Puts a line right and tells each value that is another now, from → to. What is refused is
    /// refused before anything is changed.
    fn apply(&self, line: &mut Line) -> Result<Vec<Correction>, Refusal> {
        if self.tenant.is_some() && !line.item.has_tenant {
            return Err(Refusal::Guarded(
                "this vendor knows no tenants; leave it empty",
            ));
        }
        let mut told = Vec::new();
        let mut tell = |field: &str, from: String, to: String| {
            if from != to {
                let field = field.to_owned();
                told.push(Correction { field, from, to });
            }
        };
        let contact = &mut line.contact;
        if let Some(email) = &self.email {
            tell(
                "/contact/email",
                contact.email.to_string(),
                email.to_string(),
            );
            contact.email = email.clone();
        }
        if let Some(name) = &self.name {
            tell("/contact/name", contact.name.clone(), name.clone());
            contact.name = name.clone();
        }
        if let Some(surname) = &self.surname {
            tell("/contact/surname", contact.surname.clone(), surname.clone());
            contact.surname = surname.clone();
        }
        if let Some(tenant) = &self.tenant {
            tell(
                "/tenant",
                line.tenant.clone().unwrap_or_default(),
                tenant.clone(),
            );
            line.tenant = Some(tenant.clone());
        }
        for (name, value) in &self.parameters {
            let before = line.parameters.insert(name.clone(), value.clone());
            let pointer = format!("/parameters/{name}");
            tell(
                &pointer,
                before.as_ref().map_or_else(String::new, words),
                words(value),
            );
        }
        line.corrected
            .extend(told.iter().map(|one| one.field.clone()));
        Ok(told)
    }
}

/// What makes the failures of two lines the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    /// Whose refusal it is.
    pub vendor: VendorId,
    /// What [`Failure::cause`] says.
    pub cause: String,
}

impl Cause {
    /// The cause behind a vendor's refusal.
    pub fn of(vendor: VendorId, failure: &Failure) -> Cause {
        let cause = failure.cause();
        Cause { vendor, cause }
    }
}

impl Line {
    /// What it fails for now. Of a markup no vendor hears, so it has no cause.
    pub fn cause(&self) -> Option<Cause> {
        match &self.state {
            LineState::Failed { failure, .. } if !self.change.is_markup() => {
                Some(Cause::of(self.item.vendor, failure))
            }
            _ => None,
        }
    }
}

/// An answer as it was typed.
fn words(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

impl Order {
    /// Sends failed lines again: one, corrected or not, or all as they are (T16). An add-on waits for
    /// the license that it belongs to, and a step for the one before.
    pub(super) fn retry(
        &mut self,
        only: Option<LineId>,
        correction: &Corrected,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        if only.is_none() && !correction.is_empty() {
            return Err(Refusal::Guarded("name the item that is to be corrected"));
        }
        if let Some(only) = only {
            self.can_be_retried_alone(only)?;
        }
        let asked = self.lines.iter().filter(|line| is_failed(&line.state));
        let asked = asked.map(|line| line.id);
        let asked = asked
            .filter(|id| only.is_none_or(|only| *id == only))
            .collect();
        self.send_again(asked, correction, actor, now)
    }

    /// Sends again as they are the lines that fail for a cause. One that waits for a line which has
    /// failed otherwise stays.
    pub(super) fn retry_cause(
        &mut self,
        cause: &Cause,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let (mut asked, mut is_any) = (Vec::new(), false);
        for line in &self.lines {
            if line.cause().as_ref() != Some(cause) {
                continue;
            }
            is_any = true;
            let before = |one: &&Line| line.waits_for() == Some(one.id);
            let before = self.lines.iter().find(before);
            if before.is_none_or(|one| !is_failed(&one.state) || asked.contains(&one.id)) {
                asked.push(line.id);
            }
        }
        match (asked.is_empty(), is_any) {
            (false, _) => self.send_again(asked, &Corrected::default(), actor, now),
            (true, true) => Err(Refusal::Guarded(FIRST_THE_OTHER)),
            (true, false) => Err(Refusal::Guarded("nothing of it fails for this cause now")),
        }
    }

    fn send_again(
        &mut self,
        asked: Vec<LineId>,
        correction: &Corrected,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let (phase, mut events) = (self.phase(), Vec::new());
        let lines = self.lines.iter_mut();
        for line in lines.filter(|line| asked.contains(&line.id)) {
            let corrected = correction.apply(line)?;
            line.state = line.state.after(&LineEvent::Retried, now)?;
            let number = line.state.attempt().unwrap_or_default();
            events.push(Event {
                attempt: Some(AttemptFacts {
                    number,
                    corrected,
                    failure: None,
                }),
                ..event(EventKind::Retried, Some(actor), Some(line.id), now)
            });
        }
        if self.phase() != phase {
            self.phase_since = now;
            self.stopped = None;
        }
        Ok(events)
    }

    fn can_be_retried_alone(&self, id: LineId) -> Result<(), Refusal> {
        let line = |id| self.lines.iter().find(|line| line.id == id);
        let asked = line(id).ok_or(Refusal::NoSuchLine)?;
        if !is_failed(&asked.state) {
            return Err(Refusal::Guarded("this item has not failed"));
        }
        match asked.waits_for().and_then(line) {
            Some(parent) if is_failed(&parent.state) => Err(Refusal::Guarded(FIRST_THE_OTHER)),
            _ => Ok(()),
        }
    }
}

fn is_failed(state: &LineState) -> bool {
    matches!(state, LineState::Failed { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::command::Command;
    use crate::order::{Stage, sample};

    fn failed_order() -> Order {
        let failed = || sample::failed("InvalidEmail", "no");
        sample::order(
            Stage::Released,
            vec![failed(), failed(), sample::finished()],
        )
    }

    fn retry(
        order: &mut Order,
        at: Option<usize>,
        correction: Corrected,
    ) -> Result<Vec<Event>, Refusal> {
        let line = at.map(|at| order.lines[at].id);
        let correction = Box::new(correction);
        let command = Command::Retry { line, correction };
        order.obey(command, &sample::actor(), sample::now())
    }

    fn all_fields() -> Corrected {
        Corrected {
            email: Email::parse("new@amber.example").ok(),
            name: Some("Ilze".into()),
            surname: Some("Kalns".into()),
            tenant: Some("amber2.onmicrosoft.com".into()),
            parameters: [("region".to_owned(), Value::from("north"))]
                .into_iter()
                .collect(),
        }
    }

    #[test]
    fn one_line_is_corrected_and_sent_again_and_the_others_stay() {
        let mut order = failed_order();
        let before = order.clone();
        let events = retry(&mut order, Some(0), all_fields()).expect("a retry");
        let told: Vec<String> = events[0]
            .attempt
            .iter()
            .flat_map(|facts| &facts.corrected)
            .map(|c| format!("{}: {} → {}", c.field, c.from, c.to))
            .collect();
        assert_eq!(
            told,
            [
                "/contact/email: ieva@amber.example → new@amber.example",
                "/contact/name: Ieva → Ilze",
                "/contact/surname: Berg → Kalns",
                "/tenant: amber.onmicrosoft.com → amber2.onmicrosoft.com",
                "/parameters/region:  → north",
            ]
        );
        assert_eq!(order.lines[0].state, LineState::Queued { attempt: 2 });
        assert_eq!(order.lines[0].contact.email.as_str(), "new@amber.example");
        assert_eq!(order.lines[1..], before.lines[1..]);
        let corrected: Vec<&str> = order.lines[0]
            .corrected
            .iter()
            .map(String::as_str)
            .collect();
        assert_eq!(
            corrected,
            [
                "/contact/email",
                "/contact/name",
                "/contact/surname",
                "/parameters/region",
                "/tenant",
            ]
        );
    }

    #[test]
    fn a_value_that_stays_the_same_is_no_correction() {
        let mut order = failed_order();
        let name = Some(order.lines[0].contact.name.clone());
        let same = Corrected {
            name,
            ..Corrected::default()
        };
        let events = retry(&mut order, Some(0), same).expect("a retry");
        assert!(
            events[0]
                .attempt
                .as_ref()
                .is_some_and(|facts| facts.corrected.is_empty())
        );
    }

    #[test]
    fn all_failed_lines_are_sent_again_as_they_are() {
        let mut order = failed_order();
        let events = retry(&mut order, None, Corrected::default()).expect("a retry");
        assert_eq!(events.len(), 2);
        assert_eq!(order.lines[2].state, sample::finished());
    }

    #[test]
    fn the_lines_of_one_cause_are_sent_again_and_those_of_others_stay() {
        let [alike, other] = ["InvalidEmail", "NoCredit"].map(|code| sample::failed(code, "no"));
        let states = vec![alike.clone(), alike, sample::finished(), other];
        let failing = sample::order(Stage::Released, states);
        let cause = failing.lines[0].cause().expect("a cause");
        let tell = |order: &mut Order, cause: &Cause| {
            let command = Command::RetryCause(cause.clone());
            order.obey(command, &sample::actor(), sample::now())
        };
        let mut order = failing.clone();
        assert_eq!(tell(&mut order, &cause).expect("a retry").len(), 2);
        let queued = LineState::Queued { attempt: 2 };
        assert!(order.lines[..2].iter().all(|line| line.state == queued));
        assert_eq!(order.lines[2..], failing.lines[2..]);
        // Of the two that fail alike, one waits for what failed otherwise.
        let mut waiting = failing.clone();
        waiting.lines[1].parent = Some(waiting.lines[3].id);
        assert_eq!(tell(&mut waiting, &cause).expect("a retry").len(), 1);
        assert_eq!(waiting.lines[1].state, failing.lines[1].state);
        waiting = failing.clone();
        waiting.lines.swap_remove(0);
        let parent = Some(waiting.lines[0].id);
        let addon = waiting
            .lines
            .iter_mut()
            .find(|line| line.cause().as_ref() == Some(&cause));
        addon.expect("one").parent = parent;
        let other = Cause {
            cause: "Other".into(),
            ..cause.clone()
        };
        for (order, cause, words) in [
            (waiting, &cause, "retry that one first"),
            (failing, &other, "fails for this cause"),
        ] {
            let mut tried = order.clone();
            let refusal = tell(&mut tried, cause).expect_err(words).to_string();
            assert!(refusal.contains(words), "{refusal}");
            assert_eq!(tried, order);
        }
    }

    #[test]
    fn what_is_refused_changes_nothing() {
        let untouched = failed_order();
        let mut addon = failed_order();
        addon.lines[1].parent = Some(addon.lines[0].id);
        let mut without_tenant = failed_order();
        without_tenant.lines[0].item.has_tenant = false;
        for (order, at, correction, words) in [
            (&untouched, None, all_fields(), "name the item"),
            (&untouched, Some(2), Corrected::default(), "has not failed"),
            (
                &addon,
                Some(1),
                Corrected::default(),
                "retry that one first",
            ),
            (&without_tenant, Some(0), all_fields(), "no tenants"),
        ] {
            let mut tried = order.clone();
            let refusal = retry(&mut tried, at, correction)
                .expect_err(words)
                .to_string();
            assert!(refusal.contains(words), "{refusal}");
            assert_eq!(tried, *order);
        }
        let mut order = untouched.clone();
        order.archived_at = Some(sample::now());
        assert!(
            retry(&mut order, None, Corrected::default()).is_err(),
            "Historical is a record"
        );
    }
}
