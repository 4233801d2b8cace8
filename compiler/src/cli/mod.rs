//! The command line: one file per command.
//!
//! ```text
//!   arguments ──clap──▶ Command ──run──▶ ExitCode: 0, or 3 after a trap
//!                                   └──▶ Failure: `error: …` on standard error, 1
//! ```
//!
//! Standard output carries what was asked for and nothing else; everything for people goes to
//! standard error.
//!
//! * [`compile`], [`run`], [`boards`], [`inspect`], [`disasm`], [`explain`], [`keygen`], [`sign`], [`verify`],
//!   [`link`], [`completions`]: the commands
//! * [`key`]: key files
//! * [`input`], [`output`]: files and streams
//! * [`outline`]: what an image alone says about its code
//! * [`board_name`]: the option `--board`
//! * [`core`], [`level`]: for which core to compile, and the option `-O`
//! * [`invocation`], [`value`]: calls and values as text
//! * [`names`]: what functions are called
//! * [`progress`]: what takes long says so

mod board_name;
mod boards;
mod compile;
mod completions;
mod core;
mod disasm;
mod explain;
mod failure;
mod hardware;
mod input;
mod inspect;
mod invocation;
mod key;
mod keygen;
mod level;
mod link;
mod names;
mod outline;
mod output;
mod progress;
mod run;
mod sign;
mod value;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub(crate) use failure::Failure;

const EXIT_STATUS: &str = "\
Exit status:
  0  done
  1  anything that went wrong, with one message on standard error
  3  the module trapped (`run` only)
  any other: a WASI program's own (`run` only)";

const START: &str = "\
Start with:
  wasm2mcu compile app.wasm -o app.w2m
  wasm2mcu run app.wasm --invoke 'run 10'

`wasm2mcu COMMAND --help` is the manual of a command.

Whatever a tool builds for the Lime1 target of WebAssembly compiles; `wasm2mcu compile --help` says
what does beyond.";

/// Compiles WebAssembly ahead of time for microcontrollers.
///
/// A module becomes an image: position-independent machine code, sandboxed, that a small loader
/// checks and runs in place from flash.
#[derive(Parser)]
#[command(version, after_help = START, after_long_help = format!("{START}\n\n{EXIT_STATUS}"))]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Compile(compile::Args),
    Run(run::Args),
    Boards(boards::Args),
    Inspect(inspect::Args),
    Disasm(disasm::Args),
    Explain(explain::Args),
    Keygen(keygen::Args),
    Sign(sign::Args),
    Verify(verify::Args),
    Link(link::Args),
    Completions(completions::Args),
}

/// The program.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => {
            // Help and version were asked for; everything else is a failure like any other.
            // Where neither stream takes the message, the status is all that is left.
            let _ = message.print();
            return ExitCode::from(u8::from(message.use_stderr()));
        }
    };
    let end = match cli.command {
        Command::Compile(args) => compile::run(args),
        Command::Run(args) => run::run(args),
        Command::Boards(args) => boards::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Disasm(args) => disasm::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Keygen(args) => keygen::run(args),
        Command::Sign(args) => sign::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Link(args) => link::run(args),
        Command::Completions(args) => completions::run(args),
    };
    end.unwrap_or_else(|failure| {
        output::note(format_args!("error: {failure}"));
        ExitCode::FAILURE
    })
}
