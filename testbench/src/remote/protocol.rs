//! The words that the PC and the firmware exchange, compiled into both.
//!
//! Everything is little-endian. A message is its tag, the number of bytes that follow, and these
//! bytes. Requests and replies alternate, with one twist: while a call runs, the firmware may
//! reply [`reply::HOST`], a host function's call. Then it serves requests as before, other calls
//! included, until [`request::RETURN`] answers it.

use wasm2mcu_loader::abi::image::Architecture;

/// First word of [`reply::READY`]: both sides speak of the same.
pub(crate) const VERSION: u32 = 5;

/// Words of a host call's registers, those that arguments come in and results go out in: on Arm
/// r0–r3, s0–s15; on RISC-V a0–a7, fa0–fa7.
pub(crate) const fn register_words(architecture: Architecture) -> usize {
    match architecture {
        Architecture::Thumb => 4 + 16,
        Architecture::RiscV32 => 8 + 8,
    }
}

/// From the PC to the firmware.
pub(crate) mod request {
    /// Words: features of the core, RAM bytes, image bytes, host functions, bytes of these, links, bytes
    /// of these; then the image; then for each host function the byte counts of its module, name,
    /// parameters and results as words and these bytes, padded to a multiple of 4 together; then for each
    /// link the byte counts of its module, name and export and the handle of the instance that has the
    /// export, as words, and these bytes, padded in the same way.
    /// Reply: DONE with handle, address of the image and address of the RAM, or why not.
    pub(crate) const LOAD: u32 = 1;
    /// Words: handle, bytes of the name, words of the call; then the name; then the words.
    /// Reply: DONE with the words, or why not.
    pub(crate) const CALL: u32 = 2;
    /// Words: address, bytes. Reply: DONE with the bytes.
    pub(crate) const READ: u32 = 3;
    /// Word: address; then the bytes. Reply: DONE.
    pub(crate) const WRITE: u32 = 4;
    /// Word: handle. Ends the instance. Reply: DONE.
    pub(crate) const DROP: u32 = 5;
    /// Word: handle. Allows calls after a trap. Reply: DONE.
    pub(crate) const CLEAR_TRAP: u32 = 6;
    /// Word: handle. Starts the instance again. Reply: DONE, or why not.
    pub(crate) const RESET: u32 = 7;
    /// Words: the trap that the host function asks for or 0, then the registers. Answers HOST; its reply
    /// is that of the call which goes on.
    pub(crate) const RETURN: u32 = 8;
    /// Word: bytes of the message, 1024 at most; then a public key (32 bytes), a signature (64 bytes), the
    /// message. Reply: DONE with 1 if the loader's Ed25519 finds the signature good, else with 0.
    pub(crate) const VERIFY: u32 = 9;
    /// Nothing. Reply: DONE with the bits of the core's cycle counter and the cycles of the call that
    /// returned last, low word first; zeros without a counter and after a fault.
    pub(crate) const CYCLES: u32 = 10;
}

/// From the firmware to the PC.
pub(crate) mod reply {
    /// The firmware runs: [`VERSION`](super::VERSION).
    pub(crate) const READY: u32 = 0x100;
    /// Done; the bytes depend on the request.
    pub(crate) const DONE: u32 = 0x101;
    /// Refused: a text.
    pub(crate) const REFUSED: u32 = 0x102;
    /// Trapped: code, function or `u32::MAX`, text offset.
    pub(crate) const TRAP: u32 = 0x103;
    /// The core faulted: on Arm CFSR and HFSR, on RISC-V mcause and 0; then pairs of validity (0 or 1)
    /// and value: address, pc, lr (ra); then sp.
    pub(crate) const FAULT: u32 = 0x104;
    /// A host function is called: its index, stack pointer, the registers.
    pub(crate) const HOST: u32 = 0x105;
}
