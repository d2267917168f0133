//! The settings file: what flags and the environment don't say, one schema for all commands.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use domain::order::filing::RecentWindow;
use serde::Deserialize;

/// Keys of the file; a flag or `SEATWRIGHT_…` of the same name wins.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `sqlite://PATH` or `postgres://…`.
    pub database_url: Option<String>,
    /// Address to listen on.
    pub listen: Option<String>,
    /// Where people reach it.
    pub public_url: Option<String>,
    /// How long an order stays in Recent after its last change of phase: `7d`, `48h`, `30m`.
    pub recent_window: Option<RecentWindow>,
}

impl Settings {
    /// Reads a file, when one is named. What is wrong is told by its name and line, never its value.
    pub fn read(file: Option<&Path>) -> Result<Settings> {
        let Some(file) = file else {
            return Ok(Settings::default());
        };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("can't read the settings file {}", file.display()))?;
        Settings::parse(&text).with_context(|| format!("in the settings file {}", file.display()))
    }

    fn parse(text: &str) -> Result<Settings> {
        match toml::from_str(text) {
            Ok(settings) => Ok(settings),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start).min(text.len());
                let number = text[..at].matches('\n').count() + 1;
                let line = text.lines().nth(number - 1).unwrap_or_default();
                let name = line.split('=').next().unwrap_or_default().trim();
                bail!(
                    "line {number}, setting `{name}`: unknown, or not of its kind; there are \
                     database_url, listen, public_url and recent_window (such as 7d), each a quoted text"
                );
            }
        }
    }

    /// The recent window: as the flag says, else the file, else seven days.
    pub fn recent_window(&self, flag: Option<&str>) -> Result<RecentWindow> {
        match flag {
            // Its own words and not those of clap, which would repeat the value.
            Some(text) => RecentWindow::parse(text).context("recent_window"),
            None => Ok(self.recent_window.unwrap_or_default()),
        }
    }

    /// Where the world reaches this installation: as the flag says, else the file.
    pub fn public_url(&self, flag: Option<String>) -> Option<String> {
        flag.or_else(|| self.public_url.clone())
    }

    /// The database: as the flag says, else the file, else SQLite in the XDG data directory.
    pub fn database_url(&self, flag: Option<String>) -> Result<String> {
        if let Some(url) = flag.or_else(|| self.database_url.clone()) {
            return Ok(url);
        }
        let data = data_directory().context("set database_url: there is no home directory")?;
        Ok(format!("sqlite://{}", data.join("seatwright.db").display()))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where data live by default is the environment's to say"
)]
fn data_directory() -> Option<PathBuf> {
    let directory = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty());
    let data = directory("XDG_DATA_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(directory("HOME")?).join(".local/share")))?;
    Some(data.join("seatwright"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named_and_its_value_is_not() {
        for (text, name) in [
            (
                "listen = \"a\"\ndatabase_uri = \"postgres://u:secret@h\"",
                "database_uri",
            ),
            ("listen = \"a\"\ndatabase_url = 5 # secret", "database_url"),
            ("database_url = \"secret", "database_url"),
            ("recent_window = \"secret\"", "recent_window"),
            ("recent_window = \"367d\"", "recent_window"),
        ] {
            let words = format!("{:#}", Settings::parse(text).expect_err(text));
            assert!(words.contains(name), "{words}");
            assert!(!words.contains("secret"), "{words}");
        }
    }

    #[test]
    fn a_flag_wins_over_the_file() {
        let file = Settings::parse("database_url = \"sqlite:///file\"").expect("good");
        let url = |flag: Option<&str>| file.database_url(flag.map(str::to_owned)).expect("good");
        assert_eq!(url(Some("sqlite:///flag")), "sqlite:///flag");
        assert_eq!(url(None), "sqlite:///file");
        let file = Settings::parse("recent_window = \"48h\"").expect("good");
        for (settings, flag, expected) in [
            (&file, Some("30m"), "30m"),
            (&file, None, "48h"),
            (&Settings::default(), None, "7d"),
        ] {
            let window = settings.recent_window(flag).expect("good");
            assert_eq!(window, RecentWindow::parse(expected).expect("a window"));
        }
        let words = format!("{:#}", file.recent_window(Some("secret")).expect_err("bad"));
        assert!(
            words.contains("recent_window") && !words.contains("secret"),
            "{words}"
        );
    }
}
