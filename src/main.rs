//! The program: everything it decides, a library has decided before.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    stormglass::cli::main()
}
