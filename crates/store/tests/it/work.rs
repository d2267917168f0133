//! Durable work and remembered requests: each task to one worker, each key to one order.

use domain::id::{LineId, OrderId, OrganizationId, TaskId, VendorId};
use domain::provisioning::account::Account;
use domain::provisioning::pace::{STRIKES_MAX, hold};
use domain::task::{Task, TaskKind};
use futures::future::join_all;
use jiff::SignedDuration;
use store::requests::{self, Remembered, RequestKey};
use store::{Store, StoreError, accounts, catalog, orders, tasks};

use crate::world::{
    Raw, actor, amber, birch, cart, id, on_each_address, on_each_database, organizations, second,
};

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
fn what_came_of_a_claim_is_written_down_once() {
    on_each_database(async |store| {
        let claimed = claim(&store, &with_task(&store).await, 10).await.unwrap();
        let postpone = || async {
            let written = store.write(claimed.clone(), |task, tx| {
                Box::pin(tasks::postpone(tx, task, second(30), 1))
            });
            written.await
        };
        let first: Result<(), StoreError> = postpone().await;
        first.unwrap();
        // Nobody heard that it was committed.
        let again = postpone().await;
        assert!(matches!(again, Err(StoreError::Conflict)), "{again:?}");
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

async fn leave_all(store: &Store, left: Vec<Task>) {
    let written = store.write(left, |left, tx| Box::pin(tasks::enqueue(tx, left)));
    written
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
}

#[test]
fn a_customer_with_many_tasks_keeps_no_other_from_being_served() {
    on_each_database(async |store| {
        let first = with_task(&store).await;
        let other = cart(birch(), 8, second(0));
        let order = other.id;
        let inserted: Result<(), StoreError> = store
            .write(other, |order, tx| {
                Box::pin(
                    async move { orders::insert(tx, &mut order.clone(), &[], second(0)).await },
                )
            })
            .await;
        inserted.unwrap();
        let many = (2..30).map(|number| Task {
            id: TaskId(id(number)),
            ..first.clone()
        });
        let late = Task {
            id: TaskId(id(1)),
            organization: birch(),
            order,
            due_at: second(50),
            ..first.clone()
        };
        leave_all(&store, many.chain([late.clone()]).collect()).await;
        let mut tx = store.read().await.unwrap();
        let due = tasks::list_due(&mut tx, second(60), 4).await.unwrap();
        assert_eq!(due.len(), 4);
        assert_eq!(due[1], late, "its first comes with the other's first");
        let beside = tasks::list_due_beside(&mut tx, second(60), 4, &[first.vendor]).await;
        assert_eq!(beside.unwrap(), []);
        let of_another = Task {
            id: TaskId(id(40)),
            vendor: VendorId(id(2)),
            due_at: second(55),
            ..first.clone()
        };
        leave_all(&store, vec![of_another.clone()]).await;
        let mut beside = async |vendors: &[VendorId]| {
            let found = tasks::list_due_beside(&mut tx, second(60), 40, vendors).await;
            found.unwrap()
        };
        assert_eq!(
            beside(&[first.vendor]).await,
            std::slice::from_ref(&of_another)
        );
        let all = beside(&[]).await;
        assert_eq!(all.len(), 31);
        assert_eq!(all[29..], [late, of_another], "all of them: oldest first");
    });
}

#[test]
fn what_is_for_a_paused_account_waits_but_dates_begin() {
    on_each_database(async |store| {
        let task = with_task(&store).await;
        let start = Task {
            id: TaskId(id(2)),
            kind: TaskKind::Start,
            ..task.clone()
        };
        leave_all(&store, vec![start.clone()]).await;
        let account = Account {
            paused_until: Some(second(100)),
            wished_until: None,
            strikes: 3,
            reason: "429".into(),
        };
        let saved = store.write(account.clone(), |account, tx| {
            Box::pin(async move {
                let vendor = catalog::Vendor {
                    owner: amber(),
                    id: VendorId(id(1)),
                    slug: "v".into(),
                    name: "V".into(),
                    settings: "{}".into(),
                };
                catalog::save_vendor(tx, &vendor).await?;
                accounts::save(tx, vendor.owner, vendor.id, account).await
            })
        });
        let saved: Result<(), StoreError> = saved.await;
        saved.unwrap();
        let mut tx = store.read().await.unwrap();
        let known = accounts::find(&mut tx, amber(), task.vendor).await;
        assert_eq!(known.unwrap(), account);
        let due = tasks::list_due(&mut tx, second(99), 9).await.unwrap();
        assert_eq!(due, [start]);
        let due = tasks::list_due(&mut tx, second(100), 9).await.unwrap();
        assert_eq!(due.len(), 2);
        let saved = store.write(Account::default(), |clean, tx| {
            Box::pin(accounts::save(tx, amber(), VendorId(id(1)), clean))
        });
        let saved: Result<(), StoreError> = saved.await;
        saved.unwrap();
        let known = accounts::find(&mut tx, amber(), task.vendor).await;
        assert_eq!(known.unwrap(), Account::default());
    });
}

#[test]
fn claims_are_counted_until_something_comes_of_one_and_what_was_set_aside_stays_there() {
    on_each_database(async |store| {
        let mut task = with_task(&store).await;
        let line = task.line;
        for strikes in 1..=STRIKES_MAX {
            task = claim(&store, &task, 10).await.unwrap();
            assert_eq!(task.strikes, strikes);
        }
        let release = || async {
            let released: Result<(), StoreError> = store
                .write((), |(), tx| Box::pin(tasks::release_all(tx, second(20))))
                .await;
            released.unwrap();
            let mut tx = store.read().await.unwrap();
            tasks::list_due(&mut tx, second(20), 9).await.unwrap().len()
        };
        assert_eq!(release().await, 0);
        let mut tx = store.read().await.unwrap();
        let is_held = tasks::is_held(&mut tx, amber(), line, second(20)).await;
        assert!(is_held.unwrap());
        let postponed: Result<(), StoreError> = store
            .write(task, |task, tx| {
                Box::pin(tasks::postpone(tx, task, second(30), 1))
            })
            .await;
        postponed.unwrap();
        assert_eq!(release().await, 0, "nobody holds it: it waits for its time");
        let is_held = tasks::is_held(&mut tx, amber(), line, second(20)).await;
        assert!(!is_held.unwrap());
        let due = tasks::list_due(&mut tx, second(30), 9).await.unwrap();
        assert_eq!((due[0].strikes, due[0].tries), (0, 1));
        claim(&store, &due[0], 30).await.unwrap();
        assert_eq!(release().await, 1, "its worker is dead");
    });
}

#[test]
fn holds_of_a_process_that_is_dead_for_certain_are_free_and_no_others() {
    on_each_address(async |store, address| {
        let mut task = with_task(&store).await;
        let release = async || {
            let released: Result<u64, StoreError> = store
                .write((), |(), tx| Box::pin(tasks::release_dead(tx, second(20))))
                .await;
            released.unwrap()
        };
        let mut raw = Raw::connect(&address).await;
        task = claim(&store, &task, 10).await.unwrap();
        assert_eq!(release().await, 0, "this process lives");
        for (elsewhere, expected) in [
            ("'of another boot ' || claimed_by", 0),
            ("NULL", 0),
            ("'nobody'", 0),
        ] {
            raw.execute(format!("UPDATE tasks SET claimed_by = {elsewhere}"))
                .await;
            assert_eq!(release().await, expected, "{elsewhere}");
        }
        let mut tx = store.read().await.unwrap();
        assert_eq!(tasks::list_due(&mut tx, second(20), 9).await.unwrap(), []);
        // Claimed again, by this process; then as if by one on this machine that has ended.
        task = claim(&store, &task, 11).await.unwrap();
        raw.execute("UPDATE tasks SET claimed_by = claimed_by || '-before'")
            .await;
        assert_eq!(release().await, 1);
        let due = tasks::list_due(&mut tx, second(20), 9).await.unwrap();
        let released = Task {
            due_at: second(20),
            ..task.clone()
        };
        assert_eq!(due, [released]);
        assert_eq!(release().await, 0, "it is not held any more");
        let next = claim(&store, &due[0], 20).await.unwrap();
        let late: Result<(), StoreError> = store
            .write(task, |task, tx| Box::pin(tasks::finish(tx, task)))
            .await;
        assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
        set_aside(&store, &next, 20).await;
        raw.execute("UPDATE tasks SET claimed_by = claimed_by || '-before'")
            .await;
        assert_eq!(release().await, 0, "what was set aside stays there");
    });
}

/// Claims a task as often as sets it aside; the last hold is an hour.
async fn set_aside(store: &Store, task: &Task, at: i64) -> Task {
    let mut task = task.clone();
    for _ in 0..=STRIKES_MAX {
        let claimed: Result<_, StoreError> = store
            .write((task.clone(), at), |(task, at), tx| {
                Box::pin(tasks::claim(tx, task, hold(task.strikes), second(*at)))
            })
            .await;
        task = claimed.unwrap().unwrap();
    }
    task
}

async fn run_again(store: &Store, organization: OrganizationId, ids: &[TaskId], at: i64) {
    let state = (organization, ids.to_vec(), second(at));
    let run: Result<(), StoreError> = store
        .write(state, |(organization, ids, now), tx| {
            Box::pin(tasks::run_again(tx, *organization, ids, *now))
        })
        .await;
    run.unwrap();
}

#[test]
fn what_was_set_aside_runs_again_once_nobody_can_hold_it() {
    on_each_database(async |store| {
        let first = with_task(&store).await;
        let [second_one, few] = [2, 3].map(|number| Task {
            id: TaskId(id(number)),
            ..first.clone()
        });
        leave_all(&store, vec![second_one.clone(), few.clone()]).await;
        let held = set_aside(&store, &first, 100).await;
        let other = set_aside(&store, &second_one, 100).await;
        let few = claim(&store, &few, 100).await.unwrap();
        let ids = [first.id, second_one.id, few.id, TaskId(id(4))];
        let listed = async |organization| {
            let mut tx = store.read().await.unwrap();
            let found = tasks::list_set_aside(&mut tx, organization, &ids).await;
            let mut found = found.unwrap();
            found.sort_unstable();
            found
        };
        assert_eq!(listed(amber()).await, [first.id, second_one.id]);
        assert_eq!(listed(birch()).await, [], "another organization has none");
        let named = [first.id, few.id];
        run_again(&store, amber(), &named, 159).await;
        run_again(&store, birch(), &named, 160).await;
        assert_eq!(listed(amber()).await.len(), 2, "a worker may hold it still");
        run_again(&store, amber(), &named, 160).await;
        assert_eq!(listed(amber()).await, [second_one.id], "what was not named");
        let mut tx = store.read().await.unwrap();
        let due = tasks::list_due(&mut tx, second(160), 9).await.unwrap();
        let again = Task {
            fence: held.fence + 1,
            strikes: 0,
            due_at: second(160),
            ..held.clone()
        };
        assert_eq!(due, [again, few], "this one, and one whose hold ran out");
        let late = store.write(held, |task, tx| Box::pin(tasks::finish(tx, task)));
        let late: Result<(), StoreError> = late.await;
        assert!(matches!(late, Err(StoreError::Conflict)), "{late:?}");
        let due = tasks::list_due(&mut tx, other.due_at, 9).await.unwrap();
        assert!(due.contains(&other), "it is tried once an hour");
    });
}

#[test]
fn work_that_rests_is_hastened_and_what_a_worker_holds_is_left_to_it() {
    on_each_database(async |store| {
        let task = with_task(&store).await;
        let resting = async |at: i64| {
            let mut tx = store.read().await.unwrap();
            tasks::list_resting(&mut tx, task.vendor, second(at), 9)
                .await
                .unwrap()
        };
        let hasten = async |task: &Task, at: i64| {
            let state = (task.clone(), at);
            let hastened = store.write(state, |(task, at), tx| {
                Box::pin(tasks::hasten(tx, task, second(*at)))
            });
            let hastened: Result<(), StoreError> = hastened.await;
            hastened.unwrap();
        };
        assert_eq!(resting(5).await, std::slice::from_ref(&task));
        assert_eq!(resting(10).await, [], "what is due rests no more");
        hasten(&task, 5).await;
        let mut tx = store.read().await.unwrap();
        let due = tasks::list_due(&mut tx, second(5), 9).await.unwrap();
        assert_eq!(due.len(), 1);
        drop(tx);
        let won = claim(&store, &due[0], 5).await.unwrap();
        assert_eq!(resting(6).await, []);
        for seen in [&task, &won] {
            hasten(seen, 6).await;
            let mut tx = store.read().await.unwrap();
            assert_eq!(tasks::list_due(&mut tx, second(7), 9).await.unwrap(), []);
        }
    });
}
