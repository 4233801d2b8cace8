//! Branches and jump tables, whose length depends on how far they reach.
//!
//! | item | forms, in the order tried | reach from the instruction |
//! |---|---|---|
//! | jump | nothing | the next instruction |
//! | | C.J | ±2 KB |
//! | | JAL | ±1 MB |
//! | | AUIPC and JALR, by way of `t6` | ±2 GB |
//! | under a condition | C.BEQZ, C.BNEZ, of `x8`–`x15` | ±256 B |
//! | | BEQ and its kin | ±4 KB |
//! | | the inverse over JAL | ±1 MB |
//! | | the inverse over AUIPC and JALR | ±2 GB |
//! | table | computed jump into a table of C.J | ±2 KB from each entry |
//! | | of JAL | ±1 MB |
//! | | of AUIPC and JALR | ±2 GB |
//!
//! Source: The RISC-V Instruction Set Manual, Volume I, "Control Transfer Instructions".

use super::encode;
use super::imm::Parts;
use super::inst::{AluOp, Cond, Test};
use super::regs::{SCRATCH, ZERO};
use crate::mach::buffer::{Label, Relax, Targets};
use crate::mach::reg::Reg;

/// A relaxable item of RISC-V code. The longest form of each destroys `t6`, after a test has read it.
#[derive(Debug)]
pub enum Branch {
    /// To `target`.
    Always {
        /// Where to.
        target: Label,
    },
    /// To `target` if a test holds.
    If {
        /// The test, of physical registers.
        test: Test,
        /// Where to.
        target: Label,
    },
    /// To `targets[index]`, for an index in bounds. Destroys `t6`.
    Table {
        /// The index, not in `t6`.
        index: Reg,
        /// At least one.
        targets: Box<[Label]>,
    },
}

/// Whether an even distance fits a signed offset field of `bits` bits, bit 0 included.
fn reaches(distance: i64, bits: u32) -> bool {
    let limit = 1 << (bits - 1);
    (-limit..limit).contains(&distance)
}

/// Reach of C.BEQZ, C.J, BEQ and JAL, in bits.
const SHORT_BRANCH: u32 = 9;
const SHORT_JUMP: u32 = 12;
const BRANCH: u32 = 13;
const JAL: u32 = 21;

/// JAL for a distance that it reaches.
pub(super) fn jal(link: Reg, distance: i64) -> Option<encode::Opcode> {
    reaches(distance, JAL).then(|| encode::jal(link, distance as i32))
}

/// C.JAL or C.J for a distance that they reach.
pub(super) fn short_jal(is_call: bool, distance: i64) -> Option<encode::Opcode> {
    let encode = if is_call {
        encode::short_call
    } else {
        encode::short_jump
    };
    reaches(distance, SHORT_JUMP).then(|| encode(distance as i32))
}

/// AUIPC and JALR for any distance.
fn far_jump(distance: i32, out: &mut Vec<u8>) {
    let Parts { high, low } = Parts::of(distance as u32);
    encode::auipc(SCRATCH, high).write(out);
    encode::jalr(ZERO, SCRATCH, low.value()).write(out);
}

/// The register and whether it is to be not zero, if a test is one of C.BEQZ and C.BNEZ.
fn short_test(test: &Test) -> Option<(bool, u32)> {
    let nonzero = match test.cond {
        Cond::Eq => false,
        Cond::Ne => true,
        _ => return None,
    };
    let rs = match (test.rs1 == ZERO, test.rs2 == ZERO) {
        (_, true) => test.rs1,
        (true, false) => test.rs2,
        _ => return None,
    };
    encode::short(rs).map(|rs| (nonzero, rs))
}

/// Size in bytes of a table's entries, and of the computed jump before it.
fn table_form(form: u8) -> (u32, u32) {
    let entry = [2, 4, 8][usize::from(form)];
    // AUIPC, C.ADD for each byte of an entry, JALR.
    (entry, 4 + 2 * entry + 4)
}

impl Relax for Branch {
    fn forms(&self) -> u8 {
        match self {
            Branch::Always { .. } | Branch::If { .. } => 4,
            Branch::Table { .. } => 3,
        }
    }

    fn size(&self, form: u8) -> u32 {
        match self {
            Branch::Always { .. } => [0, 2, 4, 8][usize::from(form)],
            Branch::If { .. } => [2, 4, 8, 12][usize::from(form)],
            Branch::Table { targets, .. } => {
                let (entry, head) = table_form(form);
                head + entry * targets.len() as u32
            }
        }
    }

    fn fits(&self, form: u8, at: u32, targets: &Targets<'_>) -> bool {
        match self {
            Branch::Always { target } => match form {
                0 => targets.is_ahead(*target) && targets.offset(*target) == at,
                1 => reaches(targets.distance(at, *target), SHORT_JUMP),
                2 => reaches(targets.distance(at, *target), JAL),
                _ => true,
            },
            Branch::If { test, target } => match form {
                0 => {
                    short_test(test).is_some()
                        && reaches(targets.distance(at, *target), SHORT_BRANCH)
                }
                1 => reaches(targets.distance(at, *target), BRANCH),
                2 => reaches(targets.distance(at + 4, *target), JAL),
                _ => true,
            },
            Branch::Table {
                targets: entries, ..
            } => {
                let (entry, head) = table_form(form);
                let reach = match form {
                    0 => SHORT_JUMP,
                    1 => JAL,
                    _ => return true,
                };
                let mut places = (at + head..).step_by(entry as usize).zip(entries);
                places.all(|(place, label)| reaches(targets.distance(place, *label), reach))
            }
        }
    }

    fn encode(&self, form: u8, at: u32, targets: &Targets<'_>, out: &mut Vec<u8>) {
        let distance = |from, label| targets.distance(from, label) as i32;
        match self {
            Branch::Always { target } => match form {
                0 => {}
                1 => encode::short_jump(distance(at, *target)).write(out),
                2 => encode::jal(ZERO, distance(at, *target)).write(out),
                _ => far_jump(distance(at, *target), out),
            },
            Branch::If { test, target } => match form {
                0 => {
                    let (nonzero, rs) = short_test(test).expect("a form that fits");
                    encode::short_branch(nonzero, rs, distance(at, *target)).write(out);
                }
                1 => {
                    let Test { cond, rs1, rs2 } = *test;
                    encode::branch(cond, rs1, rs2, distance(at, *target)).write(out);
                }
                _ => {
                    let Test { cond, rs1, rs2 } = test.invert();
                    encode::branch(cond, rs1, rs2, self.size(form) as i32).write(out);
                    let distance = distance(at + 4, *target);
                    match form {
                        2 => encode::jal(ZERO, distance).write(out),
                        _ => far_jump(distance, out),
                    }
                }
            },
            Branch::Table {
                index,
                targets: entries,
            } => {
                let (entry, head) = table_form(form);
                encode::auipc(SCRATCH, 0).write(out);
                for _ in 0..entry {
                    encode::alu(AluOp::Add, SCRATCH, SCRATCH, *index).write(out);
                }
                encode::jalr(ZERO, SCRATCH, head as i32).write(out);
                for (place, label) in (at + head..).step_by(entry as usize).zip(entries) {
                    match form {
                        0 => encode::short_jump(distance(place, *label)).write(out),
                        1 => encode::jal(ZERO, distance(place, *label)).write(out),
                        _ => far_jump(distance(place, *label), out),
                    }
                }
            }
        }
    }

    fn data(&self, _: u8) -> Option<u32> {
        // A table of jumps is code.
        None
    }
}
