//! What each command does.
#![expect(clippy::print_stdout, reason = "commands answer on standard output")]

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use app::App;
use app::clock::{MovedClock, SystemClock};
use app::operators::NewUser;
use connectors::simulator;
use domain::access::Role;
use domain::order::filing::RecentWindow;
use store::Store;
use store::schema::{self, SchemaState};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Opens a database that is ready; an older or newer one is refused with what to run.
pub async fn open(url: &str) -> Result<App> {
    let store = Store::open(url).await?;
    match schema::check(&store).await? {
        SchemaState::Current => Ok(App::new(store, Arc::new(SystemClock))),
        SchemaState::Older => bail!("the database is not up to date; run `seatwright migrate`"),
        SchemaState::Newer => bail!("the database was written by a newer release; use that one"),
    }
}

pub async fn migrate(url: &str) -> Result<()> {
    let count = schema::migrate(&Store::open(url).await?).await?;
    println!("{count} migrations were run; the database is up to date.");
    Ok(())
}

pub async fn seed(url: &str, simulator: &str) -> Result<()> {
    let app = open(url).await?;
    app.seed_demo(simulator).await?;
    app.seed_demo_orders().await?;
    println!(
        "The demo world is there. Everybody's password is {}.",
        app::demo::PASSWORD
    );
    Ok(())
}

pub async fn create_token(url: &str, email: &str, label: &str) -> Result<()> {
    println!("{}", open(url).await?.create_token(email, label).await?);
    Ok(())
}

/// What stands on standard input, without the last line break.
pub fn read_input() -> Result<String> {
    let text = std::io::read_to_string(std::io::stdin()).context("can't read standard input")?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// The names of the roles.
pub fn roles() -> Vec<String> {
    let name = |role: &Role| serde_json::to_value(role).ok()?.as_str().map(str::to_owned);
    Role::ALL.iter().filter_map(name).collect()
}

pub async fn add_user(url: &str, new: NewUser) -> Result<()> {
    println!("{}", open(url).await?.add_user(new).await?);
    Ok(())
}

pub async fn add_vendor(url: &str, organization: &str, slug: &str, name: &str) -> Result<()> {
    let settings = read_input()?;
    let app = open(url).await?;
    app.add_vendor(organization, slug, name, &settings).await?;
    println!("{name} is there; `seatwright vendor check {slug}` makes a harmless call.");
    Ok(())
}

pub async fn check_vendor(url: &str, organization: &str, slug: &str) -> Result<()> {
    let seen = open(url).await?.check_vendor(organization, slug).await?;
    println!("{slug} answers and sells {} plans", seen.len());
    for entry in seen {
        println!("  {} / {}: {}", entry.product, entry.plan, entry.plan_name);
        for words in app::operators::told(&entry) {
            println!("    {words}");
        }
    }
    Ok(())
}

pub async fn import_catalog(url: &str, organization: &str, slug: &str) -> Result<()> {
    let done = open(url).await?.import_catalog(organization, slug).await?;
    let (added, changed, withdrawn) = (done.added, done.changed, done.withdrawn);
    println!("{added} offers are new, {changed} changed, {withdrawn} are withdrawn");
    for words in done.told {
        println!("  {words}");
    }
    Ok(())
}

pub async fn list_vendors(url: &str, organization: &str) -> Result<()> {
    for vendor in open(url).await?.vendors(organization).await? {
        println!("{:<20} {}", vendor.slug, vendor.name);
    }
    Ok(())
}

pub async fn list_tokens(url: &str, email: &str) -> Result<()> {
    for token in open(url).await?.tokens(email).await? {
        println!("{}  until {}  {}", token.id, token.expires_at, token.label);
    }
    Ok(())
}

pub async fn revoke_token(url: &str, email: &str, id: &str) -> Result<()> {
    let id = id.parse().context("that is no token id")?;
    open(url).await?.revoke_token(email, id).await?;
    println!("The token has ended.");
    Ok(())
}

pub fn openapi() -> Result<()> {
    println!("{}", serde_json::to_string_pretty(&web::openapi())?);
    Ok(())
}

pub async fn simulate_vendor(port: u16, seed: u64) -> Result<()> {
    let listener = listen(&format!("127.0.0.1:{port}")).await?;
    println!(
        "The vendor simulator listens on http://{}",
        listener.local_addr()?
    );
    let options = simulator::Options {
        seed,
        state_file: None,
    };
    let mut stop = stopped()?;
    simulator::serve(listener, options, async move {
        stop.changed().await.ok();
    })
    .await?;
    Ok(())
}

pub async fn work(url: &str, window: RecentWindow) -> Result<()> {
    let app = open(url).await?.with_recent_window(window);
    app.arrive().await?;
    let mut stop = stopped()?;
    let work = app.work(async {
        stop.changed().await.ok();
    });
    tokio::select! {
        () = work => Ok(()),
        () = broken(&app) => bail!("a sync of the database failed; the next start recovers it"),
    }
}

pub async fn serve(
    url: &str,
    address: &str,
    public_url: Option<String>,
    works: bool,
    window: RecentWindow,
) -> Result<()> {
    let app = open(url).await?.with_recent_window(window);
    app.arrive().await?;
    let listener = listen(address).await?;
    let address = listener.local_addr()?;
    let public_url = public_url.unwrap_or_else(|| format!("http://{address}"));
    println!("Seatwright is at {public_url}");
    run(app, listener, &public_url, (works, false), stopped()?).await
}

/// Everything in one process, over the demo world.
pub async fn demo(
    port: u16,
    data: &Path,
    fresh: bool,
    url: Option<String>,
    window: RecentWindow,
) -> Result<()> {
    if fresh && data.exists() {
        std::fs::remove_dir_all(data).with_context(|| format!("can't clear {}", data.display()))?;
    }
    std::fs::create_dir_all(data).with_context(|| format!("can't make {}", data.display()))?;
    let url = url.unwrap_or_else(|| format!("sqlite://{}", data.join("seatwright.db").display()));
    let store = Store::open(&url).await?;
    schema::migrate(&store).await?;
    let clock = MovedClock::open(data.join("clock"));
    let app = App::new(store, Arc::new(clock)).with_recent_window(window);
    app.arrive().await?;
    let vendors = listen("127.0.0.1:0").await?;
    let vendors_at = format!("http://{}", vendors.local_addr()?);
    app.seed_demo(&vendors_at).await?;
    app.seed_demo_orders().await?;
    let listener = listen(&format!("127.0.0.1:{port}")).await?;
    let public_url = format!("http://{}", listener.local_addr()?);
    let stop = stopped()?;
    let options = simulator::Options {
        seed: 0,
        state_file: Some(data.join("vendors.json")),
    };
    let mut vendors_stop = stop.clone();
    let vendors = tokio::spawn(simulator::serve(vendors, options, async move {
        vendors_stop.changed().await.ok();
    }));
    for slug in ["microsoft", "cirrus"] {
        app.import_catalog("nordic", slug).await?;
    }
    app.accept_demo_quote().await?;
    println!("Seatwright is at {public_url}");
    println!("  seller      seller-admin@baltic.example");
    println!("  customer    admin@amber.example");
    println!("  distributor distributor-admin@nordic.example");
    println!("  password    {}", app::demo::PASSWORD);
    println!("  vendors     {vendors_at}/truth");
    println!("  clock       {public_url}/demo/clock");
    let (served, simulated) =
        tokio::join!(run(app, listener, &public_url, (true, true), stop), vendors);
    simulated??;
    served
}

/// Web and workers until the stop; requests that are under way are finished.
async fn run(
    app: App,
    listener: TcpListener,
    public_url: &str,
    (works, is_demo): (bool, bool),
    stop: watch::Receiver<bool>,
) -> Result<()> {
    let (mut web_stop, mut work_stop) = (stop.clone(), stop.clone());
    let service = web::router(app.clone(), public_url, is_demo);
    let served = axum::serve(listener, service).with_graceful_shutdown(async move {
        web_stop.changed().await.ok();
    });
    let work = async {
        if works {
            app.work(async move {
                work_stop.changed().await.ok();
            })
            .await;
        }
    };
    // Open event streams never end by themselves: after the stop the web gets ten more seconds.
    let mut last_call = stop;
    let patience = async move {
        last_call.changed().await.ok();
        tokio::time::sleep(std::time::Duration::from_secs(10)).await;
    };
    let web = async {
        tokio::select! {
            served = served => served,
            () = patience => Ok(()),
        }
    };
    tokio::select! {
        (served, ()) = async { tokio::join!(web, work) } => Ok(served?),
        () = broken(&app) => bail!("a sync of the database failed; the next start recovers it"),
    }
}

/// Ends when the database can't be written before a new start, and those who wait have been told.
async fn broken(app: &App) {
    app.broken().await;
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
}

async fn listen(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on {address}"))
}

/// Changes once the process is asked to stop.
fn stopped() -> Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = watch::channel(false);
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        sender.send(true).ok();
    });
    Ok(receiver)
}
