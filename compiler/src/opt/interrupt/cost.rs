//! How many instructions CLIF takes, as an estimate that is no lower than what comes out in most cases.
//!
//! The estimate decides where checks are, and nothing else: what a module does is the same with any.

use cranelift_codegen::ir::{Function, Inst, InstructionData, Opcode, Type, types};

use super::graph::{Graph, Way};

/// A call and its return, arguments, prologue and epilogue.
const CALL: u64 = 24;

/// What a function is taken for that the compiler adds and that has no checks: a division of 64 bits, or
/// arithmetic of floats.
pub(super) const SHORT: u64 = 400;

/// Estimates for the function at one position.
pub(super) struct Costs<'a> {
    pub(super) graph: &'a Graph,
    pub(super) position: usize,
    /// The longest stretches of the functions that came before.
    pub(super) lengths: &'a [u64],
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
            let callees = self.graph.callees(func, inst).iter();
            let below = callees.filter(|&&callee| !self.graph.is_around(self.position, callee));
            let longest = below.map(|&callee| self.lengths[callee]).max();
            return longest.unwrap_or(0).saturating_add(CALL);
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
