//! A throw-away PostgreSQL server for tests: its own folder, its own port, gone when dropped.

mod failover;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Error, Result, anyhow};

use crate::process;

/// Nothing in a test database is worth a disk write.
const FORGETFUL: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

const SETTINGS: &[&str] = &[
    "max_connections=200",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    // Goes with the folder, also after a kill.
    "dynamic_shared_memory_type=mmap",
];

/// Waits until its standard input closes, however its parent ended, then stops and removes.
const GUARDIAN: &str = r#"
cat >/dev/null
"$1/pg_ctl" -D "$2/data" -m immediate -w stop
rm -rf "$2"
"#;

/// A running server; dropping it stops the server and deletes its folder.
pub struct Postgres {
    bin: PathBuf,
    folder: PathBuf,
    user: User,
    settings: Vec<&'static str>,
    port: u16,
    url: String,
    guardian: Child,
}

impl Postgres {
    /// Starts a forgetful server from the programs in `bin`.
    pub fn start(bin: &Path) -> Result<Self> {
        Postgres::start_with(bin, &[SETTINGS, FORGETFUL].concat())
    }

    /// Starts a server that keeps what it says it keeps.
    pub fn start_durable(bin: &Path) -> Result<Self> {
        Postgres::start_with(bin, SETTINGS)
    }

    fn start_with(bin: &Path, settings: &[&'static str]) -> Result<Self> {
        let mut server = Postgres::prepare(bin, settings)?;
        server.initialize()?;
        server.listen()?;
        Ok(server)
    }

    /// A folder without a server, and the guardian that sees to both.
    fn prepare(bin: &Path, settings: &[&'static str]) -> Result<Self> {
        let user = User::for_server()?;
        let folder = make_folder(&user)?;
        let guardian = start_guardian(bin, &folder, &user)?;
        Ok(Self {
            bin: bin.to_owned(),
            folder,
            user,
            settings: settings.to_vec(),
            port: 0,
            url: String::new(),
            guardian,
        })
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        self.user.command(program, &self.folder)
    }

    fn initialize(&self) -> Result<()> {
        let mut command = self.command(self.bin.join("initdb"));
        command.arg("-D").arg(self.folder.join("data"));
        command.args([
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ]);
        process::read(&mut command)?;
        Ok(())
    }

    /// Another process may take the free port before the server does: then the next one is tried.
    fn listen(&mut self) -> Result<()> {
        for _ in 0..5 {
            let port = free_port()?;
            if self.starts_on(port) {
                self.port = port;
                self.url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
                return Ok(());
            }
        }
        Err(self.did_not_start())
    }

    fn starts_on(&self, port: u16) -> bool {
        let settings = self.settings.iter();
        let settings: String = settings.map(|setting| format!(" -c {setting}")).collect();
        let mut command = self.command(self.bin.join("pg_ctl"));
        command
            .arg("-D")
            .arg(self.folder.join("data"))
            .arg("-l")
            .arg(self.log());
        command.args([
            "-w",
            "-t",
            "60",
            "-o",
            &format!("-p {port}{settings}"),
            "start",
        ]);
        process::succeeds(&mut command)
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    fn did_not_start(&self) -> Error {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        anyhow!("PostgreSQL did not start:\n{log}")
    }

    /// The address that tests connect to, as a superuser without a password.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        if let Err(error) = self.guardian.wait() {
            eprintln!("PostgreSQL was not stopped: {error}");
        }
    }
}

/// Starts a server, prints its address, and runs a command with it (or waits for the end of input).
pub fn run_with(bin: &Path, arguments: &[String]) -> Result<()> {
    let server = Postgres::start(bin)?;
    println!("TEST_POSTGRES_URL={}", server.url());
    let Some((program, rest)) = arguments.split_first() else {
        println!("Running until the end of input (Ctrl-D) or Ctrl-C.");
        std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
        return Ok(());
    };
    let mut command = process::command(program);
    process::run(command.args(rest).env("TEST_POSTGRES_URL", server.url()))
}

/// Who runs the server: ourselves, or `postgres` when we are root, which initdb refuses.
struct User(Option<(u32, u32)>);

impl User {
    fn for_server() -> Result<Self> {
        if !am_root()? {
            return Ok(Self(None));
        }
        let passwd = fs::read_to_string("/etc/passwd")?;
        let ids = find_ids(&passwd, "postgres").context(
            "the user `postgres` is missing, though PostgreSQL is installed: \
             `apt-get install --reinstall postgresql-common` makes it",
        )?;
        Ok(Self(Some(ids)))
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
        let mut command = process::command(program);
        command
            .current_dir(folder)
            .env("LC_ALL", "C")
            .env("HOME", folder);
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
        command
    }
}

/// Whether this process may do everything.
pub fn am_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self")
        .context("cannot tell who we are")?
        .uid()
        == 0)
}

fn find_ids(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = passwd
        .lines()
        .map(|line| line.split(':'))
        .find_map(|mut fields| (fields.next() == Some(name)).then_some(fields))?;
    fields.next()?;
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

/// Always below /tmp: the user `postgres` can enter it, which need not hold for `TMPDIR`.
fn make_folder(user: &User) -> Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let (process, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let folder = PathBuf::from(format!("/tmp/seatwright-postgres-{process}-{number}"));
    fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if let User(Some((user, group))) = user {
        chown(&folder, Some(*user), Some(*group))?;
    }
    Ok(folder)
}

/// In a group of its own, so that Ctrl-C ends the tests and leaves the guardian to tidy up.
fn start_guardian(bin: &Path, folder: &Path, user: &User) -> Result<Child> {
    user.command("sh", Path::new("/tmp"))
        .args(["-c", GUARDIAN, "guardian"])
        .args([bin, folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("cannot start the guardian of PostgreSQL")
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_a_user_are_found_by_the_whole_name() {
        let passwd = "postgres2:x:1:2::/:\npostgres:x:101:104:admin:/var:/bin/bash\n";
        assert_eq!(find_ids(passwd, "postgres"), Some((101, 104)));
        assert_eq!(find_ids(passwd, "post"), None);
    }
}
