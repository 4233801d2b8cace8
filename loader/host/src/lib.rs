//! The host's side of the hardware ABI: what a module's calls do, checked.
//!
//! ```text
//!   module ──import──▶ Functions ──▶ calls ──▶ Host ──▶ Hardware
//!                      (extern "C",   ranges    manifest,   Peripherals over embedded-hal,
//!                       or by words)  checked   events      a C table, a virtual board, your own
//! ```
//!
//! * [`Hardware`]: what a board does for modules. Everything but the clock is optional.
//! * [`Peripherals`]: a [`Hardware`] made of `embedded-hal` 1.0 devices, each under a number.
//! * [`Host`]: what belongs to one instance: its manifest, compared with the host's policy, its events.
//! * `Hosted` (on a device): an instance together with its host.
//! * [`function`]: a call by words, for hosts that are not the processor: emulators.
//!
//! The contract is `HARDWARE.md` of `wasm2mcu-abi`. Whatever a module passes, a call ends with a value, an error or a
//! trap; no number, address or length makes the host panic or leave the module's memory.
#![no_std]
#![deny(unsafe_code)]

mod calls;
mod events;
mod fault;
mod functions;
mod hardware;
mod host;
mod memory;
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
#[allow(unsafe_code, reason = "finds the host of an instance that calls")]
mod native;
mod peripherals;
mod wasi;

pub use embedded_hal::i2c::Operation as I2cOperation;
pub use embedded_hal::spi::Operation as SpiOperation;
pub use events::{Events, Source};
pub use functions::{Function, Words, function};
pub use hardware::{Hardware, Stream};
pub use host::{Host, Refused, manifest};
pub use memory::{Memory, Range, SEGMENTS, Unreachable};
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
pub use native::{Hosted, HostedError};
pub use peripherals::{
    Adc, Bidirectional, Clock, I2cBus, Input, Log, Numbered, Output, Peripherals, Pin, Printer,
    Pwm, Random, Reader, Sensor, Spi, Store, Uart,
};
pub use wasm2mcu_abi::hardware as abi;
