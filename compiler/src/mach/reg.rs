//! Registers of machine instructions, before and after allocation.
//!
//! An instruction names its registers as [`Reg`]s. Selection fills in virtual ones (and the few
//! physical ones that never take part in allocation), an [`OperandVisitor`] shows them to
//! regalloc2, and a second walk with [`Substitution`] replaces each by what was allocated. Both
//! walks are the same function of the instruction, so they cannot disagree about the order.

use std::fmt;

use regalloc2::{
    Allocation, Operand, OperandConstraint, OperandKind, OperandPos, PReg, RegClass, VReg,
};

/// Virtual register numbers below this one stand for the physical registers (three classes of 64).
const PINNED: usize = 3 << PReg::MAX_BITS;

/// A virtual or a physical register, in 32 bits.
///
/// A physical register is the virtual register whose number is the physical one's index; real
/// virtual registers are numbered from [`Reg::FIRST_VIRTUAL`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reg(u32);

impl Reg {
    /// The number of the first virtual register that stands for no physical one.
    pub const FIRST_VIRTUAL: usize = PINNED;

    /// The physical register with hardware number `hw` (0–63).
    pub const fn physical(hw: u8, class: RegClass) -> Reg {
        Reg::of_preg(PReg::new(hw as usize, class))
    }

    /// The physical register `preg`.
    pub const fn of_preg(preg: PReg) -> Reg {
        Reg(VReg::new(preg.index(), preg.class()).bits() as u32)
    }

    /// The virtual register `vreg`, whose number is at least [`Reg::FIRST_VIRTUAL`].
    pub const fn virt(vreg: VReg) -> Reg {
        debug_assert!(vreg.vreg() >= PINNED);
        Reg(vreg.bits() as u32)
    }

    /// The register as regalloc2 numbers it, whether virtual or physical.
    pub const fn to_vreg(self) -> VReg {
        VReg::from_bits(self.0)
    }

    /// The physical register, if this is one.
    pub const fn real(self) -> Option<PReg> {
        let number = self.to_vreg().vreg();
        if number < PINNED {
            Some(PReg::from_index(number))
        } else {
            None
        }
    }

    /// Which registers this one can be allocated to.
    pub const fn class(self) -> RegClass {
        self.to_vreg().class()
    }
}

impl fmt::Debug for Reg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.real() {
            Some(preg) => write!(f, "{preg}"),
            None => write!(f, "v{}", self.to_vreg().vreg() - PINNED),
        }
    }
}

/// A value bound to one physical register: an argument or result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedReg {
    /// The value.
    pub reg: Reg,
    /// Where the calling convention wants it.
    pub at: PReg,
}

/// Sees every register operand of an instruction, in an order that depends on the kind of the
/// instruction only.
///
/// *Early* and *late* are regalloc2's two points of an instruction: inputs are read early and
/// results are written late, so a result may take the register of an input. An instruction that
/// writes before it has read everything marks that result as early.
pub trait OperandVisitor {
    /// One operand; an implementation may replace the register.
    fn operand(
        &mut self,
        reg: &mut Reg,
        constraint: OperandConstraint,
        kind: OperandKind,
        pos: OperandPos,
    );

    /// An input.
    fn reg_use(&mut self, reg: &mut Reg) {
        self.operand(
            reg,
            OperandConstraint::Reg,
            OperandKind::Use,
            OperandPos::Early,
        );
    }

    /// An input that is read after some result was written: no result may take its register.
    fn reg_late_use(&mut self, reg: &mut Reg) {
        self.operand(
            reg,
            OperandConstraint::Reg,
            OperandKind::Use,
            OperandPos::Late,
        );
    }

    /// A result.
    fn reg_def(&mut self, reg: &mut Reg) {
        self.operand(
            reg,
            OperandConstraint::Reg,
            OperandKind::Def,
            OperandPos::Late,
        );
    }

    /// A result that is written before all inputs are read: it shares no register with one.
    fn reg_early_def(&mut self, reg: &mut Reg) {
        self.operand(
            reg,
            OperandConstraint::Reg,
            OperandKind::Def,
            OperandPos::Early,
        );
    }

    /// A result in the register of the instruction's input number `input` (0 = first operand).
    fn reg_reuse_def(&mut self, reg: &mut Reg, input: usize) {
        self.operand(
            reg,
            OperandConstraint::Reuse(input),
            OperandKind::Def,
            OperandPos::Late,
        );
    }

    /// An input in a given register.
    fn fixed_use(&mut self, fixed: &mut FixedReg) {
        self.operand(
            &mut fixed.reg,
            OperandConstraint::FixedReg(fixed.at),
            OperandKind::Use,
            OperandPos::Early,
        );
    }

    /// A result in a given register.
    fn fixed_def(&mut self, fixed: &mut FixedReg) {
        self.operand(
            &mut fixed.reg,
            OperandConstraint::FixedReg(fixed.at),
            OperandKind::Def,
            OperandPos::Late,
        );
    }
}

/// Collects the operands of instructions for regalloc2.
///
/// Physical registers that an instruction names are outside the `MachineEnv`: they appear as fixed
/// non-allocatable operands, so that the numbers of operands do not depend on them.
#[derive(Debug, Default)]
pub struct Collector {
    /// The operands seen so far, of all instructions visited.
    pub operands: Vec<Operand>,
}

impl OperandVisitor for Collector {
    fn operand(
        &mut self,
        reg: &mut Reg,
        constraint: OperandConstraint,
        kind: OperandKind,
        pos: OperandPos,
    ) {
        self.operands.push(match reg.real() {
            Some(preg) => Operand::fixed_nonallocatable(preg),
            None => Operand::new(reg.to_vreg(), constraint, kind, pos),
        });
    }
}

/// Replaces the registers of one instruction by what was allocated for it.
///
/// # Panics
/// When the allocations are not those of the instruction visited: fewer of them, or one that is
/// not a register (no instruction of this compiler has operands in memory).
#[derive(Debug)]
pub struct Substitution<'a> {
    allocations: std::slice::Iter<'a, Allocation>,
}

impl<'a> Substitution<'a> {
    /// A walk over `allocations`, those of one instruction in operand order.
    pub fn new(allocations: &'a [Allocation]) -> Self {
        Substitution {
            allocations: allocations.iter(),
        }
    }
}

impl OperandVisitor for Substitution<'_> {
    fn operand(&mut self, reg: &mut Reg, _: OperandConstraint, _: OperandKind, _: OperandPos) {
        let allocation = self.allocations.next().expect("an allocation per operand");
        if reg.real().is_none() {
            let preg = allocation
                .as_reg()
                .expect("every operand is allocated a register");
            *reg = Reg::of_preg(preg);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn physical_and_virtual_registers_are_told_apart() {
        for class in [RegClass::Int, RegClass::Float, RegClass::Vector] {
            for hw in 0..64 {
                let reg = Reg::physical(hw, class);
                assert_eq!(reg.real(), Some(PReg::new(hw as usize, class)));
                assert_eq!(reg.class(), class);
            }
            let vreg = VReg::new(Reg::FIRST_VIRTUAL, class);
            assert_eq!(Reg::virt(vreg).real(), None);
            assert_eq!(Reg::virt(vreg).to_vreg(), vreg);
        }
    }

    #[test]
    fn substitution_leaves_physical_registers_and_keeps_step() {
        let pinned = Reg::physical(11, RegClass::Int);
        let mut regs = [
            Reg::virt(VReg::new(200, RegClass::Int)),
            pinned,
            Reg::virt(VReg::new(201, RegClass::Int)),
        ];
        let mut collector = Collector::default();
        regs.iter_mut().for_each(|r| collector.reg_use(r));
        assert_eq!(
            collector.operands[1].as_fixed_nonallocatable(),
            pinned.real()
        );

        let allocated = [3, 11, 0].map(|hw| Allocation::reg(PReg::new(hw, RegClass::Int)));
        let mut substitution = Substitution::new(&allocated);
        regs.iter_mut().for_each(|r| substitution.reg_use(r));
        let expected = [3, 11, 0].map(|hw| Reg::physical(hw, RegClass::Int));
        assert_eq!(regs, expected);
    }
}
