//! QEMU's `mps2-an505`: a Cortex-M33.

pub(crate) mod guard;
pub(crate) mod hosts;

use core::arch::{asm, global_asm};

use crate::service;

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

/// QEMU's semihosting call, an operation with its block of words.
///
/// # Safety
///
/// The block is what the operation wants, and names memory that the operation may read or write.
pub(crate) unsafe fn semihosting(operation: u32, block: &[u32]) -> u32 {
    let result;
    // SAFETY: the breakpoint reads the block, reads or writes the bytes that the block names, by
    // the caller's promise, and returns in r0.
    unsafe {
        asm!(
            "bkpt 0xab",
            inlateout("r0") operation => result,
            in("r1") block.as_ptr(),
            options(nostack),
        );
    }
    result
}

/// Makes code that was written visible to fetches.
pub(crate) fn synchronize_code() {
    // SAFETY: barriers change nothing that code can see.
    unsafe { asm!("dsb", "isb", options(nostack, preserves_flags)) };
}
