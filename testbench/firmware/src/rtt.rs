//! The transport of chips behind a debug probe: rings in RAM that the probe reads and writes while
//! the core runs, laid out as in SEGGER's Real Time Transfer, so that any RTT tool can listen.
//!
//! | channel | up, to the PC | down, from the PC |
//! |---|---|---|
//! | 0 | what a person should read: why the firmware has stopped | nothing |
//! | 1 | replies | requests |
//!
//! Source: J-Link user guide (SEGGER, UM08001), "Real Time Transfer".

use core::cell::UnsafeCell;
use core::ffi::CStr;
use core::fmt;
use core::hint;
use core::sync::atomic::{AtomicU32, Ordering};

/// Bytes of a ring of messages.
const RING: usize = 4096;
/// Bytes of the ring of texts.
const TEXT: usize = 512;
/// The flags of a channel whose writer waits for room.
const BLOCK_IF_FULL: u32 = 2;
/// "SEGGER RTT", padded with zeros.
const ID: [u32; 4] = [0x4747_4553, 0x5220_5245, 0x5454, 0];

/// Bytes that this core and the probe share.
#[repr(transparent)]
struct Ring<const N: usize>(UnsafeCell<[u8; N]>);

// SAFETY: there is one thread; what the probe touches meanwhile is told by the positions.
unsafe impl<const N: usize> Sync for Ring<N> {}

static TEXT_UP: Ring<TEXT> = Ring(UnsafeCell::new([0; TEXT]));
static UP: Ring<RING> = Ring(UnsafeCell::new([0; RING]));
static DOWN: Ring<RING> = Ring(UnsafeCell::new([0; RING]));

/// One direction of a channel. The writer moves `write`, the reader `read`; equal is empty.
#[repr(C)]
struct Channel {
    name: *const u8,
    buffer: *mut u8,
    size: u32,
    write: AtomicU32,
    read: AtomicU32,
    flags: u32,
}

impl Channel {
    const fn new<const N: usize>(name: &'static CStr, ring: &'static Ring<N>) -> Self {
        Self {
            name: name.as_ptr().cast(),
            buffer: ring.0.get().cast(),
            size: N as u32,
            write: AtomicU32::new(0),
            read: AtomicU32::new(0),
            flags: BLOCK_IF_FULL,
        }
    }

    const fn unused() -> Self {
        Self {
            name: core::ptr::null(),
            buffer: core::ptr::null_mut(),
            size: 0,
            write: AtomicU32::new(0),
            read: AtomicU32::new(0),
            flags: 0,
        }
    }

    /// Writes as many of `bytes` as there is room for without wrapping around; returns how many.
    fn write(&self, bytes: &[u8]) -> usize {
        let (write, read) = (
            self.write.load(Ordering::Relaxed),
            self.read.load(Ordering::Acquire),
        );
        // One byte stays free: a full ring is no empty one.
        let end = match read {
            0 => self.size - 1,
            _ if read > write => read - 1,
            _ => self.size,
        };
        let count = bytes.len().min((end - write) as usize);
        // SAFETY: the range is in the buffer, and the reader does not look at it before `write` is
        // behind it.
        unsafe {
            let start = self.buffer.add(write as usize);
            start.copy_from_nonoverlapping(bytes.as_ptr(), count);
        }
        let next = (write + count as u32) % self.size;
        self.write.store(next, Ordering::Release);
        count
    }

    /// Reads as many bytes as there are without wrapping around; returns how many.
    fn read(&self, bytes: &mut [u8]) -> usize {
        let (write, read) = (
            self.write.load(Ordering::Acquire),
            self.read.load(Ordering::Relaxed),
        );
        let end = if write >= read { write } else { self.size };
        let count = bytes.len().min((end - read) as usize);
        // SAFETY: the range is in the buffer, and the writer does not touch it before `read` is
        // behind it.
        unsafe {
            let start = self.buffer.add(read as usize);
            bytes.as_mut_ptr().copy_from_nonoverlapping(start, count);
        }
        let next = (read + count as u32) % self.size;
        self.read.store(next, Ordering::Release);
        count
    }
}

/// What the PC looks for.
#[repr(C)]
struct ControlBlock {
    id: [AtomicU32; 4],
    up_channels: u32,
    down_channels: u32,
    up: [Channel; 2],
    down: [Channel; 2],
}

// SAFETY: there is one thread; its pointers lead to statics.
unsafe impl Sync for ControlBlock {}

#[unsafe(export_name = "_SEGGER_RTT")]
static CONTROL: ControlBlock = ControlBlock {
    id: [const { AtomicU32::new(0) }; 4],
    up_channels: 2,
    down_channels: 2,
    up: [
        Channel::new(c"Terminal", &TEXT_UP),
        Channel::new(c"wasm2mcu", &UP),
    ],
    down: [Channel::unused(), Channel::new(c"wasm2mcu", &DOWN)],
};

/// The two rings of messages.
#[derive(Clone, Copy)]
pub(crate) struct Pipes;

impl Pipes {
    /// Shows the PC that they are there.
    pub(crate) fn open() -> Self {
        for (place, word) in CONTROL.id.iter().zip(ID) {
            place.store(word, Ordering::Release);
        }
        Self
    }

    /// Fills `bytes` with the next ones, for which it waits.
    pub(crate) fn read(self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let count = CONTROL.down[1].read(bytes);
            bytes = &mut bytes[count..];
            if count == 0 {
                hint::spin_loop();
            }
        }
    }

    /// Writes all of `bytes`, for which it waits.
    pub(crate) fn write(self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let count = CONTROL.up[1].write(bytes);
            bytes = &bytes[count..];
            if count == 0 {
                hint::spin_loop();
            }
        }
    }
}

/// The ring of texts. What has no room is lost.
pub(crate) struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut bytes = text.as_bytes();
        while !bytes.is_empty() {
            match CONTROL.up[0].write(bytes) {
                0 => return Err(fmt::Error),
                count => bytes = &bytes[count..],
            }
        }
        Ok(())
    }
}

/// Says that the firmware has stopped, and stops.
pub(crate) fn exit(status: u32) -> ! {
    let _ = fmt::Write::write_fmt(
        &mut Console,
        format_args!("the firmware has stopped with status {status}\n"),
    );
    loop {
        hint::spin_loop();
    }
}
