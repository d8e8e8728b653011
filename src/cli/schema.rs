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
}

/// Runs `schema`.
///
/// # Errors
/// [`Exit::Wrong`](super::Exit) if stdout cannot be written.
pub fn schema(args: &SchemaArgs) -> Result<Exit, Exit> {
    let schema = match args.kind {
        Kind::Results => schema::results(),
    };
    print(&format!("{schema:#}"))?;
    Ok(Exit::Fine)
}
