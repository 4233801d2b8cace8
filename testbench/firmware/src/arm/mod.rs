//! The Cortex-M33, of QEMU's `mps2-an505` or of a chip.

pub(crate) mod counter;
pub(crate) mod guard;
pub(crate) mod hosts;
#[cfg(chip = "nrf5340")]
mod nrf5340;

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
    // VTOR and the main stack, which a boot ROM may have used for itself.
    "movs r0, #0",
    "msr msplim, r0",
    "ldr r0, =__fault_stack_end",
    "msr msp, r0",
    "movw r0, #0xed08",
    "movt r0, #0xe000",
    "ldr r1, =__vectors",
    "str r1, [r0]",
    // The variables that have a value, unless they are where they were loaded.
    "ldr r0, =__data_start",
    "ldr r1, =__data_end",
    "ldr r2, =__data_load",
    "cmp r0, r2",
    "beq 2f",
    "1:",
    "cmp r0, r1",
    "bhs 2f",
    "ldr r3, [r2], #4",
    "str r3, [r0], #4",
    "b 1b",
    // Those that are zero.
    "2:",
    "ldr r0, =__bss_start",
    "ldr r1, =__bss_end",
    "movs r3, #0",
    "3:",
    "cmp r0, r1",
    "bhs 4f",
    "str r3, [r0], #4",
    "b 3b",
    "4:",
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
    // A stack that overflows faults, whatever lies below it.
    "ldr r0, =__stack_start",
    "msr psplim, r0",
    "movs r0, #2",
    "msr control, r0",
    "isb",
    "b {run}",
    ".ltorg",
    run = sym service::run,
);

/// What a chip wants before anything else.
pub(crate) fn start() {
    #[cfg(chip = "nrf5340")]
    nrf5340::start();
}

/// QEMU's semihosting call, an operation with its block of words.
///
/// # Safety
///
/// The block is what the operation wants, and names memory that the operation may read or write.
#[cfg(not(feature = "probe"))]
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
