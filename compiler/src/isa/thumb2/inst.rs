//! The machine instructions that selection produces and the allocator works on.
//!
//! Most are one instruction of the architecture; the rest expand to a short fixed sequence while
//! code is emitted. Rules that hold for all:
//!
//! * Flags never live from one instruction to the next, except along a carry chain
//!   ([`Inst::Carry`]). Emission is therefore free to use the 16-bit forms, most of which set flags.
//! * A sequence reads every input before it writes a result that the allocator may have put into
//!   an input's register, and keeps what it needs in between in `r12` only.
//! * Whatever exists can be encoded: constants have the types of [`imm`](super::imm). Offsets of
//!   loads and stores are the exception; those out of range go through `r12`.
//!
//! Instruction names are those of the Armv8-M Architecture Reference Manual (DDI0553), part C2
//! "Instruction Specification".
//!
//! Floating-point instructions are those for single precision. Their loads and stores fault at
//! addresses that are no multiple of 4, so linear memory is never accessed with them.

use regalloc2::{Block, PRegSet, RegClass};
use wasm2mcu_abi::trap::TrapCode;

use super::imm::{AddImm, BitRange, FloatImm, ModifiedImm, MovImm, Scale, Shift, ShiftKind};
use super::regs::{RegSet, SCRATCH};
pub use crate::mach::blocks::BranchTable;
use crate::mach::buffer::Symbol;
pub use crate::mach::call::{Call, Callee};
pub use crate::mach::frame::FrameRef;
use crate::mach::reg::{FixedReg, Reg};

/// Data-processing operations with a result and two inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AluOp {
    /// `rn + rhs`
    Add,
    /// `rn - rhs`
    Sub,
    /// `rhs - rn`
    Rsb,
    /// `rn & rhs`
    And,
    /// `rn | rhs`
    Orr,
    /// `rn | !rhs`
    Orn,
    /// `rn ^ rhs`
    Eor,
    /// `rn & !rhs`
    Bic,
}

/// A link of a carry chain, for arithmetic on several words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CarryOp {
    /// `rn + rhs`, begins a chain.
    Adds,
    /// `rn + rhs + carry`, after `Adds` or `Adcs`.
    Adcs,
    /// `rn - rhs`, begins a chain.
    Subs,
    /// `rn - rhs - borrow`, after `Subs`, `Rsbs` or `Sbcs`.
    Sbcs,
    /// `rhs - rn`, begins a chain. A negation is `Rsbs lo, #0` and `Sbcs hi, hi, hi, lsl #1`.
    Rsbs,
}

/// A second operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand2 {
    /// A register, shifted by a constant.
    Reg {
        /// The register.
        rm: Reg,
        /// How its value is shifted.
        shift: Shift,
    },
    /// A constant.
    Imm(ModifiedImm),
}

impl Operand2 {
    /// A register as it is.
    pub const fn reg(rm: Reg) -> Operand2 {
        Operand2::Reg {
            rm,
            shift: Shift::NONE,
        }
    }

    /// `value`, if it can be encoded.
    pub fn imm(value: u32) -> Option<Operand2> {
        ModifiedImm::new(value).map(Operand2::Imm)
    }
}

/// The conditions that branches, selects and traps test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Cond {
    /// Equal, zero.
    Eq = 0,
    /// Not equal, not zero.
    Ne = 1,
    /// Unsigned higher or same, carry set.
    Hs = 2,
    /// Unsigned lower, carry clear.
    Lo = 3,
    /// Negative.
    Mi = 4,
    /// Positive or zero.
    Pl = 5,
    /// Overflow.
    Vs = 6,
    /// No overflow.
    Vc = 7,
    /// Unsigned higher.
    Hi = 8,
    /// Unsigned lower or same.
    Ls = 9,
    /// Signed greater or equal.
    Ge = 10,
    /// Signed less.
    Lt = 11,
    /// Signed greater.
    Gt = 12,
    /// Signed less or equal.
    Le = 13,
}

impl Cond {
    /// All, in the order of their encoding.
    pub const ALL: [Cond; 14] = [
        Cond::Eq,
        Cond::Ne,
        Cond::Hs,
        Cond::Lo,
        Cond::Mi,
        Cond::Pl,
        Cond::Vs,
        Cond::Vc,
        Cond::Hi,
        Cond::Ls,
        Cond::Ge,
        Cond::Lt,
        Cond::Gt,
        Cond::Le,
    ];

    /// The condition that holds exactly when this one does not.
    #[must_use]
    pub const fn invert(self) -> Cond {
        Cond::ALL[self as usize ^ 1]
    }

    /// The condition that holds for `b ? a` when this one holds for `a ? b` after CMP.
    ///
    /// # Panics
    /// For the single flags (`Mi`, `Pl`, `Vs`, `Vc`), which no comparison of two values means.
    #[must_use]
    pub const fn swap(self) -> Cond {
        match self {
            Cond::Eq | Cond::Ne => self,
            Cond::Hs => Cond::Ls,
            Cond::Ls => Cond::Hs,
            Cond::Lo => Cond::Hi,
            Cond::Hi => Cond::Lo,
            Cond::Ge => Cond::Le,
            Cond::Le => Cond::Ge,
            Cond::Lt => Cond::Gt,
            Cond::Gt => Cond::Lt,
            Cond::Mi | Cond::Pl | Cond::Vs | Cond::Vc => panic!("not an order of two values"),
        }
    }

    /// The suffix of mnemonics.
    pub const fn name(self) -> &'static str {
        match self {
            Cond::Eq => "eq",
            Cond::Ne => "ne",
            Cond::Hs => "hs",
            Cond::Lo => "lo",
            Cond::Mi => "mi",
            Cond::Pl => "pl",
            Cond::Vs => "vs",
            Cond::Vc => "vc",
            Cond::Hi => "hi",
            Cond::Ls => "ls",
            Cond::Ge => "ge",
            Cond::Lt => "lt",
            Cond::Gt => "gt",
            Cond::Le => "le",
        }
    }
}

/// Instructions that set flags and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// Flags of `rn - rhs`.
    Cmp,
    /// Flags of `rn + rhs`.
    Cmn,
    /// N and Z of `rn & rhs`.
    Tst,
    /// N and Z of `rn ^ rhs`.
    Teq,
}

/// How flags are set right before they are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compare {
    /// One word.
    Word {
        /// The instruction.
        op: CompareOp,
        /// First operand.
        rn: Reg,
        /// Second operand.
        rhs: Operand2,
    },
    /// Order of two double words: CMP, then SBCS into `r12`. For `Lo`, `Hs`, `Lt` and `Ge` only;
    /// swap the operands for the other four.
    WideOrder {
        /// Low word of the first operand.
        rn_lo: Reg,
        /// High word of the first operand.
        rn_hi: Reg,
        /// Low word of the second operand.
        rhs_lo: Operand2,
        /// High word of the second operand.
        rhs_hi: Operand2,
    },
    /// Equality of two double words: CMP, then CMP under IT EQ. For `Eq` and `Ne` only.
    WideEqual {
        /// Low word of the first operand.
        rn_lo: Reg,
        /// High word of the first operand.
        rn_hi: Reg,
        /// Low word of the second operand.
        rhs_lo: Operand2,
        /// High word of the second operand.
        rhs_hi: Operand2,
    },
    /// Whether a double word is zero: ORRS of its words into `r12`. For `Eq` and `Ne` only.
    WideZero {
        /// One word.
        rn: Reg,
        /// The other.
        rm: Reg,
    },
    /// Two floats: VCMP, then VMRS. Every condition of [`Cond`] has a meaning: the flags are N for
    /// less, Z and C for equal, C for greater, C and V for unordered.
    Float {
        /// First operand.
        rn: Reg,
        /// Second operand.
        rm: Reg,
    },
    /// A float and 0.0: the same.
    FloatZero {
        /// First operand.
        rn: Reg,
    },
}

impl Compare {
    /// CMP of two registers.
    pub const fn cmp(rn: Reg, rm: Reg) -> Compare {
        Compare::Word {
            op: CompareOp::Cmp,
            rn,
            rhs: Operand2::reg(rm),
        }
    }

    /// CMP with a constant: CMN of the negated one where only that can be encoded.
    ///
    /// After CMN of `-k` the flags are those of CMP with `k` for every `k` but 0 and
    /// 0x8000_0000, which CMP itself can encode.
    pub fn cmp_imm(rn: Reg, value: u32) -> Option<Compare> {
        let word = |op, imm| Compare::Word {
            op,
            rn,
            rhs: Operand2::Imm(imm),
        };
        ModifiedImm::new(value)
            .map(|imm| word(CompareOp::Cmp, imm))
            .or_else(|| ModifiedImm::new(value.wrapping_neg()).map(|imm| word(CompareOp::Cmn, imm)))
    }

    /// The number of the register, if this is CMP of a low one with zero.
    pub(super) fn low_register_with_zero(&self) -> Option<u8> {
        match *self {
            Compare::Word {
                op: CompareOp::Cmp,
                rn,
                rhs: Operand2::Imm(ModifiedImm::ZERO),
            } => rn.real().map(|preg| preg.hw_enc() as u8).filter(|&n| n < 8),
            _ => None,
        }
    }

    /// CMP with zero.
    pub const fn zero(rn: Reg) -> Compare {
        Compare::Word {
            op: CompareOp::Cmp,
            rn,
            rhs: Operand2::Imm(ModifiedImm::ZERO),
        }
    }
}

/// What a select chooses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SelectValue {
    /// A register.
    Reg(Reg),
    /// A constant that one instruction loads.
    Imm(MovImm),
}

/// The address of a load or store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amode {
    /// `base + offset`, any offset; −255 to 4095 take one instruction.
    Base {
        /// A register, `sp` included.
        base: Reg,
        /// In bytes.
        offset: i32,
    },
    /// `base + (index << scale)`.
    Index {
        /// A register.
        base: Reg,
        /// A register other than `sp`.
        index: Reg,
        /// Left shift of the index.
        scale: Scale,
    },
    /// A place in the stack frame.
    Frame(FrameRef),
}

impl Amode {
    /// The same address within reach of one instruction, after another instruction has put a part
    /// of it into `r12`.
    pub(super) fn in_reach(self) -> (Option<Inst>, Amode) {
        let Amode::Base { base, offset } = self else {
            return (None, self);
        };
        if (-255..4096).contains(&offset) {
            return (None, self);
        }
        let low = offset & 0xfff;
        if let Some(imm) = AddImm::new(offset - low) {
            let sum = Inst::AddImm {
                rd: SCRATCH,
                rn: base,
                imm,
            };
            let rest = Amode::Base {
                base: SCRATCH,
                offset: low,
            };
            return (Some(sum), rest);
        }
        let constant = Inst::MovImm {
            rd: SCRATCH,
            value: offset as u32,
        };
        let sum = Amode::Index {
            base,
            index: SCRATCH,
            scale: Scale::NONE,
        };
        (Some(constant), sum)
    }
}

/// Loads, by width and extension to 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoadOp {
    /// A word.
    Ldr,
    /// A byte, zero-extended.
    Ldrb,
    /// A halfword, zero-extended.
    Ldrh,
    /// A byte, sign-extended.
    Ldrsb,
    /// A halfword, sign-extended.
    Ldrsh,
}

/// Stores, by width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreOp {
    /// A word.
    Str,
    /// The low byte.
    Strb,
    /// The low halfword.
    Strh,
}

/// Extensions of a narrow value to 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtendOp {
    /// Byte, zeros.
    Uxtb,
    /// Halfword, zeros.
    Uxth,
    /// Byte, sign.
    Sxtb,
    /// Halfword, sign.
    Sxth,
}

/// Extraction of adjacent bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtractOp {
    /// Zero-extended.
    Ubfx,
    /// Sign-extended.
    Sbfx,
}

/// Operations on one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// Count of leading zeros, 32 for 0.
    Clz,
    /// Bits in reverse order.
    Rbit,
    /// Bytes in reverse order.
    Rev,
    /// Bytes in reverse order in each halfword.
    Rev16,
    /// Bytes of the low halfword in reverse order, sign-extended.
    Revsh,
}

/// Multiplications with a third operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MulAccOp {
    /// `ra + rn * rm`
    Mla,
    /// `ra - rn * rm`
    Mls,
}

/// Multiplications and divisions by signedness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// UMULL, UMLAL, UDIV.
    Unsigned,
    /// SMULL, SMLAL, SDIV.
    Signed,
}

/// Operations of two floats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FloatOp {
    /// `rn + rm`
    Add,
    /// `rn - rm`
    Sub,
    /// `rn * rm`
    Mul,
    /// `rn / rm`
    Div,
    /// The larger one; the other one when one is a quiet NaN; +0 of two zeros. FPv5.
    MaxNum,
    /// The smaller one; the other one when one is a quiet NaN; −0 of two zeros. FPv5.
    MinNum,
}

/// Operations of one float. Conversions take and give integers in floating-point registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FloatUnaryOp {
    /// The other sign.
    Neg,
    /// No sign.
    Abs,
    /// Square root.
    Sqrt,
    /// To an integral value, to nearest, ties to even. FPv5.
    Nearest,
    /// To an integral value, towards plus infinity. FPv5.
    Ceil,
    /// To an integral value, towards minus infinity. FPv5.
    Floor,
    /// To an integral value, towards zero. FPv5.
    Trunc,
    /// From a signed integer.
    FromSigned,
    /// From an unsigned integer.
    FromUnsigned,
    /// To a signed integer, towards zero; saturates, 0 for NaN.
    ToSigned,
    /// To an unsigned integer, towards zero; saturates, 0 for NaN.
    ToUnsigned,
}

/// The conditions of VSEL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum VselCond {
    /// Equal.
    Eq = 0,
    /// Overflow, unordered.
    Vs = 1,
    /// Signed greater or equal.
    Ge = 2,
    /// Signed greater.
    Gt = 3,
}

/// The address of a floating-point load or store, a multiple of 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlignedAmode {
    /// `base + offset`, any multiple of 4; −1020 to 1020 take one instruction.
    Base {
        /// A register, `sp` included, with a multiple of 4.
        base: Reg,
        /// In bytes.
        offset: i32,
    },
    /// A place in the stack frame.
    Frame(FrameRef),
}

impl AlignedAmode {
    /// `base + offset` within reach of VLDR and VSTR, after other instructions have put a part of
    /// it into `r12`.
    pub(super) fn in_reach(base: Reg, offset: i32) -> (Vec<Inst>, Reg, i32) {
        debug_assert!(offset % 4 == 0, "an aligned place");
        if (-1020..=1020).contains(&offset) {
            return (Vec::new(), base, offset);
        }
        let low = offset & 0x3ff;
        if let Some(imm) = AddImm::new(offset - low) {
            let sum = Inst::AddImm {
                rd: SCRATCH,
                rn: base,
                imm,
            };
            return (vec![sum], SCRATCH, low);
        }
        let constant = Inst::MovImm {
            rd: SCRATCH,
            value: offset as u32,
        };
        let sum = Inst::AluRRR {
            op: AluOp::Add,
            rd: SCRATCH,
            rn: base,
            rm: SCRATCH,
            shift: Shift::NONE,
        };
        (vec![constant, sum], SCRATCH, 0)
    }
}

/// A machine instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inst {
    /// ADD, SUB, RSB, AND, ORR, ORN, EOR, BIC (register). RSB takes no 16-bit form here. `rn` may
    /// be `sp` for `Add` and `Sub`.
    AluRRR {
        /// The operation.
        op: AluOp,
        /// Result.
        rd: Reg,
        /// First operand.
        rn: Reg,
        /// Second operand, shifted.
        rm: Reg,
        /// The shift.
        shift: Shift,
    },
    /// The same (immediate).
    AluRRI {
        /// The operation.
        op: AluOp,
        /// Result.
        rd: Reg,
        /// First operand.
        rn: Reg,
        /// Second operand.
        imm: ModifiedImm,
    },
    /// `rd = rn + imm` by ADD or SUB (immediate), whichever is shorter. `rn` may be `sp`.
    AddImm {
        /// Result.
        rd: Reg,
        /// Operand.
        rn: Reg,
        /// Constant, of either sign.
        imm: AddImm,
    },
    /// A link of a carry chain. `Adcs` and `Sbcs` directly follow the link whose carry they take;
    /// only the allocator's moves may come between, which leave the flags alone.
    Carry {
        /// The operation.
        op: CarryOp,
        /// Result.
        rd: Reg,
        /// First operand.
        rn: Reg,
        /// Second operand.
        rhs: Operand2,
    },
    /// MOV (register), and VMOV where a floating-point register takes part. A move of a word
    /// between any two registers, `sp` included.
    Mov {
        /// Result.
        rd: Reg,
        /// Operand.
        rm: Reg,
    },
    /// MVN (register).
    Mvn {
        /// Result.
        rd: Reg,
        /// Operand.
        rm: Reg,
        /// Its shift.
        shift: Shift,
    },
    /// Any constant: the shortest of MOV and MVN (immediate), MOVW, and MOVW with MOVT.
    MovImm {
        /// Result.
        rd: Reg,
        /// Constant.
        value: u32,
    },
    /// Address of a place in the stack frame.
    FrameAddr {
        /// Result.
        rd: Reg,
        /// The place.
        place: FrameRef,
    },
    /// Address of a function with its Thumb bit set, or of data in the text, relative to where the
    /// code runs: MOVW and MOVT with the distance, ADD (register) of `pc`.
    CodeAddr {
        /// Result.
        rd: Reg,
        /// The function or the data.
        symbol: Symbol,
    },
    /// LSL, LSR, ASR, ROR (immediate).
    ShiftImm {
        /// Result.
        rd: Reg,
        /// Operand.
        rm: Reg,
        /// The shift.
        shift: Shift,
    },
    /// LSL, LSR, ASR, ROR (register). The amount is the low *byte* of `rm`.
    ShiftReg {
        /// The direction.
        kind: ShiftKind,
        /// Result.
        rd: Reg,
        /// Operand.
        rn: Reg,
        /// Amount.
        rm: Reg,
    },
    /// UXTB, UXTH, SXTB, SXTH.
    Extend {
        /// The extension.
        op: ExtendOp,
        /// Result.
        rd: Reg,
        /// Operand.
        rm: Reg,
    },
    /// UXTAB, UXTAH, SXTAB, SXTAH: `rn` plus the extended `rm`. Needs the DSP extension.
    ExtendAdd {
        /// The extension.
        op: ExtendOp,
        /// Result.
        rd: Reg,
        /// First operand.
        rn: Reg,
        /// Second operand, extended.
        rm: Reg,
    },
    /// UBFX, SBFX.
    Extract {
        /// The extension.
        op: ExtractOp,
        /// Result.
        rd: Reg,
        /// Operand.
        rn: Reg,
        /// Which bits.
        bits: BitRange,
    },
    /// BFI: `base` with `bits` replaced by the low bits of `rn`. `rd` takes the register of `base`.
    Insert {
        /// Result.
        rd: Reg,
        /// The word that is changed.
        base: Reg,
        /// The bits that are put in.
        rn: Reg,
        /// Where to.
        bits: BitRange,
    },
    /// BFC: `base` with `bits` zeroed. `rd` takes the register of `base`.
    Clear {
        /// Result.
        rd: Reg,
        /// The word that is changed.
        base: Reg,
        /// Which bits.
        bits: BitRange,
    },
    /// CLZ, RBIT, REV, REV16, REVSH.
    Unary {
        /// The operation.
        op: UnaryOp,
        /// Result.
        rd: Reg,
        /// Operand.
        rm: Reg,
    },
    /// MUL.
    Mul {
        /// Low word of the product.
        rd: Reg,
        /// Factor.
        rn: Reg,
        /// Factor.
        rm: Reg,
    },
    /// MLA, MLS.
    MulAcc {
        /// The operation.
        op: MulAccOp,
        /// Result.
        rd: Reg,
        /// Factor.
        rn: Reg,
        /// Factor.
        rm: Reg,
        /// The operand that the product is added to or subtracted from.
        ra: Reg,
    },
    /// UMULL, SMULL.
    MulLong {
        /// Extension of the factors.
        sign: Sign,
        /// Low word of the product.
        rd_lo: Reg,
        /// High word of the product.
        rd_hi: Reg,
        /// Factor.
        rn: Reg,
        /// Factor.
        rm: Reg,
    },
    /// UMLAL, SMLAL. The results take the registers of the accumulator, whose words are different
    /// virtual registers.
    MulAccLong {
        /// Extension of the factors.
        sign: Sign,
        /// Low word of the sum.
        rd_lo: Reg,
        /// High word of the sum.
        rd_hi: Reg,
        /// Low word of the accumulator.
        ra_lo: Reg,
        /// High word of the accumulator.
        ra_hi: Reg,
        /// Factor.
        rn: Reg,
        /// Factor.
        rm: Reg,
    },
    /// UDIV, SDIV. Zero as divisor gives zero; guards are instructions of their own.
    Div {
        /// Signedness.
        sign: Sign,
        /// Quotient.
        rd: Reg,
        /// Dividend.
        rn: Reg,
        /// Divisor.
        rm: Reg,
    },
    /// LDR, LDRB, LDRH, LDRSB, LDRSH.
    Load {
        /// Width and extension.
        op: LoadOp,
        /// Result.
        rt: Reg,
        /// Address.
        mem: Amode,
    },
    /// STR, STRB, STRH.
    Store {
        /// Width.
        op: StoreOp,
        /// The value.
        rt: Reg,
        /// Address.
        mem: Amode,
    },
    /// VADD, VSUB, VMUL, VDIV, VMAXNM, VMINNM.
    Float {
        /// The operation.
        op: FloatOp,
        /// Result.
        rd: Reg,
        /// First operand.
        rn: Reg,
        /// Second operand.
        rm: Reg,
    },
    /// VNEG, VABS, VSQRT, VRINT, VCVT.
    FloatUnary {
        /// The operation.
        op: FloatUnaryOp,
        /// Result.
        rd: Reg,
        /// Operand.
        rm: Reg,
    },
    /// A float that VMOV does not know: VLDR of a word behind the code, or VMOV from `r12`.
    FloatConst {
        /// Destination.
        rd: Reg,
        /// Its bits.
        bits: u32,
    },
    /// VMOV (immediate).
    FloatImm {
        /// Result.
        rd: Reg,
        /// Constant.
        imm: FloatImm,
    },
    /// VLDR.
    FloatLoad {
        /// Result.
        rt: Reg,
        /// Address.
        mem: AlignedAmode,
    },
    /// VSTR.
    FloatStore {
        /// The value.
        rt: Reg,
        /// Address.
        mem: AlignedAmode,
    },
    /// `rd = cmp satisfies cond ? if_true : if_false`, by VSEL. FPv5.
    FloatSelect {
        /// Result.
        rd: Reg,
        /// The condition.
        cond: VselCond,
        /// What sets the flags.
        cmp: Compare,
        /// Value when it holds.
        if_true: Reg,
        /// Value when it does not.
        if_false: Reg,
    },
    /// `rd = cmp satisfies cond ? if_true : if_false`, by moves under IT. Either all registers are
    /// integer ones or all are floating-point ones; only the former take constants.
    Select {
        /// Result.
        rd: Reg,
        /// The condition.
        cond: Cond,
        /// What sets the flags.
        cmp: Compare,
        /// Value when it holds.
        if_true: SelectValue,
        /// Value when it does not.
        if_false: SelectValue,
    },
    /// Leaves with a trap when the condition holds; goes on otherwise.
    TrapIf {
        /// The condition.
        cond: Cond,
        /// What sets the flags.
        cmp: Compare,
        /// The trap.
        code: TrapCode,
    },
    /// Leaves with a trap; ends a block.
    Trap {
        /// The trap.
        code: TrapCode,
    },
    /// BL or BLX.
    Call(Box<Call>),
    /// The epilogue, then a jump to the callee in place of a return; ends a block.
    TailCall(Box<Call>),
    /// Defines the arguments that a function gets in registers; emits nothing.
    Args {
        /// The arguments.
        defs: Vec<FixedReg>,
    },
    /// The epilogue and the return; ends a block.
    Ret {
        /// The results in registers.
        uses: Vec<FixedReg>,
    },
    /// B; ends a block. Nothing at all when the target comes next.
    Jump {
        /// Where to.
        target: Block,
    },
    /// B under a condition, CBZ, CBNZ; ends a block.
    CondBr {
        /// The condition.
        cond: Cond,
        /// What sets the flags.
        cmp: Compare,
        /// Where to when it holds.
        taken: Block,
        /// Where to when it does not.
        not_taken: Block,
    },
    /// A guard of the index, then TBB, TBH or a computed branch into a table of B; ends a block.
    BrTable(Box<BranchTable>),
    /// BX, to an address with its Thumb bit set; for thunks.
    BranchTo {
        /// The address.
        rm: Reg,
    },
    /// B to code elsewhere in the text; for thunks.
    JumpTo {
        /// Where to.
        symbol: Symbol,
    },
    /// PUSH.
    Push {
        /// Registers of `r0`–`r12` and `lr`, at least one.
        regs: RegSet,
    },
    /// POP. With `pc` it returns.
    Pop {
        /// Registers of `r0`–`r12` and one of `lr` and `pc`, at least one.
        regs: RegSet,
    },
    /// LDM of the words from the address on that one of the registers holds; for thunks.
    LoadWords {
        /// The base, one of the registers.
        rn: Reg,
        /// Registers of `r0`–`r7`, the lowest one gets the first word.
        regs: RegSet,
    },
    /// STM of the words from an address on, which moves behind them; for thunks.
    StoreWords {
        /// The base, none of the registers.
        rn: Reg,
        /// Registers of `r0`–`r7`, at least one; the lowest one has the first word.
        regs: RegSet,
    },
    /// `sp += bytes`, a multiple of 4.
    AddSp {
        /// How much.
        bytes: u32,
    },
    /// `sp -= bytes`, a multiple of 4.
    SubSp {
        /// How much.
        bytes: u32,
    },
}

impl From<VselCond> for Cond {
    fn from(cond: VselCond) -> Cond {
        match cond {
            VselCond::Eq => Cond::Eq,
            VselCond::Vs => Cond::Vs,
            VselCond::Ge => Cond::Ge,
            VselCond::Gt => Cond::Gt,
        }
    }
}

impl Inst {
    /// A load of a word of the frame, into a register of either class.
    pub fn load_word(rt: Reg, place: FrameRef) -> Inst {
        match rt.class() {
            RegClass::Float => Inst::FloatLoad {
                rt,
                mem: AlignedAmode::Frame(place),
            },
            _ => Inst::Load {
                op: LoadOp::Ldr,
                rt,
                mem: Amode::Frame(place),
            },
        }
    }

    /// A store to a word of the frame, from a register of either class.
    pub fn store_word(rt: Reg, place: FrameRef) -> Inst {
        match rt.class() {
            RegClass::Float => Inst::FloatStore {
                rt,
                mem: AlignedAmode::Frame(place),
            },
            _ => Inst::Store {
                op: StoreOp::Str,
                rt,
                mem: Amode::Frame(place),
            },
        }
    }

    /// `rd = cmp satisfies cond ? 1 : 0`.
    pub fn set_if(rd: Reg, cond: Cond, cmp: Compare) -> Inst {
        let flag = |value| SelectValue::Imm(MovImm::new(value).expect("0 and 1 are encodable"));
        Inst::Select {
            rd,
            cond,
            cmp,
            if_true: flag(1),
            if_false: flag(0),
        }
    }

    /// `rd = cmp satisfies cond ? if_true : if_false` for floats by VSEL, if that knows the
    /// condition or its inverse.
    pub fn float_select(
        rd: Reg,
        cond: Cond,
        cmp: Compare,
        if_true: Reg,
        if_false: Reg,
    ) -> Option<Inst> {
        let known = |cond| match cond {
            Cond::Eq => Some(VselCond::Eq),
            Cond::Vs => Some(VselCond::Vs),
            Cond::Ge => Some(VselCond::Ge),
            Cond::Gt => Some(VselCond::Gt),
            _ => None,
        };
        let (cond, if_true, if_false) = match known(cond) {
            Some(cond) => (cond, if_true, if_false),
            None => (known(cond.invert())?, if_false, if_true),
        };
        Some(Inst::FloatSelect {
            rd,
            cond,
            cmp,
            if_true,
            if_false,
        })
    }

    /// Source and destination, if this is a move of a register.
    pub fn is_move(&self) -> Option<(Reg, Reg)> {
        match *self {
            Inst::Mov { rd, rm } => Some((rm, rd)),
            _ => None,
        }
    }

    /// Whether control leaves the function here by a return or a trap.
    pub fn is_ret(&self) -> bool {
        match self {
            Inst::Ret { .. }
            | Inst::TailCall(_)
            | Inst::Trap { .. }
            | Inst::BranchTo { .. }
            | Inst::JumpTo { .. } => true,
            Inst::Pop { regs } => regs.contains(15),
            _ => false,
        }
    }

    /// Whether this ends a block by going on in another one.
    pub fn is_branch(&self) -> bool {
        matches!(
            self,
            Inst::Jump { .. } | Inst::CondBr { .. } | Inst::BrTable(_)
        )
    }

    /// Registers destroyed beyond the results.
    pub fn clobbers(&self) -> PRegSet {
        match self {
            Inst::Call(call) => call.clobbers,
            _ => PRegSet::empty(),
        }
    }

    /// Calls `visit` for every block that this instruction may go to, once per edge: `taken` before
    /// `not_taken`, the targets of a table in order and its default last.
    pub fn successors(&self, mut visit: impl FnMut(Block)) {
        match self {
            Inst::Jump { target } => visit(*target),
            Inst::CondBr {
                taken, not_taken, ..
            } => {
                visit(*taken);
                visit(*not_taken);
            }
            Inst::BrTable(table) => {
                table.targets.iter().copied().for_each(&mut visit);
                visit(table.default);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_out_of_reach_are_the_same_sum() {
        let base = Reg::physical(0, regalloc2::RegClass::Int);
        for offset in [
            0,
            -255,
            4095,
            4096,
            -256,
            -4096,
            0x1234_5678,
            i32::MAX,
            i32::MIN,
        ] {
            let (first, mem) = Amode::Base { base, offset }.in_reach();
            let sum = match (first, mem) {
                (None, Amode::Base { base: b, offset }) if b == base => offset,
                (Some(Inst::AddImm { rd, rn, imm }), Amode::Base { base: b, offset }) => {
                    assert_eq!((rd, rn, b), (SCRATCH, base, SCRATCH));
                    assert!((0..4096).contains(&offset));
                    imm.value().wrapping_add(offset)
                }
                (Some(Inst::MovImm { rd, value }), Amode::Index { base: b, index, .. }) => {
                    assert_eq!((rd, b, index), (SCRATCH, base, SCRATCH));
                    value as i32
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(sum, offset);
        }
    }

    #[test]
    fn conditions_invert_and_swap() {
        for cond in Cond::ALL {
            assert_eq!(cond.invert().invert(), cond);
            assert_ne!(cond.invert(), cond);
        }
        let orders = [
            (Cond::Lo, Cond::Hi),
            (Cond::Hs, Cond::Ls),
            (Cond::Lt, Cond::Gt),
        ];
        for (cond, swapped) in orders {
            assert_eq!(cond.swap(), swapped);
            assert_eq!(swapped.swap(), cond);
        }
    }

    #[test]
    fn comparisons_with_negative_constants_are_cmn() {
        let rn = Reg::physical(0, regalloc2::RegClass::Int);
        let op = |value| match Compare::cmp_imm(rn, value) {
            Some(Compare::Word {
                op,
                rhs: Operand2::Imm(imm),
                ..
            }) => Some((op, imm.value())),
            _ => None,
        };
        assert_eq!(op(0), Some((CompareOp::Cmp, 0)));
        assert_eq!(op(-7_i32 as u32), Some((CompareOp::Cmn, 7)));
        assert_eq!(op(0x8000_0000), Some((CompareOp::Cmp, 0x8000_0000)));
        assert_eq!(op(0x1_2345), None);
    }
}
