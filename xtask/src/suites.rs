//! The workspace's tests as programs of which two run side by side: some wait for holds, locks and processes, and the
//! others need what is left of the machine.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;

use crate::process;

/// Packages whose tests wait, and about half of all there is to do; each of their programs runs so many at a time.
const WAIT: [&str; 2] = ["e2e", "store"];
const WAITING_THREADS: &str = "4";
/// The others' tests compute.
const BUSY_THREADS: &str = "2";

/// A program of tests.
#[derive(Debug, PartialEq)]
struct Suite {
    /// Where its package is, which is where it runs.
    folder: PathBuf,
    program: PathBuf,
}

impl Suite {
    /// What cargo says in one line of JSON about something it has built; `None` where that is no test.
    fn read(line: &str) -> Option<Suite> {
        let built: Value = serde_json::from_str(line).ok()?;
        let is_test = built["profile"]["test"] == true;
        let program = built["executable"].as_str().filter(|_| is_test)?;
        let folder = Path::new(built["manifest_path"].as_str()?).parent()?;
        Some(Suite {
            folder: folder.to_owned(),
            program: program.into(),
        })
    }

    fn waits(&self) -> bool {
        WAIT.iter().any(|package| self.folder.ends_with(package))
    }

    fn run(&self, settings: &[(&str, String)], threads: &str) -> Result<Output> {
        process::command(&self.program)
            .current_dir(&self.folder)
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .env("RUST_TEST_THREADS", threads)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {}", self.program.display()))
    }
}

/// Runs all tests that a selection of packages has, with these settings, and shows each program's output at its end.
/// Fails with the names of those that failed.
pub fn run(selection: &[&str], settings: &[(&str, String)]) -> Result<()> {
    let mut build = process::command("cargo");
    build.arg("test").args(selection);
    build.args(["--no-run", "--message-format=json"]);
    let suites: Vec<Suite> = process::read(&mut build)?
        .lines()
        .filter_map(Suite::read)
        .collect();
    ensure!(!suites.is_empty(), "cargo has built no tests");
    let (waiting, busy): (Vec<_>, Vec<_>) = suites.iter().partition(|suite| suite.waits());
    let failed = thread::scope(|scope| {
        let waiting = scope.spawn(|| run_in_turn(&waiting, settings, WAITING_THREADS));
        let mut failed = run_in_turn(&busy, settings, BUSY_THREADS)?;
        failed.extend(waiting.join().map_err(|_| anyhow!("a panic"))??);
        Ok::<_, anyhow::Error>(failed)
    })?;
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    let mut documentation = process::command("cargo");
    process::run(documentation.arg("test").args(selection).arg("--doc"))
}

/// One after the other; those that failed.
fn run_in_turn(
    suites: &[&Suite],
    settings: &[(&str, String)],
    threads: &str,
) -> Result<Vec<String>> {
    let mut failed = Vec::new();
    for suite in suites {
        let output = suite.run(settings, threads)?;
        let program = suite.program.display();
        let told = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        println!("$ {program}\n{told}{errors}");
        if !output.status.success() {
            failed.push(program.to_string());
        }
    }
    Ok(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cargo_built_is_a_suite_where_it_is_a_test() {
        let built = |test: bool, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","manifest_path":"/a/crates/store/Cargo.toml",
                "profile":{{"test":{test}}},"executable":{executable}}}"#
            )
        };
        let suite = Suite::read(&built(true, r#""/a/target/it""#)).unwrap();
        assert_eq!(suite.folder, Path::new("/a/crates/store"));
        assert!(suite.waits());
        assert_eq!(Suite::read(&built(false, r#""/a/target/it""#)), None);
        assert_eq!(Suite::read(&built(true, "null")), None);
        assert_eq!(Suite::read("no JSON"), None);
    }

    #[test]
    fn who_fails_is_named() {
        let suite = |program: &str| Suite {
            folder: "/".into(),
            program: program.into(),
        };
        let (good, bad) = (suite("/bin/true"), suite("/bin/false"));
        let failed = run_in_turn(&[&good, &bad], &[], "1").unwrap();
        assert_eq!(failed, ["/bin/false"]);
    }
}
