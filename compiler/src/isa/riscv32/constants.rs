//! Which constants the instructions hold that CLIF is lowered to.
//!
//! This follows the rules of `lower.isle`. Where it errs, a constant sits in a register that nobody
//! reads, or is made where it is used.

use cranelift_codegen::ir::{Function, Inst, Opcode, Value};

use super::imm::Imm12;
use crate::mach::lower::word_constant;

/// How many instructions make the constant `word` for an operand of a CLIF instruction.
pub(super) fn cost(func: &Function, inst: Inst, operand: usize, word: u32) -> u32 {
    let fits = |word: u32| Imm12::new(word.cast_signed()).is_some();
    let held = match (func.dfg.insts[inst].opcode(), operand) {
        _ if word == 0 => true,
        (Opcode::Iadd | Opcode::Band | Opcode::Bor | Opcode::Bxor, 1) => fits(word),
        (Opcode::Isub, 1) => fits(word.wrapping_neg()),
        // Branches compare registers.
        (Opcode::Icmp, _)
        | (Opcode::Isub, 0)
        | (Opcode::Imul | Opcode::Umulhi | Opcode::Smulhi, _)
        | (Opcode::Smin | Opcode::Smax | Opcode::Umin | Opcode::Umax, _)
        | (Opcode::Store | Opcode::Istore8 | Opcode::Istore16, 0) => false,
        // It is copied over the other choice, unless both are what a comparison gives.
        (Opcode::Select, 1) => word == 1 && is_zero(func, func.dfg.inst_args(inst)[2]),
        _ => true,
    };
    match held {
        true => 0,
        false if fits(word) || word & 0xfff == 0 => 1,
        false => 2,
    }
}

fn is_zero(func: &Function, value: Value) -> bool {
    word_constant(func, value) == Some(0)
}
