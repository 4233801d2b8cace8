//! The register roles.
//!
//! | register | role |
//! |---|---|
//! | `zero` (x0) | the constant 0 |
//! | `ra` (x1) | the return address; an ordinary register once it is saved |
//! | `sp` (x2) | the stack pointer, moved by constants |
//! | `gp`, `tp` (x3, x4) | belong to the firmware, never touched |
//! | `t0`–`t5` (x5–x7, x28–x30) | a call destroys them |
//! | `a0`–`a3` (x10–x13) | arguments and results; a call destroys them |
//! | `a4`–`a7` (x14–x17) | a call destroys them |
//! | `s0`–`s9` (x8, x9, x18–x25) | a function that uses them saves them |
//! | `s10` (x26) | the base of memory 0; written by entry thunks only |
//! | `s11` (x27) | the context; written by entry thunks only |
//! | `t6` (x31) | scratch within one emitted instruction or move, never live between two |
//! | `fa0`–`fa3` (f10–f13) | f32 arguments and results; a call destroys them |
//! | `fa4`–`fa7`, `ft0`–`ft11` (f14–f17, f0–f7, f28–f31) | a call destroys them |
//! | `fs0`–`fs11` (f8, f9, f18–f27) | belong to the host, never touched |
//!
//! Most compressed encodings reach `x8`–`x15` only. The allocator takes those of them first that need
//! not be saved, and no pinned register is one of them: a value of the module stands in nearly every
//! instruction, the context in few. The pinned ones are callee-saved in the C ABI, so host functions
//! keep them.
//!
//! Source: RISC-V ABIs Specification, "Integer Register Convention"; the unprivileged manual,
//! "C" extension, "Overview".

use std::fmt;

use regalloc2::{MachineEnv, PReg, PRegSet, RegClass};

use crate::mach::reg::Reg;

/// The integer register `x{number}`.
pub const fn x(number: u8) -> Reg {
    Reg::physical(number, RegClass::Int)
}

/// The integer register `x{number}`, as regalloc2 names it.
pub const fn preg(number: u8) -> PReg {
    PReg::new(number as usize, RegClass::Int)
}

/// The floating-point register `f{number}`.
pub const fn f(number: u8) -> Reg {
    Reg::physical(number, RegClass::Float)
}

/// Always 0.
pub const ZERO: Reg = x(0);
/// The return address.
pub const RA: Reg = x(1);
/// The stack pointer.
pub const SP: Reg = x(2);
/// A register that is free where a function begins.
pub const T5: Reg = x(30);
/// Address of byte 0 of memory 0.
pub const MEMORY_BASE: Reg = x(26);
/// Address of the instance's context.
pub const CONTEXT: Reg = x(27);
/// Free for one instruction's emission; no value stays in it.
pub const SCRATCH: Reg = x(31);

/// Registers of the first argument words and of the first result words.
pub const ARGUMENTS: [PReg; 4] = [preg(10), preg(11), preg(12), preg(13)];

/// Registers of the first f32 arguments and of the first f32 results.
pub const FLOAT_ARGUMENTS: [PReg; 4] = [
    float_preg(10),
    float_preg(11),
    float_preg(12),
    float_preg(13),
];

/// Registers of f32 arguments in the C ABI that has any.
pub const C_FLOAT_ARGUMENTS: [PReg; 8] = [
    float_preg(10),
    float_preg(11),
    float_preg(12),
    float_preg(13),
    float_preg(14),
    float_preg(15),
    float_preg(16),
    float_preg(17),
];

const fn float_preg(number: u8) -> PReg {
    PReg::new(number as usize, RegClass::Float)
}

/// Registers of arguments in the C ABI.
pub const C_ARGUMENTS: [PReg; 8] = [
    preg(10),
    preg(11),
    preg(12),
    preg(13),
    preg(14),
    preg(15),
    preg(16),
    preg(17),
];

/// Registers that a function leaves as it found them, as far as it may use them.
pub const CALLEE_SAVED: RegSet = RegSet::of(&[8, 9, 18, 19, 20, 21, 22, 23, 24, 25]);

/// Registers that an internal call destroys.
pub const CALLER_SAVED: RegSet =
    RegSet::of(&[1, 5, 6, 7, 10, 11, 12, 13, 14, 15, 16, 17, 28, 29, 30]);

/// Floating-point registers that allocation works with where there are any, those of the compressed
/// encodings first. A call destroys all of them.
const FLOATS: [RegSet; 2] = [
    RegSet::of(&[10, 11, 12, 13, 14, 15]),
    RegSet::of(&[0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 28, 29, 30, 31]),
];

/// All registers that an internal call destroys.
pub fn caller_saved() -> PRegSet {
    let mut set = CALLER_SAVED.pregs(RegClass::Int);
    for floats in FLOATS {
        set.union_from(floats.pregs(RegClass::Float));
    }
    set
}

/// The registers that allocation works with: first those of the compressed encodings that a
/// function need not save.
pub fn machine_env() -> MachineEnv {
    let none = PRegSet::empty();
    let preferred = RegSet::of(&[10, 11, 12, 13, 14, 15]);
    let others = RegSet(CALLEE_SAVED.0 | CALLER_SAVED.0).difference(preferred);
    let [preferred_floats, other_floats] = FLOATS.map(|set| set.pregs(RegClass::Float));
    MachineEnv {
        preferred_regs_by_class: [preferred.pregs(RegClass::Int), preferred_floats, none],
        non_preferred_regs_by_class: [others.pregs(RegClass::Int), other_floats, none],
        scratch_by_class: [None; 3],
        fixed_stack_slots: Vec::new(),
    }
}

/// A set of the registers of one class, bit *n* for `x{n}` or `f{n}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RegSet(u32);

impl RegSet {
    /// The registers with these numbers (0–31).
    pub const fn of(numbers: &[u8]) -> RegSet {
        let mut bits = 0;
        let mut i = 0;
        while i < numbers.len() {
            bits |= 1 << numbers[i];
            i += 1;
        }
        RegSet(bits)
    }

    /// How many registers.
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the register with this number is in the set.
    pub const fn contains(self, number: u8) -> bool {
        self.0 & 1 << number != 0
    }

    /// The registers that are in this set and not in `other`.
    #[must_use]
    pub const fn difference(self, other: RegSet) -> RegSet {
        RegSet(self.0 & !other.0)
    }

    /// The registers' numbers, ascending.
    pub fn numbers(self) -> impl Iterator<Item = u8> {
        (0..32).filter(move |&n| self.contains(n))
    }

    /// The registers of `class` with these numbers, as regalloc2 has a set.
    pub fn pregs(self, class: RegClass) -> PRegSet {
        let mut set = PRegSet::empty();
        let registers = self.numbers().map(|n| PReg::new(n.into(), class));
        registers.for_each(|register| set.add(register));
        set
    }
}

/// The names of the ABI, by number.
const NAMES: [&str; 32] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4",
    "a5", "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4",
    "t5", "t6",
];

const FLOAT_NAMES: [&str; 32] = [
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2",
    "fa3", "fa4", "fa5", "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9",
    "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
];

/// A register in assembly text: `a7`, `sp`, or `v12` for a virtual one.
#[derive(Clone, Copy)]
pub struct Name(pub Reg);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = match self.0.class() {
            RegClass::Float => &FLOAT_NAMES,
            _ => &NAMES,
        };
        match self.0.real().and_then(|preg| names.get(preg.hw_enc())) {
            Some(name) => f.write_str(name),
            None => write!(f, "{:?}", self.0),
        }
    }
}
