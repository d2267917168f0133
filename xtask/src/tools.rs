//! What the tests need beyond Rust: found or installed, each at the version that the pins name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{postgres, process};

const CHROMIUM: &str = "/usr/bin/chromium";
/// Started as a jar: its npm command would leave the Java process behind.
const WIREMOCK: &str = "wiremock/build/wiremock-standalone-3.13.2.jar";

/// Everything that the tests are told the place of.
pub struct Tools {
    /// The folder with PostgreSQL's server programs.
    pub postgres: PathBuf,
    /// A Python with the Open Service Broker that nobody here wrote.
    pub broker_python: PathBuf,
    /// moto's server, which plays AWS.
    pub moto: PathBuf,
    /// Prism, which checks each request against the specification's own OpenAPI file.
    pub prism: PathBuf,
    /// WireMock's jar, which plays Microsoft Partner Center.
    pub wiremock: PathBuf,
    /// The packages that drive Debian's Chromium; they bring no browser of their own.
    browser: PathBuf,
}

/// Prepares all of them and prints a line for each.
pub fn run() -> Result<()> {
    Tools::prepare()?.report()
}

impl Tools {
    /// Finds or installs all of them.
    pub fn prepare() -> Result<Self> {
        if !process::succeeds(process::command("npm").arg("--version")) {
            bail!(
                "Node.js 20 or newer is missing, with npm: https://nodejs.org or `apt-get install npm`"
            );
        }
        if !Path::new(CHROMIUM).exists() {
            install("chromium")?;
        }
        if !process::succeeds(process::command("java").arg("-version")) {
            install("default-jre-headless")?;
        }
        Ok(Self {
            postgres: postgres()?,
            broker_python: python("osb")?,
            moto: python("moto")?.with_file_name("moto_server"),
            prism: npm("e2e/vendors/prism")?.join(".bin/prism"),
            wiremock: npm("e2e/vendors/wiremock")?.join(WIREMOCK),
            browser: npm("e2e/browser")?,
        })
    }

    fn report(&self) -> Result<()> {
        let print = |name: &str, program: &Path, arguments: &[&str]| -> Result<()> {
            let version = process::read(process::command(program).args(arguments))?;
            println!("{name}: {}", version.trim());
            Ok(())
        };
        let broker = "import importlib.metadata as m; print(m.version('openbrokerapi'))";
        print("cargo", Path::new("cargo"), &["--version"])?;
        print("node", Path::new("node"), &["--version"])?;
        print("npm", Path::new("npm"), &["--version"])?;
        print("python", &self.broker_python, &["--version"])?;
        print("openbrokerapi", &self.broker_python, &["-c", broker])?;
        let moto = "import importlib.metadata as m; print(m.version('moto'))";
        print("moto", &self.moto.with_file_name("python"), &["-c", moto])?;
        print("postgres", &self.postgres.join("postgres"), &["--version"])?;
        print("prism", &self.prism, &["--version"])?;
        print("java", Path::new("java"), &["--version"])?;
        let wiremock = format!("{}", self.wiremock.display());
        print(
            "wiremock",
            Path::new("java"),
            &["-jar", &wiremock, "--version"],
        )?;
        print(
            "chromium",
            Path::new(CHROMIUM),
            &["--no-sandbox", "--version"],
        )?;
        for package in ["playwright-core", "@axe-core/playwright"] {
            let manifest = self.browser.join(package).join("package.json");
            let script = format!("require('{}').version", manifest.display());
            print(package, Path::new("node"), &["-p", &script])?;
        }
        Ok(())
    }
}

/// The folder with PostgreSQL's server programs; the newest, where there are several.
pub fn postgres() -> Result<PathBuf> {
    if let Some(bin) = find_postgres() {
        return Ok(bin);
    }
    install("postgresql")?;
    find_postgres().context("PostgreSQL was installed, but /usr/lib/postgresql/*/bin has no initdb")
}

/// The npm packages that a folder's lock file pins; fetched anew when the pins change.
fn npm(folder: &str) -> Result<PathBuf> {
    let folder = process::root().join(folder);
    let packages = folder.join("node_modules");
    let pins = Pins::read(&folder.join("package-lock.json"), &packages)?;
    if !pins.are_installed() {
        let mut command = process::command("npm");
        process::read(command.arg("ci").current_dir(&folder))?;
        pins.note()?;
    }
    Ok(packages)
}

/// A Python of its own with the packages that a vendor's requirements pin.
fn python(vendor: &str) -> Result<PathBuf> {
    let requirements = process::root().join(format!("e2e/vendors/{vendor}/requirements.txt"));
    let folder = process::root().join(".tools").join(vendor);
    let python = folder.join("bin/python");
    let pins = Pins::read(&requirements, &folder)?;
    // The link outlives the Python that it points to.
    if pins.are_installed() && process::succeeds(process::command(&python).arg("--version")) {
        return Ok(python);
    }
    if !process::succeeds(process::command("python3").args(["-c", "import ensurepip"])) {
        install("python3-venv")?;
    }
    let mut create = process::command("python3");
    process::read(create.args(["-m", "venv", "--clear"]).arg(&folder))?;
    let mut fill = process::command(&python);
    fill.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
    ]);
    process::read(fill.arg(&requirements))?;
    pins.note()?;
    Ok(python)
}

/// A file of pins, and a copy beside what was installed from it.
struct Pins {
    wanted: Vec<u8>,
    copy: PathBuf,
}

impl Pins {
    fn read(file: &Path, installed: &Path) -> Result<Self> {
        let wanted = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let copy = installed.join(".seatwright-pins");
        Ok(Self { wanted, copy })
    }

    fn are_installed(&self) -> bool {
        fs::read(&self.copy).is_ok_and(|found| found == self.wanted)
    }

    fn note(&self) -> Result<()> {
        fs::write(&self.copy, &self.wanted)
            .with_context(|| format!("cannot write {}", self.copy.display()))
    }
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
    println!("installing the Debian package {package}");
    process::read(apt_get().arg("update"))?;
    process::read(apt_get().args(["install", "-y", "--no-install-recommends", package]))?;
    Ok(())
}

/// Patient with the network and with another apt; `RUNLEVEL` keeps a new server from being started.
fn apt_get() -> Command {
    let mut command = process::command("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("RUNLEVEL", "1");
    command.args([
        "-q",
        "-o",
        "Acquire::Retries=3",
        "-o",
        "DPkg::Lock::Timeout=300",
    ]);
    command
}
