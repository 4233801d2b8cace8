//! `wasm2mcu inspect`.

use std::process::ExitCode;

use super::Failure;

/// Its arguments.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Does it.
pub(crate) fn run(_args: Args) -> Result<ExitCode, Failure> {
    Err(Failure::new("inspect is not there yet"))
}
