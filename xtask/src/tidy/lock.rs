//! Rules for lock files: crates that may not come in, and no address of anybody's mirror.

use super::Finding;

const BANNED: [(&str, &str); 3] = [
    ("aws-lc-sys", "use ring: rustls with the feature `ring`"),
    ("openssl-sys", "use rustls"),
    ("native-tls", "use rustls"),
];

/// One HTTP client, one version of it: its limits and its TLS are set in one place.
const SINGLE: &str = "reqwest";

/// Every broken rule in one lock file; other files have none.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    match path.rsplit('/').next() {
        Some("Cargo.lock") => crates(path, text),
        Some("package-lock.json") => addresses(path, text),
        _ => Vec::new(),
    }
}

fn crates(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut singles = 0;
    for (line, name) in names(text) {
        if let Some((_, instead)) = BANNED.iter().find(|(banned, _)| *banned == name) {
            findings.push(Finding::new(
                path,
                line,
                format!("`{name}` is banned: {instead}"),
            ));
        }
        singles += usize::from(name == SINGLE);
        if name == SINGLE && singles == 2 {
            let what =
                format!("a second `{SINGLE}`: let `cargo tree -i {SINGLE}` say who asks for it");
            findings.push(Finding::new(path, line, what));
        }
    }
    findings
}

fn names(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate();
    numbered.filter_map(|(index, line)| {
        let name = line.strip_prefix("name = \"")?.strip_suffix('"')?;
        Some((index + 1, name))
    })
}

fn addresses(path: &str, text: &str) -> Vec<Finding> {
    let numbered = text.lines().enumerate();
    let resolved = numbered.filter(|(_, line)| line.trim_start().starts_with("\"resolved\""));
    let what = "an address from one machine: `omit-lockfile-registry-resolved=true` in .npmrc beside \
                it, delete the file, `npm install --package-lock-only`";
    resolved
        .map(|(index, _)| Finding::new(path, index + 1, what))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn banned_crates_and_a_second_client_are_found() {
        let lock = |names: &[&str]| -> String {
            names
                .iter()
                .map(|name| format!("name = \"{name}\"\n"))
                .collect()
        };
        for (name, _) in BANNED {
            assert_eq!(
                lines(&check("Cargo.lock", &lock(&["ring", name]))),
                [2],
                "{name}"
            );
        }
        assert!(check("Cargo.lock", &lock(&["reqwest", "reqwest-middleware"])).is_empty());
        assert_eq!(
            lines(&check("Cargo.lock", &lock(&["reqwest", "a", "reqwest"]))),
            [3]
        );
        assert!(check("other.toml", &lock(&["openssl-sys"])).is_empty());
    }

    #[test]
    fn an_address_in_an_npm_lock_is_found() {
        let text =
            "{\n  \"resolved\": \"https://mirror.example/a.tgz\",\n  \"version\": \"1\"\n}\n";
        assert_eq!(lines(&check("e2e/browser/package-lock.json", text)), [2]);
    }
}
