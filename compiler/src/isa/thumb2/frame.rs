//! The stack frame of a function: saved registers, `lr` topmost, then the
//! [areas](crate::mach::frame) of every frame.

use super::inst::{FrameRef, Inst};
use super::regs::RegSet;
use crate::mach::frame::Areas;

/// Where everything in a function's frame is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameLayout {
    saved: RegSet,
    areas: Areas,
    /// Bytes below the saved registers, padding included.
    body: u32,
}

impl FrameLayout {
    /// The frame of a function that saves the registers `saved`, passes up to `outgoing` bytes on
    /// the stack, has `spills` words of spill slots and `slots` bytes of stack slots.
    ///
    /// `saved` has `lr` wherever the body writes it, be it by a call or as an ordinary register.
    /// `sp` stays a multiple of 8 where `lr` is saved, as the procedure call standard wants it
    /// where a host function is called; a function without calls need not care. Such a one saves
    /// `lr` all the same if it saves anything, to return by the instruction that restores the rest.
    pub fn new(saved: RegSet, outgoing: u32, spills: u32, slots: u32) -> FrameLayout {
        let areas = Areas::new(outgoing, spills, slots);
        let needed = areas.bytes();
        let mut layout = FrameLayout {
            saved,
            areas,
            body: needed,
        };
        if !saved.contains(14) {
            if !saved.is_empty() {
                // What restores the others returns then.
                layout.saved = saved.with(14);
            }
        } else if !layout.bytes().is_multiple_of(8) {
            // Saving one register more pads without an instruction.
            let spare = (4..=8).find(|&n| !saved.contains(n));
            match spare {
                Some(n) if needed == 0 => layout.saved = saved.with(n),
                _ => layout.body += 4,
            }
        }
        layout
    }

    /// How far `sp` in the body is below `sp` at entry, in bytes.
    pub fn bytes(&self) -> u32 {
        self.body + 4 * self.saved.len()
    }

    /// Offset of a place from `sp` in the body.
    pub fn offset(&self, place: FrameRef) -> u32 {
        self.areas.offset(place, self.bytes())
    }

    /// What sets the frame up.
    pub fn prologue(&self) -> impl Iterator<Item = Inst> {
        let push = Inst::Push { regs: self.saved };
        let sub = Inst::SubSp { bytes: self.body };
        let push = (!self.saved.is_empty()).then_some(push);
        push.into_iter().chain((self.body > 0).then_some(sub))
    }

    /// The bytes below the saved registers, by which `sp` moves up before these are restored.
    pub fn body_bytes(&self) -> u32 {
        self.body
    }

    /// What restores the saved registers, with `lr` as it was at entry.
    pub fn restore(&self) -> Option<Inst> {
        (!self.saved.is_empty()).then_some(Inst::Pop { regs: self.saved })
    }

    /// Whether one 16-bit instruction takes it down and returns.
    pub fn returns_shortly(&self) -> bool {
        let low = self.saved.without(14).numbers().all(|n| n < 8);
        self.body == 0 && low
    }

    /// What takes it down and returns.
    pub fn epilogue(&self) -> impl Iterator<Item = Inst> {
        let add = Inst::AddSp { bytes: self.body };
        let saved = self.saved;
        let (pop, back) = if saved.contains(14) {
            let regs = saved.without(14).with(15);
            (Some(Inst::Pop { regs }), None)
        } else {
            let rm = super::regs::LR;
            let pop = Inst::Pop { regs: saved };
            (
                (!saved.is_empty()).then_some(pop),
                Some(Inst::BranchTo { rm }),
            )
        };
        let add = (self.body > 0).then_some(add);
        add.into_iter().chain(pop).chain(back)
    }
}
