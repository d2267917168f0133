//! House rules that neither the compiler nor clippy knows, each with its line and how to mend it.

mod lock;
mod map;
mod rust;
mod source;
mod text;

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::process;

/// Folders that hold what was built, installed or recorded, never what was written.
const NOT_OURS: &[&str] = &["target", "node_modules"];

/// What is read as text; anything else (pictures, archives) is left alone.
const TEXT: &[&str] = &[
    "css", "html", "js", "json", "lock", "md", "rs", "snap", "sql", "toml", "txt", "yaml",
];

/// A file of the repository, by its path from the root.
pub struct File {
    path: String,
    text: String,
}

/// One broken rule.
#[derive(Debug, PartialEq)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Reads the whole repository and fails with every broken rule.
pub fn run() -> Result<()> {
    let root = process::root();
    let mut files = Vec::new();
    collect(root, "", &mut files)?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    let findings = check(&files);
    for finding in &findings {
        println!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy found {}", findings.len());
    }
    println!("tidy read {} files and found nothing", files.len());
    Ok(())
}

fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = map::check(files);
    for File { path, text } in files {
        findings.extend(rust::check(path, text));
        findings.extend(text::check(path, text));
        findings.extend(lock::check(path, text));
    }
    findings
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && !NOT_OURS.contains(&name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), files)?;
            }
        } else {
            let text = read(&entry.path())?;
            files.push(File { path, text });
        }
    }
    Ok(())
}

/// A picture counts as a file of its folder and has nothing to read.
fn read(path: &Path) -> Result<String> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    if !ending.is_some_and(|ending| TEXT.contains(&ending)) {
        return Ok(String::new());
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// What a rule's own tests compare: the lines that it names.
#[cfg(test)]
fn lines(findings: &[Finding]) -> Vec<usize> {
    findings.iter().map(|finding| finding.line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where_what_and_how_to_mend_it() {
        let file = |path: &str, text: &str| File {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let files = [
            file("ARCHITECTURE.md", "`crates/domain`\n"),
            file("crates/domain/src/id.rs", "use x;\n"),
        ];
        let found: Vec<String> = check(&files).iter().map(Finding::to_string).collect();
        assert_eq!(
            found,
            ["crates/domain/src/id.rs:1: no opening sentence: start with `//! What lives here.`"]
        );
    }
}
