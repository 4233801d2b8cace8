//! Machine instructions as assembly text, as the GNU assembler takes it.
//!
//! What is no single instruction has a name of its own, such as `select`. Offsets of places in the
//! frame are symbols until the frame is laid out.

use std::fmt;

use regalloc2::RegClass;

use super::inst::{
    AluImmOp, AluOp, Amode, Callee, FpuCompareOp, FpuOp, Inst, LoadOp, Rounding, ShiftOp, Sign,
    StoreOp, Test, UnaryOp,
};
use super::regs::Name;
use crate::mach::frame::FrameRef;
use crate::mach::reg::{FixedReg, Reg};

impl fmt::Display for AluOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AluOp::Add => "add",
            AluOp::Sub => "sub",
            AluOp::Sll => "sll",
            AluOp::Slt => "slt",
            AluOp::Sltu => "sltu",
            AluOp::Xor => "xor",
            AluOp::Srl => "srl",
            AluOp::Sra => "sra",
            AluOp::Or => "or",
            AluOp::And => "and",
            AluOp::Mul => "mul",
            AluOp::Mulh => "mulh",
            AluOp::Mulhu => "mulhu",
            AluOp::Div => "div",
            AluOp::Divu => "divu",
            AluOp::Rem => "rem",
            AluOp::Remu => "remu",
            AluOp::Sh1add => "sh1add",
            AluOp::Sh2add => "sh2add",
            AluOp::Sh3add => "sh3add",
            AluOp::Andn => "andn",
            AluOp::Orn => "orn",
            AluOp::Xnor => "xnor",
            AluOp::Min => "min",
            AluOp::Minu => "minu",
            AluOp::Max => "max",
            AluOp::Maxu => "maxu",
            AluOp::Rol => "rol",
            AluOp::Ror => "ror",
            AluOp::Bclr => "bclr",
            AluOp::Bext => "bext",
            AluOp::Binv => "binv",
            AluOp::Bset => "bset",
        })
    }
}

impl fmt::Display for UnaryOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            UnaryOp::Clz => "clz",
            UnaryOp::Ctz => "ctz",
            UnaryOp::Cpop => "cpop",
            UnaryOp::SextB => "sext.b",
            UnaryOp::SextH => "sext.h",
            UnaryOp::ZextH => "zext.h",
            UnaryOp::Rev8 => "rev8",
        })
    }
}

impl fmt::Display for AluImmOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AluImmOp::Addi => "addi",
            AluImmOp::Slti => "slti",
            AluImmOp::Sltiu => "sltiu",
            AluImmOp::Xori => "xori",
            AluImmOp::Ori => "ori",
            AluImmOp::Andi => "andi",
        })
    }
}

impl fmt::Display for ShiftOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ShiftOp::Slli => "slli",
            ShiftOp::Srli => "srli",
            ShiftOp::Srai => "srai",
            ShiftOp::Rori => "rori",
            ShiftOp::Bclri => "bclri",
            ShiftOp::Bexti => "bexti",
            ShiftOp::Binvi => "binvi",
            ShiftOp::Bseti => "bseti",
        })
    }
}

impl fmt::Display for LoadOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LoadOp::Lw => "lw",
            LoadOp::Lh => "lh",
            LoadOp::Lhu => "lhu",
            LoadOp::Lb => "lb",
            LoadOp::Lbu => "lbu",
            LoadOp::Flw => "flw",
        })
    }
}

impl fmt::Display for StoreOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoreOp::Sw => "sw",
            StoreOp::Sh => "sh",
            StoreOp::Sb => "sb",
            StoreOp::Fsw => "fsw",
        })
    }
}

/// The mnemonic, and the rounding mode that follows the operands.
fn fpu_text(op: FpuOp) -> (&'static str, &'static str) {
    match op {
        FpuOp::Add => ("fadd.s", ", rne"),
        FpuOp::Sub => ("fsub.s", ", rne"),
        FpuOp::Mul => ("fmul.s", ", rne"),
        FpuOp::Div => ("fdiv.s", ", rne"),
        FpuOp::Min => ("fmin.s", ""),
        FpuOp::Max => ("fmax.s", ""),
        FpuOp::Sgnj => ("fsgnj.s", ""),
        FpuOp::Sgnjn => ("fsgnjn.s", ""),
        FpuOp::Sgnjx => ("fsgnjx.s", ""),
    }
}

impl fmt::Display for FpuCompareOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FpuCompareOp::Eq => "feq.s",
            FpuCompareOp::Lt => "flt.s",
            FpuCompareOp::Le => "fle.s",
        })
    }
}

impl fmt::Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rounding::Nearest => "rne",
            Rounding::Zero => "rtz",
            Rounding::Down => "rdn",
            Rounding::Up => "rup",
        })
    }
}

/// How conversions name an integer.
impl fmt::Display for Sign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Sign::Signed => "w",
            Sign::Unsigned => "wu",
        })
    }
}

/// The mnemonic of a move.
fn move_name(rd: Reg, rs: Reg) -> &'static str {
    match (rd.class(), rs.class()) {
        (RegClass::Float, RegClass::Float) => "fmv.s",
        (RegClass::Float, _) => "fmv.w.x",
        (_, RegClass::Float) => "fmv.x.w",
        _ => "mv",
    }
}

impl fmt::Display for Amode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Amode::Base { base, offset } => write!(f, "{offset}({})", Name(base)),
            Amode::Frame(FrameRef::Spill(slot)) => write!(f, "spill{slot}(sp)"),
            Amode::Frame(FrameRef::Incoming(byte)) => write!(f, "in{byte}(sp)"),
            Amode::Frame(FrameRef::Outgoing(byte)) => write!(f, "out{byte}(sp)"),
            Amode::Frame(FrameRef::Slot(byte)) => write!(f, "slot{byte}(sp)"),
        }
    }
}

/// The condition and both registers, as branches have them.
impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Test { cond, rs1, rs2 } = *self;
        write!(f, "{} {}, {}", cond.name(), Name(rs1), Name(rs2))
    }
}

/// `a0=v1, a1=v2`.
struct Fixed<'a>(&'a [FixedReg]);

impl fmt::Display for Fixed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fixed) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let at = Reg::of_preg(fixed.at);
            write!(f, "{separator}{}={}", Name(at), Name(fixed.reg))?;
        }
        Ok(())
    }
}

impl fmt::Display for Inst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Inst::Alu { op, rd, rs1, rs2 } => {
                write!(f, "{op} {}, {}, {}", Name(*rd), Name(*rs1), Name(*rs2))
            }
            Inst::AluImm { op, rd, rs1, imm } => {
                write!(f, "{op} {}, {}, {}", Name(*rd), Name(*rs1), imm.value())
            }
            Inst::Unary { op, rd, rs1 } => write!(f, "{op} {}, {}", Name(*rd), Name(*rs1)),
            Inst::Shift {
                op,
                rd,
                rs1,
                amount,
            } => write!(f, "{op} {}, {}, {}", Name(*rd), Name(*rs1), amount.value()),
            Inst::Fpu { op, rd, rs1, rs2 } => {
                let (name, rounding) = fpu_text(*op);
                let (rd, rs1, rs2) = (Name(*rd), Name(*rs1), Name(*rs2));
                write!(f, "{name} {rd}, {rs1}, {rs2}{rounding}")
            }
            Inst::Fsqrt { rd, rs1 } => write!(f, "fsqrt.s {}, {}, rne", Name(*rd), Name(*rs1)),
            Inst::FpuCompare { op, rd, rs1, rs2 } => {
                write!(f, "{op} {}, {}, {}", Name(*rd), Name(*rs1), Name(*rs2))
            }
            Inst::FpuToInt {
                sign,
                rounding,
                rd,
                rs1,
            } => write!(f, "fcvt.{sign}.s {}, {}, {rounding}", Name(*rd), Name(*rs1)),
            Inst::IntToFpu { sign, rd, rs1 } => {
                write!(f, "fcvt.s.{sign} {}, {}, rne", Name(*rd), Name(*rs1))
            }
            Inst::Mv { rd, rs } => {
                write!(f, "{} {}, {}", move_name(*rd, *rs), Name(*rd), Name(*rs))
            }
            Inst::Li { rd, value } => write!(f, "li {}, {}", Name(*rd), *value as i32),
            Inst::FrameAddr { rd, place } => {
                write!(f, "addi {}, {}", Name(*rd), Amode::Frame(*place))
            }
            Inst::Address { rd, symbol } => write!(f, "la {}, {symbol}", Name(*rd)),
            Inst::Load { op, rd, mem } => write!(f, "{op} {}, {mem}", Name(*rd)),
            Inst::Store { op, rs, mem } => write!(f, "{op} {}, {mem}", Name(*rs)),
            Inst::Select {
                rd,
                test,
                if_true,
                if_false,
            } => write!(
                f,
                "select {}, {}, {} if {test}",
                Name(*rd),
                Name(*if_true),
                Name(*if_false)
            ),
            Inst::TrapIf { test, code } => write!(f, "trap {code:?} if {test}"),
            Inst::Trap { code } => write!(f, "trap {code:?}"),
            Inst::Call(call) => {
                match call.callee {
                    Callee::Direct(symbol) => write!(f, "jal {symbol}")?,
                    Callee::Indirect(rs) => write!(f, "jalr {}", Name(rs))?,
                }
                write!(f, " ({}) -> ({})", Fixed(&call.uses), Fixed(&call.defs))
            }
            Inst::TailCall(call) => {
                match call.callee {
                    Callee::Direct(symbol) => write!(f, "tail {symbol}")?,
                    Callee::Indirect(rs) => write!(f, "tail {}", Name(rs))?,
                }
                write!(f, " ({})", Fixed(&call.uses))
            }
            Inst::Args { defs } => write!(f, "args {}", Fixed(defs)),
            Inst::Ret { uses } => write!(f, "ret {}", Fixed(uses)),
            Inst::Jump { target } => write!(f, "j block{}", target.index()),
            Inst::CondBr {
                test,
                taken,
                not_taken,
            } => write!(
                f,
                "b{test}, block{}; j block{}",
                taken.index(),
                not_taken.index()
            ),
            Inst::BrTable(table) => {
                write!(f, "table {}, [", Name(table.index))?;
                for (index, target) in table.targets.iter().enumerate() {
                    let separator = if index == 0 { "" } else { ", " };
                    write!(f, "{separator}block{}", target.index())?;
                }
                write!(f, "], block{}", table.default.index())
            }
            Inst::JumpReg { rs } => write!(f, "jr {}", Name(*rs)),
            Inst::JumpTo { symbol } => write!(f, "j {symbol}"),
            Inst::AddSp { bytes } => write!(f, "addi sp, sp, {bytes}"),
        }
    }
}
