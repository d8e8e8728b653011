//! `new`: a first scenario to change, with comments that say what there is.

use super::Exit;
use super::output::{print, wrong};
use camino::Utf8PathBuf;
use clap::Args;
use std::io::{ErrorKind, Write as _};

/// What is written; `NAME` stands for the name of the file.
const TEMPLATE: &str = include_str!("template.ron");

/// Arguments of `new`.
#[derive(Debug, Args)]
pub struct NewArgs {
    /// The file to be written; it must not exist.
    #[arg(default_value = "my-scenario.ron")]
    file: Utf8PathBuf,
}

/// Runs `new`.
///
/// # Errors
/// The exit code of whatever went wrong.
pub fn new(args: &NewArgs) -> Result<Exit, Exit> {
    let file = if args.file.extension().is_some() { args.file.clone() } else { args.file.with_extension("ron") };
    let name = file.file_stem().filter(|name| !name.contains(['"', '\\'])).unwrap_or("my-scenario");
    let text = TEMPLATE.replace("NAME", name);
    let written = fs_err::OpenOptions::new().write(true).create_new(true).open(&file).and_then(|mut out| out.write_all(text.as_bytes()));
    match written {
        Ok(()) => print(&format!("{file} is written; `stormglass compare {file}` runs it")).map(|()| Exit::Fine),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(wrong(&format!("{file} exists; choose another name"))),
        Err(error) => {
            // What is half written would be in the way of the next try; that it cannot be removed says nothing new.
            let _ = fs_err::remove_file(&file);
            Err(wrong(&format!("cannot write the scenario: {error}")))
        }
    }
}
