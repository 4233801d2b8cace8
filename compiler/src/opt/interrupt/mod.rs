//! Lets the host end a call: code looks at the interrupt word often enough.
//!
//! ```text
//!   loop(p = p0):                      loop(p = p0):
//!     p' = load p               ─▶       w = load context + interrupt
//!     brif p', loop(p'), out             trapnz w, interrupted
//!                                        p' = load p
//!                                        brif p', loop(p'), out
//! ```
//!
//! A *stretch* is what may run without a look at the word. Its length is estimated in instructions
//! (`cost`), for each function as if all its blocks were on the way, and functions are visited callees
//! first (`graph`):
//!
//! * A loop that goes round no more than `n` times ([`rounds`]) takes `n` times what is in it. If that
//!   is within the [`BUDGET`], it needs no check.
//! * Other loops have a check in the header, unless every round passes one of a loop inside: they add
//!   what one round takes.
//! * A function that may call itself, through whatever others, has a check at its entry. When it has
//!   much to do behind such a call ([`MAX_REST`]), there is another one behind the call, so that the way
//!   back from the deepest one is not long either.
//! * If a function comes out longer than the budget, its loops get a smaller one; and if that is not
//!   enough, there is a check behind each call of more than a few instructions.
//!
//! So a stretch is at most about the budget, plus the plain code without loops of the functions that are
//! active, plus [`MAX_REST`] for each frame of a recursion.
//!
//! This comes after everything that moves loads or takes loops apart, so that the load stays where it
//! is. What selection adds (division of 64 bits, floats without an FPU) has loops of at most 64
//! rounds, and no check.

mod cost;
mod graph;

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::{
    Block, ExternalName, Function, GlobalValueData, Inst, InstBuilder, UserExternalName, types,
};
use cranelift_codegen::loop_analysis::LoopAnalysis;
use wasm2mcu_abi::trap::TrapCode;

use self::cost::{Costs, Lengths};
use self::graph::{Graph, Way};
use super::loops::rounds::{self, Bounded};
use crate::clif::destinations;
use crate::wasm::contract::{Region, SYMBOLS, Symbol, trap};
use crate::wasm::module::Memory;
use crate::wasm::{BodyId, Translated, support};

/// Estimated instructions that may run without a check: 10 ms at 100 MHz.
pub(crate) const BUDGET: u64 = 1_000_000;

/// Budgets for the loops of a function that is longer than [`BUDGET`] altogether, one after the other.
const SMALLER: [u64; 3] = [BUDGET / 16, BUDGET / 256, 0];

/// What a function may have to do behind a call by which it may call itself.
const MAX_REST: u64 = 256;

/// A call of no more than this needs no check behind it, however often there is one.
const MAX_SMALL: u64 = 64;

/// The largest function whose loops are looked at, as [`support::size`] has it.
const MAX_SIZE: u64 = 1 << 18;

/// How deep loops may nest that are looked at.
const MAX_LOOP_DEPTH: usize = 100;

/// Puts checks into all functions of a module that has an interrupt word. `float` says whether the core
/// computes with f32.
pub(crate) fn run(translated: &mut Translated, float: bool) {
    let Some(word) = translated.module.interrupt_offset else {
        return;
    };
    let graph = Graph::new(translated);
    let mut lengths = Lengths::new(&graph, translated.functions.len());
    for position in graph.callees_first() {
        let id = translated.functions[position].id;
        if is_short(id) {
            lengths.set(&graph, position, cost::SHORT);
            continue;
        }
        let body = &mut translated.functions[position];
        let costs = Costs {
            graph: &graph,
            position,
            lengths: &lengths,
            float,
        };
        let memory = translated.module.memory.as_ref();
        let plan = plan(&body.clif, &costs, memory, graph.calls_itself(position));
        lengths.set(&graph, position, plan.length);
        plan.perform(&mut body.clif, word);
    }
}

/// Whether a function is the compiler's own and ends soon.
fn is_short(id: BodyId) -> bool {
    match id {
        BodyId::Builtin(builtin) => builtin.is_runtime() || builtin.is_division(),
        BodyId::Function(_) | BodyId::Route(_) | BodyId::Bridge(_) => false,
    }
}

/// Where a function gets checks.
#[derive(Default)]
struct Plan {
    /// Blocks that begin with one: headers, and the entry.
    blocks: Vec<Block>,
    /// Calls with one behind them.
    calls: Vec<Inst>,
    /// The longest stretch.
    length: u64,
}

/// The loops of a function, and branches back to blocks that are no headers.
struct Loops {
    loops: Vec<Bounded>,
    irreducible: Vec<Block>,
    domtree: DominatorTree,
}

fn plan(func: &Function, costs: &Costs<'_>, memory: Option<&Memory>, recursive: bool) -> Plan {
    let loops = Loops::of(func, memory);
    let blocks = func.layout.blocks();
    let mut block_costs: SecondaryMap<Block, u64> = SecondaryMap::new();
    for block in blocks {
        let insts = func.layout.block_insts(block);
        let insts = insts.map(|inst| costs.inst(func, inst));
        block_costs[block] = insts.fold(0, u64::saturating_add);
    }
    let mut plan = loops.checks(func, &block_costs, BUDGET);
    for budget in SMALLER {
        if plan.length <= BUDGET {
            break;
        }
        plan = loops.checks(func, &block_costs, budget);
    }
    if plan.length > BUDGET {
        plan = behind_calls(func, costs, &loops, block_costs);
    }
    if recursive {
        if plan.length > MAX_REST {
            let calls = insts(func).filter(|&inst| costs.comes_back(func, inst, Way::Around));
            plan.calls.extend(calls);
        }
        plan.blocks.extend(func.layout.entry_block());
    }
    plan
}

/// Checks in all loops and behind all calls that are not small.
fn behind_calls(
    func: &Function,
    costs: &Costs<'_>,
    loops: &Loops,
    mut block_costs: SecondaryMap<Block, u64>,
) -> Plan {
    let long = |&inst: &Inst| {
        costs.comes_back(func, inst, Way::Down) && costs.inst(func, inst) > MAX_SMALL
    };
    let calls: Vec<Inst> = insts(func).filter(long).collect();
    let mut longest = 0;
    for &call in &calls {
        let cost = costs.inst(func, call);
        longest = longest.max(cost);
        if let Some(block) = func.layout.inst_block(call) {
            block_costs[block] = block_costs[block].saturating_sub(cost);
        }
    }
    let mut plan = loops.checks(func, &block_costs, 0);
    plan.length = plan.length.saturating_add(longest);
    plan.calls = calls;
    plan
}

fn insts(func: &Function) -> impl Iterator<Item = Inst> {
    let blocks = func.layout.blocks();
    blocks.flat_map(|block| func.layout.block_insts(block))
}

impl Loops {
    fn of(func: &Function, memory: Option<&Memory>) -> Loops {
        let cfg = ControlFlowGraph::with_function(func);
        let domtree = DominatorTree::with_function(func, &cfg);
        let mut analysis = LoopAnalysis::new();
        analysis.compute(func, &cfg, &domtree);
        let blocks = func.layout.blocks();
        let depth = blocks.map(|block| analysis.loop_level(block).level()).max();
        let too_much = support::size(func) > MAX_SIZE || depth > Some(MAX_LOOP_DEPTH);
        let (loops, mut irreducible) = match too_much {
            false => (rounds::all(func, &domtree, &analysis, memory), Vec::new()),
            true => {
                let headers = analysis.loops().map(|id| analysis.loop_header(id));
                (Vec::new(), headers.collect())
            }
        };
        let mut places: SecondaryMap<Block, usize> = SecondaryMap::new();
        for (place, &block) in domtree.cfg_rpo().enumerate() {
            places[block] = place;
        }
        for &block in domtree.cfg_rpo() {
            let Some(branch) = func.layout.last_inst(block) else {
                continue;
            };
            for call in destinations(func, branch) {
                let target = call.block(&func.dfg.value_lists);
                let back = places[target] <= places[block];
                if back && !domtree.block_dominates(target, block) {
                    irreducible.push(target);
                }
            }
        }
        Loops {
            loops,
            irreducible,
            domtree,
        }
    }

    /// Checks for the loops that take more than `budget`.
    fn checks(&self, func: &Function, costs: &SecondaryMap<Block, u64>, budget: u64) -> Plan {
        let mut times: SecondaryMap<Block, u64> = SecondaryMap::with_default(1);
        let mut checked: SecondaryMap<Block, bool> = SecondaryMap::new();
        for &block in &self.irreducible {
            checked[block] = true;
        }
        let length = |blocks: &mut dyn Iterator<Item = Block>, times: &SecondaryMap<Block, u64>| {
            let all = blocks.map(|block| costs[block].saturating_mul(times[block]));
            all.fold(0, u64::saturating_add)
        };
        for lp in &self.loops {
            // The entry of a loop inside is passed in every round.
            let looks = |&block: &Block| {
                let mut latches = lp.latches.iter();
                checked[block] && latches.all(|&latch| self.domtree.block_dominates(block, latch))
            };
            if lp.blocks.iter().any(looks) {
                continue;
            }
            let round = length(&mut lp.blocks.iter().copied(), &times);
            match lp.rounds {
                Some(rounds) if rounds.saturating_mul(round) <= budget => {
                    for &block in &lp.blocks {
                        times[block] = times[block].saturating_mul(rounds);
                    }
                }
                _ => checked[lp.header] = true,
            }
        }
        Plan {
            length: length(&mut func.layout.blocks(), &times),
            blocks: func
                .layout
                .blocks()
                .filter(|&block| checked[block])
                .collect(),
            calls: Vec::new(),
        }
    }
}

impl Plan {
    fn perform(&self, func: &mut Function, word: u32) {
        for &block in &self.blocks {
            let source = func.layout.first_inst(block).map(|inst| func.srcloc(inst));
            let cursor = FuncCursor::new(func).at_first_insertion_point(block);
            check(cursor.with_srcloc(source.unwrap_or_default()), word);
        }
        for &call in &self.calls {
            let source = func.srcloc(call);
            let cursor = FuncCursor::new(func).after_inst(call);
            check(cursor.with_srcloc(source), word);
        }
    }
}

/// Traps at the cursor if the word is not 0.
fn check(mut cursor: FuncCursor<'_>, word: u32) {
    let name = UserExternalName::new(SYMBOLS, Symbol::Context as u32);
    let name = cursor.func.declare_imported_user_function(name);
    let context = cursor.func.create_global_value(GlobalValueData::Symbol {
        name: ExternalName::user(name),
        offset: 0.into(),
        colocated: true,
        tls: false,
    });
    let flags = Region::Context.flags(cursor.func);
    let context = cursor.ins().symbol_value(types::I32, context);
    let asked = cursor.ins().load(types::I32, flags, context, word as i32);
    cursor.ins().trapnz(asked, trap(TrapCode::Interrupted));
}
