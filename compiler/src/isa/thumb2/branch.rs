//! Branches, jump tables and loads of constants, whose length depends on how far they reach.
//!
//! | item | forms, in the order tried | reach from the instruction |
//! |---|---|---|
//! | jump | nothing | the next instruction |
//! | | B T2 | −2044 … +2050 |
//! | | B T4 | ±16 MB |
//! | under a condition | B T1 | −252 … +258 |
//! | | B T3 | ±1 MB |
//! | | B T1 with the inverse condition over B T4 | ±16 MB |
//! | on zero or not | CBZ, CBNZ | +4 … +130 |
//! | | CMP with 0, then the three of above | |
//! | table | TBB | the targets lie up to 510 bytes behind the table's start |
//! | | TBH | 131,070 bytes |
//! | | computed branch into a table of B T4 | ±16 MB |
//! | constant | LDR (literal) T1, of a low register | 0 … 1020 behind `pc` in whole words |
//! | | LDR (literal) T2, if that is shorter than what follows | ±4095 |
//! | | VLDR, of a floating-point register | ±1020 in whole words |
//! | | MOV, MOVW and MOVT, …, then VMOV | |
//!
//! Source: Armv8-M Architecture Reference Manual, C2.4 "B", "CBNZ, CBZ", "TBB, TBH".

use regalloc2::RegClass;

use super::encode::{self, Opcode};
use super::inst::Cond;
use super::regs::PC;
use super::vfp;
use crate::mach::buffer::{Label, Relax, Targets};
use crate::mach::reg::Reg;

/// `pc` reads as the address of the instruction plus this.
const PC_AHEAD: u32 = 4;
/// Bytes of the computed branch before its table.
const COMPUTED_BYTES: u32 = 10;

/// A relaxable item of Thumb-2 code.
#[derive(Debug)]
pub enum Branch {
    /// To `target`.
    Always {
        /// Where to.
        target: Label,
    },
    /// To `target` if the flags satisfy `cond`.
    If {
        /// The condition.
        cond: Cond,
        /// Where to.
        target: Label,
    },
    /// To `target` if a low register is zero, or if it is not.
    IfZero {
        /// Number of the register, 0–7.
        rn: u8,
        /// Which of both.
        zero: bool,
        /// Where to.
        target: Label,
    },
    /// To `targets[index]`, for an index in bounds. Destroys `r12` in its longest form.
    Table {
        /// Number of the register with the index, neither 12, 13 nor 15.
        index: u8,
        /// At least one.
        targets: Box<[Label]>,
    },
    /// A constant, loaded from the word at `at` if that is shorter.
    Constant {
        /// Where to.
        rd: Reg,
        /// Which.
        value: u32,
        /// A [`Branch::Word`] with it.
        at: Label,
    },
    /// A word of data, at a multiple of 4.
    Word {
        /// Its value.
        value: u32,
    },
}

/// How a constant gets into its register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConstantForm {
    /// LDR (literal) T1.
    Load,
    /// LDR (literal) T2.
    LongLoad,
    /// VLDR (literal).
    FloatLoad,
    /// Without a word of data.
    Made,
}

/// The ways to load a constant, each shorter than the next one.
fn constant_forms(rd: Reg, value: u32) -> &'static [ConstantForm] {
    use ConstantForm::{FloatLoad, Load, LongLoad, Made};
    if rd.class() == RegClass::Float {
        return &[FloatLoad, Made];
    }
    let made = encode::constant_bytes(rd, value);
    match (encode::hw(rd) < 8, made) {
        (_, ..=2) => &[Made],
        (true, ..=4) => &[Load, Made],
        (true, _) => &[Load, LongLoad, Made],
        (false, ..=4) => &[Made],
        (false, _) => &[LongLoad, Made],
    }
}

/// What a word of data may save each time that it is loaded in place of making its value.
pub(super) fn saved_by_load(rd: Reg, value: u32) -> u32 {
    match constant_forms(rd, value)[0] {
        ConstantForm::Load => encode::constant_bytes(rd, value) - 2,
        ConstantForm::LongLoad | ConstantForm::FloatLoad => encode::constant_bytes(rd, value) - 4,
        ConstantForm::Made => 0,
    }
}

/// Distance from what `pc` reads in a load of a literal: it is rounded down to a word.
fn from_word_of_pc(at: u32, targets: &Targets<'_>, target: Label) -> i64 {
    targets.distance((at + PC_AHEAD) & !3, target)
}

/// Condition under which a register compared with zero branches.
fn zero_cond(zero: bool) -> Cond {
    if zero { Cond::Eq } else { Cond::Ne }
}

/// Distance from what `pc` reads in the instruction at `at`.
fn from_pc(at: u32, targets: &Targets<'_>, target: Label) -> i64 {
    targets.distance(at + PC_AHEAD, target)
}

/// Whether an even distance fits a signed offset field of `bits` bits, bit 0 included.
fn reaches(distance: i64, bits: u32) -> bool {
    let limit = 1 << (bits - 1);
    (-limit..limit).contains(&distance)
}

/// B T1.
fn short_if(cond: Cond, distance: i64) -> Opcode {
    Opcode::Narrow(0xd000 | (cond as u16) << 8 | (distance >> 1) as u16 & 0xff)
}

/// B T3.
fn long_if(cond: Cond, distance: i64) -> Opcode {
    let d = distance as u32;
    Opcode::Wide(
        0xf000_8000
            | (d >> 20 & 1) << 26
            | (cond as u32) << 22
            | (d >> 12 & 0x3f) << 16
            | (d >> 18 & 1) << 13
            | (d >> 19 & 1) << 11
            | (d >> 1 & 0x7ff),
    )
}

/// The offset fields of B T4 and BL.
fn long_offset(distance: i64) -> u32 {
    let d = distance as u32;
    let sign = d >> 24 & 1;
    let j1 = !(d >> 23 ^ sign) & 1;
    let j2 = !(d >> 22 ^ sign) & 1;
    sign << 26 | (d >> 12 & 0x3ff) << 16 | j1 << 13 | j2 << 11 | (d >> 1 & 0x7ff)
}

/// B T4.
fn long_always(distance: i64) -> Opcode {
    Opcode::Wide(0xf000_9000 | long_offset(distance))
}

/// BL, for a distance from the instruction's `pc` that it reaches: even, ±16 MB.
pub(super) fn call(distance: i64) -> Option<Opcode> {
    reaches(distance, 25).then(|| Opcode::Wide(0xf000_d000 | long_offset(distance)))
}

/// B T4, under the same condition.
pub(super) fn jump(distance: i64) -> Option<Opcode> {
    reaches(distance, 25).then(|| long_always(distance))
}

impl Relax for Branch {
    fn forms(&self) -> u8 {
        match self {
            Branch::IfZero { .. } => 4,
            Branch::Constant { rd, value, .. } => constant_forms(*rd, *value).len() as u8,
            Branch::Word { .. } => 1,
            _ => 3,
        }
    }

    fn size(&self, form: u8) -> u32 {
        match (self, form) {
            (Branch::Always { .. }, _) => [0, 2, 4][usize::from(form)],
            (Branch::If { .. }, _) => [2, 4, 6][usize::from(form)],
            (Branch::IfZero { .. }, _) => [2, 4, 6, 8][usize::from(form)],
            (Branch::Table { targets, .. }, 0) => 4 + (targets.len() as u32).next_multiple_of(2),
            (Branch::Table { targets, .. }, 1) => 4 + 2 * targets.len() as u32,
            (Branch::Table { targets, .. }, _) => COMPUTED_BYTES + 4 * targets.len() as u32,
            (Branch::Constant { rd, value, .. }, _) => {
                match constant_forms(*rd, *value)[usize::from(form)] {
                    ConstantForm::Load => 2,
                    ConstantForm::LongLoad | ConstantForm::FloatLoad => 4,
                    ConstantForm::Made => encode::constant_bytes(*rd, *value),
                }
            }
            (Branch::Word { .. }, _) => 4,
        }
    }

    fn data(&self, form: u8) -> Option<u32> {
        match (self, form) {
            // TBB and TBH are one instruction of four bytes; the longest form is a table of code.
            (Branch::Table { .. }, 0 | 1) => Some(4),
            (Branch::Word { .. }, _) => Some(0),
            _ => None,
        }
    }

    fn needs_words(&self, form: u8) -> bool {
        // The computed branch counts from a multiple of 4, and so do loads of words.
        matches!(
            (self, form),
            (Branch::Table { .. }, 2..) | (Branch::Word { .. }, _)
        )
    }

    fn fits(&self, form: u8, at: u32, targets: &Targets<'_>) -> bool {
        match self {
            Branch::Always { target } => match form {
                0 => targets.is_ahead(*target) && targets.offset(*target) == at,
                1 => reaches(from_pc(at, targets, *target), 12),
                _ => reaches(from_pc(at, targets, *target), 25),
            },
            Branch::If { target, .. } => fits_if(form, at, *target, targets),
            Branch::IfZero { target, .. } => match form {
                0 => (0..128).contains(&from_pc(at, targets, *target)),
                _ => fits_if(form - 1, at + 2, *target, targets),
            },
            Branch::Table {
                targets: entries, ..
            } => {
                let limit = match form {
                    0 => 2 * 0xff,
                    1 => 2 * 0xffff,
                    _ => {
                        let mut places = (at + COMPUTED_BYTES..).step_by(4).zip(entries);
                        return places
                            .all(|(place, entry)| reaches(from_pc(place, targets, *entry), 25));
                    }
                };
                entries
                    .iter()
                    .all(|entry| (0..=limit).contains(&from_pc(at, targets, *entry)))
            }
            Branch::Constant {
                rd,
                value,
                at: word,
            } => {
                let distance = from_word_of_pc(at, targets, *word);
                match constant_forms(*rd, *value)[usize::from(form)] {
                    ConstantForm::Load => (0..=1020).contains(&distance) && distance % 4 == 0,
                    ConstantForm::LongLoad => (-4095..=4095).contains(&distance),
                    ConstantForm::FloatLoad => {
                        (-1020..=1020).contains(&distance) && distance % 4 == 0
                    }
                    ConstantForm::Made => true,
                }
            }
            Branch::Word { .. } => true,
        }
    }

    fn encode(&self, form: u8, at: u32, targets: &Targets<'_>, out: &mut Vec<u8>) {
        match self {
            Branch::Always { target } => {
                let distance = from_pc(at, targets, *target);
                match form {
                    0 => {}
                    1 => Opcode::Narrow(0xe000 | (distance >> 1) as u16 & 0x7ff).write(out),
                    _ => long_always(distance).write(out),
                }
            }
            Branch::If { cond, target } => encode_if(form, *cond, at, *target, targets, out),
            Branch::IfZero { rn, zero, target } => {
                let rn = u16::from(*rn);
                if form == 0 {
                    let d = from_pc(at, targets, *target) as u16;
                    let bits = 0xb100 | u16::from(!zero) << 11 | (d >> 6) << 9 | (d & 0x3e) << 2;
                    Opcode::Narrow(bits | rn).write(out);
                } else {
                    // CMP (immediate) with 0.
                    Opcode::Narrow(0x2800 | rn << 8).write(out);
                    encode_if(form - 1, zero_cond(*zero), at + 2, *target, targets, out);
                }
            }
            Branch::Table {
                index,
                targets: entries,
            } => encode_table(form, at, u32::from(*index), entries, targets, out),
            Branch::Constant {
                rd,
                value,
                at: word,
            } => {
                let distance = from_word_of_pc(at, targets, *word);
                match constant_forms(*rd, *value)[usize::from(form)] {
                    ConstantForm::Load => encode::load_literal(*rd, distance as i32).write(out),
                    ConstantForm::LongLoad => {
                        encode::load_literal_long(*rd, distance as i32).write(out);
                    }
                    ConstantForm::FloatLoad => vfp::load(*rd, PC, distance as i32).write(out),
                    ConstantForm::Made => {
                        encode::constant(*rd, *value).for_each(|opcode| opcode.write(out));
                    }
                }
            }
            Branch::Word { value } => out.extend(value.to_le_bytes()),
        }
    }
}

fn fits_if(form: u8, at: u32, target: Label, targets: &Targets<'_>) -> bool {
    match form {
        0 => reaches(from_pc(at, targets, target), 9),
        1 => reaches(from_pc(at, targets, target), 21),
        _ => reaches(from_pc(at + 2, targets, target), 25),
    }
}

fn encode_if(
    form: u8,
    cond: Cond,
    at: u32,
    target: Label,
    targets: &Targets<'_>,
    out: &mut Vec<u8>,
) {
    match form {
        0 => short_if(cond, from_pc(at, targets, target)).write(out),
        1 => long_if(cond, from_pc(at, targets, target)).write(out),
        _ => {
            short_if(cond.invert(), 2).write(out);
            long_always(from_pc(at + 2, targets, target)).write(out);
        }
    }
}

fn encode_table(
    form: u8,
    at: u32,
    index: u32,
    entries: &[Label],
    targets: &Targets<'_>,
    out: &mut Vec<u8>,
) {
    let halfwords = |entry: &Label| from_pc(at, targets, *entry) / 2;
    match form {
        0 => {
            Opcode::Wide(0xe8df_f000 | index).write(out);
            out.extend(entries.iter().map(|entry| halfwords(entry) as u8));
            if !entries.len().is_multiple_of(2) {
                out.push(0);
            }
        }
        1 => {
            Opcode::Wide(0xe8df_f010 | index).write(out);
            let entries = entries.iter().map(|entry| halfwords(entry) as u16);
            out.extend(entries.flat_map(u16::to_le_bytes));
        }
        _ => {
            // ADR counts from pc rounded down to a word.
            let table = at + COMPUTED_BYTES;
            let distance = table - ((at + PC_AHEAD) & !3);
            // ADR r12, table; ADD r12, r12, index, LSL #2; MOV pc, r12
            Opcode::Wide(0xf20f_0c00 | distance).write(out);
            Opcode::Wide(0xeb0c_0c80 | index).write(out);
            Opcode::Narrow(0x46e7).write(out);
            for (place, entry) in (table..).step_by(4).zip(entries) {
                long_always(from_pc(place, targets, *entry)).write(out);
            }
        }
    }
}
