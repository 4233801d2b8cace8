//! Files and lines of the PC, through QEMU.
//!
//! Sources: Semihosting for AArch32 and AArch64 (Arm, release 3.0), section 7; RISC-V Semihosting, section 3.1.

use core::arch::asm;
use core::fmt;

const SYS_OPEN: u32 = 0x01;
const SYS_CLOSE: u32 = 0x02;
const SYS_WRITEC: u32 = 0x03;
const SYS_READ: u32 = 0x06;
const SYS_GET_CMDLINE: u32 = 0x15;
const SYS_EXIT_EXTENDED: u32 = 0x20;
const ADP_STOPPED_APPLICATION_EXIT: u32 = 0x20026;
/// ISO C mode "rb".
const MODE_READ: u32 = 1;

/// Standard output.
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
        let _ = writeln!($crate::semihosting::Console, $($argument)*);
    }};
}
pub(crate) use say;

/// The words that QEMU was given, the program's name first.
pub(crate) fn command_line(buffer: &mut [u8]) -> &str {
    let block = [buffer.as_mut_ptr().addr(), buffer.len()];
    match call(SYS_GET_CMDLINE, block.as_ptr().cast()) {
        0 => {
            let end = buffer.iter().position(|byte| *byte == 0);
            let line = buffer.get(..end.unwrap_or(0)).unwrap_or_default();
            str::from_utf8(line).unwrap_or_default()
        }
        _ => "",
    }
}

/// The bytes of a file, whose name ends with a zero.
pub(crate) fn read<'b>(name: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let length = name.len().checked_sub(1)?;
    let block = [name.as_ptr().addr(), MODE_READ as usize, length];
    let file = call(SYS_OPEN, block.as_ptr().cast());
    if file == u32::MAX {
        return None;
    }
    let block = [file as usize, buffer.as_mut_ptr().addr(), buffer.len()];
    let missing = call(SYS_READ, block.as_ptr().cast()) as usize;
    call(SYS_CLOSE, (&raw const file).cast());
    buffer.get(..buffer.len().checked_sub(missing)?)
}

/// Ends QEMU with this status.
pub(crate) fn exit(status: u32) -> ! {
    let block = [ADP_STOPPED_APPLICATION_EXIT, status];
    loop {
        call(SYS_EXIT_EXTENDED, block.as_ptr().cast());
    }
}

#[cfg(target_arch = "arm")]
fn call(operation: u32, block: *const ()) -> u32 {
    let result;
    // SAFETY: the operations above read their blocks, and write to what their blocks name, which their callers
    // borrow for writing; the result is in r0.
    unsafe {
        asm!(
            "bkpt 0xab",
            inlateout("r0") operation => result,
            in("r1") block,
            options(nostack),
        );
    }
    result
}

#[cfg(target_arch = "riscv32")]
fn call(operation: u32, block: *const ()) -> u32 {
    let result;
    // SAFETY: as on Arm; the three instructions are uncompressed and on one page, the result is in a0.
    unsafe {
        asm!(
            ".option push",
            ".option norvc",
            ".balign 16",
            "slli zero, zero, 0x1f",
            "ebreak",
            "srai zero, zero, 7",
            ".option pop",
            inlateout("a0") operation => result,
            in("a1") block,
            options(nostack),
        );
    }
    result
}
