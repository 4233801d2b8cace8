//! The register roles.
//!
//! | register | role |
//! |---|---|
//! | `r0`–`r3` | arguments and results; a call destroys them |
//! | `r4`–`r8` | a function that uses them saves them |
//! | `r9` | belongs to the firmware, never touched |
//! | `r10` | the context; written by entry thunks only |
//! | `r11` | the base of memory 0; written by entry thunks only |
//! | `r12` | scratch within one emitted instruction or move, never live between two |
//! | `r13` | the stack pointer, moved by constants |
//! | `r14` | the return address; an ordinary register once it is saved |
//! | `r15` | the program counter |
//! | `s0`–`s3` | f32 arguments and results, where there is an FPU |
//! | `s4`–`s15` | f32 values; a call destroys them, as it does `s0`–`s3` |
//! | `s16`–`s31` | never touched: the host's functions want them back as they were |
//!
//! The 16-bit encodings reach `r0`–`r7` only, so the allocator takes these first.

use std::fmt;

use regalloc2::{MachineEnv, PReg, PRegSet, RegClass};

use crate::mach::choices::Registers;
use crate::mach::reg::Reg;

/// The integer register `r{number}`.
pub const fn r(number: u8) -> Reg {
    Reg::physical(number, RegClass::Int)
}

/// The integer register `r{number}`, as regalloc2 names it.
pub const fn preg(number: u8) -> PReg {
    PReg::new(number as usize, RegClass::Int)
}

/// The floating-point register `s{number}`.
pub const fn s(number: u8) -> Reg {
    Reg::physical(number, RegClass::Float)
}

/// The floating-point register `s{number}`, as regalloc2 names it.
pub const fn float_preg(number: u8) -> PReg {
    PReg::new(number as usize, RegClass::Float)
}

/// Address of the instance's context.
pub const CONTEXT: Reg = r(10);
/// Address of byte 0 of memory 0.
pub const MEMORY_BASE: Reg = r(11);
/// Free for one instruction's emission; no value stays in it.
pub const SCRATCH: Reg = r(12);
/// The stack pointer.
pub const SP: Reg = r(13);
/// The return address.
pub const LR: Reg = r(14);
/// The program counter.
pub const PC: Reg = r(15);

/// Registers of the first argument words and of the first result words.
pub const ARGUMENTS: [PReg; 4] = [preg(0), preg(1), preg(2), preg(3)];

/// Registers of the first f32 arguments and of the first f32 results.
pub const FLOAT_ARGUMENTS: [PReg; 4] = [float_preg(0), float_preg(1), float_preg(2), float_preg(3)];

/// The floating-point registers that code uses are `s0` up to this one.
const LAST_FLOAT: u8 = 15;

/// Registers that a function leaves as it found them, as far as it may use them.
pub const CALLEE_SAVED: RegSet = RegSet::of(&[4, 5, 6, 7, 8]);

/// Registers that an internal call destroys, beside those of [`floats`].
pub const CALLER_SAVED: RegSet = RegSet::of(&[0, 1, 2, 3, 14]);

/// The floating-point registers that code uses, all of which a call destroys.
pub fn floats() -> PRegSet {
    let mut set = PRegSet::empty();
    (0..=LAST_FLOAT).for_each(|n| set.add(float_preg(n)));
    set
}

/// The registers that allocation works with: `r0`–`r7` first, then `r8` and `lr`, and where there
/// is an FPU `s0`–`s15`. `r8` costs four bytes: PUSH and POP have short forms for the others.
pub fn machine_env(fpu: bool, registers: Registers) -> MachineEnv {
    let none = PRegSet::empty();
    let high = match registers {
        Registers::All => RegSet::of(&[8, 14]),
        Registers::Cheap => RegSet::of(&[14]),
    };
    let floats = if fpu { floats() } else { none };
    MachineEnv {
        preferred_regs_by_class: [RegSet::of(&[0, 1, 2, 3, 4, 5, 6, 7]).pregs(), floats, none],
        non_preferred_regs_by_class: [high.pregs(), none, none],
        scratch_by_class: [None; 3],
        fixed_stack_slots: Vec::new(),
    }
}

/// A set of the integer registers, bit *n* for `r{n}`, as in the lists of PUSH and POP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RegSet(u16);

impl RegSet {
    /// No register.
    pub const EMPTY: RegSet = RegSet(0);

    /// The registers with these numbers (0–15).
    pub const fn of(numbers: &[u8]) -> RegSet {
        let mut bits = 0;
        let mut i = 0;
        while i < numbers.len() {
            bits |= 1 << numbers[i];
            i += 1;
        }
        RegSet(bits)
    }

    /// One bit per register.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// How many registers.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `r{number}` is in the set.
    pub const fn contains(self, number: u8) -> bool {
        self.0 & 1 << number != 0
    }

    /// The set with `r{number}`.
    #[must_use]
    pub const fn with(self, number: u8) -> RegSet {
        RegSet(self.0 | 1 << number)
    }

    /// The set without `r{number}`.
    #[must_use]
    pub const fn without(self, number: u8) -> RegSet {
        RegSet(self.0 & !(1 << number))
    }

    /// The registers' numbers, ascending.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (0..16).filter(move |&n| self.contains(n))
    }

    /// The set as regalloc2 has it.
    pub fn pregs(self) -> PRegSet {
        let mut set = PRegSet::empty();
        self.numbers().for_each(|n| set.add(preg(n)));
        set
    }
}

/// A register in assembly text: `r7`, `sp`, `s3`, or `v12` for a virtual one.
#[derive(Clone, Copy)]
pub struct Name(pub Reg);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.real().map(PReg::hw_enc) {
            Some(n) if self.0.class() == RegClass::Float => write!(f, "s{n}"),
            Some(13) => f.write_str("sp"),
            Some(14) => f.write_str("lr"),
            Some(15) => f.write_str("pc"),
            Some(n) => write!(f, "r{n}"),
            None => write!(f, "{:?}", self.0),
        }
    }
}

impl fmt::Display for RegSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, n) in self.numbers().enumerate() {
            let separator = if i == 0 { "" } else { ", " };
            write!(f, "{separator}{}", Name(r(n)))?;
        }
        f.write_str("}")
    }
}
