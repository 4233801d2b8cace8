//! Which function of a module calls which, and which ones anybody calls at all.
//!
//! ```text
//!   exports, tables, start ──▶ f ──▶ g, g      f: callees g g      g: 2 sites
//!                              h ──▶ g         h: not reachable, counts for nothing
//! ```
//!
//! Only direct calls are edges. A function whose address is taken has callers that nobody sees, like
//! one that is exported: it is [`Node::entered`].

use cranelift_codegen::ir::{
    ExternalName, FuncRef, Function, GlobalValueData, InstructionData, UserExternalName,
};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::FxHashMap;

use crate::wasm::contract::{BRIDGES, BUILTINS, Builtin, FUNCTIONS};
use crate::wasm::{BodyId, Translated};

/// The call graph of a module's bodies, which are known by their positions.
pub(super) struct CallGraph {
    by_name: FxHashMap<UserExternalName, usize>,
    nodes: Vec<Node>,
}

/// A body in the graph.
#[derive(Default)]
pub(super) struct Node {
    /// What it calls, once for each call in its code.
    pub(super) callees: Vec<usize>,
    /// Calls of it in code that can be reached.
    pub(super) sites: usize,
    /// Whether it has callers beside these: it is exported, the start function, or in a table.
    pub(super) entered: bool,
    /// Whether it may call itself without an indirect call.
    pub(super) recursive: bool,
    /// Whether anything may call it.
    pub(super) reachable: bool,
}

impl CallGraph {
    /// The graph of what is there now.
    pub(super) fn new(translated: &Translated) -> CallGraph {
        let bodies = &translated.functions;
        let names = bodies.iter().map(|body| name(body.id));
        let mut graph = CallGraph {
            by_name: names.zip(0..).collect(),
            nodes: bodies.iter().map(|_| Node::default()).collect(),
        };
        for (position, body) in bodies.iter().enumerate() {
            graph.nodes[position].callees = graph.callees(&body.clif);
            for named in graph.addresses(&body.clif) {
                graph.nodes[named].entered = true;
            }
        }
        for index in translated.module.entered_functions() {
            let name = UserExternalName::new(FUNCTIONS, index);
            if let Some(&position) = graph.by_name.get(&name) {
                graph.nodes[position].entered = true;
            }
        }
        for (node, body) in graph.nodes.iter_mut().zip(bodies) {
            node.entered |= match body.id {
                BodyId::Function(index) | BodyId::Route(index) => {
                    translated.module.functions[index as usize].indirect
                }
                BodyId::Builtin(builtin) => builtin == Builtin::Initialize,
                BodyId::Bridge(_) => false,
            };
        }
        graph.reach();
        graph
    }

    /// The node of a body.
    pub(super) fn node(&self, position: usize) -> &Node {
        &self.nodes[position]
    }

    /// The body that `callee` of `function` is; `None` for functions of others.
    pub(super) fn callee(&self, function: &Function, callee: FuncRef) -> Option<usize> {
        let ExternalName::User(name) = function.dfg.ext_funcs[callee].name else {
            return None;
        };
        let name = &function.params.user_named_funcs()[name];
        self.by_name.get(name).copied()
    }

    /// All positions, callees before their callers as far as there is no recursion. Finds out what is
    /// recursive.
    pub(super) fn callees_first(&mut self) -> Vec<usize> {
        let mut graph = DiGraph::<(), ()>::new();
        let nodes: Vec<NodeIndex> = self.nodes.iter().map(|_| graph.add_node(())).collect();
        for (&from, node) in nodes.iter().zip(&self.nodes) {
            let mut callees = node.callees.clone();
            callees.sort_unstable();
            callees.dedup();
            for callee in callees {
                graph.add_edge(from, nodes[callee], ());
            }
        }
        let mut order = Vec::with_capacity(nodes.len());
        for component in kosaraju_scc(&graph) {
            for member in &component {
                let node = &mut self.nodes[member.index()];
                node.recursive = component.len() > 1 || node.callees.contains(&member.index());
                order.push(member.index());
            }
        }
        order
    }

    /// Notes that `function` is the new code of a reachable body. What loses its last call is not
    /// reachable from then on.
    pub(super) fn update(&mut self, position: usize, function: &Function) {
        let after = self.callees(function);
        for &callee in &after {
            self.nodes[callee].sites += 1;
        }
        let mut gone = std::mem::replace(&mut self.nodes[position].callees, after);
        while let Some(callee) = gone.pop() {
            let node = &mut self.nodes[callee];
            node.sites -= 1;
            if node.sites == 0 && !node.entered && node.reachable {
                node.reachable = false;
                gone.extend(&node.callees);
            }
        }
    }

    fn callees(&self, function: &Function) -> Vec<usize> {
        let blocks = function.layout.blocks();
        let insts = blocks.flat_map(|block| function.layout.block_insts(block));
        insts
            .filter_map(|inst| match function.dfg.insts[inst] {
                InstructionData::Call { func_ref, .. } => self.callee(function, func_ref),
                _ => None,
            })
            .collect()
    }

    /// The bodies whose addresses a function may take.
    fn addresses(&self, function: &Function) -> Vec<usize> {
        let values = function.global_values.values();
        values
            .filter_map(|value| match value {
                GlobalValueData::Symbol {
                    name: ExternalName::User(name),
                    ..
                } => self
                    .by_name
                    .get(&function.params.user_named_funcs()[*name])
                    .copied(),
                _ => None,
            })
            .collect()
    }

    /// Finds what can be reached, and counts the calls there.
    fn reach(&mut self) {
        let positions = 0..self.nodes.len();
        let mut work: Vec<usize> = positions.filter(|&p| self.nodes[p].entered).collect();
        for &entered in &work {
            self.nodes[entered].reachable = true;
        }
        while let Some(position) = work.pop() {
            let callees = std::mem::take(&mut self.nodes[position].callees);
            for &callee in &callees {
                let node = &mut self.nodes[callee];
                node.sites += 1;
                if !node.reachable {
                    node.reachable = true;
                    work.push(callee);
                }
            }
            self.nodes[position].callees = callees;
        }
    }
}

/// What calls of a body name.
pub(super) fn name(id: BodyId) -> UserExternalName {
    let (namespace, index) = match id {
        BodyId::Function(index) | BodyId::Route(index) => (FUNCTIONS, index),
        BodyId::Builtin(builtin) => (BUILTINS, builtin as u32),
        BodyId::Bridge(number) => (BRIDGES, number),
    };
    UserExternalName::new(namespace, index)
}
