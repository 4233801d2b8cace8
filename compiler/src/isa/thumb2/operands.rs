//! The registers of each instruction, with the allocator's constraints.

use super::inst::{AlignedAmode, Amode, Callee, Compare, Inst, Operand2, SelectValue};
use crate::mach::reg::OperandVisitor;

impl Inst {
    /// Shows every register operand to `visitor`: inputs first, then results.
    ///
    /// No result is early: every instruction and every sequence reads its inputs before it writes a
    /// result (a select compares before it moves, and only one of its moves happens).
    pub fn visit_operands(&mut self, visitor: &mut impl OperandVisitor) {
        match self {
            Inst::AluRRR { rd, rn, rm, .. }
            | Inst::ShiftReg { rd, rn, rm, .. }
            | Inst::ExtendAdd { rd, rn, rm, .. }
            | Inst::Mul { rd, rn, rm }
            | Inst::Div { rd, rn, rm, .. }
            | Inst::Float { rd, rn, rm, .. } => {
                visitor.reg_use(rn);
                visitor.reg_use(rm);
                visitor.reg_def(rd);
            }
            Inst::AluRRI { rd, rn, .. }
            | Inst::AddImm { rd, rn, .. }
            | Inst::Extract { rd, rn, .. } => {
                visitor.reg_use(rn);
                visitor.reg_def(rd);
            }
            Inst::Carry { rd, rn, rhs, .. } => {
                visitor.reg_use(rn);
                visit_operand2(rhs, visitor);
                visitor.reg_def(rd);
            }
            Inst::Mov { rd, rm }
            | Inst::Mvn { rd, rm, .. }
            | Inst::ShiftImm { rd, rm, .. }
            | Inst::Extend { rd, rm, .. }
            | Inst::Unary { rd, rm, .. }
            | Inst::FloatUnary { rd, rm, .. } => {
                visitor.reg_use(rm);
                visitor.reg_def(rd);
            }
            Inst::MovImm { rd, .. }
            | Inst::FrameAddr { rd, .. }
            | Inst::CodeAddr { rd, .. }
            | Inst::FloatImm { rd, .. }
            | Inst::FloatConst { rd, .. } => visitor.reg_def(rd),
            Inst::Insert { rd, base, rn, .. } => {
                visitor.reg_use(base);
                visitor.reg_use(rn);
                visitor.reg_reuse_def(rd, 0);
            }
            Inst::Clear { rd, base, .. } => {
                visitor.reg_use(base);
                visitor.reg_reuse_def(rd, 0);
            }
            Inst::MulAcc { rd, rn, rm, ra, .. } => {
                visitor.reg_use(rn);
                visitor.reg_use(rm);
                visitor.reg_use(ra);
                visitor.reg_def(rd);
            }
            Inst::MulLong {
                rd_lo,
                rd_hi,
                rn,
                rm,
                ..
            } => {
                visitor.reg_use(rn);
                visitor.reg_use(rm);
                visitor.reg_def(rd_lo);
                visitor.reg_def(rd_hi);
            }
            Inst::MulAccLong {
                rd_lo,
                rd_hi,
                ra_lo,
                ra_hi,
                rn,
                rm,
                ..
            } => {
                visitor.reg_use(ra_lo);
                visitor.reg_use(ra_hi);
                visitor.reg_use(rn);
                visitor.reg_use(rm);
                visitor.reg_reuse_def(rd_lo, 0);
                visitor.reg_reuse_def(rd_hi, 1);
            }
            Inst::Load { rt, mem, .. } => {
                visit_amode(mem, visitor);
                visitor.reg_def(rt);
            }
            Inst::Store { rt, mem, .. } => {
                visit_amode(mem, visitor);
                visitor.reg_use(rt);
            }
            Inst::FloatLoad { rt, mem } => {
                visit_aligned_amode(mem, visitor);
                visitor.reg_def(rt);
            }
            Inst::FloatStore { rt, mem } => {
                visit_aligned_amode(mem, visitor);
                visitor.reg_use(rt);
            }
            Inst::FloatSelect {
                rd,
                cmp,
                if_true,
                if_false,
                ..
            } => {
                visit_compare(cmp, visitor);
                visitor.reg_use(if_true);
                visitor.reg_use(if_false);
                visitor.reg_def(rd);
            }
            Inst::Select {
                rd,
                cmp,
                if_true,
                if_false,
                ..
            } => {
                // In the register of the second value only one move is left.
                visit_select_value(if_false, visitor);
                visit_select_value(if_true, visitor);
                visit_compare(cmp, visitor);
                match if_false {
                    SelectValue::Reg(_) => visitor.reg_reuse_def(rd, 0),
                    SelectValue::Imm(_) => visitor.reg_def(rd),
                }
            }
            Inst::TrapIf { cmp, .. } | Inst::CondBr { cmp, .. } => visit_compare(cmp, visitor),
            Inst::Call(call) | Inst::TailCall(call) => {
                if let Callee::Indirect(rm) = &mut call.callee {
                    visitor.reg_use(rm);
                }
                call.uses.iter_mut().for_each(|u| visitor.fixed_use(u));
                call.defs.iter_mut().for_each(|d| visitor.fixed_def(d));
            }
            Inst::Args { defs } => defs.iter_mut().for_each(|d| visitor.fixed_def(d)),
            Inst::Ret { uses } => uses.iter_mut().for_each(|u| visitor.fixed_use(u)),
            Inst::BrTable(table) => visitor.reg_use(&mut table.index),
            Inst::BranchTo { rm } => visitor.reg_use(rm),
            Inst::LoadWords { rn, .. } | Inst::StoreWords { rn, .. } => visitor.reg_use(rn),
            Inst::Trap { .. }
            | Inst::Jump { .. }
            | Inst::JumpTo { .. }
            | Inst::Push { .. }
            | Inst::Pop { .. }
            | Inst::AddSp { .. }
            | Inst::SubSp { .. } => {}
        }
    }
}

fn visit_operand2(rhs: &mut Operand2, visitor: &mut impl OperandVisitor) {
    if let Operand2::Reg { rm, .. } = rhs {
        visitor.reg_use(rm);
    }
}

fn visit_amode(mem: &mut Amode, visitor: &mut impl OperandVisitor) {
    match mem {
        Amode::Base { base, .. } => visitor.reg_use(base),
        Amode::Index { base, index, .. } => {
            visitor.reg_use(base);
            visitor.reg_use(index);
        }
        Amode::Frame(_) => {}
    }
}

fn visit_aligned_amode(mem: &mut AlignedAmode, visitor: &mut impl OperandVisitor) {
    if let AlignedAmode::Base { base, .. } = mem {
        visitor.reg_use(base);
    }
}

fn visit_select_value(value: &mut SelectValue, visitor: &mut impl OperandVisitor) {
    if let SelectValue::Reg(reg) = value {
        visitor.reg_use(reg);
    }
}

fn visit_compare(cmp: &mut Compare, visitor: &mut impl OperandVisitor) {
    match cmp {
        Compare::Word { rn, rhs, .. } => {
            visitor.reg_use(rn);
            visit_operand2(rhs, visitor);
        }
        Compare::WideOrder {
            rn_lo,
            rn_hi,
            rhs_lo,
            rhs_hi,
        }
        | Compare::WideEqual {
            rn_lo,
            rn_hi,
            rhs_lo,
            rhs_hi,
        } => {
            visitor.reg_use(rn_lo);
            visit_operand2(rhs_lo, visitor);
            visitor.reg_use(rn_hi);
            visit_operand2(rhs_hi, visitor);
        }
        Compare::WideZero { rn, rm } | Compare::Float { rn, rm } => {
            visitor.reg_use(rn);
            visitor.reg_use(rm);
        }
        Compare::FloatZero { rn } => visitor.reg_use(rn),
    }
}

#[cfg(test)]
mod tests {
    use regalloc2::{Allocation, OperandConstraint, OperandKind, OperandPos, PReg, VReg};

    use crate::isa::thumb2::random::Random;
    use crate::mach::reg::{Collector, OperandVisitor, Reg, Substitution};

    /// Replaces every register by a virtual one of its own, and notes which it was.
    #[derive(Default)]
    struct Virtualise(Vec<PReg>);

    impl OperandVisitor for Virtualise {
        fn operand(&mut self, reg: &mut Reg, _: OperandConstraint, _: OperandKind, _: OperandPos) {
            let number = Reg::FIRST_VIRTUAL + self.0.len();
            self.0
                .push(reg.real().expect("random registers are physical"));
            *reg = Reg::virt(VReg::new(number, reg.class()));
        }
    }

    #[test]
    fn every_register_is_visited_and_put_back() {
        let mut random = Random(7);
        for _ in 0..5000 {
            let original = random.inst();
            let mut inst = original.clone();
            let mut registers = Virtualise::default();
            inst.visit_operands(&mut registers);
            let text = inst.to_string();
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
            assert!(
                !words.any(|word| {
                    (0..8).any(|n| word == format!("r{n}") || word == format!("s{n}"))
                }),
                "{original:?}: {text}"
            );

            let mut collector = Collector::default();
            inst.visit_operands(&mut collector);
            let operands = &collector.operands;
            assert_eq!(operands.len(), registers.0.len());
            for operand in operands {
                if let OperandConstraint::Reuse(input) = operand.constraint() {
                    assert_eq!(operands[input].kind(), OperandKind::Use);
                    assert_eq!(
                        registers.0[input],
                        registers.0[operand.vreg().vreg() - Reg::FIRST_VIRTUAL]
                    );
                }
            }

            let allocations: Vec<_> = registers.0.into_iter().map(Allocation::reg).collect();
            inst.visit_operands(&mut Substitution::new(&allocations));
            assert_eq!(inst, original);
        }
    }
}
