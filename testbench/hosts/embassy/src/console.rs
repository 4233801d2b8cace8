//! Lines for the PC, and the end of the program.
//!
//! Source: Semihosting for AArch32 and AArch64 (Arm, release 3.0), section 7 "Semihosting operations".

use core::arch::asm;
use core::fmt;

const SYS_WRITEC: u32 = 0x03;
const SYS_EXIT_EXTENDED: u32 = 0x20;
const ADP_STOPPED_APPLICATION_EXIT: u32 = 0x20026;

/// The PC's terminal.
pub(crate) struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            call(SYS_WRITEC, (&raw const byte).cast());
        }
        Ok(())
    }
}

/// Writes a line.
macro_rules! say {
    ($($argument:tt)*) => {{
        use core::fmt::Write;
        let _ = writeln!($crate::console::Console, $($argument)*);
    }};
}
pub(crate) use say;

/// Ends QEMU with this status.
pub(crate) fn quit(status: u32) -> ! {
    let block = [ADP_STOPPED_APPLICATION_EXIT, status];
    loop {
        call(SYS_EXIT_EXTENDED, block.as_ptr().cast());
    }
}

fn call(operation: u32, block: *const ()) {
    // SAFETY: both operations read what their block is, and return in r0.
    unsafe {
        asm!(
            "bkpt 0xab",
            inlateout("r0") operation => _,
            in("r1") block,
            options(nostack),
        );
    }
}
