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
//!
//! # A firmware
//!
//! A module that blinks and reads a thermometer, on whatever chip has a driver with the traits of `embedded-hal`:
//!
//! ```no_run
//! # #[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
//! # mod firmware {
//! use embedded_hal::digital::StatefulOutputPin;
//! use embedded_hal::i2c::I2c;
//! use wasm2mcu_host::abi::{Capability, Rights};
//! use wasm2mcu_host::{Clock, Host, Hosted, Output, Peripherals};
//! use wasm2mcu_loader::{CallError, Image, Native, Policy};
//!
//! /// What modules may do here: light the lamp at pin 5, and talk to one device on bus 1.
//! const POLICY: [Capability; 2] = [Capability::gpio(5, Rights::OUTPUT), Capability::i2c(1, 0x48)];
//!
//! /// Runs the module in `flash` for ever. `None` if it is not for this board.
//! pub fn run(
//!     flash: &[u8],
//!     core: Native<'_>,
//!     led: impl StatefulOutputPin,
//!     mut bus: impl I2c,
//!     mut clock: impl Clock,
//! ) -> Option<()> {
//!     // `Policy::signed_by(&KEYS)` where images come from elsewhere.
//!     let image = Image::parse(flash).ok()?.verify(&Policy::unsigned()).ok()?;
//!     let mut led = Output(led);
//!     let board = Peripherals {
//!         clock: Some(&mut clock),
//!         pins: &mut [(5, &mut led)],
//!         i2c: &mut [(1, &mut bus)],
//!         ..Peripherals::default()
//!     };
//!     // Refused, with the resource, if its manifest asks for more than the policy grants.
//!     let mut host = Host::new(&image, &POLICY, board).ok()?;
//!     let mut module = Hosted::new(image, core, &mut host, &[]).ok()?;
//!     loop {
//!         // Until it returns, it has this task: `wait-for` and `poll` sleep in `Clock::idle`.
//!         match module.call::<i32, i32>("run", 10) {
//!             Ok(_) => {}
//!             Err(CallError::Trap(_)) => module.reset().ok()?,
//!             Err(_) => return None,
//!         }
//!         // Events that came meanwhile, to the module's `on_event`, if it has one.
//!         let _ = module.deliver();
//!     }
//! }
//! # }
//! ```
//!
//! # Time and interrupts
//!
//! Everything here runs in the task that runs the module. Waiting ends in [`Hardware::wait`]: a board sleeps there until the
//! time comes or an interrupt does, looks at what the module has [subscribed](Events::sources) to, and says what it saw.
//! [`Peripherals`] polls its inputs each time its clock has idled. An interrupt handler that has to end a wait early, to
//! interrupt the module, sets what [`Hardware::interrupted`] returns.
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
pub use native::{Functions, Hosted, HostedError};
pub use peripherals::{
    Adc, Bidirectional, Clock, I2cBus, Input, Log, Numbered, Output, Peripherals, Pin, Printer,
    Pwm, Random, Reader, Sensor, Spi, Store, Uart,
};
pub use wasm2mcu_abi::hardware as abi;
