//! Workbooks: rows go to temporary files as they are read, the finished workbook to another one.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use app::Error;
use axum::body::Bytes;
use futures::{Stream, StreamExt, stream};
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};

use super::Batches;
use super::row::{COLUMNS, Cell, row};

pub(super) const TYPE: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Rows that a sheet has room for, the heading and a last word aside.
const ROWS_MAX: u32 = 1_048_574;
const CHUNK: usize = 64 * 1024;

/// Writes a whole export to a file that has no name and goes with its last reader.
pub(super) async fn write(mut batches: Batches) -> Result<File, Error> {
    let mut workbook = Workbook::new();
    let written_at = batches.now().to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let properties = DocProperties::new()
        .set_author("Seatwright")
        .set_creation_datetime(&date(written_at).map_err(damaged)?);
    workbook.set_properties(&properties);
    let (heading, instant) = (
        Format::new().set_bold(),
        Format::new().set_num_format("yyyy-mm-dd hh:mm"),
    );
    let sheet = workbook
        .add_worksheet_with_constant_memory()
        .map_err(damaged)?;
    for (column, name) in (0..).zip(COLUMNS) {
        sheet
            .write_with_format(0, column, name, &heading)
            .map_err(damaged)?;
    }
    let mut at = 0;
    while let Some(orders) = batches.next().await? {
        let sheet = workbook.worksheet_from_index(0).map_err(damaged)?;
        for order in &orders {
            at += 1;
            if at > ROWS_MAX {
                let words = "A sheet has no room for the rest; export as CSV";
                sheet.write(at, 0, words).map_err(damaged)?;
                return save(workbook).await;
            }
            for (column, cell) in (0..).zip(row(order)) {
                put(sheet, at, column, cell, &instant).map_err(damaged)?;
            }
        }
    }
    save(workbook).await
}

/// Each value in its type: text is never a formula.
fn put(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    cell: Cell,
    instant: &Format,
) -> Result<(), XlsxError> {
    match cell {
        Cell::Empty => return Ok(()),
        Cell::Text(text) => sheet.write_string(row, column, text)?,
        Cell::Whole(number) => sheet.write_number(row, column, number as f64)?,
        Cell::Amount(amount) => match amount.parse::<f64>() {
            Ok(number) => sheet.write_number(row, column, number)?,
            Err(_) => sheet.write_string(row, column, amount)?,
        },
        Cell::Instant(at) => {
            let at = at.to_zoned(jiff::tz::TimeZone::UTC).datetime();
            sheet.write_datetime_with_format(row, column, date(at)?, instant)?
        }
    };
    Ok(())
}

/// The sheet's own dates have no zone; ours are UTC.
fn date(at: jiff::civil::DateTime) -> Result<rust_xlsxwriter::ExcelDateTime, XlsxError> {
    let two = |number: i8| number.unsigned_abs();
    let year = at.year().unsigned_abs();
    rust_xlsxwriter::ExcelDateTime::from_ymd(year, two(at.month()), two(at.day()))?.and_hms(
        two(at.hour()).into(),
        two(at.minute()),
        two(at.second()),
    )
}

async fn save(mut workbook: Workbook) -> Result<File, Error> {
    let saved = tokio::task::spawn_blocking(move || {
        let mut file = tempfile::tempfile().map_err(damaged)?;
        workbook.save_to_writer(&mut file).map_err(damaged)?;
        file.seek(SeekFrom::Start(0)).map_err(damaged)?;
        Ok(file)
    });
    saved.await.map_err(damaged)?
}

pub(super) fn stream(file: File) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let read = tokio::task::spawn_blocking(move || {
            let mut chunk = vec![0; CHUNK];
            let length = file.read(&mut chunk)?;
            chunk.truncate(length);
            Ok((chunk, file))
        });
        match read.await.map_err(std::io::Error::other).flatten() {
            Ok((chunk, _)) if chunk.is_empty() => None,
            Ok((chunk, file)) => Some((Ok(Bytes::from(chunk)), Some(file))),
            Err(error) => Some((Err(error), None)),
        }
    })
    // What compresses it asks once more after the end.
    .fuse()
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::Internal(format!("workbook: {error}"))
}
