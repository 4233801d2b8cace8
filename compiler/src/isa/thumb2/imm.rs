//! Immediates that are encodable once they exist.
//!
//! Section names are those of the Armv8-M Architecture Reference Manual (DDI0553).

use std::fmt;

/// A constant that the data-processing instructions hold in 12 bits: a byte, a byte repeated, or
/// a byte with its top bit set rotated right by 8–31.
///
/// Source: "Modified immediate constants", function `T32ExpandImm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ModifiedImm {
    value: u32,
    bits: u16,
}

impl ModifiedImm {
    /// Zero.
    pub const ZERO: ModifiedImm = ModifiedImm { value: 0, bits: 0 };

    /// `value`, if it has an encoding.
    pub const fn new(value: u32) -> Option<ModifiedImm> {
        let byte = value & 0xff;
        let bits = if value == byte {
            value
        } else if value == byte * 0x0001_0001 {
            0x100 | byte
        } else if value == value & 0xff00 | (value & 0xff00) << 16 {
            0x200 | (value >> 8) & 0xff
        } else if value == byte * 0x0101_0101 {
            0x300 | byte
        } else {
            // Eight bits from the topmost set one; a rotation by 8 puts that one at bit 31.
            let zeros = value.leading_zeros();
            if value.trailing_zeros() + zeros < 24 {
                return None;
            }
            (zeros + 8) << 7 | (value << zeros >> 24) & 0x7f
        };
        Some(ModifiedImm {
            value,
            bits: bits as u16,
        })
    }

    /// The constant.
    pub const fn value(self) -> u32 {
        self.value
    }

    /// The fields `i:imm3:imm8`, 12 bits.
    pub const fn bits(self) -> u16 {
        self.bits
    }
}

/// A constant that one ADD or SUB (immediate) adds: plus or minus a modified immediate (T3) or
/// twelve plain bits (T4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddImm(i32);

impl AddImm {
    /// `value`, if one instruction can add it.
    pub const fn new(value: i32) -> Option<AddImm> {
        let encodable = value.unsigned_abs() < 4096
            || ModifiedImm::new(value as u32).is_some()
            || ModifiedImm::new(value.wrapping_neg() as u32).is_some();
        if encodable { Some(AddImm(value)) } else { None }
    }

    /// The constant.
    pub const fn value(self) -> i32 {
        self.0
    }
}

impl AddImm {
    /// Whether SUB does it, and the constant that ADD or SUB then holds.
    pub(super) fn instruction(self) -> (bool, u32) {
        let magnitude = self.0.unsigned_abs();
        if magnitude < 4096 || ModifiedImm::new(magnitude).is_some() {
            (self.0 < 0, magnitude)
        } else {
            (self.0 >= 0, magnitude.wrapping_neg())
        }
    }
}

/// A constant that one MOV or MVN (immediate) loads: 16 plain bits, a modified immediate or the
/// complement of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MovImm(u32);

impl MovImm {
    /// `value`, if one instruction can load it.
    pub const fn new(value: u32) -> Option<MovImm> {
        let encodable = value <= 0xffff
            || ModifiedImm::new(value).is_some()
            || ModifiedImm::new(!value).is_some();
        if encodable { Some(MovImm(value)) } else { None }
    }

    /// The constant.
    pub const fn value(self) -> u32 {
        self.0
    }
}

/// A constant that VMOV (immediate) loads: a sign, four bits of fraction and an exponent of −3 to 4.
///
/// Source: "Modified immediate constants in floating-point instructions", function `VFPExpandImm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FloatImm(u8);

impl FloatImm {
    /// The f32 with these bits, if it has an encoding.
    pub const fn new(bits: u32) -> Option<FloatImm> {
        let exponent_top = bits >> 25 & 0x3f;
        let fraction_rest = bits & 0x7_ffff;
        if fraction_rest != 0 || (exponent_top != 0b10_0000 && exponent_top != 0b01_1111) {
            return None;
        }
        let sign = bits >> 31 << 7;
        Some(FloatImm((sign | bits >> 19 & 0x7f) as u8))
    }

    /// The constant with this field `imm8`: all of them mean something.
    pub const fn from_bits(imm8: u8) -> FloatImm {
        FloatImm(imm8)
    }

    /// The field `imm8`.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The constant, as the bits of an f32.
    pub const fn value(self) -> u32 {
        let imm8 = self.0 as u32;
        // Bit 6 of the field is the inverse of the exponent's top bit and all five bits below.
        let exponent_top = if imm8 & 0x40 == 0 {
            0b10_0000
        } else {
            0b01_1111
        };
        imm8 >> 7 << 31 | exponent_top << 25 | (imm8 & 0x3f) << 19
    }
}

/// The shortest way to a constant, from the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Constant {
    /// MOV (immediate) T1 or T2.
    Mov(ModifiedImm),
    /// MVN (immediate) of the complement.
    Mvn(ModifiedImm),
    /// MOV (immediate) T3.
    Movw(u16),
    /// MOVW, then LSL by a constant: 6 bytes in a low register.
    MovwLsl(u16, Shift),
    /// MOV (immediate), then ADD (immediate) of up to a byte: 6 bytes in a low register.
    MovAdd(ModifiedImm, u8),
    /// MOVW, then MOVT.
    MovwMovt(u16, u16),
}

impl Constant {
    /// How to load `value` into a low register (`r0`–`r7`) or another one.
    pub(super) fn new(value: u32, low: bool) -> Constant {
        if let Some(imm) = ModifiedImm::new(value) {
            return Constant::Mov(imm);
        }
        if let Some(imm) = ModifiedImm::new(!value) {
            return Constant::Mvn(imm);
        }
        if let Ok(value) = u16::try_from(value) {
            return Constant::Movw(value);
        }
        let zeros = value.trailing_zeros() as u8;
        if let (true, Ok(significant)) = (low, u16::try_from(value >> zeros)) {
            let shift = Shift::new(ShiftKind::Lsl, zeros).expect("fewer than 32 zeros");
            return Constant::MovwLsl(significant, shift);
        }
        if let (true, Some(high)) = (low, ModifiedImm::new(value & !0xff)) {
            return Constant::MovAdd(high, value as u8);
        }
        Constant::MovwMovt(value as u16, (value >> 16) as u16)
    }
}

/// How a second operand is shifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ShiftKind {
    /// Left.
    Lsl = 0,
    /// Right, zeros come in.
    Lsr = 1,
    /// Right, the sign comes in.
    Asr = 2,
    /// Right, around the end.
    Ror = 3,
}

impl ShiftKind {
    /// All, in the order of their encoding.
    pub const ALL: [ShiftKind; 4] = [
        ShiftKind::Lsl,
        ShiftKind::Lsr,
        ShiftKind::Asr,
        ShiftKind::Ror,
    ];

    /// The mnemonic.
    pub const fn name(self) -> &'static str {
        match self {
            ShiftKind::Lsl => "lsl",
            ShiftKind::Lsr => "lsr",
            ShiftKind::Asr => "asr",
            ShiftKind::Ror => "ror",
        }
    }
}

/// A shift by a constant: LSL 0–31, LSR and ASR 1–32, ROR 1–31.
///
/// Source: "Shift operations", function `DecodeImmShift`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shift {
    kind: ShiftKind,
    amount: u8,
}

impl Shift {
    /// No shift, which is LSL #0.
    pub const NONE: Shift = Shift {
        kind: ShiftKind::Lsl,
        amount: 0,
    };

    /// A shift by `amount`, if there is an encoding.
    pub const fn new(kind: ShiftKind, amount: u8) -> Option<Shift> {
        let encodable = match kind {
            ShiftKind::Lsl => amount < 32,
            ShiftKind::Lsr | ShiftKind::Asr => amount >= 1 && amount <= 32,
            ShiftKind::Ror => amount >= 1 && amount < 32,
        };
        if encodable {
            Some(Shift { kind, amount })
        } else {
            None
        }
    }

    /// The direction.
    pub const fn kind(self) -> ShiftKind {
        self.kind
    }

    /// The amount, 0–32.
    pub const fn amount(self) -> u8 {
        self.amount
    }

    /// Whether nothing is shifted.
    pub const fn is_none(self) -> bool {
        self.amount == 0
    }
}

/// Prints what follows the register: nothing, or `, lsl #3`.
impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return Ok(());
        }
        write!(f, ", {} #{}", self.kind.name(), self.amount)
    }
}

/// A left shift of an index register in an address: 0–3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scale(u8);

impl Scale {
    /// No shift.
    pub const NONE: Scale = Scale(0);

    /// A shift by `amount`, if it is at most 3.
    pub const fn new(amount: u8) -> Option<Scale> {
        if amount <= 3 {
            Some(Scale(amount))
        } else {
            None
        }
    }

    /// The amount, 0–3.
    pub const fn amount(self) -> u8 {
        self.0
    }
}

/// Adjacent bits of a word: `width` ≥ 1 bits from bit `lsb` on, ending at bit 31 at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BitRange {
    lsb: u8,
    width: u8,
}

impl BitRange {
    /// The range, if it lies in a word.
    pub const fn new(lsb: u8, width: u8) -> Option<BitRange> {
        if lsb < 32 && width >= 1 && width <= 32 - lsb {
            Some(BitRange { lsb, width })
        } else {
            None
        }
    }

    /// Lowest bit, 0–31.
    pub const fn lsb(self) -> u8 {
        self.lsb
    }

    /// Highest bit, 0–31.
    pub const fn msb(self) -> u8 {
        self.lsb + self.width - 1
    }

    /// Number of bits, 1–32.
    pub const fn width(self) -> u8 {
        self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manual's pseudocode of `T32ExpandImm`.
    fn expand(bits: u16) -> u32 {
        let byte = u32::from(bits & 0xff);
        match bits >> 8 & 0xf {
            0 => byte,
            1 => byte << 16 | byte,
            2 => byte << 24 | byte << 8,
            3 => byte * 0x0101_0101,
            _ => (byte & 0x7f | 0x80).rotate_right(u32::from(bits >> 7)),
        }
    }

    #[test]
    fn every_modified_immediate_is_found() {
        for bits in 0..4096 {
            let value = expand(bits);
            let imm = ModifiedImm::new(value).expect("the manual expands to it");
            assert_eq!(expand(imm.bits()), value, "bits {bits:#x}");
        }
    }

    #[test]
    fn other_constants_are_refused() {
        for value in [
            0x101,
            0x1fe01,
            0x00ab_00cd,
            0xff00_00ff,
            0x8000_0001,
            0x1_fe00_u32 | 1,
        ] {
            assert_eq!(ModifiedImm::new(value), None, "{value:#x}");
        }
        assert!(AddImm::new(-4095).is_some());
        assert!(AddImm::new(-4097).is_none());
        assert!(AddImm::new(i32::MIN).is_some());
        assert!(MovImm::new(0xffff_ff00).is_some());
        assert!(MovImm::new(0x1_0001).is_some());
        assert!(MovImm::new(0x1_2345).is_none());
    }

    #[test]
    fn constants_are_what_their_instructions_make() {
        let mut value = 1_u32;
        for round in 0..20_000_u32 {
            value = value.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let wanted = match round % 4 {
                0 => value,
                1 => (value >> 16) << ((round >> 2) % 17),
                2 => ((value >> 24) << ((round >> 2) % 25)) | value >> 8 & 0xff,
                _ => !((value >> 24) << ((round >> 2) % 25)),
            };
            for low in [false, true] {
                let made = match Constant::new(wanted, low) {
                    Constant::Mov(imm) => imm.value(),
                    Constant::Mvn(imm) => !imm.value(),
                    Constant::Movw(value) => value.into(),
                    Constant::MovwLsl(value, shift) => u32::from(value) << shift.amount(),
                    Constant::MovAdd(imm, byte) => imm.value() + u32::from(byte),
                    Constant::MovwMovt(low, high) => u32::from(high) << 16 | u32::from(low),
                };
                assert_eq!(made, wanted);
            }
            if let Some(imm) = AddImm::new(wanted as i32) {
                let (sub, constant) = imm.instruction();
                let added = if sub {
                    constant.wrapping_neg()
                } else {
                    constant
                };
                assert_eq!(added, wanted);
            }
        }
    }

    #[test]
    fn shift_limits() {
        assert!(Shift::new(ShiftKind::Lsl, 32).is_none());
        assert!(Shift::new(ShiftKind::Lsr, 0).is_none());
        assert!(Shift::new(ShiftKind::Asr, 32).is_some());
        assert!(Shift::new(ShiftKind::Ror, 32).is_none());
        assert!(BitRange::new(31, 1).is_some());
        assert!(BitRange::new(31, 2).is_none());
        assert!(BitRange::new(0, 32).is_some());
    }
}
