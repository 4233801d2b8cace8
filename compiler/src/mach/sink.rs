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
//! have the sum to themselves then. It takes no register more than it gives: what it reads is alive there anyway, but
//! for one value at most, which waits in the place of the result.

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{Block, Function, Inst, InstructionData, Opcode, Value, types};
use smallvec::SmallVec;

use super::loops::Loops;
use super::lower::{has_effect, word_constant};

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
            let adds = indexed && blocks.contains(&block) && is_added_by_all(func, value, block);
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

/// Whether `value` is a sum of two registers that `block` reads for nothing but the addresses of accesses,
/// with no offset, of at most a word in integer registers.
fn is_added_by_all(func: &Function, value: Value, block: Block) -> bool {
    let dfg = &func.dfg;
    let is_sum = |inst| match dfg.insts[inst] {
        InstructionData::Binary {
            opcode: Opcode::Iadd,
            args,
        } => word_constant(func, args[1]).is_none(),
        _ => false,
    };
    let adds = |inst| match dfg.insts[inst] {
        InstructionData::Load { offset, .. } => {
            let ty = dfg.value_type(dfg.first_result(inst));
            i32::from(offset) == 0 && ty.is_int() && ty.bits() <= 32
        }
        InstructionData::Store { offset, args, .. } => {
            let ty = dfg.value_type(args[0]);
            i32::from(offset) == 0 && args[0] != value && ty.is_int() && ty.bits() <= 32
        }
        _ => false,
    };
    let mut insts = func.layout.block_insts(block);
    dfg.value_type(value) == types::I32
        && dfg.value_def(value).inst().is_some_and(is_sum)
        && insts.all(|inst| adds(inst) || !dfg.inst_values(inst).any(|read| read == value))
}

/// Whether what an instruction of `block` reads waits for it at no cost.
fn is_free(func: &Function, readers: &Readers, loops: &Loops, inst: Inst, block: Block) -> bool {
    let words = |value| func.dfg.value_type(value).bits().div_ceil(32);
    let mut waiting = 0;
    for value in func.dfg.inst_values(inst) {
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

type Blocks = SmallVec<[Block; 4]>;

/// Where values are read.
struct Readers {
    /// The blocks that read each value; a block may stand there twice.
    blocks: SecondaryMap<Value, Blocks>,
    /// How often the block at hand reads each value.
    inside: SecondaryMap<Value, u32>,
}

impl Readers {
    fn of(func: &Function, order: &[Block]) -> Readers {
        let mut readers = Readers {
            blocks: SecondaryMap::with_capacity(func.dfg.num_values()),
            inside: SecondaryMap::with_capacity(func.dfg.num_values()),
        };
        for &block in order {
            for inst in func.layout.block_insts(block) {
                for value in func.dfg.inst_values(inst) {
                    readers.add(func, value, block);
                }
            }
        }
        readers
    }

    fn add(&mut self, func: &Function, value: Value, block: Block) {
        let blocks = &mut self.blocks[value];
        if blocks.last() != Some(&block) && is_in_register(func, value) {
            blocks.push(block);
        }
    }

    /// Begins with another block.
    fn enter(&mut self, func: &Function, block: Block) {
        for inst in func.layout.block_insts(block) {
            for value in func.dfg.inst_values(inst) {
                self.inside[value] = 0;
            }
        }
        for inst in func.layout.block_insts(block) {
            for value in func.dfg.inst_values(inst) {
                self.inside[value] += 1;
            }
        }
    }

    /// Copies an instruction of the block at hand to another, for all its readers there and behind.
    fn copy(&mut self, func: &mut Function, inst: Inst, from: Block, to: Block) {
        let value = func.dfg.first_result(inst);
        let copy = func.dfg.clone_inst(inst);
        let copied = func.dfg.first_result(copy);
        let (here, behind): (Blocks, Blocks) = std::mem::take(&mut self.blocks[value])
            .into_iter()
            .partition(|&reader| reader == from);
        for &block in &behind {
            let insts: Vec<Inst> = func.layout.block_insts(block).collect();
            for inst in insts {
                let renamed = |read| if read == value { copied } else { read };
                func.dfg.map_inst_values(inst, renamed);
            }
        }
        self.blocks[value] = here;
        self.blocks[copied] = behind;
        let first = func.layout.first_inst(to).expect("a filled block");
        func.layout.insert_inst(copy, first);
        func.set_srcloc(copy, func.srcloc(inst));
        for operand in func.dfg.inst_values(copy).collect::<Vec<_>>() {
            self.add(func, operand, to);
        }
    }

    /// Notes that an instruction went from the block at hand to another.
    fn moved(&mut self, func: &Function, inst: Inst, from: Block, to: Block) {
        for value in func.dfg.inst_values(inst) {
            self.inside[value] -= 1;
            if self.inside[value] == 0 {
                self.blocks[value].retain(|block| *block != from);
            }
            self.add(func, value, to);
        }
    }
}
