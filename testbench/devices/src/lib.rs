//! Simulated devices on virtual time: the virtual board, in a process or in firmware.
//!
//! ```text
//!   script ──▶ World: the time, what comes from outside ──▶ Timeline: everything that happens
//!                ▲                                              ▲
//!   Devices: pins, buses, ports, channels, sensors, store ──────┘
//!      │ wire
//!      ▼
//!   Wiring ──▶ wasm2mcu_host::Peripherals ──▶ a Host, for a module
//! ```
//!
//! Time passes only by waiting, and by a microsecond whenever somebody looks at the clock, so that loops that wait
//! busily come to an end. The same module with the same script has the same timeline, wherever it runs.
//!
//! Devices have the traits of `embedded-hal` and `embedded-io` where these have one. Where a module can ask for more than
//! those traits know, some devices have the traits of `wasm2mcu-host` itself, and some are adapted, so that both
//! ways are used:
//!
//! | resource | what it is | traits of |
//! |---|---|---|
//! | `gpio 0`–`23` | pins that modules configure | `wasm2mcu-host` |
//! | `gpio 24`–`27` | inputs | `embedded-hal` |
//! | `gpio 28`, `29` | outputs | `embedded-hal` |
//! | `gpio 30`, `31` | open drains with a pull-up | `embedded-hal` |
//! | `i2c 0`, `1` | a thermometer like TMP102 at 0x48, nobody at other addresses | `embedded-hal` |
//! | `spi 0` | a flash chip: its identifier (9F), reading (03) | `wasm2mcu-host` |
//! | `spi 1` | a wire from output to input | `embedded-hal` |
//! | `uart 0` | a port that takes everything | `wasm2mcu-host` |
//! | `uart 1` | a port that takes 16 bytes at a time and has a fixed rate | `embedded-io` |
//! | `adc 0`–`3` | triangles of 1, 2, 3, 4 seconds; 12 bits, 3.3 V | `wasm2mcu-host` |
//! | `pwm 0`–`2` | channels with a duty of 1000 at most | `wasm2mcu-host` |
//! | `pwm 3` | the same with a fixed rate | `embedded-hal` |
//! | `sensor 0` | the temperature | `wasm2mcu-host` |
//! | `sensor 1` | the humidity, 45 % | `wasm2mcu-host` |
//! | `keyvalue` | 16 KiB of RAM | `wasm2mcu-host` |
#![no_std]
#![forbid(unsafe_code)]

mod adc;
mod board;
mod bytes;
mod clock;
mod i2c;
mod pin;
mod pwm;
mod random;
mod sensor;
mod spi;
mod store;
mod timeline;
mod uart;
mod world;

pub use adc::VirtualAdc;
pub use board::{Devices, Wiring};
pub use clock::VirtualClock;
pub use i2c::VirtualI2c;
pub use pin::VirtualPin;
pub use pwm::{FixedPwm, VirtualPwm};
pub use random::TestRandom;
pub use sensor::{Hygrometer, Thermometer};
pub use spi::{FlashChip, Loopback};
pub use store::RamStore;
pub use timeline::{Device, Happening, Timeline};
pub use uart::{FixedUart, VirtualUart};
pub use world::{Input, Stimulus, World};
