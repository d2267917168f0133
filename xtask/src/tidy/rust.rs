//! Rules for Rust files: the opening sentence, length, names, where SQL lives, what tests may not do.

use super::Finding;
use super::source::{before_tests, strings};

const LINES_MAX: usize = 500;

const VAGUE: &[&str] = &[
    "common.rs",
    "helpers.rs",
    "misc.rs",
    "mod.rs",
    "models.rs",
    "types.rs",
    "utils.rs",
];

/// Upper case, as the house writes SQL; a space follows, so that prose in capitals rarely matches.
const SQL: &[&str] = &["SELECT", "INSERT INTO", "UPDATE", "DELETE FROM"];

/// Every broken rule in one file; other kinds of file have none.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    findings.extend(vague_name(path));
    findings.extend(forbidden_attributes(path, text));
    if !is_test(path) {
        findings.extend(opening(path, text));
        findings.extend(length(path, text));
        findings.extend(sql(path, text));
    }
    findings
}

fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

fn vague_name(path: &str) -> Option<Finding> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let what = match name {
        "mod.rs" => "`mod.rs` tells nobody its name: use `orders.rs` beside `orders/`".to_owned(),
        _ => format!("`{name}` says nothing: name the file after the one noun it is about"),
    };
    VAGUE.contains(&name).then(|| Finding::new(path, 1, what))
}

fn opening(path: &str, text: &str) -> Option<Finding> {
    let block: Vec<&str> = text
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .collect();
    let sentence = block.iter().take_while(|line| !line.trim().is_empty());
    let closed = sentence
        .last()
        .is_some_and(|line| line.ends_with(['.', ':', '!', '?']));
    let what = "no opening sentence: start with `//! What lives here.`";
    (!closed).then(|| Finding::new(path, 1, what))
}

fn length(path: &str, text: &str) -> Option<Finding> {
    let lines = before_tests(text).lines().count();
    let what =
        format!("{lines} lines, {LINES_MAX} is the limit: move one noun to a file of its own");
    (lines > LINES_MAX).then(|| Finding::new(path, LINES_MAX + 1, what))
}

fn sql(path: &str, text: &str) -> Vec<Finding> {
    if !path.starts_with("crates/") || path.starts_with("crates/store/") {
        return Vec::new();
    }
    let found = strings(before_tests(text));
    let found = found
        .iter()
        .filter(|(_, literal)| SQL.iter().any(|word| says(literal, word)));
    let what = "SQL outside the store: move it to crates/store and call it from here";
    found
        .map(|(line, _)| Finding::new(path, *line, what))
        .collect()
}

fn says(literal: &str, word: &str) -> bool {
    literal.match_indices(word).any(|(start, _)| {
        let before = literal[..start].chars().next_back();
        let after = &literal[start + word.len()..];
        !before.is_some_and(char::is_alphanumeric)
            && (after.starts_with(char::is_whitespace) || after.starts_with("\\n"))
    })
}

fn forbidden_attributes(path: &str, text: &str) -> Vec<Finding> {
    let table = [
        (
            "#[ignore",
            "an ignored test guards nothing: mend it or delete it",
        ),
        (
            "#[should_panic",
            "a panic says too little: assert the error that is returned",
        ),
    ];
    let numbered = text.lines().enumerate();
    numbered
        .flat_map(|(index, line)| table.map(|(start, what)| (index + 1, line, start, what)))
        .filter(|(_, line, start, _)| line.trim_start().starts_with(start))
        .map(|(line, _, _, what)| Finding::new(path, line, what))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    const HERE: &str = "crates/app/src/orders.rs";
    const OPENING: &str = "//! Orders.\n";

    fn found(path: &str, text: &str) -> Vec<usize> {
        lines(&check(path, text))
    }

    #[test]
    fn a_file_opens_with_a_sentence() {
        let table: &[(&str, &[usize])] = &[
            ("//! Orders.\n", &[]),
            (
                "//! Orders,\n//! and their lines.\n//!\n//! more\nuse x;\n",
                &[],
            ),
            ("//! orders\n", &[1]),
            ("//!\n", &[1]),
            ("\n//! Orders.\n", &[1]),
            ("use x;\n", &[1]),
            ("", &[1]),
        ];
        for (text, expected) in table {
            assert_eq!(found(HERE, text), *expected, "{text}");
            assert!(found("crates/app/tests/it/main.rs", text).is_empty());
        }
    }

    #[test]
    fn a_long_file_is_found_but_its_tests_are_not_counted() {
        let long = |lines: usize| format!("{OPENING}{}", "fn f() {}\n".repeat(lines - 1));
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "// x\n".repeat(400));
        assert!(found(HERE, &long(LINES_MAX)).is_empty());
        assert_eq!(found(HERE, &long(LINES_MAX + 1)), [LINES_MAX + 1]);
        assert!(found(HERE, &(long(LINES_MAX) + &tests)).is_empty());
        assert!(found("crates/app/tests/it/main.rs", &long(600)).is_empty());
    }

    #[test]
    fn vague_file_names_are_found_wherever_they_are() {
        for name in VAGUE {
            assert_eq!(
                found(&format!("crates/app/src/{name}"), OPENING),
                [1],
                "{name}"
            );
            assert_eq!(
                found(&format!("crates/app/tests/it/{name}"), OPENING),
                [1],
                "{name}"
            );
        }
        assert!(found("crates/app/src/uncommon.rs", OPENING).is_empty());
    }

    #[test]
    fn sql_is_found_in_strings_outside_the_store() {
        let table: &[(&str, &[usize])] = &[
            ("const A: &str = \"SELECT id FROM orders\";", &[2]),
            ("f(r#\"\n  INSERT INTO orders\"#)", &[2]),
            ("f(\"UPDATE orders SET a = 1\")", &[2]),
            ("f(\"WITH x AS (SELECT\\n1)\")", &[2]),
            ("f(\"DELETE FROM orders\")", &[2]),
            ("// SELECT id FROM orders", &[]),
            ("f(\"Select a plan, UPDATED daily, or PRESELECT one\")", &[]),
            (
                "#[cfg(test)]\nmod tests { const A: &str = \"SELECT 1\"; }",
                &[],
            ),
        ];
        for (text, expected) in table {
            let text = format!("{OPENING}{text}\n");
            assert_eq!(found(HERE, &text), *expected, "{text}");
            assert!(found("crates/store/src/orders.rs", &text).is_empty());
            assert!(found("crates/app/tests/it/main.rs", &text).is_empty());
        }
    }

    #[test]
    fn tests_are_neither_ignored_nor_meant_to_panic() {
        let path = "crates/app/tests/it/main.rs";
        assert_eq!(found(path, "#[test]\n    #[ignore]\nfn a() {}\n"), [2]);
        assert_eq!(found(path, "#[ignore = \"slow\"]\nfn a() {}\n"), [1]);
        assert_eq!(
            found(path, "#[should_panic(expected = \"x\")]\nfn a() {}\n"),
            [1]
        );
        assert!(found(path, "// never write #[ignore]\n").is_empty());
    }
}
