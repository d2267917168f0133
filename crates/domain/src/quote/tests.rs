//! What becomes of a quote, and who learns of it.

use uuid::Uuid;

use super::*;
use crate::access::Visibility;
use crate::order::sample;
use crate::price::Percent;

const STAFF: Visibility = Visibility {
    markup_only_orders: true,
    markup: true,
    cost: true,
    internal: true,
};
const CUSTOMER: Visibility = Visibility {
    markup_only_orders: false,
    markup: false,
    cost: false,
    internal: false,
};
const IEVA: UserId = UserId(Uuid::from_u128(7));
const OTHER: UserId = UserId(Uuid::from_u128(8));

fn quote() -> Quote {
    let proposal = Proposal {
        name: "New office".into(),
        recipients: vec![Recipient {
            user: IEVA,
            name: "Ieva Berg".into(),
            email: "ieva@amber.example".into(),
        }],
        valid_days: 14,
        comments: Some("As discussed".into()),
        lines: vec![sample::line(1)],
    };
    let identity = (QuoteId(Uuid::from_u128(1)), 20_000_001);
    let customer = OrganizationId(Uuid::from_u128(3));
    Quote::draft(identity, customer, proposal, sample::actor(), sample::now()).expect("a draft")
}

fn sent() -> Quote {
    let mut quote = quote();
    quote.send(&sample::actor(), sample::now()).expect("sent");
    quote
}

fn staged(stage: QuoteStage) -> Quote {
    Quote { stage, ..sent() }
}

#[test]
fn what_each_status_allows_is_printed_and_compared() {
    let mut table = String::new();
    let end = sample::now() + SignedDuration::from_hours(24 * 14);
    for (quote, now) in [
        (quote(), sample::now()),
        (sent(), sample::now()),
        (sent(), end),
        (staged(QuoteStage::ChangeRequested), sample::now()),
        (staged(QuoteStage::Accepted { order: 1 }), sample::now()),
        (staged(QuoteStage::Rejected), sample::now()),
        (staged(QuoteStage::Canceled), sample::now()),
        (staged(QuoteStage::Deleted), sample::now()),
    ] {
        let allowed = QuoteAction::ALL;
        let allowed = allowed.into_iter().filter(|a| quote.allows(*a, now));
        let allowed: Vec<String> = allowed.map(|a| format!("{a:?}")).collect();
        table += &format!("{:<17} {}\n", quote.status(now).label(), allowed.join(", "));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn it_expires_at_its_instant_and_can_be_sent_again() {
    let mut quote = sent();
    let end = sample::now() + SignedDuration::from_hours(24 * 14);
    let before = end - SignedDuration::from_nanos(1);
    assert_eq!(quote.status(before), QuoteStatus::Sent);
    assert_eq!(quote.status(end), QuoteStatus::Expired);
    let late = quote.accept(1, &sample::actor(), end).expect_err("late");
    assert_eq!(
        late.to_string(),
        "a quote that is expired can't be changed this way"
    );
    quote.send(&sample::actor(), end).expect("again");
    quote.accept(1, &sample::actor(), end).expect("in time");
}

#[test]
fn a_draft_does_not_exist_for_customers_and_a_quote_only_for_its_recipients() {
    let now = sample::now();
    let draft = quote();
    assert_eq!(draft.seen_by(IEVA, CUSTOMER, now), Ok(None));
    assert!(matches!(draft.seen_by(OTHER, STAFF, now), Ok(Some(_))));
    let sent = sent();
    assert!(matches!(sent.seen_by(IEVA, CUSTOMER, now), Ok(Some(_))));
    assert_eq!(sent.seen_by(OTHER, CUSTOMER, now), Ok(None));
}

#[test]
fn what_is_edited_is_the_sellers_until_it_is_sent() {
    let (mut quote, now) = (sent(), sample::now());
    let before = quote.seen_by(IEVA, CUSTOMER, now);
    let mut proposal = quote.proposal.clone();
    proposal.name = "Cheaper".into();
    proposal.lines[0].price.unit.customer = sample::money(1_100);
    quote.edit(proposal, &sample::actor(), now).expect("edited");
    assert_eq!(quote.seen_by(IEVA, CUSTOMER, now), before);
    let staff = quote.seen_by(OTHER, STAFF, now).expect("seen");
    assert!(staff.expect("a quote").is_edited);
    quote.send(&sample::actor(), now).expect("sent");
    let after = quote.seen_by(IEVA, CUSTOMER, now).expect("seen");
    let after = after.expect("a quote");
    assert_eq!(after.name, "Cheaper");
    assert_eq!(after.totals, [(1, sample::money(11_000))]);
}

#[test]
fn customers_learn_of_no_markup_cost_or_history_of_the_seller() {
    let now = sample::now();
    let markup = |percent: &str| {
        let mut quote = quote();
        quote.proposal.lines[0].markups = Some(crate::subscription::Markups {
            seller: Percent::parse(percent).expect("a percentage"),
            distributor: None,
        });
        let edited = quote.proposal.clone();
        quote.edit(edited, &sample::actor(), now).expect("edited");
        quote.send(&sample::actor(), now).expect("sent");
        quote
    };
    let (one, other) = (markup("5"), markup("7"));
    let told = |quote: &Quote, seen| {
        let told = quote.seen_by(IEVA, seen, now).expect("seen");
        told.expect("a quote")
    };
    assert_eq!(told(&one, CUSTOMER), told(&other, CUSTOMER));
    assert_ne!(told(&one, STAFF), told(&other, STAFF));
    let kinds: Vec<_> = told(&one, CUSTOMER)
        .history
        .iter()
        .map(|e| e.kind)
        .collect();
    assert_eq!(kinds, [QuoteEventKind::Sent]);
    assert_eq!(told(&one, CUSTOMER).lines[0].price.inside, None);
}

#[test]
fn what_nobody_could_answer_is_no_quote() {
    let mut proposal = quote().proposal;
    proposal.recipients.clear();
    let refused = sent().edit(proposal.clone(), &sample::actor(), sample::now());
    assert_eq!(refused, Err(QuoteRefusal::NoRecipient));
    proposal.lines.clear();
    let refused = sent().edit(proposal, &sample::actor(), sample::now());
    assert_eq!(refused, Err(QuoteRefusal::Empty));
}
