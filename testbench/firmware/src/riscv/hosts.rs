//! The stubs of host functions, which speak every float ABI: all registers of arguments go both
//! ways.

use core::arch::global_asm;

use crate::hosts::{HOSTS, host_call};
/// Bytes of one stub.
const STUB_BYTES: usize = 4;

unsafe extern "C" {
    fn host_stubs();
}

global_asm!(
    ".option push",
    // The firmware itself knows of no floats.
    ".option arch, +f",
    ".section .text.host_stubs, \"ax\", @progbits",
    ".global host_stubs",
    ".type host_stubs, @function",
    ".balign 4",
    "host_stubs:",
    ".option norvc",
    ".rept {count}",
    "jal t0, 2f",
    ".endr",
    ".option rvc",
    "2:",
    "addi sp, sp, -80",
    "sw ra, 76(sp)",
    "sw a0, 0(sp)",
    "sw a1, 4(sp)",
    "sw a2, 8(sp)",
    "sw a3, 12(sp)",
    "sw a4, 16(sp)",
    "sw a5, 20(sp)",
    "sw a6, 24(sp)",
    "sw a7, 28(sp)",
    // mstatus.FS is 0 where there is no floating-point unit.
    "csrr t1, mstatus",
    "li t2, 0x6000",
    "and t1, t1, t2",
    "sw t1, 72(sp)",
    "beqz t1, 3f",
    "fsw fa0, 32(sp)",
    "fsw fa1, 36(sp)",
    "fsw fa2, 40(sp)",
    "fsw fa3, 44(sp)",
    "fsw fa4, 48(sp)",
    "fsw fa5, 52(sp)",
    "fsw fa6, 56(sp)",
    "fsw fa7, 60(sp)",
    "3:",
    // t0 is behind the stub; the stub's caller had its stack pointer above these registers.
    "la t1, host_stubs",
    "sub a0, t0, t1",
    "srli a0, a0, 2",
    "addi a0, a0, -1",
    "mv a1, sp",
    "addi a2, sp, 80",
    "call {host_call}",
    "lw t1, 72(sp)",
    "beqz t1, 4f",
    "flw fa0, 32(sp)",
    "4:",
    "lw a0, 0(sp)",
    "lw a1, 4(sp)",
    "lw ra, 76(sp)",
    "addi sp, sp, 80",
    "ret",
    ".option pop",
    count = const HOSTS,
    host_call = sym host_call,
);

/// Address of host function `index`.
pub(crate) fn address(index: usize) -> u32 {
    host_stubs as *const () as u32 + (index * STUB_BYTES) as u32
}
