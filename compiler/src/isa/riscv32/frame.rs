//! The stack frame of a function: saved registers, `ra` topmost, then the
//! [areas](crate::mach::frame) of every frame.

use super::inst::{Amode, FrameRef, Inst, LoadOp, StoreOp};
use super::regs::{RA, RegSet, SP, x};
use crate::mach::frame::Areas;
use crate::mach::reg::Reg;

/// Where everything in a function's frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameLayout {
    saved: RegSet,
    areas: Areas,
    /// Bytes of the whole frame.
    bytes: u32,
}

/// The largest frame that is made at once: with it, all saved registers are in reach of an
/// instruction of two bytes.
const AT_ONCE: u32 = 256;

impl FrameLayout {
    /// The frame of a function that saves the registers `saved`, passes up to `outgoing` bytes on
    /// the stack, has `spills` words of spill slots and `slots` bytes of stack slots.
    ///
    /// `saved` has `ra` wherever the body writes it, be it by a call or as an ordinary register.
    /// `sp` stays a multiple of 16 where `ra` is saved, as the ABI wants it where a host function
    /// is called; a function without calls need not care.
    pub fn new(saved: RegSet, outgoing: u32, spills: u32, slots: u32) -> FrameLayout {
        let areas = Areas::new(outgoing, spills, slots);
        let needed = areas.bytes() + 4 * saved.len();
        let alignment = if saved.contains(1) { 16 } else { 4 };
        FrameLayout {
            saved,
            areas,
            bytes: needed.next_multiple_of(alignment),
        }
    }

    /// How far `sp` in the body is below `sp` at entry, in bytes.
    pub fn bytes(&self) -> u32 {
        self.bytes
    }

    /// Offset of a place from `sp` in the body.
    pub fn offset(&self, place: FrameRef) -> u32 {
        self.areas.offset(place, self.bytes)
    }

    /// The bytes that `sp` moves before registers are saved, and after.
    fn steps(&self) -> (u32, u32) {
        let bytes = self.bytes;
        if bytes <= AT_ONCE || self.saved.is_empty() {
            return (bytes, 0);
        }
        let first = (4 * self.saved.len()).next_multiple_of(16);
        (first, bytes - first)
    }

    /// The saved registers with their offsets from `sp` after the first step.
    fn places(&self) -> impl Iterator<Item = (Reg, i32)> {
        let (top, _) = self.steps();
        let offsets = (1..).map(move |word| top as i32 - 4 * word);
        self.saved.numbers().map(x).zip(offsets)
    }

    /// What sets the frame up.
    pub fn prologue(&self) -> Vec<Inst> {
        let (first, second) = self.steps();
        let mut code = move_sp(-(first as i32));
        code.extend(self.places().map(|(rs, offset)| Inst::Store {
            op: StoreOp::Sw,
            rs,
            mem: Amode::Base { base: SP, offset },
        }));
        code.extend(move_sp(-(second as i32)));
        code
    }

    /// What takes it down and returns.
    pub fn epilogue(&self) -> Vec<Inst> {
        let mut code = self.teardown();
        code.push(Inst::JumpReg { rs: RA });
        code
    }

    /// What takes it down, with `ra` as it was at entry.
    pub fn teardown(&self) -> Vec<Inst> {
        let (first, second) = self.steps();
        let mut code = move_sp(second as i32);
        code.extend(self.places().map(|(rd, offset)| Inst::Load {
            op: LoadOp::Lw,
            rd,
            mem: Amode::Base { base: SP, offset },
        }));
        code.extend(move_sp(first as i32));
        code
    }
}

fn move_sp(bytes: i32) -> Vec<Inst> {
    if bytes == 0 {
        Vec::new()
    } else {
        vec![Inst::AddSp { bytes }]
    }
}
