//! The worst stack depth of every function, from the call graph and the frames.
//!
//! Strongly connected parts of the graph are taken callees first:
//!
//! * A function outside every cycle needs its frame and the most that one of its callees needs. A
//!   tail call comes when the frame is gone: its callee needs what it needs, without the frame.
//! * A function on a cycle checks on entry that there is room for its frame and for its callees
//!   outside the cycle; so it asks nothing of its callers.
//! * Functions on a cycle of nothing but tail calls never stand on top of each other. Each needs
//!   what the neediest of them does.
//!
//! An indirect call may reach every function of the signature whose address can get into a table.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use cranelift_codegen::ir;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::mach::buffer::Symbol;

/// What the analysis asks of a function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub symbol: Symbol,
    /// Bytes of its frame.
    pub frame_bytes: u32,
    /// What it calls directly.
    pub calls: Vec<Symbol>,
    /// The signatures that it calls indirectly.
    pub indirect_calls: Vec<ir::Signature>,
    /// What it calls directly by tail calls.
    pub tail_calls: Vec<Symbol>,
    /// The signatures that it calls indirectly by tail calls.
    pub indirect_tail_calls: Vec<ir::Signature>,
    /// Its signature, if its address can get into a table.
    pub indirect: Option<ir::Signature>,
}

/// Bytes of stack below the caller's stack pointer, by function.
#[derive(Clone, Debug, Default)]
pub struct Depths {
    needs: BTreeMap<Symbol, Need>,
}

/// The stack that a call of one function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Its own frame in bytes.
    pub frame_bytes: u32,
    /// The frame and the deepest that is called from it, except through functions that check
    /// for themselves.
    pub bytes: u64,
    /// Whether the function checks on entry that so much is left; else its callers have.
    pub checks_itself: bool,
}

impl Need {
    fn for_callers(self) -> u64 {
        if self.checks_itself { 0 } else { self.bytes }
    }
}

impl Depths {
    /// What a call of `symbol` takes; `None` if it was not analysed.
    pub fn need(&self, symbol: Symbol) -> Option<Need> {
        self.needs.get(&symbol).copied()
    }

    /// What a caller must provide for a call of `symbol`.
    pub fn for_callers(&self, symbol: Symbol) -> u64 {
        self.needs.get(&symbol).map_or(0, |need| need.for_callers())
    }

    /// What `symbol` checks for itself on entry; `None` if its callers already did.
    pub fn checked_on_entry(&self, symbol: Symbol) -> Option<u64> {
        let need = self.needs.get(&symbol)?;
        need.checks_itself.then_some(need.bytes)
    }

    /// The most that a function needs.
    pub fn worst(&self) -> u64 {
        self.needs
            .values()
            .map(|need| need.bytes)
            .max()
            .unwrap_or(0)
    }
}

/// A node of the call graph.
#[derive(Clone, Copy, Debug)]
enum Node {
    /// The function at this position.
    Function(usize),
    /// Whoever an indirect call of some signature reaches: between many callers and many callees.
    Signature,
}

/// How one node leads to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// On top of the caller's frame.
    Call,
    /// In place of it.
    Tail,
}

/// Analyses the call graph of `functions`, which are all that there are.
pub fn analyse(functions: &[Function]) -> Depths {
    let graph = call_graph(functions);
    let mut needs: Vec<Option<Need>> = vec![None; graph.node_count()];
    // Callees come before their callers.
    for mut component in kosaraju_scc(&graph) {
        let members: HashSet<NodeIndex> = component.iter().copied().collect();
        let recursive = component.iter().any(|&node| {
            let mut edges = graph.edges(node);
            edges.any(|edge| *edge.weight() == Edge::Call && members.contains(&edge.target()))
        });
        // Signatures first: what they reach outside the cycle, the functions of the cycle reach.
        component.sort_by_key(|&node| matches!(graph[node], Node::Function(_)));
        for &node in &component {
            let frame_bytes = match graph[node] {
                Node::Function(index) => functions[index].frame_bytes,
                Node::Signature => 0,
            };
            let below = |kind| {
                let edges = graph.edges(node).filter(|edge| *edge.weight() == kind);
                let needs = edges.filter_map(|edge| needs[edge.target().index()]);
                needs.map(Need::for_callers).max().unwrap_or(0)
            };
            let with_frame = u64::from(frame_bytes) + below(Edge::Call);
            needs[node.index()] = Some(Need {
                frame_bytes,
                bytes: with_frame.max(below(Edge::Tail)),
                checks_itself: recursive && matches!(graph[node], Node::Function(_)),
            });
        }
        if !recursive {
            let bytes = component.iter().filter_map(|node| needs[node.index()]);
            let worst = bytes.map(|need| need.bytes).max().unwrap_or(0);
            for node in component {
                if let Some(need) = &mut needs[node.index()] {
                    need.bytes = worst;
                }
            }
        }
    }
    let functions = functions.iter().zip(needs);
    Depths {
        needs: functions
            .filter_map(|(function, need)| Some((function.symbol, need?)))
            .collect(),
    }
}

/// The call graph; the first nodes are the functions in order.
fn call_graph(functions: &[Function]) -> DiGraph<Node, Edge> {
    let mut graph = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..functions.len())
        .map(|index| graph.add_node(Node::Function(index)))
        .collect();
    let symbols = functions.iter().map(|function| function.symbol);
    let by_symbol: HashMap<Symbol, NodeIndex> = symbols.zip(nodes.iter().copied()).collect();

    let mut by_signature: HashMap<(Types, Types), NodeIndex> = HashMap::new();
    for (function, &node) in functions.iter().zip(&nodes) {
        if let Some(signature) = &function.indirect {
            let entry = by_signature.entry(types(signature));
            let signature = *entry.or_insert_with(|| graph.add_node(Node::Signature));
            graph.add_edge(signature, node, Edge::Tail);
        }
    }
    for (function, &node) in functions.iter().zip(&nodes) {
        let direct = [
            (&function.calls, Edge::Call),
            (&function.tail_calls, Edge::Tail),
        ];
        for (callees, edge) in direct {
            for callee in callees.iter().collect::<BTreeSet<_>>() {
                if let Some(&callee) = by_symbol.get(callee) {
                    graph.add_edge(node, callee, edge);
                }
            }
        }
        let indirect = [
            (&function.indirect_calls, Edge::Call),
            (&function.indirect_tail_calls, Edge::Tail),
        ];
        for (signatures, edge) in indirect {
            let signatures = signatures.iter().map(types);
            for signature in signatures.collect::<HashSet<_>>() {
                if let Some(&signature) = by_signature.get(&signature) {
                    graph.add_edge(node, signature, edge);
                }
            }
        }
    }
    graph
}

type Types = Vec<ir::Type>;

fn types(signature: &ir::Signature) -> (Types, Types) {
    let of = |params: &[ir::AbiParam]| params.iter().map(|param| param.value_type).collect();
    (of(&signature.params), of(&signature.returns))
}

#[cfg(test)]
mod tests {
    use cranelift_codegen::isa::CallConv;

    use super::*;

    fn function(index: u32, frame_bytes: u32, calls: &[u32]) -> Function {
        Function {
            symbol: Symbol::Function(index),
            frame_bytes,
            calls: calls.iter().map(|&call| Symbol::Function(call)).collect(),
            indirect_calls: Vec::new(),
            tail_calls: Vec::new(),
            indirect_tail_calls: Vec::new(),
            indirect: None,
        }
    }

    #[test]
    fn a_chain_adds_up_and_a_fork_takes_the_deeper_arm() {
        let depths = analyse(&[
            function(0, 8, &[1, 2]),
            function(1, 16, &[3]),
            function(2, 64, &[]),
            function(3, 40, &[]),
        ]);
        assert_eq!(depths.for_callers(Symbol::Function(0)), 8 + 64);
        assert_eq!(depths.for_callers(Symbol::Function(1)), 16 + 40);
        assert_eq!(depths.checked_on_entry(Symbol::Function(0)), None);
    }

    #[test]
    fn a_cycle_checks_itself_and_asks_nothing_of_its_callers() {
        let depths = analyse(&[
            function(0, 8, &[1]),
            function(1, 16, &[2, 3]),
            function(2, 24, &[1]),
            function(3, 100, &[]),
        ]);
        assert_eq!(depths.for_callers(Symbol::Function(0)), 8);
        assert_eq!(depths.checked_on_entry(Symbol::Function(1)), Some(16 + 100));
        assert_eq!(depths.checked_on_entry(Symbol::Function(2)), Some(24));
        assert_eq!(depths.worst(), 116);
    }

    #[test]
    fn a_function_that_calls_itself_is_a_cycle() {
        let depths = analyse(&[function(0, 8, &[0])]);
        assert_eq!(depths.checked_on_entry(Symbol::Function(0)), Some(8));
    }

    #[test]
    fn an_indirect_call_reaches_every_function_of_its_signature() {
        let mut signature = ir::Signature::new(CallConv::Tail);
        signature.params.push(ir::AbiParam::new(ir::types::I32));
        let mut caller = function(0, 8, &[]);
        caller.indirect_calls.push(signature.clone());
        let mut small = function(1, 16, &[]);
        small.indirect = Some(signature.clone());
        let mut large = function(2, 48, &[]);
        large.indirect = Some(signature);
        let mut other = function(3, 1000, &[]);
        other.indirect = Some(ir::Signature::new(CallConv::Tail));
        let depths = analyse(&[caller, small, large, other]);
        assert_eq!(depths.for_callers(Symbol::Function(0)), 8 + 48);
    }

    #[test]
    fn recursion_through_a_table_asks_for_what_the_table_reaches_outside_it() {
        let signature = ir::Signature::new(CallConv::Tail);
        let mut recursive = function(0, 8, &[]);
        recursive.indirect_calls.push(signature.clone());
        recursive.indirect = Some(signature.clone());
        let mut leaf = function(1, 48, &[]);
        leaf.indirect = Some(signature);
        let depths = analyse(&[recursive, leaf]);
        assert_eq!(depths.checked_on_entry(Symbol::Function(0)), Some(8 + 48));
        assert_eq!(depths.checked_on_entry(Symbol::Function(1)), None);
        assert_eq!(depths.for_callers(Symbol::Function(0)), 0);
    }

    fn tail(index: u32, frame_bytes: u32, tail_calls: &[u32]) -> Function {
        let to = tail_calls.iter().map(|&call| Symbol::Function(call));
        Function {
            tail_calls: to.collect(),
            ..function(index, frame_bytes, &[])
        }
    }

    #[test]
    fn a_tail_call_comes_when_the_frame_is_gone() {
        let depths = analyse(&[
            function(0, 8, &[1]),
            tail(1, 100, &[2]),
            tail(2, 16, &[3]),
            function(3, 40, &[]),
        ]);
        assert_eq!(depths.for_callers(Symbol::Function(2)), 40);
        assert_eq!(depths.for_callers(Symbol::Function(1)), 100);
        assert_eq!(depths.for_callers(Symbol::Function(0)), 8 + 100);
    }

    #[test]
    fn a_cycle_of_tail_calls_needs_what_its_neediest_member_does() {
        let mut large = tail(1, 64, &[2]);
        large.calls.push(Symbol::Function(3));
        let depths = analyse(&[
            function(0, 8, &[2]),
            large,
            tail(2, 16, &[1, 2]),
            function(3, 40, &[]),
        ]);
        for index in [1, 2] {
            assert_eq!(depths.for_callers(Symbol::Function(index)), 64 + 40);
            assert_eq!(depths.checked_on_entry(Symbol::Function(index)), None);
        }
        assert_eq!(depths.for_callers(Symbol::Function(0)), 8 + 64 + 40);
    }

    #[test]
    fn a_cycle_with_one_call_is_recursion() {
        let depths = analyse(&[
            function(0, 8, &[1]),
            tail(1, 16, &[0, 2]),
            function(2, 64, &[]),
        ]);
        assert_eq!(depths.checked_on_entry(Symbol::Function(0)), Some(8));
        assert_eq!(depths.checked_on_entry(Symbol::Function(1)), Some(64));
        assert_eq!(depths.for_callers(Symbol::Function(0)), 0);
    }
}
