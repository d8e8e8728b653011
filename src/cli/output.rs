//! How does a table reach the terminal, and a sentence stderr?

use super::{Exit, Format};
use comfy_table::{CellAlignment, ContentArrangement, Table as Grid, presets};
use reports::export::answer::Answer;
use reports::export::{csv, json, markdown};
use reports::summary::changes;
use reports::table::{Align, Table};
use reports::terminal::WIDTH;
use scenarios::results::Manifest;
use std::io::{self, IsTerminal as _, Write};

/// Prints text on stdout. A reader that stops reading (`| head`) ends the program quietly.
///
/// # Errors
/// [`Exit::Wrong`] if stdout cannot be written.
pub fn print(text: &str) -> Result<(), Exit> {
    let mut out = anstream::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => Err(wrong(&format!("cannot write to stdout: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// How many letters a line on stdout may have: those of the terminal, or a fixed number where there is none, so that files are the same everywhere.
pub fn width() -> usize {
    terminal_size::terminal_size_of(io::stdout()).map_or(WIDTH, |(terminal_size::Width(width), _)| usize::from(width))
}

/// Says something on stderr.
pub fn say(text: &str) {
    // Nothing can be said about a stderr that cannot be written.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Shows somebody who types commands that the next one is awaited; where commands come from a file or a program, nothing.
pub fn prompt() {
    if io::stdin().is_terminal() {
        let mut err = anstream::stderr();
        let _ = write!(err, "> ").and_then(|()| err.flush());
    }
}

/// Says what is wrong with a command or a file, and answers the exit code for it.
pub fn wrong(text: &str) -> Exit {
    say(&format!("error: {text}"));
    Exit::Wrong
}

/// Prints what the command line changed in the scenario, if anything.
///
/// # Errors
/// [`Exit::Wrong`] if stdout cannot be written.
pub fn print_changes(manifest: &Manifest) -> Result<(), Exit> {
    changes(manifest).map_or(Ok(()), |sentence| print(&format!("{sentence}\n")))
}

/// Prints the whole answer of a command for a program: one JSON object, and nothing beside it.
///
/// # Errors
/// [`Exit::Wrong`] if stdout cannot be written.
pub fn print_answer(answer: Answer) -> Result<(), Exit> {
    print(&format!("{:#}", answer.value()))
}

/// Prints a table in the wanted format.
///
/// # Errors
/// [`Exit::Wrong`] if stdout cannot be written.
pub fn print_table(table: &Table, format: Format) -> Result<(), Exit> {
    let text = match format {
        Format::Table => aligned(table),
        Format::Json => format!("{:#}", json::table(table)),
        Format::Csv => csv::table(table),
        Format::Markdown => markdown::table(table),
    };
    print(text.trim_end())
}

fn aligned(table: &Table) -> String {
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    grid.set_header(table.columns.iter().map(|column| column.name.clone()));
    for row in table.shown() {
        grid.add_row(row);
    }
    for (column, described) in grid.column_iter_mut().zip(&table.columns) {
        column.set_padding((0, 2));
        column.set_cell_alignment(if described.align == Align::Right { CellAlignment::Right } else { CellAlignment::Left });
    }
    // A terminal breaks lines that are too long wherever they are; cells are broken between words.
    if io::stdout().is_terminal() && grid.lines().any(|line| line.trim_end().chars().count() > width()) {
        grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(u16::try_from(width()).unwrap_or(u16::MAX));
    }
    let lines: Vec<String> = grid.lines().map(|line| line.trim_end().to_owned()).collect();
    let note = table.note.iter().map(|note| format!("\n\n{note}")).collect::<String>();
    format!("{}\n\n{}{note}", table.title, lines.join("\n"))
}
