//! Firmware that gives modules the virtual board, through the functions that `wasm2mcu-host` has for devices.
//!
//! ```text
//!   QEMU's command line: names of images ─▶ each image: load, call every export without parameters
//!                                            │ what devices do          │ how calls end
//!                                            ▼                          ▼
//!                                           lines on the console
//! ```
//!
//! The tests compare the lines with those of the same images on the emulated cores in their process, where host
//! functions are called by words.
#![no_std]
#![no_main]

mod boot;
mod line;
mod semihosting;
mod surroundings;

use core::cell::UnsafeCell;
use core::panic::PanicInfo;

use wasm2mcu_devices::{Devices, Happening, World};
use wasm2mcu_host::abi::{Capability, Error, logging};
use wasm2mcu_host::{Host, Hosted, Peripherals, Stream};
use wasm2mcu_loader::abi::image::Features;
use wasm2mcu_loader::{CallError, Image, Item, Native, Policy};

use crate::line::{End, Line};
use crate::semihosting::{command_line, exit, read, say};
use crate::surroundings::{ARGUMENTS, ENVIRONMENT, INPUT, POLICY, SCRIPT};

/// What QEMU's core has that the compiler's configuration does not tell.
#[cfg(target_arch = "arm")]
const MORE: Features = Features(Features::THUMB_DSP.0 | Features::THUMB_V8M.0);
/// What QEMU's core has that the compiler's configuration does not tell.
#[cfg(target_arch = "riscv32")]
const MORE: Features = Features(Features::RISCV_MISALIGNED.0 | Features::RISCV_SOFT_FLOAT_ABI.0);

/// Stack that stays free below module code, for host functions.
const STACK_RESERVE: usize = 32 << 10;

/// The largest image.
const IMAGE_BYTES: usize = 256 << 10;
/// RAM of an instance.
const RAM_BYTES: usize = 256 << 10;
const LINE_BYTES: usize = 4 << 10;

/// What is too large for the stack, used by `main` alone.
#[repr(C, align(8))]
struct Buffers(UnsafeCell<([u8; IMAGE_BYTES], [u8; RAM_BYTES], [u8; LINE_BYTES])>);

// SAFETY: there is one thread, and it takes them once.
unsafe impl Sync for Buffers {}

static BUFFERS: Buffers = Buffers(UnsafeCell::new((
    [0; IMAGE_BYTES],
    [0; RAM_BYTES],
    [0; LINE_BYTES],
)));

extern "C" fn main() -> ! {
    // SAFETY: this function is called once, and nothing else uses them.
    let (image, ram, line) = unsafe { &mut *BUFFERS.0.get() };
    let line = command_line(line);
    for name in line.split_ascii_whitespace().skip(1) {
        say!("== {name}");
        let mut path = [0; 64];
        let suffix = b".w2m\0";
        let bytes = name.bytes().chain(suffix.iter().copied());
        path.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        let path = path.get(..name.len() + suffix.len()).unwrap_or_default();
        let Some(image) = read(path, image) else {
            say!("no such image");
            exit(1)
        };
        boot::synchronize_code();
        run(image, ram);
    }
    exit(0)
}

/// Loads an image and calls what it exports.
fn run(image: &[u8], ram: &mut [u8]) {
    let timeline = |what: &Happening<'_>| say!("{what}");
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
        let count = buffer.len().min(input.len());
        let (taken, rest) = input.split_at(count);
        buffer
            .get_mut(..count)
            .unwrap_or_default()
            .copy_from_slice(taken);
        input = rest;
        Ok(count)
    };
    let peripherals = Peripherals {
        log: Some(&mut log),
        output: Some(&mut print),
        input: Some(&mut take),
        arguments: &ARGUMENTS,
        environment: &ENVIRONMENT,
        ..wiring.peripherals()
    };

    let image = match Image::parse(image) {
        Ok(image) => image,
        Err(error) => return say!("{error}"),
    };
    let verified = match image.verify(&Policy::unsigned()) {
        Ok(verified) => verified,
        Err(error) => return say!("{error}"),
    };
    let policy = POLICY.map(|line| Capability::parse(line).expect("a capability"));
    let mut host = match Host::new(&image, &policy, peripherals) {
        Ok(host) => host,
        Err(refused) => return say!("{refused}"),
    };
    let mut hosted = match Hosted::new(verified, core(ram), &mut host, &[]) {
        Ok(hosted) => hosted,
        Err(error) => return say!("{error}"),
    };
    for export in image.exports() {
        let Item::Function(function) = export.item else {
            continue;
        };
        let Ok(name) = str::from_utf8(export.name.0) else {
            continue;
        };
        if !function.function_type.param_bytes().is_empty() {
            continue;
        }
        let value = match function.function_type.result_bytes() {
            [] => hosted.call::<(), ()>(name, ()).map(|()| None),
            _ => hosted.call::<(), i32>(name, ()).map(Some),
        };
        let end = match (value, hosted.host().exit_status()) {
            (_, Some(status)) => End::Exit(status),
            (Ok(value), _) => End::Value(value),
            (Err(CallError::Trap(trap)), _) => End::Trap(trap.code),
            (Err(error), _) => {
                say!("{name}: {error}");
                continue;
            }
        };
        let again = matches!(end, End::Trap(_) | End::Exit(_));
        let events = if again {
            0
        } else {
            hosted.deliver().unwrap_or(0)
        };
        let export = name;
        say!(
            "{}",
            Line {
                export,
                end,
                events
            }
        );
        if again && let Err(error) = hosted.reset() {
            return say!("reset: {error}");
        }
    }
}

/// This processor, with this RAM for an instance.
fn core(ram: &mut [u8]) -> Native<'_> {
    unsafe extern "C" {
        static __stack_start: u8;
    }
    let limit = (&raw const __stack_start).addr() + STACK_RESERVE;
    let features = Features(Native::TARGET_FEATURES.0 | MORE.0);
    // SAFETY: the RAM is the instance's. The images are this repository's compiler's. There are no interrupts,
    // and host functions of the virtual board use less than the reserve. The core has these features.
    unsafe { Native::new(ram, limit as u32, features) }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    say!("{info}");
    exit(4)
}
