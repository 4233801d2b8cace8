//! How many values are alive at once, estimated in linear time before registers are assigned.
//!
//! Two quantities grow with the square of a function's size when somebody wants them to, and with
//! them the time and the memory of register allocation: how many *pairs* of values are alive
//! together, and how many values are alive *across* the beginnings of blocks. Ordinary code stays
//! far below the bounds, so a value's life is taken for the stretch of text from its definition to
//! its last use, prolonged to the end of the loops in between.

use regalloc2::{Block, Function, Inst, OperandKind, VReg};

use super::Isa;
use super::vcode::VCode;

/// What is alive together in a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pressure {
    /// Pairs of values that are alive at one point.
    pub(super) pairs: u64,
    /// Values that are alive at the beginning of a block, summed over the blocks.
    pub(super) crossings: u64,
}

/// A loop as a stretch of blocks.
struct Loop {
    header: usize,
    last: usize,
    depth: usize,
    /// The loop around this one.
    parent: Option<usize>,
    /// A loop further out, such that any is reached in a logarithm of steps.
    skip: Option<usize>,
}

/// Where a value is alive, in instructions of the text.
#[derive(Clone, Copy)]
struct Life {
    block: usize,
    first: usize,
    last: usize,
}

impl Pressure {
    /// Of the machine IR of a function.
    pub(super) fn of<I: Isa>(code: &VCode<I>) -> Pressure {
        let (loops, innermost) = loops(code);
        let mut lives: Vec<Option<Life>> = vec![None; code.num_vregs];
        for index in 0..code.blocks.len() {
            let (first, last) = code.blocks[index].range;
            let mut define = |vreg: VReg, at: usize| {
                lives[vreg.vreg()] = Some(Life {
                    block: index,
                    first: at,
                    last: at,
                });
            };
            for &param in &code.blocks[index].params {
                define(param, first as usize);
            }
            for at in first..last {
                for (kind, vreg) in values(code, Inst::new(at as usize)) {
                    if kind == OperandKind::Def {
                        define(vreg, at as usize);
                    }
                }
            }
        }
        let end = |block: usize| code.blocks[block].range.1 as usize - 1;
        let mut prolong = |vreg: VReg, block: usize, at: usize| {
            let Some(life) = &mut lives[vreg.vreg()] else {
                return;
            };
            life.last = life.last.max(at);
            if let Some(outer) = outermost(&loops, innermost[block], life.block) {
                life.last = life.last.max(end(outer.last));
            }
        };
        for index in 0..code.blocks.len() {
            for inst in code.block_insts(Block::new(index)).iter() {
                for (_, vreg) in values(code, inst) {
                    prolong(vreg, index, inst.index());
                }
            }
            for &arg in code.blocks[index].args.iter().flatten() {
                prolong(arg, index, end(index));
            }
        }
        Pressure::sweep(code, &lives)
    }

    fn sweep<I: Isa>(code: &VCode<I>, lives: &[Option<Life>]) -> Pressure {
        let mut begins = vec![0; code.insts.len()];
        let mut ends = vec![0; code.insts.len()];
        for life in lives.iter().flatten() {
            begins[life.first] += 1;
            ends[life.last] += 1;
        }
        let mut pressure = Pressure {
            pairs: 0,
            crossings: 0,
        };
        let mut alive = 0;
        for block in &code.blocks {
            pressure.crossings += alive;
            for at in block.range.0 as usize..block.range.1 as usize {
                alive += begins[at];
                pressure.pairs += begins[at] * alive;
                alive -= ends[at];
            }
        }
        pressure
    }
}

/// The values that an instruction defines and uses; pinned registers are none.
fn values<I: Isa>(code: &VCode<I>, inst: Inst) -> impl Iterator<Item = (OperandKind, VReg)> {
    let operands = code.inst_operands(inst).iter();
    let values = operands.filter(|operand| operand.as_fixed_nonallocatable().is_none());
    values.map(|operand| (operand.kind(), operand.vreg()))
}

/// The loops of a function, outer ones first, and the innermost one around every block.
fn loops<I: Isa>(code: &VCode<I>) -> (Vec<Loop>, Vec<Option<usize>>) {
    let mut loops: Vec<Loop> = Vec::new();
    let mut innermost = Vec::with_capacity(code.blocks.len());
    let mut around = None;
    for (index, block) in code.blocks.iter().enumerate() {
        while let Some(outer) = around.map(|outer: usize| &loops[outer]) {
            if outer.last >= index {
                break;
            }
            around = outer.parent;
        }
        let back = block.preds.iter().map(|pred| pred.index()).max();
        if let Some(last) = back.filter(|&last| last >= index) {
            loops.push(Loop {
                header: index,
                last,
                depth: around.map_or(0, |outer| loops[outer].depth + 1),
                parent: around,
                skip: around.and_then(|outer| skip_from(&loops, outer)),
            });
            around = Some(loops.len() - 1);
        }
        innermost.push(around);
    }
    (loops, innermost)
}

/// Where a loop inside of `parent` skips to: twice as far as `parent` does when that skips as far
/// as its target, else to `parent` (Myers, An applicative random-access stack, 1983).
fn skip_from(loops: &[Loop], parent: usize) -> Option<usize> {
    let far = |from: usize| {
        loops[from]
            .skip
            .map(|to| loops[from].depth - loops[to].depth)
    };
    let next = loops[parent].skip;
    match next.filter(|&next| far(parent) == far(next)) {
        Some(next) => loops[next].skip,
        None => Some(parent),
    }
}

/// The outermost loop around `innermost` that begins behind `block`.
fn outermost(loops: &[Loop], innermost: Option<usize>, block: usize) -> Option<&Loop> {
    let behind = |&index: &usize| loops[index].header > block;
    let mut found = innermost.filter(behind)?;
    loop {
        let Loop { parent, skip, .. } = loops[found];
        match skip.filter(behind).or(parent.filter(behind)) {
            Some(outer) => found = outer,
            None => return Some(&loops[found]),
        }
    }
}
