//! How many instructions CLIF takes, as an estimate that is no lower than what comes out in most cases.
//!
//! The estimate decides where checks are, and nothing else: what a module does is the same with any.

use cranelift_codegen::ir::{Function, Inst, InstructionData, Opcode, Type, types};

use super::graph::{Callees, Graph, Way};

/// A call and its return, arguments, prologue and epilogue.
const CALL: u64 = 24;

/// What a function is taken for that the compiler adds and that has no checks: a division of 64 bits, or
/// arithmetic of floats.
pub(super) const SHORT: u64 = 400;

/// The longest stretches of the functions that came before, callees before their callers.
pub(super) struct Lengths {
    of: Vec<u64>,
    groups: Vec<Longest>,
}

/// The longest stretches of the members of a group.
#[derive(Clone, Copy, Default)]
struct Longest {
    /// The last component that a member was in.
    component: usize,
    /// The longest in that component.
    here: u64,
    /// The longest in those before.
    before: u64,
}

impl Lengths {
    pub(super) fn new(graph: &Graph, bodies: usize) -> Lengths {
        Lengths {
            of: vec![0; bodies],
            groups: vec![Longest::default(); graph.groups()],
        }
    }

    /// Notes the length of the next function.
    pub(super) fn set(&mut self, graph: &Graph, position: usize, length: u64) {
        self.of[position] = length;
        if let Some(group) = graph.group_of(position) {
            let longest = &mut self.groups[group];
            let component = graph.component(position);
            if longest.component != component {
                longest.before = longest.before.max(longest.here);
                longest.here = 0;
                longest.component = component;
            }
            longest.here = longest.here.max(length);
        }
    }

    /// The longest stretch of what a call may reach outside of the caller's component.
    fn below(&self, graph: &Graph, caller: usize, callees: Callees) -> u64 {
        match callees {
            Callees::None => 0,
            Callees::One(callee) if graph.is_around(caller, callee) => 0,
            Callees::One(callee) => self.of[callee],
            Callees::Group(group) => {
                let longest = self.groups[group];
                match longest.component == graph.component(caller) {
                    true => longest.before,
                    false => longest.before.max(longest.here),
                }
            }
        }
    }
}

/// Estimates for the function at one position.
pub(super) struct Costs<'a> {
    pub(super) graph: &'a Graph,
    pub(super) position: usize,
    pub(super) lengths: &'a Lengths,
    /// Whether the core computes with f32.
    pub(super) float: bool,
}

impl Costs<'_> {
    /// Whether an instruction is a call that leads there, and control comes back behind it.
    pub(super) fn comes_back(&self, func: &Function, inst: Inst, way: Way) -> bool {
        let last = func.dfg.insts[inst].opcode().is_terminator();
        !last && self.graph.way(self.position, func, inst) == way
    }

    /// Instructions until the next one of the function. Those of callees that lead back here are not
    /// counted: each begins with a check.
    pub(super) fn inst(&self, func: &Function, inst: Inst) -> u64 {
        let dfg = &func.dfg;
        let opcode = dfg.insts[inst].opcode();
        if opcode.is_call() {
            let callees = self.graph.callees(func, inst);
            let longest = self.lengths.below(self.graph, self.position, callees);
            return longest.saturating_add(CALL);
        }
        match opcode {
            Opcode::BrTable => return 4,
            Opcode::Brif | Opcode::Return => return 2,
            _ => {}
        }
        let operands = dfg.inst_args(inst).iter().chain(dfg.inst_results(inst));
        let widest = operands
            .map(|&value| dfg.value_type(value))
            .max_by_key(|&ty| self.weight(ty));
        match (&dfg.insts[inst], widest) {
            (InstructionData::Load { .. } | InstructionData::Store { .. }, Some(ty)) => {
                u64::from(ty.bytes().div_ceil(4))
            }
            (_, Some(types::I64))
                if matches!(
                    opcode,
                    Opcode::Udiv | Opcode::Sdiv | Opcode::Urem | Opcode::Srem
                ) =>
            {
                SHORT
            }
            (_, Some(ty)) => self.weight(ty),
            (_, None) => 1,
        }
    }

    fn weight(&self, ty: Type) -> u64 {
        match ty {
            types::I64 => 4,
            types::F32 if self.float => 1,
            types::F32 | types::F64 => SHORT / 2,
            _ => 1,
        }
    }
}
