//! Detects a quote that swallows the rows after it.

use crate::kernel::{Code, Violation};

/// The state of a CSV reader. The rules are those of the `csv` crate, which never fails on quotes.
#[derive(Clone, Copy)]
enum State {
    /// At the first character of a cell, the only place where a quote opens.
    Start,
    /// In an unquoted cell, or after the closing quote of a cell.
    Plain,
    /// Inside quotes that opened on this line.
    Quoted(u64),
    /// After a quote inside quotes: it closes them, or is the first of two.
    Closing(u64),
}

/// Fails if quotes are never closed, or are closed by the opening quote of a later cell: every row in
/// between would be read as text.
pub(super) fn require_closed_quotes(text: &str, separator: u8) -> Result<(), Violation> {
    let mut state = State::Start;
    let mut line = 1_u64;
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let ends_line = byte == b'\n' || (byte == b'\r' && bytes.peek() != Some(&b'\n'));
        let ends_cell = byte == separator || byte == b'\n' || byte == b'\r';
        state = match state {
            State::Start if byte == b'"' => State::Quoted(line),
            State::Quoted(opened) if byte == b'"' => State::Closing(opened),
            State::Quoted(opened) => State::Quoted(opened),
            State::Closing(opened) if byte == b'"' => State::Quoted(opened),
            State::Closing(opened) if !ends_cell && opened != line => {
                let message = format!(
                    "the quote that opens here closes on line {line} in the middle of a cell: close it on \
                     its own line"
                );
                return Err(at(opened, message));
            }
            State::Start | State::Plain | State::Closing(_) if ends_cell => State::Start,
            State::Start | State::Plain | State::Closing(_) => State::Plain,
        };
        line += u64::from(ends_line);
    }
    match state {
        State::Quoted(opened) => Err(at(opened, "the quote that opens here is not closed".to_owned())),
        State::Start | State::Plain | State::Closing(_) => Ok(()),
    }
}

fn at(line: u64, message: String) -> Violation {
    Violation::new(format!("statement.{line}"), Code::Malformed, message)
}
