//! The people of a suspended seller: what they look at, what they are refused, and who goes on, on both
//! databases.

use domain::order::command::Command;

use super::changes::more;
use super::*;

const SUPPLIER: &str = "distributor-admin@nordic.example";

/// Its own people look at everything, and change nothing: neither its customers' nor its own.
#[test]
fn people_of_a_suspended_seller_look_and_change_nothing() {
    on_each_database(async |world| {
        let seller = world.access(SELLER, "amber").await;
        let bought = world.bought(&seller, CIRRUS, 10).await;
        let cart = world.fill(&seller, CIRRUS, 2).await.unwrap();
        let number = world.place(&seller, &cart).await.unwrap().number;
        let baltic = world.partner(SUPPLIER, "baltic").await;
        world.app.suspend(&baltic, "no contract").await.unwrap();

        let seller = world.access(SELLER, "amber").await;
        let stopped = seller.stopped().unwrap();
        assert_eq!(stopped.name, "Baltic Cloud");
        assert_eq!(stopped.suspension.by, *baltic.actor());
        let seen = world.order(&seller, number).await;
        assert!(seen.lines[0].price.inside.is_some(), "costs as before");
        assert_eq!(world.one(&seller, bought.id).await.quantity, 10);
        let own = world.partner(SELLER, "baltic").await;
        let approval = world.app.approval_rules(&own).await;
        assert!(approval.is_ok() && world.app.suspension(&own).await.unwrap().is_some());

        let note = Command::AddNote {
            id: world.app.note_id(),
            text: "still there?".into(),
            is_internal: false,
        };
        for refused in [
            world
                .wish(&seller, bought.id, more(11), Mode::DryRun)
                .await
                .map(drop),
            world.tell(&seller, number, note.clone()).await.map(drop),
            world
                .tell(&seller, number, Command::Withdraw)
                .await
                .map(drop),
            world.fill(&seller, CIRRUS, 1).await.map(drop),
            world.app.set_erp_number(&seller, "C-1").await.map(drop),
            world
                .app
                .suspend(&seller, "unpaid invoices")
                .await
                .map(drop),
            world.app.set_needs_erp_number(&own, true).await,
        ] {
            let Err(error @ Error::Stopped { .. }) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(
                error.to_string(),
                "Baltic Cloud was suspended: no contract. Its people can look at everything and change \
                 nothing until it is active again; ask Nora Lind of Nordic Distribution"
            );
        }
        // What their roles never allowed is refused as it always was; whoever stands above goes on.
        let support = world.access("support@baltic.example", "amber").await;
        let refused = world
            .wish(&support, bought.id, more(11), Mode::DryRun)
            .await;
        assert!(matches!(refused, Err(Error::Forbidden)));
        let supplier = world.access(SUPPLIER, "amber").await;
        assert!(supplier.stopped().is_none());
        world.tell(&supplier, number, note).await.unwrap();

        world.app.reactivate(&baltic).await.unwrap();
        let seller = world.access(SELLER, "amber").await;
        assert!(seller.stopped().is_none());
        world.app.set_erp_number(&seller, "C-1").await.unwrap();
    });
}
