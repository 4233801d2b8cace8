//! Immediates that are encodable once they exist.
//!
//! Source: The RISC-V Instruction Set Manual, Volume I, "RV32I", "Immediate Encoding Variants".

/// A signed constant of 12 bits: the immediate of I- and S-type instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Imm12(i16);

impl Imm12 {
    /// `value`, if it can be encoded.
    pub fn new(value: i32) -> Option<Imm12> {
        (-2048..2048)
            .contains(&value)
            .then_some(Imm12(value as i16))
    }

    /// The constant.
    pub fn value(self) -> i32 {
        self.0.into()
    }
}

/// A constant as LUI and ADDI make it: `high` is a multiple of 4096, and both add up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// What LUI loads.
    pub high: u32,
    /// What ADDI, or the displacement of an access, adds.
    pub low: Imm12,
}

impl Parts {
    /// The parts of a constant.
    pub fn of(value: u32) -> Parts {
        // The low part is signed, so the high one may be the next.
        let low = (value << 20) as i32 >> 20;
        Parts {
            high: value.wrapping_sub(low as u32),
            low: Imm12(low as i16),
        }
    }
}

/// An amount of a shift of a word: 0 to 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amount(u8);

impl Amount {
    /// `amount`, if it is within the word.
    pub fn new(amount: u32) -> Option<Amount> {
        (amount < 32).then_some(Amount(amount as u8))
    }

    /// The amount.
    pub fn value(self) -> u32 {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up() {
        for value in [
            0,
            1,
            0x7ff,
            0x800,
            0xfff,
            0x1000,
            0x7fff_ffff,
            0x8000_0000,
            u32::MAX,
        ] {
            let parts = Parts::of(value);
            assert_eq!(parts.high & 0xfff, 0);
            assert_eq!(parts.high.wrapping_add(parts.low.value() as u32), value);
        }
    }

    #[test]
    fn bounds() {
        assert!(Imm12::new(2047).is_some() && Imm12::new(-2048).is_some());
        assert!(Imm12::new(2048).is_none() && Imm12::new(-2049).is_none());
        assert!(Amount::new(31).is_some() && Amount::new(32).is_none());
    }
}
