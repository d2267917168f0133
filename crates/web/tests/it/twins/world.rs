//! A world to compare: the real router over a database of its own, with a clock and dice that are set
//! before each step, so that two worlds differ in nothing that is not put into one of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use app::App;
use app::clock::{LoadedDice, ManualClock};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::Visibility;
use domain::event::Event;
use domain::id::OrganizationId;
use domain::order::Order;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use store::{Store, orders, schema};
use tokio::sync::OnceCell;
use tower::ServiceExt;

use super::frames::Frames;
use super::leaks::Leak;
use crate::ADDRESS;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The customer whose orders are compared: Amber of the demo world.
pub const AMBER: OrganizationId = OrganizationId(uuid::Uuid::from_u128(4));

/// Sees everything.
pub const FULL: Visibility = Visibility {
    markup_only_orders: true,
    markup: true,
    cost: true,
    internal: true,
};

const CUSTOMER: Visibility = Visibility {
    markup_only_orders: false,
    markup: false,
    cost: false,
    internal: false,
};

/// Who acts in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    CustomerAdmin,
    Customer,
    CustomerBilling,
    /// A seller admin, in Customer View.
    Staff,
    /// A distributor admin, in Customer View.
    Distributor,
}

impl Who {
    /// The roles that must not learn of anything hidden.
    pub const CUSTOMERS: [Who; 3] = [Who::CustomerAdmin, Who::Customer, Who::CustomerBilling];

    const ALL: [Who; 5] = [
        Who::CustomerAdmin,
        Who::Customer,
        Who::CustomerBilling,
        Who::Staff,
        Who::Distributor,
    ];

    pub fn email(self) -> &'static str {
        match self {
            Who::CustomerAdmin => "admin@amber.example",
            Who::Customer => "user@amber.example",
            Who::CustomerBilling => "billing@amber.example",
            Who::Staff => "seller-admin@baltic.example",
            Who::Distributor => "distributor-admin@nordic.example",
        }
    }
}

/// A database with the demo world and a session and a token for everybody, to be copied.
struct Template {
    files: Vec<(&'static str, Vec<u8>)>,
    keys: Vec<(String, String)>,
    /// The orders of Amber, whoever may see them.
    numbers: Vec<u64>,
}

static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
static COUNT: AtomicU32 = AtomicU32::new(0);

fn folder() -> PathBuf {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("twins-{}-{count}", std::process::id()));
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn start() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

async fn open(folder: &std::path::Path) -> Store {
    let url = format!("sqlite://{}/test.db", folder.display());
    Store::open(&url).await.unwrap()
}

/// The demo world with its orders, and a session and a token for everybody.
async fn seed(app: &App) -> Vec<(String, String)> {
    app.seed_demo("http://127.0.0.1:1").await.unwrap();
    app.seed_demo_orders().await.unwrap();
    let mut keys = Vec::new();
    for who in Who::ALL {
        let session = app.sign_in(who.email(), "seatwright-demo", "test").await;
        let token = app.create_token(who.email(), "test").await;
        keys.push((session.unwrap(), token.unwrap()));
    }
    keys
}

async fn template() -> Template {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let folder = folder();
    let store = open(&folder).await;
    schema::migrate(&store).await.unwrap();
    let app = App::new(store.clone(), Arc::new(ManualClock::at(start())))
        .drawing_from(Arc::new(LoadedDice::new("template")));
    let keys = seed(&app).await;
    let numbers = numbers(&store).await;
    // Nothing writes any more: the file and its log are one consistent state.
    let files = ["test.db", "test.db-wal"];
    let read = |name| (name, std::fs::read(folder.join(name)).unwrap_or_default());
    let files = files.into_iter().map(read).collect();
    drop((app, store));
    std::fs::remove_dir_all(&folder).ok();
    Template {
        files,
        keys,
        numbers,
    }
}

async fn numbers(store: &Store) -> Vec<u64> {
    let mut tx = store.read().await.unwrap();
    let all = store::changes::list(&mut tx, AMBER, (0, 0), 10_000, FULL).await;
    all.unwrap().iter().map(|change| change.number).collect()
}

/// An answer as it is compared: every header, and the body byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn text(&self) -> String {
        let headers: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        format!("{}\n{}\n{}", self.status, headers.concat(), self.body)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// A request: to a page with a session, to the API with a token, by the address below the organization.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub is_api: bool,
    /// A form's fields without its token, or JSON.
    pub body: String,
    pub headers: Vec<(&'static str, String)>,
}

impl Ask {
    pub fn page(path: impl Into<String>) -> Ask {
        Ask {
            method: "GET",
            path: path.into(),
            ..Ask::default()
        }
    }

    pub fn form(path: impl Into<String>, body: impl Into<String>) -> Ask {
        Ask {
            method: "POST",
            path: path.into(),
            body: body.into(),
            ..Ask::default()
        }
    }

    pub fn api(method: &'static str, path: &str, body: impl Into<String>) -> Ask {
        Ask::program(method, &format!("/api/v1/organizations/amber{path}"), body)
    }

    /// By API, outside of organizations.
    pub fn program(method: &'static str, path: &str, body: impl Into<String>) -> Ask {
        Ask {
            method,
            path: path.to_owned(),
            is_api: true,
            body: body.into(),
            headers: Vec::new(),
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Ask {
        self.headers.push((name, value.into()));
        self
    }

    pub fn name(&self) -> String {
        let headers: Vec<String> = self
            .headers
            .iter()
            .map(|(name, value)| format!(" {name}={value}"))
            .collect();
        format!(
            "{} {}{} {}",
            self.method,
            self.path,
            headers.concat(),
            self.body
        )
    }
}

pub struct World {
    pub app: App,
    pub store: Store,
    router: Router,
    clock: Arc<ManualClock>,
    dice: Arc<LoadedDice>,
    folder: PathBuf,
    keys: &'static [(String, String)],
    old: &'static [u64],
    leak: Option<Leak>,
    /// Method and path of everything that customers asked for.
    pub asked: Mutex<Vec<(&'static str, String)>>,
}

impl World {
    pub async fn new(leak: Option<Leak>) -> World {
        let template = TEMPLATE.get_or_init(template).await;
        let folder = folder();
        for (name, bytes) in &template.files {
            std::fs::write(folder.join(name), bytes).unwrap();
        }
        let store = open(&folder).await;
        let clock = Arc::new(ManualClock::at(start()));
        let dice = Arc::new(LoadedDice::new("start"));
        let app = App::new(store.clone(), clock.clone()).drawing_from(dice.clone());
        World {
            router: web::router(app.clone(), ADDRESS, true),
            app,
            store,
            clock,
            dice,
            folder,
            keys: &template.keys,
            old: &template.numbers,
            leak,
            asked: Mutex::default(),
        }
    }

    /// Another node over the same database.
    pub fn node(&self, store: Store) -> World {
        let (clock, dice) = (self.clock.clone(), self.dice.clone());
        let app = App::new(store.clone(), clock.clone()).drawing_from(dice.clone());
        World {
            router: web::router(app.clone(), ADDRESS, true),
            app,
            store,
            clock,
            dice,
            folder: self.folder.clone(),
            keys: self.keys,
            old: self.old,
            leak: None,
            asked: Mutex::default(),
        }
    }

    /// A world of its own in an empty database.
    pub async fn seeded(store: Store) -> World {
        let clock = Arc::new(ManualClock::at(start()));
        let dice = Arc::new(LoadedDice::new("start"));
        let app = App::new(store.clone(), clock.clone()).drawing_from(dice.clone());
        let keys = seed(&app).await;
        World {
            router: web::router(app.clone(), ADDRESS, true),
            app,
            store,
            clock,
            dice,
            folder: folder(),
            keys: Box::leak(keys.into_boxed_slice()),
            old: &[],
            leak: None,
            asked: Mutex::default(),
        }
    }

    /// A person's session and token.
    pub fn keys(&self, who: Who) -> (&'static str, &'static str) {
        let (session, token) = &self.keys[who as usize];
        (session, token)
    }

    /// What comes now happens at the same instant and draws the same in every world.
    pub fn begin(&self, step: &str) {
        self.clock.advance(SignedDuration::from_secs(7));
        self.draw(step);
    }

    pub fn pass(&self, time: SignedDuration) {
        self.clock.advance(time);
    }

    /// What comes now draws the same as after any other call with this name.
    pub fn draw(&self, step: &str) {
        self.dice.load(step);
    }

    pub fn now(&self) -> Timestamp {
        self.app.now()
    }

    fn request(&self, who: Who, ask: &Ask) -> Request<Body> {
        let (session, token) = &self.keys[who as usize];
        // Both worlds are asked under one trace, as a caller may: a fresh one would differ.
        let mut request = Request::builder()
            .method(ask.method)
            .uri(&ask.path)
            .header("traceparent", TRACE);
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        let mut body = ask.body.clone();
        request = if ask.is_api {
            request.header(header::AUTHORIZATION, format!("Bearer {token}"))
        } else {
            let scope = match ask.path.starts_with("/desk/") {
                true => "",
                false => "amber",
            };
            let form = Sha256::digest(format!("form\0{session}\0{scope}"));
            body = format!("{body}&token={}", URL_SAFE_NO_PAD.encode(form));
            request
                .header(header::COOKIE, format!("s={session}"))
                .header(header::ORIGIN, ADDRESS)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        };
        request.body(Body::from(body)).unwrap()
    }

    /// Asks without a leak; what staff do, and what leaks are made of.
    pub async fn ask_plainly(&self, who: Who, ask: &Ask) -> Answer {
        let before = self.store.statements();
        let answer = self.router.clone().oneshot(self.request(who, ask)).await;
        let (parts, body) = answer.unwrap().into_parts();
        let mut headers: Vec<(String, String)> = parts
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.to_string(), value)
            })
            .collect();
        let body = axum::body::to_bytes(body, 1 << 24).await.unwrap();
        // What a reader could measure is compared as work, which is the same on every machine.
        if ask.method == "GET" {
            let statements = self.store.statements() - before;
            headers.push(("statements".into(), statements.to_string()));
        }
        headers.sort();
        Answer {
            status: parts.status.as_u16(),
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// What a customer is answered, with this world's leak, if it has one.
    pub async fn ask(&self, who: Who, ask: &Ask) -> Answer {
        let path = ask.path.split('?').next().unwrap_or_default().to_owned();
        self.asked.lock().unwrap().push((ask.method, path));
        match self.leak {
            None => self.ask_plainly(who, ask).await,
            Some(leak) => leak.answer(self, who, ask).await,
        }
    }

    /// Opens a live stream. Nothing is read of it, and nothing looked for, before it is asked for.
    pub async fn follow(&self, who: Who, is_api: bool, last: Option<&str>) -> Frames {
        let mut ask = match is_api {
            true => Ask::api("GET", "/orders/live", ""),
            false => Ask::page("/o/amber/orders/live"),
        };
        if let Some(last) = last {
            ask = ask.with("last-event-id", last);
        }
        self.asked.lock().unwrap().push(("GET", ask.path.clone()));
        let who = match self.leak {
            Some(Leak::TicksOfTheFullVersion) => Who::Staff,
            _ => who,
        };
        let answer = self.router.clone().oneshot(self.request(who, &ask)).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 200);
        Frames::of(answer.into_body())
    }

    /// Every order of Amber with all that there is about it, whoever may see it; newest first.
    pub async fn truth(&self) -> Vec<Order> {
        let mut found = Vec::new();
        for number in self.numbers().await {
            found.extend(self.order(number).await);
        }
        found.sort_by_key(|order| std::cmp::Reverse(order.position()));
        found
    }

    /// The timelines as customers read them, of all orders that they see.
    pub async fn told(&self) -> Vec<Event> {
        let mut told = Vec::new();
        for order in self.truth().await {
            if order.is_markup_only() {
                continue;
            }
            let mut tx = self.store.read().await.unwrap();
            let events = orders::events(&mut tx, AMBER, order.id).await.unwrap();
            told.extend(order.seen_events(events, CUSTOMER));
        }
        told
    }

    /// An order with all that there is about it.
    pub async fn order(&self, number: u64) -> Option<Order> {
        let mut tx = self.store.read().await.unwrap();
        orders::find(&mut tx, AMBER, number, FULL).await.unwrap()
    }

    /// The numbers of all orders, whoever may see them.
    pub async fn numbers(&self) -> Vec<u64> {
        numbers(&self.store).await
    }

    /// Those that were there before the first step.
    pub fn old(&self) -> &'static [u64] {
        self.old
    }
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}
