//! A database that was copied or restored calls no vendor before a person takes it over.

use app::Error;
use store::installation::{self, Installation};

use crate::{World, on_each_database};

/// As if this were a copy of a database that lived somewhere else.
pub(crate) async fn moved(world: &World) {
    let known = Installation {
        place: "somewhere else".into(),
        pause: None,
    };
    let saved = world.store.write(known, |known, tx| {
        Box::pin(async move { Ok::<_, Error>(installation::save(tx, known).await?) })
    });
    saved.await.unwrap();
}

#[test]
fn a_copy_buys_nothing_until_a_person_takes_over() {
    on_each_database(async |world| {
        assert_eq!(world.app.arrive().await.unwrap(), None, "the first start");
        assert_eq!(world.app.arrive().await.unwrap(), None, "the next one");
        moved(&world).await;
        let pause = world.app.arrive().await.unwrap().expect("a pause");
        assert_eq!(pause.reason, "copied or moved from another place");
        let access = world.access("admin@amber.example", "amber").await;
        let cart = world
            .fill(&access, "Cirrus Server Backup", 2)
            .await
            .unwrap();
        world.place(&access, &cart).await.unwrap();
        assert_eq!(world.app.run_due().await.unwrap(), 0);
        assert_eq!(world.app.arrive().await.unwrap(), Some(pause.clone()));
        assert_eq!(world.app.take_over().await.unwrap(), Some(pause));
        assert_eq!(world.app.take_over().await.unwrap(), None);
        assert_eq!(world.app.run_due().await.unwrap(), 1);
    });
}

#[test]
fn verify_reads_every_order_and_names_what_can_not_be_true() {
    on_each_database(async |world| {
        world.app.seed_demo_orders().await.unwrap();
        let verified = world.app.verify().await.unwrap();
        assert_eq!(verified.found, Vec::<String>::new());
        assert!(verified.orders > 60, "{}", verified.orders);
    });
}
