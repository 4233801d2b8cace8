//! `wasm2mcu run`.

use std::process::ExitCode;

use super::Failure;

/// Its arguments.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Does it.
pub(crate) fn run(_args: Args) -> Result<ExitCode, Failure> {
    Err(Failure::new("run is not there yet"))
}
