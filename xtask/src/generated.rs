//! Files in the repository that the program itself prints: they must say what it says now.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process;

/// Each file with the arguments that print it.
const FILES: &[(&str, &[&str])] = &[("openapi.json", &["openapi"])];

/// Fails when a file differs; one that is not in git yet is passed over.
pub fn check(program: &Path) -> Result<()> {
    for (file, arguments) in FILES {
        let path = process::root().join(file);
        if !path.exists() && !is_tracked(file)? {
            println!("{file} is not in git yet: passed over");
            continue;
        }
        let kept = fs::read_to_string(&path).with_context(|| format!("cannot read {file}"))?;
        let printed = process::read(process::command(program).args(*arguments))?;
        let mend = format!("`cargo run -- {} > {file}`", arguments.join(" "));
        if let Some(line) = first_difference(&kept, &printed) {
            bail!("{file}:{line}: not what the program prints now: {mend}");
        }
        println!("{file} is what the program prints");
    }
    Ok(())
}

/// Whoever owns the checkout: git would otherwise refuse to look into another user's.
fn is_tracked(file: &str) -> Result<bool> {
    if !process::root().join(".git").exists() {
        return Ok(false);
    }
    let mut git = process::command("git");
    git.args(["-c", "safe.directory=*", "ls-files", "--", file]);
    Ok(!process::read(&mut git)?.trim().is_empty())
}

fn first_difference(kept: &str, printed: &str) -> Option<usize> {
    if kept == printed {
        return None;
    }
    let pairs = kept.lines().zip(printed.lines());
    Some(pairs.take_while(|(one, other)| one == other).count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        let table = [
            ("a\nb\n", "a\nb\n", None),
            ("a\nb\n", "a\nc\n", Some(2)),
            ("a\n", "a\nb\n", Some(2)),
            ("a\nb\n", "a\n", Some(2)),
            ("a", "a\n", Some(2)),
            ("", "a\n", Some(1)),
        ];
        for (kept, printed, expected) in table {
            assert_eq!(
                first_difference(kept, printed),
                expected,
                "{kept:?} {printed:?}"
            );
        }
    }
}
