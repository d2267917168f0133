//! Migrations of databases that hold something already.

use domain::id::{OrganizationId, SavedViewId, UserId};
use domain::order::desk::DeskTab;
use domain::order::listing::Sort;
use domain::order::phase::{Tab, View};
use domain::order::saved::{SavedList, SavedPart, SavedView};
use store::{Store, StoreError, schema, views};

use crate::world::{Raw, STAFF, actor, id, on_each_empty, second};

/// The schema before the desk had views.
const BEFORE_DESK_VIEWS: usize = 19;

fn view(number: u128, user: u128, name: &str) -> SavedView {
    let mut owner = actor();
    owner.user = UserId(id(user));
    SavedView {
        id: SavedViewId(id(number)),
        owner,
        name: name.into(),
        part: SavedPart::Orders {
            view: View::Historical,
            tab: Tab::All,
        },
        filter: "status:failed".into(),
        sort: Sort::OldestFirst,
        columns: vec!["status".into()],
        is_shared: user == 78,
        saved_at: second(0),
    }
}

/// Writes a view as a release before the migration did.
async fn save_as_before(raw: &mut Raw, view: &SavedView) {
    let (owner, number) = (&view.owner, view.id.0.as_u128());
    let text = format!(
        "INSERT INTO saved_views \
         (organization_id, id, user_id, name, is_shared, knows_markup, body) \
         VALUES ({}, {}, {}, '{}', {}, 1, '{}')",
        raw.id(owner.organization.0.as_u128()),
        raw.id(number),
        raw.id(owner.user.0.as_u128()),
        view.name,
        i64::from(view.is_shared),
        serde_json::to_string(view).unwrap(),
    );
    raw.execute(text).await;
}

async fn list(store: &Store, of: SavedList) -> Vec<SavedView> {
    let mut tx = store.read().await.unwrap();
    let (organization, user) = (actor().organization, actor().user);
    let found = views::list(&mut tx, organization, user, of, STAFF).await;
    found.unwrap()
}

async fn save(store: &Store, view: &SavedView) -> SavedViewId {
    let saved = store.write(view.clone(), |view, tx| {
        Box::pin(views::save(tx, view, STAFF))
    });
    let saved: Result<_, StoreError> = saved.await;
    saved.unwrap()
}

#[test]
fn views_that_were_saved_before_the_desk_had_any_are_views_of_orders() {
    on_each_empty(async |address| {
        let store = Store::open(&address).await.unwrap();
        let ran = schema::migrate_to(&store, BEFORE_DESK_VIEWS).await.unwrap();
        assert_eq!(ran, BEFORE_DESK_VIEWS);
        let mut raw = Raw::connect(&address).await;
        let OrganizationId(organization) = actor().organization;
        let insert = format!(
            "INSERT INTO organizations (id, slug, path, kind, name, status, country, currency) \
             VALUES ({}, 'baltic', 'p', 'seller', 'Baltic', 'active', 'LT', 'EUR')",
            raw.id(organization.as_u128()),
        );
        raw.execute(insert).await;
        let before = [
            view(1, 77, "Late"),
            view(2, 77, "Of mine"),
            view(3, 78, "Ours"),
        ];
        for view in &before {
            save_as_before(&mut raw, view).await;
        }
        assert_eq!(
            schema::check(&store).await.unwrap(),
            schema::SchemaState::Older
        );
        let ran = schema::migrate(&store).await.unwrap();
        assert_eq!(ran, schema::COUNT - BEFORE_DESK_VIEWS);
        assert_eq!(list(&store, SavedList::Orders).await, before);
        assert_eq!(list(&store, SavedList::Desk).await, []);
        let at_desk = SavedView {
            part: SavedPart::Desk {
                desk: DeskTab::Failed,
            },
            ..view(4, 77, "Late")
        };
        assert_eq!(save(&store, &at_desk).await, at_desk.id);
        assert_eq!(
            list(&store, SavedList::Desk).await,
            [at_desk],
            "names of its own"
        );
        let replaced = save(&store, &view(5, 77, "Late")).await;
        assert_eq!(replaced, before[0].id, "each name is there once in a list");
        assert_eq!(list(&store, SavedList::Orders).await, before);
    });
}
