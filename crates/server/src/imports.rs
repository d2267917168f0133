//! `import prices`: a price sheet from a file, with its summary and its errors by row.
#![expect(clippy::print_stdout, reason = "commands answer on standard output")]

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use app::App;
use app::imports::NewImport;
use domain::price::import::Import;

use crate::commands::open;

/// What was typed.
pub struct Asked {
    pub file: PathBuf,
    pub vendor: String,
    pub organization: Option<String>,
    pub is_dry_run: bool,
    pub is_partial: bool,
}

/// Takes the sheet over; fails where a row was left out, after the others were taken.
pub async fn prices(url: &str, asked: Asked) -> Result<()> {
    let app = open(url).await?;
    let shown = asked.file.display().to_string();
    let file = File::open(&asked.file).with_context(|| format!("can't read {shown}"))?;
    let new = NewImport {
        owner: owner(&app, &asked).await?,
        vendor: asked.vendor,
        file: shown,
        by: "command line".into(),
        is_dry_run: asked.is_dry_run,
        is_partial: asked.is_partial,
        total: None,
    };
    let progress = |import: &Import| {
        if import.counts.rows.is_multiple_of(10_000) {
            eprintln!("{} rows", import.counts.rows);
        }
    };
    let done = app
        .import_prices(new, BufReader::new(file), progress)
        .await?;
    let counts = done.counts;
    println!(
        "{} rows: {} new, {} changed, {} unchanged, {} ended, {} problems",
        counts.rows, counts.new, counts.changed, counts.unchanged, counts.ended, counts.problems
    );
    for problem in &done.problems {
        println!(
            "  line {}: {} {}",
            problem.line, problem.column, problem.reason
        );
    }
    if asked.is_dry_run {
        println!("Nothing was changed.");
    }
    match counts.problems {
        0 => Ok(()),
        _ => bail!("some rows were left out; correct them and import the sheet again"),
    }
}

/// The one partner that has a vendor of that name, unless it was said.
async fn owner(app: &App, asked: &Asked) -> Result<String> {
    if let Some(owner) = &asked.organization {
        return Ok(owner.clone());
    }
    let owners = app.vendor_owners(&asked.vendor).await?;
    match owners.as_slice() {
        [one] => Ok(one.clone()),
        [] => bail!(
            "there is no vendor {}; `seatwright vendor add` makes one",
            asked.vendor
        ),
        [..] => bail!(
            "several have a vendor {}; say whose with --organization",
            asked.vendor
        ),
    }
}
