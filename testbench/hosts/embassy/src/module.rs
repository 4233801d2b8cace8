//! Modules of this firmware: an image in flash, RAM of its own, and the stack that all of it runs on.

use core::sync::atomic::{AtomicU32, Ordering};

use wasm2mcu_loader::abi::image::Features;
use wasm2mcu_loader::{Caller, HostFunction, Image, Instance, Native, Policy};

use crate::console::{quit, say};

/// An image in flash, at a multiple of 4.
#[repr(C, align(4))]
pub(crate) struct Flash<B: ?Sized>(pub(crate) B);

macro_rules! image {
    ($name:literal) => {{
        static IMAGE: &$crate::module::Flash<[u8]> = &$crate::module::Flash(*include_bytes!(
            concat!(env!("OUT_DIR"), "/", $name, ".w2m")
        ));
        &IMAGE.0
    }};
}
pub(crate) use image;

/// What QEMU's core has that the compiler's configuration does not tell.
const MORE: Features = Features(Features::THUMB_DSP.0 | Features::THUMB_V8M.0);
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

/// An instance of an image in this RAM.
pub(crate) fn instance(
    image: &'static [u8],
    ram: &'static mut Ram,
) -> Instance<'static, Native<'static>> {
    unsafe extern "C" {
        static _stack_start: u32;
    }
    let limit = (&raw const _stack_start).addr() - STACK_BYTES + STACK_RESERVE;
    let features = Features(Native::TARGET_FEATURES.0 | MORE.0);
    // SAFETY: the RAM is the instance's. The images are this repository's compiler's. Both executors run on
    // the main stack, of which this program uses far less than the reserve. The core has these features.
    let core = unsafe { Native::new(&mut ram.bytes, limit as u32, features) };
    let host = [HostFunction::new(
        "board",
        "output",
        output as extern "C" fn(Caller<'_>, f32),
    )];
    let verified = Image::parse(image).and_then(|image| image.verify(&Policy::unsigned()));
    let verified = verified.unwrap_or_else(|error| {
        say!("image: {error}");
        quit(1)
    });
    Instance::new(verified, core, &host).unwrap_or_else(|error| {
        say!("instance: {error}");
        quit(1)
    })
}
