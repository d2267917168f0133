//! A fresh database for each test, and the people in it.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

use domain::access::Visibility;
use domain::event::Actor;
use domain::id::{
    LineId, OfferId, OrderId, OrganizationId, PlanId, SubscriptionId, UserId, VendorId,
};
use domain::money::{Currency, Money};
use domain::offer::{Cadence, Country, Segment};
use domain::order::Order;
use domain::order::change::RequestedChange;
use domain::order::line::{Item, Line, LinePrice, LineState};
use domain::organization::{Organization, OrganizationKind, OrganizationStatus, Slug};
use domain::price::UnitPrices;
use domain::text::{Contact, Email};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sqlx::Connection as _;
use store::{Store, organizations, schema};
use uuid::Uuid;

pub const STAFF: Visibility = Visibility {
    markup_only_orders: true,
    markup: true,
    cost: true,
    internal: true,
};
pub const CUSTOMER: Visibility = Visibility {
    markup_only_orders: false,
    markup: false,
    cost: false,
    internal: false,
};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Runs a test on every kind of database. Without `TEST_POSTGRES_URL` (which `cargo xtask ci` sets)
/// only SQLite is tested, and that is said aloud.
pub fn on_each_database<F: Future<Output = ()>>(test: impl Fn(Store) -> F) {
    on_each_address(|store, _| test(store));
}

/// The same, for a test that looks behind the store's back.
pub fn on_each_address<F: Future<Output = ()>>(test: impl Fn(Store, String) -> F) {
    on_each_empty(async |address| test(migrated(&address).await, address).await);
}

/// The same for a test that makes the tables itself.
pub fn on_each_empty<F: Future<Output = ()>>(test: impl Fn(String) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let path = std::env::temp_dir()
            .join(unique("seatwright-store"))
            .join("test.db");
        let address = format!("sqlite://{}", path.display());
        test(address).await;
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        #[expect(clippy::disallowed_methods, reason = "where the test server is")]
        let Ok(server) = std::env::var("TEST_POSTGRES_URL") else {
            println!("NOT TESTED ON POSTGRESQL: TEST_POSTGRES_URL is not set");
            return;
        };
        for isolation in ["read\\ committed", "serializable"] {
            let schema = unique("test");
            let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
            let create = format!("CREATE SCHEMA {schema}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(create))
                .execute(&mut admin)
                .await
                .unwrap();
            let options =
                format!("-c search_path={schema} -c default_transaction_isolation={isolation}");
            let options = options
                .replace(' ', "%20")
                .replace('=', "%3D")
                .replace('\\', "%5C");
            let address = format!("{server}?options={options}");
            test(address).await;
        }
    });
}

/// A connection beside the store's own.
pub enum Raw {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Raw {
    pub async fn connect(address: &str) -> Raw {
        match address.starts_with("sqlite") {
            true => Raw::Sqlite(sqlx::SqliteConnection::connect(address).await.unwrap()),
            false => Raw::Postgres(sqlx::PgConnection::connect(address).await.unwrap()),
        }
    }

    /// An id as this database writes it in a statement.
    pub fn id(&self, number: u128) -> String {
        let hex = id(number).simple();
        match self {
            Raw::Sqlite(_) => format!("x'{hex}'"),
            Raw::Postgres(_) => format!("'{hex}'::uuid"),
        }
    }

    pub async fn execute(&mut self, text: impl Into<String>) {
        let text = sqlx::AssertSqlSafe(text.into());
        match self {
            Raw::Sqlite(c) => sqlx::raw_sql(text).execute(c).await.map(drop),
            Raw::Postgres(c) => sqlx::raw_sql(text).execute(c).await.map(drop),
        }
        .unwrap();
    }
}

pub fn unique(name: &str) -> String {
    format!(
        "{name}_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

async fn migrated(url: &str) -> Store {
    let store = Store::open(url).await.unwrap();
    assert_eq!(
        schema::check(&store).await.unwrap(),
        schema::SchemaState::Older
    );
    assert_eq!(schema::migrate(&store).await.unwrap(), schema::COUNT);
    assert_eq!(schema::migrate(&store).await.unwrap(), 0);
    assert_eq!(
        schema::check(&store).await.unwrap(),
        schema::SchemaState::Current
    );
    store
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// Nordic (1) supplies Baltic (2), who sells to Amber (3) and Birch (4).
pub async fn organizations(store: &Store) {
    for (number, slug, kind, chain) in [
        (1, "nordic", OrganizationKind::Distributor, vec![1]),
        (2, "baltic", OrganizationKind::Seller, vec![2, 1]),
        (3, "amber", OrganizationKind::Customer, vec![3, 2, 1]),
        (4, "birch", OrganizationKind::Customer, vec![4, 2, 1]),
    ] {
        let organization = Organization {
            id: OrganizationId(id(number)),
            kind,
            slug: Slug::parse(slug).unwrap(),
            name: slug.to_owned(),
            status: OrganizationStatus::Active,
            country: Country::parse("LT").unwrap(),
            segment: Segment::Commercial,
            zone: TimeZone::UTC,
            currency: Currency::parse("EUR").unwrap(),
            chain: chain
                .into_iter()
                .map(|number| OrganizationId(id(number)))
                .collect(),
            erp_number: None,
            needs_erp_number: false,
        };
        store
            .write(organization, |organization, tx| {
                Box::pin(organizations::save(tx, organization))
            })
            .await
            .unwrap();
    }
}

pub fn amber() -> OrganizationId {
    OrganizationId(id(3))
}

pub fn birch() -> OrganizationId {
    OrganizationId(id(4))
}

pub fn actor() -> Actor {
    Actor {
        user: UserId(id(77)),
        person: "A. Person".into(),
        email: "seller-admin@baltic.example".into(),
        organization: OrganizationId(id(2)),
        organization_name: "Baltic Cloud".into(),
    }
}

pub fn cart(organization: OrganizationId, number: u64, now: Timestamp) -> Order {
    let order = OrderId(id(1_000 + u128::from(number)));
    Order::start(order, organization, number, actor(), now).0
}

pub fn line(number: u128, change: RequestedChange) -> Line {
    let currency = Currency::parse("EUR").unwrap();
    let money = |minor| Money { minor, currency };
    let unit = UnitPrices {
        cost: money(900),
        retail: money(1200),
        partner: money(950),
        customer: money(1000),
    };
    Line {
        id: LineId(id(number)),
        item: Item {
            offer: OfferId(id(1)),
            plan: PlanId(id(1)),
            vendor: VendorId(id(1)),
            vendor_name: "Cirrus Backup".into(),
            name: "Server Backup".into(),
            product: "cirrus-backup".into(),
            vendor_plan: "server".into(),
            has_tenant: false,
            cadence: Cadence {
                term_months: 12,
                cycle_months: 1,
            },
            questions: Vec::new(),
        },
        change,
        subscription: SubscriptionId(id(number)),
        vendor_reference: None,
        contact: Contact {
            email: Email::parse("admin@amber.example").unwrap(),
            name: "Ieva".into(),
            surname: "Berg".into(),
        },
        tenant: None,
        parameters: serde_json::Map::new(),
        corrected: BTreeSet::new(),
        period: None,
        cancellable_until: None,
        after: None,
        markups: None,
        destination: None,
        is_recorded: false,
        parent: None,
        price: LinePrice {
            unit,
            quantity: 25,
            basis: None,
        },
        state: LineState::Started,
    }
}
