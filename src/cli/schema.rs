//! `schema`: which shape have the files that other programs read?

use super::Exit;
use super::output::print;
use clap::{Args, ValueEnum};
use reports::export::schema;

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of what.
    #[arg(value_enum)]
    kind: Kind,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// results.json, which `compare`, `sweep` and `report` write.
    Results,
    /// A line of a trace that `run --trace FILE --trace-format jsonl` writes.
    Trace,
}

/// Runs `schema`.
///
/// # Errors
/// [`Exit::Wrong`](super::Exit) if stdout cannot be written.
pub fn schema(args: &SchemaArgs) -> Result<Exit, Exit> {
    match args.kind {
        Kind::Results => print(&format!("{:#}", schema::results()))?,
        Kind::Trace => print(scenarios::trace::SCHEMA.trim_end())?,
    }
    Ok(Exit::Fine)
}
