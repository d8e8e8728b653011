//! The program: everything it decides, a library has decided before.

use std::process::ExitCode;

fn main() -> ExitCode {
    stormglass::cli::main()
}
