//! The first instructions. Faults end the program: traps of modules are none.

use core::arch::global_asm;

#[cfg(target_arch = "arm")]
global_asm!(
    ".section .vectors, \"a\", %progbits",
    ".word __stack_end",
    ".word start",
    ".rept 14",
    ".word {fault}",
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
    "bl {main}",
    fault = sym fault,
    main = sym crate::main,
);

#[cfg(target_arch = "riscv32")]
global_asm!(
    ".section .text.start, \"ax\", @progbits",
    ".global start",
    ".type start, @function",
    "start:",
    "la sp, __stack_end",
    "la t0, {fault}",
    "csrw mtvec, t0",
    "tail {main}",
    ".balign 4",
    fault = sym fault,
    main = sym crate::main,
);

/// The vector of RISC-V is at a multiple of 4.
#[cfg_attr(target_arch = "riscv32", unsafe(link_section = ".text.fault"))]
extern "C" fn fault() -> ! {
    crate::semihosting::say!("fault");
    crate::semihosting::exit(3)
}

/// Makes code that was read visible to fetches.
pub(crate) fn synchronize_code() {
    // SAFETY: barriers change nothing that code can see.
    unsafe {
        #[cfg(target_arch = "arm")]
        core::arch::asm!("dsb", "isb", options(nostack, preserves_flags));
        #[cfg(target_arch = "riscv32")]
        core::arch::asm!("fence.i", options(nostack, preserves_flags));
    }
}
