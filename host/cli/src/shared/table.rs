//! Tables that fit the terminal, or are as wide as they need to be where there is none.

use std::io::IsTerminal as _;

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, presets::NOTHING};
use terminal_size::{Width, terminal_size};

use crate::Global;

impl Global {
    /// An empty table with a header.
    pub(crate) fn table<const N: usize>(&self, header: [&str; N]) -> Table {
        let mut table = self.plain_table();
        table.set_header(header);
        table
    }

    /// An empty table without a header.
    pub(crate) fn plain_table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
        if let Some(width) = self.width.or_else(terminal_width) {
            table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
        table
    }
}

/// The lines of a table, columns two spaces apart.
pub(crate) fn render(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn terminal_width() -> Option<u16> {
    std::io::stdout().is_terminal().then(terminal_size).flatten().map(|(Width(width), _)| width)
}

/// A number, at the right.
pub(crate) fn right(text: impl ToString) -> Cell {
    Cell::new(text.to_string()).set_alignment(CellAlignment::Right)
}

/// A number, in the shortest form that reads back as the same.
pub(crate) fn number(value: f64) -> String {
    // a zero has no sign here
    format!("{}", value + 0.0)
}

/// A number for a program: JSON has none that is infinite, so that one is its text, as in the
/// engine's answers.
pub(crate) fn json_number(value: f64) -> serde_json::Value {
    if value.is_finite() { (value + 0.0).into() } else { number(value).into() }
}

/// A number to six significant digits, to be compared by eye.
pub(crate) fn rounded(value: f64) -> String {
    number(format!("{value:.5e}").parse().unwrap_or(value))
}

/// Digits in groups of three.
pub(crate) fn grouped(value: impl Into<u64>) -> String {
    let digits = value.into().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(-0.0), "0");
        assert_eq!(number(0.1), "0.1");
        assert_eq!(number(f64::NEG_INFINITY), "-inf");
        assert_eq!(rounded(0.998_661_311_914_324), "0.998661");
        assert_eq!(rounded(4800.4), "4800.4");
        assert_eq!(rounded(f64::INFINITY), "inf");
        assert_eq!(rounded(f64::MAX), number(1.79769e308));
        assert_eq!(rounded(f64::NAN), "NaN");
        assert_eq!(json_number(-0.0).to_string(), "0.0");
        assert_eq!(json_number(f64::NEG_INFINITY), "-inf");
        assert_eq!(json_number(f64::NAN), "NaN");
        assert_eq!(grouped(7_u64), "7");
        assert_eq!(grouped(1_234_567_u64), "1,234,567");
        assert_eq!(grouped(123_456_u64), "123,456");
    }
}
