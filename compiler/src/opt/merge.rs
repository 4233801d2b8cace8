//! Merges guards of one index: the first one checks for all that follow it.
//!
//! ```text
//!   trapnz (icmp ugt p, L-4)        trapnz (icmp ugt p, L-12)
//!   load p                     ─▶   load p
//!   trapnz (icmp ugt p, L-12)       load p+8
//!   load p+8
//!
//!   trapnz (icmp ugt p, K)          trapnz (icmp ugt p, K-4)
//!   load p                     ─▶   load p
//!   trapnz (icmp ugt p+4, K)        load (p+4)
//!   load (p+4)
//! ```
//! Where an index differs by a constant, passing the lower one's guard rules out that the sum wraps.
//!
//! Fields of a structure are read so. Within one block, if the later guard fails, the earlier one
//! now fails in its place: with the same trap code, and with the same state for the host to see,
//! since nothing between them stores, calls or traps differently. The loads in between, which no
//! longer happen, have no effect. Only the place of the trap moves, to the group's first access.

use std::collections::BTreeMap;
use std::mem;

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, Function, Inst, InstBuilder, InstructionData, Value, types};

use super::recognize::{self, Limit};
use crate::wasm::module::Memory;

/// Merges guards in every block and says how many went away.
pub(super) fn run(func: &mut Function, memory: &Memory) -> u32 {
    let blocks: Vec<Block> = func.layout.blocks().collect();
    let merge = |block| Merger::new(func, memory).block(block);
    blocks.into_iter().map(merge).sum()
}

/// A guard that later ones can be merged into: `base + offset <= limit`.
#[derive(Clone, Copy)]
struct Guard {
    inst: Inst,
    /// What is tested, if later guards are to be merged into it.
    needed: Test,
    /// What it tests as it stands.
    written: Test,
}

/// `base + offset <= limit`, for a base that is known from elsewhere.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Test {
    offset: u32,
    limit: Limit,
}

impl Test {
    /// The test that holds exactly if both do.
    fn and(self, other: Test, memory: &Memory) -> Option<Test> {
        let signed = |test: Test| i64::from(test.offset.cast_signed());
        let (low, high) = match signed(self) <= signed(other) {
            true => (self, other),
            false => (other, self),
        };
        let distance = u32::try_from(signed(high) - signed(low)).ok()?;
        let from_high = match high.limit {
            Limit::Constant(limit) => Limit::Constant(limit.checked_sub(distance)?),
            Limit::Size(size, end) => {
                let end = end.checked_add(distance)?;
                Limit::Size(size, Some(end).filter(|&end| end <= memory.min_bytes)?)
            }
        };
        // An index that passes the lower test does not wrap on its way to the higher one.
        let most = match low.limit {
            Limit::Constant(limit) => limit,
            Limit::Size(_, end) => memory.max_bytes - end,
        };
        most.checked_add(distance)?;
        Some(Test {
            offset: low.offset,
            limit: low.limit.stronger(from_high)?,
        })
    }
}

struct Merger<'a> {
    func: &'a mut Function,
    memory: &'a Memory,
    /// By base, in an order that does not change from run to run.
    open: BTreeMap<Value, Guard>,
}

impl Merger<'_> {
    fn new<'a>(func: &'a mut Function, memory: &'a Memory) -> Merger<'a> {
        Merger {
            func,
            memory,
            open: BTreeMap::new(),
        }
    }

    fn block(mut self, block: Block) -> u32 {
        let mut merged = 0;
        let mut next = self.func.layout.first_inst(block);
        while let Some(inst) = next {
            next = self.func.layout.next_inst(inst);
            let Some((index, limit)) = recognize::guard(self.func, inst, self.memory.min_bytes)
            else {
                if recognize::is_barrier(self.func, inst) {
                    self.close();
                }
                continue;
            };
            let (base, offset) = recognize::base_and_offset(self.func, index);
            let test = Test { offset, limit };
            let first = self.open.get_mut(&base);
            let both = first.and_then(|first| Some((first.needed.and(test, self.memory)?, first)));
            if let Some((needed, first)) = both {
                first.needed = needed;
                self.func.layout.remove_inst(inst);
                merged += 1;
            } else {
                let guard = Guard {
                    inst,
                    needed: test,
                    written: test,
                };
                // One that is displaced may have been promised more.
                if let Some(displaced) = self.open.insert(base, guard) {
                    self.rewrite(base, &displaced);
                }
            }
        }
        self.close();
        merged
    }

    fn close(&mut self) {
        for (base, guard) in mem::take(&mut self.open) {
            self.rewrite(base, &guard);
        }
    }

    /// Lets a guard test what those merged into it need.
    fn rewrite(&mut self, base: Value, guard: &Guard) {
        if guard.needed == guard.written {
            return;
        }
        let Test { offset, limit } = guard.needed;
        let mut cursor = FuncCursor::new(self.func).at_inst(guard.inst);
        cursor.use_srcloc(guard.inst);
        let mut word = |value: u32| cursor.ins().iconst(types::I32, i64::from(value));
        let limit = match limit {
            Limit::Constant(limit) => word(limit),
            Limit::Size(size, end) => {
                let end = word(end);
                cursor.ins().isub(size, end)
            }
        };
        let index = match offset {
            0 => base,
            _ => {
                let offset = cursor.ins().iconst(types::I32, i64::from(offset));
                cursor.ins().iadd(base, offset)
            }
        };
        let outside = cursor.ins().icmp(IntCC::UnsignedGreaterThan, index, limit);
        if let InstructionData::CondTrap { arg, .. } = &mut self.func.dfg.insts[guard.inst] {
            *arg = outside;
        }
    }
}
