//! Firmware that loads and runs wasm2mcu images on QEMU's Cortex-M33 (`-M mps2-an505`).
//!
//! ```text
//!   PC ══ /dev/stdin, /dev/stdout of QEMU ══ semihosting ══ link ══ service ── loader::Instance
//!                                                                     │             │ Guarded<Native>
//!                                                        hosts ◀──────┴── image text ┘
//!                                                        guard: a fault ends the call, not the firmware
//! ```
//!
//! The messages are described in `protocol.rs`, which the PC's side shares.
#![no_std]
#![no_main]

mod arena;
mod core;
mod guard;
mod hosts;
mod link;
#[path = "../../src/qemu/protocol.rs"]
mod protocol;
mod semihosting;
mod service;

use ::core::arch::global_asm;
use ::core::fmt::Write;
use ::core::panic::PanicInfo;

global_asm!(
    ".section .vectors, \"a\", %progbits",
    ".word __fault_stack_end",
    ".word start",
    // The system exceptions; interrupts stay off.
    ".rept 14",
    ".word exception",
    ".endr",
    ".section .text.start, \"ax\", %progbits",
    ".global start",
    ".type start, %function",
    ".thumb_func",
    "start:",
    // CPACR: coprocessors 10 and 11, the floating-point unit, on.
    "movw r0, #0xed88",
    "movt r0, #0xe000",
    "mov r1, #0xf00000",
    "str r1, [r0]",
    // FPCCR: no floats in exception frames, which the guard makes by hand.
    "movw r0, #0xef34",
    "movt r0, #0xe000",
    "movs r1, #0",
    "str r1, [r0]",
    "dsb",
    "isb",
    // Threads on the process stack.
    "ldr r0, =__stack_end",
    "msr psp, r0",
    "movs r0, #2",
    "msr control, r0",
    "isb",
    "b {run}",
    ".ltorg",
    run = sym service::run,
);

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(semihosting::Console, "firmware: {info}");
    semihosting::exit(4)
}
