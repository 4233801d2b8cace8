//! The program `wasm2mcu`: compiles modules, and inspects, disassembles and runs what comes out.
#![forbid(unsafe_code)]

use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    cli::main()
}
