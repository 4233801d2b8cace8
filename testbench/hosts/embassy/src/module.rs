//! Modules of this firmware: an image in flash, RAM of its own, and the stack that all of it runs on.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};

use wasm2mcu_loader::abi::image::Features;
use wasm2mcu_loader::{Caller, Image, Native, Policy, Verified, include_image, include_module};

use crate::console::{quit, say};

include_module!("control");
include_module!("worker");

/// What QEMU's core has that the compiler's configuration does not tell.
const MORE: Features = Features::THUMB_DSP.with(Features::THUMB_V8M);
/// RAM of each instance.
const RAM_BYTES: usize = 256;
/// Stack that stays free below module code: for host functions, and for the interrupts that come meanwhile,
/// another module among them.
const STACK_RESERVE: usize = 8 << 10;
/// The stack begins at the end of the RAM; so much of it belongs to it.
const STACK_BYTES: usize = 32 << 10;

/// RAM that one instance takes.
#[repr(C, align(8))]
pub(crate) struct Ram {
    bytes: [u8; RAM_BYTES],
}

impl Ram {
    pub(crate) const fn new() -> Self {
        Ram {
            bytes: [0; RAM_BYTES],
        }
    }
}

/// How often control gave something out.
pub(crate) static OUTPUTS: AtomicU32 = AtomicU32::new(0);

extern "C" fn output(_: Caller<'_>, _: f32) {
    OUTPUTS.fetch_add(1, Ordering::Relaxed);
}

/// The module that must never be late, in this RAM.
pub(crate) fn control(ram: &'static mut Ram) -> control::Module<'static, Native<'static>> {
    let host = control::Host {
        board_output: output,
    };
    let image = verified(include_image!("control"));
    control::Module::new(image, core(ram), &host).unwrap_or_else(|error| fail(error))
}

/// The module that takes its time, in this RAM.
pub(crate) fn worker(ram: &'static mut Ram) -> worker::Module<'static, Native<'static>> {
    let image = verified(include_image!("worker"));
    worker::Module::new(image, core(ram), &worker::Host {}).unwrap_or_else(|error| fail(error))
}

fn verified(image: &'static [u8]) -> Verified<'static> {
    let verified = Image::parse(image).and_then(|image| image.verify(&Policy::unsigned()));
    verified.unwrap_or_else(|error| fail(error))
}

/// The core with this RAM.
fn core(ram: &'static mut Ram) -> Native<'static> {
    unsafe extern "C" {
        static _stack_start: u32;
    }
    let limit = (&raw const _stack_start).addr() - STACK_BYTES + STACK_RESERVE;
    let features = Native::TARGET_FEATURES.with(MORE);
    // SAFETY: the RAM is the instance's. The images are this repository's compiler's. Both executors run on
    // the main stack, of which this program uses far less than the reserve. The core has these features.
    unsafe { Native::new(&mut ram.bytes, limit as u32, features) }
}

fn fail(error: impl fmt::Display) -> ! {
    say!("{error}");
    quit(1)
}
