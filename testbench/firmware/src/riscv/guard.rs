//! The handler of exceptions, and where it goes back to.
//!
//! Everything runs in machine mode, so that an exception is left by a jump: to the end of the
//! innermost [`guarded`] call, which then returns [`FAULTED`]. The handler has a stack of its own,
//! so that even a lost stack pointer leaves it a place to work in.

use core::arch::{asm, global_asm};
use core::ptr::{addr_of, addr_of_mut};

use crate::guard::{FAULTED, Fault};
use crate::transport;

/// Exception codes of `mcause` whose `mtval` is an address: fetches, loads and stores, misaligned
/// or refused.
const OF_MEMORY: [u32; 6] = [0, 1, 4, 5, 6, 7];

static mut FAULT: Fault = Fault {
    cause: [0, 0],
    address: None,
    pc: None,
    lr: None,
    sp: 0,
};

unsafe extern "C" {
    /// Calls `work(data)` and returns what it returns, or [`FAULTED`] when the core faults in it.
    ///
    /// # Safety
    ///
    /// `work` is called with `data`; nothing that it owns when it faults needs to be dropped.
    pub(crate) fn guarded(work: unsafe extern "C" fn(*mut ()) -> u32, data: *mut ()) -> u32;

    static mut guarded_sp: u32;
}

global_asm!(
    // The innermost guarded call's stack pointer; 0 outside of all.
    ".section .bss.guarded_sp, \"aw\", @nobits",
    ".global guarded_sp",
    ".balign 4",
    "guarded_sp: .space 4",
    ".section .text.guarded, \"ax\", @progbits",
    ".global guarded",
    ".type guarded, @function",
    "guarded:",
    "addi sp, sp, -64",
    "sw ra, 60(sp)",
    "sw s0, 56(sp)",
    "sw s1, 52(sp)",
    "sw s2, 48(sp)",
    "sw s3, 44(sp)",
    "sw s4, 40(sp)",
    "sw s5, 36(sp)",
    "sw s6, 32(sp)",
    "sw s7, 28(sp)",
    "sw s8, 24(sp)",
    "sw s9, 20(sp)",
    "sw s10, 16(sp)",
    "sw s11, 12(sp)",
    "la t0, guarded_sp",
    "lw t1, 0(t0)",
    "sw t1, 8(sp)",
    "sw sp, 0(t0)",
    "mv t2, a0",
    "mv a0, a1",
    "jalr t2",
    "1:",
    "la t0, guarded_sp",
    "lw t1, 8(sp)",
    "sw t1, 0(t0)",
    "lw s11, 12(sp)",
    "lw s10, 16(sp)",
    "lw s9, 20(sp)",
    "lw s8, 24(sp)",
    "lw s7, 28(sp)",
    "lw s6, 32(sp)",
    "lw s5, 36(sp)",
    "lw s4, 40(sp)",
    "lw s3, 44(sp)",
    "lw s2, 48(sp)",
    "lw s1, 52(sp)",
    "lw s0, 56(sp)",
    "lw ra, 60(sp)",
    "addi sp, sp, 64",
    "ret",
    // Every exception: mtvec wants it at a multiple of 4.
    ".balign 4",
    ".global exception",
    ".type exception, @function",
    "exception:",
    "csrrw sp, mscratch, sp",
    "mv a0, ra",
    "csrr a1, mscratch",
    "call {record}",
    "csrw mscratch, sp",
    "mv sp, a0",
    "li a0, {faulted}",
    "j 1b",
    record = sym record,
    faulted = const FAULTED,
);

/// Notes the fault and returns the stack pointer of the innermost guarded call.
extern "C" fn record(ra: u32, sp: u32) -> u32 {
    let (cause, pc, value): (u32, u32, u32);
    // SAFETY: only this handler writes these statics, and nothing runs meanwhile. The registers tell
    // of the exception that it handles (Privileged Architecture, "Machine-Level CSRs").
    unsafe {
        asm!(
            "csrr {cause}, mcause",
            "csrr {pc}, mepc",
            "csrr {value}, mtval",
            cause = out(reg) cause,
            pc = out(reg) pc,
            value = out(reg) value,
            options(nomem, nostack),
        );
        addr_of_mut!(FAULT).write(Fault {
            cause: [cause, 0],
            address: OF_MEMORY.contains(&cause).then_some(value),
            pc: Some(pc),
            lr: Some(ra),
            sp,
        });
        let sp = addr_of!(guarded_sp).read();
        if sp == 0 {
            // A fault of the firmware itself.
            transport::exit(3);
        }
        sp
    }
}

/// The fault that made a guarded call return [`FAULTED`].
pub(crate) fn last_fault() -> Fault {
    // SAFETY: the handler writes it before the guarded call returns, and not meanwhile.
    unsafe { addr_of!(FAULT).read() }
}
