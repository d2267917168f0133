//! Which process claimed a task, and whether that process is dead: as far as the kernel here proves it.
//!
//! A process is bound to a name of its own as long as it lives, an abstract Unix socket that nobody talks to.
//! The kernel frees the name with the end of the process and not before: no clock, no network and no database
//! take part, so one that stands still or is cut off is never taken for dead. Another machine, another start
//! of this one and another network namespace can't be looked into: what was held there is free when the hold
//! ends.

use std::fs;
use std::io;
use std::os::unix::net::UnixListener;
use std::sync::OnceLock;

/// Who this process is to others, for as long as it lives.
struct Identity {
    text: String,
    _name: UnixListener,
}

/// What this process claims under; `None` where its end could not be proven.
pub(crate) fn this() -> Option<&'static str> {
    static THIS: OnceLock<Option<Identity>> = OnceLock::new();
    let this = THIS.get_or_init(|| {
        let name = fs::read_to_string("/proc/sys/kernel/random/uuid").ok()?;
        let name = name.trim();
        Some(Identity {
            text: format!("{} {name}", place()?),
            _name: bind(name).ok()?,
        })
    });
    this.as_ref().map(|identity| identity.text.as_str())
}

/// Whether a process is dead for certain, by what it claimed under.
pub(crate) fn is_dead(holder: &str) -> bool {
    let Some((there, name)) = holder.rsplit_once(' ') else {
        return false;
    };
    place().is_some_and(|here| here == there) && bind(name).is_ok()
}

/// Where names are known: this start of this machine, and the network namespace that the name is in.
fn place() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/net").ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}

#[cfg(target_os = "linux")]
fn bind(name: &str) -> io::Result<UnixListener> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    let name = format!("seatwright {name}");
    UnixListener::bind_addr(&SocketAddr::from_abstract_name(name)?)
}

#[cfg(not(target_os = "linux"))]
fn bind(_: &str) -> io::Result<UnixListener> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_process_whose_name_the_kernel_has_freed_is_dead() {
        let this = this().unwrap();
        assert!(!is_dead(this));
        let here = place().unwrap();
        let other = format!("{here} another");
        let lives = bind("another").unwrap();
        assert!(!is_dead(&other));
        drop(lives);
        assert!(is_dead(&other));
        assert!(is_dead(&other), "a look leaves nothing behind");
        for elsewhere in ["", "another", "0 net:[1] another", " another"] {
            assert!(!is_dead(elsewhere), "{elsewhere:?}");
        }
        let too_long = format!("{here} {}", "n".repeat(200));
        assert!(!is_dead(&too_long), "nothing is proven");
    }
}
