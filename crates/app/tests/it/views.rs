//! Saved views: whose they are, who else sees them, and what of them outlives a vendor.

use app::views::SaveView;
use domain::order::desk::{DeskFilter, DeskQuery, DeskTab};
use domain::order::filter::Filter;
use domain::order::listing::Sort;
use domain::order::saved::{Opened, SAVED_MAX, SavedView};

use super::*;

fn view(name: &str, filter: &str, is_shared: bool) -> SaveView {
    SaveView {
        name: name.into(),
        listing: Listing {
            filter: Filter::parse(filter).0,
            sort: Sort::OldestFirst,
            ..Listing::of(View::Historical)
        },
        columns: vec!["status".into(), "date".into()],
        is_shared,
    }
}

impl World {
    async fn save(&self, access: &Access, name: &str, is_shared: bool) -> SavedView {
        let view = view(name, "status:failed", is_shared);
        self.app.save_view(access, view).await.unwrap()
    }

    async fn names(&self, email: &str, organization: &str) -> Vec<String> {
        let access = self.access(email, organization).await;
        let found = self.app.views(&access).await.unwrap();
        found.into_iter().map(|saved| saved.name).collect()
    }
}

#[test]
fn a_view_is_kept_replaced_under_its_name_and_forgotten() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let first = world.save(&access, "Late", false).await;
        let again = view(" Late ", "vendor:cirrus by:me \"two words\"", false);
        let again = world.app.save_view(&access, again).await.unwrap();
        assert_eq!(first.id, again.id, "an address of it stays good");
        let found = world.app.views(&access).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&again));
        let (Opened::Orders(listing), problems) = found[0].open() else {
            panic!("{found:?} is of the Orders section");
        };
        assert_eq!(problems, []);
        assert_eq!(
            listing.filter.to_string(),
            "vendor:cirrus by:me \"two words\""
        );
        assert_eq!(
            (listing.view, listing.sort),
            (View::Historical, Sort::OldestFirst)
        );
        world.app.delete_view(&access, again.id).await.unwrap();
        assert_eq!(world.app.views(&access).await.unwrap(), []);
        let gone = world.app.delete_view(&access, again.id).await;
        assert!(matches!(gone, Err(Error::NotFound)));
    });
}

#[test]
fn staff_share_in_every_customer_view_and_customers_among_themselves() {
    on_each_database(async |world| {
        let staff = world.access(SELLER, "amber").await;
        world.save(&staff, "Staff's own", false).await;
        let shared = world.save(&staff, "Margin below 5 %", true).await;
        let customer = world.access("admin@amber.example", "amber").await;
        let theirs = world.save(&customer, "Ours", true).await;
        world.save(&customer, "Admin's own", false).await;
        for (email, organization, expected) in [
            (SELLER, "amber", &["Margin below 5 %", "Staff's own"][..]),
            (SELLER, "birch", &["Margin below 5 %", "Staff's own"]),
            ("billing@baltic.example", "birch", &["Margin below 5 %"]),
            // For support agents markups don't exist, so what may speak of one does not either.
            ("support@baltic.example", "birch", &[]),
            ("seller-admin@fjord.example", "elk", &[]),
            ("distributor-admin@nordic.example", "amber", &[]),
            ("admin@amber.example", "amber", &["Admin's own", "Ours"]),
            ("user@amber.example", "amber", &["Ours"]),
            ("admin@birch.example", "birch", &[]),
        ] {
            assert_eq!(
                world.names(email, organization).await,
                expected,
                "{email} {organization}"
            );
        }
        let colleague = world.access("billing@baltic.example", "dune").await;
        let refused = world.app.delete_view(&colleague, shared.id).await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        for (email, organization, id) in [
            ("support@baltic.example", "amber", shared.id),
            ("admin@amber.example", "amber", shared.id),
            (SELLER, "amber", theirs.id),
            ("admin@birch.example", "birch", theirs.id),
        ] {
            let stranger = world.access(email, organization).await;
            let refused = world.app.delete_view(&stranger, id).await;
            assert!(matches!(refused, Err(Error::NotFound)), "{email}");
        }
    });
}

#[test]
fn there_is_room_for_a_hundred_and_what_is_too_long_is_named() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        for number in 0..SAVED_MAX {
            world.save(&access, &format!("View {number}"), false).await;
        }
        let more = view("One more", "", false);
        let refused = world.app.save_view(&access, more).await.unwrap_err();
        assert!(refused.to_string().contains("delete one"), "{refused}");
        // One that is there already is replaced all the same.
        world.save(&access, "View 7", true).await;
        for (name, field) in [("", "/name"), (&*"x".repeat(61), "/name")] {
            let refused = world.app.save_view(&access, view(name, "", false)).await;
            assert!(
                matches!(&refused, Err(Error::Invalid { field: named, .. }) if *named == field),
                "{refused:?}"
            );
        }
    });
}

fn of_desk(name: &str, filter: &str, is_shared: bool) -> SaveView<DeskQuery> {
    SaveView {
        name: name.into(),
        listing: DeskQuery {
            filter: DeskFilter::parse(filter).0,
            ..DeskQuery::of(DeskTab::Approval)
        },
        columns: Vec::new(),
        is_shared,
    }
}

impl World {
    async fn save_of_desk(&self, email: &str, name: &str, is_shared: bool) -> SavedView {
        let caller = self.caller(email).await;
        let view = of_desk(name, "waits:me customer:amber", is_shared);
        self.app.save_desk_view(&caller, view).await.unwrap()
    }

    async fn names_of_desk(&self, email: &str) -> Option<Vec<String>> {
        let caller = self.caller(email).await;
        let found = self.app.desk_views(&caller).await.ok()?;
        Some(found.into_iter().map(|saved| saved.name).collect())
    }
}

#[test]
fn a_view_of_the_desk_is_opened_as_it_was_and_stands_beside_one_of_orders_by_that_name() {
    on_each_database(async |world| {
        let access = world.access(SELLER, "amber").await;
        let orders = world.save(&access, "Mine", false).await;
        let first = world.save_of_desk(SELLER, "Mine", false).await;
        let again = world.save_of_desk(SELLER, " Mine ", false).await;
        assert_eq!(first.id, again.id, "an address of it stays good");
        let caller = world.caller(SELLER).await;
        let found = world.app.desk_views(&caller).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&again));
        let saved = of_desk("Mine", "waits:me customer:amber", false);
        assert_eq!(found[0].open(), (Opened::Desk(saved.listing), Vec::new()));
        assert_eq!(
            world.app.views(&access).await.unwrap(),
            std::slice::from_ref(&orders)
        );
        // Each list forgets its own.
        let elsewhere = world.app.delete_desk_view(&caller, orders.id).await;
        assert!(matches!(elsewhere, Err(Error::NotFound)), "{elsewhere:?}");
        let elsewhere = world.app.delete_view(&access, again.id).await;
        assert!(matches!(elsewhere, Err(Error::NotFound)), "{elsewhere:?}");
        world.app.delete_desk_view(&caller, again.id).await.unwrap();
        assert_eq!(world.app.desk_views(&caller).await.unwrap(), []);
    });
}

#[test]
fn views_of_the_desk_are_shared_among_those_who_work_at_it_and_no_further() {
    on_each_database(async |world| {
        let shared = world.save_of_desk(SELLER, "Team", true).await;
        world.save_of_desk(SELLER, "Own", false).await;
        let at_desk: &[(&str, &[&str])] = &[
            (SELLER, &["Own", "Team"]),
            ("billing@baltic.example", &["Team"]),
            // For support agents markups don't exist, so what may speak of one does not either.
            ("support@baltic.example", &[]),
            ("seller-admin@fjord.example", &[]),
            ("distributor-admin@nordic.example", &[]),
        ];
        for (email, names) in at_desk {
            let found = world.names_of_desk(email).await;
            let names = names.iter().map(|name| (*name).to_owned());
            assert_eq!(found, Some(names.collect()), "{email}");
        }
        for email in ["user@amber.example", "admin@amber.example"] {
            assert_eq!(world.names_of_desk(email).await, None, "{email}");
            let caller = world.caller(email).await;
            let saved = world
                .app
                .save_desk_view(&caller, of_desk("X", "", true))
                .await;
            assert!(matches!(saved, Err(Error::NotFound)), "{email} {saved:?}");
        }
        let colleague = world.caller("billing@baltic.example").await;
        let refused = world.app.delete_desk_view(&colleague, shared.id).await;
        assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
        let stranger = world.caller("support@baltic.example").await;
        let refused = world.app.delete_desk_view(&stranger, shared.id).await;
        assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    });
}
