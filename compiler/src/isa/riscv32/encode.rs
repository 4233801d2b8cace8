//! The bits of single instructions, in their compressed form wherever there is one.
//!
//! Registers are physical here. Source: The RISC-V Instruction Set Manual, Volume I: "RV32I" and
//! "RV32/64G Instruction Set Listings"; "F" extension; "B" extension; "C" extension, "RVC Instruction Set
//! Listings".

use regalloc2::RegClass;

use super::imm::{Imm12, Parts};
use super::inst::{
    AluImmOp, AluOp, Cond, FpuCompareOp, FpuOp, LoadOp, Rounding, ShiftOp, Sign, StoreOp, UnaryOp,
};
use super::regs::{RA, SP, ZERO};
use crate::mach::reg::Reg;

/// An instruction of two or four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    /// Compressed.
    Narrow(u16),
    /// Of 32 bits.
    Wide(u32),
}

impl Opcode {
    /// Appends the bytes.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            Opcode::Narrow(bits) => out.extend(bits.to_le_bytes()),
            Opcode::Wide(bits) => out.extend(bits.to_le_bytes()),
        }
    }
}

/// A register's number.
///
/// # Panics
/// When it is not physical: emission comes after allocation.
pub(super) fn hw(reg: Reg) -> u32 {
    reg.real().expect("a physical register").hw_enc() as u32
}

/// The number of a register in the three bits of most compressed forms: `x8`–`x15`, `f8`–`f15`.
pub(super) fn short(reg: Reg) -> Option<u32> {
    hw(reg).checked_sub(8).filter(|&number| number < 8)
}

/// Bits `from..from + count` of a value.
fn field(value: u32, from: u32, count: u32) -> u32 {
    value >> from & ((1 << count) - 1)
}

/// Whether a value fits a signed field of `bits` bits.
fn fits(value: i32, bits: u32) -> bool {
    let limit = 1 << (bits - 1);
    (-limit..limit).contains(&value)
}

const OP: u32 = 0x33;
const OP_IMM: u32 = 0x13;
const LOAD: u32 = 0x03;
const STORE: u32 = 0x23;
const BRANCH: u32 = 0x63;
const LUI: u32 = 0x37;
const AUIPC: u32 = 0x17;
const JAL: u32 = 0x6f;
const JALR: u32 = 0x67;
const LOAD_FP: u32 = 0x07;
const STORE_FP: u32 = 0x27;
const OP_FP: u32 = 0x53;

fn r_type(funct7: u32, rs2: Reg, rs1: Reg, funct3: u32, rd: Reg) -> Opcode {
    Opcode::Wide(funct7 << 25 | hw(rs2) << 20 | hw(rs1) << 15 | funct3 << 12 | hw(rd) << 7 | OP)
}

fn i_type(imm: i32, rs1: Reg, funct3: u32, rd: Reg, opcode: u32) -> Opcode {
    debug_assert!(fits(imm, 12));
    Opcode::Wide((imm as u32) << 20 | hw(rs1) << 15 | funct3 << 12 | hw(rd) << 7 | opcode)
}

/// Forms of quadrant 1 with a signed constant of six bits.
fn ci_type(funct3: u16, imm: i32, rd: u32) -> Opcode {
    let imm = imm as u32;
    Opcode::Narrow(
        funct3 << 13 | (field(imm, 5, 1) << 12 | rd << 7 | field(imm, 0, 5) << 2) as u16 | 0b01,
    )
}

/// C.MV and C.ADD (`bit` 12), C.JR and C.JALR with `rs2` 0.
fn cr_type(bit: u16, rd: u32, rs2: u32) -> Opcode {
    Opcode::Narrow(0b100 << 13 | bit << 12 | (rd << 7 | rs2 << 2) as u16 | 0b10)
}

/// C.SUB, C.XOR, C.OR, C.AND, by the bits 6–5.
fn ca_type(operation: u16, rd: u32, rs2: u32) -> Opcode {
    Opcode::Narrow(0b100_011 << 10 | operation << 5 | (rd << 7 | rs2 << 2) as u16 | 0b01)
}

/// C.SRLI, C.SRAI, C.ANDI, by the bits 11–10.
fn cb_type(operation: u16, imm: u32, rd: u32) -> Opcode {
    Opcode::Narrow(
        0b100 << 13
            | operation << 10
            | (field(imm, 5, 1) << 12 | rd << 7 | field(imm, 0, 5) << 2) as u16
            | 0b01,
    )
}

/// An operation on two registers.
pub(super) fn alu(op: AluOp, rd: Reg, rs1: Reg, rs2: Reg) -> Opcode {
    let compressed = match op {
        AluOp::Add => compressed_add(rd, rs1, rs2),
        AluOp::Sub if rd == rs1 => compressed_alu(0, rd, rs2),
        AluOp::Xor => commuted(rd, rs1, rs2).and_then(|rs2| compressed_alu(1, rd, rs2)),
        AluOp::Or => commuted(rd, rs1, rs2).and_then(|rs2| compressed_alu(2, rd, rs2)),
        AluOp::And => commuted(rd, rs1, rs2).and_then(|rs2| compressed_alu(3, rd, rs2)),
        _ => None,
    };
    if let Some(opcode) = compressed {
        return opcode;
    }
    let (funct7, funct3) = match op {
        AluOp::Add => (0, 0),
        AluOp::Sub => (0x20, 0),
        AluOp::Sll => (0, 1),
        AluOp::Slt => (0, 2),
        AluOp::Sltu => (0, 3),
        AluOp::Xor => (0, 4),
        AluOp::Srl => (0, 5),
        AluOp::Sra => (0x20, 5),
        AluOp::Or => (0, 6),
        AluOp::And => (0, 7),
        AluOp::Mul => (1, 0),
        AluOp::Mulh => (1, 1),
        AluOp::Mulhu => (1, 3),
        AluOp::Div => (1, 4),
        AluOp::Divu => (1, 5),
        AluOp::Rem => (1, 6),
        AluOp::Remu => (1, 7),
        AluOp::Sh1add => (0x10, 2),
        AluOp::Sh2add => (0x10, 4),
        AluOp::Sh3add => (0x10, 6),
        AluOp::Xnor => (0x20, 4),
        AluOp::Orn => (0x20, 6),
        AluOp::Andn => (0x20, 7),
        AluOp::Min => (5, 4),
        AluOp::Minu => (5, 5),
        AluOp::Max => (5, 6),
        AluOp::Maxu => (5, 7),
        AluOp::Rol => (0x30, 1),
        AluOp::Ror => (0x30, 5),
        AluOp::Bclr => (0x24, 1),
        AluOp::Bext => (0x24, 5),
        AluOp::Binv => (0x34, 1),
        AluOp::Bset => (0x14, 1),
    };
    r_type(funct7, rs2, rs1, funct3, rd)
}

/// The other operand, where one of them is the result's register.
fn commuted(rd: Reg, rs1: Reg, rs2: Reg) -> Option<Reg> {
    match (rd == rs1, rd == rs2) {
        (true, _) => Some(rs2),
        (_, true) => Some(rs1),
        _ => None,
    }
}

fn compressed_alu(operation: u16, rd: Reg, rs2: Reg) -> Option<Opcode> {
    Some(ca_type(operation, short(rd)?, short(rs2)?))
}

fn compressed_add(rd: Reg, rs1: Reg, rs2: Reg) -> Option<Opcode> {
    if rd == ZERO {
        return None;
    }
    match (rs1 == ZERO, rs2 == ZERO) {
        (true, false) => Some(cr_type(0, hw(rd), hw(rs2))),
        (false, true) => Some(cr_type(0, hw(rd), hw(rs1))),
        (false, false) => commuted(rd, rs1, rs2).map(|rs2| cr_type(1, hw(rd), hw(rs2))),
        (true, true) => None,
    }
}

/// An operation on a register and a constant.
pub(super) fn alu_immediate(op: AluImmOp, rd: Reg, rs1: Reg, imm: Imm12) -> Opcode {
    let value = imm.value();
    let compressed = match op {
        AluImmOp::Addi => compressed_addi(rd, rs1, value),
        AluImmOp::Andi if rd == rs1 && fits(value, 6) => {
            short(rd).map(|rd| cb_type(2, value as u32, rd))
        }
        _ => None,
    };
    let funct3 = match op {
        AluImmOp::Addi => 0,
        AluImmOp::Slti => 2,
        AluImmOp::Sltiu => 3,
        AluImmOp::Xori => 4,
        AluImmOp::Ori => 6,
        AluImmOp::Andi => 7,
    };
    compressed.unwrap_or_else(|| i_type(value, rs1, funct3, rd, OP_IMM))
}

fn compressed_addi(rd: Reg, rs1: Reg, value: i32) -> Option<Opcode> {
    if rd == ZERO {
        return None;
    }
    if rs1 == ZERO {
        return fits(value, 6).then(|| ci_type(0b010, value, hw(rd)));
    }
    if value == 0 {
        return Some(cr_type(0, hw(rd), hw(rs1)));
    }
    if rd == rs1 && fits(value, 6) {
        return Some(ci_type(0b000, value, hw(rd)));
    }
    let bits = value as u32;
    if rs1 == SP && rd == SP && value % 16 == 0 && fits(value, 10) {
        let fields = field(bits, 9, 1) << 12
            | field(bits, 4, 1) << 6
            | field(bits, 6, 1) << 5
            | field(bits, 7, 2) << 3
            | field(bits, 5, 1) << 2;
        return Some(Opcode::Narrow(0b011 << 13 | fields as u16 | 2 << 7 | 0b01));
    }
    if rs1 == SP && value % 4 == 0 && (0..1024).contains(&value) {
        let fields = field(bits, 4, 2) << 11
            | field(bits, 6, 4) << 7
            | field(bits, 2, 1) << 6
            | field(bits, 3, 1) << 5
            | short(rd)? << 2;
        return Some(Opcode::Narrow(fields as u16));
    }
    None
}

/// A shift by a constant.
pub(super) fn shift(op: ShiftOp, rd: Reg, rs1: Reg, amount: u32) -> Opcode {
    let compressed = match op {
        _ if rd != rs1 || amount == 0 => None,
        ShiftOp::Slli => Some(Opcode::Narrow((hw(rd) << 7 | amount << 2) as u16 | 0b10)),
        ShiftOp::Srli => short(rd).map(|rd| cb_type(0, amount, rd)),
        ShiftOp::Srai => short(rd).map(|rd| cb_type(1, amount, rd)),
        _ => None,
    };
    let (funct7, funct3) = match op {
        ShiftOp::Slli => (0, 1),
        ShiftOp::Srli => (0, 5),
        ShiftOp::Srai => (0x20, 5),
        ShiftOp::Rori => (0x30, 5),
        ShiftOp::Bclri => (0x24, 1),
        ShiftOp::Bexti => (0x24, 5),
        ShiftOp::Binvi => (0x34, 1),
        ShiftOp::Bseti => (0x14, 1),
    };
    compressed.unwrap_or_else(|| i_type((funct7 << 5 | amount) as i32, rs1, funct3, rd, OP_IMM))
}

/// An operation on one register.
pub(super) fn unary(op: UnaryOp, rd: Reg, rs1: Reg) -> Opcode {
    let (funct12, funct3, opcode) = match op {
        UnaryOp::Clz => (0x600, 1, OP_IMM),
        UnaryOp::Ctz => (0x601, 1, OP_IMM),
        UnaryOp::Cpop => (0x602, 1, OP_IMM),
        UnaryOp::SextB => (0x604, 1, OP_IMM),
        UnaryOp::SextH => (0x605, 1, OP_IMM),
        UnaryOp::ZextH => (0x080, 4, OP),
        UnaryOp::Rev8 => (0x698, 5, OP_IMM),
    };
    i_type(funct12, rs1, funct3, rd, opcode)
}

/// A move between registers of any class.
pub(super) fn mv(rd: Reg, rs: Reg) -> Opcode {
    match (rd.class(), rs.class()) {
        (RegClass::Float, RegClass::Float) => fpu(FpuOp::Sgnj, rd, rs, rs),
        (RegClass::Float, _) => fp_type(0x78, 0, rs, 0, rd),
        (_, RegClass::Float) => fp_type(0x70, 0, rs, 0, rd),
        _ if rs == ZERO => ci_type(0b010, 0, hw(rd)),
        _ => cr_type(0, hw(rd), hw(rs)),
    }
}

/// Forms of single-precision arithmetic; `rs2` is a register's number or a part of the operation,
/// `rm` the rounding mode or another one.
fn fp_type(funct7: u32, rs2: u32, rs1: Reg, rm: u32, rd: Reg) -> Opcode {
    Opcode::Wide(funct7 << 25 | rs2 << 20 | hw(rs1) << 15 | rm << 12 | hw(rd) << 7 | OP_FP)
}

/// To nearest, ties to even, as a rounding mode.
const RNE: u32 = 0;

/// An operation on two floating-point registers.
pub(super) fn fpu(op: FpuOp, rd: Reg, rs1: Reg, rs2: Reg) -> Opcode {
    let (funct7, rm) = match op {
        FpuOp::Add => (0x00, RNE),
        FpuOp::Sub => (0x04, RNE),
        FpuOp::Mul => (0x08, RNE),
        FpuOp::Div => (0x0c, RNE),
        FpuOp::Sgnj => (0x10, 0),
        FpuOp::Sgnjn => (0x10, 1),
        FpuOp::Sgnjx => (0x10, 2),
        FpuOp::Min => (0x14, 0),
        FpuOp::Max => (0x14, 1),
    };
    fp_type(funct7, hw(rs2), rs1, rm, rd)
}

/// A square root.
pub(super) fn fsqrt(rd: Reg, rs1: Reg) -> Opcode {
    fp_type(0x2c, 0, rs1, RNE, rd)
}

/// A comparison of floating-point registers.
pub(super) fn fpu_compare(op: FpuCompareOp, rd: Reg, rs1: Reg, rs2: Reg) -> Opcode {
    let rm = match op {
        FpuCompareOp::Le => 0,
        FpuCompareOp::Lt => 1,
        FpuCompareOp::Eq => 2,
    };
    fp_type(0x50, hw(rs2), rs1, rm, rd)
}

fn sign(sign: Sign) -> u32 {
    match sign {
        Sign::Signed => 0,
        Sign::Unsigned => 1,
    }
}

/// A conversion to an integer.
pub(super) fn fpu_to_int(kind: Sign, rounding: Rounding, rd: Reg, rs1: Reg) -> Opcode {
    let rm = match rounding {
        Rounding::Nearest => RNE,
        Rounding::Zero => 1,
        Rounding::Down => 2,
        Rounding::Up => 3,
    };
    fp_type(0x60, sign(kind), rs1, rm, rd)
}

/// A conversion from an integer.
pub(super) fn int_to_fpu(kind: Sign, rd: Reg, rs1: Reg) -> Opcode {
    fp_type(0x68, sign(kind), rs1, RNE, rd)
}

/// LUI of a multiple of 4096.
pub(super) fn lui(rd: Reg, high: u32) -> Opcode {
    let value = high as i32 >> 12;
    if value != 0 && fits(value, 6) && rd != ZERO && rd != SP {
        return ci_type(0b011, value, hw(rd));
    }
    Opcode::Wide(high | hw(rd) << 7 | LUI)
}

/// ADDI of 0 to the register itself, in the form of four bytes, for a relocation.
pub(super) fn add_distance(rd: Reg) -> Opcode {
    i_type(0, rd, 0, rd, OP_IMM)
}

/// AUIPC: the sum of the address of the instruction itself and a multiple of 4096.
pub(super) fn auipc(rd: Reg, high: u32) -> Opcode {
    Opcode::Wide(high | hw(rd) << 7 | AUIPC)
}

/// The instructions that load a constant.
pub(super) fn constant(rd: Reg, value: u32) -> impl Iterator<Item = Opcode> {
    let Parts { high, low } = Parts::of(value);
    let first = (high != 0).then(|| lui(rd, high));
    let from = if high == 0 { ZERO } else { rd };
    let second =
        (high == 0 || low.value() != 0).then(|| alu_immediate(AluImmOp::Addi, rd, from, low));
    first.into_iter().chain(second)
}

/// The fields of a word's offset that C.LW and C.SW have.
fn short_offset(offset: i32) -> Option<u32> {
    let bits = offset as u32;
    (offset % 4 == 0 && (0..128).contains(&offset))
        .then(|| field(bits, 3, 3) << 10 | field(bits, 2, 1) << 6 | field(bits, 6, 1) << 5)
}

/// A load.
pub(super) fn load(op: LoadOp, rd: Reg, base: Reg, offset: Imm12) -> Opcode {
    let (opcode, funct3) = match op {
        LoadOp::Lb => (LOAD, 0),
        LoadOp::Lh => (LOAD, 1),
        LoadOp::Lw => (LOAD, 2),
        LoadOp::Lbu => (LOAD, 4),
        LoadOp::Lhu => (LOAD, 5),
        LoadOp::Flw => (LOAD_FP, 2),
    };
    let offset = offset.value();
    let compressed = match op {
        LoadOp::Lw if rd != ZERO => compressed_load(0b010, rd, base, offset),
        LoadOp::Flw => compressed_load(0b011, rd, base, offset),
        _ => None,
    };
    compressed.unwrap_or_else(|| i_type(offset, base, funct3, rd, opcode))
}

/// C.LW and C.LWSP, or C.FLW and C.FLWSP.
fn compressed_load(funct3: u16, rd: Reg, base: Reg, offset: i32) -> Option<Opcode> {
    let bits = offset as u32;
    if base == SP && offset % 4 == 0 && (0..256).contains(&offset) {
        let fields = field(bits, 5, 1) << 12 | field(bits, 2, 3) << 4 | field(bits, 6, 2) << 2;
        return Some(Opcode::Narrow(
            funct3 << 13 | (fields | hw(rd) << 7) as u16 | 0b10,
        ));
    }
    let fields = short_offset(offset)? | short(base)? << 7 | short(rd)? << 2;
    Some(Opcode::Narrow(funct3 << 13 | fields as u16))
}

/// A store.
pub(super) fn store(op: StoreOp, rs: Reg, base: Reg, offset: Imm12) -> Opcode {
    let (opcode, funct3) = match op {
        StoreOp::Sb => (STORE, 0),
        StoreOp::Sh => (STORE, 1),
        StoreOp::Sw => (STORE, 2),
        StoreOp::Fsw => (STORE_FP, 2),
    };
    let offset = offset.value();
    let compressed = match op {
        StoreOp::Sw => compressed_store(0b110, rs, base, offset),
        StoreOp::Fsw => compressed_store(0b111, rs, base, offset),
        _ => None,
    };
    let bits = offset as u32;
    compressed.unwrap_or_else(|| {
        Opcode::Wide(
            field(bits, 5, 7) << 25
                | hw(rs) << 20
                | hw(base) << 15
                | funct3 << 12
                | field(bits, 0, 5) << 7
                | opcode,
        )
    })
}

/// C.SW and C.SWSP, or C.FSW and C.FSWSP.
fn compressed_store(funct3: u16, rs: Reg, base: Reg, offset: i32) -> Option<Opcode> {
    let bits = offset as u32;
    if base == SP && offset % 4 == 0 && (0..256).contains(&offset) {
        let fields = field(bits, 2, 4) << 9 | field(bits, 6, 2) << 7;
        return Some(Opcode::Narrow(
            funct3 << 13 | (fields | hw(rs) << 2) as u16 | 0b10,
        ));
    }
    let fields = short_offset(offset)? | short(base)? << 7 | short(rs)? << 2;
    Some(Opcode::Narrow(funct3 << 13 | fields as u16))
}

/// C.BEQZ or C.BNEZ of a register `x8`–`x15`, given by its three bits; reaches ±256 bytes.
pub(super) fn short_branch(nonzero: bool, rs1: u32, distance: i32) -> Opcode {
    debug_assert!(fits(distance, 9));
    let d = distance as u32;
    let fields = field(d, 8, 1) << 12
        | field(d, 3, 2) << 10
        | rs1 << 7
        | field(d, 6, 2) << 5
        | field(d, 1, 2) << 3
        | field(d, 5, 1) << 2;
    let funct3 = if nonzero { 0b111 } else { 0b110 };
    Opcode::Narrow(funct3 << 13 | fields as u16 | 0b01)
}

/// A branch; reaches ±4 KB.
pub(super) fn branch(cond: Cond, rs1: Reg, rs2: Reg, distance: i32) -> Opcode {
    debug_assert!(fits(distance, 13));
    let funct3 = match cond {
        Cond::Eq => 0,
        Cond::Ne => 1,
        Cond::Lt => 4,
        Cond::Ge => 5,
        Cond::Ltu => 6,
        Cond::Geu => 7,
    };
    let d = distance as u32;
    Opcode::Wide(
        field(d, 12, 1) << 31
            | field(d, 5, 6) << 25
            | hw(rs2) << 20
            | hw(rs1) << 15
            | funct3 << 12
            | field(d, 1, 4) << 8
            | field(d, 11, 1) << 7
            | BRANCH,
    )
}

/// C.J; reaches ±2 KB.
pub(super) fn short_jump(distance: i32) -> Opcode {
    cj_type(0b101, distance)
}

/// C.JAL; reaches ±2 KB.
pub(super) fn short_call(distance: i32) -> Opcode {
    cj_type(0b001, distance)
}

fn cj_type(funct3: u16, distance: i32) -> Opcode {
    debug_assert!(fits(distance, 12));
    let d = distance as u32;
    let fields = field(d, 11, 1) << 12
        | field(d, 4, 1) << 11
        | field(d, 8, 2) << 9
        | field(d, 10, 1) << 8
        | field(d, 6, 1) << 7
        | field(d, 7, 1) << 6
        | field(d, 1, 3) << 3
        | field(d, 5, 1) << 2;
    Opcode::Narrow(funct3 << 13 | fields as u16 | 0b01)
}

/// JAL with `ra` for a call, with `zero` for a jump; reaches ±1 MB.
pub(super) fn jal(link: Reg, distance: i32) -> Opcode {
    debug_assert!(fits(distance, 21));
    let d = distance as u32;
    Opcode::Wide(
        field(d, 20, 1) << 31
            | field(d, 1, 10) << 21
            | field(d, 11, 1) << 20
            | field(d, 12, 8) << 12
            | hw(link) << 7
            | JAL,
    )
}

/// A call of the address in a register.
pub(super) fn call_register(rs: Reg) -> Opcode {
    debug_assert_ne!(rs, ZERO);
    debug_assert_eq!(hw(RA), 1);
    cr_type(1, hw(rs), 0)
}

/// A jump to the address in a register.
pub(super) fn jump_register(rs: Reg) -> Opcode {
    cr_type(0, hw(rs), 0)
}

/// JALR with `ra` for a call, with `zero` for a jump, to an offset from the address in a register;
/// always of four bytes.
pub(super) fn jalr(link: Reg, rs: Reg, offset: i32) -> Opcode {
    i_type(offset, rs, 0, link, JALR)
}
