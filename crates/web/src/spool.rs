//! A file on its way in: to disk as it comes, so that memory stays flat whatever its size.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use app::Error;
use axum::body::Bytes;
use futures::{Stream, StreamExt};

use crate::PRICE_SHEET_MAX;

/// A file that came in whole.
pub(crate) struct Spooled {
    /// At its beginning; gone when it is closed.
    pub(crate) file: File,
    /// Ends of lines in it.
    pub(crate) lines: u64,
    /// Bytes.
    pub(crate) length: usize,
}

/// Takes a file off the line. `None` where it is too large: its rest is still read and thrown away, so
/// that the answer can be read at all.
pub(crate) async fn spool<E>(
    mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin,
) -> Result<Option<Spooled>, Error> {
    let broken = |error: io::Error| Error::Internal(format!("can't keep an upload: {error}"));
    let mut file = tempfile::tempfile().map_err(broken)?;
    let (mut lines, mut length) = (0, 0);
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Error::Invalid {
            field: "/file",
            reason: domain::text::Invalid("did not arrive whole; send it again".into()),
        })?;
        length += chunk.len();
        match length {
            _ if length <= PRICE_SHEET_MAX => {
                lines += chunk.iter().filter(|byte| **byte == b'\n').count() as u64;
                file.write_all(&chunk).map_err(broken)?;
            }
            _ if length <= 2 * PRICE_SHEET_MAX => {}
            _ => break,
        }
    }
    if length > PRICE_SHEET_MAX {
        return Ok(None);
    }
    file.seek(SeekFrom::Start(0)).map_err(broken)?;
    Ok(Some(Spooled {
        file,
        lines,
        length,
    }))
}
