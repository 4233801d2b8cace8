//! Loops, where they are entered and repeated, and the values that they count with.

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{
    Block, BlockArg, Function, Inst, InstructionData, Opcode, Value, ValueDef, types,
};
use cranelift_codegen::loop_analysis::{Loop, LoopAnalysis};

use super::lower::word_constant;
use crate::clif::{self, destinations};

/// The loops of a function.
///
/// They stay as they are while instructions that are no branches come, go and move.
pub(super) struct Loops {
    pub(super) cfg: ControlFlowGraph,
    pub(super) domtree: DominatorTree,
    analysis: LoopAnalysis,
    /// By number of the loop.
    shapes: Vec<Shape>,
}

/// A loop that is entered on one edge.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    pub(super) header: Block,
    /// The branch that enters it, which does so on one of its edges only.
    pub(super) entry: Option<Inst>,
    /// The branch that goes back to the header, if there is only one, on one edge only.
    pub(super) latch: Option<Inst>,
}

/// A parameter of a loop's header that each round adds a constant to.
pub(super) struct Induction {
    /// Its value in the first round.
    pub(super) start: Value,
    /// The value that goes into the next round.
    pub(super) next: Value,
    pub(super) step: u32,
}

impl Loops {
    pub(super) fn of(func: &Function) -> Loops {
        let cfg = ControlFlowGraph::with_function(func);
        let domtree = DominatorTree::with_function(func, &cfg);
        let mut analysis = LoopAnalysis::new();
        analysis.compute(func, &cfg, &domtree);
        let shape = |of: Loop| {
            let header = analysis.loop_header(of);
            let sole = |inside: bool| {
                let mut edges = cfg.pred_iter(header).filter(|edge| {
                    domtree.is_reachable(edge.block)
                        && analysis.is_in_loop(edge.block, of) == inside
                });
                let branch = edges.next()?.inst;
                let calls = destinations(func, branch).iter();
                let pool = &func.dfg.value_lists;
                let there = calls.filter(|call| call.block(pool) == header).count();
                let jumps = matches!(func.dfg.insts[branch].opcode(), Opcode::Jump | Opcode::Brif);
                (edges.next().is_none() && there == 1 && jumps).then_some(branch)
            };
            Shape {
                header,
                entry: sole(false),
                latch: sole(true),
            }
        };
        let shapes = analysis.loops().map(shape).collect();
        Loops {
            cfg,
            domtree,
            analysis,
            shapes,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }

    /// The loops, inner ones before those around them.
    pub(super) fn inner_first(&self) -> Vec<Loop> {
        let mut loops: Vec<Loop> = self.analysis.loops().collect();
        let depth = |&of: &Loop| {
            self.analysis
                .loop_level(self.analysis.loop_header(of))
                .level()
        };
        loops.sort_by_key(|of| std::cmp::Reverse(depth(of)));
        loops
    }

    pub(super) fn shape(&self, of: Loop) -> Shape {
        self.shapes[of.as_u32() as usize]
    }

    pub(super) fn contains(&self, of: Loop, block: Block) -> bool {
        let level = |block| self.analysis.loop_level(block);
        // Where loops nest deep, that answers most questions.
        level(self.shape(of).header) <= level(block) && self.analysis.is_in_loop(block, of)
    }

    /// A loop and those around it, from the inside out.
    pub(super) fn around(&self, of: Loop) -> impl Iterator<Item = Loop> {
        std::iter::successors(Some(of), |&of| self.parent(of))
    }

    pub(super) fn innermost(&self, block: Block) -> Option<Loop> {
        self.analysis.innermost_loop(block)
    }

    pub(super) fn parent(&self, of: Loop) -> Option<Loop> {
        self.analysis.loop_parent(of)
    }

    /// Whether a value is the same in all rounds of a loop, and there before it is entered.
    pub(super) fn is_invariant(&self, func: &Function, of: Loop, value: Value) -> bool {
        definition_block(func, value).is_some_and(|block| !self.contains(of, block))
    }

    /// What `value` is in a loop, if the loop counts with it.
    pub(super) fn induction(&self, func: &Function, of: Loop, value: Value) -> Option<Induction> {
        let shape = self.shape(of);
        let (entry, latch) = (shape.entry?, shape.latch?);
        let params = func.dfg.block_params(shape.header);
        let position = params.iter().position(|&param| param == value)?;
        if func.dfg.value_type(value) != types::I32 {
            return None;
        }
        let next = argument(func, latch, shape.header, position)?;
        let start = argument(func, entry, shape.header, position)?;
        let inst = func.dfg.value_def(next).inst()?;
        match func.dfg.insts[inst] {
            InstructionData::Binary {
                opcode: Opcode::Iadd,
                args: [x, by],
            } if x == value => {
                let step = word_constant(func, by)?;
                Some(Induction { start, next, step })
            }
            _ => None,
        }
    }
}

/// The block that a value is from.
pub(super) fn definition_block(func: &Function, value: Value) -> Option<Block> {
    match func.dfg.value_def(value) {
        ValueDef::Result(inst, _) => func.layout.inst_block(inst),
        ValueDef::Param(block, _) => Some(block),
        ValueDef::Union(..) => None,
    }
}

/// The argument that a branch has for a parameter of `block`, to which it leads on one edge.
fn argument(func: &Function, branch: Inst, block: Block, position: usize) -> Option<Value> {
    let pool = &func.dfg.value_lists;
    let mut calls = destinations(func, branch).iter();
    let call = calls.find(|call| call.block(pool) == block)?;
    match call.args(pool).nth(position)? {
        BlockArg::Value(value) => Some(value),
        _ => None,
    }
}

/// Appends an argument to the edge of `branch` that leads to `block`.
pub(super) fn append_argument(func: &mut Function, branch: Inst, block: Block, value: Value) {
    let pool = &func.dfg.value_lists;
    let mut calls = destinations(func, branch).iter();
    if let Some(destination) = calls.position(|call| call.block(pool) == block) {
        clif::append_argument(func, branch, destination, value);
    }
}
