//! `wasm2mcu run`: a module or an image on a board.
//!
//! ```text
//!   module ─compile─▶ image ─load─▶ instance on a board ─invoke─▶ results, or a trap
//!                                     ▲ imports
//!            surroundings ─▶ virtual board: devices, virtual time, WASI
//! ```

mod surroundings;

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use serde::Serialize;
use wasm2mcu::manifest::Manifest;
use wasm2mcu::{Options, Target};
use wasm2mcu_abi::hardware::{EVENT_HANDLER, logging};
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_loader::{Image, Import, ImportFault, ImportItem, Item, Trap};
use wasm2mcu_testbench::board::{self, Board, BoardError, BoardInfo, Instance, Outcome};
use wasm2mcu_testbench::virtual_board::host::{Hardware, Host, Peripherals, Stream};
use wasm2mcu_testbench::virtual_board::{self, Devices, Happening, World};
use wasm2mcu_testbench::{HostFunction, spectest};

use self::surroundings::Surroundings;
use super::board_name::{self, BoardName};
use super::input::{Input, about};
use super::invocation::{Functions, Invocation, Signature};
use super::level::Level;
use super::names::Names;
use super::{EXIT_STATUS, Failure, hardware, output, progress, value, verify};

/// Run a module or an image on a board
///
/// Compiles the module if it is not an image already, loads it on a board, calls exported
/// functions one after the other in one instance, and prints their results.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = manual())]
pub(crate) struct Args {
    /// The module or the image.
    #[arg(value_name = "IN.wasm|IN.wat|IN.w2m")]
    input: PathBuf,
    /// The board to run on; it also decides what to compile for. `wasm2mcu boards` lists all.
    #[arg(long, default_value = board::boards()[0].name, value_parser = BoardName)]
    board: String,
    /// The debug probe of a board `probe:CHIP`, if several are attached.
    #[arg(long, value_name = "VID:PID:SERIAL")]
    probe: Option<String>,
    /// How hard to optimise a module [default: speed].
    #[arg(short = 'O', value_name = "LEVEL", value_enum)]
    level: Option<Level>,
    /// Features of the board's core that code may use or must not [default: all that it has].
    #[arg(long, value_name = "+NAME,-NAME", allow_hyphen_values = true)]
    features: Option<String>,
    /// Call an exported function; can be given several times.
    ///
    /// NAME and arguments are separated by white space. Integers are decimal, signed or unsigned,
    /// or 0x-hexadecimal; floats are decimal, `nan`, `inf` or `-inf`. All calls are checked before
    /// the first is made.
    #[arg(long, value_name = "'NAME ARG…'")]
    invoke: Vec<String>,
    /// Print one JSON object a call.
    #[arg(long)]
    json: bool,
    /// Stop a call that executes more instructions than this [default: none].
    #[arg(long, value_name = "INSTRUCTIONS")]
    fuel: Option<u64>,
    /// Interrupt a call after so many instructions, as a watchdog would [default: never].
    ///
    /// It ends with a trap. A module is compiled to be interruptible; an image has to be.
    #[arg(long, value_name = "INSTRUCTIONS")]
    interrupt_after: Option<u64>,
    /// Let the memory grow to this size at most [default: what the board has].
    #[arg(long, value_name = "BYTES")]
    memory: Option<u32>,
    /// Run what a device with this public key would run, and nothing else: the image has to be signed.
    /// Can be given several times.
    #[arg(long, value_name = "KEY.pub.pem")]
    key: Vec<PathBuf>,
    /// The lowest security counter that the device runs.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "key")]
    min_counter: u32,
    /// What a module asks for of the hardware, beside what its own custom sections say.
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    #[command(flatten)]
    surroundings: surroundings::Options,
}

const EXAMPLES: &str = "\
Examples:
  wasm2mcu run app.wasm --invoke 'run 10'
  wasm2mcu run app.w2m --invoke 'init' --invoke 'add -1 0x10' --json
  wasm2mcu run app.wasm --board qemu-m33 --invoke 'run 10'
  wasm2mcu run app.wasm --board probe:nrf5340 --invoke 'run 10'
  wasm2mcu run app.w2m --key device.pub.pem --min-counter 3
  wasm2mcu run fan.wasm --manifest fan.txt --script warm.txt --invoke 'run' --trace
  wasm2mcu run program.wasm --env LEVEL=2 -- first second";

const OUTPUT: &str = "\
Output:
  One line a call on standard output: the results, separated by spaces, integers as signed
  decimals, floats with the fewest digits that say which value they are. With --json:
    {\"export\":\"run\",\"results\":[\"-7\"],\"trap\":null,\"instructions\":28700}
  where `trap` is the reason as text or null, and `instructions` what the core executed, or null
  on a board that cannot count. A board behind a debug probe adds `cycles`, the clock cycles of its
  core, which are printed on standard error without --json. Everything else is printed on standard
  error, also what the module prints.

  Without --invoke the module is instantiated, which runs its start function, and then its export
  `_start` is called if it has one. An export called `run` or `main` is one like any other.

  A trap ends everything: calls after it are not made, and none at all if the module traps while
  it is instantiated. Endless loops end with --fuel,
  --interrupt-after or Ctrl-C.";

fn manual() -> String {
    let offered: Vec<String> = host_functions().iter().map(offer).collect();
    format!(
        "{EXAMPLES}\n\n\
         {OUTPUT}\n\n\
         {}\n\n\
         Modules may import, to print on standard error:\n  {}\n\n\
         {EXIT_STATUS}",
        surroundings::MANUAL,
        offered.join("\n  "),
    )
}

/// Loads, and makes the calls.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let program = Program::read(&args)?;
    if !args.key.is_empty() {
        verify::check(&args.input, &program.image, &args.key, args.min_counter)?;
    }
    let image = Image::parse(&program.image).map_err(|error| about(&args.input, error))?;
    check_imports(&image).map_err(|error| about(&args.input, error))?;
    let named = args.invoke.iter().map(String::as_str);
    let program_start = (args.invoke.is_empty() && is_program(&image)).then_some(PROGRAM);
    let calls = named
        .chain(program_start)
        .map(|text| Invocation::resolve(text, &image))
        .collect::<Result<Vec<_>, _>>()?;
    if args.surroundings.events.is_some() && !virtual_board::has_handler(&image) {
        return Err(about(
            &args.input,
            format_args!("--events: the module exports no `{EVENT_HANDLER}` that takes an event"),
        ));
    }

    let surroundings = Surroundings::read(&args.surroundings, &args.input, &image)?;
    let board = open(&args)?;
    let stimuli = surroundings.script.stimuli();
    let timeline = |what: &Happening<'_>| surroundings.trace(what);
    let world = World::new(&stimuli, &timeline);
    let mut devices = Devices::new(&world);
    let mut wiring = devices.wire();
    let mut log = |level: logging::Level, context: &str, message: &str| {
        surroundings.log(&world, level, context, message);
    };
    let mut print = |stream: Stream, bytes: &[u8]| surroundings.print(&world, stream, bytes);
    let mut read = surroundings::read_input;
    let arguments: Vec<&str> = surroundings.arguments.iter().map(|text| &**text).collect();
    let environment: Vec<&str> = surroundings
        .environment
        .iter()
        .map(|text| &**text)
        .collect();
    let peripherals = Peripherals {
        log: Some(&mut log),
        output: Some(&mut print),
        input: Some(&mut read),
        arguments: &arguments,
        environment: &environment,
        ..wiring.peripherals()
    };
    let host = Host::new(&image, &surroundings.policy, peripherals);
    let host = RefCell::new(host.map_err(|refused| about(&args.input, refused))?);

    let mut imports = virtual_board::functions(&image, &host);
    imports.extend(host_functions());
    let instance = match board.load(&program.image, imports) {
        Ok(instance) => instance,
        Err(BoardError::Trap(trap)) => {
            let exit = host.borrow().exit_status().map(exit_code);
            return Ok(exit.unwrap_or_else(|| program.trapped(trap, " while it was instantiated")));
        }
        Err(error) => return Err(failed(&args, "instantiation", error)),
    };
    let mut run = Run {
        args: &args,
        program: &program,
        host: &host,
        instance,
        handler: virtual_board::has_handler(&image),
    };
    for call in &calls {
        let quiet = Some(call.export) == program_start;
        if let Some(end) = run.call(call, quiet)? {
            return Ok(end);
        }
        if let Some(end) = run.deliver(Duration::ZERO)? {
            return Ok(end);
        }
    }
    if calls.is_empty() {
        output::note(format_args!(
            "instantiated, nothing called; {}; call with --invoke 'NAME ARG…'",
            Functions(&image)
        ));
    }
    let events = args.surroundings.events.unwrap_or_default();
    let end = run.deliver(events)?;
    Ok(end.unwrap_or(ExitCode::SUCCESS))
}

/// The export by which a WASI program runs.
const PROGRAM: &str = "_start";

fn is_program(image: &Image<'_>) -> bool {
    match image.find_export(PROGRAM) {
        Some(Item::Function(function)) => function.function_type.is(&[], &[]),
        _ => false,
    }
}

/// The exit status of a WASI program; those that a process cannot have are the highest.
fn exit_code(status: u32) -> ExitCode {
    ExitCode::from(u8::try_from(status).unwrap_or(u8::MAX))
}

/// Events that are handed out after a call: as many as wait at most.
const EVENTS: usize = 16;

/// An instance that is being called.
struct Run<'r, 'a, 'i, H> {
    args: &'r Args,
    program: &'r Program,
    host: &'r RefCell<Host<'i, H>>,
    instance: Box<dyn Instance + 'a>,
    handler: bool,
}

impl<H: Hardware> Run<'_, '_, '_, H> {
    /// Makes a call and prints how it ended; the end of everything, if it is that.
    fn call(&mut self, call: &Invocation<'_>, quiet: bool) -> Result<Option<ExitCode>, Failure> {
        let what = format!("running {} on {}", call.export, self.args.board);
        let outcome = progress::shown(&what, || self.instance.invoke(call.export, &call.words));
        let outcome = outcome.map_err(|error| failed(self.args, call.export, error))?;
        let results = match &outcome.end {
            Ok(words) => value::display_all(words, call.results.iter().copied()),
            Err(_) => Vec::new(),
        };
        self.ended(call.export, &results, &outcome, quiet)
    }

    /// Hands out the events that wait, and then those that come within `time`.
    fn deliver(&mut self, time: Duration) -> Result<Option<ExitCode>, Failure> {
        if !self.handler {
            return Ok(None);
        }
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let end = self.host.borrow_mut().hardware().now().saturating_add(time);
        for count in 0.. {
            let mut host = self.host.borrow_mut();
            let over = host.hardware().now() >= end;
            let event = match over {
                false => host.wait_for_event(end),
                true if count < EVENTS => host.next_event(),
                true => None,
            };
            drop(host);
            let Some(event) = event else { break };
            let outcome = virtual_board::deliver(self.instance.as_mut(), &event);
            let outcome = outcome.map_err(|error| failed(self.args, EVENT_HANDLER, error))?;
            if let Some(end) = self.ended(EVENT_HANDLER, &[], &outcome, true)? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    /// Prints how a call ended; what is `quiet` has no result to print but with --json.
    fn ended(
        &self,
        export: &str,
        results: &[String],
        outcome: &Outcome,
        quiet: bool,
    ) -> Result<Option<ExitCode>, Failure> {
        let exit = self.host.borrow().exit_status();
        let trap = outcome.end.as_ref().err().filter(|_| exit.is_none());
        if self.args.json {
            print_json(&Line {
                export,
                results,
                trap: trap.map(|trap| trap.code.message()),
                instructions: outcome.instructions,
                cycles: outcome.cycles,
            })?;
        } else if outcome.end.is_ok() && !quiet {
            output::print(format!("{}\n", results.join(" ")).as_bytes())?;
            if let Some(cycles) = outcome.cycles {
                output::note(format_args!("{export}: {cycles} cycles"));
            }
        }
        match (exit, trap) {
            (Some(status), _) => Ok(Some(exit_code(status))),
            (None, Some(trap)) => Ok(Some(self.program.trapped(*trap, ""))),
            (None, None) => Ok(None),
        }
    }
}

/// What is run.
struct Program {
    image: Vec<u8>,
    names: Names,
}

impl Program {
    /// Reads the input, and compiles it for the board if it is a module.
    fn read(args: &Args) -> Result<Program, Failure> {
        let module = match Input::read(&args.input)? {
            Input::Module(module) => module,
            Input::Image(_)
                if args.level.is_some() || args.features.is_some() || args.manifest.is_some() =>
            {
                return Err(about(
                    &args.input,
                    "this is an image, compiled already: leave out -O, --features and --manifest, or \
                     give the module",
                ));
            }
            Input::Image(image) => {
                return Ok(Program {
                    names: Names::Beside(args.input.clone()),
                    image,
                });
            }
        };
        let options = Options {
            target: target(info(&args.board)?, args.features.as_deref())?,
            level: args.level.unwrap_or(Level::Speed).into(),
            interruptible: args.interrupt_after.is_some(),
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
        hardware::notes(&compiled);
        Ok(Program {
            image: compiled
                .image()
                .map_err(|error| about(&args.input, error))?,
            names: Names::of_module(compiled.module()),
        })
    }

    /// Reports a trap.
    fn trapped(&self, trap: Trap, when: &str) -> ExitCode {
        let why = self.names.describe(trap, &self.image);
        output::note(format_args!("trap: {why}{when}"));
        ExitCode::from(TRAPPED)
    }
}

/// One call as JSON; the fields in the order in which they are printed.
#[derive(Serialize)]
struct Line<'a> {
    export: &'a str,
    results: &'a [String],
    trap: Option<&'static str>,
    instructions: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cycles: Option<u64>,
}

fn print_json(line: &Line<'_>) -> Result<(), Failure> {
    let mut text = serde_json::to_vec(line).map_err(Failure::new)?;
    text.push(b'\n');
    output::print(&text)
}

fn info(name: &str) -> Result<&'static BoardInfo, Failure> {
    board::find(name).map_err(Failure::new)
}

fn target(board: &BoardInfo, features: Option<&str>) -> Result<Target, Failure> {
    let target: Result<Target, _> = board.target.parse();
    let target = target.map_err(|error| {
        Failure::new(format_args!(
            "board {} cannot be compiled for: {error}",
            board.name
        ))
    })?;
    let target = target.with_features(board.features);
    match features {
        Some(list) => target.with_feature_list(list).map_err(Failure::new),
        None => Ok(target),
    }
}

fn open(args: &Args) -> Result<Box<dyn Board>, Failure> {
    let counted = [
        ("--fuel", args.fuel),
        ("--interrupt-after", args.interrupt_after),
    ];
    for (option, _) in counted.iter().filter(|(_, limit)| limit.is_some()) {
        if !info(&args.board)?.counts {
            return Err(Failure::new(format_args!(
                "board {} cannot count instructions: leave out {option}, or take another board",
                args.board
            )));
        }
    }
    let board = board_name::open(&args.board, args.probe.as_deref())
        .map_err(|error| Failure::new(format_args!("board {}: {error}", args.board)))?;
    let mut limits = board.limits();
    limits.instructions = args.fuel;
    limits.interrupt = args.interrupt_after;
    limits.memory_bytes = args.memory.unwrap_or(limits.memory_bytes);
    limits.time = FOREVER;
    board.set_limits(limits);
    Ok(board)
}

/// Longer than any call, and short enough to be added to the present.
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);

/// The status after a trap.
const TRAPPED: u8 = 3;

/// Something went wrong that is no trap.
fn failed(args: &Args, doing: &str, error: BoardError) -> Failure {
    let doing = doing.escape_debug();
    match (error, args.fuel) {
        (BoardError::Runaway { .. }, Some(fuel)) => about(
            &args.input,
            format_args!(
                "{doing} was stopped after {fuel} instructions, which --fuel allows; it may \
                 loop for ever"
            ),
        ),
        (error, _) => about(
            &args.input,
            format_args!("{doing} failed on board {}: {error}", args.board),
        ),
    }
}

/// The functions that modules may import.
fn host_functions<'a>() -> Vec<HostFunction<'a>> {
    spectest::functions_with(|types: &[ValueType], words: &[u32]| {
        let values = value::display_all(words, types.iter().copied());
        output::note(format_args!("{}", values.join(" ")));
    })
}

fn offer(function: &HostFunction<'_>) -> String {
    let params: Vec<String> = function.params.iter().map(|ty| ty.to_string()).collect();
    format!(
        "{}.{}({})",
        function.module,
        function.name,
        params.join(", ")
    )
}

fn virtual_board_offers(import: &Import<'_>) -> Result<(), ImportFault> {
    virtual_board::offers::<Peripherals<'_>>(import)
}

/// Says which import is not offered before the loader does, and in more words.
fn check_imports(image: &Image<'_>) -> Result<(), Failure> {
    let offers = host_functions();
    for import in image.imports() {
        let ImportItem::Function(wanted) = import.item else {
            return Err(Failure::new(format_args!(
                "imports {}.{}, which is no function; `run` offers functions only",
                import.module, import.name
            )));
        };
        match virtual_board_offers(&import) {
            Ok(()) => continue,
            Err(ImportFault::Signature) => {
                let name = format!("{}.{}", import.module, import.name);
                return Err(Failure::new(format_args!(
                    "imports {}, which has another signature in the hardware ABI or in WASI; see \
                     abi/FUNCTIONS.md",
                    Signature(name, wanted)
                )));
            }
            Err(_) => {}
        }
        let offered = offers.iter().any(|offer| {
            import.module == *offer.module
                && import.name == *offer.name
                && wanted.params().eq(offer.params.iter().copied())
                && wanted.results().eq(offer.results.iter().copied())
        });
        if !offered {
            let list: Vec<String> = offers.iter().map(offer).collect();
            let name = format!("{}.{}", import.module, import.name);
            return Err(Failure::new(format_args!(
                "imports {}, which `run` does not offer; it offers the hardware ABI \
                 (abi/FUNCTIONS.md), a subset of WASI preview 1, and {}",
                Signature(name, wanted),
                list.join(", ")
            )));
        }
    }
    Ok(())
}
