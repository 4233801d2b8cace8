//! What a guard of the memory looks like: `trapnz (icmp ugt index, limit)`.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Function, Inst, InstructionData, Opcode, Value, ValueDef, types};
use wasm2mcu_abi::trap::TrapCode;

use crate::clif;
use crate::wasm::contract::{Region, trap};

/// What an index may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// This number.
    Constant(u32),
    /// The size that this value loaded, less so many bytes: never more than the size is.
    Size(Value, u32),
}

impl Limit {
    /// The smaller limit, if it is known which one is.
    pub(super) fn stronger(self, other: Limit) -> Option<Limit> {
        match (self, other) {
            (Limit::Constant(x), Limit::Constant(y)) => Some(Limit::Constant(x.min(y))),
            (Limit::Size(s, x), Limit::Size(t, y)) if s == t => Some(Limit::Size(s, x.max(y))),
            _ => None,
        }
    }
}

/// The index and limit of a guard, in a memory that has at least `min` bytes.
pub(super) fn guard(func: &Function, inst: Inst, min: u32) -> Option<(Value, Limit)> {
    let InstructionData::CondTrap {
        opcode: Opcode::Trapnz,
        arg,
        code,
    } = func.dfg.insts[inst]
    else {
        return None;
    };
    if code != trap(TrapCode::MemoryOutOfBounds) {
        return None;
    }
    let InstructionData::IntCompare {
        cond: IntCC::UnsignedGreaterThan,
        args: [index, limit],
        ..
    } = *definition(func, arg)?
    else {
        return None;
    };
    if func.dfg.value_type(index) != types::I32 {
        return None;
    }
    Some((func.dfg.resolve_aliases(index), limit_of(func, limit, min)?))
}

fn limit_of(func: &Function, limit: Value, min: u32) -> Option<Limit> {
    if let Some(constant) = constant(func, limit) {
        return Some(Limit::Constant(constant));
    }
    let (size, end) = match *definition(func, limit)? {
        InstructionData::Binary {
            opcode: Opcode::Isub,
            args: [size, end],
        } => (size, constant(func, end)?),
        InstructionData::Binary {
            opcode: Opcode::Iadd,
            args: [size, negative],
        } => (size, constant(func, negative)?.wrapping_neg()),
        _ => return None,
    };
    let size = func.dfg.resolve_aliases(size);
    (is_size(func, size) && end <= min).then_some(Limit::Size(size, end))
}

/// Whether a value is the memory's size, as a load of it told.
pub(super) fn is_size(func: &Function, value: Value) -> bool {
    let flags = definition(func, value).and_then(InstructionData::memflags);
    let region = flags.and_then(|flags| func.dfg.mem_flags[flags].alias_region());
    region.is_some() && region == func.dfg.alias_regions.get(Region::MemorySize.user_id())
}

/// An index as a value plus a constant, modulo 2^32; 0 if it is nothing of that kind.
pub(super) fn base_and_offset(func: &Function, index: Value) -> (Value, u32) {
    let (mut base, mut offset) = (func.dfg.resolve_aliases(index), 0u32);
    while let Some(&InstructionData::Binary {
        opcode: Opcode::Iadd,
        args: [x, y],
    }) = definition(func, base)
    {
        let (next, more) = match (constant(func, x), constant(func, y)) {
            (_, Some(more)) => (x, more),
            (Some(more), None) => (y, more),
            (None, None) => break,
        };
        base = func.dfg.resolve_aliases(next);
        offset = offset.wrapping_add(more);
    }
    (base, offset)
}

/// The value of an `iconst.i32`.
pub(super) fn constant(func: &Function, value: Value) -> Option<u32> {
    clif::constant(func, value).map(|constant| constant as u32)
}

/// The instruction that computes a value alone.
pub(super) fn definition(func: &Function, value: Value) -> Option<&InstructionData> {
    match func.dfg.value_def(func.dfg.resolve_aliases(value)) {
        ValueDef::Result(inst, 0) => Some(&func.dfg.insts[inst]),
        _ => None,
    }
}

/// Whether somebody could tell if a guard came before this instruction or behind it.
pub(super) fn is_barrier(func: &Function, inst: Inst) -> bool {
    let data = &func.dfg.insts[inst];
    let opcode = data.opcode();
    match data {
        InstructionData::CondTrap { code, .. } => *code != trap(TrapCode::MemoryOutOfBounds),
        InstructionData::Load { flags, .. } => !func.dfg.mem_flags[*flags].notrap(),
        _ => {
            opcode.can_trap()
                || opcode.can_store()
                || opcode.is_call()
                || opcode.is_terminator()
                || opcode.other_side_effects()
        }
    }
}
