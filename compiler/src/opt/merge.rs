//! Merges guards of one index: the first one checks for all that follow it.
//!
//! ```text
//!   trapnz (icmp ugt p, L-4)        trapnz (icmp ugt p, L-12)
//!   load p                     ─▶   load p
//!   trapnz (icmp ugt p, L-12)       load p+8
//!   load p+8
//! ```
//! Fields of a structure are read so. Within one block, if the later guard fails, the earlier one
//! now fails in its place: with the same trap code, and with the same state for the host to see,
//! since nothing between them stores, calls or traps differently. The loads in between, which no
//! longer happen, have no effect. Only the place of the trap moves, to the group's first access.

use std::collections::BTreeMap;
use std::mem;

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, InstructionData, Opcode, Value, ValueDef, types,
};
use wasm2mcu_abi::trap::TrapCode;

use crate::wasm::contract::{Region, trap};
use crate::wasm::module::Memory;

/// Merges guards in every block and says how many went away.
pub(super) fn run(func: &mut Function, memory: &Memory) -> u32 {
    let blocks: Vec<Block> = func.layout.blocks().collect();
    let min = memory.min_bytes;
    let merge = |block| Merger::new(func, min).block(block);
    blocks.into_iter().map(merge).sum()
}

/// What an index may be at most.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limit {
    Constant(u32),
    /// The size that this value loaded, less so many bytes: never more than the size is.
    Size(Value, u32),
}

impl Limit {
    /// The smaller limit, if it is known which one is.
    fn stronger(self, other: Limit) -> Option<Limit> {
        match (self, other) {
            (Limit::Constant(x), Limit::Constant(y)) => Some(Limit::Constant(x.min(y))),
            (Limit::Size(s, x), Limit::Size(t, y)) if s == t => Some(Limit::Size(s, x.max(y))),
            _ => None,
        }
    }
}

/// A guard that later ones can be merged into.
struct Guard {
    inst: Inst,
    written: Limit,
    needed: Limit,
}

struct Merger<'a> {
    func: &'a mut Function,
    /// Bytes that the memory always has.
    min: u32,
    /// By index, in an order that does not change from run to run.
    open: BTreeMap<Value, Guard>,
}

impl Merger<'_> {
    fn new(func: &mut Function, min: u32) -> Merger<'_> {
        Merger {
            func,
            min,
            open: BTreeMap::new(),
        }
    }

    fn block(mut self, block: Block) -> u32 {
        let mut merged = 0;
        let mut next = self.func.layout.first_inst(block);
        while let Some(inst) = next {
            next = self.func.layout.next_inst(inst);
            let Some((index, limit)) = self.guard(inst) else {
                if self.is_barrier(inst) {
                    self.close();
                }
                continue;
            };
            let first = self.open.get_mut(&index);
            let stronger = first.and_then(|first| Some((first.needed.stronger(limit)?, first)));
            if let Some((needed, first)) = stronger {
                first.needed = needed;
                self.func.layout.remove_inst(inst);
                merged += 1;
            } else {
                let guard = Guard {
                    inst,
                    written: limit,
                    needed: limit,
                };
                // One that is displaced may have been promised more.
                if let Some(displaced) = self.open.insert(index, guard) {
                    self.rewrite(index, &displaced);
                }
            }
        }
        self.close();
        merged
    }

    /// Whether a trap may not move across this instruction.
    fn is_barrier(&self, inst: Inst) -> bool {
        let data = &self.func.dfg.insts[inst];
        let opcode = data.opcode();
        match data {
            InstructionData::CondTrap { code, .. } => *code != trap(TrapCode::MemoryOutOfBounds),
            InstructionData::Load { flags, .. } => !self.func.dfg.mem_flags[*flags].notrap(),
            _ => {
                opcode.can_trap()
                    || opcode.can_store()
                    || opcode.is_call()
                    || opcode.is_terminator()
                    || opcode.other_side_effects()
            }
        }
    }

    fn close(&mut self) {
        for (index, guard) in mem::take(&mut self.open) {
            self.rewrite(index, &guard);
        }
    }

    /// Gives a guard the limit that those merged into it need.
    fn rewrite(&mut self, index: Value, guard: &Guard) {
        if guard.needed == guard.written {
            return;
        }
        let mut cursor = FuncCursor::new(self.func).at_inst(guard.inst);
        cursor.use_srcloc(guard.inst);
        let mut word = |value: u32| cursor.ins().iconst(types::I32, i64::from(value));
        let limit = match guard.needed {
            Limit::Constant(limit) => word(limit),
            Limit::Size(size, end) => {
                let end = word(end);
                cursor.ins().isub(size, end)
            }
        };
        let outside = cursor.ins().icmp(IntCC::UnsignedGreaterThan, index, limit);
        if let InstructionData::CondTrap { arg, .. } = &mut self.func.dfg.insts[guard.inst] {
            *arg = outside;
        }
    }

    /// The index and limit of a guard of the memory.
    fn guard(&self, inst: Inst) -> Option<(Value, Limit)> {
        let InstructionData::CondTrap {
            opcode: Opcode::Trapnz,
            arg,
            code,
        } = self.func.dfg.insts[inst]
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
        } = *self.definition(arg)?
        else {
            return None;
        };
        let dfg = &self.func.dfg;
        if dfg.value_type(index) != types::I32 {
            return None;
        }
        Some((dfg.resolve_aliases(index), self.limit(limit)?))
    }

    fn limit(&self, limit: Value) -> Option<Limit> {
        if let Some(constant) = self.constant(limit) {
            return Some(Limit::Constant(constant));
        }
        let (size, end) = match *self.definition(limit)? {
            InstructionData::Binary {
                opcode: Opcode::Isub,
                args: [size, end],
            } => (size, self.constant(end)?),
            InstructionData::Binary {
                opcode: Opcode::Iadd,
                args: [size, negative],
            } => (size, self.constant(negative)?.wrapping_neg()),
            _ => return None,
        };
        let size = self.func.dfg.resolve_aliases(size);
        (self.is_size(size) && end <= self.min).then_some(Limit::Size(size, end))
    }

    fn is_size(&self, value: Value) -> bool {
        let dfg = &self.func.dfg;
        let flags = self.definition(value).and_then(InstructionData::memflags);
        let region = flags.and_then(|flags| dfg.mem_flags[flags].alias_region());
        region.is_some() && region == dfg.alias_regions.get(Region::MemorySize.user_id())
    }

    fn constant(&self, value: Value) -> Option<u32> {
        match *self.definition(value)? {
            InstructionData::UnaryImm {
                opcode: Opcode::Iconst,
                imm,
            } => Some(imm.bits() as u32),
            _ => None,
        }
    }

    fn definition(&self, value: Value) -> Option<&InstructionData> {
        let dfg = &self.func.dfg;
        match dfg.value_def(dfg.resolve_aliases(value)) {
            ValueDef::Result(inst, 0) => Some(&dfg.insts[inst]),
            _ => None,
        }
    }
}
