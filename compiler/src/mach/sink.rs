//! Computes what only one way of a branch needs on that way.
//!
//! ```text
//!     q = iadd base, p                   k = load (iadd base, p)
//!     k = load q                         brif (icmp eq k, key), found, on
//!     brif (icmp eq k, key), found, on
//!   found:                         ─▶  found:
//!     c = load q+4                         q' = iadd base, p
//!                                          c = load q'+4
//! ```
//!
//! An instruction moves to the head of a successor that nothing else leads to, if all its readers are
//! there or behind; as above, accesses that add up their address by themselves are no readers, and
//! have the sum to themselves then. It takes no register more than it gives: what it reads is alive
//! there anyway, but for one value at most, which waits in the place of the result.

use cranelift_codegen::entity::{PrimaryMap, SecondaryMap};
use cranelift_codegen::ir::{Block, Function, Inst, InstructionData, Opcode, Value, types};
use smallvec::SmallVec;

use super::loops::Loops;
use super::lower::{has_effect, word_constant};
use crate::clif::{each_value, values};

/// Moves instructions of `func`, whose aliases are resolved, down the ways of its branches. `indexed`
/// says that loads and stores add two registers by themselves.
pub(super) fn run(func: &mut Function, loops: &Loops, indexed: bool) {
    let order: Vec<Block> = loops.domtree.cfg_rpo().copied().collect();
    let mut readers = Readers::of(func, &order);
    for block in order {
        let ways: SmallVec<[Block; 2]> = loops.cfg.succ_iter(block).collect();
        let own = |&way: &Block| loops.cfg.pred_iter(way).count() == 1;
        if ways.len() < 2 || !ways.iter().any(own) {
            continue;
        }
        let ways: SmallVec<[Block; 2]> = ways.into_iter().filter(own).collect();
        readers.enter(func, block);
        let mut next = func.layout.last_inst(block);
        while let Some(inst) = next {
            next = func.layout.prev_inst(inst);
            let Some(value) = movable(func, inst) else {
                continue;
            };
            let mut blocks = readers.blocks[value].clone();
            let adds = indexed && is_sum(func, inst) && readers.only_add(value);
            if adds {
                blocks.retain(|reader| *reader != block);
            }
            let all_behind = |way: Block| {
                let mut blocks = blocks.iter();
                blocks.all(|&reader| loops.domtree.block_dominates(way, reader))
            };
            let way = ways.iter().find(|&&way| all_behind(way)).copied();
            let Some(way) = way.filter(|_| !blocks.is_empty()) else {
                continue;
            };
            if !is_free(func, &readers, loops, inst, block) {
                continue;
            }
            if adds {
                readers.copy(func, inst, block, way);
            } else {
                func.layout.remove_inst(inst);
                let first = func.layout.first_inst(way).expect("a filled block");
                func.layout.insert_inst(inst, first);
                readers.moved(func, inst, block, way);
            }
        }
    }
}

/// The result of an instruction that may be computed anywhere, if it has one.
fn movable(func: &Function, inst: Inst) -> Option<Value> {
    let opcode = func.dfg.insts[inst].opcode();
    let constant = matches!(opcode, Opcode::Iconst | Opcode::SymbolValue);
    let &[value] = func.dfg.inst_results(inst) else {
        return None;
    };
    (!constant && !opcode.can_load() && !has_effect(func, inst)).then_some(value)
}

/// Whether an instruction adds two registers.
fn is_sum(func: &Function, inst: Inst) -> bool {
    match func.dfg.insts[inst] {
        InstructionData::Binary {
            opcode: Opcode::Iadd,
            args,
        } => func.dfg.value_type(args[0]) == types::I32 && word_constant(func, args[1]).is_none(),
        _ => false,
    }
}

/// The address of an access that adds up two registers by itself: it has no offset and moves a word at
/// most, by an integer register.
fn added_address(func: &Function, inst: Inst) -> Option<Value> {
    let (address, offset, moved) = match func.dfg.insts[inst] {
        InstructionData::Load { arg, offset, .. } => (arg, offset, func.dfg.first_result(inst)),
        InstructionData::Store { args, offset, .. } => (args[1], offset, args[0]),
        _ => return None,
    };
    let ty = func.dfg.value_type(moved);
    (i32::from(offset) == 0 && ty.is_int() && ty.bits() <= 32).then_some(address)
}

/// Whether what an instruction of `block` reads waits for it at no cost.
fn is_free(func: &Function, readers: &Readers, loops: &Loops, inst: Inst, block: Block) -> bool {
    let words = |value| func.dfg.value_type(value).bits().div_ceil(32);
    let mut waiting = 0;
    for value in values(func, inst) {
        let of = loops.innermost(block);
        let stays = of.is_some_and(|of| loops.is_invariant(func, of, value));
        let behind = |&other: &Block| other != block && loops.domtree.block_dominates(block, other);
        if is_in_register(func, value) && !stays && !readers.blocks[value].iter().any(behind) {
            waiting += words(value);
        }
    }
    waiting <= words(func.dfg.first_result(inst))
}

/// Whether a value is neither made where it is used nor pinned.
fn is_in_register(func: &Function, value: Value) -> bool {
    func.dfg.value_def(value).inst().is_none_or(|inst| {
        let opcode = func.dfg.insts[inst].opcode();
        !matches!(opcode, Opcode::Iconst | Opcode::SymbolValue)
    })
}

/// Where values are read.
struct Readers {
    /// The blocks that read each value; a block may stand there twice.
    blocks: PrimaryMap<Value, SmallVec<[Block; 4]>>,
    /// How often the block at hand reads each value.
    inside: SecondaryMap<Value, u32>,
    /// How often it does so for an address that an access adds up.
    added: SecondaryMap<Value, u32>,
}

impl Readers {
    fn of(func: &Function, order: &[Block]) -> Readers {
        let mut readers = Readers {
            blocks: PrimaryMap::with_capacity(func.dfg.num_values()),
            inside: SecondaryMap::new(),
            added: SecondaryMap::new(),
        };
        let values = func.dfg.num_values();
        readers.make_room(func);
        readers.inside.resize(values);
        readers.added.resize(values);
        for &block in order {
            for inst in func.layout.block_insts(block) {
                each_value(func, inst, |value| readers.add(func, value, block));
            }
        }
        readers
    }

    /// Takes note of values that are new.
    fn make_room(&mut self, func: &Function) {
        for _ in self.blocks.len()..func.dfg.num_values() {
            self.blocks.push(SmallVec::new());
        }
    }

    fn add(&mut self, func: &Function, value: Value, block: Block) {
        let blocks = &mut self.blocks[value];
        let more = match blocks.last() {
            Some(&last) => last != block,
            None => is_in_register(func, value),
        };
        if more {
            blocks.push(block);
        }
    }

    /// Begins with another block.
    fn enter(&mut self, func: &Function, block: Block) {
        for inst in func.layout.block_insts(block) {
            each_value(func, inst, |value| {
                self.inside[value] = 0;
                self.added[value] = 0;
            });
        }
        for inst in func.layout.block_insts(block) {
            each_value(func, inst, |value| self.inside[value] += 1);
            if let Some(address) = added_address(func, inst) {
                self.added[address] += 1;
            }
        }
    }

    /// Whether the block at hand reads a value, but only for addresses that accesses add up.
    fn only_add(&self, value: Value) -> bool {
        let added = self.added[value];
        added > 0 && added == self.inside[value]
    }

    /// Copies an instruction of the block at hand to another, for all its readers there and behind.
    fn copy(&mut self, func: &mut Function, inst: Inst, from: Block, to: Block) {
        let value = func.dfg.first_result(inst);
        let copy = func.dfg.clone_inst(inst);
        let copied = func.dfg.first_result(copy);
        self.make_room(func);
        let (here, behind): (SmallVec<_>, SmallVec<_>) = std::mem::take(&mut self.blocks[value])
            .into_iter()
            .partition(|&reader| reader == from);
        for &block in &behind {
            let mut next = func.layout.first_inst(block);
            while let Some(inst) = next {
                let renamed = |read| if read == value { copied } else { read };
                func.dfg.map_inst_values(inst, renamed);
                next = func.layout.next_inst(inst);
            }
        }
        self.blocks[value] = here;
        self.blocks[copied] = behind;
        let first = func.layout.first_inst(to).expect("a filled block");
        func.layout.insert_inst(copy, first);
        func.set_srcloc(copy, func.srcloc(inst));
        each_value(func, copy, |operand| self.add(func, operand, to));
    }

    /// Notes that an instruction went from the block at hand to another.
    fn moved(&mut self, func: &Function, inst: Inst, from: Block, to: Block) {
        each_value(func, inst, |value| {
            self.inside[value] -= 1;
            if self.inside[value] == 0 {
                self.blocks[value].retain(|block| *block != from);
            }
            self.add(func, value, to);
        });
    }
}
