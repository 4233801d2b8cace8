//! QEMU's machines: start, and the call of the PC.

use core::arch::{asm, global_asm};

use crate::run;

#[cfg(target_arch = "arm")]
global_asm!(
    ".section .vectors, \"a\", %progbits",
    ".word __stack_end",
    ".word start",
    // Nothing is expected: a core that faults in this one locks up, which ends QEMU.
    ".rept 14",
    ".word 0",
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
    "dsb",
    "isb",
    "b {run}",
    run = sym run,
);

#[cfg(target_arch = "riscv32")]
global_asm!(
    ".section .text.start, \"ax\", @progbits",
    ".global start",
    ".type start, @function",
    "start:",
    "la sp, __stack_end",
    "tail {run}",
    run = sym run,
);

/// QEMU's semihosting call, an operation with its block.
///
/// Source: Semihosting for AArch32 and AArch64 (Arm, release 3.0), section 7; RISC-V Semihosting, section 3.1.
///
/// # Safety
///
/// The block is what the operation wants, and the operation only reads it.
pub(crate) unsafe fn semihosting(operation: u32, block: *const ()) {
    // SAFETY: it reads the block, by the caller's promise, and returns in r0.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!(
            "bkpt 0xab",
            inlateout("r0") operation => _,
            in("r1") block,
            options(nostack),
        );
    }
    // SAFETY: the same, in a0.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!(
            ".option push",
            ".option norvc",
            ".balign 16",
            "slli zero, zero, 0x1f",
            "ebreak",
            "srai zero, zero, 7",
            ".option pop",
            inlateout("a0") operation => _,
            in("a1") block,
            options(nostack),
        );
    }
}
