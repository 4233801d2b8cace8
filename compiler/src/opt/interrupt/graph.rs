//! Which functions may call themselves, through whatever others, and which come before their callers.
//!
//! In contrast to the graph that inlining works with, an indirect call is an edge to every function of
//! its signature whose address may get into a table, and tail calls are edges as any.

use std::collections::{BTreeSet, HashMap};

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
    by_signature: HashMap<(Types, Types), usize>,
    /// What calls of each signature may reach.
    groups: Vec<Group>,
    /// The group of each body that is in one.
    group: Vec<Option<usize>>,
    /// The number of each body's component: callees have lower ones.
    component: Vec<usize>,
    recursive: Vec<bool>,
    order: Vec<usize>,
}

type Types = Vec<ir::Type>;

/// The bodies of one signature whose addresses may get into a table.
#[derive(Default)]
struct Group {
    members: Vec<usize>,
    /// The highest number of their components: none has a higher one than who calls them.
    last: usize,
}

/// What a call may reach.
#[derive(Clone, Copy)]
pub(super) enum Callees {
    /// Nothing that is known here.
    None,
    /// One body.
    One(usize),
    /// All of the group with this number.
    Group(usize),
}

impl Graph {
    /// The graph of what is there now.
    pub(super) fn new(translated: &Translated) -> Graph {
        let module = &translated.module;
        let bodies = &translated.functions;
        let names = bodies.iter().map(|body| name(body.id));
        let mut by_signature: HashMap<_, usize> = HashMap::new();
        let mut groups: Vec<Group> = Vec::new();
        let mut group_of = vec![None; bodies.len()];
        for (position, body) in bodies.iter().enumerate() {
            let indirect = match body.id {
                BodyId::Function(index) | BodyId::Route(index) => {
                    module.functions[index as usize].indirect
                }
                BodyId::Builtin(_) | BodyId::Bridge(_) => false,
            };
            if indirect {
                let entry = by_signature.entry(types(&body.clif.signature));
                let group = *entry.or_insert_with(|| {
                    groups.push(Group::default());
                    groups.len() - 1
                });
                groups[group].members.push(position);
                group_of[position] = Some(group);
            }
        }
        let mut graph = Graph {
            by_name: names.zip(0..).collect(),
            by_signature,
            groups,
            group: group_of,
            component: vec![0; bodies.len()],
            recursive: vec![false; bodies.len()],
            order: Vec::with_capacity(bodies.len()),
        };
        graph.order(translated);
        for group in &mut graph.groups {
            let members = group.members.iter();
            group.last = members.map(|&m| graph.component[m]).max().unwrap_or(0);
        }
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
    pub(super) fn callees(&self, func: &Function, inst: Inst) -> Callees {
        match func.dfg.insts[inst] {
            InstructionData::Call { func_ref, .. } => self.named(func, func_ref),
            InstructionData::CallIndirect { sig_ref, .. } => {
                let signature = &func.dfg.signatures[sig_ref];
                if signature.call_conv == HOST_CALL_CONV {
                    return Callees::None;
                }
                let group = self.by_signature.get(&types(signature));
                group.map_or(Callees::None, |&group| Callees::Group(group))
            }
            _ => Callees::None,
        }
    }

    /// Where an instruction of the body at `position` leads.
    pub(super) fn way(&self, position: usize, func: &Function, inst: Inst) -> Way {
        let last = match self.callees(func, inst) {
            Callees::None => return Way::Out,
            Callees::One(callee) => self.component[callee],
            Callees::Group(group) => self.groups[group].last,
        };
        match last == self.component[position] {
            true => Way::Around,
            false => Way::Down,
        }
    }

    /// Whether ways lead from each of two bodies to the other one.
    pub(super) fn is_around(&self, position: usize, callee: usize) -> bool {
        self.component[position] == self.component[callee]
    }

    /// The number of a body's component: callees have lower ones.
    pub(super) fn component(&self, position: usize) -> usize {
        self.component[position]
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.groups.len()
    }

    /// The group that a body is in.
    pub(super) fn group_of(&self, position: usize) -> Option<usize> {
        self.group[position]
    }

    fn named(&self, func: &Function, callee: FuncRef) -> Callees {
        let ExternalName::User(name) = func.dfg.ext_funcs[callee].name else {
            return Callees::None;
        };
        let name = &func.params.user_named_funcs()[name];
        let position = self.by_name.get(name);
        position.map_or(Callees::None, |&position| Callees::One(position))
    }

    fn order(&mut self, translated: &Translated) {
        let bodies = &translated.functions;
        let mut graph = DiGraph::<(), ()>::new();
        let nodes: Vec<NodeIndex> = bodies.iter().map(|_| graph.add_node(())).collect();
        // Between all calls of a signature and all functions that they may reach.
        let mut signatures: Vec<Option<NodeIndex>> = vec![None; self.groups.len()];
        for (&from, body) in nodes.iter().zip(bodies) {
            let blocks = body.clif.layout.blocks();
            let insts = blocks.flat_map(|block| body.clif.layout.block_insts(block));
            let mut reached = BTreeSet::new();
            for inst in insts {
                reached.insert(match self.callees(&body.clif, inst) {
                    Callees::None => continue,
                    Callees::One(callee) => nodes[callee],
                    Callees::Group(group) => *signatures[group].get_or_insert_with(|| {
                        let through = graph.add_node(());
                        for &callee in &self.groups[group].members {
                            graph.add_edge(through, nodes[callee], ());
                        }
                        through
                    }),
                });
            }
            for to in reached {
                graph.add_edge(from, to, ());
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
