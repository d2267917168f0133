//! A sheet as it lies in a file: UTF-8 with or without its mark, UTF-16, or Windows-1252; a row at a time.

use std::io::{self, Read as _};

use csv::{ByteRecord, Reader, ReaderBuilder};
use domain::price::sheet::{Columns, SheetProblem, SheetRow};

/// What the next line was.
pub(super) enum Read {
    /// A row.
    Row(Box<SheetRow>),
    /// A row that can't be taken over.
    Wrong(Vec<SheetProblem>),
    /// There are no more.
    End,
}

/// How letters beyond ASCII have been written so far.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    Plain,
    Utf8,
    Windows,
}

/// A sheet that is being read.
pub(super) struct Sheet {
    reader: Reader<Box<dyn io::Read + Send>>,
    record: ByteRecord,
    columns: Columns,
    width: usize,
    letters: Letters,
}

impl Sheet {
    /// Finds out how the file is written and where its columns stand.
    pub(super) fn open(file: impl io::Read + Send + 'static) -> Result<Sheet, Vec<SheetProblem>> {
        let wrong = |error: &dyn ToString| vec![problem(1, error.to_string())];
        let input = decoded(file).map_err(|error| wrong(&error))?;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(input);
        let mut record = ByteRecord::new();
        let is_there = reader.read_byte_record(&mut record);
        if !is_there.map_err(|error| wrong(&error))? {
            return Err(wrong(&"is empty; export the sheet again"));
        }
        let mut letters = Letters::Plain;
        let header = text(&record, 1, &mut letters)?;
        Ok(Sheet {
            columns: Columns::find(header.iter().map(String::as_str))?,
            width: header.len(),
            // The vendor's own header may end in a quote of another encoding.
            letters: Letters::Plain,
            reader,
            record,
        })
    }

    pub(super) fn next(&mut self) -> Read {
        let read = self.reader.read_byte_record(&mut self.record);
        let line = self.record.position().map_or(0, |place| place.line());
        match read {
            Ok(false) => return Read::End,
            Err(error) => return Read::Wrong(vec![problem(line, error.to_string())]),
            Ok(true) => {}
        }
        if self.record.len() != self.width {
            let words = format!(
                "has {} cells and the header {}; look for a comma or a quote too many",
                self.record.len(),
                self.width
            );
            return Read::Wrong(vec![problem(line, words)]);
        }
        let cells = match text(&self.record, line, &mut self.letters) {
            Ok(cells) => cells,
            Err(problems) => return Read::Wrong(problems),
        };
        let cell = |at: usize| cells.get(at).map(String::as_str);
        match self.columns.read(line, cell) {
            Ok(row) => Read::Row(Box::new(row)),
            Err(problems) => Read::Wrong(problems),
        }
    }
}

fn problem(line: u64, reason: String) -> SheetProblem {
    SheetProblem {
        line,
        column: String::new(),
        reason,
    }
}

/// The cells of a line. A file is UTF-8 or Windows-1252; what mixes them is told by the first line that
/// is of the other kind.
fn text(
    record: &ByteRecord,
    line: u64,
    letters: &mut Letters,
) -> Result<Vec<String>, Vec<SheetProblem>> {
    let mixed = || {
        let words = "mixes UTF-8 with Windows-1252; save the sheet in one encoding, best UTF-8";
        vec![problem(line, words.to_owned())]
    };
    let mut cells = Vec::with_capacity(record.len());
    for cell in record {
        let read = match std::str::from_utf8(cell) {
            Ok(text) if text.is_ascii() => text.to_owned(),
            Ok(_) if *letters == Letters::Windows => return Err(mixed()),
            Ok(text) => {
                *letters = Letters::Utf8;
                text.to_owned()
            }
            Err(_) if *letters == Letters::Utf8 => return Err(mixed()),
            Err(_) => {
                *letters = Letters::Windows;
                cell.iter().map(|byte| windows(*byte)).collect()
            }
        };
        cells.push(read);
    }
    Ok(cells)
}

/// A letter of Windows-1252.
fn windows(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte
        .checked_sub(0x80)
        .and_then(|at| HIGH.get(usize::from(at)))
    {
        Some(letter) => *letter,
        None => char::from(byte),
    }
}

/// Takes a mark off the beginning, and makes UTF-8 of UTF-16.
fn decoded(mut file: impl io::Read + Send + 'static) -> io::Result<Box<dyn io::Read + Send>> {
    let mut first = Vec::new();
    file.by_ref().take(3).read_to_end(&mut first)?;
    let (mark, is_big) = match first.as_slice() {
        [0xEF, 0xBB, 0xBF] => (3, None),
        [0xFE, 0xFF, ..] => (2, Some(true)),
        [0xFF, 0xFE, ..] => (2, Some(false)),
        _ => (0, None),
    };
    let rest = io::Cursor::new(first.split_off(mark)).chain(file);
    Ok(match is_big {
        None => Box::new(rest),
        Some(is_big) => Box::new(Utf16 {
            inner: rest,
            is_big,
            left: Vec::new(),
            out: io::Cursor::new(Vec::new()),
        }),
    })
}

struct Utf16<R> {
    inner: R,
    is_big: bool,
    /// Bytes of a letter that is not whole yet.
    left: Vec<u8>,
    out: io::Cursor<Vec<u8>>,
}

impl<R: io::Read> io::Read for Utf16<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let given = self.out.read(buffer)?;
            if given > 0 || buffer.is_empty() {
                return Ok(given);
            }
            let mut more = [0; 8_192];
            let count = self.inner.read(&mut more)?;
            if count == 0 && self.left.is_empty() {
                return Ok(0);
            }
            self.left.extend(more.iter().take(count));
            let unit = |pair: &[u8]| match (self.is_big, pair) {
                (true, [a, b]) => u16::from_be_bytes([*a, *b]),
                (false, [a, b]) => u16::from_le_bytes([*a, *b]),
                _ => u16::from(char::REPLACEMENT_CHARACTER as u8),
            };
            let mut whole = self.left.len() & !1;
            let last = self.left.get(whole.saturating_sub(2)..whole).map(unit);
            if count > 0 && last.is_some_and(|unit| (0xD800..0xDC00).contains(&unit)) {
                whole -= 2;
            }
            if count == 0 {
                whole = self.left.len();
            }
            let units: Vec<u16> = self
                .left
                .drain(..whole)
                .as_slice()
                .chunks(2)
                .map(unit)
                .collect();
            self.out = io::Cursor::new(String::from_utf16_lossy(&units).into_bytes());
        }
    }
}
