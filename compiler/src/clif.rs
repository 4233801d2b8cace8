//! What mid-end and back ends both ask of Cranelift's IR, and it does not answer by itself.

use cranelift_codegen::ir::{
    BlockArg, BlockCall, Function, Inst, InstructionData, Opcode, Value, ValueDef,
};

/// The destinations of a branch; none for every other instruction.
pub(crate) fn destinations(func: &Function, inst: Inst) -> &[BlockCall] {
    func.dfg.insts[inst].branch_destination(&func.dfg.jump_tables, &func.dfg.exception_tables)
}

/// Gives one destination of a branch an argument more.
///
/// It gets a list of its own: the egraph leaves branches that it has replaced behind, outside the
/// layout but with the same list, and one that grew in place would be freed under them.
pub(crate) fn append_argument(func: &mut Function, branch: Inst, destination: usize, more: Value) {
    let dfg = &mut func.dfg;
    let calls =
        dfg.insts[branch].branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
    let call = &mut calls[destination];
    let pool = &mut dfg.value_lists;
    let mut args: Vec<BlockArg> = call.args(pool).collect();
    args.push(BlockArg::Value(more));
    *call = BlockCall::new(call.block(pool), args, pool);
}

/// The number that a value is, if it is a constant integer; unsigned in the width of its type.
pub(crate) fn constant(func: &Function, value: Value) -> Option<u64> {
    let dfg = &func.dfg;
    let value = dfg.resolve_aliases(value);
    let ValueDef::Result(inst, 0) = dfg.value_def(value) else {
        return None;
    };
    match dfg.insts[inst] {
        InstructionData::UnaryImm {
            opcode: Opcode::Iconst,
            imm,
        } => {
            let bits = dfg.value_type(value).bits();
            Some(imm.bits() as u64 & (u64::MAX >> (64 - bits)))
        }
        _ => None,
    }
}
