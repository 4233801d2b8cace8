//! The stubs of host functions.

use core::arch::global_asm;

use crate::hosts::{HOSTS, host_call};
/// Bytes of one stub.
const STUB_BYTES: usize = 8;

unsafe extern "C" {
    fn host_stubs();
}

global_asm!(
    ".section .text.host_stubs, \"ax\", %progbits",
    // Link-time optimisation may lose the target's features on the way to this assembly.
    ".fpu fpv5-sp-d16",
    ".global host_stubs",
    ".type host_stubs, %function",
    ".balign 8",
    ".thumb_func",
    "host_stubs:",
    ".rept {count}",
    "push {{r4, lr}}",
    "bl 2f",
    "nop",
    ".endr",
    "2:",
    "vpush {{s0-s15}}",
    "push {{r0-r3}}",
    // lr is 6 bytes into the stub, Thumb bit set; the stub's caller had its stack
    // pointer above r4, lr and the 20 registers.
    "movw r1, #:lower16:host_stubs",
    "movt r1, #:upper16:host_stubs",
    "sub r0, lr, r1",
    "lsrs r0, r0, #3",
    "mov r1, sp",
    "add r2, sp, #88",
    "bl {host_call}",
    "pop {{r0-r3}}",
    "vpop {{s0-s15}}",
    "pop {{r4, pc}}",
    count = const HOSTS,
    host_call = sym host_call,
);

/// Address of host function `index`, Thumb bit set.
pub(crate) fn address(index: usize) -> u32 {
    (host_stubs as *const () as u32 | 1) + (index * STUB_BYTES) as u32
}
