//! Backups, and what is owed to a copy: a look through it, and a person who takes it over.
#![expect(clippy::print_stdout, reason = "commands answer on standard output")]

use std::path::Path;

use anyhow::{Result, bail};
use app::clock::{Clock, SystemClock};
use store::backup;

use crate::commands::open;

pub async fn backup(url: &str, file: &Path) -> Result<()> {
    let orders = backup::write(url, file, SystemClock.now()).await?;
    println!(
        "{orders} orders and all that belongs to them are in {}.",
        file.display()
    );
    Ok(())
}

pub async fn restore(url: &str, file: &Path) -> Result<()> {
    let orders = backup::restore(file, url).await?;
    println!("{orders} orders are back. No vendor is called until `seatwright take-over`.");
    Ok(())
}

pub async fn verify(url: &str) -> Result<()> {
    let verified = open(url).await?.verify().await?;
    for found in &verified.found {
        println!("{found}");
    }
    match verified.found.len() {
        0 => println!("{} orders were read; nothing is wrong.", verified.orders),
        count => bail!("{count} things can't be true"),
    }
    Ok(())
}

pub async fn take_over(url: &str) -> Result<()> {
    match open(url).await?.take_over().await? {
        Some(pause) => println!(
            "Vendors are called again. This database was {}.",
            pause.reason
        ),
        None => println!("Nothing was paused."),
    }
    Ok(())
}
