//! `wasm2mcu completions`: what a shell needs to complete command lines.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Failure, output};

const EXAMPLES: &str = "\
Examples:
  wasm2mcu completions bash > ~/.local/share/bash-completion/completions/wasm2mcu
  wasm2mcu completions zsh > ~/.zfunc/_wasm2mcu
  wasm2mcu completions fish > ~/.config/fish/completions/wasm2mcu.fish";

/// Print a shell's completion script
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wasm2mcu", &mut script);
    output::print(&script)?;
    Ok(ExitCode::SUCCESS)
}
