//! The moves of an edge that repeats a loop go before the branch.
//!
//! Where the next round takes its values from other registers, the allocator moves them in a block of
//! their own, since the way out of the loop must not see them moved:
//!
//! ```text
//!     bgeu a5, a1, out            mv   a4, a6
//!     mv   a4, a6           ─▶    bltu a5, a1, loop
//!     j    loop                 out:
//!   out:
//! ```
//!
//! Often nothing on the way out reads these registers before it writes them. Then the moves may stand
//! before the branch, if that reads none of them either, and each round saves a jump.

use regalloc2::{Block, Edit, Function, InstOrEdit, OperandKind, PReg};
use rustc_hash::{FxHashMap, FxHashSet};

use super::regalloc::Allocated;
use super::{Isa, MachineInst};

/// How many instructions and moves are looked at for a register before it counts as read.
const MAX_STEPS: usize = 300;

/// The blocks whose moves go before a branch, by the blocks that end with these branches.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    edges: FxHashMap<Block, Edge>,
}

/// A block that moves values and goes back to the beginning of a loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) block: Block,
    pub(super) header: Block,
}

impl Repeats {
    /// Those of a function.
    pub(super) fn of<I: Isa>(function: &Allocated<I>) -> Repeats {
        let code = &function.code;
        let blocks = (0..code.blocks.len()).map(Block::new);
        let edges = blocks.filter_map(|block| {
            let &[one, other] = code.block_succs(block) else {
                return None;
            };
            let edge = |block, other| Edge::of(function, block).map(|edge| (edge, other));
            let (edge, out) = edge(one, other).or_else(|| edge(other, one))?;
            let repeats = edge.header <= block && out != edge.block;
            (repeats && edge.may_move(function, block, out)).then_some((block, edge))
        });
        Repeats {
            edges: edges.collect(),
        }
    }

    /// The one whose moves stand before the branch of `block`.
    pub(super) fn before_branch_of(&self, block: Block) -> Option<Edge> {
        self.edges.get(&block).copied()
    }

    /// All of them.
    pub(super) fn edges(&self) -> impl Iterator<Item = Edge> {
        self.edges.values().copied()
    }
}

impl Edge {
    /// `block` as an edge, if it does nothing else and only one block leads to it.
    fn of<I: Isa>(function: &Allocated<I>, block: Block) -> Option<Edge> {
        let code = &function.code;
        let insts = code.block_insts(block);
        if insts.len() != 1 || code.block_preds(block).len() != 1 {
            return None;
        }
        let header = code.insts[insts.first().index()].jump_target()?;
        Some(Edge { block, header })
    }

    /// What it moves, in order.
    pub(super) fn moves<I: Isa>(self, function: &Allocated<I>) -> impl Iterator<Item = &Edit> {
        let steps = function
            .output
            .block_insts_and_edits(&function.code, self.block);
        steps.filter_map(|step| match step {
            InstOrEdit::Edit(edit) => Some(edit),
            InstOrEdit::Inst(_) => None,
        })
    }

    /// Whether nobody sees it if the values are moved before the branch of `block`, which else goes to
    /// `out`.
    fn may_move<I: Isa>(self, function: &Allocated<I>, block: Block, out: Block) -> bool {
        let branch = function.code.block_insts(block).last();
        let read = function.output.inst_allocs(branch);
        self.moves(function).all(|Edit::Move { to, .. }| {
            to.as_reg()
                .is_some_and(|reg| !read.contains(to) && !is_read(function, reg, out))
        })
    }
}

/// What becomes of a register.
enum Fate {
    Read,
    Overwritten,
    Kept,
}

/// Whether anything may read a register from the beginning of a block on.
fn is_read<I: Isa>(function: &Allocated<I>, reg: PReg, from: Block) -> bool {
    let code = &function.code;
    let mut steps_left = MAX_STEPS;
    let mut seen = FxHashSet::from_iter([from]);
    let mut open = vec![from];
    while let Some(block) = open.pop() {
        let mut fate = Fate::Kept;
        for step in function.output.block_insts_and_edits(code, block) {
            if steps_left == 0 {
                return true;
            }
            steps_left -= 1;
            fate = after(function, reg, step);
            if !matches!(fate, Fate::Kept) {
                break;
            }
        }
        match fate {
            Fate::Read => return true,
            Fate::Overwritten => {}
            Fate::Kept => {
                let next = code.block_succs(block).iter().copied();
                open.extend(next.filter(|&block| seen.insert(block)));
            }
        }
    }
    false
}

fn after<I: Isa>(function: &Allocated<I>, reg: PReg, step: InstOrEdit<'_>) -> Fate {
    match step {
        InstOrEdit::Edit(Edit::Move { from, to }) => match reg {
            _ if from.as_reg() == Some(reg) => Fate::Read,
            _ if to.as_reg() == Some(reg) => Fate::Overwritten,
            _ => Fate::Kept,
        },
        InstOrEdit::Inst(inst) => {
            let operands = function.code.inst_operands(inst).iter();
            let places = function.output.inst_allocs(inst).iter();
            let mut kinds = operands
                .zip(places)
                .filter(|(_, place)| place.as_reg() == Some(reg))
                .map(|(operand, _)| operand.kind());
            let mut written = function.code.inst_clobbers(inst).contains(reg);
            if kinds.any(|kind| {
                written |= kind == OperandKind::Def;
                kind == OperandKind::Use
            }) {
                return Fate::Read;
            }
            match written {
                true => Fate::Overwritten,
                false => Fate::Kept,
            }
        }
    }
}
