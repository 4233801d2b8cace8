//! Which functions may call themselves, through whatever others, and which come before their callers.
//!
//! In contrast to the graph that inlining works with, an indirect call is an edge to every function of
//! its signature whose address may get into a table, and tail calls are edges as any.

use std::collections::HashMap;

use cranelift_codegen::ir::{
    self, ExternalName, FuncRef, Function, Inst, InstructionData, UserExternalName,
};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::FxHashMap;

use super::super::callgraph::name;
use crate::wasm::contract::HOST_CALL_CONV;
use crate::wasm::{BodyId, Translated};

/// Where a call leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To the host, to another instance, or to what is no call at all.
    Out,
    /// To functions from which no way leads back here.
    Down,
    /// To one from which a way may lead back.
    Around,
}

/// The call graph of a module's bodies, which are known by their positions.
pub(super) struct Graph {
    by_name: FxHashMap<UserExternalName, usize>,
    by_signature: HashMap<(Types, Types), Vec<usize>>,
    /// The number of each body's component: callees have lower ones.
    component: Vec<usize>,
    recursive: Vec<bool>,
    order: Vec<usize>,
}

type Types = Vec<ir::Type>;

impl Graph {
    /// The graph of what is there now.
    pub(super) fn new(translated: &Translated) -> Graph {
        let module = &translated.module;
        let bodies = &translated.functions;
        let names = bodies.iter().map(|body| name(body.id));
        let mut by_signature: HashMap<_, Vec<usize>> = HashMap::new();
        for (position, body) in bodies.iter().enumerate() {
            let indirect = match body.id {
                BodyId::Function(index) | BodyId::Route(index) => {
                    module.functions[index as usize].indirect
                }
                BodyId::Builtin(_) | BodyId::Bridge(_) => false,
            };
            if indirect {
                let types = types(&body.clif.signature);
                by_signature.entry(types).or_default().push(position);
            }
        }
        let mut graph = Graph {
            by_name: names.zip(0..).collect(),
            by_signature,
            component: vec![0; bodies.len()],
            recursive: vec![false; bodies.len()],
            order: Vec::with_capacity(bodies.len()),
        };
        graph.order(translated);
        if module.open {
            // Another instance that is called may call back.
            let entered: Vec<u32> = module.entered_functions().collect();
            for (position, body) in bodies.iter().enumerate() {
                if let BodyId::Function(index) | BodyId::Route(index) = body.id {
                    graph.recursive[position] |=
                        module.functions[index as usize].indirect || entered.contains(&index);
                }
            }
        }
        graph
    }

    /// All positions, callees before their callers as far as there is no recursion.
    pub(super) fn callees_first(&self) -> Vec<usize> {
        self.order.clone()
    }

    /// Whether a body may run while it runs already.
    pub(super) fn calls_itself(&self, position: usize) -> bool {
        self.recursive[position]
    }

    /// The bodies that an instruction of a function may call.
    pub(super) fn callees<'a>(&'a self, func: &'a Function, inst: Inst) -> &'a [usize] {
        match func.dfg.insts[inst] {
            InstructionData::Call { func_ref, .. } => self.named(func, func_ref),
            InstructionData::CallIndirect { sig_ref, .. } => {
                let signature = &func.dfg.signatures[sig_ref];
                if signature.call_conv == HOST_CALL_CONV {
                    return &[];
                }
                let found = self.by_signature.get(&types(signature));
                found.map_or(&[], Vec::as_slice)
            }
            _ => &[],
        }
    }

    /// Where an instruction of the body at `position` leads.
    pub(super) fn way(&self, position: usize, func: &Function, inst: Inst) -> Way {
        let callees = self.callees(func, inst);
        let around = |&callee: &usize| self.is_around(position, callee);
        match callees {
            [] => Way::Out,
            _ if callees.iter().any(around) => Way::Around,
            _ => Way::Down,
        }
    }

    /// Whether ways lead from each of two bodies to the other one.
    pub(super) fn is_around(&self, position: usize, callee: usize) -> bool {
        self.component[position] == self.component[callee]
    }

    fn named(&self, func: &Function, callee: FuncRef) -> &[usize] {
        let ExternalName::User(name) = func.dfg.ext_funcs[callee].name else {
            return &[];
        };
        let name = &func.params.user_named_funcs()[name];
        let position = self.by_name.get(name);
        position.map_or(&[], std::slice::from_ref)
    }

    fn order(&mut self, translated: &Translated) {
        let bodies = &translated.functions;
        let mut graph = DiGraph::<(), ()>::new();
        let nodes: Vec<NodeIndex> = bodies.iter().map(|_| graph.add_node(())).collect();
        // Between all calls of a signature and all functions that they may reach.
        let mut signatures: HashMap<*const usize, NodeIndex> = HashMap::new();
        for (&from, body) in nodes.iter().zip(bodies) {
            let blocks = body.clif.layout.blocks();
            let insts = blocks.flat_map(|block| body.clif.layout.block_insts(block));
            for inst in insts {
                let callees = self.callees(&body.clif, inst);
                let direct = matches!(body.clif.dfg.insts[inst], InstructionData::Call { .. });
                match callees {
                    [] => {}
                    _ if direct => {
                        graph.update_edge(from, nodes[callees[0]], ());
                    }
                    _ => {
                        let through = *signatures.entry(callees.as_ptr()).or_insert_with(|| {
                            let through = graph.add_node(());
                            for &callee in callees {
                                graph.add_edge(through, nodes[callee], ());
                            }
                            through
                        });
                        graph.update_edge(from, through, ());
                    }
                }
            }
        }
        for (number, component) in kosaraju_scc(&graph).into_iter().enumerate() {
            let single = match component[..] {
                [only] => !graph.contains_edge(only, only),
                _ => false,
            };
            for member in component {
                if member.index() < bodies.len() {
                    self.component[member.index()] = number;
                    self.recursive[member.index()] = !single;
                    self.order.push(member.index());
                }
            }
        }
    }
}

fn types(signature: &ir::Signature) -> (Types, Types) {
    let of = |params: &[ir::AbiParam]| params.iter().map(|param| param.value_type).collect();
    (of(&signature.params), of(&signature.returns))
}
