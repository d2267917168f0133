//! Servers that die on purpose, and standbys that take over.

use anyhow::Result;

use super::Postgres;
use crate::process;

/// Nobody is told, and nobody finishes anything: the first process is held first, so that it starts no other.
/// What the kernel keeps in memory for them has no owner any more and is given back.
const KILL: &str = r#"
file="$1/data/postmaster.pid"
read -r first < "$file"
memory=$(sed -n '7s/.* //p' "$file")
kill -STOP "$first"
all="$(cat "/proc/$first/task/$first/children") $first"
kill -KILL $all
for one in $all; do while [ -e "/proc/$one/exe" ]; do :; done; done
ipcrm -m "$memory"
rm "$file"
"#;

impl Postgres {
    /// Starts a server that follows this one, under the name `standby`, from a copy of all that it has. It answers
    /// reads, and becomes a server of its own by `SELECT pg_promote()`.
    pub fn start_standby(&self) -> Result<Postgres> {
        let mut standby = Postgres::prepare(&self.bin, &self.settings)?;
        let source = format!(
            "host=127.0.0.1 port={} user=postgres application_name=standby",
            self.port
        );
        let mut copy = standby.command(self.bin.join("pg_basebackup"));
        copy.arg("-D").arg(standby.folder.join("data"));
        let how = ["-X", "stream", "-c", "fast", "-R", "--no-sync"];
        process::read(copy.args(["-d", &source]).args(how))?;
        standby.listen()?;
        Ok(standby)
    }

    /// Kills all of its processes at once. What was written and not synced is still written: the machine's memory
    /// is not lost, as it is when its power fails.
    pub fn kill(&self) -> Result<()> {
        let mut kill = self.command("sh");
        process::read(kill.args(["-c", KILL, "kill"]).arg(&self.folder))?;
        Ok(())
    }

    /// Starts it again after that, at the same address.
    pub fn start_again(&self) -> Result<()> {
        match self.starts_on(self.port) {
            true => Ok(()),
            false => Err(self.did_not_start()),
        }
    }
}
