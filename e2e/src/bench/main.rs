//! What Seatwright costs, on SQLite and PostgreSQL: beside a bare axum handler that runs the least SQL
//! for the same effect (`cargo xtask bench [ORDERS]`), and how its lists grow with their orders
//! (`cargo xtask bench lists [ORDERS]`).
//!
//! `bench run PROGRAM POSTGRES ORDERS` and `bench lists PROGRAM POSTGRES FOLDER FEW MANY` measure;
//! `bench fill DATABASE ORDERS` leaves such a history to look at, and `bench bare DATABASE` is the
//! baseline's server.
#![expect(clippy::print_stdout, reason = "its answer is a table")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]
#![expect(
    clippy::float_arithmetic,
    reason = "ratios of durations, shown to people"
)]

mod bare;
mod beside;
mod history;
mod lists;
mod server;
mod world;

use anyhow::{Result, bail};

#[tokio::main]
async fn main() -> Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["bare", database] => bare::serve(database).await,
        ["run", program, postgres, orders] => beside::run(program, postgres, orders.parse()?).await,
        ["lists", program, postgres, folder, few, many] => {
            let sizes = [few.parse()?, many.parse()?];
            lists::run(program, postgres, folder.as_ref(), sizes).await
        }
        ["fill", database, orders] => history::open(database, orders.parse()?).await.map(drop),
        _ => bail!(
            "usage: bench run PROGRAM POSTGRES ORDERS | \
             bench lists PROGRAM POSTGRES FOLDER FEW MANY | bench fill DATABASE ORDERS | \
             bench bare DATABASE"
        ),
    }
}
