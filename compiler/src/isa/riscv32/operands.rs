//! The registers of each instruction, with the allocator's constraints.

use super::inst::{Amode, Callee, Inst, Test};
use crate::mach::reg::OperandVisitor;

impl Inst {
    /// Shows every register operand to `visitor`: inputs first, then results.
    ///
    /// No result is early: every instruction and every sequence reads its inputs before it writes a
    /// result (a select has its result in the register of an input, and all of them differ).
    pub fn visit_operands(&mut self, visitor: &mut impl OperandVisitor) {
        match self {
            Inst::Alu { rd, rs1, rs2, .. }
            | Inst::Fpu { rd, rs1, rs2, .. }
            | Inst::FpuCompare { rd, rs1, rs2, .. } => {
                visitor.reg_use(rs1);
                visitor.reg_use(rs2);
                visitor.reg_def(rd);
            }
            Inst::AluImm { rd, rs1: rs, .. }
            | Inst::Unary { rd, rs1: rs, .. }
            | Inst::Shift { rd, rs1: rs, .. }
            | Inst::Fsqrt { rd, rs1: rs }
            | Inst::FpuToInt { rd, rs1: rs, .. }
            | Inst::IntToFpu { rd, rs1: rs, .. }
            | Inst::Mv { rd, rs } => {
                visitor.reg_use(rs);
                visitor.reg_def(rd);
            }
            Inst::Li { rd, .. } | Inst::Address { rd, .. } | Inst::FrameAddr { rd, .. } => {
                visitor.reg_def(rd);
            }
            Inst::Load { rd, mem, .. } => {
                visit_amode(mem, visitor);
                visitor.reg_def(rd);
            }
            Inst::Store { rs, mem, .. } => {
                visit_amode(mem, visitor);
                visitor.reg_use(rs);
            }
            Inst::Select {
                rd,
                test,
                if_true,
                if_false,
            } => {
                visitor.reg_use(if_false);
                visit_test(test, visitor);
                visitor.reg_use(if_true);
                visitor.reg_reuse_def(rd, 0);
            }
            Inst::TrapIf { test, .. } | Inst::CondBr { test, .. } => visit_test(test, visitor),
            Inst::Call(call) | Inst::TailCall(call) => {
                if let Callee::Indirect(rs) = &mut call.callee {
                    visitor.reg_use(rs);
                }
                call.uses.iter_mut().for_each(|u| visitor.fixed_use(u));
                call.defs.iter_mut().for_each(|d| visitor.fixed_def(d));
            }
            Inst::Args { defs } => defs.iter_mut().for_each(|d| visitor.fixed_def(d)),
            Inst::Ret { uses } => uses.iter_mut().for_each(|u| visitor.fixed_use(u)),
            Inst::BrTable(table) => visitor.reg_use(&mut table.index),
            Inst::JumpReg { rs } => visitor.reg_use(rs),
            Inst::Trap { .. } | Inst::Jump { .. } | Inst::JumpTo { .. } | Inst::AddSp { .. } => {}
        }
    }
}

fn visit_amode(mem: &mut Amode, visitor: &mut impl OperandVisitor) {
    match mem {
        Amode::Base { base, .. } => visitor.reg_use(base),
        Amode::Frame(_) => {}
    }
}

fn visit_test(test: &mut Test, visitor: &mut impl OperandVisitor) {
    visitor.reg_use(&mut test.rs1);
    visitor.reg_use(&mut test.rs2);
}
