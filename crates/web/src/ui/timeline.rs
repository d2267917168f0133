//! An order's log as people read it: what one hand did to several items at one instant is told once,
//! with the items, and each attempt after the first is counted.

use std::collections::HashMap;

use domain::event::{Actor, Event, EventKind};
use domain::id::LineId;
use domain::order::seen::SeenLine;
use jiff::Timestamp;

use super::say;

/// What happened.
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) kind: EventKind,
    pub(crate) actor: Option<Actor>,
    /// The names of the items that it is about; empty where it is about the whole order.
    pub(crate) items: Vec<String>,
    /// From the second attempt on.
    pub(crate) attempt: Option<u32>,
    /// What was put right before it.
    pub(crate) corrected: Vec<String>,
    pub(crate) details: Vec<String>,
    /// Staff only: what the vendor sent.
    pub(crate) evidence: Vec<String>,
}

impl Entry {
    pub(crate) fn tone(&self) -> &'static str {
        say::event_look(self.kind).0
    }

    pub(crate) fn icon(&self) -> &'static str {
        say::event_look(self.kind).1
    }

    /// What staff read of it: of errors of ours, no vendor has said anything.
    pub(crate) fn evidence_title(&self) -> &'static str {
        match self.kind {
            EventKind::SetAside => "What went wrong",
            _ => "What the vendor sent",
        }
    }

    /// The vendor's own words stand out.
    pub(crate) fn is_said(&self) -> bool {
        self.tone() == "bad"
    }

    fn is_of(&self, event: &Event, attempt: Option<u32>) -> bool {
        let user = |actor: &Option<Actor>| actor.as_ref().map(|actor| actor.user);
        self.at == event.at
            && self.kind == event.kind
            && user(&self.actor) == user(&event.actor)
            && self.attempt == attempt
    }

    fn tell(&mut self, event: Event, name: Option<&str>) {
        let mut add = |text: String, told: fn(&mut Entry) -> &mut Vec<String>| {
            let told = told(self);
            if !told.contains(&text) {
                told.push(text);
            }
        };
        if let Some(name) = name {
            add(name.to_owned(), |entry| &mut entry.items);
        }
        for put in event.attempt.into_iter().flat_map(|facts| facts.corrected) {
            let words = format!("{}: {} → {}", say::field(&put.field), put.from, put.to);
            add(words, |entry| &mut entry.corrected);
        }
        if let Some(detail) = event.detail {
            add(detail, |entry| &mut entry.details);
        }
        if let Some(internal) = event.internal {
            add(internal, |entry| &mut entry.evidence);
        }
    }
}

/// The entries, oldest first.
pub(crate) fn timeline(lines: &[SeenLine], events: &[Event]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut attempts: HashMap<LineId, u32> = HashMap::new();
    for event in events {
        let attempt = event.line.and_then(|line| {
            let number = attempts.entry(line).or_insert(1);
            if event.kind == EventKind::Retried {
                let told = event.attempt.as_ref().map(|facts| facts.number);
                *number = told.unwrap_or(*number + 1);
            }
            Some(*number).filter(|number| *number > 1)
        });
        if !entries
            .last()
            .is_some_and(|last| last.is_of(event, attempt))
        {
            entries.push(Entry {
                at: event.at,
                kind: event.kind,
                actor: event.actor.clone(),
                items: Vec::new(),
                attempt,
                corrected: Vec::new(),
                details: Vec::new(),
                evidence: Vec::new(),
            });
        }
        let line = lines.iter().find(|line| Some(line.id) == event.line);
        // With one item there is nothing to tell apart.
        let name = line.filter(|_| lines.len() > 1).map(SeenLine::name);
        // Words that begin with the name need it no second time.
        let detail = event.detail.as_deref().unwrap_or_default();
        let name = name.filter(|name| !detail.starts_with(name));
        if let Some(last) = entries.last_mut() {
            last.tell(event.clone(), name);
        }
    }
    // What is about every item is about the order.
    for entry in &mut entries {
        if entry.items.len() == lines.len() {
            entry.items.clear();
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use uuid::Uuid;

    use super::*;

    fn event(kind: EventKind, line: u128, minute: i64, detail: Option<&str>) -> Event {
        Event {
            at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute),
            kind,
            actor: None,
            line: Some(LineId(Uuid::from_u128(line))),
            detail: detail.map(str::to_owned),
            internal: None,
            attempt: None,
        }
    }

    #[test]
    fn what_happens_to_several_items_at_once_is_told_once_and_attempts_are_counted() {
        use EventKind as K;
        let entries = timeline(
            &[],
            &[
                event(K::Placed, 1, 0, None),
                event(K::Placed, 2, 0, None),
                event(K::Sending, 1, 1, None),
                event(K::Sending, 2, 2, None),
                event(K::Failed, 1, 3, Some("no")),
                event(K::Failed, 2, 3, Some("never")),
                event(K::Retried, 1, 4, None),
                event(K::Failed, 1, 5, Some("no")),
            ],
        );
        let told: Vec<_> = entries
            .iter()
            .map(|entry| (entry.kind, entry.attempt, entry.details.join(", ")))
            .collect();
        assert_eq!(
            told,
            [
                (K::Placed, None, String::new()),
                (K::Sending, None, String::new()),
                (K::Sending, None, String::new()),
                (K::Failed, None, "no, never".to_owned()),
                (K::Retried, Some(2), String::new()),
                (K::Failed, Some(2), "no".to_owned()),
            ]
        );
    }
}
