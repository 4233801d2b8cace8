//! Firmware that loads and runs wasm2mcu images on QEMU's Cortex-M33 (`-M mps2-an505`) and on its
//! RISC-V cores (`-M virt`).
//!
//! ```text
//!   PC ══ /dev/stdin, /dev/stdout of QEMU ══ semihosting ══ link ══ service ── loader::Instance
//!                                                                     │             │ Guarded<Native>
//!                                                        hosts ◀──────┴── image text ┘
//!                                                        guard: a fault ends the call, not the firmware
//! ```
//!
//! `arm/` and `riscv/` hold what differs: the first instructions, the guard's handler, the stubs.
//! The messages are described in `protocol.rs`, which the PC's side shares.
#![no_std]
#![no_main]

mod arena;
mod core;
mod guard;
mod hosts;
mod link;
#[cfg_attr(target_arch = "arm", path = "arm/mod.rs")]
#[cfg_attr(target_arch = "riscv32", path = "riscv/mod.rs")]
mod machine;
#[path = "../../src/qemu/protocol.rs"]
mod protocol;
mod semihosting;
mod service;

use ::core::fmt::Write;
use ::core::panic::PanicInfo;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(semihosting::Console, "firmware: {info}");
    semihosting::exit(4)
}
