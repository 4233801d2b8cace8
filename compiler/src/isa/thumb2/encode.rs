//! Encodings of single instructions: 16 bits where there is such a form, else 32.
//!
//! Everything here is a function from operands to bits. The 16-bit data-processing forms set the
//! flags, which is free because flags do not live between machine instructions; under IT the same
//! bits do not set them. Encoding names (T1, T2, …) are those of the Armv8-M Architecture
//! Reference Manual, C2.4 "Alphabetical list of instructions". Floating-point instructions are in
//! [`vfp`].

use regalloc2::RegClass;

use super::imm::{Constant, ModifiedImm, Shift, ShiftKind};
use super::inst::{
    AluOp, CarryOp, CompareOp, ExtendOp, ExtractOp, LoadOp, MulAccOp, Operand2, Sign, StoreOp,
    UnaryOp,
};
use super::regs::{RegSet, SCRATCH};
use super::vfp;
use crate::mach::reg::Reg;

const SP: u32 = 13;
const LR: u32 = 14;
const PC: u32 = 15;

/// An encoded instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    /// 16 bits.
    Narrow(u16),
    /// 32 bits, the first halfword on top.
    Wide(u32),
}

impl Opcode {
    /// Whether this is a 16-bit form that sets flags when it is not under IT: shift, add, subtract,
    /// move and compare (immediate), and data processing.
    pub(super) fn is_flag_setting(self) -> bool {
        matches!(self, Opcode::Narrow(bits) if bits >> 14 == 0 || bits >> 10 == 0b01_0000)
    }

    /// Whether this is a 32-bit form of data processing that sets flags if bit 4 of its first halfword
    /// is one: modified immediate, shifted register and shift by a register.
    pub(super) fn can_set_flags(self) -> bool {
        let Opcode::Wide(bits) = self else {
            return false;
        };
        let (first, second) = (bits >> 16, bits & 0xffff);
        let immediate = first & 0xfa00 == 0xf000 && second & 0x8000 == 0;
        // PKHBT and PKHTB stand among the latter and set none.
        let register = first & 0xfe00 == 0xea00 && first & 0x01e0 != 0x00c0;
        let shift = first & 0xff80 == 0xfa00 && second & 0xf0f0 == 0xf000;
        immediate || register || shift
    }

    /// How many bytes it has.
    pub(super) fn bytes(self) -> u32 {
        match self {
            Opcode::Narrow(_) => 2,
            Opcode::Wide(_) => 4,
        }
    }

    /// Appends the bytes, halfword by halfword.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            Opcode::Narrow(bits) => out.extend(bits.to_le_bytes()),
            Opcode::Wide(bits) => {
                out.extend(((bits >> 16) as u16).to_le_bytes());
                out.extend((bits as u16).to_le_bytes());
            }
        }
    }
}

/// Number of an allocated register.
///
/// # Panics
/// For a virtual register: the instruction was not rewritten after allocation.
pub(super) fn hw(reg: Reg) -> u32 {
    number(reg, RegClass::Int)
}

/// Number of an allocated register of this class.
///
/// # Panics
/// As [`hw`], and for a register of another class: a rule has mixed them up.
pub(super) fn number(reg: Reg, class: RegClass) -> u32 {
    let preg = reg.real().expect("registers are allocated before encoding");
    assert_eq!(preg.class(), class, "the class of {reg:?}");
    preg.hw_enc() as u32
}

fn low(regs: &[u32]) -> bool {
    regs.iter().all(|&r| r < 8)
}

fn narrow(bits: u32) -> Opcode {
    debug_assert!(bits >> 16 == 0);
    Opcode::Narrow(bits as u16)
}

pub(super) fn wide(first: u32, second: u32) -> Opcode {
    debug_assert!(first >> 16 == 0 && second >> 16 == 0);
    Opcode::Wide(first << 16 | second)
}

/// The operation field of "Data processing (shifted register)" and "(modified immediate)".
#[derive(Clone, Copy)]
enum Operation {
    And = 0,
    Bic = 1,
    Orr = 2,
    Orn = 3,
    Eor = 4,
    Add = 8,
    Adc = 10,
    Sbc = 11,
    Sub = 13,
    Rsb = 14,
}

impl From<AluOp> for Operation {
    fn from(op: AluOp) -> Operation {
        match op {
            AluOp::Add => Operation::Add,
            AluOp::Sub => Operation::Sub,
            AluOp::Rsb => Operation::Rsb,
            AluOp::And => Operation::And,
            AluOp::Orr => Operation::Orr,
            AluOp::Orn => Operation::Orn,
            AluOp::Eor => Operation::Eor,
            AluOp::Bic => Operation::Bic,
        }
    }
}

impl From<CarryOp> for Operation {
    fn from(op: CarryOp) -> Operation {
        match op {
            CarryOp::Adds => Operation::Add,
            CarryOp::Adcs => Operation::Adc,
            CarryOp::Subs => Operation::Sub,
            CarryOp::Sbcs => Operation::Sbc,
            CarryOp::Rsbs => Operation::Rsb,
        }
    }
}

impl From<CompareOp> for Operation {
    fn from(op: CompareOp) -> Operation {
        match op {
            CompareOp::Cmp => Operation::Sub,
            CompareOp::Cmn => Operation::Add,
            CompareOp::Tst => Operation::And,
            CompareOp::Teq => Operation::Eor,
        }
    }
}

/// "Data processing (shifted register)".
fn shifted_register(op: Operation, s: bool, rd: u32, rn: u32, rm: u32, shift: Shift) -> Opcode {
    let amount = u32::from(shift.amount()) & 31;
    wide(
        0xea00 | (op as u32) << 5 | u32::from(s) << 4 | rn,
        (amount >> 2) << 12 | rd << 8 | (amount & 3) << 6 | (shift.kind() as u32) << 4 | rm,
    )
}

/// "Data processing (modified immediate)".
fn modified_immediate(op: Operation, s: bool, rd: u32, rn: u32, imm: ModifiedImm) -> Opcode {
    split_immediate(
        0xf000 | (op as u32) << 5 | u32::from(s) << 4 | rn,
        rd,
        imm.bits().into(),
    )
}

/// A first halfword with bit `i`, a second one with `imm3`, `Rd` and `imm8`.
fn split_immediate(first: u32, rd: u32, imm12: u32) -> Opcode {
    wide(
        first | (imm12 >> 11 & 1) << 10,
        (imm12 >> 8 & 7) << 12 | rd << 8 | imm12 & 0xff,
    )
}

/// The 16-bit "data processing" group: `Rdn = Rdn op Rm`.
fn narrow_tied(op: Operation) -> Option<u32> {
    Some(match op {
        Operation::And => 0x4000,
        Operation::Eor => 0x4040,
        Operation::Adc => 0x4140,
        Operation::Sbc => 0x4180,
        Operation::Orr => 0x4300,
        Operation::Bic => 0x4380,
        _ => return None,
    })
}

/// A 16-bit form of `rd = rn op rm` that sets the flags.
fn narrow_register(op: Operation, rd: u32, rn: u32, rm: u32) -> Option<Opcode> {
    if !low(&[rd, rn, rm]) {
        return None;
    }
    match op {
        Operation::Add => Some(narrow(0x1800 | rm << 6 | rn << 3 | rd)),
        Operation::Sub => Some(narrow(0x1a00 | rm << 6 | rn << 3 | rd)),
        _ => {
            let bits = narrow_tied(op)?;
            let commutes = !matches!(op, Operation::Bic | Operation::Sbc);
            if rd == rn {
                Some(narrow(bits | rm << 3 | rd))
            } else if rd == rm && commutes {
                Some(narrow(bits | rn << 3 | rd))
            } else {
                None
            }
        }
    }
}

/// A 16-bit form of `rd = rn + value` or `rn - value` that sets the flags.
fn narrow_add_immediate(sub: bool, rd: u32, rn: u32, value: u32) -> Option<Opcode> {
    let sub = u32::from(sub);
    if !low(&[rd, rn]) {
        None
    } else if value < 256 && rd == rn {
        Some(narrow(0x3000 | sub << 11 | rd << 8 | value))
    } else if value < 8 {
        Some(narrow(0x1c00 | sub << 9 | value << 6 | rn << 3 | rd))
    } else {
        None
    }
}

/// ADD, SUB, RSB, AND, ORR, ORN, EOR, BIC (register).
pub(super) fn alu_register(op: AluOp, rd: Reg, rn: Reg, rm: Reg, shift: Shift) -> Opcode {
    let (rd, rn, rm) = (hw(rd), hw(rn), hw(rm));
    if shift.is_none() {
        if let Some(opcode) = narrow_register(op.into(), rd, rn, rm) {
            return opcode;
        }
        // ADD (register) T2: any registers, no flags.
        let other = if rd == rn { rm } else { rn };
        if op == AluOp::Add && (rd == rn || rd == rm) {
            return narrow(0x4400 | (rd >> 3) << 7 | other << 3 | rd & 7);
        }
    }
    shifted_register(op.into(), false, rd, rn, rm, shift)
}

/// RSB, AND, ORR, ORN, EOR, BIC (immediate). ADD and SUB have [`add_immediate`].
pub(super) fn alu_immediate(op: AluOp, rd: Reg, rn: Reg, imm: ModifiedImm) -> Opcode {
    let (rd, rn) = (hw(rd), hw(rn));
    if op == AluOp::Rsb && imm == ModifiedImm::ZERO && low(&[rd, rn]) {
        return narrow(0x4240 | rn << 3 | rd);
    }
    modified_immediate(op.into(), false, rd, rn, imm)
}

/// ADD or SUB (immediate) of `value`, a modified immediate or less than 4096.
pub(super) fn add_immediate(sub: bool, rd: Reg, rn: Reg, value: u32) -> Opcode {
    let (rd, rn) = (hw(rd), hw(rn));
    if let Some(opcode) = narrow_add_immediate(sub, rd, rn, value) {
        return opcode;
    }
    if rn == SP && value.is_multiple_of(4) {
        if rd == SP && value <= 508 {
            return narrow(0xb000 | u32::from(sub) << 7 | value >> 2);
        }
        if low(&[rd]) && value <= 1020 && !sub {
            return narrow(0xa800 | rd << 8 | value >> 2);
        }
    }
    match ModifiedImm::new(value) {
        Some(imm) => {
            let op = if sub { Operation::Sub } else { Operation::Add };
            modified_immediate(op, false, rd, rn, imm)
        }
        None => {
            debug_assert!(value < 4096);
            let first = if sub { 0xf2a0 } else { 0xf200 };
            split_immediate(first | rn, rd, value)
        }
    }
}

/// ADDS, ADCS, SUBS, SBCS, RSBS.
pub(super) fn carry(op: CarryOp, rd: Reg, rn: Reg, rhs: Operand2) -> Opcode {
    let (rd, rn) = (hw(rd), hw(rn));
    match rhs {
        Operand2::Reg { rm, shift } => {
            let rm = hw(rm);
            let narrow = if shift.is_none() {
                narrow_register(op.into(), rd, rn, rm)
            } else {
                None
            };
            narrow.unwrap_or_else(|| shifted_register(op.into(), true, rd, rn, rm, shift))
        }
        Operand2::Imm(imm) => {
            let narrow = match op {
                CarryOp::Adds => narrow_add_immediate(false, rd, rn, imm.value()),
                CarryOp::Subs => narrow_add_immediate(true, rd, rn, imm.value()),
                CarryOp::Rsbs if imm == ModifiedImm::ZERO && low(&[rd, rn]) => {
                    Some(narrow(0x4240 | rn << 3 | rd))
                }
                _ => None,
            };
            narrow.unwrap_or_else(|| modified_immediate(op.into(), true, rd, rn, imm))
        }
    }
}

/// CMP, CMN, TST, TEQ.
pub(super) fn compare(op: CompareOp, rn: Reg, rhs: Operand2) -> Opcode {
    let rn = hw(rn);
    match rhs {
        Operand2::Imm(imm) => {
            if op == CompareOp::Cmp && low(&[rn]) && imm.value() < 256 {
                return narrow(0x2800 | rn << 8 | imm.value());
            }
            modified_immediate(op.into(), true, PC, rn, imm)
        }
        Operand2::Reg { rm, shift } => {
            let rm = hw(rm);
            if shift.is_none() {
                match op {
                    CompareOp::Cmp if low(&[rn, rm]) => return narrow(0x4280 | rm << 3 | rn),
                    CompareOp::Cmp => {
                        return narrow(0x4500 | (rn >> 3) << 7 | rm << 3 | rn & 7);
                    }
                    CompareOp::Cmn if low(&[rn, rm]) => return narrow(0x42c0 | rm << 3 | rn),
                    CompareOp::Tst if low(&[rn, rm]) => return narrow(0x4200 | rm << 3 | rn),
                    _ => {}
                }
            }
            shifted_register(op.into(), true, PC, rn, rm, shift)
        }
    }
}

/// ORRS (register) into a register that is not low.
pub(super) fn orrs(rd: Reg, rn: Reg, rm: Reg) -> Opcode {
    shifted_register(Operation::Orr, true, hw(rd), hw(rn), hw(rm), Shift::NONE)
}

/// MOV (register) T1, or VMOV.
pub(super) fn mov(rd: Reg, rm: Reg) -> Opcode {
    match (rd.class(), rm.class()) {
        (RegClass::Int, RegClass::Int) => {}
        (RegClass::Float, RegClass::Float) => return vfp::mov(rd, rm),
        (RegClass::Float, _) => return vfp::from_core(rd, rm),
        (_, _) => return vfp::to_core(rd, rm),
    }
    let (rd, rm) = (hw(rd), hw(rm));
    narrow(0x4600 | (rd >> 3) << 7 | rm << 3 | rd & 7)
}

/// MVN (register).
pub(super) fn mvn(rd: Reg, rm: Reg, shift: Shift) -> Opcode {
    let (rd, rm) = (hw(rd), hw(rm));
    if shift.is_none() && low(&[rd, rm]) {
        return narrow(0x43c0 | rm << 3 | rd);
    }
    shifted_register(Operation::Orn, false, rd, PC, rm, shift)
}

/// MOV (immediate) T1, T2.
pub(super) fn mov_immediate(rd: Reg, imm: ModifiedImm) -> Opcode {
    let rd = hw(rd);
    if low(&[rd]) && imm.value() < 256 {
        return narrow(0x2000 | rd << 8 | imm.value());
    }
    modified_immediate(Operation::Orr, false, rd, PC, imm)
}

/// MVN (immediate).
pub(super) fn mvn_immediate(rd: Reg, imm: ModifiedImm) -> Opcode {
    modified_immediate(Operation::Orn, false, hw(rd), PC, imm)
}

/// MOV (immediate) T3.
pub(super) fn movw(rd: Reg, value: u16) -> Opcode {
    let value = u32::from(value);
    split_immediate(0xf240 | value >> 12, hw(rd), value & 0xfff)
}

/// MOVT.
pub(super) fn movt(rd: Reg, value: u16) -> Opcode {
    let value = u32::from(value);
    split_immediate(0xf2c0 | value >> 12, hw(rd), value & 0xfff)
}

/// LSL, LSR, ASR, ROR (immediate); MOV for no shift.
pub(super) fn shift_immediate(rd: Reg, rm: Reg, shift: Shift) -> Opcode {
    if shift.is_none() {
        return mov(rd, rm);
    }
    let (rd, rm) = (hw(rd), hw(rm));
    if low(&[rd, rm]) && shift.kind() != ShiftKind::Ror {
        let amount = u32::from(shift.amount()) & 31;
        return narrow((shift.kind() as u32) << 11 | amount << 6 | rm << 3 | rd);
    }
    shifted_register(Operation::Orr, false, rd, PC, rm, shift)
}

/// LSL, LSR, ASR, ROR (register).
pub(super) fn shift_register(kind: ShiftKind, rd: Reg, rn: Reg, rm: Reg) -> Opcode {
    let (rd, rn, rm) = (hw(rd), hw(rn), hw(rm));
    if low(&[rd, rm]) && rd == rn {
        let bits = match kind {
            ShiftKind::Lsl => 0x4080,
            ShiftKind::Lsr => 0x40c0,
            ShiftKind::Asr => 0x4100,
            ShiftKind::Ror => 0x41c0,
        };
        return narrow(bits | rm << 3 | rd);
    }
    wide(0xfa00 | (kind as u32) << 5 | rn, 0xf000 | rd << 8 | rm)
}

/// First halfword of SXTAH and its kin, without the addend's register.
fn extend_bits(op: ExtendOp) -> u32 {
    match op {
        ExtendOp::Sxth => 0xfa00,
        ExtendOp::Uxth => 0xfa10,
        ExtendOp::Sxtb => 0xfa40,
        ExtendOp::Uxtb => 0xfa50,
    }
}

/// UXTB, UXTH, SXTB, SXTH.
pub(super) fn extend(op: ExtendOp, rd: Reg, rm: Reg) -> Opcode {
    let (rd, rm) = (hw(rd), hw(rm));
    if low(&[rd, rm]) {
        let bits = match op {
            ExtendOp::Sxth => 0xb200,
            ExtendOp::Sxtb => 0xb240,
            ExtendOp::Uxth => 0xb280,
            ExtendOp::Uxtb => 0xb2c0,
        };
        return narrow(bits | rm << 3 | rd);
    }
    wide(extend_bits(op) | PC, 0xf080 | rd << 8 | rm)
}

/// UXTAB, UXTAH, SXTAB, SXTAH.
pub(super) fn extend_add(op: ExtendOp, rd: Reg, rn: Reg, rm: Reg) -> Opcode {
    wide(extend_bits(op) | hw(rn), 0xf080 | hw(rd) << 8 | hw(rm))
}

/// "Data processing (plain binary immediate)", the bit field instructions. `last` is the width
/// minus 1 or the most significant bit.
fn bit_field(first: u32, rd: u32, lsb: u8, last: u8) -> Opcode {
    let lsb = u32::from(lsb);
    wide(
        first,
        (lsb >> 2) << 12 | rd << 8 | (lsb & 3) << 6 | u32::from(last),
    )
}

/// UBFX, SBFX.
pub(super) fn extract(op: ExtractOp, rd: Reg, rn: Reg, lsb: u8, width: u8) -> Opcode {
    let first = match op {
        ExtractOp::Ubfx => 0xf3c0,
        ExtractOp::Sbfx => 0xf340,
    };
    bit_field(first | hw(rn), hw(rd), lsb, width - 1)
}

/// BFI.
pub(super) fn insert(rd: Reg, rn: Reg, lsb: u8, msb: u8) -> Opcode {
    bit_field(0xf360 | hw(rn), hw(rd), lsb, msb)
}

/// BFC.
pub(super) fn clear(rd: Reg, lsb: u8, msb: u8) -> Opcode {
    bit_field(0xf360 | PC, hw(rd), lsb, msb)
}

/// CLZ, RBIT, REV, REV16, REVSH.
pub(super) fn unary(op: UnaryOp, rd: Reg, rm: Reg) -> Opcode {
    let (rd, rm) = (hw(rd), hw(rm));
    let (short, first, second) = match op {
        UnaryOp::Clz => (None, 0xfab0, 0xf080),
        UnaryOp::Rbit => (None, 0xfa90, 0xf0a0),
        UnaryOp::Rev => (Some(0xba00), 0xfa90, 0xf080),
        UnaryOp::Rev16 => (Some(0xba40), 0xfa90, 0xf090),
        UnaryOp::Revsh => (Some(0xbac0), 0xfa90, 0xf0b0),
    };
    match short {
        Some(bits) if low(&[rd, rm]) => narrow(bits | rm << 3 | rd),
        _ => wide(first | rm, second | rd << 8 | rm),
    }
}

/// MUL.
pub(super) fn mul(rd: Reg, rn: Reg, rm: Reg) -> Opcode {
    let (rd, rn, rm) = (hw(rd), hw(rn), hw(rm));
    if low(&[rd, rn, rm]) && (rd == rn || rd == rm) {
        let other = if rd == rm { rn } else { rm };
        return narrow(0x4340 | other << 3 | rd);
    }
    wide(0xfb00 | rn, 0xf000 | rd << 8 | rm)
}

/// MLA, MLS.
pub(super) fn mul_acc(op: MulAccOp, rd: Reg, rn: Reg, rm: Reg, ra: Reg) -> Opcode {
    let subtract = match op {
        MulAccOp::Mla => 0,
        MulAccOp::Mls => 0x10,
    };
    let second = hw(ra) << 12 | hw(rd) << 8 | subtract | hw(rm);
    wide(0xfb00 | hw(rn), second)
}

/// UMULL, SMULL, and with `accumulate` UMLAL, SMLAL.
pub(super) fn mul_long(
    sign: Sign,
    accumulate: bool,
    rd_lo: Reg,
    rd_hi: Reg,
    rn: Reg,
    rm: Reg,
) -> Opcode {
    let first = match sign {
        Sign::Signed => 0xfb80,
        Sign::Unsigned => 0xfba0,
    };
    wide(
        first | u32::from(accumulate) << 6 | hw(rn),
        hw(rd_lo) << 12 | hw(rd_hi) << 8 | hw(rm),
    )
}

/// UDIV, SDIV.
pub(super) fn div(sign: Sign, rd: Reg, rn: Reg, rm: Reg) -> Opcode {
    let first = match sign {
        Sign::Signed => 0xfb90,
        Sign::Unsigned => 0xfbb0,
    };
    wide(first | hw(rn), 0xf0f0 | hw(rd) << 8 | hw(rm))
}

/// The encodings of one load or store.
pub(super) struct Access {
    /// Bytes, as a power of two.
    log2: u32,
    /// 16-bit form with a five-bit offset, in units of the width.
    imm5: Option<u32>,
    /// 16-bit form relative to `sp` with an eight-bit offset in words.
    sp_imm8: Option<u32>,
    /// 16-bit form with an index register.
    index: u32,
    /// First halfword of the 32-bit form with a twelve-bit offset; without bit 7 that of the
    /// forms with a negative offset or an index.
    imm12: u32,
}

impl Access {
    /// Loads.
    pub(super) fn load(op: LoadOp) -> Access {
        let (log2, imm5, sp_imm8, index, imm12) = match op {
            LoadOp::Ldr => (2, Some(0x6800), Some(0x9800), 0x5800, 0xf8d0),
            LoadOp::Ldrb => (0, Some(0x7800), None, 0x5c00, 0xf890),
            LoadOp::Ldrh => (1, Some(0x8800), None, 0x5a00, 0xf8b0),
            LoadOp::Ldrsb => (0, None, None, 0x5600, 0xf990),
            LoadOp::Ldrsh => (1, None, None, 0x5e00, 0xf9b0),
        };
        Access {
            log2,
            imm5,
            sp_imm8,
            index,
            imm12,
        }
    }

    /// Stores.
    pub(super) fn store(op: StoreOp) -> Access {
        let (log2, imm5, sp_imm8, index, imm12) = match op {
            StoreOp::Str => (2, Some(0x6000), Some(0x9000), 0x5000, 0xf8c0),
            StoreOp::Strb => (0, Some(0x7000), None, 0x5400, 0xf880),
            StoreOp::Strh => (1, Some(0x8000), None, 0x5200, 0xf8a0),
        };
        Access {
            log2,
            imm5,
            sp_imm8,
            index,
            imm12,
        }
    }

    /// At `base + offset`, −255 to 4095.
    pub(super) fn offset(&self, rt: Reg, base: Reg, offset: i32) -> Opcode {
        let (rt, rn) = (hw(rt), hw(base));
        let Ok(offset) = u32::try_from(offset) else {
            let below = offset.unsigned_abs();
            debug_assert!(below < 256);
            return wide(self.imm12 & !0x80 | rn, rt << 12 | 0xc00 | below);
        };
        debug_assert!(offset < 4096);
        let units = offset >> self.log2;
        if units << self.log2 == offset {
            match (self.imm5, self.sp_imm8) {
                (Some(bits), _) if low(&[rt, rn]) && units < 32 => {
                    return narrow(bits | units << 6 | rn << 3 | rt);
                }
                (_, Some(bits)) if low(&[rt]) && rn == SP && units < 256 => {
                    return narrow(bits | rt << 8 | units);
                }
                _ => {}
            }
        }
        wide(self.imm12 | rn, rt << 12 | offset)
    }

    /// At `base + (index << scale)`.
    pub(super) fn indexed(&self, rt: Reg, base: Reg, index: Reg, scale: u8) -> Opcode {
        let (rt, rn, rm) = (hw(rt), hw(base), hw(index));
        if low(&[rt, rn, rm]) && scale == 0 {
            return narrow(self.index | rm << 6 | rn << 3 | rt);
        }
        wide(
            self.imm12 & !0x80 | rn,
            rt << 12 | u32::from(scale) << 4 | rm,
        )
    }
}

/// PUSH.
pub(super) fn push(regs: RegSet) -> Opcode {
    let bits = u32::from(regs.bits());
    let single = regs.numbers().next().expect("at least one register");
    if bits & !(0xff | 1 << LR) == 0 {
        narrow(0xb400 | (bits >> LR & 1) << 8 | bits & 0xff)
    } else if regs.len() == 1 {
        wide(0xf84d, u32::from(single) << 12 | 0xd04)
    } else {
        wide(0xe92d, bits)
    }
}

/// POP.
pub(super) fn pop(regs: RegSet) -> Opcode {
    let bits = u32::from(regs.bits());
    let single = regs.numbers().next().expect("at least one register");
    if bits & !(0xff | 1 << PC) == 0 {
        narrow(0xbc00 | (bits >> PC & 1) << 8 | bits & 0xff)
    } else if regs.len() == 1 {
        wide(0xf85d, u32::from(single) << 12 | 0xb04)
    } else {
        wide(0xe8bd, bits)
    }
}

/// LDR (literal) T1: a low register from a word up to 1020 bytes behind `pc`.
pub(super) fn load_literal(rt: Reg, distance: i32) -> Opcode {
    narrow(0x4800 | hw(rt) << 8 | distance as u32 >> 2)
}

/// LDR (literal) T2: any register from ±4095 bytes around `pc`.
pub(super) fn load_literal_long(rt: Reg, distance: i32) -> Opcode {
    let up = u32::from(distance >= 0);
    wide(0xf85f | up << 7, hw(rt) << 12 | distance.unsigned_abs())
}

/// ADR T3 of `pc` rounded down to a word.
pub(super) fn adr(rd: Reg) -> Opcode {
    wide(0xf20f, hw(rd) << 8)
}

/// What makes a constant in a register of either class, without data; a float passes through `r12`.
pub(super) fn constant(rd: Reg, value: u32) -> impl Iterator<Item = Opcode> {
    let float = rd.class() == RegClass::Float;
    let core = if float { SCRATCH } else { rd };
    let (first, second) = match Constant::new(value, hw(core) < 8) {
        Constant::Mov(imm) => (mov_immediate(core, imm), None),
        Constant::Mvn(imm) => (mvn_immediate(core, imm), None),
        Constant::Movw(value) => (movw(core, value), None),
        Constant::MovwLsl(value, shift) => {
            (movw(core, value), Some(shift_immediate(core, core, shift)))
        }
        Constant::MovAdd(imm, byte) => (
            mov_immediate(core, imm),
            Some(add_immediate(false, core, core, byte.into())),
        ),
        Constant::MovwMovt(low, high) => (movw(core, low), Some(movt(core, high))),
    };
    let last = float.then(|| vfp::from_core(rd, core));
    std::iter::once(first).chain(second).chain(last)
}

/// How many bytes [`constant`] takes.
pub(super) fn constant_bytes(rd: Reg, value: u32) -> u32 {
    constant(rd, value).map(Opcode::bytes).sum()
}

/// LDM, whose base is one of the registers and so does not move.
pub(super) fn load_words(rn: Reg, regs: RegSet) -> Opcode {
    assert!(
        regs.contains(hw(rn) as u8),
        "the base is one of the registers"
    );
    narrow(0xc800 | hw(rn) << 8 | u32::from(regs.bits()))
}

/// STM, whose base moves.
pub(super) fn store_words(rn: Reg, regs: RegSet) -> Opcode {
    assert!(
        !regs.contains(hw(rn) as u8),
        "the base is none of the registers"
    );
    narrow(0xc000 | hw(rn) << 8 | u32::from(regs.bits()))
}

/// BX.
pub(super) fn bx(rm: Reg) -> Opcode {
    narrow(0x4700 | hw(rm) << 3)
}

/// BLX (register).
pub(super) fn blx(rm: Reg) -> Opcode {
    narrow(0x4780 | hw(rm) << 3)
}

/// IT for one instruction under `cond`, or with `or_else` for a second one under its inverse.
pub(super) fn it(cond: u32, or_else: bool) -> Opcode {
    // "ITE" has the inverse of the condition's bit 0 in the mask, then the end mark.
    let mask = if or_else {
        (!cond & 1) << 3 | 0b0100
    } else {
        0b1000
    };
    narrow(0xbf00 | cond << 4 | mask)
}
