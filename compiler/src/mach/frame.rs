//! Places in the stack frame of a function, whatever the order in which an instruction set saves
//! its registers.
//!
//! ```text
//!   higher addresses   stack arguments and results of this function   FrameRef::Incoming
//!   sp at entry ─────▶ ─────────────────────────────────────────────
//!                      saved registers, padding
//!                      stack slots                                    FrameRef::Slot
//!                      spill slots                                    FrameRef::Spill
//!   sp in the body ──▶ stack arguments and results of its callees     FrameRef::Outgoing
//! ```

/// A place in the stack frame; its offset from `sp` is known once the frame is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameRef {
    /// Byte offset in the area for arguments to callees (and results from them).
    Outgoing(u32),
    /// A word of the spill area, by number.
    Spill(u32),
    /// Byte offset in the area of stack slots.
    Slot(u32),
    /// Byte offset in the caller's area for this function's arguments (and results).
    Incoming(u32),
}

/// The areas of a frame below the saved registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Areas {
    outgoing: u32,
    spills: u32,
    slots: u32,
}

impl Areas {
    /// Up to `outgoing` bytes for callees, `spills` words of spill slots and `slots` bytes of stack
    /// slots.
    pub fn new(outgoing: u32, spills: u32, slots: u32) -> Areas {
        Areas {
            outgoing: outgoing.next_multiple_of(4),
            spills,
            slots: slots.next_multiple_of(4),
        }
    }

    /// Bytes of all areas together, a multiple of 4.
    pub fn bytes(&self) -> u32 {
        self.outgoing + 4 * self.spills + self.slots
    }

    /// Offset of a place from `sp` in the body of a function whose frame has `frame_bytes` bytes.
    pub fn offset(&self, place: FrameRef, frame_bytes: u32) -> u32 {
        match place {
            FrameRef::Outgoing(byte) => byte,
            FrameRef::Spill(slot) => self.outgoing + 4 * slot,
            FrameRef::Slot(byte) => self.outgoing + 4 * self.spills + byte,
            FrameRef::Incoming(byte) => frame_bytes + byte,
        }
    }
}
