//! The map and the arrows: ARCHITECTURE.md names every room, and no room uses one above it.

use std::collections::BTreeSet;

use super::{File, Finding};

const MAP: &str = "ARCHITECTURE.md";

/// Which rooms a room may use; `server` wires all of them and holds no rules.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("store", &["domain"]),
    ("connectors", &["domain"]),
    ("app", &["domain", "store", "connectors"]),
    ("web", &["app", "domain"]),
    ("server", &["app", "connectors", "domain", "store", "web"]),
];

/// Every broken rule about the shape of the repository.
pub fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = unnamed(files);
    for File { path, text } in files {
        let room = path
            .strip_prefix("crates/")
            .and_then(|rest| rest.strip_suffix("/Cargo.toml"));
        if let Some(room) = room {
            findings.extend(arrows(room, path, text));
        }
    }
    findings
}

fn unnamed(files: &[File]) -> Vec<Finding> {
    let map = files
        .iter()
        .find(|file| file.path == MAP)
        .map_or("", |file| file.text.as_str());
    let missing = places(files).into_iter().filter(|place| !names(map, place));
    missing
        .map(|place| format!("`{place}` is not on the map: say in one line what lives there"))
        .map(|what| Finding::new(MAP, 1, what))
        .collect()
}

/// Top-level folders, and each crate.
fn places(files: &[File]) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    for File { path, .. } in files {
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["crates", room, _, ..] => places.insert(format!("crates/{room}")),
            [folder, _, ..] => places.insert((*folder).to_owned()),
            _ => false,
        };
    }
    places
}

/// Only what stands between back quotes counts: prose says `web` and `app` often enough.
fn names(map: &str, place: &str) -> bool {
    let quoted = map.split('`').skip(1).step_by(2);
    let mut quoted = quoted.filter_map(|words| words.strip_prefix(place));
    quoted.any(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn arrows(room: &str, path: &str, manifest: &str) -> Vec<Finding> {
    let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == room) else {
        let what = format!("a new room `{room}`: add its arrows to xtask/src/tidy/map.rs");
        return vec![Finding::new(path, 1, what)];
    };
    let used = used_rooms(manifest);
    let wrong = used.into_iter().filter(|(_, used)| !allowed.contains(used));
    wrong
        .map(|(line, used)| {
            let what = format!("`{room}` may not use `{used}`: see the map in {MAP}");
            Finding::new(path, line, what)
        })
        .collect()
}

fn used_rooms(manifest: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (index, line) in manifest.lines().enumerate() {
        let line = line.split('#').next().unwrap_or(line).trim();
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_end_matches(']');
            let named = header
                .rsplit_once('.')
                .filter(|(table, _)| is_dependencies(table));
            inside = is_dependencies(header) || named.is_some();
            found.extend(
                named
                    .and_then(|(_, name)| room(name))
                    .map(|room| (index + 1, room)),
            );
        } else if inside {
            found.extend(dependency(line).map(|room| (index + 1, room)));
        }
    }
    found
}

/// Tests may look behind any wall, so `dev-dependencies` are free.
fn is_dependencies(table: &str) -> bool {
    let last = table.rsplit('.').next().unwrap_or(table);
    matches!(last, "dependencies" | "build-dependencies")
}

/// The room behind `name.workspace = true`, `name = { … }` or `other = { path = "../name" }`.
fn dependency(line: &str) -> Option<&'static str> {
    let name = line.split(['.', '=']).next()?.trim().trim_matches('"');
    room(name).or_else(|| renamed(line))
}

fn renamed(line: &str) -> Option<&'static str> {
    let parts: Vec<&str> = line.split('"').collect();
    parts.chunks_exact(2).find_map(|pair| {
        let key = pair[0].trim_end_matches(['=', ' ']);
        let renames = key.ends_with("path") || key.ends_with("package");
        room(pair[1].trim_start_matches("../")).filter(|_| renames)
    })
}

fn room(name: &str) -> Option<&'static str> {
    ARROWS
        .iter()
        .map(|(room, _)| *room)
        .find(|room| *room == name)
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_folder_or_crate_that_the_map_does_not_name_is_found() {
        let files = [
            file(
                "ARCHITECTURE.md",
                "| `crates/domain` | `e2e/browser` in app |",
            ),
            file("README.md", ""),
            file("crates/domain/src/lib.rs", ""),
            file("crates/app/src/lib.rs", ""),
            file("e2e/src/lib.rs", ""),
            file("tools/a.rs", ""),
        ];
        let found: Vec<String> = check(&files)
            .into_iter()
            .map(|finding| finding.what)
            .collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("`crates/app` is not on the map"));
        assert!(found[1].starts_with("`tools` is not on the map"));
    }

    #[test]
    fn a_missing_map_names_nothing() {
        assert_eq!(lines(&check(&[file("xtask/src/main.rs", "")])), [1]);
    }

    #[test]
    fn each_room_may_use_exactly_what_the_map_says() {
        let mut printed = String::new();
        for (room, _) in ARROWS {
            let path = format!("crates/{room}/Cargo.toml");
            for (used, _) in ARROWS.iter().filter(|(used, _)| used != room) {
                let manifest = format!("[dependencies]\n{used}.workspace = true\n");
                if arrows(room, &path, &manifest).is_empty() {
                    printed += &format!("{room} -> {used}\n");
                }
            }
        }
        let expected = "store -> domain\nconnectors -> domain\n\
            app -> domain\napp -> store\napp -> connectors\n\
            web -> domain\nweb -> app\n\
            server -> domain\nserver -> store\nserver -> connectors\nserver -> app\nserver -> web\n";
        assert_eq!(printed, expected);
    }

    #[test]
    fn an_arrow_is_found_however_it_is_written() {
        let table: &[(&str, &[usize])] = &[
            (
                "[dependencies]\nserde = \"1\"\nstore = { path = \"../store\" }\n",
                &[3],
            ),
            ("[dependencies.store]\npath = \"../store\"\n", &[1, 2]),
            (
                "[target.'cfg(unix)'.dependencies]\nstore.workspace = true\n",
                &[2],
            ),
            (
                "[build-dependencies]\nother = { package = \"store\" }\n",
                &[2],
            ),
            ("[dependencies]\nshop = { path = \"../store\" }\n", &[2]),
            ("[dependencies.shop]\npath = \"../store\"\n", &[2]),
            (
                "[dependencies]\nsqlx = { version = \"1\", features = [\"store\", \"app\"] }\n",
                &[],
            ),
            ("[dev-dependencies]\nstore.workspace = true\n", &[]),
            (
                "[dependencies]\n# store.workspace = true\nrestore = \"1\"\n",
                &[],
            ),
            ("[dependencies]\n\n[features]\nstore = []\n", &[]),
        ];
        for (manifest, expected) in table {
            assert_eq!(
                lines(&arrows("web", "x", manifest)),
                *expected,
                "{manifest}"
            );
        }
    }

    #[test]
    fn a_new_room_needs_its_arrows() {
        assert_eq!(
            lines(&arrows("billing", "crates/billing/Cargo.toml", "")),
            [1]
        );
    }
}
