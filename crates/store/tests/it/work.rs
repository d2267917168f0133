//! Durable work and remembered requests: each task to one worker, each key to one order.

use domain::id::{LineId, OrderId, TaskId, VendorId};
use domain::task::{Task, TaskKind};
use futures::future::join_all;
use jiff::SignedDuration;
use store::requests::{self, Remembered, RequestKey};
use store::{Store, StoreError, orders, tasks};

use crate::world::{actor, amber, cart, id, on_each_database, organizations, second};

const HOLD: SignedDuration = SignedDuration::from_secs(60);

async fn with_order(store: &Store) -> OrderId {
    organizations(store).await;
    let order = cart(amber(), 7, second(0));
    let found = order.id;
    store
        .write(order, |order, tx| {
            Box::pin(async move { orders::insert(tx, &mut order.clone(), &[], second(0)).await })
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    found
}

async fn with_task(store: &Store) -> Task {
    let task = Task {
        id: TaskId(id(1)),
        organization: amber(),
        order: with_order(store).await,
        line: LineId(id(1)),
        vendor: VendorId(id(1)),
        kind: TaskKind::Provision,
        due_at: second(10),
        fence: 0,
        tries: 0,
        strikes: 0,
    };
    store
        .write(task.clone(), |task, tx| {
            Box::pin(tasks::enqueue(tx, std::slice::from_ref(task)))
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
    task
}

async fn claim(store: &Store, task: &Task, at: i64) -> Option<Task> {
    let result: Result<_, StoreError> = store
        .write((task.clone(), at), |(task, at), tx| {
            Box::pin(tasks::claim(tx, task, HOLD, second(*at)))
        })
        .await;
    result.unwrap()
}

#[test]
fn a_task_goes_to_one_worker_and_comes_back_when_its_hold_runs_out() {
    on_each_database(async |store| {
        let task = with_task(&store).await;
        let mut tx = store.read().await.unwrap();
        assert!(
            tasks::list_due(&mut tx, second(9), 9)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            tasks::list_due(&mut tx, second(10), 9).await.unwrap(),
            std::slice::from_ref(&task)
        );
        let claims = join_all((0..16).map(|_| claim(&store, &task, 10))).await;
        let won: Vec<Task> = claims.into_iter().flatten().collect();
        assert_eq!(won.len(), 1);
        assert!(
            tasks::list_due(&mut tx, second(69), 9)
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(tasks::list_due(&mut tx, second(70), 9).await.unwrap(), won);
    });
}

#[test]
fn a_worker_that_lost_its_hold_can_neither_finish_nor_postpone() {
    on_each_database(async |store| {
        let task = with_task(&store).await;
        let late = claim(&store, &task, 10).await.unwrap();
        let current = claim(&store, &late, 70).await.unwrap();
        let finish = |task: Task| async {
            store
                .write(task, |task, tx| Box::pin(tasks::finish(tx, task)))
                .await
        };
        let refused: Result<(), StoreError> = finish(late).await;
        assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
        finish(current).await.unwrap();
        let mut tx = store.read().await.unwrap();
        assert!(
            tasks::list_due(&mut tx, second(1_000), 9)
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn a_key_leads_to_one_order_and_never_to_another_content() {
    on_each_database(async |store| {
        with_order(&store).await;
        let remember = |fingerprint: &str, order: u128| {
            let request = RequestKey {
                organization: amber(),
                user: actor().user,
                key: "k-1".into(),
                fingerprint: fingerprint.into(),
            };
            store.write((request, OrderId(id(order))), |(request, order), tx| {
                Box::pin(requests::remember(tx, request, *order, second(0)))
            })
        };
        let race: Vec<Result<Remembered, StoreError>> =
            join_all((0..8).map(|order| remember("same", order))).await;
        let race: Vec<Remembered> = race.into_iter().map(|result| result.unwrap()).collect();
        assert_eq!(
            race.iter()
                .filter(|found| **found == Remembered::New)
                .count(),
            1
        );
        let winner = race
            .iter()
            .position(|found| *found == Remembered::New)
            .unwrap();
        let repeat = Remembered::Repeat(OrderId(id(winner as u128)));
        assert_eq!(race.iter().filter(|found| **found == repeat).count(), 7);
        let other: Result<Remembered, StoreError> = remember("other", 99).await;
        assert_eq!(other.unwrap(), Remembered::Other);
    });
}

/// How many tasks are due after a write that leaves one, and whether it was kept.
async fn leave(store: &Store, task: Task, is_good: bool) -> (usize, bool) {
    let written = store.write((task, is_good), |(task, is_good), tx| {
        Box::pin(async move {
            tasks::enqueue(tx, std::slice::from_ref(task)).await?;
            match is_good {
                true => Ok(()),
                false => Err(StoreError::Conflict),
            }
        })
    });
    let is_kept = written.await.is_ok();
    let mut tx = store.read().await.unwrap();
    let due = tasks::list_due(&mut tx, second(100), 10).await.unwrap();
    (due.len(), is_kept)
}

#[test]
fn what_is_left_for_later_is_seen_by_its_own_transaction_and_kept_whole_or_not_at_all() {
    on_each_database(async |store| {
        let task = with_task(&store).await;
        let numbered = |number| Task {
            id: TaskId(id(number)),
            ..task.clone()
        };
        let seen = store.write(numbered(2), |task, tx| {
            Box::pin(async move {
                tasks::enqueue(tx, std::slice::from_ref(task)).await?;
                tasks::list_due(tx, second(100), 10).await
            })
        });
        let seen: Result<_, StoreError> = seen.await;
        assert_eq!(seen.unwrap().len(), 2);
        // Refused by the database, after its caller had done.
        let homeless = Task {
            order: OrderId(id(404)),
            ..numbered(3)
        };
        assert_eq!(leave(&store, homeless, true).await, (2, false));
        // Refused by its caller: not sent with the next write of the same connection either.
        assert_eq!(leave(&store, numbered(4), false).await, (2, false));
        assert_eq!(leave(&store, numbered(5), true).await, (3, true));
    });
}
