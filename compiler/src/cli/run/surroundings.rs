//! What a module runs in: the policy of its host, what comes from outside, arguments, standard streams.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use wasm2mcu_abi::hardware::{Capability, Error, logging};
use wasm2mcu_loader::Image;
use wasm2mcu_testbench::virtual_board::host::{Stream, manifest};
use wasm2mcu_testbench::virtual_board::{Script, World, duration};

use crate::cli::input::{about, bytes};
use crate::cli::{Failure, hardware, output};

/// The options for the virtual board.
#[derive(clap::Args)]
#[command(next_help_heading = "Virtual board")]
pub(crate) struct Options {
    /// What the host grants, in lines as a manifest has them [default: all that the manifest asks for].
    ///
    /// A module that asks for more is refused.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// What comes from outside, and when.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// After the calls, let this time pass and hand each event to the export `on_event`.
    #[arg(long, value_name = "DURATION", value_parser = time)]
    pub(super) events: Option<Duration>,
    /// Print everything that happens to the devices on standard error.
    ///
    /// Each line has the virtual time in seconds, the device as manifests name it, and what happens.
    #[arg(long)]
    trace: bool,
    /// Set a variable of a WASI program's environment. Can be given several times.
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<String>,
    /// Arguments of a WASI program.
    #[arg(last = true, value_name = "ARG")]
    arguments: Vec<String>,
}

pub(super) const MANUAL: &str = "\
Virtual board:
  Imports of the hardware ABI (abi/HARDWARE.md) are served by simulated devices, under the capabilities
  of the image's manifest:
    gpio 0-23   pins to be configured        gpio 24-27  inputs
    gpio 28-29  outputs                      gpio 30-31  open drains
    i2c 0, 1    a thermometer at 0x48        spi 0, 1    a flash chip; a wire from output to input
    uart 0, 1   ports                        adc 0-3     triangles of 1 to 4 s, 12 bits, 3.3 V
    pwm 0-3     outputs                      sensor 0, 1 temperature, humidity
    keyvalue    16 KiB, empty
  Time is virtual: it passes by waiting, which takes none of yours, and by 1 us whenever the module looks
  at the clock. So every run is the same. Random numbers are, too: they are for tests alone.

  A script has lines like these, with times that never go back:
    0      temperature 21.5      degrees Celsius; between two of them it changes evenly
    10ms   gpio 4 high           the level at a pin
    1.5s   uart 0 \"on\\r\\n\"       bytes to a port

  After each call, events that wait go to the module's export `on_event`, if it has one.

WASI programs:
  The subset of WASI preview 1 of abi/HARDWARE.md is there: standard streams, arguments behind --,
  environment, virtual time, exit. A module that exports `_start` is run by it if no call is
  named, and the status with which it exits is that of this command.";

fn time(text: &str) -> Result<Duration, &'static str> {
    duration(text).ok_or("a duration is a number with ns, us, ms or s behind it")
}

fn variable(text: &str) -> Result<String, &'static str> {
    match text.split_once('=') {
        Some((name, _)) if !name.is_empty() && !text.contains('\0') => Ok(text.to_owned()),
        _ => Err("a variable is NAME=VALUE"),
    }
}

/// What the options say, read.
pub(super) struct Surroundings {
    pub(super) script: Script,
    pub(super) policy: Vec<Capability>,
    /// Name and arguments of the program.
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<String>,
    trace: bool,
}

impl Surroundings {
    /// Reads the files that the options name.
    pub(super) fn read(
        options: &Options,
        input: &Path,
        image: &Image<'_>,
    ) -> Result<Self, Failure> {
        let script = match &options.script {
            Some(path) => {
                let bytes = bytes(path)?;
                let text = str::from_utf8(&bytes).map_err(|_| about(path, "this is no text"))?;
                Script::parse(text).map_err(|error| about(path, error))?
            }
            None => Script::default(),
        };
        let policy = match &options.policy {
            Some(path) => hardware::manifest(path)?.capabilities().to_vec(),
            None => {
                let asked = manifest(image).map_err(|error| about(input, error))?;
                asked.capabilities().collect()
            }
        };
        let name = input.file_stem().unwrap_or_default().to_string_lossy();
        let mut arguments = vec![name.into_owned()];
        arguments.extend(options.arguments.iter().cloned());
        Ok(Surroundings {
            script,
            policy,
            arguments,
            environment: options.env.clone(),
            trace: options.trace,
        })
    }

    /// Prints a line of the timeline, if that is wanted.
    pub(super) fn trace(&self, line: impl std::fmt::Display) {
        if self.trace {
            output::note(format_args!("{line}"));
        }
    }

    /// Prints a message of the module.
    pub(super) fn log(
        &self,
        world: &World<'_>,
        level: logging::Level,
        context: &str,
        message: &str,
    ) {
        if self.trace {
            return world.log(level, context, message);
        }
        let (level, colon) = (level.name(), if context.is_empty() { "" } else { ": " });
        // What would steer a terminal is escaped, as in every other text of a module.
        let (context, message) = (context.escape_debug(), message.escape_debug());
        output::note(format_args!("{level}: {context}{colon}{message}"));
    }

    /// Prints what a WASI program does.
    pub(super) fn print(
        &self,
        world: &World<'_>,
        stream: Stream,
        bytes: &[u8],
    ) -> Result<usize, Error> {
        world.print(stream, bytes);
        let printed = match stream {
            Stream::Output => output::print(bytes).is_ok(),
            Stream::Error => io::Write::write_all(&mut io::stderr(), bytes).is_ok(),
        };
        match printed {
            true => Ok(bytes.len()),
            false => Err(Error::Io),
        }
    }
}

/// Reads standard input for a WASI program.
pub(super) fn read_input(buffer: &mut [u8]) -> Result<usize, Error> {
    io::stdin().lock().read(buffer).map_err(|_| Error::Io)
}
