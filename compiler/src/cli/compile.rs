//! `wasm2mcu compile`: a module to an image, or to one of the forms on the way there.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use wasm2mcu::bindings::Interface;
use wasm2mcu::disasm::Style;
use wasm2mcu::manifest::Manifest;
use wasm2mcu::map::Map;
use wasm2mcu::{Compiled, Options, TrapInfo};

use super::core::{self, Core};
use super::input::{Input, about};
use super::level::Level;
use super::output::{self, Output, Staged};
use super::{EXIT_STATUS, Failure, hardware, progress};

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
    #[command(flatten)]
    core: Core,
    /// How hard to optimise.
    #[arg(short = 'O', value_name = "LEVEL", value_enum, default_value_t = Level::Speed)]
    level: Level,
    /// How many elements a table may gain that the module grows.
    ///
    /// They take 4 bytes of RAM each from the start, as far as the table's maximum allows them.
    #[arg(long, value_name = "ELEMENTS", default_value_t = wasm2mcu::DEFAULT_TABLE_ROOM)]
    table_room: u32,
    /// Make what can be linked to the images of other modules.
    ///
    /// Instances of it can share functions, memories, tables and globals with others on the same
    /// device. It costs 20 bytes of RAM for each function that is exported or in a table, and guards
    /// cannot rely on the size of an exported memory.
    #[arg(long)]
    linkable: bool,
    /// Rely on so many bytes behind the memory that nothing may access.
    ///
    /// For hosts that make every access right behind the memory fault, by an MPU or PMP region, and a
    /// trap of that: loads of fields need fewer guards then. The loader refuses the image where the
    /// host does not promise it. Memories that grow do not profit.
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    guard_zone: u32,
    /// How exactly a trap is placed: the function, or the site itself, which takes 4 bytes of code for
    /// each check.
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Info::Function)]
    trap_info: Info,
    /// Let the host end a call that runs, from an interrupt or another task.
    ///
    /// The code looks at a word of its instance in loops, unless they end soon, and where functions may
    /// call themselves; it traps within a million instructions or so, mostly within a few hundred.
    #[arg(long)]
    interruptible: bool,
    /// What the module asks for of the hardware, beside what its own custom sections say.
    ///
    /// One resource in a line: `gpio 5 output`, `i2c 1 0x48`, `spi 0`, `uart 2`, `adc 3`, `pwm 0`, `sensor
    /// 0`, `keyvalue 256`; what follows a # is not read. The module can use these and no others, and
    /// only where the host grants them.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// What to write.
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Emit::Image)]
    emit: Emit,
    /// Do not print a summary.
    #[arg(short, long)]
    quiet: bool,
}

/// What a trap tells.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Info {
    /// Code and function.
    Function,
    /// Code, function, and by the map the operator in the module.
    Site,
}

/// The forms in which a module can be had.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Emit {
    /// The image, and beside it OUT.map, which maps its code to functions and to the module.
    Image,
    /// An ELF object for linking into a firmware, with the image at the symbol
    /// wasm2mcu_image_NAME; NAME is the module's file name without extension.
    Obj,
    /// A header for C with a typed function for each export, and prototypes of what the firmware has to
    /// define for each import; over wasm2mcu.h, for the image in an object, a slot, or anywhere.
    Header,
    /// The same as a module for Rust, over wasm2mcu_loader.
    Rust,
    /// The machine code as assembly.
    Asm,
    /// Cranelift's intermediate representation, optimised, as text.
    Clif,
}

impl Emit {
    fn noun(self) -> &'static str {
        match self {
            Emit::Image => "image",
            Emit::Obj => "object",
            Emit::Header => "header",
            Emit::Rust => "Rust",
            Emit::Asm => "assembly",
            Emit::Clif => "CLIF",
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  wasm2mcu compile app.wasm -o app.w2m
  wasm2mcu compile app.wasm -o app.w2m -O size --target thumbv8m.main-none-eabi
  wasm2mcu compile app.wasm -o app.w2m --cpu cortex-m4
  wasm2mcu compile app.wasm -o app.o --emit obj
  wasm2mcu compile app.wasm -o app.h --emit header
  wasm2mcu compile app.wat -o - --emit asm | less";

fn manual() -> String {
    format!(
        "{EXAMPLES}\n\n{}\n\n{SUPPORTED}\n\n{EXIT_STATUS}",
        core::manual()
    )
}

/// What modules may use, for the manuals.
const SUPPORTED: &str = "\
Modules:
  Code may use integers and floats, multiple results, tail calls, references to functions and of
  the host, one memory (pages of one byte included), any number of tables, bulk operations,
  globals, and imports of everything. Refused, with function and offset: vectors, exceptions,
  threads, typed references, garbage collection, a second memory, and 64-bit memories.

  Build C with:
    clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry,--stack-first \\
      -Wl,-z,stack-size=4096 -Wl,--no-growable-memory app.c -o app.wasm

  The memory of such a module is at least one page of 65536 bytes, and all of it takes RAM: a program
  may use every byte of its memory, so the compiler cuts nothing off. With -Wl,--page-size=1 (wasm-ld of
  LLVM 22 or later) it is as large as static data and stack, to the byte. With another linker, give
  the module a memory with pages of one byte: (memory 2048 2048 (pagesize 1)).";

/// Compiles, and says how large the result is.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let output = Output::at(&args.output)?;
    let module = Input::module(&args.input)?;
    let options = Options {
        target: args.core.target()?,
        level: args.level.into(),
        table_room: args.table_room,
        linkable: args.linkable,
        guard_zone: args.guard_zone,
        trap_info: match args.trap_info {
            Info::Function => TrapInfo::PerFunction,
            Info::Site => TrapInfo::PerSite,
        },
        interruptible: args.interruptible,
        ..Options::default()
    };
    let manifest = match &args.manifest {
        Some(path) => hardware::manifest(path)?,
        None => Manifest::default(),
    };
    let mut compiled = progress::shown("compiling", || wasm2mcu::compile(&module, &options))
        .map_err(|error| about(&args.input, error))?;
    let joined = compiled.manifest.join(&manifest);
    joined.map_err(|error| about(&args.input, error))?;
    let failed = |error| about(&args.input, error);
    let bytes = match args.emit {
        Emit::Image => compiled.image().map_err(failed)?,
        Emit::Obj => compiled.object(&symbol_name(&args.input)).map_err(failed)?,
        Emit::Header => interface(&compiled, &args.input)?
            .c_header()
            .map_err(|error| about(&args.input, error))?
            .into_bytes(),
        Emit::Rust => interface(&compiled, &args.input)?
            .rust_module()
            .map_err(|error| about(&args.input, error))?
            .into_bytes(),
        Emit::Asm => compiled.disassembly(LISTING).into_bytes(),
        Emit::Clif => compiled.clif().into_bytes(),
    };
    match (&output, args.emit) {
        (Output::File(path), Emit::Image) => {
            let mut map = compiled.map(&bytes);
            map.add_lines(&module);
            let map = map.to_json();
            let map = Staged::new(&Map::path_beside(&args.output), map.as_bytes())?;
            let image = Staged::new(path, &bytes)?;
            // The image last: whatever fails, an old one is still there. A map knows its image.
            map.publish()?;
            image.publish()?;
        }
        _ => output.write(&bytes)?,
    }
    if !args.quiet {
        output::note(format_args!(
            "{}: {} of {} bytes, {}",
            args.output.display(),
            args.emit.noun(),
            bytes.len(),
            summary(&compiled),
        ));
        if is_one_page(&compiled) {
            output::note(format_args!("{ONE_PAGE}"));
        }
        hardware::notes(&compiled);
    }
    Ok(ExitCode::SUCCESS)
}

/// What the firmware's typed calls are made of.
fn interface(compiled: &Compiled, input: &Path) -> Result<Interface, Failure> {
    Interface::of(compiled, &symbol_name(input)).map_err(|error| about(input, error))
}

/// Whether the memory is as small as WebAssembly's pages allow and could be smaller with others.
fn is_one_page(compiled: &Compiled) -> bool {
    compiled.parts().memory.is_some_and(|memory| {
        memory.page_size_log2 == 16 && !memory.imported && memory.max_bytes == 1 << 16
    })
}

/// All of a page is the program's, whether it is used or not: only the module can say that it is
/// smaller.
const ONE_PAGE: &str = "\
note: the memory takes a whole page of 65536 bytes; where static data and stack need less, link with \
-Wl,--page-size=1 (`wasm2mcu compile --help`)";

/// The stem of the file's name tells the images of one firmware apart.
fn symbol_name(input: &Path) -> String {
    let stem = input.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Offsets and encodings are what `disasm` is for.
const LISTING: Style = Style { encodings: false };

fn summary(compiled: &Compiled) -> String {
    let parts = compiled.parts();
    let guards = compiled.guards;
    format!(
        "text {}, context {}, memory {}, stack {}; guards kept {}, removed {}",
        compiled.text.bytes.len(),
        parts.context_bytes,
        parts.memory.map_or(0, |memory| memory.max_bytes),
        parts.stack_bytes,
        guards.kept + guards.certain,
        guards.removed,
    )
}
