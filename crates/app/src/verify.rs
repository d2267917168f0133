//! Whether what is stored can be true: every document is read, and what stands beside it is compared.

use domain::order::Order;
use domain::order::line::LineState;
use domain::order::phase::Phase;
use domain::task::TaskKind;
use store::verification::{self, Stored};

use crate::{App, Error};

/// Orders that are read at once.
const BATCH: u32 = 500;
/// Findings that are told at the most.
const FOUND_MAX: usize = 100;

/// What a look through the whole database found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Orders that were read.
    pub orders: u64,
    /// What can't be true, in words; the first hundred.
    pub found: Vec<String>,
}

impl App {
    /// Reads every order with its events and its work, and says what does not fit together. It changes
    /// nothing.
    pub async fn verify(&self) -> Result<Verified, Error> {
        let mut tx = self.store.read().await?;
        store::backup::check_file(&mut tx).await?;
        let mut verified = Verified::default();
        let mut after = None;
        loop {
            let page = verification::list(&mut tx, after, BATCH).await?;
            let Some(last) = page.last() else {
                return Ok(verified);
            };
            after = Some(last.at);
            for stored in &page {
                verified.orders += 1;
                let left = FOUND_MAX.saturating_sub(verified.found.len());
                verified.found.extend(doubts(stored).into_iter().take(left));
            }
        }
    }
}

/// What of a stored order can't be true.
fn doubts(stored: &Stored) -> Vec<String> {
    let number = stored.number;
    let order = match &stored.order {
        Ok(order) => order,
        Err(error) => return vec![format!("order {number} can't be read: {error}")],
    };
    let mut found = Vec::new();
    if order.number != number {
        found.push(format!("order {number} says that it is {}", order.number));
    }
    let phase = serde_json::to_value(order.phase()).unwrap_or_default();
    if phase.as_str() != Some(&stored.phase) {
        found.push(format!(
            "order {number} is {phase} and listed as {}",
            stored.phase
        ));
    }
    if stored.events == 0 {
        found.push(format!("order {number} has no events"));
    }
    if order.phase() == Phase::Provisioning && !is_worked_on(order, stored) {
        found.push(format!(
            "order {number} waits for its vendor, and nothing is left to be done for it"
        ));
    }
    found
}

/// Something will go on with it: work that is queued, or a person whose turn it is.
fn is_worked_on(order: &Order, stored: &Stored) -> bool {
    let is_provisioning = |(_, kind): &(_, TaskKind)| *kind != TaskKind::Clear;
    let waits = |line: &domain::order::line::Line| line.state.waits_for_a_person();
    let in_doubt =
        |line: &domain::order::line::Line| matches!(line.state, LineState::Checking { .. });
    stored.tasks.iter().any(is_provisioning)
        || order.lines.iter().any(waits)
        || order.lines.iter().any(in_doubt)
}
