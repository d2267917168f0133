//! Reading a filter: never fails as a whole; what can't be read is told word by word.

use jiff::civil::Date;

use super::{Age, Filter, FilterProblem, LENGTH_MAX, Person, TERMS_MAX, Term};
use crate::order::change::ChangeKind;
use crate::order::desk::DeskFilter;
use crate::order::phase::Status;

/// A key, and an example of what stands behind it.
type Key = (&'static str, &'static str);

/// The keys of every list.
const KEYS: [Key; 8] = [
    ("status", "status:failed"),
    ("vendor", "vendor:microsoft"),
    ("change", "change:quantity"),
    ("by", "by:me"),
    ("older", "older:2d"),
    ("newer", "newer:12h"),
    ("from", "from:2026-11-01"),
    ("to", "to:2026-11-30"),
];
/// What the order desk has besides.
const DESK_KEYS: [Key; 2] = [("customer", "customer:amber"), ("waits", "waits:me")];
/// A century.
const HOURS_MAX: u32 = 100 * 366 * 24;
/// A problem repeats no more than this of what was typed.
const SHOWN_MAX: usize = 60;

/// Short words for statuses, beside the API's own.
const STATUSES: [(&str, Status); 9] = [
    ("failed", Status::ProvisioningFailed),
    ("finished", Status::ProvisioningFinished),
    ("provisioning", Status::ProvisioningStarted),
    ("approval", Status::PendingApproval),
    ("pending", Status::PendingApproval),
    ("errors", Status::CompletedWithErrors),
    ("progress", Status::InProgress),
    ("cart", Status::Started),
    ("done", Status::Completed),
];
/// Short words for changes, beside the API's own.
const CHANGES: [(&str, ChangeKind); 8] = [
    ("new", ChangeKind::Purchase),
    ("name", ChangeKind::Rename),
    ("term", ChangeKind::TermDuration),
    ("cycle", ChangeKind::BillingCycle),
    ("billing", ChangeKind::BillingCycle),
    ("renewal", ChangeKind::AutoRenewal),
    ("addon", ChangeKind::AddonQuantity),
    ("config", ChangeKind::Configuration),
];

/// A piece between spaces: `key:` and what follows, or text alone.
#[derive(Debug, Default)]
struct Piece {
    key: Option<String>,
    value: String,
    is_quoted: bool,
}

impl Piece {
    fn typed(&self) -> String {
        let key = self
            .key
            .as_ref()
            .map_or(String::new(), |key| format!("{key}:"));
        let text = match self.is_quoted {
            true => format!("{key}\"{}\"", self.value),
            false => format!("{key}{}", self.value),
        };
        match text.chars().count() > SHOWN_MAX {
            true => text.chars().take(SHOWN_MAX).chain(['…']).collect(),
            false => text,
        }
    }

    fn problem(&self, why: impl Into<String>, instead: impl Into<String>) -> FilterProblem {
        FilterProblem {
            word: self.typed(),
            why: why.into(),
            instead: instead.into(),
        }
    }
}

pub(super) fn parse(text: &str) -> (Filter, Vec<FilterProblem>) {
    let (bounded, mut problems) = bounded(text);
    let filter = read(&pieces(&bounded), &KEYS, &mut problems);
    (filter, problems)
}

/// The same with the words of the order desk: `customer:`, where there are several, and `waits:me`.
pub(super) fn parse_on_desk(text: &str) -> (DeskFilter, Vec<FilterProblem>) {
    let (bounded, mut problems) = bounded(text);
    let mut filter = DeskFilter::default();
    let mut others = Vec::new();
    for piece in pieces(&bounded) {
        match piece.key.as_deref() {
            Some("customer") => {
                problems.extend(customers(&piece, &mut filter.customers));
            }
            Some("waits") if piece.value.eq_ignore_ascii_case("me") => filter.waits_for_me = true,
            Some("waits") => problems.push(piece.problem(
                "is not somebody whose decisions are known here",
                "waits:me finds what waits for yours",
            )),
            _ => others.push(piece),
        }
    }
    let keys: Vec<Key> = KEYS.into_iter().chain(DESK_KEYS).collect();
    filter.order = read(&others, &keys, &mut problems);
    (filter, problems)
}

/// Adds the customers that a piece names to those that are wanted already.
fn customers(piece: &Piece, customers: &mut Vec<String>) -> Option<FilterProblem> {
    let values: Vec<&str> = match piece.is_quoted {
        true => vec![&piece.value],
        false => piece.value.split(',').collect(),
    };
    let is_name = |value: &&str| value.chars().any(char::is_alphanumeric);
    let names: Vec<&str> = values.into_iter().filter(is_name).collect();
    for name in &names {
        let is_new = customers.iter().all(|known| known != name);
        if is_new && customers.len() < TERMS_MAX {
            customers.push((*name).to_owned());
        }
    }
    let is_empty = names.is_empty();
    is_empty.then(|| piece.problem("needs a value", "for example customer:amber"))
}

/// As much of the text as is read.
fn bounded(text: &str) -> (String, Vec<FilterProblem>) {
    let mut problems = Vec::new();
    let mut rest = text.chars();
    let bounded: String = rest.by_ref().take(LENGTH_MAX).collect();
    if rest.next().is_some() {
        let last = Piece {
            value: bounded.chars().skip(LENGTH_MAX - 20).collect(),
            ..Piece::default()
        };
        let why = format!("a filter has at most {LENGTH_MAX} characters; the rest was left out");
        problems.push(last.problem(why, ""));
    }
    (bounded, problems)
}

fn read(pieces: &[Piece], keys: &[Key], problems: &mut Vec<FilterProblem>) -> Filter {
    let mut filter = Filter::default();
    for piece in pieces {
        for term in terms(piece, keys) {
            if let Err(problem) = term.and_then(|term| filter.add(term)) {
                // As many problems as terms: more would not be read.
                if problems.len() < TERMS_MAX {
                    problems.push(problem);
                }
            }
        }
    }
    problems.extend(contradiction(&filter));
    filter
}

/// Cuts the text at spaces outside quotes. A quote that is not closed ends with the text.
fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut piece = Piece::default();
    let mut is_inside = false;
    for c in text.chars() {
        let is_quote = matches!(c, '"' | '“' | '”' | '„' | '«' | '»');
        let is_key = is_key(&piece);
        match c {
            _ if is_quote && is_inside => {
                is_inside = false;
                pieces.push(std::mem::take(&mut piece));
            }
            _ if is_quote => {
                // A quote right behind `key:` opens its value; behind anything else, a new piece.
                if piece.key.is_none() || !piece.value.is_empty() {
                    pieces.push(std::mem::take(&mut piece));
                }
                (piece.is_quoted, is_inside) = (true, true);
            }
            _ if is_inside => piece.value.push(if c.is_control() { ' ' } else { c }),
            _ if c.is_whitespace() || c.is_control() => pieces.push(std::mem::take(&mut piece)),
            ':' if is_key => {
                piece.key = Some(std::mem::take(&mut piece.value).to_lowercase());
            }
            _ => piece.value.push(c),
        }
    }
    pieces.push(piece);
    for piece in &mut pieces {
        piece.value = piece.value.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    pieces.retain(|piece| piece.key.is_some() || !piece.value.is_empty());
    pieces
}

/// Letters before the first colon make a key.
fn is_key(piece: &Piece) -> bool {
    piece.key.is_none()
        && !piece.value.is_empty()
        && piece
            .value
            .chars()
            .all(|c| c.is_ascii_alphabetic() || c == '_')
}

/// What a piece says; several terms where it lists values with commas.
fn terms(piece: &Piece, keys: &[Key]) -> Vec<Result<Term, FilterProblem>> {
    let Some(key) = piece.key.as_deref() else {
        return vec![text(piece)];
    };
    let is_list = matches!(key, "status" | "vendor" | "change" | "by") && !piece.is_quoted;
    if !is_list || !piece.value.contains(',') {
        return vec![keyed(key, piece, keys)];
    }
    let values = piece.value.split(',').filter(|value| !value.is_empty());
    let one = |value: &str| Piece {
        key: Some(key.to_owned()),
        value: value.to_owned(),
        is_quoted: false,
    };
    values.map(|value| keyed(key, &one(value), keys)).collect()
}

fn text(piece: &Piece) -> Result<Term, FilterProblem> {
    if !piece.value.chars().any(char::is_alphanumeric) {
        return Err(piece.problem("has no letter or digit to search for", ""));
    }
    Ok(match piece.is_quoted {
        true => Term::Phrase(piece.value.clone()),
        false => Term::Word(piece.value.clone()),
    })
}

fn keyed(key: &str, piece: &Piece, keys: &[Key]) -> Result<Term, FilterProblem> {
    let example = KEYS.iter().find(|(known, _)| *known == key);
    let Some((_, example)) = example else {
        let names = keys.iter().map(|(name, _)| *name);
        let instead = match nearest(key, names.clone()) {
            Some(name) => format!("perhaps {name}: is meant"),
            None => {
                let keys: Vec<String> = names.map(|name| format!("{name}:")).collect();
                let keys = keys.join(", ");
                format!("there are {keys}; put it in quotes to search for it as text")
            }
        };
        return Err(piece.problem("there is no such filter", instead));
    };
    if piece.value.is_empty() {
        return Err(piece.problem("needs a value", format!("for example {example}")));
    }
    match key {
        "status" => status(piece).map(Term::Status),
        "vendor" => named(piece).map(Term::Vendor),
        "change" => change(piece).map(Term::Change),
        "by" => named(piece).map(|who| Term::By(person(who))),
        "older" => age(piece, example).map(Term::Older),
        "newer" => age(piece, example).map(Term::Newer),
        "from" => day(piece, example).map(Term::From),
        _ => day(piece, example).map(Term::To),
    }
}

fn named(piece: &Piece) -> Result<String, FilterProblem> {
    match piece.value.chars().any(char::is_alphanumeric) {
        true => Ok(piece.value.clone()),
        false => Err(piece.problem("has no letter or digit to look for", "")),
    }
}

fn person(who: String) -> Person {
    match who.to_lowercase() {
        me if me == "me" => Person::Me,
        email if email.contains('@') => Person::Email(email),
        _ => Person::Name(who),
    }
}

/// The API's spelling: `Completed with errors` is `completed_with_errors`.
fn spelled(piece: &Piece) -> String {
    piece.value.to_lowercase().replace([' ', '-'], "_")
}

fn status(piece: &Piece) -> Result<Status, FilterProblem> {
    let word = spelled(piece);
    let names = Status::ALL.map(|status| (status.name(), status));
    let mut known = names.into_iter().chain(STATUSES);
    if let Some((_, status)) = known.find(|(name, _)| *name == word) {
        return Ok(status);
    }
    let known = names.into_iter().chain(STATUSES).map(|(name, _)| name);
    Err(unknown(
        piece,
        &word,
        "there is no such status",
        known,
        names.map(|(name, _)| name),
    ))
}

fn change(piece: &Piece) -> Result<ChangeKind, FilterProblem> {
    let word = spelled(piece);
    let names = ChangeKind::ALL.map(|kind| (kind.name(), kind));
    let mut known = names.into_iter().chain(CHANGES);
    if let Some((_, kind)) = known.find(|(name, _)| *name == word) {
        return Ok(kind);
    }
    // Kinds that customers never hear of are not suggested to anybody.
    let told = names.into_iter().filter(|(_, kind)| !kind.is_markup());
    let known = told.clone().chain(CHANGES).map(|(name, _)| name);
    Err(unknown(
        piece,
        &word,
        "there is no such change",
        known,
        told.map(|(name, _)| name),
    ))
}

fn unknown(
    piece: &Piece,
    word: &str,
    why: &str,
    known: impl Iterator<Item = &'static str>,
    all: impl IntoIterator<Item = &'static str>,
) -> FilterProblem {
    let key = piece.key.as_deref().unwrap_or_default();
    let instead = match nearest(word, known) {
        Some(name) => format!("perhaps {key}:{name} is meant"),
        None => format!(
            "there are {}",
            all.into_iter().collect::<Vec<_>>().join(", ")
        ),
    };
    piece.problem(why, instead)
}

fn age(piece: &Piece, example: &str) -> Result<Age, FilterProblem> {
    let wrong = || {
        piece.problem(
            "is not a length of time",
            format!("hours, days and weeks are written 12h, 2d, 3w, such as {example}"),
        )
    };
    let value = piece.value.to_ascii_lowercase();
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let in_hours = match value[digits.len()..].trim() {
        "h" | "hour" | "hours" => 1,
        "d" | "day" | "days" => 24,
        "w" | "week" | "weeks" => 7 * 24,
        _ => return Err(wrong()),
    };
    let count: u32 = digits.parse().map_err(|_| wrong())?;
    let hours = count
        .checked_mul(in_hours)
        .filter(|hours| *hours <= HOURS_MAX);
    let hours = hours.ok_or_else(|| piece.problem("is longer than a century", ""))?;
    Ok(Age { hours })
}

fn day(piece: &Piece, example: &str) -> Result<Date, FilterProblem> {
    let value = piece.value.as_str();
    let is_plain = value.len() == 10 && value.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let parsed = value
        .parse::<Date>()
        .ok()
        .filter(|day| is_plain && day.year() > 0);
    parsed.ok_or_else(|| {
        piece.problem(
            "is not a day of the calendar",
            format!("days are written year-month-day, such as {example}"),
        )
    })
}

/// Days that leave nothing in between.
fn contradiction(filter: &Filter) -> Option<FilterProblem> {
    let from = filter.pick(|term| match term {
        Term::From(day) => Some(*day),
        _ => None,
    });
    let to = filter.pick(|term| match term {
        Term::To(day) => Some(*day),
        _ => None,
    });
    let (from, to) = (from.into_iter().max()?, to.into_iter().min()?);
    (to < from).then(|| FilterProblem {
        word: format!("to:{to}"),
        why: format!("is before from:{from}, so nothing can be found"),
        instead: format!("swap them: from:{to} to:{from}"),
    })
}

/// The known word that was probably meant: the one with the fewest letters to change, and at most a
/// third of them.
fn nearest(typed: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    if typed.chars().count() > 30 {
        return None;
    }
    let distances = known.map(|word| (distance(typed, word), word));
    let (distance, word) = distances.min_by_key(|(distance, _)| *distance)?;
    let is_near = distance * 3 <= word.chars().count().max(3);
    is_near.then_some(word)
}

/// Letters to insert, remove, replace or swap with a neighbor.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let is_same = a[i - 1] == b[j - 1];
            let replaced = rows[i - 1][j - 1] + usize::from(!is_same);
            let mut least = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
