//! Add-ons: bought with their license, added to one in the cart or to what runs, changed and removed, and
//! never bought alone.

use app::carts::TypedPayment;
use app::catalog::SeenOffer;
use app::subscriptions::{TypedAddon, TypedWish};
use domain::order::change::RequestedChange;

use super::*;

const BACKUP: &str = "Cirrus Microsoft 365 Backup";

impl World {
    pub(crate) async fn offer(&self, access: &Access, name: &str) -> SeenOffer {
        let offers = self.offers(access).await;
        let found = offers.into_iter().find(|found| found.offer.name == name);
        found.unwrap()
    }

    /// A wish for a license with what comes with it.
    pub(crate) async fn item(&self, access: &Access, name: &str, quantity: i64) -> AddItem {
        let found = self.offer(access, name).await;
        AddItem {
            offer: found.offer.id,
            plan: found.plans[0].id,
            quantity,
            contact_email: "admin@amber.example".into(),
            contact_name: "Ieva".into(),
            contact_surname: "Berg".into(),
            tenant: None,
            parameters: Map::new(),
            addons: Vec::new(),
        }
    }

    /// The one add-on of a license.
    async fn addon(&self, access: &Access, license: &AddItem, quantity: i64) -> TypedAddon {
        let found = self.app.configurable(access, license.offer).await.unwrap();
        assert_eq!(found.addons.len(), 1);
        assert_eq!(found.addons[0].offer.name, BACKUP);
        TypedAddon {
            offer: found.addons[0].offer.id,
            plan: None,
            quantity,
        }
    }
}

/// Each problem by its field.
pub(crate) fn fields(refused: Result<SeenOrder, Error>) -> Vec<String> {
    match refused {
        Err(Error::Problems(problems)) => {
            let fields = problems.iter().map(|problem| problem.field.to_string());
            fields.collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_license_is_bought_with_its_add_on_and_both_are_provisioned() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let mut item = world.item(&access, CIRRUS, 5).await;
        item.addons = vec![world.addon(&access, &item, 20).await];
        let cart = world.app.add_to_cart(&access, item, None).await.unwrap();
        let texts: Vec<_> = cart.lines.iter().map(|line| line.change.text()).collect();
        assert_eq!(
            texts,
            [
                "New subscription · 5",
                "Add-on Cirrus Microsoft 365 Backup 0 → 20"
            ]
        );
        assert_eq!(cart.lines[1].parent, Some(cart.lines[0].id));
        let placed = world.place(&access, &cart).await.unwrap();
        world.settle().await;
        let order = world.order(&access, placed.number).await;
        assert_eq!(order.status, Status::ProvisioningFinished);
        let running = world.running(&access).await;
        assert_eq!(running.len(), 1, "an add-on is no subscription of its own");
        let (addon, price) = &running[0].addons[0];
        assert_eq!((addon.name.as_str(), price.quantity), (BACKUP, 20));
        let bookings = world.bookings().await;
        assert_eq!(bookings.len(), 1, "{bookings:?}");
    });
}

#[test]
fn an_add_on_is_never_bought_alone_and_says_what_it_goes_with() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let license = world.item(&access, CIRRUS, 5).await;
        let addon = world.addon(&access, &license, 1).await;
        let found = world.app.configurable(&access, addon.offer).await.unwrap();
        let names: Vec<_> = found
            .parents
            .iter()
            .map(|(_, name)| name.as_str())
            .collect();
        assert_eq!(names, ["Cirrus Server Backup", "Cirrus Workstation Backup"]);
        let alone = AddItem {
            offer: addon.offer,
            plan: found.found.plans[0].id,
            ..license.clone()
        };
        let refused = world.app.add_to_cart(&access, alone, None).await;
        let Err(Error::Invalid { field, reason }) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(field, "/offer");
        let words = "is an add-on to Cirrus Server Backup or Cirrus Workstation Backup and can't be \
                     bought alone";
        assert!(reason.0.starts_with(words), "{reason}");
    });
}

#[test]
fn what_is_wrong_with_a_license_and_its_add_ons_is_told_at_once() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let mut item = world.item(&access, CIRRUS, 0).await;
        let (mut addon, none) = (
            world.addon(&access, &item, 5_001).await,
            world.addon(&access, &item, 0).await,
        );
        item.contact_email = "nobody".into();
        item.contact_surname = String::new();
        item.tenant = Some("amber.onmicrosoft.com".into());
        item.addons = vec![none, addon.clone()];
        let wrong = fields(world.app.add_to_cart(&access, item.clone(), None).await);
        let expected = [
            "/quantity",
            "/tenant",
            "/contact_email",
            "/contact_surname",
            "/addons/1/quantity",
        ];
        assert_eq!(wrong, expected);
        // A license is no add-on, and this one is not to that license.
        let microsoft = world.item(&access, MICROSOFT, 5).await;
        addon.quantity = 5;
        let mut other = AddItem {
            tenant: Some("amber.onmicrosoft.com".into()),
            addons: vec![addon.clone()],
            ..microsoft.clone()
        };
        let wrong = fields(world.app.add_to_cart(&access, other.clone(), None).await);
        assert_eq!(wrong, ["/addons/0/offer"]);
        other.addons[0].offer = item.offer;
        let wrong = fields(world.app.add_to_cart(&access, other, None).await);
        assert_eq!(wrong, ["/addons/0/offer"]);
        assert_eq!(world.app.cart(&access).await.unwrap(), None);
    });
}

#[test]
fn an_add_on_joins_a_license_in_the_cart_once_and_leaves_with_it() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let item = world.item(&access, CIRRUS, 5).await;
        let addon = world.addon(&access, &item, 3).await;
        let cart = world.app.add_to_cart(&access, item, None).await.unwrap();
        let license = cart.lines[0].id;
        let add = |line, addon: &TypedAddon| {
            world
                .app
                .add_addon_to_cart(&access, line, addon.clone(), None)
        };
        let with = add(license, &addon).await.unwrap();
        assert_eq!(with.lines.len(), 2);
        assert_eq!(with.lines[1].subscription, with.lines[0].subscription);
        let again = add(license, &addon).await;
        assert!(matches!(again, Err(Error::Refused(_))), "{again:?}");
        let below = with.lines[1].id;
        let nested = add(below, &addon).await;
        assert!(matches!(nested, Err(Error::NotFound)), "an add-on has none");
        let change = ChangeItem { quantity: 8 };
        let more = world.app.change_cart(&access, below, change).await.unwrap();
        assert_eq!(more.lines[1].price.quantity, 8);
        let change = RequestedChange::AddonAdd {
            addon: BACKUP.into(),
            quantity: 8,
        };
        assert_eq!(more.lines[1].change, change);
        let empty = world.app.remove_from_cart(&access, license).await.unwrap();
        assert_eq!(empty.status, Status::Deleted);
    });
}

#[test]
fn an_add_on_of_what_runs_is_added_changed_and_removed_by_orders() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let license = world.item(&access, CIRRUS, 5).await;
        let bought = world.bought(&access, CIRRUS, 5).await;
        let choices = world.app.change_choices(&access, bought.id).await.unwrap();
        let names: Vec<_> = choices
            .addons
            .iter()
            .map(|one| one.target.item.name.as_str())
            .collect();
        assert_eq!(names, [BACKUP]);
        for (quantity, text) in [
            (4, "Add-on Cirrus Microsoft 365 Backup 0 → 4"),
            (9, "Add-on Cirrus Microsoft 365 Backup 4 → 9 (+5)"),
            (0, "Add-on Cirrus Microsoft 365 Backup 9 → 0"),
        ] {
            let wish = TypedWish {
                addons: vec![world.addon(&access, &license, quantity).await],
                ..TypedWish::default()
            };
            let made = world
                .wish(&access, bought.id, wish, Mode::Commit)
                .await
                .unwrap();
            assert_eq!(made.order.lines[0].change.text(), text);
            world.settle().await;
            let found = world.running(&access).await;
            let has = found[0]
                .addons
                .first()
                .map_or(0, |(_, price)| price.quantity);
            assert_eq!(i64::from(has), quantity);
            let choices = world.app.change_choices(&access, bought.id).await.unwrap();
            assert_eq!(choices.addons.len(), usize::from(quantity == 0));
        }
        let stranger = TypedAddon {
            offer: world.offer(&access, MICROSOFT).await.offer.id,
            plan: None,
            quantity: 1,
        };
        let wish = TypedWish {
            addons: vec![stranger],
            ..TypedWish::default()
        };
        let refused = world.wish(&access, bought.id, wish, Mode::DryRun).await;
        let Err(Error::Problems(problems)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(
            problems[0].reason,
            "Microsoft 365 E3 is no add-on to Cirrus Server Backup"
        );
    });
}

/// C15: whoever buys again what runs is told of it, and may.
#[test]
fn what_runs_already_is_told_before_it_is_bought_again() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let id = world.offer(&access, CIRRUS).await.offer.id;
        let none = world.app.configurable(&access, id).await.unwrap();
        assert!(none.running.is_empty());
        let bought = world.bought(&access, CIRRUS, 5).await;
        let found = world.app.configurable(&access, id).await.unwrap();
        let told: Vec<_> = found
            .running
            .iter()
            .map(|one| (one.id, one.quantity))
            .collect();
        assert_eq!(told, [(bought.id, 5)]);
        let birch = world.access(SELLER, "birch").await;
        let other = world.app.configurable(&birch, id).await.unwrap();
        assert!(other.running.is_empty(), "of another customer");
        world.fill(&access, CIRRUS, 5).await.unwrap();
        let wish = TypedWish {
            status: Some("canceled".into()),
            ..TypedWish::default()
        };
        world
            .wish(&access, bought.id, wish, Mode::Commit)
            .await
            .unwrap();
        world.settle().await;
        let gone = world.app.configurable(&access, id).await.unwrap();
        assert!(gone.running.is_empty(), "it does not run any more");
    });
}

/// R37: how an order is paid is chosen at checkout and frozen with it; a card's number is never kept.
#[test]
fn payment_is_chosen_at_checkout_and_frozen_with_the_order() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let cart = world.fill(&access, CIRRUS, 5).await.unwrap();
        let place = |card_reference: &str, purchase_order: &str| {
            let command = PlaceCart {
                number: cart.number,
                version: cart.version,
                accept_terms: true,
                terms_version: None,
                payment: TypedPayment {
                    method: "card".into(),
                    card_reference: card_reference.into(),
                    purchase_order: purchase_order.into(),
                },
            };
            world.app.place_cart(&access, command, None, Mode::Commit)
        };
        let wrong = fields(place("4111 1111 1111 1111", &"9".repeat(61)).await);
        assert_eq!(
            wrong,
            ["/payment/card_reference", "/payment/purchase_order"]
        );
        let placed = place("Visa, office", "PO 7").await.unwrap();
        let payment = &world.order(&access, placed.number).await.payment;
        assert_eq!(payment.method.label(), "Card on file: Visa, office");
        assert_eq!(payment.purchase_order.as_deref(), Some("PO 7"));
    });
}
