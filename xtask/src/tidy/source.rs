//! Just enough reading of Rust to tell a string from a comment and a test from the rest.

/// The text before an inline `#[cfg(test)] mod tests`, which closes a file.
pub fn before_tests(text: &str) -> &str {
    let tail = text
        .match_indices("#[cfg(test)]\nmod tests")
        .map(|(start, _)| start)
        .find(|start| *start == 0 || text[..*start].ends_with('\n'));
    &text[..tail.unwrap_or(text.len())]
}

/// Every string literal with the line on which it starts, as it is written.
pub fn strings(text: &str) -> Vec<(usize, &str)> {
    let mut reader = Reader { text, at: 0 };
    let mut found = Vec::new();
    while let Some((start, end)) = reader.next_string() {
        let line = text[..start].matches('\n').count() + 1;
        found.push((line, &text[start..end]));
    }
    found
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn next_string(&mut self) -> Option<(usize, usize)> {
        while let Some(next) = self.rest().chars().next() {
            if self.rest().starts_with("//") {
                self.skip_past("\n");
            } else if self.rest().starts_with("/*") {
                self.skip_past("*/");
            } else if next == '"' {
                return Some(self.quoted());
            } else if next == '\'' {
                self.skip_character();
            } else if next.is_alphanumeric() || next == '_' {
                if let Some(found) = self.word_or_raw_string() {
                    return Some(found);
                }
            } else {
                self.at += next.len_utf8();
            }
        }
        None
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn skip_past(&mut self, end: &str) {
        let length = self.rest().find(end).map(|found| found + end.len());
        self.at += length.unwrap_or(self.rest().len());
    }

    fn quoted(&mut self) -> (usize, usize) {
        let start = self.at + 1;
        let mut escaped = false;
        let end = self.text[start..].find(|letter| {
            let ends = letter == '"' && !escaped;
            escaped = letter == '\\' && !escaped;
            ends
        });
        let end = end.map_or(self.text.len(), |length| start + length);
        self.at = (end + 1).min(self.text.len());
        (start, end)
    }

    /// `'x'` and `'\''` are characters; `'static` is a lifetime, of which only the mark is skipped.
    fn skip_character(&mut self) {
        let mut letters = self.rest().char_indices().skip(1);
        let (first, second) = (letters.next(), letters.next());
        match (first, second) {
            (Some((_, '\\')), Some((at, letter))) => {
                self.at += at + letter.len_utf8();
                self.skip_past("'");
            }
            (Some(_), Some((at, '\''))) => self.at += at + 1,
            _ => self.at += 1,
        }
    }

    fn word_or_raw_string(&mut self) -> Option<(usize, usize)> {
        let rest = self.rest();
        let length = rest
            .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(length);
        let marks = after.len() - after.trim_start_matches('#').len();
        let raw = matches!(word, "r" | "br" | "cr") && after[marks..].starts_with('"');
        self.at += length;
        if !raw {
            return None;
        }
        let start = self.at + marks + 1;
        let close = format!("\"{}", "#".repeat(marks));
        let end = self.text[start..].find(&close);
        let end = end.map_or(self.text.len(), |length| start + length);
        self.at = (end + close.len()).min(self.text.len());
        Some((start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_told_from_comments_characters_and_lifetimes() {
        let table: &[(&str, &[(usize, &str)])] = &[
            ("let a = \"one\";", &[(1, "one")]),
            ("// \"no\"\n/* \"no\" */ \"yes\"", &[(2, "yes")]),
            (
                r#"'"' "a" '\'' "b" '\\' "c""#,
                &[(1, "a"), (1, "b"), (1, "c")],
            ),
            ("fn f<'a>(x: &'a str) { \"in\" }", &[(1, "in")]),
            (r#""say \"hi\"" "and""#, &[(1, r#"say \"hi\""#), (1, "and")]),
            (r#""\\" "next""#, &[(1, r"\\"), (1, "next")]),
            (
                "r#\"raw \" one\"# r\"two\" br\"three\"",
                &[(1, "raw \" one"), (1, "two"), (1, "three")],
            ),
            ("let r#type = \"plain\";", &[(1, "plain")]),
            ("\"two\nlines\" \"then\"", &[(1, "two\nlines"), (2, "then")]),
            ("\"never ends", &[(1, "never ends")]),
        ];
        for (text, expected) in table {
            assert_eq!(strings(text), *expected, "{text}");
        }
    }

    #[test]
    fn only_the_inline_tests_at_the_end_are_cut_off() {
        assert_eq!(before_tests("a\n#[cfg(test)]\nmod tests {\n}\n"), "a\n");
        for whole in [
            "a\n#[cfg(test)]\nfn helper() {}\n",
            "a\n    #[cfg(test)]\nmod tests;",
        ] {
            assert_eq!(before_tests(whole), whole);
        }
    }
}
