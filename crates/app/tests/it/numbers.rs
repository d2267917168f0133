//! A number that is drawn and taken is drawn anew, and nothing of the first try stays: on both databases.

use std::sync::atomic::AtomicI64;

use app::clock::{Dice, SystemDice};
use app::jobs::read_sheet;
use app::orders::Conditions;
use app::quotes::TypedQuote;
use app::subscriptions::Change;
use jiff::tz::TimeZone;

use super::changes::{at, more};
use super::*;

const CUSTOMER: &str = "admin@amber.example";
/// What an order's number is drawn from.
const NUMBER: usize = size_of::<u64>();

/// Dice that let one number fall where they are told to.
#[derive(Default)]
struct Loaded {
    /// Draws of numbers before the next that falls so; below zero, none does.
    before: AtomicI64,
}

impl Loaded {
    fn fall_after(&self, draws: i64) {
        self.before.store(draws, Ordering::Relaxed);
    }

    /// Whether the number has fallen since.
    fn has_fallen(&self) -> bool {
        self.before.load(Ordering::Relaxed) < 0
    }
}

impl Dice for Loaded {
    fn fill(&self, bytes: &mut [u8]) {
        match bytes.len() == NUMBER && self.before.fetch_sub(1, Ordering::Relaxed) == 0 {
            true => bytes.fill(7),
            false => SystemDice.fill(bytes),
        }
    }
}

/// A world, the dice of its product, and an order of that number with its subscription.
async fn numbered(world: World) -> (World, Arc<Loaded>, Access, SeenOrder) {
    let dice = Arc::new(Loaded::default());
    let app = App::new(world.store.clone(), world.clock.clone()).drawing_from(dice.clone());
    let world = World { app, ..world };
    let access = world.access(CUSTOMER, "amber").await;
    dice.fall_after(0);
    let cart = world.fill(&access, CIRRUS, 5).await.unwrap();
    let placed = world.place(&access, &cart).await.unwrap();
    assert!(dice.has_fallen());
    world.settle().await;
    (world, dice, access, placed)
}

fn once(key: &str) -> Option<Once> {
    Some(Once::new(key, b"").unwrap())
}

#[test]
fn a_request_with_a_key_is_done_once() {
    on_each_database(async |world| {
        let (world, dice, access, taken) = numbered(world).await;
        let offers = world.offers(&access).await;
        let offer = offers.iter().find(|found| found.offer.name == CIRRUS);
        let offer = offer.unwrap();
        let item = AddItem {
            offer: offer.offer.id,
            plan: offer.plans[0].id,
            quantity: 2,
            contact_email: CUSTOMER.into(),
            contact_name: "Ieva".into(),
            contact_surname: "Berg".into(),
            tenant: None,
            parameters: Map::new(),
            addons: Vec::new(),
        };
        dice.fall_after(0);
        let mut carts = Vec::new();
        for _ in 0..2 {
            let added = world.app.add_to_cart(&access, item.clone(), once("add"));
            carts.push(added.await.unwrap());
        }
        assert!(dice.has_fallen());
        assert_ne!(carts[0].number, taken.number);
        assert_eq!(
            (carts[0].number, carts[0].lines.len()),
            (carts[1].number, 1)
        );

        let change = Change {
            wish: more(6),
            accept_terms: true,
            terms_version: None,
            zone: None,
        };
        dice.fall_after(0);
        let mut changes = Vec::new();
        for _ in 0..2 {
            let conditions = Conditions {
                once: once("change"),
                ..Conditions::default()
            };
            let (id, change) = (taken.lines[0].subscription, change.clone());
            let changed =
                world
                    .app
                    .change_subscription(&access, id, change, conditions, Mode::Commit);
            changes.push(changed.await.unwrap().order.number);
        }
        assert!(dice.has_fallen());
        assert_ne!(changes[0], taken.number);
        assert_eq!(changes[0], changes[1]);
    });
}

#[test]
fn a_quote_is_made_of_the_whole_cart() {
    on_each_database(async |world| {
        let (world, dice, _, _) = numbered(world).await;
        let manager = world
            .access("account-manager@baltic.example", "amber")
            .await;
        let mut numbers = Vec::new();
        for _ in 0..2 {
            world.fill(&manager, CIRRUS, 3).await.unwrap();
            dice.fall_after(0);
            let typed = TypedQuote {
                name: "New office".into(),
                recipients: vec![CUSTOMER.into()],
                valid_days: 14,
                ..TypedQuote::default()
            };
            let quote = world.app.make_quote(&manager, typed).await.unwrap();
            assert!(dice.has_fallen());
            assert_eq!(quote.lines.len(), 1);
            numbers.push(quote.number);
        }
        assert_ne!(numbers[0], numbers[1]);
    });
}

#[test]
fn a_row_of_a_sheet_is_ordered_once() {
    on_each_database(async |world| {
        let (world, dice, access, taken) = numbered(world).await;
        let cart = world.fill(&access, CIRRUS, 5).await.unwrap();
        let other = world.place(&access, &cart).await.unwrap();
        world.settle().await;
        let [now, later] = [&taken, &other].map(|order| order.lines[0].subscription);
        let sheet = format!("subscription,quantity,when\n{now},8,\n{later},9,on_renewal\n");
        let rows = read_sheet(&sheet).unwrap();
        let zone = TimeZone::UTC;
        let begun = world.app.begin_job(&access, rows, &zone, true, None);
        let job = begun.await.unwrap();
        // Rows that begin at another time are an order of their own: its number is the second.
        dice.fall_after(1);
        while world.app.run_jobs().await.unwrap() > 0 {}
        assert!(dice.has_fallen());
        let job = world.app.job(&access, job.id).await.unwrap();
        assert_eq!((job.ordered, job.refused), (2, 0));
        let page = world.app.orders(&access, &Listing::of(View::Recent)).await;
        let updates = page.unwrap().orders.into_iter().filter(|order| {
            let line = &order.lines[0];
            line.subscription == now || line.subscription == later
        });
        assert_eq!(updates.count(), 4, "two purchases and two changes");
    });
}

#[test]
fn what_was_planned_gives_way_once() {
    on_each_database(async |world| {
        let (world, dice, access, taken) = numbered(world).await;
        let id = taken.lines[0].subscription;
        let planned = world.changed(&access, id, at(more(7), "on_renewal")).await;
        dice.fall_after(0);
        let changed = world.changed(&access, id, at(more(8), "on_renewal")).await;
        assert!(dice.has_fallen());
        assert_eq!(changed.replaces, [planned.order.number]);
        let replaced = world.order(&access, planned.order.number).await;
        assert_eq!(replaced.status, Status::Canceled);
    });
}
