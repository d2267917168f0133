//! The table of requirements: every row names tests, and every test that it names exists and runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process;

const TABLE: &str = "docs/requirements.md";
/// Rows that there must be: R1 to R56, what the field's documents say of orders, and F1 to F21, the cases
/// that they reckon with.
const ROWS: [(char, u32); 2] = [('R', 56), ('F', 21)];

/// A row: its name and the tests that prove it.
#[derive(Debug, PartialEq)]
struct Row {
    id: String,
    words: String,
    tests: Vec<String>,
}

/// Fails when a row is missing or proves nothing.
pub fn run() -> Result<()> {
    let path = process::root().join(TABLE);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {TABLE}"))?;
    let rows = read(&text);
    let named: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row.tests.iter().map(String::as_str))
        .collect();
    let mut known = browser_tests()?;
    for (name, program) in test_programs()? {
        known.extend(tests_of(&name, &program)?);
    }
    let wrong = check(&rows, &known);
    for line in &wrong {
        println!("{TABLE}: {line}");
    }
    if !wrong.is_empty() {
        bail!("{TABLE} has {} gaps", wrong.len());
    }
    let (all, tests) = (rows.len(), named.len());
    println!("{all} requirements are proven, by {tests} tests");
    Ok(())
}

/// Rows as `| R1 | words | `crate::test`, `browser: title` |`.
fn read(text: &str) -> Vec<Row> {
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let id = cells.next()?.to_owned();
        let number = id.strip_prefix(ROWS.map(|(kind, _)| kind))?;
        let _: u32 = number.parse().ok()?;
        let words = cells.next()?.to_owned();
        let tests = cells.next().unwrap_or_default();
        let tests = tests.split('`').skip(1).step_by(2).map(str::to_owned);
        Some(Row {
            id,
            words,
            tests: tests.collect(),
        })
    });
    rows.collect()
}

fn required() -> impl Iterator<Item = String> {
    let names = |(kind, last): (char, u32)| (1..=last).map(move |number| format!("{kind}{number}"));
    ROWS.into_iter().flat_map(names)
}

fn check(rows: &[Row], known: &BTreeSet<String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for id in required() {
        match rows.iter().filter(|row| row.id == id).count() {
            1 => {}
            0 => wrong.push(format!("{id} has no row")),
            _ => wrong.push(format!("{id} has several rows")),
        }
    }
    for row in rows {
        if row.words.is_empty() {
            wrong.push(format!("{} says nothing", row.id));
        }
        if row.tests.is_empty() {
            wrong.push(format!("{} has no test", row.id));
        }
        let gone = row.tests.iter().filter(|test| !known.contains(*test));
        wrong.extend(gone.map(|test| format!("{}: no test `{test}` runs", row.id)));
    }
    wrong
}

/// The test programs of the workspace, each with its crate's folder; the selection is that of
/// `cargo xtask ci`, so nothing is built that is built already.
fn test_programs() -> Result<Vec<(String, PathBuf)>> {
    let mut cargo = process::command("cargo");
    cargo.args(["test", "--workspace", "--locked", "--no-run", "--quiet"]);
    let told = process::read(cargo.args(["--message-format", "json"]))?;
    let read = |line: &str| -> Option<(String, PathBuf)> {
        let message: Value = serde_json::from_str(line).ok()?;
        let program = message["executable"].as_str()?;
        let package = message["package_id"].as_str()?.split('#').next()?;
        let name = package.rsplit('/').next()?;
        (message["profile"]["test"] == true).then(|| (name.to_owned(), program.into()))
    };
    Ok(told.lines().filter_map(read).collect())
}

/// The tests of a program that run: those that are ignored don't.
fn tests_of(name: &str, program: &Path) -> Result<Vec<String>> {
    let list = |more: &[&str]| {
        let mut tests = process::command(program);
        process::read(tests.args(["--list", "--format", "terse"]).args(more))
    };
    let read = |text: &str| -> BTreeSet<String> {
        let tests = text.lines().filter_map(|line| line.strip_suffix(": test"));
        tests.map(|test| format!("{name}::{test}")).collect()
    };
    let ignored = read(&list(&["--ignored"])?);
    let all = read(&list(&[])?);
    Ok(all.difference(&ignored).cloned().collect())
}

/// The titles of the browser's tests, but for those that are skipped.
fn browser_tests() -> Result<BTreeSet<String>> {
    let folder = process::root().join("e2e/browser");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(&folder).context("cannot list e2e/browser")? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.js") {
            found.extend(titles(&fs::read_to_string(&path)?));
        }
    }
    Ok(found)
}

fn titles(source: &str) -> Vec<String> {
    let lines = source
        .lines()
        .filter_map(|line| line.strip_prefix("test(\""));
    let titles = lines.filter_map(|rest| rest.split_once('"'));
    let run = titles.filter(|(_, rest)| !rest.contains("skip"));
    run.map(|(title, _)| format!("browser: {title}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_a_test_and_a_test_that_does_not_run_are_found() {
        let mut text = String::from("| ID | What | Tests |\n|---|---|---|\n");
        for id in required() {
            let tests = match id.as_str() {
                "R7" | "F20" => "",
                "R8" => "`app::gone`",
                _ => "`app::here`, `browser: a title`",
            };
            let words = if id == "R9" { "" } else { "words" };
            if id != "R11" {
                text += &format!("| {id} | {words} | {tests} |\n");
            }
        }
        text += "| R12 | again | `app::here` |\n";
        let known = ["app::here", "browser: a title"].map(str::to_owned).into();
        assert_eq!(
            check(&read(&text), &known),
            [
                "R11 has no row",
                "R12 has several rows",
                "R7 has no test",
                "R8: no test `app::gone` runs",
                "R9 says nothing",
                "F20 has no test",
            ]
        );
    }

    #[test]
    fn a_title_is_read_and_a_skipped_one_is_not() {
        let source = "test(\"one\", async () => {\n  test(\"inner\");\n});\ntest(\"two\", { skip: true });\n";
        assert_eq!(titles(source), ["browser: one"]);
    }
}
