//! `wasm2mcu compile`: a module to an image, or to one of the forms on the way there.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use wasm2mcu::{Compiled, Options, Target};
use wasm2mcu_loader::Image;

use super::input::{Input, about};
use super::level::Level;
use super::output::{self, Output};
use super::{EXIT_STATUS, Failure};

/// Compile a module for a microcontroller
///
/// Compiles a WebAssembly module, in the binary (.wasm) or the text format (.wat), to an image
/// (.w2m) that the loader checks and runs in place, from flash or RAM. The image says what it
/// needs: memory, stack, features of the core, host functions.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = manual())]
pub(crate) struct Args {
    /// The module.
    #[arg(value_name = "IN.wasm|IN.wat")]
    input: PathBuf,
    /// The file to write; `-` is standard output.
    ///
    /// It appears whole or not at all: a file of this name is replaced when everything went well,
    /// and stays as it is otherwise.
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The core to compile for.
    #[arg(
        long,
        value_name = "TRIPLE",
        default_value_t,
        hide_default_value = true
    )]
    target: Target,
    /// How hard to optimise.
    #[arg(short = 'O', value_name = "LEVEL", value_enum, default_value_t = Level::Speed)]
    level: Level,
    /// What to write.
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Emit::Image)]
    emit: Emit,
    /// Do not print a summary.
    #[arg(short, long)]
    quiet: bool,
}

/// The forms in which a module can be had.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Emit {
    /// The image, and beside it OUT.map, which maps its code to functions and to the module.
    Image,
    /// Cranelift's intermediate representation, optimised, as text.
    Clif,
}

const EXAMPLES: &str = "\
Examples:
  wasm2mcu compile app.wasm -o app.w2m
  wasm2mcu compile app.wasm -o app.w2m -O size --target thumbv8m.main-none-eabi
  wasm2mcu compile app.wat -o - --emit clif | less";

fn manual() -> String {
    let targets: Vec<String> = Target::all()
        .map(|target| format!("  {:26}  {}", target.name(), target.core()))
        .collect();
    format!(
        "{EXAMPLES}\n\n\
         Targets, the default first:\n{}\n\n{SUPPORTED}\n\n{EXIT_STATUS}",
        targets.join("\n"),
    )
}

/// What modules may use, for the manuals.
const SUPPORTED: &str = "\
Modules:
  Code may use i32 (also multiple results, sign extension), one memory, tables of functions,
  globals, and imported functions. Refused, with function and offset: i64, f32, f64, vectors,
  threads, exceptions, garbage collection, several memories, 64-bit memories, bulk memory,
  imports other than functions.

  Build C with:
    clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry,--stack-first \\
      -Wl,-z,stack-size=4096 -Wl,--no-growable-memory app.c -o app.wasm";

/// Compiles, and says how large the result is.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let output = Output::at(&args.output)?;
    let module = Input::module(&args.input)?;
    let options = Options {
        target: args.target,
        level: args.level.into(),
        ..Options::default()
    };
    let compiled =
        wasm2mcu::compile(&module, &options).map_err(|error| about(&args.input, error))?;
    let summary = match args.emit {
        Emit::Image => {
            let image = compiled
                .image()
                .map_err(|error| about(&args.input, error))?;
            output.write(&image)?;
            summary(&compiled, &image)?
        }
        Emit::Clif => {
            let text = compiled.clif();
            output.write(text.as_bytes())?;
            format!("{} functions", compiled.translated.functions.len())
        }
    };
    if !args.quiet {
        output::note(format_args!("{}: {summary}", args.output.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(compiled: &Compiled, image: &[u8]) -> Result<String, Failure> {
    let parsed = Image::parse(image).map_err(|error| {
        Failure::new(format_args!(
            "bug in the compiler: the image is refused: {error}"
        ))
    })?;
    let needs = parsed.requirements();
    let guards = compiled.guards;
    Ok(format!(
        "image {} bytes, text {}, context {}, memory {}, stack {}; guards kept {}, removed {}",
        image.len(),
        compiled.text.bytes.len(),
        needs.context_bytes,
        needs.memory_max,
        needs.stack_bytes,
        guards.kept + guards.certain,
        guards.removed,
    ))
}
