//! Moves what a loop leaves alone before it, where a guard or a test of the loop needs it.
//!
//! ```text
//!                                        size = load context+4
//!   loop:                                limit = isub size, 4
//!     size = load context+4              end = band n, 0x3ff8
//!     limit = isub size, 4          ─▶   loop:
//!     trapnz (icmp ugt p, limit)           trapnz (icmp ugt p, limit)
//!     …                                    …
//!     end = band n, 0x3ff8                 brif (icmp ne p', end), loop
//!     brif (icmp ne p', end), loop
//! ```
//!
//! The egraph hoists everything that is pure, and then puts back what is cheap to compute again.
//! Loads of the memory's size it does not move; only calls change the size.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{Function, Inst, InstructionData, Opcode, Value};
use rustc_hash::FxHashSet;

use super::super::recognize::{constant, definition, is_size};
use super::shape::Loop;

/// Values that wait in registers over the loop for this pass's sake, at most.
const MAX_MOVED: usize = 4;

/// Moves instructions of a loop before the jump into it, and says whether there were any.
pub(super) fn hoist(func: &mut Function, lp: &Loop, entry: Inst) -> bool {
    let hot = lp
        .blocks
        .iter()
        .filter(|&&block| !func.layout.is_cold(block));
    let insts: Vec<Inst> = hot
        .flat_map(|&block| func.layout.block_insts(block))
        .collect();
    let calls = insts
        .iter()
        .any(|&inst| func.dfg.insts[inst].opcode().is_call());
    let mut compared: FxHashSet<Value> = FxHashSet::default();
    for &inst in &insts {
        if let InstructionData::IntCompare { args, .. } = func.dfg.insts[inst] {
            compared.extend(args);
        }
    }
    let mut moved: Vec<Inst> = Vec::new();
    let mut twins = false;
    for inst in insts {
        let Some(&value) = func.dfg.inst_results(inst).first() else {
            continue;
        };
        let moves = match func.dfg.insts[inst] {
            InstructionData::Load { arg, .. } => {
                !calls && is_size(func, value) && is_there(func, lp, arg)
            }
            InstructionData::Binary { args, opcode } => {
                compared.contains(&value)
                    && !opcode.can_trap()
                    && !(opcode == Opcode::Iadd && is_index(func, args))
                    && args.iter().all(|&arg| is_there(func, lp, arg))
            }
            _ => false,
        };
        let twin = moved.iter().find(|&&other| is_same(func, other, inst));
        if let Some(&twin) = twin.filter(|_| moves) {
            func.layout.remove_inst(inst);
            func.dfg.replace_with_aliases(inst, twin);
            twins = true;
        } else if moves && moved.len() < MAX_MOVED {
            before(func, lp, inst, entry);
            moved.push(inst);
        }
    }
    if twins {
        func.dfg.resolve_all_aliases();
    }
    !moved.is_empty()
}

/// Whether two instructions compute the same: the egraph put one into each block that needs it.
fn is_same(func: &Function, one: Inst, other: Inst) -> bool {
    let (
        InstructionData::Binary { opcode, args },
        InstructionData::Binary {
            opcode: of,
            args: others,
        },
    ) = (func.dfg.insts[one], func.dfg.insts[other])
    else {
        return false;
    };
    let mut pairs = args.iter().zip(&others);
    let type_of = |inst| func.dfg.value_type(func.dfg.first_result(inst));
    opcode == of
        && type_of(one) == type_of(other)
        && pairs.all(|(&a, &b)| {
            // Of wider constants only the low word would be compared.
            let narrow = func.dfg.value_type(a).bits() <= 32;
            let known = constant(func, a).filter(|_| narrow);
            a == b || known.is_some_and(|known| constant(func, b) == Some(known))
        })
}

/// Whether a sum is one that an access adds up by itself.
fn is_index(func: &Function, args: [Value; 2]) -> bool {
    args.iter().any(|&arg| constant(func, arg).is_some())
        && !args.iter().any(|&arg| is_size(func, arg))
}

/// Whether a value is there before the loop, or can be made there by one instruction.
fn is_there(func: &Function, lp: &Loop, value: Value) -> bool {
    !lp.computes(func, value)
        || matches!(
            definition(func, value),
            Some(InstructionData::UnaryImm { .. } | InstructionData::UnaryGlobalValue { .. })
        )
}

/// Moves an instruction whose operands are all there.
fn before(func: &mut Function, lp: &Loop, inst: Inst, entry: Inst) {
    for position in 0..func.dfg.inst_args(inst).len() {
        let arg = func.dfg.inst_args(inst)[position];
        if !lp.computes(func, arg) {
            continue;
        }
        let maker = func.dfg.value_def(arg).unwrap_inst();
        let copy = func.dfg.clone_inst(maker);
        FuncCursor::new(func).at_inst(entry).insert_inst(copy);
        func.dfg.inst_args_mut(inst)[position] = func.dfg.first_result(copy);
    }
    func.layout.remove_inst(inst);
    FuncCursor::new(func).at_inst(entry).insert_inst(inst);
}
