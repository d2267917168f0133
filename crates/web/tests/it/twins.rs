//! Twin worlds: two worlds that differ in hidden facts alone give customers the same bytes on every
//! channel. `TWINS=1000 cargo test -p web --test it twins` compares a thousand pairs instead of twenty,
//! `TWINS_FROM=7` begins with another seed; `cargo xtask twins` does both.

mod chance;
mod channels;
mod coverage;
pub mod frames;
pub mod hidden;
mod leaks;
mod steps;
pub mod world;

use std::collections::BTreeSet;

use domain::id::LineId;
use futures::channel::mpsc;
use futures::{StreamExt, stream};
use tokio::sync::OnceCell;

use self::chance::Chance;
use self::coverage::Covered;
use self::frames::Frames;
use self::hidden::Hidden;
use self::leaks::Leak;
use self::steps::{Log, Memory};
use self::world::{Answer, Ask, Who, World};

/// Pairs that are compared in every run of the tests.
const PAIRS: u64 = 20;
/// What a unit costs the customer in orders that staff make; the other one in a pair of prices.
const PRICES: (i64, i64) = (10_037, 14_041);

/// What two worlds differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Hidden facts exist in one alone.
    Presence,
    /// Both have them, with other figures.
    Value,
    /// Both at once.
    PresenceAndValue,
    /// What the customer pays, which is the one thing that may be told.
    Price,
}

impl Kind {
    fn of(seed: u64) -> Kind {
        match seed % 4 {
            0 => Kind::Presence,
            1 => Kind::Value,
            2 => Kind::PresenceAndValue,
            _ => Kind::Price,
        }
    }

    fn sides(self) -> (Hidden, Hidden) {
        let hidden = |exists, figures, price| Hidden {
            exists,
            figures,
            price,
        };
        let (price, other) = PRICES;
        match self {
            Kind::Presence => (hidden(false, 0, price), hidden(true, 0, price)),
            Kind::Value => (hidden(true, 0, price), hidden(true, 1, price)),
            Kind::PresenceAndValue => (hidden(false, 0, price), hidden(true, 1, price)),
            Kind::Price => (hidden(false, 0, price), hidden(true, 1, other)),
        }
    }

    /// The words of the second world with the prices of the first: the price oracle.
    fn in_prices_of_the_first(self, text: &str) -> String {
        if self != Kind::Price {
            return text.to_owned();
        }
        let mut text = text.to_owned();
        // A unit, a line, and an order of two lines.
        let line = i64::from(hidden::QUANTITY);
        for quantity in [1, line, 2 * line] {
            let (ours, theirs) = (PRICES.0 * quantity, PRICES.1 * quantity);
            let shown = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
            text = replaced(&text, &shown(theirs), &shown(ours));
            text = replaced(&text, &theirs.to_string(), &ours.to_string());
        }
        text
    }
}

/// A text with one number in the place of another, but for its digits within a word: ids have any.
fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut parts = text.split(from);
    let mut done = parts.next().unwrap_or_default().to_owned();
    let is_within = |beside: Option<char>| beside.is_some_and(char::is_alphanumeric);
    for part in parts {
        let word = is_within(done.chars().next_back()) || is_within(part.chars().next());
        done.push_str(if word { from } else { to });
        done.push_str(part);
    }
    done
}

/// Where the worlds of a pair first told a customer something different.
#[derive(Debug)]
struct Difference {
    seed: u64,
    channel: String,
    first: String,
    second: String,
}

impl Difference {
    /// The lines that differ, for a person to read.
    fn words(&self) -> String {
        let pairs = self.first.lines().zip(self.second.lines());
        let differ = pairs.filter(|(one, other)| one != other).take(5);
        let lines: Vec<String> = differ
            .map(|(one, other)| {
                let same = one.chars().zip(other.chars());
                let same = same.take_while(|(a, b)| a == b).count();
                let part = |line: &str| -> String {
                    line.chars()
                        .skip(same.saturating_sub(60))
                        .take(160)
                        .collect()
                };
                format!("  - {}\n  + {}", part(one), part(other))
            })
            .collect();
        let lengths = (self.first.len(), self.second.len());
        let Difference { seed, channel, .. } = self;
        let kind = Kind::of(*seed);
        let lines = lines.join("\n");
        format!("pair {seed} ({kind:?}) differs in {channel}, {lengths:?} bytes\n{lines}")
    }
}

/// The worlds of a pair, with what each role follows.
struct Pair {
    seed: u64,
    kind: Kind,
    worlds: [World; 2],
    memories: [Memory; 2],
    frames: [Vec<(Who, Frames)>; 2],
    /// An order that gets a note after each step, so that every stream has a frame to end with.
    bell: u64,
}

impl Pair {
    async fn new(seed: u64, leak: Option<Leak>) -> Pair {
        let worlds = [World::new(leak).await, World::new(leak).await];
        let bell = *steps::visible(&worlds[0]).await.last().unwrap();
        let mut frames = [Vec::new(), Vec::new()];
        for (world, frames) in worlds.iter().zip(&mut frames) {
            for (who, is_api, last) in [
                (Who::CustomerAdmin, false, None),
                (Who::Customer, true, Some("1800000000000000-1")),
                (Who::CustomerBilling, false, Some("nonsense")),
            ] {
                frames.push((who, world.follow(who, is_api, last).await));
            }
        }
        let kind = Kind::of(seed);
        Pair {
            seed,
            kind,
            worlds,
            memories: <[Memory; 2]>::default(),
            frames,
            bell,
        }
    }

    fn compare(&self, first: &Log, second: &Log) -> Result<(), Box<Difference>> {
        let nothing = Answer::nothing();
        for at in 0..first.len().max(second.len()) {
            let one = first.get(at).unwrap_or(&nothing);
            let other = second.get(at).unwrap_or(&nothing);
            self.compare_one(one, other)?;
        }
        Ok(())
    }

    fn compare_one(
        &self,
        one: &(String, Answer),
        other: &(String, Answer),
    ) -> Result<(), Box<Difference>> {
        // A workbook is packed, so its open prices can't be told in those of the other world; the
        // same rows are compared in the other kinds of pairs, and as CSV in all of them.
        if self.kind == Kind::Price && one.1.body.starts_with("PK") {
            assert!(one.0 == other.0 && other.1.body.starts_with("PK"));
            return Ok(());
        }
        let (first, second) = (
            one.1.text(),
            self.kind.in_prices_of_the_first(&other.1.text()),
        );
        if one.0 == other.0 && first == second {
            return Ok(());
        }
        Err(Box::new(Difference {
            seed: self.seed,
            channel: one.0.clone(),
            first,
            second,
        }))
    }

    /// A step in both worlds, and what customers are told while it happens.
    async fn step(&mut self, at: usize, is_hidden: bool) -> Result<(), Box<Difference>> {
        let name = format!("{} {at}", self.seed);
        let (first, second) = self.kind.sides();
        let mut logs = Vec::new();
        for (side, hidden) in [first, second].into_iter().enumerate() {
            let (world, memory) = (&self.worlds[side], &mut self.memories[side]);
            world.begin(&name);
            let mut log = match is_hidden {
                true => steps::across(world, &name, memory, hidden).await,
                false => steps::step(world, &name, memory, hidden).await,
            };
            world.begin(&format!("{name} bell"));
            let path = format!("/orders/{}/actions/add_note", self.bell);
            let bell = Ask::api("POST", &path, "{\"text\": \"ding\"}");
            assert_eq!(world.ask_plainly(Who::Staff, &bell).await.status, 200);
            for (who, frames) in &mut self.frames[side] {
                let seen = frames.until(self.bell).await.join("\n\n");
                let name = format!("{who:?} live");
                log.push((name, Answer::of(seen)));
            }
            logs.push(log);
        }
        self.compare(&logs[0], &logs[1])
    }

    /// Steps of the seed's choice, then every channel.
    async fn run(&mut self) -> Result<(), Box<Difference>> {
        self.steps().await?;
        let numbers = self.numbers().await;
        self.channels(&numbers).await?;
        self.hidden_is_unknown().await
    }

    async fn steps(&mut self) -> Result<(), Box<Difference>> {
        let mut chance = Chance::new(self.seed, "pair");
        for at in 0..8 + chance.below(10) {
            let is_hidden = chance.below(5) < 2;
            self.step(at, is_hidden).await?;
        }
        Ok(())
    }

    async fn channels(&self, numbers: &[u64]) -> Result<(), Box<Difference>> {
        let items = self.items(numbers).await;
        let ask = (numbers, items.as_slice());
        for who in Who::CUSTOMERS {
            let (ours, mut one) = mpsc::unbounded();
            let (theirs, mut other) = mpsc::unbounded();
            let asked = async {
                tokio::join!(
                    channels::ask(&self.worlds[0], who, ask, self.seed, ours),
                    channels::ask(&self.worlds[1], who, ask, self.seed, theirs)
                );
                Ok::<_, Box<Difference>>(())
            };
            let compared = async {
                loop {
                    match tokio::join!(one.next(), other.next()) {
                        (None, None) => return Ok(()),
                        (one, other) => self.compare_one(
                            &one.unwrap_or_else(Answer::nothing),
                            &other.unwrap_or_else(Answer::nothing),
                        )?,
                    }
                }
            };
            // The first difference ends the asking, too.
            tokio::try_join!(asked, compared)?;
        }
        Ok(())
    }

    /// The orders of either world that were made or moved here, some old ones, and one of neither.
    async fn numbers(&self) -> Vec<u64> {
        let mut chance = Chance::new(self.seed, "numbers");
        let old = self.worlds[0].old();
        let mut numbers = BTreeSet::from([99_999_999]);
        for world in &self.worlds {
            numbers.extend(world.numbers().await);
        }
        numbers.retain(|number| !old.contains(number));
        numbers.extend((0..6).filter_map(|_| chance.of(old)));
        numbers.extend(steps::visible(&self.worlds[0]).await.into_iter().take(4));
        numbers.into_iter().collect()
    }

    /// The items of orders in either world, hidden ones among them.
    async fn items(&self, numbers: &[u64]) -> Vec<(u64, LineId)> {
        let mut items = BTreeSet::new();
        for world in &self.worlds {
            for number in numbers {
                let lines = world.order(*number).await.map(|order| order.lines);
                let lines = lines.unwrap_or_default();
                items.extend(lines.iter().take(4).map(|line| (*number, line.id)));
            }
        }
        items.into_iter().collect()
    }

    /// An order that does not exist for a customer is answered like one that does not exist.
    async fn hidden_is_unknown(&self) -> Result<(), Box<Difference>> {
        let world = &self.worlds[1];
        let truth = world.truth().await;
        // A session or a token that was not used for a while is noted once.
        for first in [Ask::page("/o/amber/cart"), Ask::api("GET", "/cart", "")] {
            world.ask_plainly(Who::CustomerAdmin, &first).await;
        }
        for order in truth.iter().filter(|order| order.is_markup_only()) {
            let mut logs = Vec::new();
            for number in [order.number, 99_999_998] {
                let mut log = Log::new();
                world.draw("hidden and unknown");
                for ask in [
                    Ask::page(format!("/o/amber/orders/{number}")),
                    Ask::page(format!("/o/amber/orders?panel={number}")),
                    Ask::api("GET", &format!("/orders/{number}"), ""),
                    Ask::api("POST", &format!("/orders/{number}/actions/archive"), ""),
                ] {
                    let answer = world.ask(Who::CustomerAdmin, &ask).await;
                    log.push((format!("hidden and unknown, {}", ask.method), answer));
                }
                logs.push(log);
            }
            self.compare(&logs[0], &logs[1])?;
        }
        Ok(())
    }
}

impl Answer {
    fn of(body: String) -> Answer {
        Answer {
            status: 200,
            headers: Vec::new(),
            body,
        }
    }

    /// What stands against an answer that only the other world gave.
    fn nothing() -> (String, Answer) {
        let nothing = Answer {
            status: 0,
            ..Answer::of(String::new())
        };
        ("nothing".into(), nothing)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how many pairs, when a person asks"
)]
fn number_of(name: &str, usual: u64) -> u64 {
    let found = std::env::var(name).ok();
    found.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// What the pairs gave, run once for all tests that ask.
struct Results {
    pairs: u64,
    differ: Vec<String>,
    covered: Covered,
}

static RESULTS: OnceCell<Results> = OnceCell::const_new();

#[expect(clippy::print_stdout, reason = "a thousand pairs take minutes")]
async fn results() -> Results {
    let (pairs, from) = (number_of("TWINS", PAIRS), number_of("TWINS_FROM", 0));
    let runs = (from..from + pairs).map(|seed| {
        tokio::spawn(async move {
            let mut pair = Pair::new(seed, None).await;
            let run = pair.run().await.map_err(|difference| difference.words());
            (run, Covered::by(&pair.worlds).await)
        })
    });
    let mut runs = stream::iter(runs).buffered(2);
    let mut results = Results {
        pairs,
        differ: Vec::new(),
        covered: Covered::default(),
    };
    let mut count = 0;
    while let Some(run) = runs.next().await {
        let (run, covered) = run.unwrap();
        results.covered.extend(covered);
        results.differ.extend(run.err());
        count += 1;
        if count % 100 == 0 {
            println!("{count} pairs, {} with a difference", results.differ.len());
        }
    }
    results
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worlds_that_differ_in_hidden_facts_alone_are_the_same_for_customers() {
    let Results { pairs, differ, .. } = RESULTS.get_or_init(results).await;
    println!("{pairs} pairs, {} with a difference", differ.len());
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_planted_leak_is_caught() {
    let mut table = String::new();
    let hunt = |leak: Leak| {
        tokio::spawn(async move {
            for seed in leak.first_pair()..PAIRS {
                if let Err(difference) = Pair::new(seed, Some(leak)).await.run().await {
                    return (leak, Some(difference));
                }
            }
            (leak, None)
        })
    };
    let mut hunts = stream::iter(Leak::ALL.into_iter().map(hunt)).buffered(2);
    while let Some(hunted) = hunts.next().await {
        let (leak, caught) = hunted.unwrap();
        let caught = caught.unwrap_or_else(|| panic!("{leak:?} was not caught"));
        let Difference { seed, channel, .. } = *caught;
        table += &format!("{:<24} pair {seed:<3} {channel}\n", format!("{leak:?}"));
    }
    println!("{table}");
}
