//! In which order the blocks of a function stand in the text, so that few jumps are executed.
//!
//! ```text
//!   header:                          jump test
//!       …                         body:
//!       branch out   exit            …
//!       …                 ─▶      header:
//!       jump header                  …
//!   exit:                            branch in   body
//!                                 exit:
//! ```
//!
//! A jump costs nothing where its target comes next, and a branch needs no jump behind it where
//! either of its targets does. How often a block runs is guessed from the loops around it; the edges
//! that cost most are made adjacent first, as far as earlier ones leave room. The chains that form so
//! stand in the order of their first blocks.
//!
//! The blocks come in reverse post-order. A jump table reaches forward only in its short forms, so
//! no order is taken that puts more targets before their table than there were.

use std::iter;

use regalloc2::Block;
use smallvec::SmallVec;

use super::vcode::VCode;
use super::{Isa, MachineInst};

/// Rounds that a loop is taken for.
const ROUNDS: f32 = 8.0;
/// More is not told apart.
const MOST: f32 = 1e12;
/// What it is worth that the likelier of two targets comes next, beside a jump.
const STRAIGHT: f32 = 1.0 / 1024.0;

/// The order of a function's blocks.
#[derive(Debug)]
pub(super) struct Layout {
    /// Those that are emitted.
    pub(super) order: Vec<Block>,
    /// For each block with two successors, the likelier one.
    pub(super) likely: Vec<Option<Block>>,
    /// Which blocks are reached from the one that stands before them only.
    pub(super) from_above: Vec<bool>,
}

impl Layout {
    /// Orders the blocks of `code`; `means` has for each the one that stands in its place, itself
    /// unless it does nothing but jump. They keep their order unless it may `change`.
    pub(super) fn of<I: Isa>(code: &VCode<I>, means: &[Block], change: bool) -> Layout {
        let graph = Graph::of(code, means);
        let original: Vec<usize> = (0..graph.succs.len())
            .filter(|&b| graph.emitted[b])
            .collect();
        let frequency = graph.frequencies();
        let mut edges: Vec<(f32, usize, usize)> = Vec::new();
        let mut likely = vec![None; graph.succs.len()];
        for &block in &original {
            let through = |to| frequency[block] * graph.share(block, to);
            match graph.succs[block][..] {
                [to] if !graph.tables[block] => edges.push((frequency[block], block, to)),
                [one, other] if !graph.tables[block] => {
                    let saved = through(one).min(through(other));
                    // Of equals the one that follows anyway is taken.
                    let (one, other) = (one.min(other), one.max(other));
                    for to in [one, other] {
                        edges.push((saved + through(to) * STRAIGHT, block, to));
                    }
                    let other_wins = through(other) > through(one);
                    likely[block] = Some(Block::new(if other_wins { other } else { one }));
                }
                _ => {}
            }
        }
        edges.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut chains = Chains::new(graph.succs.len());
        for (_, from, to) in edges {
            chains.join(from, to);
        }
        let mut order = chains.order(&original);
        // What hardly ever runs is out of the way behind everything else.
        order.sort_by_key(|&block| block != 0 && graph.cold[block]);
        let order = match change && graph.tables_behind(&order) <= graph.tables_behind(&original) {
            true => order,
            false => original,
        };
        let mut from_above = vec![false; graph.succs.len()];
        for pair in order.windows(2) {
            from_above[pair[1]] = pair[1] != 0 && graph.preds[pair[1]][..] == [pair[0]];
        }
        Layout {
            order: order.into_iter().map(Block::new).collect(),
            likely,
            from_above,
        }
    }
}

/// Blocks at the other ends of edges, of which most blocks have two at most.
type Neighbours = SmallVec<[usize; 2]>;

/// The emitted blocks and their edges.
struct Graph {
    emitted: Vec<bool>,
    /// Each once.
    succs: Vec<Neighbours>,
    preds: Vec<Neighbours>,
    /// Which blocks end in a jump by number.
    tables: Vec<bool>,
    /// Which ones hardly ever run.
    cold: Vec<bool>,
    /// The header of the innermost loop of each block.
    inside: Vec<Option<usize>>,
    /// For each header, that of the loop around its loop.
    around: Vec<Option<usize>>,
}

impl Graph {
    fn of<I: Isa>(code: &VCode<I>, means: &[Block]) -> Graph {
        let count = code.blocks.len();
        let mut graph = Graph {
            emitted: vec![false; count],
            succs: iter::repeat_with(Neighbours::new).take(count).collect(),
            preds: iter::repeat_with(Neighbours::new).take(count).collect(),
            tables: vec![false; count],
            cold: code.blocks.iter().map(|block| block.cold).collect(),
            inside: vec![None; count],
            around: vec![None; count],
        };
        for (block, of) in code.blocks.iter().enumerate() {
            graph.emitted[block] = means[block].index() == block;
            if !graph.emitted[block] {
                continue;
            }
            for succ in &of.succs {
                let succ = means[succ.index()].index();
                if !graph.succs[block].contains(&succ) {
                    graph.succs[block].push(succ);
                    graph.preds[succ].push(block);
                }
            }
            let last = &code.insts[of.range.1 as usize - 1];
            graph.tables[block] = last.is_table();
        }
        graph.find_loops();
        graph
    }

    /// Finds the natural loops, inner ones first: their headers come later.
    fn find_loops(&mut self) {
        for header in (0..self.succs.len()).rev() {
            let back = self.preds[header].iter().copied();
            let mut reached: Vec<usize> = back.filter(|&from| from >= header).collect();
            if reached.is_empty() {
                continue;
            }
            self.inside[header] = Some(header);
            while let Some(block) = reached.pop() {
                let entered = match self.inside[block] {
                    None => {
                        self.inside[block] = Some(header);
                        block
                    }
                    Some(mut inner) => {
                        while let Some(outer) = self.around[inner] {
                            inner = outer;
                        }
                        if inner == header {
                            continue;
                        }
                        self.around[inner] = Some(header);
                        inner
                    }
                };
                // A loop with a second entry is none; it ends at what comes before its header.
                let preds = self.preds[entered].iter().copied();
                reached.extend(preds.filter(|&from| from > header));
            }
        }
    }

    fn is_inside(&self, block: usize, header: usize) -> bool {
        let mut of = self.inside[block];
        while let Some(inner) = of {
            if inner == header {
                return true;
            }
            of = self.around[inner];
        }
        false
    }

    /// How much of what runs through `block` goes on in its successor `to`.
    fn share(&self, block: usize, to: usize) -> f32 {
        let succs = &self.succs[block];
        let cold = succs.iter().filter(|&&to| self.cold[to]).count();
        if cold > 0 && cold < succs.len() {
            return match self.cold[to] {
                true => 0.0,
                false => 1.0 / (succs.len() - cold) as f32,
            };
        }
        let stays = |to: usize| match self.inside[block] {
            Some(header) => self.is_inside(to, header),
            None => true,
        };
        let staying = succs.iter().filter(|&&to| stays(to)).count();
        let leaving = succs.len() - staying;
        let (leave, stay) = match (leaving, staying) {
            (0, _) => (0.0, 1.0),
            (_, 0) => (1.0, 0.0),
            _ => (1.0 / ROUNDS, 1.0 - 1.0 / ROUNDS),
        };
        match stays(to) {
            true => stay / staying as f32,
            false => leave / leaving as f32,
        }
    }

    /// How often each block runs for one call.
    fn frequencies(&self) -> Vec<f32> {
        let mut frequency = vec![0.0; self.succs.len()];
        frequency[0] = 1.0;
        for block in 0..self.succs.len() {
            for &from in self.preds[block].iter().filter(|&&from| from < block) {
                frequency[block] += frequency[from] * self.share(from, block);
            }
            if self.inside[block] == Some(block) {
                frequency[block] *= ROUNDS;
            }
            frequency[block] = frequency[block].min(MOST);
        }
        frequency
    }

    /// How many targets of tables stand before them.
    fn tables_behind(&self, order: &[usize]) -> usize {
        if !self.tables.contains(&true) {
            return 0;
        }
        let mut position = vec![0; self.succs.len()];
        for (at, &block) in order.iter().enumerate() {
            position[block] = at;
        }
        let tables = order.iter().filter(|&&block| self.tables[block]);
        let behind = |&block: &usize| {
            let targets = self.succs[block].iter();
            targets
                .filter(|&&to| position[to] <= position[block])
                .count()
        };
        tables.map(behind).sum()
    }
}

/// Blocks that follow each other.
struct Chains {
    next: Vec<Option<usize>>,
    previous: Vec<Option<usize>>,
    /// For the first block of a chain the last one, and the other way round.
    end: Vec<usize>,
}

impl Chains {
    fn new(blocks: usize) -> Chains {
        Chains {
            next: vec![None; blocks],
            previous: vec![None; blocks],
            end: (0..blocks).collect(),
        }
    }

    /// Puts the chain that begins with `to` behind the one that ends with `from`, if there are such
    /// two; nothing comes before the entry.
    fn join(&mut self, from: usize, to: usize) {
        let free = self.next[from].is_none() && self.previous[to].is_none();
        if !free || to == 0 || self.end[from] == to {
            return;
        }
        (self.next[from], self.previous[to]) = (Some(to), Some(from));
        let (first, last) = (self.end[from], self.end[to]);
        (self.end[first], self.end[last]) = (last, first);
    }

    /// All blocks of `original`, chain by chain, each where its first block in that order stood.
    fn order(&self, original: &[usize]) -> Vec<usize> {
        let mut order = Vec::with_capacity(original.len());
        let mut placed = vec![false; self.next.len()];
        for &block in original {
            if placed[block] {
                continue;
            }
            let mut first = block;
            while let Some(previous) = self.previous[first] {
                first = previous;
            }
            let mut at = Some(first);
            while let Some(block) = at {
                placed[block] = true;
                order.push(block);
                at = self.next[block];
            }
        }
        order
    }
}
