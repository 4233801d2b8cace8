//! Which machine blocks a function has, and in which order they stand in the text.
//!
//! Every reachable CLIF block becomes one machine block, in reverse post-order. An edge whose
//! source has several successors and whose target has several incoming edges ("critical")
//! gets a block of its own, placed right behind its source, so that the register allocator has
//! a place for the moves that belong to that edge only.
//!
//! ```text
//!     brif c, B1(v), B2          MB0: cond. branch MB1 / MB2
//!     B1 has other predecessors  MB1: jump MB3(v)       (edge block)
//! ```
//!
//! Equal edges of one jump table share a block: a table of a hundred entries that lead to three
//! places has three successors.

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{self, BlockArg};
use regalloc2::Block;
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::reg::Reg;
use crate::clif::destinations;

/// What a machine block is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The instructions of this CLIF block.
    Clif(ir::Block),
    /// Nothing but the jump along one edge of this CLIF branch.
    Edge {
        /// The branch that the edge leaves from.
        branch: ir::Inst,
        /// Which of its destinations.
        destination: usize,
    },
}

/// One machine block.
#[derive(Clone, Debug)]
pub struct MachBlock {
    /// What it is made from.
    pub source: Source,
    /// The machine block of each destination of the terminator, in the order of the CLIF branch;
    /// the same block may occur several times.
    pub targets: Vec<Block>,
}

/// The machine blocks of a function in text order; block 0 is the entry.
#[derive(Debug)]
pub struct BlockOrder {
    /// The blocks; a [`Block`] is an index into this list.
    pub blocks: Vec<MachBlock>,
}

impl BlockOrder {
    /// The blocks of `func` that are `reached`, in that order, with its critical edges split.
    pub fn new(func: &ir::Function, reached: &[ir::Block]) -> BlockOrder {
        let reachable: Vec<(ir::Block, Edges)> = reached
            .iter()
            .map(|&block| (block, unique_edges(func, block)))
            .collect();

        let mut incoming: SecondaryMap<ir::Block, u32> = SecondaryMap::new();
        for edge in reachable.iter().flat_map(|(_, edges)| edges) {
            incoming[edge.target] += 1;
        }

        // First the sources, then the indices that the targets refer to.
        let mut blocks = Vec::with_capacity(reachable.len());
        let mut index_of: SecondaryMap<ir::Block, Option<Block>> = SecondaryMap::new();
        for &(block, ref edges) in &reachable {
            index_of[block] = Some(Block::new(blocks.len()));
            blocks.push(MachBlock {
                source: Source::Clif(block),
                targets: Vec::new(),
            });
            if edges.len() < 2 {
                continue;
            }
            for edge in edges.iter().filter(|edge| incoming[edge.target] > 1) {
                blocks.push(MachBlock {
                    source: Source::Edge {
                        branch: edge.branch,
                        destination: edge.destinations[0],
                    },
                    targets: Vec::new(),
                });
            }
        }

        let mut edges_of = reachable.iter().map(|(_, edges)| edges);
        let place = |target: ir::Block| index_of[target].expect("successor of a reachable block");
        for (index, block) in blocks.iter_mut().enumerate() {
            block.targets = match block.source {
                Source::Edge {
                    branch,
                    destination,
                } => {
                    let call = &destinations(func, branch)[destination];
                    vec![place(call.block(&func.dfg.value_lists))]
                }
                Source::Clif(_) => {
                    let edges = edges_of.next().expect("in the order of the blocks");
                    let count = edges.iter().map(|edge| edge.destinations.len()).sum();
                    let mut targets = vec![Block::invalid(); count];
                    // The blocks of its split edges follow in order.
                    let mut edge_blocks = (index + 1..).map(Block::new);
                    for edge in edges {
                        let split = edges.len() > 1 && incoming[edge.target] > 1;
                        let target = if split {
                            edge_blocks.next().expect("an endless range")
                        } else {
                            place(edge.target)
                        };
                        for &destination in &edge.destinations {
                            targets[destination] = target;
                        }
                    }
                    targets
                }
            };
        }
        BlockOrder { blocks }
    }
}

/// A jump by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchTable {
    /// The number, unsigned.
    pub index: Reg,
    /// Where to for the numbers from 0 on; may be empty.
    pub targets: Vec<Block>,
    /// Where to for all others.
    pub default: Block,
}

/// All destinations of one branch that lead to one block with the same arguments.
struct Edge {
    branch: ir::Inst,
    target: ir::Block,
    destinations: SmallVec<[usize; 1]>,
}

type Edges = SmallVec<[Edge; 2]>;

fn unique_edges(func: &ir::Function, block: ir::Block) -> Edges {
    let mut edges = Edges::new();
    let Some(branch) = func.layout.last_inst(block) else {
        return edges;
    };
    let pool = &func.dfg.value_lists;
    // Tables may be long. Nothing else leads to more than two places.
    let mut seen: FxHashMap<(ir::Block, Vec<BlockArg>), usize> = FxHashMap::default();
    let calls = destinations(func, branch);
    for (index, call) in calls.iter().enumerate() {
        let target = call.block(pool);
        let slot = match calls {
            [_] => 0,
            [first, second] => {
                let same = first.block(pool) == second.block(pool)
                    && first.args(pool).eq(second.args(pool));
                if same { 0 } else { index }
            }
            _ => *seen
                .entry((target, call.args(pool).collect()))
                .or_insert(edges.len()),
        };
        match edges.get_mut(slot) {
            Some(edge) => edge.destinations.push(index),
            None => edges.push(Edge {
                branch,
                target,
                destinations: smallvec![index],
            }),
        }
    }
    edges
}
