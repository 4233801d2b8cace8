//! RISC-V, of QEMU's `virt` or of a chip, all of it in machine mode.

pub(crate) mod counter;
pub(crate) mod guard;
pub(crate) mod hosts;

use core::arch::{asm, global_asm};

use crate::service;

global_asm!(
    ".section .text.start, \"ax\", @progbits",
    ".global start",
    ".type start, @function",
    "start:",
    // A boot ROM may have left interrupts on.
    "csrw mie, zero",
    // The variables that have a value, unless they are where they were loaded.
    "la t0, __data_start",
    "la t1, __data_end",
    "la t2, __data_load",
    "beq t0, t2, 2f",
    "1:",
    "bgeu t0, t1, 2f",
    "lw t3, 0(t2)",
    "sw t3, 0(t0)",
    "addi t0, t0, 4",
    "addi t2, t2, 4",
    "j 1b",
    // Those that are zero.
    "2:",
    "la t0, __bss_start",
    "la t1, __bss_end",
    "3:",
    "bgeu t0, t1, 4f",
    "sw zero, 0(t0)",
    "addi t0, t0, 4",
    "j 3b",
    "4:",
    "la sp, __stack_end",
    // Handlers begin with the stack pointer that mscratch keeps for them.
    "la t0, __fault_stack_end",
    "csrw mscratch, t0",
    "la t0, exception",
    "csrw mtvec, t0",
    // mstatus.FS: the floating-point unit on, if misa has one. Without it, FS may be writable, too, in
    // cores with a supervisor mode.
    "csrr t0, misa",
    "andi t0, t0, 1 << 5",
    "slli t0, t0, 13 - 5",
    "csrs mstatus, t0",
    // The guard: NAPOT, no access, and locked, so that it holds for machine mode.
    "lui t0, %hi(__guard_pmpaddr)",
    "addi t0, t0, %lo(__guard_pmpaddr)",
    "csrw pmpaddr0, t0",
    "li t0, 0x98",
    "csrw pmpcfg0, t0",
    "tail {run}",
    run = sym service::run,
);

/// What a chip wants before anything else.
pub(crate) fn start() {}

/// QEMU's semihosting call, an operation with its block of words.
///
/// Source: RISC-V Semihosting, section 3.1: the three instructions are uncompressed, and on one
/// page.
///
/// # Safety
///
/// The block is what the operation wants, and names memory that the operation may read or write.
#[cfg(not(feature = "probe"))]
pub(crate) unsafe fn semihosting(operation: u32, block: &[u32]) -> u32 {
    let result;
    // SAFETY: the breakpoint reads the block, reads or writes the bytes that the block names, by
    // the caller's promise, and returns in a0.
    unsafe {
        asm!(
            ".option push",
            ".option norvc",
            ".balign 16",
            "slli zero, zero, 0x1f",
            "ebreak",
            "srai zero, zero, 7",
            ".option pop",
            inlateout("a0") operation => result,
            in("a1") block.as_ptr(),
            options(nostack),
        );
    }
    result
}

/// Makes code that was written visible to fetches.
pub(crate) fn synchronize_code() {
    // SAFETY: a barrier changes nothing that code can see.
    unsafe { asm!("fence.i", options(nostack, preserves_flags)) };
}
