//! What the demo world's orders ask for and where they end, as a table: every status, every kind of
//! change, and failures with causes that several share.

use domain::order::change::{Part, RequestedChange};
use rust_decimal::Decimal;

/// A vendor's refusal: code, words, the blamed field.
pub(super) type Refused = (&'static str, &'static str, Option<&'static str>);

const BAD_EMAIL: Refused = (
    "InvalidEmail",
    "The customer's e-mail address is not valid",
    Some("/contact/email"),
);
const UNDER_REVIEW: Refused = (
    "800073",
    "Your customer account is currently under review. Check back in few days.",
    None,
);
const TOO_MANY: Refused = (
    "QuantityAboveMaximum",
    "At most 100 licenses can be bought",
    Some("/quantity"),
);
const NO_REGION: Refused = (
    "RegionUnavailable",
    "The region atlantis is not available",
    Some("/parameters/region"),
);
const RIDDLE: Refused = ("E-4711", "Tenancy precondition unmet (ref 4711)", None);

/// Where an order of the demo ends.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    Started,
    Draft,
    Deleted,
    PendingApproval,
    Scheduled,
    Rejected,
    Canceled,
    /// With a person, who has not answered.
    Waiting,
    WaitingArchived,
    /// Nobody knows whether the vendor booked it.
    Checking,
    Finished,
    FinishedArchived,
    /// The vendor refused the first line.
    Failed(Refused),
    FailedArchived(Refused),
    /// Refused, and refused again when it was sent as it was.
    FailedTwice(Refused),
    /// Refused, put right, and done.
    Mended(Refused),
}

/// One line of an order.
#[derive(Clone)]
pub(super) struct Asked {
    /// The offer's place in the catalog.
    pub(super) offer: usize,
    pub(super) change: RequestedChange,
    /// The subscription that it makes or changes, where several orders speak of it.
    pub(super) on: Option<u128>,
    /// The subscription's licenses, where the change says nothing of them.
    pub(super) of: u32,
    /// An add-on to the line before.
    pub(super) is_addon: bool,
    /// The mailbox of the contact.
    pub(super) mailbox: &'static str,
}

/// Who begins an order so many hours ago, what it asks for, and where it ends.
pub(super) struct Told {
    pub(super) place: u128,
    pub(super) by: &'static str,
    pub(super) asked: Vec<Asked>,
    pub(super) end: End,
    pub(super) hours: i64,
}

pub(super) const SELLER: &str = "seller-admin@baltic.example";
pub(super) const MANAGER: &str = "account-manager@baltic.example";
const DISTRIBUTOR: &str = "distributor-admin@nordic.example";
pub(super) const ADMIN: &str = "admin@amber.example";
pub(super) const USER: &str = "user@amber.example";

const BASIC: usize = 0;
const STANDARD: usize = 1;
const E3: usize = 2;
const EXCHANGE: usize = 3;
const WORKSTATION: usize = 4;
const SERVER: usize = 5;
const PHONE: usize = 6;
const DEFENDER: usize = 7;

/// Subscriptions that several orders speak of.
const MAIL: u128 = 1_000_001;
const FRONT_DESK: u128 = 1_000_002;
const OFFICE: u128 = 1_000_003;
const BACKUP: u128 = 1_000_004;

/// Completed orders of long ago, so that paging shows.
const OLD: u32 = 60;

/// A purchase by itself.
pub(super) fn purchase(offer: usize, quantity: u32) -> Asked {
    ask(offer, RequestedChange::Purchase { quantity })
}

fn ask(offer: usize, change: RequestedChange) -> Asked {
    Asked {
        offer,
        change,
        on: None,
        of: 15,
        is_addon: false,
        mailbox: "ieva",
    }
}

fn buy(offer: usize, quantity: u32) -> Asked {
    ask(offer, RequestedChange::Purchase { quantity })
}

fn seats(offer: usize, from: u32, to: u32) -> Asked {
    ask(offer, RequestedChange::Quantity { from, to })
}

fn markup(offer: usize, from: i64, to: i64) -> Asked {
    let (from, to) = (Decimal::new(from, 0), Decimal::new(to, 0));
    ask(offer, RequestedChange::Markup { from, to })
}

fn addon(change: fn(String) -> RequestedChange) -> Asked {
    let is_addon = true;
    let change = change("Defender for Endpoint P1".into());
    Asked {
        is_addon,
        ..ask(DEFENDER, change)
    }
}

fn words(from: &str, to: &str, change: fn(String, String) -> RequestedChange) -> RequestedChange {
    change(from.into(), to.into())
}

impl Asked {
    fn on(self, subscription: u128, of: u32) -> Asked {
        let on = Some(subscription);
        Asked { on, of, ..self }
    }

    /// For a contact whom the vendor can't write to.
    fn misspelled(self) -> Asked {
        let mailbox = "ieva@invalid";
        Asked { mailbox, ..self }
    }
}

/// All orders, in the order of their numbers.
pub(super) fn orders() -> Vec<Told> {
    let mut orders = amber();
    for week in 0..OLD {
        let by = [SELLER, ADMIN, USER, MANAGER][week as usize % 4];
        let asked = vec![buy(week as usize % 6, week % 9 + 1)];
        orders.push(told(
            4,
            by,
            asked,
            End::FinishedArchived,
            24 * 7 * i64::from(week + 3),
        ));
    }
    for (place, by) in [
        (5, "admin@birch.example"),
        (5, MANAGER),
        (6, "user@dune.example"),
        (7, "consultant@freelance.example"),
        (7, "seller-admin@fjord.example"),
    ] {
        let asked = vec![buy(WORKSTATION, 8), buy(SERVER, 2)];
        orders.push(told(place, by, asked, End::Finished, 50));
    }
    orders.extend(amber_failures());
    orders.extend(amber_history());
    orders.extend(elsewhere());
    orders
}

fn told(place: u128, by: &'static str, asked: Vec<Asked>, end: End, hours: i64) -> Told {
    Told {
        place,
        by,
        asked,
        end,
        hours,
    }
}

/// Every status, a markup alone, a mixed order, add-ons, and twelve items.
fn amber() -> Vec<Told> {
    let many = (1..=12).map(|n| buy(n as usize % 6, n)).collect();
    let addons = addon(|addon| RequestedChange::AddonAdd {
        addon,
        quantity: 20,
    });
    let of_mail = |asked: Asked| asked.on(MAIL, 15);
    [
        (USER, vec![buy(BASIC, 5)], End::Started, 2),
        (
            ADMIN,
            vec![buy(E3, 30), buy(WORKSTATION, 30)],
            End::Draft,
            30,
        ),
        (USER, vec![buy(EXCHANGE, 1)], End::Deleted, 28),
        (SELLER, vec![buy(E3, 250)], End::PendingApproval, 4),
        (
            MANAGER,
            vec![of_mail(seats(STANDARD, 20, 25))],
            End::Scheduled,
            6,
        ),
        (MANAGER, vec![buy(E3, 900)], End::Rejected, 70),
        (ADMIN, vec![buy(WORKSTATION, 3)], End::Canceled, 71),
        (SELLER, vec![buy(PHONE, 4)], End::Waiting, 8),
        (USER, vec![buy(PHONE, 2)], End::WaitingArchived, 400),
        (SELLER, vec![of_mail(buy(STANDARD, 10))], End::Finished, 48),
        (
            ADMIN,
            vec![of_mail(seats(STANDARD, 10, 15))],
            End::Finished,
            12,
        ),
        (
            ADMIN,
            vec![ask(BASIC, RequestedChange::Suspend).on(FRONT_DESK, 15)],
            End::Finished,
            90,
        ),
        (
            MANAGER,
            vec![
                buy(BASIC, 10).misspelled(),
                buy(WORKSTATION, 10),
                buy(SERVER, 1),
            ],
            End::Failed(BAD_EMAIL),
            10,
        ),
        (
            MANAGER,
            vec![buy(EXCHANGE, 12).misspelled()],
            End::FailedArchived(BAD_EMAIL),
            500,
        ),
        (
            SELLER,
            vec![of_mail(markup(STANDARD, 5, 7))],
            End::Finished,
            9,
        ),
        (
            SELLER,
            vec![
                of_mail(seats(STANDARD, 15, 20)),
                of_mail(markup(STANDARD, 7, 8)),
            ],
            End::Finished,
            7,
        ),
        (SELLER, vec![buy(E3, 20), addons], End::Finished, 60),
        (MANAGER, many, End::Finished, 80),
    ]
    .into_iter()
    .map(|(by, asked, end, hours)| told(4, by, asked, end, hours))
    .collect()
}

/// Several orders fail for the same cause; some were sent again.
fn amber_failures() -> Vec<Told> {
    [
        (
            USER,
            buy(EXCHANGE, 3).misspelled(),
            End::Failed(BAD_EMAIL),
            26,
        ),
        (
            MANAGER,
            buy(STANDARD, 8).misspelled(),
            End::FailedTwice(BAD_EMAIL),
            33,
        ),
        (SELLER, buy(E3, 40), End::Failed(UNDER_REVIEW), 5),
        (ADMIN, buy(EXCHANGE, 6), End::FailedTwice(UNDER_REVIEW), 54),
        (MANAGER, buy(SERVER, 120), End::Failed(TOO_MANY), 20),
        (
            USER,
            buy(WORKSTATION, 2).misspelled(),
            End::Mended(BAD_EMAIL),
            52,
        ),
        (MANAGER, buy(SERVER, 2), End::FailedArchived(NO_REGION), 900),
        (MANAGER, buy(WORKSTATION, 7), End::Checking, 3),
    ]
    .into_iter()
    .map(|(by, asked, end, hours)| told(4, by, vec![asked], end, hours))
    .collect()
}

/// Every other kind of change, long done.
fn amber_history() -> Vec<Told> {
    use RequestedChange as C;
    let office = |change| ask(E3, change).on(OFFICE, 25);
    let backup = |change| ask(WORKSTATION, change).on(BACKUP, 5);
    let upgrade = |part| C::Upgrade {
        from: "Microsoft 365 Business Standard".into(),
        to: "Microsoft 365 E3".into(),
        part,
    };
    let cycle = words("monthly", "annual", |from, to| C::BillingCycle { from, to });
    let term = words("1 year", "3 years", |from, to| C::TermDuration { from, to });
    let name = words("Microsoft 365 E3", "Head office", |from, to| C::Rename {
        from,
        to,
    });
    let part = Some(Part { seats: 5, of: 30 });
    let distributor = C::MarkupDistributor {
        from: Decimal::new(0, 0),
        to: Decimal::new(-25, 1),
    };
    [
        (SELLER, vec![buy(BASIC, 15).on(FRONT_DESK, 15)], 2_000),
        (ADMIN, vec![buy(E3, 25).on(OFFICE, 25)], 3_000),
        (ADMIN, vec![buy(WORKSTATION, 5).on(BACKUP, 5)], 2_900),
        (MANAGER, vec![backup(C::Suspend)], 2_100),
        (MANAGER, vec![backup(C::Reactivate)], 2_050),
        (USER, vec![office(upgrade(None))], 1_500),
        (USER, vec![office(upgrade(part))], 1_450),
        (MANAGER, vec![office(cycle)], 1_300),
        (MANAGER, vec![office(term)], 1_290),
        (
            ADMIN,
            vec![office(C::AutoRenewal {
                from: true,
                to: false,
            })],
            1_200,
        ),
        (USER, vec![office(name)], 1_100),
        (
            SELLER,
            vec![addon(|addon| C::AddonQuantity {
                addon,
                from: 5,
                to: 8,
            })],
            1_000,
        ),
        (
            SELLER,
            vec![addon(|addon| C::AddonRemove { addon, quantity: 8 })],
            950,
        ),
        (ADMIN, vec![backup(C::Cancel)], 930),
        (DISTRIBUTOR, vec![office(distributor)], 920),
    ]
    .into_iter()
    .map(|(by, asked, hours)| told(4, by, asked, End::FinishedArchived, hours))
    .collect()
}

fn elsewhere() -> Vec<Told> {
    vec![
        told(
            5,
            "user@birch.example",
            vec![buy(BASIC, 4).misspelled()],
            End::Failed(BAD_EMAIL),
            15,
        ),
        told(5, MANAGER, vec![buy(SERVER, 1)], End::Failed(RIDDLE), 11),
        told(
            6,
            "admin@dune.example",
            vec![buy(E3, 12)],
            End::PendingApproval,
            3,
        ),
        told(
            8,
            "admin@fern.example",
            vec![buy(STANDARD, 18)],
            End::Finished,
            40,
        ),
        told(
            8,
            "seller-admin@fjord.example",
            vec![buy(EXCHANGE, 9)],
            End::Failed(UNDER_REVIEW),
            6,
        ),
    ]
}
