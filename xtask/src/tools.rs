//! What the tests need beyond Rust, installed when it is missing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::{postgres, process};

/// The folder with PostgreSQL's server programs; the newest, where there are several.
pub fn postgres() -> Result<PathBuf> {
    if let Some(bin) = find_postgres() {
        return Ok(bin);
    }
    install("postgresql")?;
    match find_postgres() {
        Some(bin) => Ok(bin),
        None => bail!("PostgreSQL was installed, but no initdb is in /usr/lib/postgresql/*/bin"),
    }
}

/// Debian's Chromium; the browser tests bring no browser of their own.
pub fn chromium() -> Result<()> {
    if !Path::new("/usr/bin/chromium").exists() {
        install("chromium")?;
    }
    Ok(())
}

/// The npm packages that a folder's lock file pins.
pub fn npm(folder: &str) -> Result<()> {
    let mut command = process::command("npm");
    process::read(command.args(["ci", "--prefix", folder, "--no-audit", "--no-fund"])).map(drop)
}

/// A Python with the Open Service Broker that nobody here wrote; made anew when its pins change.
pub fn broker_python() -> Result<PathBuf> {
    let (pins, folder) = (
        "e2e/vendors/osb/requirements.txt",
        process::root().join(".tools/osb"),
    );
    let (python, stamp) = (folder.join("bin/python"), folder.join("pins.txt"));
    let wanted = fs::read(process::root().join(pins))?;
    if fs::read(&stamp).is_ok_and(|found| found == wanted) && python.exists() {
        return Ok(python);
    }
    process::read(
        process::command("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    )?;
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        pins,
    ];
    process::read(process::command(&python).args(install))?;
    fs::write(stamp, wanted)?;
    Ok(python)
}

/// Prism, which checks each request against the specification's own OpenAPI file.
pub fn prism() -> Result<PathBuf> {
    npm("e2e/vendors/prism")?;
    Ok(process::root().join("e2e/vendors/prism/node_modules/.bin/prism"))
}

fn find_postgres() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| entry.ok())
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().map(|(_, bin)| bin)
}

fn install(package: &str) -> Result<()> {
    if !postgres::am_root()? {
        bail!("the Debian package `{package}` is missing: `sudo apt-get install {package}`");
    }
    let mut update = process::command("apt-get");
    process::read(update.args(["update", "-q"]))?;
    let mut install = process::command("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    process::run(install.args(["install", "-y", "-q", "--no-install-recommends", package]))
}
