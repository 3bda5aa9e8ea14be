use csv::{ReaderBuilder, StringRecord};

use crate::kernel::{Code, Violation};

/// One row of a file.
pub(super) struct Row {
    /// The line at which it begins, from 1.
    pub(super) line: u64,
    pub(super) cells: StringRecord,
}

/// The rows of a file, without blank lines.
pub(super) struct Rows<'a> {
    text: &'a str,
    reader: csv::Reader<&'a [u8]>,
    /// The byte up to which lines are counted.
    counted: usize,
    line: u64,
}

impl<'a> Rows<'a> {
    pub(super) fn new(text: &'a str, separator: u8) -> Self {
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(separator);
        Self { text, reader: builder.from_reader(text.as_bytes()), counted: 0, line: 1 }
    }

    /// The CSV reader counts blank lines, and half of a CRLF, as part of the next row, so the line is counted
    /// here.
    fn line_of(&mut self, byte: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        let rest = bytes.get(byte..).unwrap_or_default();
        let start = byte + rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = bytes.get(self.counted..start).unwrap_or_default();
        let ends = passed.iter().enumerate().filter(|(index, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(self.counted + index + 1) != Some(&b'\n'),
            _ => false,
        });
        self.line += ends.count() as u64;
        self.counted = start.max(self.counted);
        self.line
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Row, Violation>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut cells = StringRecord::new();
        match self.reader.read_record(&mut cells) {
            Ok(false) => None,
            Ok(true) => {
                let byte = cells.position().map_or(0, csv::Position::byte);
                Some(Ok(Row { line: self.line_of(byte), cells }))
            }
            Err(_) => Some(Err(Violation::new("statement", Code::Malformed, "must be a CSV file"))),
        }
    }
}
