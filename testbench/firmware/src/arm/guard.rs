//! The handler of faults, and where it goes back to.
//!
//! Threads run on the process stack, fault handlers on the main stack, so that even a lost stack
//! pointer leaves the handler a place to work in. [`guarded`] notes where it stands; the
//! handler of a fault makes the innermost guarded call return [`FAULTED`].

use core::arch::global_asm;
use core::ptr::{addr_of, addr_of_mut};

use crate::guard::{FAULTED, Fault};
use crate::transport;

const SHCSR_STATUS: *mut u32 = 0xe000_ed28 as *mut u32;
const HFSR: *mut u32 = 0xe000_ed2c as *mut u32;
const MMFAR: *const u32 = 0xe000_ed34 as *const u32;
const BFAR: *const u32 = 0xe000_ed38 as *const u32;
const MMARVALID: u32 = 1 << 7;
const BFARVALID: u32 = 1 << 15;
/// EPSR.T, without which no Thumb code runs.
const THUMB: u32 = 1 << 24;
/// Words of an exception frame without floats: r0–r3, r12, lr, pc, xPSR.
const FRAME_WORDS: usize = 8;
const FRAME_LR: usize = 5;
const FRAME_PC: usize = 6;
const FRAME_XPSR: usize = 7;

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

    static __stack_start: u8;
    static __stack_end: u8;
    static mut guarded_sp: u32;
    fn guarded_end();
}

global_asm!(
    // The innermost guarded call's stack pointer; 0 outside of all.
    ".section .bss.guarded_sp, \"aw\", %nobits",
    ".global guarded_sp",
    ".balign 4",
    "guarded_sp: .space 4",
    ".section .text.guarded, \"ax\", %progbits",
    // Link-time optimisation may lose the target's features on the way to this assembly.
    ".fpu fpv5-sp-d16",
    ".global guarded, guarded_end",
    ".type guarded, %function",
    ".type guarded_end, %function",
    ".thumb_func",
    "guarded:",
    "push {{r3-r11, lr}}",
    "vpush {{s16-s31}}",
    "ldr r4, =guarded_sp",
    "ldr r5, [r4]",
    "push {{r4, r5}}",
    "str sp, [r4]",
    "mov r2, r0",
    "mov r0, r1",
    "blx r2",
    ".thumb_func",
    "guarded_end:",
    "pop {{r4, r5}}",
    "str r5, [r4]",
    "vpop {{s16-s31}}",
    "pop {{r3-r11, pc}}",
    ".ltorg",
    // Every exception that is not served: all of them.
    ".section .text.exception, \"ax\", %progbits",
    ".global exception",
    ".type exception, %function",
    ".thumb_func",
    "exception:",
    "mrs r0, psp",
    "push {{r4, lr}}",
    "bl {record}",
    "msr psp, r0",
    "pop {{r4, lr}}",
    "bx lr",
    record = sym record,
);

/// Notes the fault and returns a process stack pointer from which the exception's return leads
/// to the end of the innermost guarded call.
extern "C" fn record(psp: u32) -> u32 {
    // SAFETY: only this handler writes these statics, and nothing runs meanwhile. The registers are
    // the System Control Block's (DDI 0553, D1.2); ones written to the status registers clear
    // them. The frame is read only where the stack is, and the new one is written below
    // the stack of the guarded call, which everything below has left for good.
    unsafe {
        let (cfsr, hfsr) = (SHCSR_STATUS.read_volatile(), HFSR.read_volatile());
        let address = match cfsr {
            _ if cfsr & BFARVALID != 0 => Some(BFAR.read_volatile()),
            _ if cfsr & MMARVALID != 0 => Some(MMFAR.read_volatile()),
            _ => None,
        };
        SHCSR_STATUS.write_volatile(u32::MAX);
        HFSR.write_volatile(u32::MAX);

        let start = addr_of!(__stack_start).addr() as u32;
        let end = addr_of!(__stack_end).addr() as u32;
        // At the very start, an overflow kept the core from storing its frame.
        let on_stack =
            psp.is_multiple_of(8) && (start + 1..end - 4 * FRAME_WORDS as u32).contains(&psp);
        let frame = psp as *const u32;
        addr_of_mut!(FAULT).write(Fault {
            cause: [cfsr, hfsr],
            address,
            pc: on_stack.then(|| frame.add(FRAME_PC).read()),
            lr: on_stack.then(|| frame.add(FRAME_LR).read()),
            sp: psp,
        });

        let sp = addr_of!(guarded_sp).read();
        if sp == 0 {
            // A fault of the firmware itself.
            transport::exit(3);
        }
        let frame = (sp as *mut u32).sub(FRAME_WORDS);
        frame.write(FAULTED);
        frame
            .add(FRAME_PC)
            .write(guarded_end as *const () as u32 & !1);
        frame.add(FRAME_XPSR).write(THUMB);
        frame.addr() as u32
    }
}

/// The fault that made a guarded call return [`FAULTED`].
pub(crate) fn last_fault() -> Fault {
    // SAFETY: the handler writes it before the guarded call returns, and not meanwhile.
    unsafe { addr_of!(FAULT).read() }
}
