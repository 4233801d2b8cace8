//! The machine instructions that selection produces and the allocator works on.
//!
//! Most are one instruction of the architecture; the rest expand to a short fixed sequence while
//! code is emitted. Rules that hold for all:
//!
//! * Whether an instruction takes its compressed form is the encoder's business alone.
//! * A sequence reads every input before it writes a result that the allocator may have put into
//!   an input's register, and keeps what it needs in between in `t6` only.
//! * Whatever exists can be encoded: constants have the types of [`imm`](super::imm). Offsets of
//!   loads and stores are the exception; those out of range go through `t6`.
//!
//! Instruction names are those of The RISC-V Instruction Set Manual, Volume I.

use regalloc2::{Block, PRegSet, RegClass};
use wasm2mcu_abi::trap::TrapCode;

use super::imm::{Amount, Imm12};
use super::regs::ZERO;
pub use crate::mach::blocks::BranchTable;
use crate::mach::buffer::Symbol;
pub use crate::mach::call::{Call, Callee};
pub use crate::mach::frame::FrameRef;
use crate::mach::reg::{FixedReg, Reg};

/// Operations with a result and two registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AluOp {
    /// `rs1 + rs2`
    Add,
    /// `rs1 - rs2`
    Sub,
    /// `rs1 << rs2 % 32`
    Sll,
    /// `rs1 < rs2`, signed: 1 or 0
    Slt,
    /// `rs1 < rs2`, unsigned: 1 or 0
    Sltu,
    /// `rs1 ^ rs2`
    Xor,
    /// `rs1 >> rs2 % 32`, zeros come in
    Srl,
    /// `rs1 >> rs2 % 32`, copies of the sign come in
    Sra,
    /// `rs1 | rs2`
    Or,
    /// `rs1 & rs2`
    And,
    /// Low word of the product.
    Mul,
    /// High word of the signed product.
    Mulh,
    /// High word of the unsigned product.
    Mulhu,
    /// Signed quotient; −1 for a zero divisor, the dividend on overflow.
    Div,
    /// Unsigned quotient; all ones for a zero divisor.
    Divu,
    /// Signed remainder; the dividend for a zero divisor, 0 on overflow.
    Rem,
    /// Unsigned remainder; the dividend for a zero divisor.
    Remu,
    /// Zba: `(rs1 << 1) + rs2`
    Sh1add,
    /// Zba: `(rs1 << 2) + rs2`
    Sh2add,
    /// Zba: `(rs1 << 3) + rs2`
    Sh3add,
    /// Zbb: `rs1 & ~rs2`
    Andn,
    /// Zbb: `rs1 | ~rs2`
    Orn,
    /// Zbb: `~(rs1 ^ rs2)`
    Xnor,
    /// Zbb: the signed lesser one.
    Min,
    /// Zbb: the unsigned lesser one.
    Minu,
    /// Zbb: the signed greater one.
    Max,
    /// Zbb: the unsigned greater one.
    Maxu,
    /// Zbb: `rs1` rotated to the left by `rs2 % 32`.
    Rol,
    /// Zbb: `rs1` rotated to the right by `rs2 % 32`.
    Ror,
    /// Zbs: `rs1 & ~(1 << rs2 % 32)`
    Bclr,
    /// Zbs: `rs1 >> rs2 % 32 & 1`
    Bext,
    /// Zbs: `rs1 ^ 1 << rs2 % 32`
    Binv,
    /// Zbs: `rs1 | 1 << rs2 % 32`
    Bset,
}

/// Operations on one register, of Zbb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// Zeros from the topmost bit on; 32 for 0.
    Clz,
    /// Zeros from the lowest bit on; 32 for 0.
    Ctz,
    /// Bits that are set.
    Cpop,
    /// The low byte, sign-extended.
    SextB,
    /// The low halfword, sign-extended.
    SextH,
    /// The low halfword, zero-extended.
    ZextH,
    /// The bytes in reverse order.
    Rev8,
}

/// Operations with a result, a register and a constant of 12 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AluImmOp {
    /// `rs1 + imm`
    Addi,
    /// `rs1 < imm`, signed: 1 or 0
    Slti,
    /// `rs1 < imm`, unsigned, the constant sign-extended first: 1 or 0
    Sltiu,
    /// `rs1 ^ imm`
    Xori,
    /// `rs1 | imm`
    Ori,
    /// `rs1 & imm`
    Andi,
}

/// Shifts by a constant, and what else has a constant of five bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShiftOp {
    /// To the left.
    Slli,
    /// To the right, zeros come in.
    Srli,
    /// To the right, copies of the sign come in.
    Srai,
    /// Zbb: rotation to the right.
    Rori,
    /// Zbs: clears the bit with this number.
    Bclri,
    /// Zbs: the bit with this number: 1 or 0.
    Bexti,
    /// Zbs: flips the bit with this number.
    Binvi,
    /// Zbs: sets the bit with this number.
    Bseti,
}

/// Loads, by width and extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoadOp {
    /// A word.
    Lw,
    /// A halfword, sign-extended.
    Lh,
    /// A halfword, zero-extended.
    Lhu,
    /// A byte, sign-extended.
    Lb,
    /// A byte, zero-extended.
    Lbu,
    /// A word to a floating-point register.
    Flw,
}

impl LoadOp {
    /// The load of a word to a register of this class.
    pub fn word(class: RegClass) -> LoadOp {
        match class {
            RegClass::Float => LoadOp::Flw,
            _ => LoadOp::Lw,
        }
    }
}

/// Stores, by width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreOp {
    /// A word.
    Sw,
    /// The low halfword.
    Sh,
    /// The low byte.
    Sb,
    /// A word of a floating-point register.
    Fsw,
}

impl StoreOp {
    /// The store of a word from a register of this class.
    pub fn word(class: RegClass) -> StoreOp {
        match class {
            RegClass::Float => StoreOp::Fsw,
            _ => StoreOp::Sw,
        }
    }
}

/// Operations on two floating-point registers, with the result in another one.
///
/// Arithmetic rounds to nearest, ties to even, whatever the host has set; a NaN result is the
/// canonical one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FpuOp {
    /// `rs1 + rs2`
    Add,
    /// `rs1 - rs2`
    Sub,
    /// `rs1 * rs2`
    Mul,
    /// `rs1 / rs2`
    Div,
    /// The lesser one, −0 below +0; the one that is a number, if only one is.
    Min,
    /// The greater one, in the same way.
    Max,
    /// `rs1` with the sign of `rs2`.
    Sgnj,
    /// `rs1` with the contrary of the sign of `rs2`.
    Sgnjn,
    /// `rs1` with the exclusive or of both signs.
    Sgnjx,
}

/// Comparisons of floating-point registers: 1 or 0, and 0 where a NaN is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FpuCompareOp {
    /// `rs1 == rs2`
    Eq,
    /// `rs1 < rs2`
    Lt,
    /// `rs1 <= rs2`
    Le,
}

/// How a conversion to an integer rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// To nearest, ties to even.
    Nearest,
    /// Towards zero.
    Zero,
    /// Down.
    Down,
    /// Up.
    Up,
}

/// Whether an integer has a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// It has.
    Signed,
    /// It has none.
    Unsigned,
}

/// The conditions that branches test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cond {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Signed less.
    Lt,
    /// Signed greater or equal.
    Ge,
    /// Unsigned less.
    Ltu,
    /// Unsigned greater or equal.
    Geu,
}

impl Cond {
    /// All.
    pub const ALL: [Cond; 6] = [Cond::Eq, Cond::Ne, Cond::Lt, Cond::Ge, Cond::Ltu, Cond::Geu];

    /// The condition that holds exactly when this one does not.
    #[must_use]
    pub const fn invert(self) -> Cond {
        match self {
            Cond::Eq => Cond::Ne,
            Cond::Ne => Cond::Eq,
            Cond::Lt => Cond::Ge,
            Cond::Ge => Cond::Lt,
            Cond::Ltu => Cond::Geu,
            Cond::Geu => Cond::Ltu,
        }
    }

    /// The suffix of mnemonics.
    pub const fn name(self) -> &'static str {
        match self {
            Cond::Eq => "eq",
            Cond::Ne => "ne",
            Cond::Lt => "lt",
            Cond::Ge => "ge",
            Cond::Ltu => "ltu",
            Cond::Geu => "geu",
        }
    }
}

/// A comparison of two registers, as a branch makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    /// The condition.
    pub cond: Cond,
    /// First operand.
    pub rs1: Reg,
    /// Second operand.
    pub rs2: Reg,
}

impl Test {
    /// Whether a register is zero.
    pub const fn is_zero(rs1: Reg) -> Test {
        Test {
            cond: Cond::Eq,
            rs1,
            rs2: ZERO,
        }
    }

    /// Whether a register is not zero.
    pub const fn is_nonzero(rs1: Reg) -> Test {
        Test {
            cond: Cond::Ne,
            rs1,
            rs2: ZERO,
        }
    }

    /// The test that holds exactly when this one does not.
    #[must_use]
    pub const fn invert(self) -> Test {
        Test {
            cond: self.cond.invert(),
            ..self
        }
    }
}

/// The address of a load or store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Amode {
    /// `base + offset`, any offset; −2048 to 2047 take one instruction.
    Base {
        /// The base.
        base: Reg,
        /// What is added.
        offset: i32,
    },
    /// A place in the stack frame.
    Frame(FrameRef),
}

/// A machine instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inst {
    /// An operation on two registers.
    Alu {
        /// The operation.
        op: AluOp,
        /// Result.
        rd: Reg,
        /// First operand.
        rs1: Reg,
        /// Second operand.
        rs2: Reg,
    },
    /// An operation on a register and a constant.
    AluImm {
        /// The operation.
        op: AluImmOp,
        /// Result.
        rd: Reg,
        /// First operand.
        rs1: Reg,
        /// Second operand.
        imm: Imm12,
    },
    /// An operation on one register.
    Unary {
        /// The operation.
        op: UnaryOp,
        /// Result.
        rd: Reg,
        /// Operand.
        rs1: Reg,
    },
    /// A shift by a constant, or what has the same form.
    Shift {
        /// The operation.
        op: ShiftOp,
        /// Result.
        rd: Reg,
        /// Operand.
        rs1: Reg,
        /// How far, or which bit.
        amount: Amount,
    },
    /// An operation on two floating-point registers.
    Fpu {
        /// The operation.
        op: FpuOp,
        /// Result.
        rd: Reg,
        /// First operand.
        rs1: Reg,
        /// Second operand.
        rs2: Reg,
    },
    /// FSQRT.S
    Fsqrt {
        /// Result.
        rd: Reg,
        /// Operand.
        rs1: Reg,
    },
    /// A comparison of floating-point registers.
    FpuCompare {
        /// The condition.
        op: FpuCompareOp,
        /// Result, an integer register.
        rd: Reg,
        /// First operand.
        rs1: Reg,
        /// Second operand.
        rs2: Reg,
    },
    /// FCVT.W.S, FCVT.WU.S: the nearest integer that there is; the greatest one for a NaN.
    FpuToInt {
        /// Of which kind.
        sign: Sign,
        /// How.
        rounding: Rounding,
        /// Result, an integer register.
        rd: Reg,
        /// Operand.
        rs1: Reg,
    },
    /// FCVT.S.W, FCVT.S.WU, rounding to nearest, ties to even.
    IntToFpu {
        /// Of which kind.
        sign: Sign,
        /// Result.
        rd: Reg,
        /// Operand, an integer register.
        rs1: Reg,
    },
    /// A move of a word between any two registers, of either class, `sp` included.
    Mv {
        /// Result.
        rd: Reg,
        /// Operand.
        rs: Reg,
    },
    /// Any constant: ADDI, LUI, or both.
    Li {
        /// Result.
        rd: Reg,
        /// Constant.
        value: u32,
    },
    /// Address of a function or of data in the text, relative to where the code runs: AUIPC and
    /// ADDI with the distance.
    Address {
        /// Result.
        rd: Reg,
        /// What is there.
        symbol: Symbol,
    },
    /// Address of a place in the stack frame.
    FrameAddr {
        /// Result.
        rd: Reg,
        /// The place.
        place: FrameRef,
    },
    /// A load.
    Load {
        /// Width and extension.
        op: LoadOp,
        /// Result.
        rd: Reg,
        /// Address.
        mem: Amode,
    },
    /// A store.
    Store {
        /// Width.
        op: StoreOp,
        /// The value.
        rs: Reg,
        /// Address.
        mem: Amode,
    },
    /// `rd = test ? if_true : if_false`: a branch over a move. `rd` takes the register of
    /// `if_false`, which is therefore virtual before allocation.
    Select {
        /// Result.
        rd: Reg,
        /// The test.
        test: Test,
        /// Value when it holds.
        if_true: Reg,
        /// Value when it does not.
        if_false: Reg,
    },
    /// Leaves with a trap when the test holds; goes on otherwise.
    TrapIf {
        /// The test.
        test: Test,
        /// The trap.
        code: TrapCode,
    },
    /// Leaves with a trap; ends a block.
    Trap {
        /// The trap.
        code: TrapCode,
    },
    /// JAL or JALR.
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
    /// J; ends a block. Nothing at all when the target comes next.
    Jump {
        /// Where to.
        target: Block,
    },
    /// A branch; ends a block.
    CondBr {
        /// The test.
        test: Test,
        /// Where to when it holds.
        taken: Block,
        /// Where to when it does not.
        not_taken: Block,
    },
    /// A guard of the index, then a computed jump into a table of jumps; ends a block.
    BrTable(Box<BranchTable>),
    /// JR; for thunks and epilogues.
    JumpReg {
        /// The address.
        rs: Reg,
    },
    /// J to code elsewhere in the text; for thunks.
    JumpTo {
        /// Where to.
        symbol: Symbol,
    },
    /// `sp += bytes`, a multiple of 4.
    AddSp {
        /// How much, of either sign.
        bytes: i32,
    },
}

impl Inst {
    /// Whether control leaves the function here by a return or a trap.
    pub fn is_ret(&self) -> bool {
        matches!(
            self,
            Inst::Ret { .. }
                | Inst::TailCall(_)
                | Inst::Trap { .. }
                | Inst::JumpReg { .. }
                | Inst::JumpTo { .. }
        )
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
}
