//! `wasm2mcu explain`: what a device says of a trap, in terms of the module.

use std::path::PathBuf;
use std::process::ExitCode;

use wasm2mcu::map::Map;
use wasm2mcu_loader::TrapRecord;

use super::input::about;
use super::{Failure, output};

/// Show where a device trapped
///
/// Takes the line that the loader prints of a trap and finds function, offset in the WebAssembly file
/// and, where the module was compiled with debug information, the line of the source. The map is the
/// one that `compile` wrote beside the image.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = manual())]
pub(crate) struct Args {
    /// The map of the image that trapped.
    #[arg(value_name = "IMAGE.w2m.map")]
    map: PathBuf,
    /// The trap record, `w2m-trap:CODE:OFFSET:IMAGE`; text around it, as in a line of a log, is passed
    /// over.
    #[arg(value_name = "RECORD")]
    record: String,
}

const EXAMPLES: &str = "\
Examples:
  wasm2mcu explain app.w2m.map w2m-trap:7:1a4:9f86d081
  wasm2mcu explain app.w2m.map '[12.3] motor: w2m-trap:7:1a4:9f86d081'";

fn manual() -> String {
    format!(
        "{EXAMPLES}\n\n\
         Output:\n  \
         The trap, the function, and the place:\n    \
         integer divide by zero\n    \
         function 12 (mean), text offset 0x1a4\n    \
         app.c:31:14 (wasm 0x2c3)\n  \
         An image that was compiled with --trap-info=site knows the place. Others know the function:\n  \
         every place in it that can trap so is listed then."
    )
}

/// Prints the explanation.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let map = Map::read_alone(&args.map).map_err(Failure::new)?;
    let record = record(&args.record)?;
    let [a, b, c, d, ..] = map.image_sha256;
    let image = u32::from_be_bytes([a, b, c, d]);
    if record.image != image {
        return Err(about(
            &args.map,
            format_args!(
                "this is the map of image {image:08x}…, the trap is of image {:08x}…; take the map \
                 that was written together with that image",
                record.image
            ),
        ));
    }
    output::print(explain(&map, record).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The record in a text.
fn record(text: &str) -> Result<TrapRecord, Failure> {
    let words = text.split(|c: char| c.is_whitespace() || "\"',;()[]".contains(c));
    let mut words = words.filter(|word| word.starts_with(TrapRecord::PREFIX));
    let record = words.next().unwrap_or(text).parse();
    record.map_err(|error| Failure::new(format_args!("`{}` is {error}", text.escape_debug())))
}

fn explain(map: &Map, record: TrapRecord) -> String {
    let TrapRecord {
        code, text_offset, ..
    } = record;
    let mut text = format!("{code}\n");
    let Some(at) = text_offset.checked_sub(1) else {
        return text + "outside of the module's code\n";
    };
    match map.function_at(at) {
        Some(function) => {
            text += &format!(
                "function {} ({}), text offset {text_offset:#x}\n",
                function.index,
                function.name.escape_debug()
            );
        }
        None => {
            let mut routines = map.routines.iter();
            let routine = routines.find(|r| r.offset <= at && at - r.offset < r.bytes);
            let name = routine.map_or("no function", |routine| &routine.name);
            text += &format!("{name}, text offset {text_offset:#x}\n");
        }
    }
    let sources = map.trap_sources(text_offset, code);
    if sources.len() > 1 {
        text += "one of\n";
    }
    for source in sources {
        text += &match map.lines.describe(source) {
            Some(line) => format!("{} (wasm {source:#x})\n", line.escape_debug()),
            None => format!("wasm {source:#x}\n"),
        };
    }
    text
}
