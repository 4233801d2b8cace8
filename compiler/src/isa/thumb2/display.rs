//! Machine instructions as assembly text (UAL).
//!
//! The text of an allocated instruction is what the GNU assembler turns into the bytes that
//! emission produces, under `.syntax unified`. Blocks appear as labels `block3`, trap stubs as
//! `stub_2` by trap code, places in the frame as the symbols `spill4`, `slot8`, `in0`, `out0`, all
//! offsets from `sp` in bytes (spill slots by number).

use std::fmt;

use regalloc2::{OperandConstraint, OperandKind, OperandPos, RegClass};

use super::encode::{self, Opcode};
use super::imm::{AddImm, Constant, ModifiedImm, Shift};
use super::inst::{
    AlignedAmode, AluOp, Amode, Callee, CarryOp, Compare, CompareOp, Cond, ExtendOp, ExtractOp,
    FloatOp, FloatUnaryOp, FrameRef, Inst, LoadOp, MulAccOp, Operand2, SelectValue, Sign, StoreOp,
    UnaryOp, VselCond,
};
use super::regs::{Name, SCRATCH, SP};
use crate::mach::reg::{FixedReg, OperandVisitor, Reg};

macro_rules! names {
    ($type:ty { $($variant:ident => $name:literal),* $(,)? }) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(<$type>::$variant => $name,)*
                })
            }
        }
    };
}

names!(AluOp {
    Add => "add",
    Sub => "sub",
    Rsb => "rsb",
    And => "and",
    Orr => "orr",
    Orn => "orn",
    Eor => "eor",
    Bic => "bic",
});
names!(CarryOp {
    Adds => "adds",
    Adcs => "adcs",
    Subs => "subs",
    Sbcs => "sbcs",
    Rsbs => "rsbs",
});
names!(CompareOp { Cmp => "cmp", Cmn => "cmn", Tst => "tst", Teq => "teq" });
names!(LoadOp {
    Ldr => "ldr",
    Ldrb => "ldrb",
    Ldrh => "ldrh",
    Ldrsb => "ldrsb",
    Ldrsh => "ldrsh",
});
names!(StoreOp { Str => "str", Strb => "strb", Strh => "strh" });
names!(ExtendOp { Uxtb => "uxtb", Uxth => "uxth", Sxtb => "sxtb", Sxth => "sxth" });
names!(ExtractOp { Ubfx => "ubfx", Sbfx => "sbfx" });
names!(UnaryOp {
    Clz => "clz",
    Rbit => "rbit",
    Rev => "rev",
    Rev16 => "rev16",
    Revsh => "revsh",
});
names!(MulAccOp { Mla => "mla", Mls => "mls" });
names!(Sign { Unsigned => "u", Signed => "s" });
names!(FloatOp {
    Add => "vadd",
    Sub => "vsub",
    Mul => "vmul",
    Div => "vdiv",
    MaxNum => "vmaxnm",
    MinNum => "vminnm",
});
names!(FloatUnaryOp {
    Neg => "vneg.f32",
    Abs => "vabs.f32",
    Sqrt => "vsqrt.f32",
    Nearest => "vrintn.f32",
    Ceil => "vrintp.f32",
    Floor => "vrintm.f32",
    Trunc => "vrintz.f32",
    FromSigned => "vcvt.f32.s32",
    FromUnsigned => "vcvt.f32.u32",
    ToSigned => "vcvt.s32.f32",
    ToUnsigned => "vcvt.u32.f32",
});
names!(VselCond { Eq => "eq", Vs => "vs", Ge => "ge", Gt => "gt" });

impl fmt::Display for Cond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Operand2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operand2::Reg { rm, shift } => write!(f, "{}{shift}", Name(*rm)),
            Operand2::Imm(imm) => write!(f, "#{}", imm.value()),
        }
    }
}

impl fmt::Display for FrameRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameRef::Spill(slot) => write!(f, "spill{slot}"),
            FrameRef::Incoming(byte) => write!(f, "in{byte}"),
            FrameRef::Outgoing(byte) => write!(f, "out{byte}"),
            FrameRef::Slot(byte) => write!(f, "slot{byte}"),
        }
    }
}

impl fmt::Display for Amode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amode::Base { base, offset: 0 } => write!(f, "[{}]", Name(*base)),
            Amode::Base { base, offset } => write!(f, "[{}, #{offset}]", Name(*base)),
            Amode::Index { base, index, scale } => {
                write!(f, "[{}, {}", Name(*base), Name(*index))?;
                match scale.amount() {
                    0 => f.write_str("]"),
                    amount => write!(f, ", lsl #{amount}]"),
                }
            }
            Amode::Frame(place) => write!(f, "[sp, #{place}]"),
        }
    }
}

/// Sees whether all registers are physical.
struct Allocated(bool);

impl OperandVisitor for Allocated {
    fn operand(&mut self, reg: &mut Reg, _: OperandConstraint, _: OperandKind, _: OperandPos) {
        self.0 &= reg.real().is_some();
    }
}

impl Inst {
    /// `s` where the encoding of an allocated instruction sets the flags, which its name must say.
    fn s(&self, encode: impl FnOnce() -> Opcode) -> &'static str {
        let mut allocated = Allocated(true);
        self.clone().visit_operands(&mut allocated);
        if allocated.0 && encode().is_flag_setting() {
            "s"
        } else {
            ""
        }
    }
}

impl fmt::Display for Inst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            &Inst::AluRRR {
                op,
                rd,
                rn,
                rm,
                shift,
            } => {
                let s = self.s(|| encode::alu_register(op, rd, rn, rm, shift));
                let (rd, rn, rm) = (Name(rd), Name(rn), Name(rm));
                write!(f, "{op}{s} {rd}, {rn}, {rm}{shift}")
            }
            &Inst::AluRRI { op, rd, rn, imm } => match op {
                AluOp::Add => self.fmt_add(f, rd, rn, imm.value() as i32),
                AluOp::Sub => self.fmt_add(f, rd, rn, imm.value().wrapping_neg() as i32),
                _ => {
                    let s = self.s(|| encode::alu_immediate(op, rd, rn, imm));
                    write!(f, "{op}{s} {}, {}, #{}", Name(rd), Name(rn), imm.value())
                }
            },
            &Inst::AddImm { rd, rn, imm } => self.fmt_add(f, rd, rn, imm.value()),
            Inst::Carry { op, rd, rn, rhs } => {
                write!(f, "{op} {}, {}, {rhs}", Name(*rd), Name(*rn))
            }
            Inst::Mov { rd, rm } => {
                write!(f, "{} {}, {}", fmt_move(*rd, *rm, ""), Name(*rd), Name(*rm))
            }
            &Inst::Mvn { rd, rm, shift } => {
                let s = self.s(|| encode::mvn(rd, rm, shift));
                write!(f, "mvn{s} {}, {}{shift}", Name(rd), Name(rm))
            }
            &Inst::MovImm { rd, value } => self.fmt_constant(f, rd, value),
            &Inst::FloatConst { rd, bits } => {
                self.fmt_constant(f, SCRATCH, bits)?;
                write!(f, "\nvmov {}, {}", Name(rd), Name(SCRATCH))
            }
            Inst::FrameAddr { rd, place } => write!(f, "add {}, sp, #{place}", Name(*rd)),
            Inst::CodeAddr { rd, symbol } => {
                let rd = Name(*rd);
                writeln!(f, "movw {rd}, #:lower16:({symbol} - . - 12)")?;
                writeln!(f, "movt {rd}, #:upper16:({symbol} - . - 8)")?;
                write!(f, "add {rd}, pc")
            }
            &Inst::ShiftImm { rd, rm, shift } if shift.is_none() => {
                write!(f, "mov {}, {}", Name(rd), Name(rm))
            }
            &Inst::ShiftImm { rd, rm, shift } => {
                let s = self.s(|| encode::shift_immediate(rd, rm, shift));
                let (kind, amount) = (shift.kind().name(), shift.amount());
                write!(f, "{kind}{s} {}, {}, #{amount}", Name(rd), Name(rm))
            }
            &Inst::ShiftReg { kind, rd, rn, rm } => {
                let s = self.s(|| encode::shift_register(kind, rd, rn, rm));
                let (rd, rn, rm) = (Name(rd), Name(rn), Name(rm));
                write!(f, "{}{s} {rd}, {rn}, {rm}", kind.name())
            }
            Inst::Extend { op, rd, rm } => write!(f, "{op} {}, {}", Name(*rd), Name(*rm)),
            Inst::ExtendAdd { op, rd, rn, rm } => {
                let name = match op {
                    ExtendOp::Uxtb => "uxtab",
                    ExtendOp::Uxth => "uxtah",
                    ExtendOp::Sxtb => "sxtab",
                    ExtendOp::Sxth => "sxtah",
                };
                write!(f, "{name} {}, {}, {}", Name(*rd), Name(*rn), Name(*rm))
            }
            Inst::Extract { op, rd, rn, bits } => {
                let (rd, rn) = (Name(*rd), Name(*rn));
                write!(f, "{op} {rd}, {rn}, #{}, #{}", bits.lsb(), bits.width())
            }
            Inst::Insert { rd, rn, bits, .. } => {
                let (rd, rn) = (Name(*rd), Name(*rn));
                write!(f, "bfi {rd}, {rn}, #{}, #{}", bits.lsb(), bits.width())
            }
            Inst::Clear { rd, bits, .. } => {
                write!(f, "bfc {}, #{}, #{}", Name(*rd), bits.lsb(), bits.width())
            }
            Inst::Unary { op, rd, rm } => write!(f, "{op} {}, {}", Name(*rd), Name(*rm)),
            &Inst::Mul { rd, rn, rm } => {
                let s = self.s(|| encode::mul(rd, rn, rm));
                write!(f, "mul{s} {}, {}, {}", Name(rd), Name(rn), Name(rm))
            }
            Inst::MulAcc { op, rd, rn, rm, ra } => {
                let (rd, rn, rm, ra) = (Name(*rd), Name(*rn), Name(*rm), Name(*ra));
                write!(f, "{op} {rd}, {rn}, {rm}, {ra}")
            }
            Inst::MulLong {
                sign,
                rd_lo,
                rd_hi,
                rn,
                rm,
            } => {
                let (lo, hi, rn, rm) = (Name(*rd_lo), Name(*rd_hi), Name(*rn), Name(*rm));
                write!(f, "{sign}mull {lo}, {hi}, {rn}, {rm}")
            }
            Inst::MulAccLong {
                sign,
                rd_lo,
                rd_hi,
                rn,
                rm,
                ..
            } => {
                let (lo, hi, rn, rm) = (Name(*rd_lo), Name(*rd_hi), Name(*rn), Name(*rm));
                write!(f, "{sign}mlal {lo}, {hi}, {rn}, {rm}")
            }
            Inst::Div { sign, rd, rn, rm } => {
                write!(f, "{sign}div {}, {}, {}", Name(*rd), Name(*rn), Name(*rm))
            }
            Inst::Load { op, rt, mem } => fmt_access(f, op, *rt, *mem),
            Inst::Store { op, rt, mem } => fmt_access(f, op, *rt, *mem),
            Inst::Float { op, rd, rn, rm } => {
                write!(f, "{op}.f32 {}, {}, {}", Name(*rd), Name(*rn), Name(*rm))
            }
            Inst::FloatUnary { op, rd, rm } => write!(f, "{op} {}, {}", Name(*rd), Name(*rm)),
            Inst::FloatImm { rd, imm } => {
                write!(
                    f,
                    "vmov.f32 {}, #{:e}",
                    Name(*rd),
                    f32::from_bits(imm.value())
                )
            }
            Inst::FloatLoad { rt, mem } => fmt_float_access(f, "vldr", *rt, *mem),
            Inst::FloatStore { rt, mem } => fmt_float_access(f, "vstr", *rt, *mem),
            Inst::FloatSelect {
                rd,
                cond,
                cmp,
                if_true,
                if_false,
            } => {
                fmt_compare(f, cmp)?;
                let (rd, if_true, if_false) = (Name(*rd), Name(*if_true), Name(*if_false));
                write!(f, "vsel{cond}.f32 {rd}, {if_true}, {if_false}")
            }
            Inst::Select {
                rd,
                cond,
                cmp,
                if_true,
                if_false,
            } => {
                fmt_compare(f, cmp)?;
                fmt_select(f, *rd, *cond, *if_true, *if_false)
            }
            Inst::TrapIf { cond, cmp, code } => {
                fmt_compare(f, cmp)?;
                write!(f, "b{cond} stub_{}", *code as u8)
            }
            Inst::Trap { code } => write!(f, "bl trap_{}", *code as u8),
            Inst::Call(call) => {
                match call.callee {
                    Callee::Direct(symbol) => write!(f, "bl {symbol}")?,
                    Callee::Indirect(rm) => write!(f, "blx {}", Name(rm))?,
                }
                fmt_fixed(f, "uses", &call.uses)?;
                fmt_fixed(f, "defs", &call.defs)
            }
            Inst::TailCall(call) => {
                match call.callee {
                    Callee::Direct(symbol) => write!(f, "b {symbol}")?,
                    Callee::Indirect(rm) => write!(f, "bx {}", Name(rm))?,
                }
                fmt_fixed(f, "uses", &call.uses)
            }
            Inst::Args { defs } => fmt_fixed(f, "args", defs),
            Inst::Ret { uses } => {
                f.write_str("bx lr")?;
                fmt_fixed(f, "results", uses)
            }
            Inst::Jump { target } => write!(f, "b block{}", target.raw_u32()),
            Inst::CondBr {
                cond,
                cmp,
                taken,
                not_taken,
            } => {
                fmt_compare(f, cmp)?;
                writeln!(f, "b{cond} block{}", taken.raw_u32())?;
                write!(f, "b block{}", not_taken.raw_u32())
            }
            Inst::BrTable(table) => {
                writeln!(f, "cmp {}, #{}", Name(table.index), table.targets.len())?;
                writeln!(f, "bhs block{}", table.default.raw_u32())?;
                write!(f, "tbh [pc, {}, lsl #1] @ to", Name(table.index))?;
                for target in &table.targets {
                    write!(f, " block{}", target.raw_u32())?;
                }
                Ok(())
            }
            Inst::JumpTo { symbol } => write!(f, "b.w {symbol}"),
            Inst::BranchTo { rm } => write!(f, "bx {}", Name(*rm)),
            Inst::Push { regs } => write!(f, "push {regs}"),
            Inst::Pop { regs } => write!(f, "pop {regs}"),
            Inst::LoadWords { rn, regs } => write!(f, "ldm {}, {regs}", Name(*rn)),
            Inst::StoreWords { rn, regs } => write!(f, "stm {}!, {regs}", Name(*rn)),
            Inst::AddSp { bytes } => fmt_move_sp(f, AluOp::Add, *bytes),
            Inst::SubSp { bytes } => fmt_move_sp(f, AluOp::Sub, *bytes),
        }
    }
}

impl Inst {
    fn fmt_add(&self, f: &mut fmt::Formatter<'_>, rd: Reg, rn: Reg, value: i32) -> fmt::Result {
        let imm = AddImm::new(value).expect("a modified immediate or its negative");
        let (sub, value) = imm.instruction();
        let s = self.s(|| encode::add_immediate(sub, rd, rn, value));
        let op = if sub { AluOp::Sub } else { AluOp::Add };
        write!(f, "{op}{s} {}, {}, #{value}", Name(rd), Name(rn))
    }

    fn fmt_constant(&self, f: &mut fmt::Formatter<'_>, rd: Reg, value: u32) -> fmt::Result {
        let low = rd.real().is_some_and(|preg| preg.hw_enc() < 8);
        let name = Name(rd);
        match Constant::new(value, low) {
            Constant::Mov(imm) => {
                let s = self.s(|| encode::mov_immediate(rd, imm));
                write!(f, "mov{s} {name}, #{value}")
            }
            Constant::Mvn(_) => write!(f, "mvn {name}, #{}", !value),
            Constant::Movw(value) => write!(f, "movw {name}, #{value}"),
            Constant::MovwLsl(value, shift) => {
                let amount = shift.amount();
                write!(f, "movw {name}, #{value}\nlsls {name}, {name}, #{amount}")
            }
            Constant::MovAdd(imm, byte) => {
                let high = imm.value();
                write!(f, "mov {name}, #{high}\nadds {name}, {name}, #{byte}")
            }
            Constant::MovwMovt(low, high) => {
                write!(f, "movw {name}, #{low}\nmovt {name}, #{high}")
            }
        }
    }
}

fn fmt_access(
    f: &mut fmt::Formatter<'_>,
    op: &impl fmt::Display,
    rt: Reg,
    mem: Amode,
) -> fmt::Result {
    let (first, mem) = mem.in_reach();
    if let Some(first) = first {
        writeln!(f, "{first}")?;
    }
    write!(f, "{op} {}, {mem}", Name(rt))
}

fn fmt_float_access(
    f: &mut fmt::Formatter<'_>,
    op: &str,
    rt: Reg,
    mem: AlignedAmode,
) -> fmt::Result {
    let mem = match mem {
        AlignedAmode::Frame(place) => Amode::Frame(place),
        AlignedAmode::Base { base, offset } => {
            let (first, base, offset) = AlignedAmode::in_reach(base, offset);
            for inst in first {
                writeln!(f, "{inst}")?;
            }
            Amode::Base { base, offset }
        }
    };
    write!(f, "{op} {}, {mem}", Name(rt))
}

/// The mnemonic of a move of a word, under a condition if there is one.
fn fmt_move(rd: Reg, rm: Reg, cond: &str) -> String {
    match (rd.class(), rm.class()) {
        (RegClass::Float, RegClass::Float) => format!("vmov{cond}.f32"),
        (RegClass::Float, _) | (_, RegClass::Float) => format!("vmov{cond}"),
        _ => format!("mov{cond}"),
    }
}

/// The lines of a comparison, each with its end.
fn fmt_compare(f: &mut fmt::Formatter<'_>, cmp: &Compare) -> fmt::Result {
    let scratch = Name(SCRATCH);
    match cmp {
        Compare::Word { op, rn, rhs } => writeln!(f, "{op} {}, {rhs}", Name(*rn)),
        Compare::WideOrder {
            rn_lo,
            rn_hi,
            rhs_lo,
            rhs_hi,
        } => {
            writeln!(f, "cmp {}, {rhs_lo}", Name(*rn_lo))?;
            writeln!(f, "sbcs {scratch}, {}, {rhs_hi}", Name(*rn_hi))
        }
        Compare::WideEqual {
            rn_lo,
            rn_hi,
            rhs_lo,
            rhs_hi,
        } => {
            writeln!(f, "cmp {}, {rhs_lo}\nit eq", Name(*rn_lo))?;
            writeln!(f, "cmpeq {}, {rhs_hi}", Name(*rn_hi))
        }
        Compare::WideZero { rn, rm } => {
            writeln!(f, "orrs {scratch}, {}, {}", Name(*rn), Name(*rm))
        }
        Compare::Float { rn, rm } => {
            writeln!(
                f,
                "vcmp.f32 {}, {}\nvmrs APSR_nzcv, fpscr",
                Name(*rn),
                Name(*rm)
            )
        }
        Compare::FloatZero { rn } => {
            writeln!(f, "vcmp.f32 {}, #0\nvmrs APSR_nzcv, fpscr", Name(*rn))
        }
    }
}

fn fmt_select(
    f: &mut fmt::Formatter<'_>,
    rd: Reg,
    cond: Cond,
    if_true: SelectValue,
    if_false: SelectValue,
) -> fmt::Result {
    let there = SelectValue::Reg(rd);
    let not = cond.invert();
    match (if_true == there, if_false == there) {
        (true, true) => f.write_str("@ nothing to select"),
        (true, false) => {
            writeln!(f, "it {not}")?;
            fmt_conditional_move(f, rd, not, if_false)
        }
        (false, true) => {
            writeln!(f, "it {cond}")?;
            fmt_conditional_move(f, rd, cond, if_true)
        }
        (false, false) => {
            writeln!(f, "ite {cond}")?;
            fmt_conditional_move(f, rd, cond, if_true)?;
            f.write_str("\n")?;
            fmt_conditional_move(f, rd, not, if_false)
        }
    }
}

fn fmt_conditional_move(
    f: &mut fmt::Formatter<'_>,
    rd: Reg,
    cond: Cond,
    value: SelectValue,
) -> fmt::Result {
    let moved = |rm| fmt_move(rd, rm, cond.name());
    let rd = Name(rd);
    match value {
        SelectValue::Reg(rm) => write!(f, "{} {rd}, {}", moved(rm), Name(rm)),
        SelectValue::Imm(imm) => match Constant::new(imm.value(), false) {
            Constant::Mvn(imm) => write!(f, "mvn{cond} {rd}, #{}", imm.value()),
            Constant::Movw(value) => write!(f, "movw{cond} {rd}, #{value}"),
            _ => write!(f, "mov{cond} {rd}, #{}", imm.value()),
        },
    }
}

fn fmt_move_sp(f: &mut fmt::Formatter<'_>, op: AluOp, bytes: u32) -> fmt::Result {
    if bytes < 4096 || ModifiedImm::new(bytes).is_some() {
        return write!(f, "{op} sp, sp, #{bytes}");
    }
    let constant = Inst::MovImm {
        rd: SCRATCH,
        value: bytes,
    };
    let sum = Inst::AluRRR {
        op,
        rd: SP,
        rn: SP,
        rm: SCRATCH,
        shift: Shift::NONE,
    };
    write!(f, "{constant}\n{sum}")
}

/// Operands in fixed registers, as a comment.
fn fmt_fixed(f: &mut fmt::Formatter<'_>, what: &str, fixed: &[FixedReg]) -> fmt::Result {
    if fixed.is_empty() {
        return Ok(());
    }
    write!(f, " @ {what}")?;
    for FixedReg { reg, at } in fixed {
        match reg.real() {
            Some(_) => write!(f, " {}", Name(*reg))?,
            None => write!(f, " {}={}", Name(*reg), Name(Reg::of_preg(*at)))?,
        }
    }
    Ok(())
}
