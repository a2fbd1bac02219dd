//! The `iosm` binary: hands its arguments to `cli` and exits with what it says.

use std::process::ExitCode;

fn main() -> ExitCode {
    iosm::cli::run(std::env::args_os().collect())
}
