//! Firmware that is built without any image: it declares a slot, and runs what `wasm2mcu link` puts there.
#![no_std]
#![no_main]

mod machine;

use core::fmt;
use core::panic::PanicInfo;

use wasm2mcu_loader::abi::image::Features;
use wasm2mcu_loader::{Caller, HostFunction, Image, Instance, Native, Policy, declare_slot};

const SYS_WRITEC: u32 = 0x03;
const SYS_EXIT_EXTENDED: u32 = 0x20;
const ADP_STOPPED_APPLICATION_EXIT: u32 = 0x20026;

/// What QEMU's core has that the compiler's configuration does not tell.
#[cfg(target_arch = "arm")]
const MORE: Features = Features::THUMB_V8M.with(Features::THUMB_DSP);
#[cfg(target_arch = "riscv32")]
const MORE: Features = Features::RISCV_MISALIGNED.with(Features::RISCV_SOFT_FLOAT_ABI);
const FEATURES: Features = Native::TARGET_FEATURES.with(MORE);
/// Stack for functions of the host.
const HOST_BYTES: u32 = 1024;
const RAM_BYTES: usize = 512;

declare_slot! {
    /// The application.
    static APP = "app", aligned to 4096, for FEATURES;
}

struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // SAFETY: the operation reads one byte.
            unsafe { machine::semihosting(SYS_WRITEC, (&raw const byte).cast()) };
        }
        Ok(())
    }
}

macro_rules! say {
    ($($argument:tt)*) => {{
        use core::fmt::Write;
        let _ = writeln!(Console, $($argument)*);
    }};
}

#[repr(C, align(8))]
struct Ram([u8; RAM_BYTES]);

extern "C" fn output(_: Caller<'_>, value: f32) {
    say!("  output {}/1000", (value * 1000.0) as i32);
}

fn start(ram: &mut Ram) -> Option<()> {
    unsafe extern "C" {
        safe static __stack_start: u32;
    }
    // SAFETY: the linker script has flash there, and nothing writes to it.
    let slot = unsafe { APP.bytes() };
    say!(
        "slot app: {} bytes at +{:#x}",
        slot.len(),
        APP.address() & 0x0fff_ffff
    );
    let verified = Image::parse(slot).and_then(|image| image.verify(&Policy::unsigned()));
    let image = verified.map_err(|error| say!("app: {error}")).ok()?;
    let limit = (&raw const __stack_start).addr() as u32;
    // SAFETY: the RAM is the instance's, the image our compiler's; the stack is free down to its end, there are no
    // interrupts, and host functions have their share. The core has these features.
    let core = unsafe { Native::new(&mut ram.0, limit, FEATURES) };
    let core = core.with_host_stack(HOST_BYTES);
    let output = output as extern "C" fn(Caller<'_>, f32);
    let host = [HostFunction::new("board", "output", output)];
    let instance = Instance::new(image, core, &host);
    let mut instance = instance.map_err(|error| say!("app: {error}")).ok()?;
    for _ in 0..3 {
        let stepped = instance.call::<f32, f32>("step", 1.0);
        stepped.map_err(|error| say!("app: {error}")).ok()?;
    }
    say!("app: done");
    Some(())
}

extern "C" fn run() -> ! {
    let status = match start(&mut Ram([0; RAM_BYTES])) {
        Some(()) => 0,
        None => 1,
    };
    quit(status)
}

fn quit(status: u32) -> ! {
    let block = [ADP_STOPPED_APPLICATION_EXIT, status];
    loop {
        // SAFETY: the operation reads two words.
        unsafe { machine::semihosting(SYS_EXIT_EXTENDED, block.as_ptr().cast()) };
    }
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    say!("{info}");
    quit(4)
}
