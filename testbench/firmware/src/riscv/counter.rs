//! The cycle counter of machine mode.
//!
//! Source: The RISC-V Instruction Set Manual, Volume II, "Hardware Performance Monitor" and
//! "Machine Counter-Inhibit Register".

use core::arch::asm;
use core::hint;

/// What it shows.
pub(crate) type Count = u64;

/// Turns it on; returns whether it counts.
pub(crate) fn turn_on() -> bool {
    // SAFETY: mcountinhibit (by its number: assemblers disagree on the name) controls nothing but the
    // counters; where it is missing, the instruction faults, which the caller provides for.
    unsafe { asm!("csrw 0x320, zero", options(nomem, nostack)) };
    let before = now();
    for _ in 0..8 {
        hint::spin_loop();
    }
    now() != before
}

/// What it shows now.
pub(crate) fn now() -> Count {
    loop {
        let (high, low, again): (u32, u32, u32);
        // SAFETY: reading changes nothing.
        unsafe {
            asm!(
                "csrr {high}, mcycleh",
                "csrr {low}, mcycle",
                "csrr {again}, mcycleh",
                high = out(reg) high,
                low = out(reg) low,
                again = out(reg) again,
                options(nomem, nostack),
            );
        }
        if high == again {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}
