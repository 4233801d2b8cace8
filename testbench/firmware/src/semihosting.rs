//! The transport of QEMU: files of the PC, through semihosting.
//!
//! Source: Semihosting for AArch32 and AArch64 (Arm, release 3.0), section 7 "Semihosting operations".

use core::ffi::CStr;
use core::fmt;

use crate::machine;

const SYS_OPEN: u32 = 0x01;
const SYS_WRITEC: u32 = 0x03;
const SYS_WRITE: u32 = 0x05;
const SYS_READ: u32 = 0x06;
const SYS_EXIT_EXTENDED: u32 = 0x20;
const ADP_STOPPED_APPLICATION_EXIT: u32 = 0x20026;
/// ISO C mode "rb".
const MODE_READ: u32 = 1;
/// ISO C mode "wb".
const MODE_WRITE: u32 = 5;

/// The two pipes to the PC.
#[derive(Clone, Copy)]
pub(crate) struct Pipes {
    input: File,
    output: File,
}

impl Pipes {
    /// Opens the emulator's own standard input and output.
    pub(crate) fn open() -> Self {
        Self {
            input: File::reader(c"/dev/stdin"),
            output: File::writer(c"/dev/stdout"),
        }
    }

    /// Fills `bytes` with the next ones; when the other side is gone, so is this program.
    pub(crate) fn read(self, bytes: &mut [u8]) {
        self.input.read(bytes);
    }

    /// Writes all of `bytes`.
    pub(crate) fn write(self, bytes: &[u8]) {
        self.output.write(bytes);
    }
}

/// An open file of the PC.
#[derive(Clone, Copy)]
struct File(u32);

impl File {
    fn reader(path: &CStr) -> Self {
        Self::open(path, MODE_READ)
    }

    fn writer(path: &CStr) -> Self {
        Self::open(path, MODE_WRITE)
    }

    fn open(path: &CStr, mode: u32) -> Self {
        let length = path.count_bytes() as u32;
        match call(SYS_OPEN, &[path.as_ptr().addr() as u32, mode, length]) {
            u32::MAX => exit(2),
            handle => Self(handle),
        }
    }

    fn read(self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let wanted = bytes.len();
            let block = [self.0, bytes.as_mut_ptr().addr() as u32, wanted as u32];
            let missing = call(SYS_READ, &block) as usize;
            if missing >= wanted {
                exit(0);
            }
            bytes = &mut bytes[wanted - missing..];
        }
    }

    fn write(self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let block = [self.0, bytes.as_ptr().addr() as u32, bytes.len() as u32];
            let missing = call(SYS_WRITE, &block) as usize;
            if missing >= bytes.len() {
                exit(1);
            }
            bytes = &bytes[bytes.len() - missing..];
        }
    }
}

/// The emulator's standard error.
pub(crate) struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            call(SYS_WRITEC, &[byte.into()]);
        }
        Ok(())
    }
}

/// Ends the emulator with this status.
pub(crate) fn exit(status: u32) -> ! {
    loop {
        call(SYS_EXIT_EXTENDED, &[ADP_STOPPED_APPLICATION_EXIT, status]);
    }
}

fn call(operation: u32, block: &[u32]) -> u32 {
    // SAFETY: the bytes that the block names were borrowed by its makers above.
    unsafe { machine::semihosting(operation, block) }
}
