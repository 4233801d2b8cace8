//! Which constants the instructions hold that CLIF is lowered to.
//!
//! This follows the rules of `lower.isle`. Where it errs, a constant sits in a register that nobody
//! reads, or is made where it is used.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Function, Inst, InstructionData, Opcode};

use super::imm::{AddImm, ModifiedImm, MovImm};

/// How many instructions make the constant `word` for an operand of a CLIF instruction.
pub(super) fn cost(func: &Function, inst: Inst, operand: usize, word: u32) -> u32 {
    let data = &func.dfg.insts[inst];
    let fits = |word: u32| ModifiedImm::new(word).is_some();
    let held = match (data.opcode(), operand) {
        (Opcode::Iadd, 1) => AddImm::new(word as i32).is_some(),
        (Opcode::Isub, 1) => AddImm::new((word as i32).wrapping_neg()).is_some(),
        (Opcode::Isub, 0) | (Opcode::Smin | Opcode::Smax | Opcode::Umin | Opcode::Umax, 1) => {
            fits(word)
        }
        (Opcode::Band, 1) => fits(word) || fits(!word) || word & word.wrapping_add(1) == 0,
        (Opcode::Bor, 1) => fits(word) || fits(!word),
        (Opcode::Bxor, 1) => fits(word) || word == u32::MAX,
        (Opcode::Icmp, 1) => {
            let by_successor = matches!(
                data,
                InstructionData::IntCompare {
                    cond: IntCC::UnsignedGreaterThan | IntCC::UnsignedLessThanOrEqual,
                    ..
                }
            );
            let successor = word.checked_add(1).filter(|_| by_successor);
            fits(word) || fits(word.wrapping_neg()) || successor.is_some_and(fits)
        }
        (Opcode::Select, 1 | 2) => MovImm::new(word).is_some(),
        (Opcode::Imul | Opcode::Umulhi | Opcode::Smulhi, _)
        | (Opcode::Store | Opcode::Istore8 | Opcode::Istore16, 0) => false,
        _ => true,
    };
    match (held, MovImm::new(word)) {
        (true, _) => 0,
        (false, Some(_)) => 1,
        (false, None) => 2,
    }
}
