//! Mistakes of the kind that leak, planted from outside: each turns the right answer into the one that
//! a product with that mistake would give. The comparison must catch every one.

use domain::order::Order;
use domain::order::line::Line;
use serde_json::Value;

use super::world::{Answer, Ask, Who, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leak {
    /// Rows are taken out after the page was cut.
    FilteredAfterTheLimit,
    /// A total that counts what is hidden.
    CountsTheHidden,
    /// An ETag of the version that staff see.
    TagOfTheFullVersion,
    /// *Forbidden* for what exists, *not found* for what does not.
    ForbiddenNotNotFound,
    /// A live page is woken by every change.
    TicksOfTheFullVersion,
    /// Numbers that are handed out one after the other.
    NumbersInARow,
    /// A refusal that quotes the whole order.
    RefusalQuotesTheOrder,
    /// Rows are sorted by what the seller earns.
    SortedByMargin,
    /// A cursor that counts rows.
    CursorCountsRows,
    /// What may be done is decided by all lines.
    AllowedByAllLines,
    /// A sum over all lines.
    TotalOfAllLines,
    /// A customer's save is refused after a change that they can't see.
    LocksOnTheFullVersion,
    /// A count of notes with the internal ones.
    CountsInternalNotes,
    /// The evidence of a doubt stands in the page's source.
    EvidenceInThePage,
}

impl Leak {
    pub const ALL: [Leak; 14] = [
        Leak::FilteredAfterTheLimit,
        Leak::CountsTheHidden,
        Leak::TagOfTheFullVersion,
        Leak::ForbiddenNotNotFound,
        Leak::TicksOfTheFullVersion,
        Leak::NumbersInARow,
        Leak::RefusalQuotesTheOrder,
        Leak::SortedByMargin,
        Leak::CursorCountsRows,
        Leak::AllowedByAllLines,
        Leak::TotalOfAllLines,
        Leak::LocksOnTheFullVersion,
        Leak::CountsInternalNotes,
        Leak::EvidenceInThePage,
    ];

    /// The pair that a hunt begins with: those before it don't show this mistake, and a pair takes seconds.
    pub fn first_pair(self) -> u64 {
        match self {
            Leak::RefusalQuotesTheOrder | Leak::EvidenceInThePage => 1,
            Leak::TotalOfAllLines | Leak::CountsInternalNotes => 2,
            Leak::SortedByMargin | Leak::AllowedByAllLines => 6,
            _ => 0,
        }
    }

    /// The answer with the mistake in it.
    pub async fn answer(self, world: &World, who: Who, ask: &Ask) -> Answer {
        let mut number = ask
            .path
            .split(['/', '?', '=', '&'])
            .filter_map(|part| part.parse().ok());
        let number: Option<u64> = number.next_back();
        let is_list = ask.is_api && ask.path.contains("/orders?");
        let truth = match self {
            Leak::NumbersInARow => world.truth().await,
            Leak::FilteredAfterTheLimit
            | Leak::SortedByMargin
            | Leak::CountsTheHidden
            | Leak::CursorCountsRows
                if is_list =>
            {
                world.truth().await
            }
            _ => Vec::new(),
        };
        let order = match number {
            Some(number) => world.order(number).await,
            None => None,
        };
        if self == Leak::LocksOnTheFullVersion
            && let Some(order) = &order
            && let Some((_, tag)) = ask.headers.iter().find(|(name, _)| *name == "if-match")
        {
            let version = order.version.to_string();
            let mut wrong = ask.clone();
            if tag.trim_matches('"') != version {
                wrong.headers = vec![("if-match", "\"0\"".into())];
            }
            return world.ask_plainly(who, &wrong).await;
        }
        let mut answer = world.ask_plainly(who, ask).await;
        if is_list && answer.status == 200 {
            self.spoil_list(&truth, ask, &mut answer);
        } else if let Some(order) = order {
            self.spoil_order(&truth, &order, &mut answer);
        }
        answer
    }

    fn spoil_list(self, truth: &[Order], ask: &Ask, answer: &mut Answer) {
        let is_recent = ask.path.contains("view=recent");
        let in_view = |order: &&Order| {
            let view = if is_recent { "Recent" } else { "Historical" };
            order
                .shown()
                .is_some_and(|(shown, _)| format!("{shown:?}") == view)
        };
        let all: Vec<&Order> = truth.iter().filter(in_view).collect();
        let mut rows = answer.json().as_array().cloned().unwrap_or_default();
        let place = |row: &Value| all.iter().position(|order| row["number"] == order.number);
        match self {
            Leak::FilteredAfterTheLimit if !ask.path.contains("cursor") => {
                let limit = rows.len();
                rows.retain(|row| place(row).is_some_and(|place| place < limit));
            }
            Leak::SortedByMargin => rows.sort_by_key(|row| {
                let order = place(row).map(|place| all[place]);
                order.map(|order| order.lines.iter().map(cost).sum::<i64>())
            }),
            Leak::CountsTheHidden => {
                let header = ("x-total-count".to_owned(), all.len().to_string());
                answer.headers.push(header);
            }
            Leak::CursorCountsRows => {
                let last = rows.last().and_then(place);
                answer.headers.push(("x-next".into(), format!("{last:?}")));
            }
            _ => {}
        }
        answer.body = Value::Array(rows).to_string();
    }

    fn spoil_order(self, truth: &[Order], order: &Order, answer: &mut Answer) {
        let markups = || order.lines.iter().filter(|line| line.change.is_markup());
        match (self, answer.status) {
            (Leak::ForbiddenNotNotFound, 404) => answer.status = 403,
            (Leak::RefusalQuotesTheOrder, 409) => {
                let words: Vec<String> =
                    order.lines.iter().map(|line| line.change.text()).collect();
                answer.body += &words.join(", ");
            }
            (Leak::TagOfTheFullVersion, 200) => {
                answer
                    .headers
                    .push(("etag".into(), format!("\"{}\"", order.version)));
            }
            (Leak::NumbersInARow, 200) => {
                let place = truth.iter().rev().position(|other| other.id == order.id);
                answer.body += &format!("<small>no. {place:?}</small>");
            }
            (Leak::AllowedByAllLines, 200) => {
                let is_open = markups().all(|line| !line.state.is_undecided());
                answer.body += if is_open { "" } else { "still open" };
            }
            (Leak::TotalOfAllLines, 200) => {
                let minor = |line: &Line| line.price.customer_total().unwrap().minor;
                answer.body += &order.lines.iter().map(minor).sum::<i64>().to_string();
            }
            (Leak::CountsInternalNotes, 200) => {
                answer.body += &format!("{} notes", order.notes.len());
            }
            (Leak::EvidenceInThePage, 200) => {
                answer.body +=
                    &format!("<!-- {:?} -->", order.lines.iter().map(|line| &line.state));
            }
            _ => {}
        }
    }
}

fn cost(line: &Line) -> i64 {
    line.price.unit.partner.minor
}
