//! Encodings of single-precision floating-point instructions, all of them 32 bits.
//!
//! An operand `s{n}` stands in five bits: the upper four in a field of the second halfword (`Vd`,
//! `Vm`) or the first (`Vn`), the lowest one apart (`D`, `M`, `N`). Armv8-M Architecture Reference
//! Manual, C2.4 "Alphabetical list of instructions", under V.

use regalloc2::RegClass;

use super::encode::{Opcode, hw, number, wide};
use super::imm::FloatImm;
use super::inst::{FloatOp, FloatUnaryOp, VselCond};
use crate::mach::reg::Reg;

/// Bits 11:8 of the second halfword: coprocessor 10, which is single precision.
const SINGLE: u32 = 0xa00;

/// The fields of a register: the four bits, and the one.
fn fields(reg: Reg) -> (u32, u32) {
    let number = number(reg, RegClass::Float);
    (number >> 1, number & 1)
}

/// An instruction with a destination and one operand, which has no `Vn`.
fn unary(first: u32, second: u32, rd: Reg, rm: Reg) -> Opcode {
    let ((vd, d), (vm, m)) = (fields(rd), fields(rm));
    wide(first | d << 6, vd << 12 | SINGLE | second | m << 5 | vm)
}

/// An instruction with a destination and two operands.
fn binary(first: u32, second: u32, rd: Reg, rn: Reg, rm: Reg) -> Opcode {
    let (vn, n) = fields(rn);
    unary(first | vn, second | n << 7, rd, rm)
}

/// VADD, VSUB, VMUL, VDIV, VMAXNM, VMINNM.
pub(super) fn float(op: FloatOp, rd: Reg, rn: Reg, rm: Reg) -> Opcode {
    let (first, second) = match op {
        FloatOp::Add => (0xee30, 0x00),
        FloatOp::Sub => (0xee30, 0x40),
        FloatOp::Mul => (0xee20, 0x00),
        FloatOp::Div => (0xee80, 0x00),
        FloatOp::MaxNum => (0xfe80, 0x00),
        FloatOp::MinNum => (0xfe80, 0x40),
    };
    binary(first, second, rd, rn, rm)
}

/// VNEG, VABS, VSQRT, VRINT, VCVT.
pub(super) fn float_unary(op: FloatUnaryOp, rd: Reg, rm: Reg) -> Opcode {
    let (first, second) = match op {
        FloatUnaryOp::Abs => (0xeeb0, 0xc0),
        FloatUnaryOp::Neg => (0xeeb1, 0x40),
        FloatUnaryOp::Sqrt => (0xeeb1, 0xc0),
        FloatUnaryOp::Trunc => (0xeeb6, 0xc0),
        FloatUnaryOp::Nearest => (0xfeb9, 0x40),
        FloatUnaryOp::Ceil => (0xfeba, 0x40),
        FloatUnaryOp::Floor => (0xfebb, 0x40),
        FloatUnaryOp::FromUnsigned => (0xeeb8, 0x40),
        FloatUnaryOp::FromSigned => (0xeeb8, 0xc0),
        FloatUnaryOp::ToUnsigned => (0xeebc, 0xc0),
        FloatUnaryOp::ToSigned => (0xeebd, 0xc0),
    };
    unary(first, second, rd, rm)
}

/// VMOV (immediate).
pub(super) fn immediate(rd: Reg, imm: FloatImm) -> Opcode {
    let (vd, d) = fields(rd);
    let imm8 = u32::from(imm.bits());
    wide(0xeeb0 | d << 6 | imm8 >> 4, vd << 12 | SINGLE | imm8 & 0xf)
}

/// VMOV (register).
pub(super) fn mov(rd: Reg, rm: Reg) -> Opcode {
    unary(0xeeb0, 0x40, rd, rm)
}

/// VMOV (between general-purpose register and single-precision register).
pub(super) fn from_core(rd: Reg, rt: Reg) -> Opcode {
    let (vn, n) = fields(rd);
    wide(0xee00 | vn, hw(rt) << 12 | SINGLE | n << 7 | 0x10)
}

/// The same in the other direction.
pub(super) fn to_core(rt: Reg, rn: Reg) -> Opcode {
    let (vn, n) = fields(rn);
    wide(0xee10 | vn, hw(rt) << 12 | SINGLE | n << 7 | 0x10)
}

/// VCMP (register).
pub(super) fn compare(rn: Reg, rm: Reg) -> Opcode {
    unary(0xeeb4, 0x40, rn, rm)
}

/// VCMP (with zero).
pub(super) fn compare_zero(rn: Reg) -> Opcode {
    let (vd, d) = fields(rn);
    wide(0xeeb5 | d << 6, vd << 12 | SINGLE | 0x40)
}

/// VMRS of the flags.
pub(super) fn flags() -> Opcode {
    wide(0xeef1, 0xfa10)
}

/// VSEL.
pub(super) fn select(cond: VselCond, rd: Reg, rn: Reg, rm: Reg) -> Opcode {
    binary(0xfe00 | (cond as u32) << 4, 0, rd, rn, rm)
}

/// VLDR, or VSTR.
fn access(first: u32, rt: Reg, base: Reg, offset: i32) -> Opcode {
    let words = offset.unsigned_abs() / 4;
    debug_assert!(offset % 4 == 0 && words < 256);
    let (vd, d) = fields(rt);
    let add = u32::from(offset >= 0);
    wide(
        first | add << 7 | d << 6 | hw(base),
        vd << 12 | SINGLE | words,
    )
}

/// VLDR at `base + offset`, a multiple of 4 from −1020 to 1020.
pub(super) fn load(rt: Reg, base: Reg, offset: i32) -> Opcode {
    access(0xed10, rt, base, offset)
}

/// VSTR at `base + offset`, a multiple of 4 from −1020 to 1020.
pub(super) fn store(rt: Reg, base: Reg, offset: i32) -> Opcode {
    access(0xed00, rt, base, offset)
}
