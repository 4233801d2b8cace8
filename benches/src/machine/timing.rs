//! Cycles of Thumb-2 code by estimate: the timings of the Cortex-M4's manual, added up along the
//! executed instructions.
//!
//! There is no public model of the Cortex-M33, and none of it is in here: it does some things faster,
//! as issuing pairs of 16-bit instructions. This is for comparing programs, with memory that has no wait
//! states, and must be called an estimate.
//!
//! From the Cortex-M4's Technical Reference Manual (DDI 0439, sections 3.3.1, 3.3.3 and 7.2.3):
//!
//! | instruction | cycles |
//! |---|---|
//! | most, multiplications of any width among them | 1 |
//! | load | 2; 1 right behind a single load or store, whose address phase hides it |
//! | store at an immediate offset | 1, through the write buffer |
//! | store at a register offset | 2 |
//! | load or store of n registers, pairs too | 1 + n |
//! | division | 7, the middle of 2 to 12 |
//! | table branch | 2 |
//! | f32 multiply-accumulate, fused or not | 3 |
//! | f32 division, square root | 14 |
//! | f32 load, store | 2 |
//! | anything that goes elsewhere than to the next instruction | 2 more, the middle of 1 to 3 |
//!
//! What the condition of an `IT` leaves out counts as if it were executed, and waiting for the result of
//! a floating-point instruction counts nothing.

/// What an instruction takes, as far as it can tell itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// So many cycles.
    Plain(u8),
    /// A single load.
    Load,
    /// A single store at an immediate offset.
    Store,
}

/// An instruction: its length in bytes, and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Op {
    /// Length in bytes.
    pub(super) bytes: u32,
    kind: Kind,
}

/// Cycles to fill the pipeline again.
const REFILL: u32 = 2;

impl Op {
    /// Decodes the instruction at the beginning of two halfwords.
    pub(super) fn decode(first: u16, second: u16) -> Self {
        if first >> 11 < 0b11101 {
            return Self {
                bytes: 2,
                kind: narrow(first),
            };
        }
        Self {
            bytes: 4,
            kind: wide(first, second),
        }
    }

    /// Cycles of the instruction behind `previous`, and whether it went to the next one.
    pub(super) fn cycles(self, previous: Option<Self>, went_on: bool) -> u32 {
        let behind_access = previous.is_some_and(|op| matches!(op.kind, Kind::Load | Kind::Store));
        let own = match self.kind {
            Kind::Plain(cycles) => cycles.into(),
            Kind::Load if behind_access => 1,
            Kind::Load => 2,
            Kind::Store => 1,
        };
        if went_on { own } else { own + REFILL }
    }
}

/// 1 + n.
fn multiple(registers: u32) -> Kind {
    Kind::Plain(1 + registers as u8)
}

fn narrow(first: u16) -> Kind {
    let load_or_store = |is_load: bool| if is_load { Kind::Load } else { Kind::Store };
    match first >> 12 {
        0b0100 if first >> 11 == 0b01001 => Kind::Load,
        0b0101 if first >> 9 & 7 < 3 => Kind::Plain(2),
        0b0101 => Kind::Load,
        0b0110..=0b1001 => load_or_store(first >> 11 & 1 == 1),
        // PUSH and POP: eight registers and one more.
        0b1011 if first & 0x0600 == 0x0400 => multiple((first & 0x1ff).count_ones()),
        0b1100 => multiple((first & 0xff).count_ones()),
        _ => Kind::Plain(1),
    }
}

fn wide(first: u16, second: u16) -> Kind {
    let is_load = first >> 4 & 1 == 1;
    match first {
        _ if first & 0xfe40 == 0xe800 => multiple(second.count_ones()),
        _ if first & 0xfff0 == 0xe8d0 && second & 0xffe0 == 0xf000 => Kind::Plain(2),
        // Pairs have pre-indexing or write-back; what has neither is exclusive or ordered.
        _ if first & 0xfe40 == 0xe840 && first & 0x0120 != 0 => multiple(2),
        _ if first & 0xfe40 == 0xe840 => Kind::Plain(2),
        _ if first & 0xfe00 == 0xf800 => {
            let register_offset = first & 0x0080 == 0 && second & 0x0fc0 == 0;
            match (is_load, register_offset) {
                (true, _) => Kind::Load,
                (false, false) => Kind::Store,
                (false, true) => Kind::Plain(2),
            }
        }
        _ if first & 0xffd0 == 0xfb90 && second & 0xf0 == 0xf0 => Kind::Plain(7),
        _ if second >> 9 & 7 == 5 && first & 0xec00 == 0xec00 => floating_point(first, second),
        _ => Kind::Plain(1),
    }
}

/// Coprocessors 10 and 11.
fn floating_point(first: u16, second: u16) -> Kind {
    match first {
        // Two core registers.
        _ if first & 0xffe0 == 0xec40 => Kind::Plain(2),
        // One register, at an offset without write-back.
        _ if first & 0xff20 == 0xed00 => Kind::Plain(2),
        _ if first & 0xfe00 == 0xec00 => multiple(u32::from(second & 0xff)),
        _ if first & 0xff00 == 0xee00 && second & 0x10 == 0 => match first >> 4 & 0xb {
            0x0 | 0x1 | 0x9 | 0xa => Kind::Plain(3),
            0x8 => Kind::Plain(14),
            0xb if first & 0xf == 1 && second & 0xc0 == 0xc0 => Kind::Plain(14),
            _ => Kind::Plain(1),
        },
        _ => Kind::Plain(1),
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Op};

    #[test]
    fn kinds_are_those_of_the_manual() {
        for (text, first, second, bytes, kind) in [
            ("adds r0, r0, r1", 0x1840, 0, 2, Kind::Plain(1)),
            ("muls r0, r1", 0x4348, 0, 2, Kind::Plain(1)),
            ("ldr r0, [pc, #4]", 0x4801, 0, 2, Kind::Load),
            ("ldr r0, [r1, r2]", 0x5888, 0, 2, Kind::Load),
            ("strb r0, [r1, r2]", 0x5488, 0, 2, Kind::Plain(2)),
            ("ldrsb r0, [r1, r2]", 0x5688, 0, 2, Kind::Load),
            ("str r0, [r1, #4]", 0x6048, 0, 2, Kind::Store),
            ("ldrh r0, [r1, #2]", 0x8848, 0, 2, Kind::Load),
            ("push {r4, r5, lr}", 0xb530, 0, 2, Kind::Plain(4)),
            ("pop {r4, r5, pc}", 0xbd30, 0, 2, Kind::Plain(4)),
            ("cbz r0, .", 0xb100, 0, 2, Kind::Plain(1)),
            ("it eq", 0xbf08, 0, 2, Kind::Plain(1)),
            ("ldmia r0!, {r1, r2}", 0xc806, 0, 2, Kind::Plain(3)),
            ("b .", 0xe7fe, 0, 2, Kind::Plain(1)),
            ("bl .", 0xf7ff, 0xfffe, 4, Kind::Plain(1)),
            ("push.w {r4-r8, lr}", 0xe92d, 0x41f0, 4, Kind::Plain(7)),
            ("ldrd r0, r1, [r2, #8]", 0xe9d2, 0x0102, 4, Kind::Plain(3)),
            ("tbb [pc, r0]", 0xe8df, 0xf000, 4, Kind::Plain(2)),
            ("ldrex r0, [r1]", 0xe851, 0x0f00, 4, Kind::Plain(2)),
            ("ldr.w r0, [r1], #4", 0xf851, 0x0b04, 4, Kind::Load),
            ("str.w r0, [r1, #256]", 0xf8c1, 0x0100, 4, Kind::Store),
            (
                "str.w r0, [r1, r2, lsl #2]",
                0xf841,
                0x0022,
                4,
                Kind::Plain(2),
            ),
            ("add.w r0, r1, r2", 0xeb01, 0x0002, 4, Kind::Plain(1)),
            ("umull r0, r1, r2, r3", 0xfba2, 0x0103, 4, Kind::Plain(1)),
            ("mla r0, r1, r2, r3", 0xfb01, 0x3002, 4, Kind::Plain(1)),
            ("udiv r0, r1, r2", 0xfbb1, 0xf0f2, 4, Kind::Plain(7)),
            ("sdiv r0, r1, r2", 0xfb91, 0xf0f2, 4, Kind::Plain(7)),
            ("vadd.f32 s0, s0, s1", 0xee30, 0x0a20, 4, Kind::Plain(1)),
            ("vmla.f32 s0, s1, s2", 0xee00, 0x0a81, 4, Kind::Plain(3)),
            ("vfma.f32 s0, s1, s2", 0xeea0, 0x0a81, 4, Kind::Plain(3)),
            ("vdiv.f32 s0, s0, s1", 0xee80, 0x0a20, 4, Kind::Plain(14)),
            ("vsqrt.f32 s0, s1", 0xeeb1, 0x0ae0, 4, Kind::Plain(14)),
            ("vneg.f32 s0, s1", 0xeeb1, 0x0a60, 4, Kind::Plain(1)),
            ("vldr s0, [r0, #4]", 0xed90, 0x0a01, 4, Kind::Plain(2)),
            ("vpush {s16-s17}", 0xed2d, 0x8a02, 4, Kind::Plain(3)),
            ("vmov r0, s0", 0xee10, 0x0a10, 4, Kind::Plain(1)),
            ("vmov r0, r1, d0", 0xec51, 0x0b10, 4, Kind::Plain(2)),
        ] {
            let op = Op::decode(first, second);
            assert_eq!(op, Op { bytes, kind }, "{text}");
        }
    }

    #[test]
    fn loads_are_cheaper_in_a_row_and_branches_dearer_when_taken() {
        let load = Op::decode(0x6848, 0);
        let branch = Op::decode(0xd1fd, 0);
        assert_eq!(load.cycles(None, true), 2);
        assert_eq!(load.cycles(Some(load), true), 1);
        assert_eq!(branch.cycles(Some(load), true), 1);
        assert_eq!(branch.cycles(Some(load), false), 3);
    }
}
