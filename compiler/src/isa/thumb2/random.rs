//! Random machine instructions, every one of them valid.

use super::imm::{AddImm, BitRange, FloatImm, ModifiedImm, MovImm, Scale, Shift, ShiftKind};
use super::inst::*;
use super::regs::{SCRATCH, SP, r, s};
use crate::mach::buffer::Symbol;
use crate::mach::reg::Reg;

/// A linear congruential sequence: the tests are the same in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn bits(&mut self) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as u32
    }

    /// Less than `end`.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        self.bits() % end
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u32) as usize]
    }

    fn chance(&mut self, of: u32) -> bool {
        self.below(of) == 0
    }

    /// Any register that values are in; half of the time one of three low ones, so that operands
    /// coincide.
    fn reg(&mut self) -> Reg {
        if self.chance(2) {
            r(self.below(3) as u8)
        } else {
            r(self.pick(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 14]))
        }
    }

    /// A register other than `r12`.
    fn value(&mut self) -> Reg {
        loop {
            let reg = self.reg();
            if reg != SCRATCH {
                return reg;
            }
        }
    }

    /// Any floating-point register; half of the time one of three.
    fn float(&mut self) -> Reg {
        if self.chance(2) {
            s(self.below(3) as u8)
        } else {
            s(self.below(32) as u8)
        }
    }

    fn shift(&mut self) -> Shift {
        if self.chance(2) {
            return Shift::NONE;
        }
        self.real_shift()
    }

    fn real_shift(&mut self) -> Shift {
        loop {
            let kind = self.pick(&ShiftKind::ALL);
            if let Some(shift) = Shift::new(kind, self.below(33) as u8) {
                return shift;
            }
        }
    }

    /// A word with an inclination to small and patterned ones.
    fn word(&mut self) -> u32 {
        let word = self.bits() << 1 ^ self.bits();
        match self.below(7) {
            0 => word % 9,
            1 => word % 0x101,
            2 => word % 0x1_0001,
            3 => (word & 0xff) << (word >> 27),
            4 => !((word & 0xff) << (word >> 27)),
            5 => (word & 0xff) * 0x0101_0101,
            _ => word,
        }
    }

    fn modified(&mut self) -> ModifiedImm {
        loop {
            if let Some(imm) = ModifiedImm::new(self.word()) {
                return imm;
            }
        }
    }

    fn add(&mut self) -> AddImm {
        loop {
            let value = self.word() as i32;
            let value = if self.chance(2) {
                value
            } else {
                value.wrapping_neg()
            };
            if let Some(imm) = AddImm::new(value) {
                return imm;
            }
        }
    }

    fn operand2(&mut self) -> Operand2 {
        if self.chance(2) {
            Operand2::Imm(self.modified())
        } else {
            Operand2::Reg {
                rm: self.reg(),
                shift: self.shift(),
            }
        }
    }

    fn bit_range(&mut self) -> BitRange {
        let lsb = self.below(32);
        let width = 1 + self.below(32 - lsb);
        BitRange::new(lsb as u8, width as u8).expect("in a word")
    }

    fn place(&mut self) -> FrameRef {
        let number = self.below(64);
        match self.below(4) {
            0 => FrameRef::Spill(number),
            1 => FrameRef::Incoming(number),
            2 => FrameRef::Outgoing(number),
            _ => FrameRef::Slot(number),
        }
    }

    fn amode(&mut self) -> Amode {
        match self.below(6) {
            0 => Amode::Frame(self.place()),
            1 => Amode::Index {
                base: self.reg(),
                index: self.reg(),
                scale: Scale::new(self.below(4) as u8).expect("at most 3"),
            },
            kind => Amode::Base {
                base: if self.chance(8) { SP } else { self.value() },
                offset: match kind {
                    2 => self.below(129) as i32,
                    3 => self.below(5000) as i32 - 300,
                    4 => self.below(300) as i32 * 4,
                    _ => self.word() as i32,
                },
            },
        }
    }

    fn aligned_amode(&mut self) -> AlignedAmode {
        match self.below(4) {
            0 => AlignedAmode::Frame(match self.place() {
                FrameRef::Spill(slot) => FrameRef::Spill(slot),
                FrameRef::Incoming(byte) => FrameRef::Incoming(byte & !3),
                FrameRef::Outgoing(byte) => FrameRef::Outgoing(byte & !3),
                FrameRef::Slot(byte) => FrameRef::Slot(byte & !3),
            }),
            kind => AlignedAmode::Base {
                base: if self.chance(8) { SP } else { self.value() },
                offset: match kind {
                    1 => self.below(600) as i32 * 4 - 1200,
                    2 => self.below(20_000) as i32 * 4,
                    _ => self.word() as i32 & !3,
                },
            },
        }
    }

    fn float_imm(&mut self) -> FloatImm {
        loop {
            if let Some(imm) = FloatImm::new(self.bits() << 19) {
                return imm;
            }
        }
    }

    fn select_value(&mut self) -> SelectValue {
        loop {
            if self.chance(2) {
                return SelectValue::Reg(self.reg());
            }
            if let Some(imm) = MovImm::new(self.word()) {
                return SelectValue::Imm(imm);
            }
        }
    }

    fn compare(&mut self) -> (Cond, Compare) {
        const ORDER: [Cond; 4] = [Cond::Lo, Cond::Hs, Cond::Lt, Cond::Ge];
        const EQUALITY: [Cond; 2] = [Cond::Eq, Cond::Ne];
        let (rn_lo, rn_hi) = (self.reg(), self.reg());
        let (rhs_lo, rhs_hi) = (self.operand2(), self.operand2());
        match self.below(8) {
            6 => (
                self.pick(&Cond::ALL),
                Compare::Float {
                    rn: self.float(),
                    rm: self.float(),
                },
            ),
            7 => (
                self.pick(&Cond::ALL),
                Compare::FloatZero { rn: self.float() },
            ),
            0 => (
                self.pick(&ORDER),
                Compare::WideOrder {
                    rn_lo,
                    rn_hi,
                    rhs_lo,
                    rhs_hi,
                },
            ),
            1 => (
                self.pick(&EQUALITY),
                Compare::WideEqual {
                    rn_lo,
                    rn_hi,
                    rhs_lo,
                    rhs_hi,
                },
            ),
            2 => (
                self.pick(&EQUALITY),
                Compare::WideZero {
                    rn: rn_lo,
                    rm: rn_hi,
                },
            ),
            _ => (
                self.pick(&Cond::ALL),
                Compare::Word {
                    op: self.pick(&[
                        CompareOp::Cmp,
                        CompareOp::Cmn,
                        CompareOp::Tst,
                        CompareOp::Teq,
                    ]),
                    rn: rn_lo,
                    rhs: rhs_lo,
                },
            ),
        }
    }

    fn alu_op(&mut self) -> AluOp {
        self.pick(&[
            AluOp::Add,
            AluOp::Sub,
            AluOp::Rsb,
            AluOp::And,
            AluOp::Orr,
            AluOp::Orn,
            AluOp::Eor,
            AluOp::Bic,
        ])
    }

    fn extend_op(&mut self) -> ExtendOp {
        self.pick(&[
            ExtendOp::Uxtb,
            ExtendOp::Uxth,
            ExtendOp::Sxtb,
            ExtendOp::Sxth,
        ])
    }

    fn sign(&mut self) -> Sign {
        self.pick(&[Sign::Unsigned, Sign::Signed])
    }

    /// Any instruction without a target.
    pub(super) fn inst(&mut self) -> Inst {
        let (rd, rn, rm, ra) = (self.reg(), self.reg(), self.reg(), self.reg());
        match self.below(36) {
            0..=2 => Inst::AluRRR {
                op: self.alu_op(),
                rd,
                rn,
                rm,
                shift: self.shift(),
            },
            3 => Inst::AluRRI {
                op: self.alu_op(),
                rd,
                rn,
                imm: self.modified(),
            },
            4 => Inst::AddImm {
                rd,
                rn: if self.chance(8) { SP } else { rn },
                imm: self.add(),
            },
            5..=6 => Inst::Carry {
                op: self.pick(&[
                    CarryOp::Adds,
                    CarryOp::Adcs,
                    CarryOp::Subs,
                    CarryOp::Sbcs,
                    CarryOp::Rsbs,
                ]),
                rd,
                rn,
                rhs: self.operand2(),
            },
            7 => Inst::Mov {
                rd: if self.chance(8) { SP } else { rd },
                rm: if self.chance(8) { SP } else { rm },
            },
            29 => Inst::Mov {
                rd: if self.chance(2) { self.float() } else { rd },
                rm: if self.chance(2) { self.float() } else { rm },
            },
            30 => Inst::Float {
                op: self.pick(&[
                    FloatOp::Add,
                    FloatOp::Sub,
                    FloatOp::Mul,
                    FloatOp::Div,
                    FloatOp::MaxNum,
                    FloatOp::MinNum,
                ]),
                rd: self.float(),
                rn: self.float(),
                rm: self.float(),
            },
            31 => Inst::FloatUnary {
                op: self.pick(&[
                    FloatUnaryOp::Neg,
                    FloatUnaryOp::Abs,
                    FloatUnaryOp::Sqrt,
                    FloatUnaryOp::Nearest,
                    FloatUnaryOp::Ceil,
                    FloatUnaryOp::Floor,
                    FloatUnaryOp::Trunc,
                    FloatUnaryOp::FromSigned,
                    FloatUnaryOp::FromUnsigned,
                    FloatUnaryOp::ToSigned,
                    FloatUnaryOp::ToUnsigned,
                ]),
                rd: self.float(),
                rm: self.float(),
            },
            32 if self.chance(2) => Inst::FloatImm {
                rd: self.float(),
                imm: self.float_imm(),
            },
            32..=33 => {
                let (cond, cmp) = self.compare();
                let (rd, if_true, if_false) = (self.float(), self.float(), self.float());
                let moves = Inst::Select {
                    rd,
                    cond,
                    cmp,
                    if_true: SelectValue::Reg(if_true),
                    // It takes the register of this one.
                    if_false: SelectValue::Reg(rd),
                };
                let vsel = Inst::float_select(rd, cond, cmp, if_true, if_false);
                vsel.filter(|_| self.chance(2)).unwrap_or(moves)
            }
            34 => Inst::FloatLoad {
                rt: self.float(),
                mem: self.aligned_amode(),
            },
            35 => Inst::FloatStore {
                rt: self.float(),
                mem: self.aligned_amode(),
            },
            8 => Inst::Mvn {
                rd,
                rm,
                shift: self.shift(),
            },
            9..=10 => Inst::MovImm {
                rd,
                value: self.word(),
            },
            11 => Inst::FrameAddr {
                rd,
                place: self.place(),
            },
            12 => Inst::CodeAddr {
                rd,
                symbol: Symbol::Function(self.below(10)),
            },
            13 => Inst::ShiftImm {
                rd,
                rm,
                shift: self.shift(),
            },
            14 => Inst::ShiftReg {
                kind: self.pick(&ShiftKind::ALL),
                rd,
                rn,
                rm,
            },
            15 => Inst::Extend {
                op: self.extend_op(),
                rd,
                rm,
            },
            16 => Inst::ExtendAdd {
                op: self.extend_op(),
                rd,
                rn,
                rm,
            },
            17 => Inst::Extract {
                op: self.pick(&[ExtractOp::Ubfx, ExtractOp::Sbfx]),
                rd,
                rn,
                bits: self.bit_range(),
            },
            18 => Inst::Insert {
                rd,
                base: rd,
                rn,
                bits: self.bit_range(),
            },
            19 => Inst::Clear {
                rd,
                base: rd,
                bits: self.bit_range(),
            },
            20 => Inst::Unary {
                op: self.pick(&[
                    UnaryOp::Clz,
                    UnaryOp::Rbit,
                    UnaryOp::Rev,
                    UnaryOp::Rev16,
                    UnaryOp::Revsh,
                ]),
                rd,
                rm,
            },
            21 => Inst::Mul { rd, rn, rm },
            22 => Inst::MulAcc {
                op: self.pick(&[MulAccOp::Mla, MulAccOp::Mls]),
                rd,
                rn,
                rm,
                ra,
            },
            23 if rd != ra => Inst::MulLong {
                sign: self.sign(),
                rd_lo: rd,
                rd_hi: ra,
                rn,
                rm,
            },
            23 => Inst::Div {
                sign: self.sign(),
                rd,
                rn,
                rm,
            },
            24 if rd != ra => Inst::MulAccLong {
                sign: self.sign(),
                rd_lo: rd,
                rd_hi: ra,
                ra_lo: rd,
                ra_hi: ra,
                rn,
                rm,
            },
            24 => Inst::Div {
                sign: self.sign(),
                rd,
                rn,
                rm,
            },
            25..=26 => Inst::Load {
                op: self.pick(&[
                    LoadOp::Ldr,
                    LoadOp::Ldrb,
                    LoadOp::Ldrh,
                    LoadOp::Ldrsb,
                    LoadOp::Ldrsh,
                ]),
                rt: self.value(),
                mem: self.amode(),
            },
            27 => Inst::Store {
                op: self.pick(&[StoreOp::Str, StoreOp::Strb, StoreOp::Strh]),
                rt: self.value(),
                mem: self.amode(),
            },
            _ => {
                let (cond, cmp) = self.compare();
                Inst::Select {
                    rd,
                    cond,
                    cmp,
                    if_true: self.select_value(),
                    if_false: match self.select_value() {
                        SelectValue::Reg(_) => SelectValue::Reg(rd),
                        constant => constant,
                    },
                }
            }
        }
    }
}
