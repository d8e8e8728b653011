//! What is a table, before anybody decides how it looks?
//!
//! Everything a report says passes through here: tidy rows of typed cells, one meaning per column. A chart is drawn from
//! what its table holds; CSV, JSON, Markdown, HTML and the terminal are renderings of the same cells. A table that would
//! be too wide for a reader may carry a second form for files, with one number per column. Own definition.

mod wide;

use crate::number;
use sim_core::time::SimDuration;
use sim_core::units::SignedDuration;
use std::borrow::Cow;

/// Rows of typed cells under named columns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// A sentence that says what the table shows.
    pub title: String,
    /// The columns, from left to right.
    pub columns: Vec<Column>,
    /// The rows; each has one cell per column.
    pub rows: Vec<Vec<Cell>>,
    /// The form that files hold, where it is another one.
    pub files: Option<Box<Table>>,
    /// What readers ought to know of it, as a sentence below it.
    pub note: Option<String>,
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What the column holds. A line break says where a head may be broken so that the column is as narrow as its cells.
    pub name: String,
    /// The unit of its raw numbers in files; empty if they have none.
    pub unit: &'static str,
    /// On which side a reader expects its cells.
    pub align: Align,
}

/// On which side a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// One value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// How many.
    Count(u64),
    /// How many out of how many: `2 of 100`; in files the first number alone.
    OutOf(u64, u64),
    /// A share, shown as a percentage; in files a number from 0 to 1.
    Ratio(u64, u64),
    /// A quotient, shown as a number: attempts per call.
    Factor(u64, u64),
    /// A signed difference of two shares in billionths, shown in percentage points; in files as well.
    Points(i64),
    /// A length of time; in files in seconds.
    Length(SimDuration),
    /// A length of time of either sign, in nanoseconds; in files in seconds.
    Signed(i64),
    /// Something per second.
    Rate(f64),
    /// A number without a unit.
    Number(f64),
    /// There is no such value.
    Missing,
    /// A length known only to be longer than this.
    Censored(SimDuration),
    /// From one value to another: `+1.2 to +1.5 pp`. For readers only: files have a column for each end.
    Between(Box<(Cell, Cell)>),
    /// A value as a scenario writes it, and the number it stands for, by which it is sorted: `1k/s`.
    Written(String, f64),
    /// What is typed or read by a machine: a command, a path.
    Code(String),
    /// A number that readers see in words of its own: what they see, the number, and its unit.
    Told(String, f64, &'static str),
    /// A value with a remark that a page shows on demand.
    Noted(Box<Cell>, String),
}

impl Column {
    /// A column of words.
    pub fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), unit: "", align: Align::Left }
    }

    /// A column of numbers with the unit of their raw values.
    pub fn number(name: impl Into<String>, unit: &'static str) -> Self {
        Self { name: name.into(), unit, align: Align::Right }
    }

    /// The head in files: the name, and the unit in brackets.
    pub fn heading(&self) -> String {
        let name = self.name.replace('\n', " ");
        if self.unit.is_empty() { name } else { format!("{name} [{}]", self.unit) }
    }
}

impl Cell {
    /// A cell of words.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A cell of a share between 0 and 1, kept in billionths.
    pub fn share(share: f64) -> Self {
        Self::Ratio((share.clamp(0.0, 1.0) * 1e9 + 0.5) as u64, 1_000_000_000)
    }

    /// The value if there is one.
    pub fn or_missing<T>(value: Option<T>, cell: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Missing, cell)
    }

    /// What a reader sees: short, with its unit.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Written(text, _) | Self::Told(text, ..) => text.clone(),
            Self::Count(count) => number::count(*count),
            Self::OutOf(part, whole) => format!("{} of {}", number::count(*part), number::count(*whole)),
            Self::Ratio(part, whole) => number::percent(*part, *whole),
            Self::Factor(part, whole) => number::factor(*part, *whole),
            Self::Points(billionths) => number::points(*billionths),
            Self::Length(length) => number::length(*length),
            Self::Signed(nanos) => SignedDuration::from_nanos(*nanos).to_string(),
            Self::Rate(rate) if rate.is_finite() => format!("{} /s", number::significant(*rate)),
            Self::Number(number) => number::significant(*number),
            Self::Censored(length) => format!("> {}", number::length(*length)),
            Self::Rate(_) | Self::Missing => number::MISSING.to_owned(),
            Self::Between(ends) => number::between(&ends.0.shown(), &ends.1.shown()),
            Self::Noted(cell, _) => cell.shown(),
        }
    }

    /// The raw value as it stands in a file, in the unit of its column; empty if there is none, `>` before a censored one.
    pub fn raw(&self) -> String {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Written(text, _) => text.clone(),
            Self::Count(count) | Self::OutOf(count, _) => count.to_string(),
            Self::Censored(length) => format!(">{}", number::exact_seconds(*length)),
            Self::Length(length) => number::exact_seconds(*length),
            Self::Signed(nanos) => {
                let sign = if *nanos < 0 { "-" } else { "" };
                format!("{sign}{}", number::exact_seconds(SimDuration::from_nanos(nanos.unsigned_abs())))
            }
            Self::Noted(cell, _) => cell.raw(),
            _ => self.value().map_or_else(String::new, |value| value.to_string()),
        }
    }

    /// The unit of the raw value, where a column has several kinds of them; empty if it has none.
    pub fn unit(&self) -> &'static str {
        match self {
            Self::Ratio(..) => "0..1",
            Self::Points(_) => "pp",
            Self::Length(_) | Self::Signed(_) | Self::Censored(_) => "s",
            Self::Rate(_) => "1/s",
            Self::Told(_, _, unit) => unit,
            Self::Between(ends) => ends.0.unit(),
            Self::Noted(cell, _) => cell.unit(),
            Self::Text(_) | Self::Code(_) | Self::Count(_) | Self::OutOf(..) | Self::Factor(..) | Self::Number(_) => "",
            Self::Missing | Self::Written(..) => "",
        }
    }

    /// The value as a number in the unit of its column, for sorting and for JSON; `None` for words and what does not exist.
    /// A censored length is its bound, a range its lower end.
    pub fn value(&self) -> Option<f64> {
        let value = match self {
            Self::Count(count) | Self::OutOf(count, _) => *count as f64,
            Self::Ratio(part, whole) | Self::Factor(part, whole) => *part as f64 / *whole as f64,
            Self::Points(billionths) => *billionths as f64 / 1e7,
            Self::Length(length) | Self::Censored(length) => length.as_secs_f64(),
            Self::Signed(nanos) => *nanos as f64 / 1e9,
            Self::Rate(number) | Self::Number(number) | Self::Written(_, number) | Self::Told(_, number, _) => *number,
            Self::Between(ends) => return ends.0.value(),
            Self::Noted(cell, _) => return cell.value(),
            Self::Text(_) | Self::Code(_) | Self::Missing => return None,
        };
        value.is_finite().then_some(value)
    }
}

impl Table {
    /// A table without rows.
    pub fn new(title: impl Into<String>, columns: Vec<Column>) -> Self {
        Self { title: title.into(), columns, rows: Vec::new(), files: None, note: None }
    }

    /// Adds a row, which must have one cell per column.
    pub fn push(&mut self, row: Vec<Cell>) {
        assert_eq!(row.len(), self.columns.len(), "a row has one cell per column");
        self.rows.push(row);
    }

    /// The same table without the columns in which no row has a value.
    pub fn without_empty_columns(mut self) -> Self {
        let kept: Vec<bool> = (0..self.columns.len()).map(|index| self.rows.iter().any(|row| row[index] != Cell::Missing)).collect();
        let mut keep = kept.iter().copied();
        self.columns.retain(|_| keep.next().unwrap_or(true));
        for row in &mut self.rows {
            let mut keep = kept.iter().copied();
            row.retain(|_| keep.next().unwrap_or(true));
        }
        self
    }

    /// The form that files hold: one number per column.
    pub fn in_files(&self) -> Cow<'_, Self> {
        match &self.files {
            Some(files) => Cow::Borrowed(files),
            None if self.rows.iter().flatten().any(|cell| matches!(cell, Cell::Between(_))) => Cow::Owned(wide::widened(self)),
            None => Cow::Borrowed(self),
        }
    }

    /// What a reader sees of every row, for the terminal and for pages.
    pub fn shown(&self) -> impl Iterator<Item = Vec<String>> {
        self.rows.iter().map(|row| row.iter().map(Cell::shown).collect())
    }
}
