//! Puts the code of a function in the place of calls of it, and leaves out functions that nobody calls.
//!
//! ```text
//!   f(p):                        f(p):
//!     a = load p                   a = load p
//!     b = call g(a)       ─▶       jump B1
//!     return b                   B1:
//!                                  brif a, B2(1), B2(a)
//!   g(x):                        B2(b):
//!     brif x, ...                  return b
//! ```
//!
//! Callees are done before their callers, so a body that is copied has in it already what it shall have.
//! The mid-end runs afterwards, once for each function that is left. A function on a cycle of the call
//! graph stays a function.
//!
//! # What is worth it
//!
//! A small body costs less than the call, or the call's saved registers weigh more than a few copies. A
//! function that has one call loses nothing by moving there. But a body with a loop in it gains nothing
//! either, as its call is a small part of what it does, and inside of another loop it loses: what that one
//! keeps in registers is in the way. Such a body moves only to a call outside of loops.
//!
//! # What stays as it was
//!
//! * **Traps** keep the offset of their operator: every copied instruction gets the source location of
//!   the original, which Cranelift's inliner drops. The *function* that a device reports is the one
//!   whose code trapped, hence the caller.
//! * **Stack**: depths are computed later, from what the code then calls. A tail call of the callee is an
//!   ordinary call in the caller, whose frame was below the callee's before: so no stack is needed
//!   that was not needed already, and a cycle of tail calls is on no cycle of inlining.
//! * **Addresses**: copied symbols get the names that they have in the callee. The context and the memory's
//!   base have one `GlobalValue` in each function, as the egraph numbers values by it, so copies are led back
//!   to the caller's.

use std::borrow::Cow;
use std::mem;

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::entity::EntitySet;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::inline::{Inline, InlineCommand};
use cranelift_codegen::ir::{
    Block, ExternalName, FuncRef, Function, GlobalValue, GlobalValueData, Inst, InstructionData,
    Opcode, SourceLoc, Value, types,
};
use cranelift_codegen::loop_analysis::LoopAnalysis;
use cranelift_codegen::{CodegenError, Context};
use rustc_hash::{FxHashMap, FxHashSet};

use super::OptLevel;
use super::callgraph::CallGraph;
use crate::clif::destinations;
use crate::wasm::{Body, BodyId, Translated};

/// For speed, what a body may cost that is copied to every call. See [`cost`] for the unit. SQLite
/// grows by 4 % with 20 and by 7 % with 30, which makes modules that no compiler has inlined before 0.6 %
/// faster, and others not at all on Thumb.
const SMALL: u32 = 20;
/// For speed, what a body may cost that has one call. Between 100 and 400 nothing changes in the test
/// bench.
const SINGLE: u32 = 400;
/// What a call costs beside its arguments: the branch, saved registers, the results' way.
const CALL: u32 = 3;
/// What a caller may cost after calls in it were replaced. The time of the mid-end and of register
/// allocation grows faster than a function.
const CALLER: u32 = 8000;
/// For speed, percent by which a module may grow, beyond [`GROWTH_FREE`]: a bound, which real modules do
/// not come to.
const GROWTH_PERCENT: u32 = 20;
/// Growth that every module may have.
const GROWTH_FREE: u32 = 1000;

/// Replaces calls in every function that can be reached; the others go.
///
/// # Errors
///
/// Cranelift's, with the function that was being changed.
pub(super) fn run(
    translated: &mut Translated,
    level: OptLevel,
) -> Result<(), (BodyId, CodegenError)> {
    let mut graph = CallGraph::new(translated);
    let order = graph.callees_first();
    let bodies = &mut translated.functions;
    let mut costs: Vec<u32> = bodies.iter().map(|body| cost(&body.clif)).collect();
    let all: u32 = costs.iter().fold(0, |sum, &cost| sum.saturating_add(cost));
    let mut budget = all / 100 * GROWTH_PERCENT + GROWTH_FREE;
    let mut context = Context::new();
    for caller in order {
        let node = graph.node(caller);
        let BodyId::Function(_) = bodies[caller].id else {
            continue;
        };
        if !node.reachable || node.callees.is_empty() {
            continue;
        }
        context.clear();
        mem::swap(&mut context.func, &mut bodies[caller].clif);
        let mut inliner = Inliner {
            level,
            bodies,
            graph: &graph,
            costs: &costs,
            cost: costs[caller],
            repeated: calls_in_loops(&context.func),
            budget,
            copies: Vec::new(),
        };
        let inlined = context.inline(&mut inliner);
        let Inliner {
            copies,
            budget: left,
            ..
        } = inliner;
        budget = left;
        finish(&mut context.func, bodies, &copies);
        mem::swap(&mut context.func, &mut bodies[caller].clif);
        inlined.map_err(|error| (bodies[caller].id, error))?;
        if !copies.is_empty() {
            let function = &bodies[caller].clif;
            costs[caller] = cost(function);
            graph.update(caller, function);
        }
    }
    let graph = CallGraph::new(translated);
    let mut position = 0;
    translated.functions.retain(|_| {
        position += 1;
        graph.node(position - 1).reachable
    });
    Ok(())
}

/// What the code of a function costs, in instructions of 32 bits, roughly. Constants and addresses count
/// nothing, since most become operands.
fn cost(function: &Function) -> u32 {
    let insts = function
        .layout
        .blocks()
        .flat_map(|block| function.layout.block_insts(block));
    let costs = insts.map(|inst| inst_cost(function, inst));
    costs.fold(0, u32::saturating_add)
}

fn inst_cost(function: &Function, inst: Inst) -> u32 {
    let dfg = &function.dfg;
    let data = &dfg.insts[inst];
    match data.opcode() {
        Opcode::Iconst
        | Opcode::F32const
        | Opcode::F64const
        | Opcode::SymbolValue
        | Opcode::Return
        | Opcode::Uextend
        | Opcode::Jump => 0,
        Opcode::BrTable => 2 + destinations(function, inst).len() as u32 / 2,
        opcode if opcode.is_call() => CALL + dfg.inst_args(inst).len() as u32,
        _ => {
            let wide = |&value: &Value| {
                let ty = dfg.value_type(value);
                ty == types::I64 || ty == types::F64
            };
            1 + u32::from(dfg.inst_results(inst).iter().any(wide))
        }
    }
}

/// A body in the place of a call.
struct Copy {
    callee: usize,
    /// The number of the copy of the callee's block 0.
    first_block: u32,
    /// The number of the copy of the callee's first global value.
    first_global: u32,
}

/// Decides about the calls of one function.
struct Inliner<'a> {
    level: OptLevel,
    bodies: &'a [Body],
    graph: &'a CallGraph,
    costs: &'a [u32],
    /// The caller's own calls that stand in loops.
    repeated: FxHashSet<Inst>,
    /// What the caller costs by now.
    cost: u32,
    /// By how much the module may still grow.
    budget: u32,
    /// What was put into the caller.
    copies: Vec<Copy>,
}

impl Inliner<'_> {
    /// Whether the call shall go. `arguments` is their number.
    fn wants(&self, caller: &Function, call: Inst, callee: usize, arguments: usize) -> bool {
        let node = self.graph.node(callee);
        let BodyId::Function(_) = self.bodies[callee].id else {
            return false;
        };
        if node.recursive {
            return false;
        }
        let cost = self.costs[callee];
        let call_cost = CALL + arguments as u32;
        let growth = cost.saturating_sub(call_cost);
        if self.cost.saturating_add(growth) > CALLER || !is_dense(&self.bodies[callee].clif, cost) {
            return false;
        }
        if growth == 0 {
            return true;
        }
        let goes = !node.entered;
        let single = goes && node.sites == 1;
        // What all its calls would add, less what goes with the function. Crediting its entry and exit
        // too made SQLite larger.
        let smaller = goes && growth.saturating_mul(node.sites as u32) <= cost;
        let wanted = match self.level {
            OptLevel::None => false,
            OptLevel::Size => smaller,
            OptLevel::Speed if leads_to_trap(caller, call) => false,
            OptLevel::Speed => {
                let small = growth <= self.budget && (cost <= SMALL || smaller);
                small || single && cost <= SINGLE
            }
        };
        let alone = single && !self.repeated.contains(&call);
        wanted && (alone || Loops::of(&self.bodies[callee].clif).is_empty())
    }
}

impl Inline for Inliner<'_> {
    fn inline(
        &mut self,
        caller: &Function,
        call: Inst,
        _: Opcode,
        callee: FuncRef,
        arguments: &[Value],
    ) -> InlineCommand<'_> {
        let position = self.graph.callee(caller, callee);
        let wanted = |&position: &usize| self.wants(caller, call, position, arguments.len());
        let Some(callee) = position.filter(wanted) else {
            return InlineCommand::KeepCall;
        };
        let growth = self.costs[callee].saturating_sub(CALL + arguments.len() as u32);
        self.cost += growth;
        let node = self.graph.node(callee);
        if node.entered || node.sites > 1 {
            self.budget = self.budget.saturating_sub(growth);
        }
        self.copies.push(Copy {
            callee,
            // The next block that the inliner makes is the first copy.
            first_block: caller.dfg.num_blocks() as u32,
            // And so with global values.
            first_global: caller.global_values.len() as u32,
        });
        InlineCommand::Inline {
            callee: Cow::Borrowed(&self.bodies[callee].clif),
            visit_callee: false,
        }
    }
}

/// Whether there is not much more to a function than what it costs: the inliner copies blocks and values
/// of all kinds, be they used or not.
fn is_dense(function: &Function, cost: u32) -> bool {
    let dfg = &function.dfg;
    let most = 8 * cost as usize + 256;
    dfg.num_blocks() <= most && dfg.num_values() <= most && dfg.num_insts() <= most
}

/// Whether a call is followed by a trap, as those of functions that report errors are: such a path is
/// walked once.
fn leads_to_trap(function: &Function, call: Inst) -> bool {
    let block = function.layout.inst_block(call);
    let last = block.and_then(|block| function.layout.last_inst(block));
    last.is_some_and(|last| function.dfg.insts[last].opcode() == Opcode::Trap)
}

fn calls_in_loops(function: &Function) -> FxHashSet<Inst> {
    let loops = Loops::of(function);
    let blocks = function.layout.blocks();
    let repeated = blocks.filter(|&block| loops.contain(block));
    let insts = repeated.flat_map(|block| function.layout.block_insts(block));
    let is_call = |inst: &Inst| function.dfg.insts[*inst].opcode().is_call();
    insts.filter(is_call).collect()
}

/// The loops of a function.
struct Loops(LoopAnalysis);

impl Loops {
    fn of(function: &Function) -> Loops {
        let mut loops = LoopAnalysis::new();
        if leads_back(function) {
            let cfg = ControlFlowGraph::with_function(function);
            let domtree = DominatorTree::with_function(function, &cfg);
            loops.compute(function, &cfg, &domtree);
        }
        Loops(loops)
    }

    fn is_empty(&self) -> bool {
        self.0.loops().next().is_none()
    }

    fn contain(&self, block: Block) -> bool {
        self.0.innermost_loop(block).is_some()
    }
}

/// Whether any branch leads to a block that does not stand behind it, as every loop has one.
fn leads_back(function: &Function) -> bool {
    let mut passed: EntitySet<Block> = EntitySet::with_capacity(function.dfg.num_blocks());
    function.layout.blocks().any(|block| {
        passed.insert(block);
        let branch = function.layout.last_inst(block);
        branch.is_some_and(|branch| {
            let pool = &function.dfg.value_lists;
            let mut calls = destinations(function, branch).iter();
            calls.any(|call| passed.contains(call.block(pool)))
        })
    })
}

/// Gives copies their source locations, and the caller's own global values.
fn finish(function: &mut Function, bodies: &[Body], copies: &[Copy]) {
    for copy in copies {
        name_globals(function, &bodies[copy.callee].clif, copy.first_global);
    }
    let mut addresses: FxHashMap<ExternalName, GlobalValue> = FxHashMap::default();
    for (value, data) in &function.global_values {
        if let GlobalValueData::Symbol { name, .. } = data {
            addresses.entry(name.clone()).or_insert(value);
        }
    }
    for copy in copies {
        let callee = &bodies[copy.callee].clif;
        for block in callee.layout.blocks() {
            let copied = Block::from_u32(copy.first_block + block.as_u32());
            // A tail call has become two instructions.
            let mut locations = callee.layout.block_insts(block).map(|i| callee.srcloc(i));
            let mut location = SourceLoc::default();
            let mut next = first_inst(function, copied);
            while let Some(inst) = next {
                location = locations.next().unwrap_or(location);
                if !location.is_default() {
                    function.set_srcloc(inst, location);
                }
                lead_back(function, inst, &addresses);
                next = function.layout.next_inst(inst);
            }
        }
    }
}

/// Gives copied global values the names that they have in the callee: Cranelift's inliner copies the number of
/// a name, which is another name's in the caller.
fn name_globals(function: &mut Function, callee: &Function, first: u32) {
    for (number, data) in (first..).zip(callee.global_values.values()) {
        if let GlobalValueData::Symbol {
            name: ExternalName::User(name),
            ..
        } = data
        {
            let own = callee.params.user_named_funcs()[*name].clone();
            let own = ExternalName::User(function.declare_imported_user_function(own));
            if let GlobalValueData::Symbol { name, .. } =
                &mut function.global_values[GlobalValue::from_u32(number)]
            {
                *name = own;
            }
        }
    }
}

/// The first instruction of a block; `None` if it is not in the function, as copies of unreachable ones
/// are not.
fn first_inst(function: &Function, block: Block) -> Option<Inst> {
    let there = function.layout.is_block_inserted(block);
    there.then(|| function.layout.first_inst(block)).flatten()
}

/// Makes an instruction take the address of a symbol from the function's first global value for it.
fn lead_back(function: &mut Function, inst: Inst, first: &FxHashMap<ExternalName, GlobalValue>) {
    if let InstructionData::UnaryGlobalValue {
        opcode,
        global_value,
    } = function.dfg.insts[inst]
        && let GlobalValueData::Symbol { name, .. } = &function.global_values[global_value]
        && let Some(&global_value) = first.get(name)
    {
        function.dfg.insts[inst] = InstructionData::UnaryGlobalValue {
            opcode,
            global_value,
        };
    }
}
