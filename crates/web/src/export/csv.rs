//! Comma-separated values, written as they are read.

use app::Error;
use axum::body::Bytes;
use csv::{QuoteStyle, Terminator, WriterBuilder};
use futures::{Stream, StreamExt, stream};

use super::Batches;
use super::row::{COLUMNS, Cell, row};

/// Who will open the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A program that reads spreadsheets: it takes text for what it is only behind a mark.
    Spreadsheet,
    Program,
}

/// A stream that breaks off where an export is ended, so that half a file is not taken for a whole one.
pub(super) fn stream(
    batches: Batches,
    reader: Reader,
) -> impl Stream<Item = Result<Bytes, axum::BoxError>> {
    let head = match reader {
        Reader::Spreadsheet => format!("\u{feff}{}", lines([COLUMNS.map(str::to_owned)])),
        Reader::Program => lines([COLUMNS.map(str::to_owned)]),
    };
    stream::unfold((batches, Some(head)), |(mut batches, head)| async move {
        if let Some(head) = head {
            return Some((Ok(Bytes::from(head)), (batches, None)));
        }
        match batches.next().await {
            Ok(None) => None,
            Ok(Some(orders)) => {
                let rows = orders.iter().map(|order| row(order).map(field));
                Some((Ok(Bytes::from(lines(rows))), (batches, None)))
            }
            Err(error) => {
                batches.is_done = true;
                if let Error::Internal(cause) = &error {
                    tracing::error!(cause, "an export broke off");
                }
                Some((Err("the export was ended".into()), (batches, None)))
            }
        }
    })
    // What compresses it asks once more after the end.
    .fuse()
}

/// Text in quotes, numbers as they are, lines as RFC 4180 ends them.
fn lines(rows: impl IntoIterator<Item = [String; COLUMNS.len()]>) -> String {
    let mut writer = WriterBuilder::new()
        .quote_style(QuoteStyle::NonNumeric)
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        // Memory takes everything that is written to it.
        writer.write_record(row).ok();
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

/// Rows of any width as a file; text that may be a formula is the caller's to defuse.
pub(crate) fn sheet(rows: &[Vec<String>]) -> String {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        // Memory takes everything that is written to it.
        writer.write_record(row).ok();
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn field(cell: Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => defused(text),
        Cell::Whole(number) => number.to_string(),
        Cell::Amount(amount) => amount,
        Cell::Instant(at) => at.to_string(),
    }
}

/// Text that a spreadsheet would take for a formula is put behind a `'` (reliability F109).
pub(crate) fn defused(text: String) -> String {
    let first = text.trim_start_matches(' ').chars().next();
    match first {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}")
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_numbers_stay_numbers() {
        for bad in [
            "=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1", "  =1", "\n=1", "－1",
        ] {
            assert_eq!(field(Cell::Text(bad.into())), format!("'{bad}"));
        }
        assert_eq!(field(Cell::Text("a=1".into())), "a=1");
        assert_eq!(field(Cell::Amount("-12.50".into())), "-12.50");
        let mut row = [const { String::new() }; COLUMNS.len()];
        row[0] = "12345678".into();
        row[1] = "'=1,\"x\"\ny".into();
        let line = lines([row]);
        assert!(
            line.starts_with("12345678,\"'=1,\"\"x\"\"\ny\",\"\""),
            "{line}"
        );
        assert!(line.ends_with("\r\n"));
    }
}
