//! Edits: each is kept, and the last of each subject is found.

use domain::edit::{Edit, Subject};
use domain::id::{EditId, OrganizationId, VendorId};
use store::{Store, StoreError, edits};

use crate::world::{actor, amber, birch, id, on_each_database, organizations, second};

fn product(name: &str) -> Subject {
    Subject::Product {
        vendor: VendorId(id(1)),
        product: name.into(),
    }
}

async fn edit(store: &Store, of: OrganizationId, subject: Subject, (at, n): (i64, u128), to: &str) {
    let edit = Edit {
        subject,
        from: Vec::new(),
        to: vec![to.to_owned()],
        by: actor(),
        at: second(at),
    };
    let state = (of, EditId(id(n)), edit);
    let saved = store.write(state, |(of, id, edit), tx| {
        Box::pin(edits::append(tx, *of, *id, edit))
    });
    saved
        .await
        .unwrap_or_else(|error: StoreError| panic!("{error}"));
}

#[test]
fn the_last_edit_of_each_subject_is_found_and_all_are_kept() {
    on_each_database(async |store| {
        organizations(&store).await;
        // Two of one instant stay in the order in which they were made, whatever their ids are.
        edit(&store, amber(), product("a"), (1, 1), "first").await;
        edit(&store, amber(), product("a"), (2, 3), "second").await;
        edit(&store, amber(), product("a"), (2, 2), "third").await;
        edit(&store, amber(), product("b"), (1, 1), "other").await;
        edit(&store, amber(), Subject::ErpNumber, (1, 4), "C-1").await;
        edit(&store, birch(), product("a"), (9, 5), "elsewhere").await;
        let mut tx = store.read().await.unwrap();
        let asked = [product("a"), product("b"), product("c")];
        let found = edits::latest(&mut tx, amber(), &asked).await.unwrap();
        let mut found: Vec<&str> = found.iter().map(|edit| edit.to[0].as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, ["other", "third"]);
        assert_eq!(edits::latest(&mut tx, amber(), &[]).await.unwrap(), []);
        let all = edits::list(&mut tx, amber(), &product("a"), 2).await;
        let all = all.unwrap();
        let all: Vec<&str> = all.iter().map(|edit| edit.to[0].as_str()).collect();
        assert_eq!(all, ["third", "second"]);
    });
}
