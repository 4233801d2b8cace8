//! Who can run an image: the architecture and the features that its code relies on.

use core::fmt;
use core::ops::{BitOr, BitOrAssign};

/// The instruction set of an image's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u16)]
pub enum Architecture {
    /// Thumb-2 of Armv7-M and later.
    Thumb = 1,
    /// RISC-V with 32-bit registers.
    RiscV32 = 2,
}

impl Architecture {
    /// The architecture with this number.
    pub const fn from_u16(number: u16) -> Option<Architecture> {
        match number {
            1 => Some(Architecture::Thumb),
            2 => Some(Architecture::RiscV32),
            _ => None,
        }
    }

    /// What is set in the address of a function besides its offset: bit 0 on Thumb (the state
    /// bit of `BX` and `BLX`), nothing on RISC-V.
    pub const fn code_bit(self) -> u32 {
        match self {
            Architecture::Thumb => 1,
            Architecture::RiscV32 => 0,
        }
    }

    const fn feature_names(self) -> &'static [&'static str] {
        match self {
            Architecture::Thumb => &[
                "DSP",
                "FPU",
                "double-precision FPU",
                "Armv8-M",
                "hard-float ABI",
                "soft-float ABI",
            ],
            Architecture::RiscV32 => &[
                "M",
                "A",
                "C",
                "F",
                "D",
                "Zba",
                "Zbb",
                "Zbs",
                "Zcb",
                "misaligned access",
                "hard-float ABI",
                "soft-float ABI",
            ],
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Architecture::Thumb => "Thumb",
            Architecture::RiscV32 => "RV32",
        })
    }
}

/// A set of features of a core: what an image requires or what a core has.
///
/// The meaning of a bit depends on the [`Architecture`]. An image runs where everything that it
/// requires is there, so a bit that a loader does not know is refused without a rule of its own.
/// The two float ABIs are separate bits because neither contains the other: an image requires
/// the one that its import thunks speak when floats cross them, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Features(pub u32);

impl Features {
    /// Nothing beyond the base architecture.
    pub const NONE: Features = Features(0);

    /// Thumb: the DSP extension of Armv7E-M and Armv8-M.
    pub const THUMB_DSP: Features = Features(1 << 0);
    /// Thumb: single-precision floating point (FPv4-SP or FPv5).
    pub const THUMB_FPU: Features = Features(1 << 1);
    /// Thumb: double-precision floating point.
    pub const THUMB_FPU_DOUBLE: Features = Features(1 << 2);
    /// Thumb: Armv8-M Mainline, and FPv5 where there is an FPU.
    pub const THUMB_V8M: Features = Features(1 << 3);
    /// Thumb: host functions take floats in floating-point registers (AAPCS-VFP).
    pub const THUMB_HARD_FLOAT_ABI: Features = Features(1 << 4);
    /// Thumb: host functions take floats in core registers (base AAPCS).
    pub const THUMB_SOFT_FLOAT_ABI: Features = Features(1 << 5);

    /// RISC-V: multiplication and division.
    pub const RISCV_M: Features = Features(1 << 0);
    /// RISC-V: atomics.
    pub const RISCV_A: Features = Features(1 << 1);
    /// RISC-V: compressed instructions.
    pub const RISCV_C: Features = Features(1 << 2);
    /// RISC-V: single-precision floating point.
    pub const RISCV_F: Features = Features(1 << 3);
    /// RISC-V: double-precision floating point.
    pub const RISCV_D: Features = Features(1 << 4);
    /// RISC-V: address generation.
    pub const RISCV_ZBA: Features = Features(1 << 5);
    /// RISC-V: basic bit manipulation.
    pub const RISCV_ZBB: Features = Features(1 << 6);
    /// RISC-V: single-bit instructions.
    pub const RISCV_ZBS: Features = Features(1 << 7);
    /// RISC-V: additional compressed instructions.
    pub const RISCV_ZCB: Features = Features(1 << 8);
    /// RISC-V: misaligned loads and stores are done in hardware.
    pub const RISCV_MISALIGNED: Features = Features(1 << 9);
    /// RISC-V: host functions take floats in floating-point registers.
    pub const RISCV_HARD_FLOAT_ABI: Features = Features(1 << 10);
    /// RISC-V: host functions take floats in integer registers.
    pub const RISCV_SOFT_FLOAT_ABI: Features = Features(1 << 11);

    /// What is in `self` and not in `other`.
    pub const fn without(self, other: Features) -> Features {
        Features(self.0 & !other.0)
    }

    /// What is in `self` or in `other`.
    pub const fn with(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }

    /// Whether all of `other` is in `self`.
    pub const fn contains(self, other: Features) -> bool {
        other.without(self).0 == 0
    }

    /// For display: the features by name, `bit N` for those without one.
    pub const fn names(self, architecture: Architecture) -> FeatureNames {
        FeatureNames(self, architecture)
    }
}

impl BitOr for Features {
    type Output = Features;

    fn bitor(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }
}

impl BitOrAssign for Features {
    fn bitor_assign(&mut self, other: Features) {
        self.0 |= other.0;
    }
}

/// Displays a set of features by name.
#[derive(Clone, Copy, Debug)]
pub struct FeatureNames(Features, Architecture);

impl fmt::Display for FeatureNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == Features::NONE {
            return f.write_str("none");
        }
        let mut separator = "";
        for bit in (0..u32::BITS).filter(|bit| self.0.0 & 1 << bit != 0) {
            f.write_str(separator)?;
            match self.1.feature_names().get(bit as usize) {
                Some(name) => f.write_str(name)?,
                None => write!(f, "bit {bit}")?,
            }
            separator = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::{Architecture, Features};
    use std::string::ToString;

    #[test]
    fn sets_are_named_by_architecture() {
        let set = Features(1 << 1 | 1 << 3 | 1 << 31);
        let names = |architecture| set.names(architecture).to_string();
        assert_eq!(names(Architecture::Thumb), "FPU, Armv8-M, bit 31");
        assert_eq!(names(Architecture::RiscV32), "A, F, bit 31");
        assert_eq!(
            Features::NONE.names(Architecture::Thumb).to_string(),
            "none"
        );
        assert!(set.contains(Features::THUMB_FPU));
        assert_eq!(set.without(Features(1 << 3)), Features(1 << 1 | 1 << 31));
    }
}
