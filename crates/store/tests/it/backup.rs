//! A backup of either database holds everything, goes back into either, and buys nothing by itself.

use std::path::PathBuf;

use domain::id::{LineId, TaskId, VendorId};
use domain::order::change::RequestedChange;
use domain::task::{Task, TaskKind};
use store::{Store, StoreError, backup, installation, orders, tasks, verification};

use crate::world::{actor, amber, cart, id, line, on_each_address, organizations, second, unique};

/// Some orders, of which one has work to do, with what has no value in a column too.
async fn fill(store: &Store) {
    organizations(store).await;
    let filled = store.write((), |(), tx| {
        Box::pin(async move {
            for number in 1..=3 {
                let mut order = cart(amber(), number, second(0));
                let bought = RequestedChange::Purchase { quantity: 2 };
                order.lines.push(line(u128::from(number), bought));
                let events = order.place("t".into(), &actor(), second(1)).unwrap();
                orders::insert(tx, &mut order, &events, second(1)).await?;
                let task = Task {
                    id: TaskId(id(u128::from(number))),
                    organization: amber(),
                    order: order.id,
                    line: LineId(id(1)),
                    vendor: VendorId(id(1)),
                    kind: TaskKind::Provision,
                    due_at: second(2),
                    fence: 0,
                    tries: 0,
                    strikes: 0,
                };
                tasks::enqueue(tx, &[task]).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    filled.await.unwrap();
}

async fn said(store: &Store) -> String {
    let mut tx = store.read().await.unwrap();
    format!(
        "{:#?}",
        verification::list(&mut tx, None, 10).await.unwrap()
    )
}

async fn due(store: &Store) -> usize {
    let mut tx = store.read().await.unwrap();
    tasks::list_due(&mut tx, second(9), 10).await.unwrap().len()
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(unique("seatwright-backup"));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_backup_of_a_database_in_use_holds_everything_and_calls_nobody() {
    on_each_address(async |store, address| {
        fill(&store).await;
        let folder = folder();
        let file = folder.join("backup.db");
        assert_eq!(backup::write(&address, &file, second(5)).await.unwrap(), 3);
        let again = backup::write(&address, &file, second(5)).await;
        assert!(matches!(again, Err(StoreError::NotEmpty(_))), "{again:?}");
        let names = std::fs::read_dir(&folder).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["backup.db"], "one file and nothing beside it");
        let copy = Store::open(&format!("sqlite://{}", file.display()))
            .await
            .unwrap();
        assert_eq!(said(&copy).await, said(&store).await);
        assert_eq!((due(&store).await, due(&copy).await), (3, 0));
        let known = installation::find(&mut copy.read().await.unwrap()).await;
        let pause = known.unwrap().unwrap().pause.unwrap();
        assert!(pause.reason.starts_with("restored from a backup of "));
    });
}

#[test]
fn a_backup_goes_back_into_an_empty_database_of_either_kind() {
    on_each_address(async |store, address| {
        let folder = folder();
        let source = format!("sqlite://{}", folder.join("source.db").display());
        let filled = Store::open(&source).await.unwrap();
        store::schema::migrate(&filled).await.unwrap();
        fill(&filled).await;
        let file = folder.join("backup.db");
        backup::write(&source, &file, second(5)).await.unwrap();
        let is_sqlite = store.is_exclusive();
        let into = match is_sqlite {
            true => format!("sqlite://{}", folder.join("restored.db").display()),
            false => address,
        };
        assert_eq!(backup::restore(&file, &into).await.unwrap(), 3);
        let again = backup::restore(&file, &into).await;
        assert!(matches!(again, Err(StoreError::NotEmpty(_))), "{again:?}");
        let restored = match is_sqlite {
            true => Store::open(&into).await.unwrap(),
            false => store,
        };
        assert_eq!(said(&restored).await, said(&filled).await);
        assert_eq!(due(&restored).await, 0);
    });
}

#[test]
fn a_damaged_backup_is_refused() {
    on_each_address(async |store, address| {
        fill(&store).await;
        let folder = folder();
        let file = folder.join("backup.db");
        backup::write(&address, &file, second(5)).await.unwrap();
        let mut bytes = std::fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 4_096].fill(0x5a);
        std::fs::write(&file, bytes).unwrap();
        let into = format!("sqlite://{}", folder.join("restored.db").display());
        assert!(backup::restore(&file, &into).await.is_err());
        assert!(!folder.join("restored.db").exists());
    });
}
