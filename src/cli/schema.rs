//! `schema`: what files that other programs may read look like, as JSON Schema.

use super::Exit;
use super::output::print;
use clap::{Args, ValueEnum};

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of which file.
    #[arg(value_enum)]
    of: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A line of a trace that `run --trace FILE --trace-format jsonl` writes.
    Trace,
}

/// Runs `schema`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn schema(args: &SchemaArgs) -> Result<Exit, Exit> {
    print(match args.of {
        Kind::Trace => scenarios::trace::SCHEMA.trim_end(),
    })?;
    Ok(Exit::Fine)
}
