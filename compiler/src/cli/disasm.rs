//! `wasm2mcu disasm`.

use std::process::ExitCode;

use super::Failure;

/// Its arguments.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Does it.
pub(crate) fn run(_args: Args) -> Result<ExitCode, Failure> {
    Err(Failure::new("disasm is not there yet"))
}
