//! Comparisons of 128 bits, as comparisons of their halves.
//!
//! ```text
//!   v5 = iconcat v1, v2                  v5 = icmp eq v2, v4
//!   v6 = iconcat v3, v4           ──▶    v6 = icmp ule v1, v3       the low halves, without signs
//!   v7 = icmp sle v5, v6                 v8 = icmp sle v2, v4
//!                                        v7 = select v5, v6, v8
//! ```
//!
//! WebAssembly has no values of 128 bits, but programs compute with two of 64, and Cranelift's egraph makes
//! one comparison of what LLVM makes of those, for the sake of cores that have one. Ours have none of 64
//! bits even. It makes no other use of such values.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Function, InstBuilder, InstructionData, Opcode, Value, ValueDef, types,
};

/// Rewrites the comparisons of values that were put together of two.
///
/// Values of 128 bits that nothing reads are left, as dead instructions are.
pub(super) fn run(func: &mut Function) {
    let mut cursor = FuncCursor::new(func);
    while cursor.next_block().is_some() {
        while let Some(inst) = cursor.next_inst() {
            let InstructionData::IntCompare { args, cond, .. } = cursor.func.dfg.insts[inst] else {
                continue;
            };
            if cursor.func.dfg.value_type(args[0]) != types::I128 {
                continue;
            }
            let (Some(x), Some(y)) = (halves(&mut cursor, args[0]), halves(&mut cursor, args[1]))
            else {
                continue;
            };
            let high_equal = cursor.ins().icmp(IntCC::Equal, x.1, y.1);
            match cond {
                IntCC::Equal => {
                    let low_equal = cursor.ins().icmp(IntCC::Equal, x.0, y.0);
                    let replaced = cursor.func.replace(inst);
                    replaced.band(low_equal, high_equal);
                }
                IntCC::NotEqual => {
                    let low = cursor.ins().icmp(IntCC::NotEqual, x.0, y.0);
                    let high = cursor.ins().icmp(IntCC::NotEqual, x.1, y.1);
                    cursor.func.replace(inst).bor(low, high);
                }
                cond => {
                    let low = cursor.ins().icmp(cond.unsigned(), x.0, y.0);
                    let high = cursor.ins().icmp(cond, x.1, y.1);
                    cursor.func.replace(inst).select(high_equal, low, high);
                }
            }
        }
    }
}

/// The low and the high half of a value of 128 bits, as 64 bits; `None` if it was not put together in a known
/// way.
fn halves(cursor: &mut FuncCursor<'_>, value: Value) -> Option<(Value, Value)> {
    let value = cursor.func.dfg.resolve_aliases(value);
    let ValueDef::Result(inst, 0) = cursor.func.dfg.value_def(value) else {
        return None;
    };
    match cursor.func.dfg.insts[inst] {
        InstructionData::Binary {
            opcode: Opcode::Iconcat,
            args: [low, high],
        } => Some((low, high)),
        InstructionData::Unary { opcode, arg } => {
            let narrow = cursor.func.dfg.value_type(arg) != types::I64;
            let low = match opcode {
                Opcode::Uextend if narrow => cursor.ins().uextend(types::I64, arg),
                Opcode::Sextend if narrow => cursor.ins().sextend(types::I64, arg),
                Opcode::Uextend | Opcode::Sextend => arg,
                _ => return None,
            };
            let high = match opcode {
                Opcode::Uextend => cursor.ins().iconst(types::I64, 0),
                _ => cursor.ins().sshr_imm_u(low, 63),
            };
            Some((low, high))
        }
        _ => None,
    }
}
