//! Rules for every text: no trailing space, nothing left to do later, one spelling.

use super::Finding;

const TRIMMED: &[&str] = &[".rs", ".md", ".html", ".css"];

/// In two halves, so that this file does not find itself.
const LATER: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

const BRITISH: [(&str, &str); 4] = [
    (concat!("organ", "isation"), "organization"),
    (concat!("lic", "ence"), "license"),
    (concat!("catal", "ogue"), "catalog"),
    (concat!("cance", "lled"), "canceled"),
];

/// Every broken rule in one file.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let numbered = text.lines().enumerate();
    numbered
        .flat_map(|(index, line)| check_line(path, index + 1, line))
        .collect()
}

fn check_line(path: &str, number: usize, line: &str) -> Vec<Finding> {
    let mut wrong = Vec::new();
    if has_ending(path, TRIMMED) && line.ends_with([' ', '\t', '\r']) {
        wrong.push("space at the end of the line: delete it".to_owned());
    }
    if let Some(word) = is_written(path).then(|| later(line)).flatten() {
        wrong.push(format!(
            "`{word}`: do it now, or open an issue and say nothing here"
        ));
    }
    if speaks_american(path) {
        let lower = line.to_lowercase();
        let british = BRITISH.iter().filter(|(word, _)| lower.contains(word));
        wrong.extend(british.map(|(word, ours)| format!("`{word}`: write `{ours}`")));
    }
    wrong
        .into_iter()
        .map(|what| Finding::new(path, number, what))
        .collect()
}

/// What people write here, as opposed to lock files and other people's specifications.
fn is_written(path: &str) -> bool {
    has_ending(
        path,
        &[".css", ".html", ".js", ".md", ".rs", ".sql", ".toml"],
    )
}

/// What vendors wrote themselves is kept as they wrote it.
fn speaks_american(path: &str) -> bool {
    let document = path.ends_with(".md") && (!path.contains('/') || path.starts_with("docs/"));
    let is_vendors = path.contains("/tests/") && path.ends_with(".json");
    path.starts_with("crates/") && !is_vendors || document
}

fn has_ending(path: &str, endings: &[&str]) -> bool {
    endings.iter().any(|ending| path.ends_with(ending))
}

fn later(line: &str) -> Option<&'static str> {
    let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    words.find_map(|word| LATER.into_iter().find(|mark| *mark == word))
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn space_at_the_end_is_found_where_we_write() {
        for path in ["a.rs", "a.md", "a.html", "a.css"] {
            assert_eq!(
                lines(&check(path, "good\nbad \nbad\t\n bad\r\n\n")),
                [2, 3],
                "{path}"
            );
        }
        assert!(check("a.snap", "whatever \n").is_empty());
    }

    #[test]
    fn what_is_left_for_later_is_found_as_a_whole_word() {
        for mark in LATER {
            let text = format!("one\n// {mark}: more\nx_{mark}\n{mark}S\n");
            assert_eq!(lines(&check("a.rs", &text)), [2]);
            assert!(check("package-lock.json", &text).is_empty());
        }
    }

    #[test]
    fn british_words_are_found_in_code_and_documents_in_any_case() {
        for (british, american) in BRITISH {
            let text = format!("{american}\nUn{}s\n", british.to_uppercase());
            for path in [
                "crates/web/templates/a.html",
                "crates/app/src/a.rs",
                "README.md",
                "docs/a.md",
            ] {
                assert_eq!(lines(&check(path, &text)), [2], "{british} in {path}");
            }
            for vendors in ["e2e/vendors/a.yaml", "crates/connectors/tests/a/b.json"] {
                assert!(check(vendors, &text).is_empty(), "{british} in {vendors}");
            }
        }
    }
}
