//! Tables, charts and pages drawn from Stormglass results.
//!
//! This package runs nothing and prints nothing. It reads [`Results`](scenarios::results::Results), and its output is
//! the same bytes every time: a report can be drawn again from saved results and kept in git.
//!
//! Results become [`table::Table`]s; everything else (charts, CSV, JSON, Markdown, HTML, the terminal) is a rendering.

#![forbid(unsafe_code)]

pub mod against;
pub mod charts;
pub mod command;
pub mod export;
pub mod html;
pub mod number;
pub mod summary;
pub mod table;
pub mod terminal;
pub mod theme;
pub mod trace;
pub mod why;
mod write;

pub use write::{ReportOptions, Tell, write_report, write_report_telling};
