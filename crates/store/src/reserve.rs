//! Room that is kept beside SQLite's file for writing down what vendors have answered: a file that gives way
//! when the disk is full.

use std::fs::File;
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes that are written at once.
const CHUNK: u64 = 1 << 16;

/// The file, and whether it is as long as it should be. Only the writer has it give way and takes it back.
pub(crate) struct Reserve {
    path: PathBuf,
    /// Bytes; none are kept before somebody asks for it.
    size: AtomicU64,
    is_whole: AtomicBool,
}

impl Reserve {
    pub(crate) fn beside(database: &Path) -> Reserve {
        let mut path = database.as_os_str().to_owned();
        path.push(".reserve");
        Reserve {
            path: path.into(),
            size: AtomicU64::new(0),
            is_whole: AtomicBool::new(true),
        }
    }

    /// From now on so many bytes are kept, as soon as there is room for them.
    pub(crate) fn keep(&self, size: u64) {
        self.size.store(size, Ordering::Relaxed);
        self.is_whole.store(false, Ordering::Relaxed);
    }

    /// Takes back what was given away; whether all of it is there.
    pub(crate) async fn restore(self: &Arc<Reserve>) -> bool {
        if self.is_whole.load(Ordering::Relaxed) {
            return true;
        }
        let reserve = self.clone();
        let filled = tokio::task::spawn_blocking(move || reserve.fill()).await;
        match filled.map_err(Error::other).flatten() {
            Err(error) if is_full(&error) => return false,
            Err(error) => {
                tracing::error!(%error, "no room can be kept for settling");
                self.size.store(0, Ordering::Relaxed);
            }
            Ok(()) => {}
        }
        self.is_whole.store(true, Ordering::Relaxed);
        true
    }

    /// Gives the room away; whether there was any.
    pub(crate) fn give_way(&self) -> bool {
        let is_there = std::fs::metadata(&self.path).is_ok_and(|file| file.len() > 0);
        if self.size.load(Ordering::Relaxed) == 0 || !is_there {
            return false;
        }
        self.is_whole.store(false, Ordering::Relaxed);
        let emptied = File::options().write(true).open(&self.path);
        emptied.and_then(|file| file.set_len(0)).is_ok()
    }

    fn fill(&self) -> Result<()> {
        let size = self.size.load(Ordering::Relaxed);
        let mut file = File::options().create(true).append(true).open(&self.path)?;
        let mut length = file.metadata()?.len();
        while length < size {
            file.write_all(&noise(length))?;
            length += CHUNK;
        }
        // Some disks say only now that they are full.
        file.sync_data()
    }
}

fn is_full(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded
    )
}

/// What no disk can store in less: of zeros, some keep nothing.
fn noise(from: u64) -> Vec<u8> {
    let words = (from..from + CHUNK).step_by(8);
    let mixed = words.map(|word| (word ^ (word << 21)).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed.flat_map(u64::to_le_bytes).collect()
}
