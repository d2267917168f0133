//! `reconcile`: our records beside what vendors say, one connection after the other.
#![expect(clippy::print_stdout, reason = "commands answer on standard output")]

use anyhow::{Result, bail};
use app::App;
use app::reconciliation::Rehearsed;
use domain::reconciliation::{Found, Run, RunState};
use serde_json::{Value, json};

use crate::commands::open;

/// What was typed.
pub struct Asked {
    pub vendor: Option<String>,
    pub is_dry_run: bool,
    pub is_for_programs: bool,
}

/// What came of one connection.
struct Answer {
    /// For people, a line each.
    lines: Vec<String>,
    /// For programs.
    json: Value,
    /// Not compared, or stopped: somebody has to look.
    is_unfinished: bool,
}

/// Compares; fails where a connection was not compared to its end, after the others were.
pub async fn reconcile(url: &str, asked: Asked) -> Result<()> {
    let app = open(url).await?;
    let mut connections = app.comparable().await?;
    if let Some(vendor) = &asked.vendor {
        connections.retain(|(_, slug)| slug == vendor);
        if connections.is_empty() {
            bail!(
                "no vendor {vendor} tells what customers have; `seatwright vendor list` lists them"
            );
        }
    }
    let (mut all, mut unfinished) = (Vec::new(), 0);
    for (owner, vendor) in &connections {
        let answer = match asked.is_dry_run {
            true => rehearsed(&app, owner, vendor).await,
            false => compared(&app, owner, vendor).await,
        };
        unfinished += usize::from(answer.is_unfinished);
        if !asked.is_for_programs {
            answer.lines.iter().for_each(|line| println!("{line}"));
        }
        let mut told = answer.json;
        (told["organization"], told["vendor"]) = (json!(owner), json!(vendor));
        all.push(told);
    }
    if asked.is_for_programs {
        println!("{}", serde_json::to_string_pretty(&all)?);
    }
    match unfinished {
        0 => Ok(()),
        count => bail!(
            "{count} of {} vendors were not compared to the end",
            connections.len()
        ),
    }
}

async fn rehearsed(app: &App, owner: &str, vendor: &str) -> Answer {
    let shown = match app.rehearse(owner, vendor).await {
        Ok(shown) => shown,
        Err(error) => return failed(vendor, &error),
    };
    let Rehearsed {
        found,
        skipped,
        compared,
        exceeds_ceiling,
        faults,
    } = shown;
    let mut lines = vec![format!(
        "{vendor}: {compared} compared, {} otherwise; nothing was written down",
        found.len()
    )];
    lines.extend(found.iter().map(|found| {
        let (ours, theirs) = found.drift.sides();
        let name = found.drift.name();
        format!(
            "  {} {name}: {ours} here, {theirs} at the vendor",
            found.reference
        )
    }));
    for (skip, count) in &skipped {
        lines.push(format!("  {count} skipped: {}", skip.text()));
    }
    lines.extend(faults.iter().map(|fault| format!("  {fault}")));
    if exceeds_ceiling {
        lines.push("  so much is otherwise that a run would stop and ask a second person".into());
    }
    let json = json!({
        "dry_run": true, "compared": compared, "exceeds_ceiling": exceeds_ceiling,
        "skipped": skipped, "faults": faults,
        "differences": found.iter().map(difference).collect::<Vec<_>>(),
    });
    Answer {
        lines,
        json,
        is_unfinished: !faults.is_empty(),
    }
}

fn difference(found: &Found) -> Value {
    let (ours, theirs) = found.drift.sides();
    let (organization, subscription) = found.ours.map(|(whose, which, _)| (whose, which)).unzip();
    json!({
        "reference": found.reference, "kind": found.drift.name(), "ours": ours, "theirs": theirs,
        "organization": organization, "subscription": subscription,
    })
}

async fn compared(app: &App, owner: &str, vendor: &str) -> Answer {
    let run = match app.reconcile(owner, vendor).await {
        Ok(run) => run,
        Err(error) => return failed(vendor, &error),
    };
    let Run {
        compared,
        found,
        new,
        ..
    } = run;
    let said = match &run.state {
        RunState::Done | RunState::Running => {
            format!("{compared} compared, {found} otherwise, {new} of them new")
        }
        RunState::Stopped => format!(
            "stopped: {new} of {compared} would be new, so a second person has to look first"
        ),
        RunState::Failed { reason } => reason.clone(),
    };
    let mut lines = vec![format!("{vendor}: {said}")];
    for (skip, count) in &run.skipped {
        lines.push(format!("  {count} skipped: {}", skip.text()));
    }
    Answer {
        lines,
        json: json!({ "dry_run": false, "run": run }),
        is_unfinished: run.state != RunState::Done,
    }
}

fn failed(vendor: &str, error: &app::Error) -> Answer {
    Answer {
        lines: vec![format!("{vendor}: {error}")],
        json: json!({ "error": error.to_string() }),
        is_unfinished: true,
    }
}
