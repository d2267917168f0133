//! What has a twin check and what has not: routes by what pairs really asked, events by what their
//! timelines really told, and the table of channels.

use std::collections::BTreeSet;

use domain::event::EventKind;

use super::world::{Ask, Who, World};
use super::{RESULTS, results};

/// Routes that no pair asks, each with the reason why nothing about orders can be learned there; files
/// under `/static/` are the same for everybody.
const EXEMPT: &[(&str, &str, &str)] = &[
    ("GET", "/sign-in", "before anybody is known"),
    ("POST", "/sign-in", "before anybody is known"),
    ("POST", "/sign-out", "ends the session and shows nothing"),
    (
        "POST",
        "/preferences",
        "keeps a choice in the browser and reads no order",
    ),
    ("GET", "/demo/components", "made of samples, not of orders"),
    ("GET", "/demo/clock", "tells the time, and of no order"),
    ("POST", "/demo/clock", "moves the time of both worlds alike"),
    ("POST", "/api/v1/demo/clock", "the same for programs"),
    (
        "POST",
        "/partners/{partner}/price-sheets",
        "takes a file in from staff and shows no order",
    ),
    (
        "POST",
        "/api/v1/partners/{partner}/price-sheets",
        "the same for programs",
    ),
    ("GET", "/healthz", "knows of no order"),
    ("GET", "/readyz", "knows of no order"),
    (
        "POST",
        "/webhooks/partner-center/{partner}/{vendor}",
        "answers whether a signature fits, before any order is read",
    ),
    ("GET", "/api/docs", "the document as a page"),
    (
        "GET",
        "/api/openapi.json",
        "the same document for everybody; refused fields are in it",
    ),
];

/// Whether a path is one of a route: `{…}` stands for one part.
fn fits(route: &str, path: &str) -> bool {
    let (route, path): (Vec<_>, Vec<_>) = (route.split('/').collect(), path.split('/').collect());
    route.len() == path.len()
        && route
            .iter()
            .zip(&path)
            .all(|(part, given)| part == given || part.starts_with('{'))
}

/// The route of a path: of those that fit, the one that is written out the most.
fn route_of(
    routes: &BTreeSet<(String, String)>,
    (method, path): &(&'static str, String),
) -> Option<(String, String)> {
    let fitting = routes
        .iter()
        .filter(|(known, route)| known == method && fits(route, path));
    fitting
        .min_by_key(|(_, route)| route.matches('{').count())
        .cloned()
}

/// What customers asked, and what their timelines told.
#[derive(Default)]
pub struct Covered {
    asked: BTreeSet<(String, String)>,
    told: BTreeSet<&'static str>,
}

impl Covered {
    pub async fn by(worlds: &[World]) -> Covered {
        let routes = crate::written_routes();
        let mut covered = Covered::default();
        for world in worlds {
            let asked = world.asked.lock().unwrap().clone();
            let found = asked.iter().filter_map(|asked| route_of(&routes, asked));
            covered.asked.extend(found);
            let told = world.told().await;
            covered
                .told
                .extend(told.iter().map(|event| event.kind.text()));
        }
        covered
    }

    pub fn extend(&mut self, other: Covered) {
        self.asked.extend(other.asked);
        self.told.extend(other.told);
    }
}

/// Whether a customer may read of an event. Every kind is here: a new one does not compile before
/// somebody has decided.
fn is_told(kind: EventKind) -> bool {
    use EventKind as K;
    match kind {
        K::InternalNoteAdded => false,
        K::Started
        | K::LineAdded
        | K::LineChanged
        | K::LineRemoved
        | K::Deleted
        | K::Restored
        | K::SavedAsDraft
        | K::Continued
        | K::Placed
        | K::Sending
        | K::NotSent
        | K::Accepted
        | K::AnswerLost
        | K::Finished
        | K::Failed
        | K::Retried
        | K::Canceled
        | K::Archived
        | K::NoteAdded
        | K::Approved
        | K::Rejected
        | K::Released
        | K::Resolved
        | K::Scheduled
        | K::Applied
        | K::Skipped
        | K::HeldForApproval
        | K::Stopped
        | K::AskedAgain
        | K::LeftToPeople
        | K::CancelOrdered
        // Of our own errors: what it has beside its name is internal, as evidence is.
        | K::SetAside
        | K::RunAgain => true,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_and_every_event_has_a_twin_check() {
    let Covered { asked, told } = &RESULTS.get_or_init(results).await.covered;
    let exempt = EXEMPT
        .iter()
        .map(|(method, route, _)| (method.to_string(), route.to_string()));
    let exempt: BTreeSet<(String, String)> = exempt.collect();
    let missing: Vec<_> = crate::written_routes()
        .into_iter()
        .filter(|route| !asked.contains(route) && !exempt.contains(route))
        .filter(|(_, path)| !path.starts_with("/static/"))
        .collect();
    assert!(missing.is_empty(), "no twin check asks {missing:?}");
    let both: Vec<_> = exempt
        .iter()
        .filter(|route| asked.contains(*route))
        .collect();
    assert!(both.is_empty(), "{both:?} need no exemption");
    let untold: Vec<_> = EventKind::ALL
        .iter()
        .filter(|kind| is_told(**kind) && !told.contains(kind.text()))
        .collect();
    assert!(untold.is_empty(), "no pair comes by {untold:?}: add a step");
    let hidden = EventKind::ALL.iter().filter(|kind| !is_told(**kind));
    for kind in hidden {
        assert!(!told.contains(kind.text()), "customers read of {kind:?}");
    }
}

/// The columns of exports, the same for every audience, each with why its values tell customers nothing
/// hidden. One that is added to the product and not here fails.
const COLUMNS: &[(&str, &str)] = &[
    ("Order ID", "drawn at random (M09)"),
    ("Order name", "of the date of placement"),
    ("Items", "counts the lines that are seen (M08)"),
    ("Licenses", "of the lines that are seen"),
    ("Requested changes", "of the lines that are seen (M08)"),
    ("Created by", "the person of a visible order"),
    ("Organization", "whom that person acted for"),
    ("Date", "moves with visible changes alone"),
    ("Status", "of the lines that are seen"),
    ("Reason", "of lines that are seen; never their evidence"),
    ("Vendors", "of the lines that are seen"),
    ("Administrator", "of the lines that are seen"),
    ("Administrator e-mail", "of the lines that are seen"),
    ("Total quantity", "of the lines that are seen (M04)"),
    ("Total price", "what the customer pays (M21)"),
    ("Currency", "of what the customer pays"),
    ("Completed at", "moves with visible changes alone"),
    ("Notes", "counts the notes that are seen"),
    ("Latest note", "of the notes that are seen"),
];

#[tokio::test]
async fn every_column_of_an_export_has_a_decision() {
    let world = World::new(None).await;
    let decided: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
    for who in [Who::CustomerAdmin, Who::CustomerBilling, Who::Staff] {
        for ask in [
            Ask::api("GET", "/orders/export?view=historical", ""),
            Ask::page("/o/amber/orders/export.csv?view=recent"),
        ] {
            let file = world.ask_plainly(who, &ask).await.body;
            let head = file.trim_start_matches('\u{feff}').lines().next();
            let head = head.unwrap_or_default().replace('"', "");
            let head: Vec<&str> = head.trim_end().split(',').collect();
            assert_eq!(head, decided, "{who:?} {}", ask.name());
        }
    }
}

/// The channels of `reliability.md` 2.K: the name, and what asks it here, or what does not exist yet.
const CHANNELS: &[(&str, &str, &str)] = &[
    (
        "M01",
        "lists",
        "Recent and each tab of Historical, as page and in the API",
    ),
    (
        "M02",
        "counts and badges",
        "exact counts of tabs and statuses, totals of lists and filters, items and notes in rows",
    ),
    (
        "M03",
        "page gaps",
        "each page of each list, with limits from 1 to 60",
    ),
    (
        "M04",
        "totals and sums",
        "the total on an order's page and in the cart",
    ),
    ("M05", "sorting", "newest first alone; pairs of values"),
    (
        "M06",
        "filter and search",
        "words, fields and numbers, those of hidden facts among them, in both directions",
    ),
    (
        "M07",
        "address of an order",
        "hidden ones are answered like an unknown number, byte by byte",
    ),
    (
        "M08",
        "mixed orders",
        "a quantity with and without a markup beside it, in every state",
    ),
    (
        "M09",
        "order numbers",
        "drawn at random; the same in both worlds",
    ),
    (
        "M10",
        "ids and cursors",
        "drawn at random; cursors hold a visible row's place",
    ),
    (
        "M11",
        "versions and tags",
        "ETag and version of every answer about an order",
    ),
    (
        "M12",
        "optimistic lock",
        "a save with If-Match across every hidden step succeeds",
    ),
    (
        "M13",
        "blocking",
        "200 internal notes leave room; a markup holds no subscription, so every change is refused alike",
    ),
    (
        "M14",
        "exports",
        "CSV and XLSX of lists and selections, byte by byte; each column has a decision",
    ),
    (
        "M15",
        "webhooks and API",
        "every API route; webhooks have no twin yet",
    ),
    ("M16", "e-mail and notices", "do not exist yet"),
    (
        "M17",
        "live updates",
        "the frames of each role, over session and token, with ids",
    ),
    (
        "M18",
        "errors",
        "refused actions, dry runs and unknown actions as each role",
    ),
    (
        "M19",
        "time and size",
        "size: every byte; work: the statements behind every page and answer; no clock",
    ),
    ("M20", "activity log", "the timeline on an order's page"),
    (
        "M21",
        "price breakdown",
        "pairs of costs; pairs of prices differ in the price alone",
    ),
    (
        "M22",
        "API schema",
        "one document for everybody; what staff alone may say is refused, and absent from answers",
    ),
    (
        "M23",
        "page source",
        "the whole source; no-store and Clear-Site-Data in the matrix",
    ),
    (
        "M24",
        "quota counters",
        "every header; there are no counters",
    ),
    (
        "M25",
        "scheduled jobs",
        "the worker's saves that change nothing; calendars do not exist yet",
    ),
    ("M26", "links between orders", "does not exist yet"),
    ("M27", "shared reports", "do not exist yet"),
    ("M28", "support tools", "do not exist yet"),
    ("M29", "export of a person's data", "does not exist yet"),
    (
        "M30",
        "change of role",
        "rights are read with each request; a live stream ends",
    ),
    (
        "M31",
        "hidden order gains a change",
        "no operation adds one; a line that is taken out stays hidden",
    ),
    (
        "M32",
        "cart of staff",
        "markup carts of staff beside the customers' own carts",
    ),
];

#[test]
fn the_table_of_channels_is_printed_and_compared() {
    let rows = CHANNELS
        .iter()
        .map(|(id, channel, how)| format!("{id}  {channel:<28} {how}\n"));
    insta::assert_snapshot!(rows.collect::<String>());
}

/// What staff alone may say or read: documented once, refused or absent for everybody else (M22).
const STAFF_SCHEMAS: &[&str] = &[
    "ChangeBody",
    "TypedWish",
    "MarkupsView",
    "SubscriptionView",
    "DetailsView",
    "TypedRule",
    "RuleView",
    "TypedQuote",
    "TypedItem",
    "QuoteView",
    "QuoteItemView",
    "PriceRulePreview",
    "MovedPriceView",
];

/// Beside those, the API's document names no hidden field (M22).
#[test]
fn the_document_of_the_api_names_nothing_hidden() {
    let document = serde_json::to_value(web::openapi()).unwrap();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        if STAFF_SCHEMAS.contains(&name.as_str()) {
            continue;
        }
        for word in ["markup", "margin", "partner", "evidence"] {
            let text = schema.to_string().to_lowercase();
            assert!(!text.contains(word), "{name} speaks of {word}");
        }
    }
}
