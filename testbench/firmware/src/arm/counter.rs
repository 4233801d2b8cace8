//! The cycle counter of the Data Watchpoint and Trace unit.
//!
//! Source: Armv8-M Architecture Reference Manual (DDI 0553), D1.2 "DWT_CTRL", "DWT_CYCCNT", "DEMCR".

use core::hint;

/// What it shows.
pub(crate) type Count = u32;

const DEMCR: *mut u32 = 0xe000_edfc as *mut u32;
const TRCENA: u32 = 1 << 24;
const DWT_CTRL: *mut u32 = 0xe000_1000 as *mut u32;
const CYCCNTENA: u32 = 1;
const NOCYCCNT: u32 = 1 << 25;
const DWT_CYCCNT: *mut u32 = 0xe000_1004 as *mut u32;

/// Turns it on; returns whether it counts.
pub(crate) fn turn_on() -> bool {
    // SAFETY: these registers control nothing but the counter; where they are missing, the access
    // faults or reads as zero, which the caller provides for.
    unsafe {
        DEMCR.write_volatile(DEMCR.read_volatile() | TRCENA);
        if DWT_CTRL.read_volatile() & NOCYCCNT != 0 {
            return false;
        }
        DWT_CTRL.write_volatile(DWT_CTRL.read_volatile() | CYCCNTENA);
    }
    let before = now();
    for _ in 0..8 {
        hint::spin_loop();
    }
    now() != before
}

/// What it shows now.
pub(crate) fn now() -> Count {
    // SAFETY: reading changes nothing, and `turn_on` found it there.
    unsafe { DWT_CYCCNT.read_volatile() }
}
