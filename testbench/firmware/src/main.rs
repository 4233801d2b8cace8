//! Firmware that loads and runs wasm2mcu images on QEMU's Cortex-M33 (`-M mps2-an505`), on its
//! RISC-V cores (`-M virt`), and on chips behind a debug probe (`chips/`).
//!
//! ```text
//!   PC ══ /dev/stdin, /dev/stdout of QEMU ══ semihosting ═╗
//!   PC ══ debug probe ══ rings in RAM ══════ rtt ═════════╩═ link ══ service ── loader::Instance
//!                                                                     │             │ Guarded<Native>
//!                                                        hosts ◀──────┴── image text ┘
//!                                                        guard: a fault ends the call, not the firmware
//! ```
//!
//! `arm/` and `riscv/` hold what differs: the first instructions, the guard's handler, the stubs, the
//! cycle counter. The messages are described in `protocol.rs`, which the PC's side shares.
#![no_std]
#![no_main]

mod arena;
mod core;
mod counter;
mod guard;
mod hosts;
mod link;
#[cfg_attr(target_arch = "arm", path = "arm/mod.rs")]
#[cfg_attr(target_arch = "riscv32", path = "riscv/mod.rs")]
mod machine;
#[path = "../../src/remote/protocol.rs"]
mod protocol;
mod service;
#[cfg_attr(feature = "probe", path = "rtt.rs")]
#[cfg_attr(not(feature = "probe"), path = "semihosting.rs")]
mod transport;

use ::core::fmt::Write;
use ::core::panic::PanicInfo;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(transport::Console, "firmware: {info}");
    transport::exit(4)
}
