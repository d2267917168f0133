//! What a write promises: whole or not at all, in order, whatever its neighbors in the batch do.

use std::time::Duration;

use domain::id::UserId;
use futures::future::join_all;
use store::users::{self, User};
use store::{Mode, Store, StoreError};

use crate::world::{id, on_each_database, second, unique};

fn user(number: u128, email: &str) -> User {
    User {
        id: UserId(id(number)),
        email: email.into(),
        name: "Ieva Berg".into(),
        password_hash: "none".into(),
    }
}

async fn add(store: &Store, user: User) -> Result<(), StoreError> {
    store
        .write(user, |user, tx| Box::pin(users::save(tx, user)))
        .await
}

async fn count(store: &Store, numbers: std::ops::Range<u128>) -> usize {
    let mut tx = store.read().await.unwrap();
    let mut found = 0;
    for number in numbers {
        found += usize::from(
            users::find(&mut tx, UserId(id(number)))
                .await
                .unwrap()
                .is_some(),
        );
    }
    found
}

#[test]
fn two_hundred_writers_share_the_database_and_a_refused_one_spoils_nobody() {
    on_each_database(async |store| {
        let writes = (0..200).map(|number| {
            // Every fourth wants an address that is taken by then, or will be: one of them wins.
            let email = if number % 4 == 0 {
                "same@x.example".into()
            } else {
                format!("{number}@x.example")
            };
            add(&store, user(number, &email))
        });
        let results = join_all(writes).await;
        let taken = results
            .iter()
            .filter(|r| matches!(r, Err(StoreError::Taken)))
            .count();
        assert_eq!(
            (taken, results.iter().filter(|r| r.is_ok()).count()),
            (49, 151)
        );
        assert_eq!(count(&store, 0..200).await, 151);
    });
}

#[test]
fn a_dry_run_answers_like_the_real_one_and_keeps_nothing() {
    on_each_database(async |store| {
        let show = |mode| {
            store.write_or_show(user(1, "a@x.example"), mode, |user, tx| {
                Box::pin(async move {
                    users::save(tx, user).await?;
                    users::find(tx, user.id)
                        .await
                        .map(|found| found.map(|user| user.email))
                })
            })
        };
        let shown: Result<_, StoreError> = show(Mode::DryRun).await;
        assert_eq!(shown.unwrap().as_deref(), Some("a@x.example"));
        assert_eq!(count(&store, 1..2).await, 0);
        let kept: Result<_, StoreError> = show(Mode::Commit).await;
        assert_eq!(kept.unwrap().as_deref(), Some("a@x.example"));
        assert_eq!(count(&store, 1..2).await, 1);
    });
}

#[test]
fn a_write_that_fails_half_way_leaves_no_half() {
    on_each_database(async |store| {
        let result: Result<(), StoreError> = store
            .write(user(1, "a@x.example"), |user, tx| {
                Box::pin(async move {
                    users::save(tx, user).await?;
                    users::block(tx, UserId(id(99)), second(0)).await
                })
            })
            .await;
        assert!(matches!(result, Err(StoreError::NotFound)), "{result:?}");
        assert_eq!(count(&store, 1..2).await, 0);
    });
}

#[test]
fn a_write_that_panics_is_undone_and_the_next_one_works() {
    on_each_database(async |store| {
        let result: Result<(), StoreError> = store
            .write(user(1, "a@x.example"), |user, tx| {
                Box::pin(async move {
                    users::save(tx, user).await?;
                    panic!("planted")
                })
            })
            .await;
        assert!(matches!(result, Err(StoreError::Stopped)), "{result:?}");
        add(&store, user(2, "b@x.example")).await.unwrap();
        assert_eq!(count(&store, 1..3).await, 1);
    });
}

#[test]
fn a_write_goes_on_when_its_caller_has_gone() {
    on_each_database(async |store| {
        let mut abandoned = Box::pin(add(&store, user(1, "a@x.example")));
        assert!(futures::poll!(&mut abandoned).is_pending());
        drop(abandoned);
        // Nobody tells when it is done; how long a busy machine's disk takes is not ours to say.
        let done = async { while count(&store, 1..2).await == 0 {} };
        let waited = tokio::time::timeout(Duration::from_secs(60), done).await;
        waited.expect("the abandoned write was lost");
    });
}

#[test]
fn a_second_opening_of_a_sqlite_file_is_refused_and_names_the_holder() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let path = std::env::temp_dir()
            .join(unique("seatwright-lock"))
            .join("test.db");
        let url = format!("sqlite://{}", path.display());
        let first = Store::open(&url).await.unwrap();
        let Err(StoreError::InUse { holder, .. }) = Store::open(&url).await else {
            panic!("opened twice");
        };
        assert_eq!(holder, std::process::id().to_string());
        drop(first);
        Store::open(&url).await.unwrap();
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
    });
}

#[test]
fn an_address_that_is_not_one_is_refused_without_repeating_it() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for url in [
            "",
            "sqlite://",
            "mysql://root:secret@x/y",
            "postgres://%zz:secret@",
        ] {
            let Err(error) = Store::open(url).await else {
                panic!("{url} was opened")
            };
            assert!(matches!(error, StoreError::BadAddress), "{url}: {error}");
            assert!(!error.to_string().contains("secret"));
        }
    });
}
