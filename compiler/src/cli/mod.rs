//! The command line: one file per command.
//!
//! ```text
//!   arguments ──clap──▶ Command ──run──▶ ExitCode 0, 3 (trap)
//!                                   └──▶ Failure: `error: …` on stderr, 1
//! ```
//!
//! Standard output carries what was asked for and nothing else; everything for people goes to
//! standard error.

mod compile;
mod disasm;
mod failure;
mod inspect;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use failure::Failure;

/// Ahead-of-time compiler from WebAssembly to microcontrollers.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compile a module to an image.
    Compile(compile::Args),
    /// Run a module or an image on a board.
    Run(run::Args),
    /// Show what an image needs and holds.
    Inspect(inspect::Args),
    /// Show the machine code of an image.
    Disasm(disasm::Args),
}

/// The program.
pub(crate) fn main() -> ExitCode {
    let end = match Cli::parse().command {
        Command::Compile(args) => compile::run(args),
        Command::Run(args) => run::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Disasm(args) => disasm::run(args),
    };
    end.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        ExitCode::FAILURE
    })
}
