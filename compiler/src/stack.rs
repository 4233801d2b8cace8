//! The worst stack depth of every function, from the call graph and the frames.
//!
//! Strongly connected parts of the graph are taken callees first:
//!
//! * A function outside every cycle needs its frame and the most that one of its callees needs.
//! * A function on a cycle checks on entry that there is room for its frame and for its callees
//!   outside the cycle; so it asks nothing of its callers.
//!
//! An indirect call may reach every function of the signature whose address can get into a table.

use std::collections::{BTreeMap, HashMap};

use cranelift_codegen::ir;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

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

impl Depths {
    /// What a call of `symbol` takes; `None` if it was not analysed.
    pub fn need(&self, symbol: Symbol) -> Option<Need> {
        self.needs.get(&symbol).copied()
    }

    /// What a caller must provide for a call of `symbol`.
    pub fn for_callers(&self, symbol: Symbol) -> u64 {
        match self.needs.get(&symbol) {
            Some(need) if !need.checks_itself => need.bytes,
            _ => 0,
        }
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

/// Analyses the call graph of `functions`, which are all that there are.
pub fn analyse(functions: &[Function]) -> Depths {
    let mut by_signature: HashMap<(Types, Types), Vec<usize>> = HashMap::new();
    let mut by_symbol = HashMap::new();
    for (index, function) in functions.iter().enumerate() {
        by_symbol.insert(function.symbol, index);
        if let Some(signature) = &function.indirect {
            by_signature
                .entry(types(signature))
                .or_default()
                .push(index);
        }
    }

    let mut graph: DiGraph<usize, ()> = DiGraph::new();
    let nodes: Vec<NodeIndex> = (0..functions.len()).map(|i| graph.add_node(i)).collect();
    for (index, function) in functions.iter().enumerate() {
        for callee in &function.calls {
            if let Some(&callee) = by_symbol.get(callee) {
                graph.update_edge(nodes[index], nodes[callee], ());
            }
        }
        for signature in &function.indirect_calls {
            for &callee in by_signature.get(&types(signature)).into_iter().flatten() {
                graph.update_edge(nodes[index], nodes[callee], ());
            }
        }
    }

    let mut depths = Depths::default();
    // Callees come before their callers.
    for component in kosaraju_scc(&graph) {
        let cyclic = component.len() > 1 || graph.contains_edge(component[0], component[0]);
        let needs: Vec<(Symbol, Need)> = component
            .iter()
            .map(|&node| {
                let function = &functions[graph[node]];
                let below = graph
                    .neighbors(node)
                    .map(|callee| depths.for_callers(functions[graph[callee]].symbol))
                    .max()
                    .unwrap_or(0);
                let need = Need {
                    frame_bytes: function.frame_bytes,
                    bytes: u64::from(function.frame_bytes) + below,
                    checks_itself: cyclic,
                };
                (function.symbol, need)
            })
            .collect();
        depths.needs.extend(needs);
    }
    depths
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
}
