//! Another attempt at failed lines: what may be put right, and what is kept of the attempt before.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::line::{Line, LineEvent, LineState};
use super::{Order, Refusal, event};
use crate::event::{Actor, AttemptFacts, Correction, Event, EventKind};
use crate::id::LineId;
use crate::text::Email;

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
        Ok(told)
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
        let (phase, mut events) = (self.phase(), Vec::new());
        let is_asked =
            |line: &&mut Line| is_failed(&line.state) && only.is_none_or(|only| line.id == only);
        for line in self.lines.iter_mut().filter(is_asked) {
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
            Some(parent) if is_failed(&parent.state) => Err(Refusal::Guarded(
                "the item that this one waits for has failed; retry that one first",
            )),
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
