//! Modules on a board of the test bench, host functions in this process.

use std::cell::RefCell;
use std::fmt::Write as _;

use wasm2mcu_devices::{Devices, Happening, World};
use wasm2mcu_host::abi::{Capability, Error, logging};
use wasm2mcu_host::{Host, Peripherals, Stream};
use wasm2mcu_loader::{Image, Item};
use wasm2mcu_testbench::virtual_board::{deliver, functions, has_handler};
use wasm2mcu_testbench::{Board, BoardError, Instance};

use crate::line::{End, Line};
use crate::surroundings::{ARGUMENTS, ENVIRONMENT, INPUT, POLICY, SCRIPT};

/// Events that are handed out at a time, as many as by `Hosted::deliver`.
const EVENTS: usize = 16;

pub(crate) fn policy() -> Vec<Capability> {
    let parse = |line: &&str| Capability::parse(line).expect("a capability");
    POLICY.iter().map(parse).collect()
}

/// Loads an image and calls what it exports, as the firmware does; its lines.
pub(crate) fn lines(board: &dyn Board, bytes: &[u8]) -> String {
    let lines = RefCell::new(String::new());
    let say = |line: &dyn std::fmt::Display| writeln!(lines.borrow_mut(), "{line}").unwrap();
    run(board, bytes, &say);
    lines.into_inner()
}

fn run(board: &dyn Board, bytes: &[u8], say: &dyn Fn(&dyn std::fmt::Display)) {
    let timeline = |what: &Happening<'_>| say(what);
    let world = World::new(&SCRIPT, &timeline);
    let mut devices = Devices::new(&world);
    let mut wiring = devices.wire();
    let mut log = |level: logging::Level, context: &str, message: &str| {
        world.log(level, context, message);
    };
    let mut print = |stream: Stream, bytes: &[u8]| -> Result<usize, Error> {
        world.print(stream, bytes);
        Ok(bytes.len())
    };
    let mut input = INPUT;
    let mut take = |buffer: &mut [u8]| -> Result<usize, Error> {
        std::io::Read::read(&mut input, buffer).map_err(|_| Error::Io)
    };
    let peripherals = Peripherals {
        log: Some(&mut log),
        output: Some(&mut print),
        input: Some(&mut take),
        arguments: &ARGUMENTS,
        environment: &ENVIRONMENT,
        ..wiring.peripherals()
    };
    let image = Image::parse(bytes).expect("an image");
    let host = match Host::new(&image, &policy(), peripherals) {
        Ok(host) => RefCell::new(host),
        Err(refused) => return say(&refused),
    };
    let mut instance = match board.load(bytes, functions(&image, &host)) {
        Ok(instance) => instance,
        Err(BoardError::Refused(why)) => return say(&why),
        Err(error) => panic!("{error}"),
    };
    for export in image.exports() {
        let Item::Function(function) = export.item else {
            continue;
        };
        if !function.function_type.param_bytes().is_empty() {
            continue;
        }
        let name = export.name.to_string();
        let end = instance.invoke(&name, &[]).expect("a call").end;
        let end = match (end, host.borrow().exit_status()) {
            (_, Some(status)) => End::Exit(status),
            (Ok(words), _) => End::Value(words.first().map(|word| word.cast_signed())),
            (Err(trap), _) => End::Trap(trap.code),
        };
        let again = matches!(end, End::Trap(_) | End::Exit(_));
        let handler = has_handler(&image) && !again;
        let events = match handler {
            true => hand_out(&mut *instance, &host),
            false => 0,
        };
        let export = &name;
        say(&Line {
            export,
            end,
            events,
        });
        if again {
            host.borrow_mut().reset();
            instance.reset().expect("a reset");
        }
    }
}

fn hand_out(instance: &mut dyn Instance, host: &RefCell<Host<'_, Peripherals<'_>>>) -> u32 {
    let mut count = 0;
    for _ in 0..EVENTS {
        let Some(event) = host.borrow_mut().next_event() else {
            break;
        };
        let outcome = deliver(instance, &event).expect("a call");
        outcome.end.expect("no trap");
        count += 1;
    }
    count
}
