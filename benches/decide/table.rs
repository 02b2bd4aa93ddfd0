//! Tables in Markdown, without an empty cell.

use std::fmt;

pub struct Table {
    text: String,
    columns: usize,
}

impl Table {
    /// `words` columns of words, the others of figures.
    pub fn new<const N: usize>(words: usize, columns: [&str; N]) -> Self {
        let mut table = Self { text: String::new(), columns: N };
        table.row(columns.map(str::to_owned));
        let rules = std::array::from_fn(|column| if column < words { "---" } else { "---:" });
        table.row::<N>(rules.map(str::to_owned));
        table
    }

    /// # Panics
    ///
    /// When a cell is missing.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        assert_eq!(N, self.columns, "{cells:?}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{cells:?}");
        self.text += &format!("| {} |\n", cells.join(" | "));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What is not measured on purpose.
pub const NOT_MEASURED: &str = "—";

/// A measured figure, to three digits or to the unit.
pub fn figure(value: f64) -> String {
    assert!(value.is_finite() && value > 0.0, "{value} was not measured");
    match value {
        ..9.995 => format!("{value:.2}"),
        ..99.95 => format!("{value:.1}"),
        _ => count(value.round() as usize),
    }
}

/// A whole number, with a comma before every third digit.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let groups =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap());
    groups.collect::<Vec<_>>().join(",")
}
