//! Which blocks a loop has, and the edges that lead into it, around it and out of it.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::entity::{EntityRef, EntitySet, SecondaryMap};
use cranelift_codegen::ir::{
    Block, BlockArg, BlockCall, Function, Inst, InstBuilder, InstructionData, Value, ValueDef,
};
use cranelift_codegen::loop_analysis::{Loop as LoopId, LoopAnalysis};
use smallvec::SmallVec;

use crate::clif::{append_argument, destinations};

/// One destination of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// The block that the branch ends.
    pub(super) from: Block,
    /// The branch.
    pub(super) branch: Inst,
    /// Which of its destinations.
    pub(super) destination: usize,
}

impl Edge {
    fn call<'f>(&self, func: &'f Function) -> &'f BlockCall {
        &destinations(func, self.branch)[self.destination]
    }

    /// Where the edge leads.
    pub(super) fn target(&self, func: &Function) -> Block {
        self.call(func).block(&func.dfg.value_lists)
    }

    /// The value for the target's parameter `number`.
    pub(super) fn argument(&self, func: &Function, number: usize) -> Option<Value> {
        match self.call(func).args(&func.dfg.value_lists).nth(number)? {
            BlockArg::Value(value) => Some(func.dfg.resolve_aliases(value)),
            _ => None,
        }
    }

    /// Lets the edge lead to `target`, with the same arguments.
    pub(super) fn redirect(&self, func: &mut Function, target: Block) {
        let dfg = &mut func.dfg;
        let calls = dfg.insts[self.branch]
            .branch_destination_mut(&mut dfg.jump_tables, &mut dfg.exception_tables);
        calls[self.destination].set_block(target, &mut dfg.value_lists);
    }

    /// Gives the edge one argument more.
    pub(super) fn append(&self, func: &mut Function, argument: Value) {
        append_argument(func, self.branch, self.destination, argument);
    }
}

/// The edges of a function by their targets; who changes a branch keeps them right.
pub(super) struct Edges {
    into: SecondaryMap<Block, SmallVec<[Edge; 2]>>,
}

impl Edges {
    pub(super) fn of(func: &Function) -> Edges {
        let mut edges = Edges {
            into: SecondaryMap::new(),
        };
        edges.into.resize(func.dfg.num_blocks());
        for block in func.layout.blocks() {
            edges.enter(func, block);
        }
        edges
    }

    /// Enters the edges out of a block.
    pub(super) fn enter(&mut self, func: &Function, block: Block) {
        for edge in out_of(func, block) {
            self.into[edge.target(func)].push(edge);
        }
    }

    /// Forgets the edges out of a block: before its branch changes.
    pub(super) fn leave(&mut self, func: &Function, block: Block) {
        for edge in out_of(func, block) {
            self.into[edge.target(func)].retain(|other| *other != edge);
        }
    }

    /// The edges into a block.
    pub(super) fn to(&self, block: Block) -> &[Edge] {
        &self.into[block]
    }
}

/// The edges out of a block.
pub(super) fn out_of(func: &Function, block: Block) -> SmallVec<[Edge; 2]> {
    let Some(branch) = func.layout.last_inst(block) else {
        return SmallVec::new();
    };
    let edge = |destination| Edge {
        from: block,
        branch,
        destination,
    };
    (0..destinations(func, branch).len()).map(edge).collect()
}

/// A natural loop.
pub(super) struct Loop {
    /// The block that every way in leads to.
    pub(super) header: Block,
    /// All blocks, those of loops inside as well, in reverse post-order.
    pub(super) blocks: Vec<Block>,
    members: EntitySet<Block>,
}

impl Loop {
    pub(super) fn contains(&self, block: Block) -> bool {
        self.members.contains(block)
    }

    /// How many instructions it has.
    pub(super) fn insts(&self, func: &Function) -> usize {
        let count = |&block: &Block| func.layout.block_insts(block).count();
        self.blocks.iter().map(count).sum()
    }

    /// Whether a value is computed in the loop.
    pub(super) fn computes(&self, func: &Function, value: Value) -> bool {
        match func.dfg.value_def(value) {
            ValueDef::Result(inst, _) => func
                .layout
                .inst_block(inst)
                .is_some_and(|block| self.contains(block)),
            ValueDef::Param(block, _) => self.contains(block),
            ValueDef::Union(..) => true,
        }
    }

    /// The edges back to the header.
    pub(super) fn latches(&self, edges: &Edges) -> Vec<Edge> {
        let into = edges.to(self.header).iter().copied();
        into.filter(|edge| self.contains(edge.from)).collect()
    }

    /// The edges into the loop.
    pub(super) fn entries(&self, edges: &Edges) -> Vec<Edge> {
        let into = edges.to(self.header).iter().copied();
        into.filter(|edge| !self.contains(edge.from)).collect()
    }

    /// The edges out of the loop.
    pub(super) fn exits(&self, func: &Function) -> Vec<Edge> {
        let out = self.blocks.iter().flat_map(|&block| out_of(func, block));
        out.filter(|edge| !self.contains(edge.target(func)))
            .collect()
    }

    /// The jump that is the only way into the loop, and whether a new block had to be made for it.
    pub(super) fn preheader(&self, func: &mut Function, edges: &mut Edges) -> (Inst, bool) {
        let entries = self.entries(edges);
        if let [edge] = entries[..]
            && matches!(func.dfg.insts[edge.branch], InstructionData::Jump { .. })
        {
            return (edge.branch, false);
        }
        let block = func.dfg.make_block();
        func.layout.insert_block(block, self.header);
        if func.layout.is_cold(self.header) {
            func.layout.set_cold(block);
        }
        let types: Vec<_> = func.dfg.block_params(self.header).to_vec();
        let params: Vec<BlockArg> = types
            .into_iter()
            .map(|param| {
                let ty = func.dfg.value_type(param);
                BlockArg::Value(func.dfg.append_block_param(block, ty))
            })
            .collect();
        for edge in &entries {
            edges.leave(func, edge.from);
            edge.redirect(func, block);
            edges.enter(func, edge.from);
        }
        let mut cursor = FuncCursor::new(func).at_bottom(block);
        let jump = cursor.ins().jump(self.header, params.iter());
        edges.enter(func, block);
        (jump, true)
    }
}

/// The loops that have `height` levels of loops inside, in the order of their headers.
pub(super) fn loops(domtree: &DominatorTree, analysis: &LoopAnalysis, height: u32) -> Vec<Loop> {
    let mut heights: SecondaryMap<LoopId, u32> = SecondaryMap::new();
    // A loop stands behind the one around it.
    let all: Vec<LoopId> = analysis.loops().collect();
    for &id in all.iter().rev() {
        let here = heights[id];
        if let Some(parent) = analysis.loop_parent(id) {
            heights[parent] = heights[parent].max(here + 1);
        }
    }
    let mut slots: SecondaryMap<LoopId, Option<usize>> = SecondaryMap::new();
    let mut found: Vec<Loop> = Vec::new();
    for &block in domtree.cfg_rpo() {
        let mut id = analysis.innermost_loop(block);
        // As many steps out as the wanted ones are high.
        while let Some(around) = id.filter(|&id| heights[id] < height) {
            id = analysis.loop_parent(around);
        }
        let Some(id) = id.filter(|&id| heights[id] == height) else {
            continue;
        };
        let slot = *slots[id].get_or_insert_with(|| {
            found.push(Loop {
                header: analysis.loop_header(id),
                blocks: Vec::new(),
                members: EntitySet::with_capacity(block.index()),
            });
            found.len() - 1
        });
        found[slot].blocks.push(block);
        found[slot].members.insert(block);
    }
    found
}
