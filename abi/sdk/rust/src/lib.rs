//! The hardware that a host grants to a module, for modules in Rust.
//!
//! A module names what it wants to use in its [`manifest!`], and takes each resource by its number. The types implement
//! the traits of `embedded-hal` 1.0 and `embedded-io`, so that drivers from the registry run in the sandbox as they are:
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//!
//! use embedded_hal::i2c::I2c;
//! use wasm2mcu_guest::{clock, i2c, info, manifest};
//!
//! manifest!("i2c 1 0x48");
//!
//! #[unsafe(no_mangle)]
//! extern "C" fn run() {
//!     let mut bytes = [0; 2];
//!     if i2c::Bus::new(1).write_read(0x48, &[0], &mut bytes).is_ok() {
//!         info!("{} °C", bytes[0] as i8);
//!     }
//! }
//! ```
//!
//! | module | what | traits |
//! |---|---|---|
//! | [`gpio`] | pins | `InputPin`, `OutputPin`, `StatefulOutputPin` |
//! | [`i2c`], [`spi`] | devices on buses | `I2c`, `SpiDevice` |
//! | [`uart`] | serial ports | `embedded_io::{Read, Write, ReadReady}` |
//! | [`adc`], [`pwm`] | analog inputs, pulse widths | `SetDutyCycle` |
//! | [`sensor`] | sensors whose driver the host has | |
//! | [`clock`] | time, waiting | `DelayNs` |
//! | [`event`] | what happens without being asked for | |
//! | [`store`] | values that stay when the power goes | |
//! | [`log`], [`random`] | messages, random numbers | `core::fmt::Write` |
//!
//! Everything is a call of the host (the contract: `HARDWARE.md` of `wasm2mcu-abi`), which checks every number and
//! address. A value of these types is a number: making one asks nobody, and the first use tells whether it is granted.
//! Nothing allocates. Built for `wasm32v1-none` or another target of 32-bit WebAssembly.
#![no_std]

#[cfg(not(target_arch = "wasm32"))]
compile_error!("wasm2mcu-guest is for modules: build with --target wasm32v1-none");

pub mod adc;
pub mod clock;
mod error;
pub mod event;
pub mod gpio;
pub mod i2c;
pub mod log;
mod memory;
pub mod pwm;
pub mod random;
#[allow(unsafe_code, reason = "imports; none can do more to the module than it asks for")]
#[rustfmt::skip]
mod raw;
pub mod sensor;
pub mod spi;
pub mod store;
pub mod uart;

pub use error::{Error, ErrorCode};

/// What the module asks for, one resource in each line, once or more often in a program.
///
/// ```ignore
/// manifest!("gpio 5 output", "i2c 1 0x48", "pwm 0");
/// ```
///
/// The lines are those of `HARDWARE.md`, section 3. They become the module's custom section `wasm2mcu.manifest`.
#[macro_export]
macro_rules! manifest {
    ($($line:literal),+ $(,)?) => {
        const _: () = {
            const TEXT: &[u8] = ::core::concat!($($line, "\n"),+).as_bytes();
            #[used]
            #[unsafe(link_section = "wasm2mcu.manifest")]
            static MANIFEST: [u8; TEXT.len()] = match TEXT.first_chunk() {
                ::core::option::Option::Some(text) => *text,
                ::core::option::Option::None => ::core::unreachable!(),
            };
        };
    };
}

#[cfg(feature = "panic-handler")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
