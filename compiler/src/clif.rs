//! What mid-end and back ends both ask of Cranelift's IR, and it does not answer by itself.

use std::slice;

use cranelift_codegen::ir::{
    BlockArg, BlockCall, Function, Inst, InstructionData, Opcode, Value, ValueDef,
};
use smallvec::SmallVec;

/// The destinations of a branch; none for every other instruction.
pub(crate) fn destinations(func: &Function, inst: Inst) -> &[BlockCall] {
    func.dfg.insts[inst].branch_destination(&func.dfg.jump_tables, &func.dfg.exception_tables)
}

/// Shows `see` what an instruction reads, its operands before what it passes to blocks: what
/// `DataFlowGraph::inst_values` gives, in the same order. Passes do little else all day, and most
/// instructions need no call for it here.
#[inline]
pub(crate) fn each_value(func: &Function, inst: Inst, mut see: impl FnMut(Value)) {
    let dfg = &func.dfg;
    let data = &dfg.insts[inst];
    let operands = match data {
        InstructionData::UnaryImm { .. } | InstructionData::Jump { .. } => &[],
        InstructionData::Unary { arg, .. }
        | InstructionData::Load { arg, .. }
        | InstructionData::CondTrap { arg, .. }
        | InstructionData::Brif { arg, .. } => slice::from_ref(arg),
        InstructionData::Binary { args, .. }
        | InstructionData::IntCompare { args, .. }
        | InstructionData::Store { args, .. } => &args[..],
        _ => data.arguments(&dfg.value_lists),
    };
    for &value in operands {
        see(value);
    }
    let destinations = match data {
        InstructionData::Jump { destination, .. } => slice::from_ref(destination),
        InstructionData::Brif { blocks, .. } => &blocks[..],
        InstructionData::BranchTable { .. } => destinations(func, inst),
        _ => return,
    };
    for call in destinations {
        for argument in call.args(&dfg.value_lists) {
            if let BlockArg::Value(value) = argument {
                see(value);
            }
        }
    }
}

/// A few values.
pub(crate) type Values = SmallVec<[Value; 4]>;

/// What an instruction reads; see [`each_value`].
pub(crate) fn values(func: &Function, inst: Inst) -> Values {
    let mut values = Values::new();
    each_value(func, inst, |value| values.push(value));
    values
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

#[cfg(test)]
mod tests {
    use super::values;
    use crate::wasm;

    #[test]
    fn what_is_read_is_what_cranelift_says() {
        let wat = r#"(module (memory 1) (table 2 funcref) (type $f (func (param i32 f64) (result i64)))
            (func $g (export "g") (param $x i32) (param $y f64) (result i64)
              (local $z i64)
              (block $out (block $two (block $one
                (br_table $one $two $out $one (local.get $x)))
                (local.set $z (i64.load (local.get $x)))
                (br_if $out (f64.lt (local.get $y) (f64.const 1))))
                (loop $again
                  (f64.store (local.get $x) (f64.sqrt (local.get $y)))
                  (local.set $x (i32.rotl (local.get $x) (i32.const 3)))
                  (br_if $again (i32.div_u (local.get $x) (i32.const 7)))))
              (memory.fill (local.get $x) (i32.const 1) (i32.const 2))
              (select
                (call $g (local.get $x) (local.get $y))
                (call_indirect (type $f) (local.get $x) (local.get $y) (local.get $x))
                (i64.eqz (local.get $z)))))"#;
        let module = wat::parse_str(wat).expect("a module");
        let translated = wasm::translate(&module, wasm::Target::default()).expect("a valid module");
        let mut branches = 0;
        for func in translated.functions.iter().map(|body| &body.clif) {
            for inst in func
                .layout
                .blocks()
                .flat_map(|b| func.layout.block_insts(b))
            {
                let expected: Vec<_> = func.dfg.inst_values(inst).collect();
                assert_eq!(
                    values(func, inst)[..],
                    expected,
                    "{}",
                    func.dfg.display_inst(inst)
                );
                branches += usize::from(func.dfg.insts[inst].opcode().is_branch());
            }
        }
        assert!(branches > 4, "branches of all kinds");
    }
}
