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
use cranelift_codegen::ir::{Block, Function, Inst, InstBuilder, InstructionData, Value, types};
use wasm2mcu_abi::trap::TrapCode;

use super::recognize::{self, Limit};
use crate::wasm::contract::trap;
use crate::wasm::module::Memory;

/// Merges guards in every block and says how many went away.
pub(super) fn run(func: &mut Function, memory: &Memory) -> u32 {
    let blocks: Vec<Block> = func.layout.blocks().collect();
    let min = memory.min_bytes;
    let merge = |block| Merger::new(func, min).block(block);
    blocks.into_iter().map(merge).sum()
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
            let Some((index, limit)) = recognize::guard(self.func, inst, self.min) else {
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
}
