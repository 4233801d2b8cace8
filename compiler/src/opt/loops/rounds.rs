//! How often a loop goes round at most, as far as that is known when it is compiled.
//!
//! ```text
//!   loop(p = p0):                 p stays inside the memory of 65536 bytes and moves by 4:
//!     guard p; load p             no more than 16384 rounds, whatever `end` is
//!     p' = iadd p, 4
//!     brif (icmp ne p', end), loop(p'), out
//! ```
//!
//! Three things bound a loop, each by something that happens in all of its rounds:
//!
//! * a test that ends it, as `trips` reads it, with constants or values of a known range;
//! * an access of the memory whose address moves by a constant. Guards see to it that it stays inside
//!   the memory, before the loop or in it, and it cannot pass the end of the numbers in between: the
//!   memory is smaller than what is left of them. It does not matter what became of the guards;
//! * a value that is shifted to the right, with a test that ends the loop when it is 0.

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Block, ExternalName, Function, GlobalValueData, Inst, InstructionData, Opcode, Value,
};
use cranelift_codegen::loop_analysis::LoopAnalysis;

use super::super::recognize::{constant, definition};
use super::affine::{Counters, Values};
use super::shape::{Edge, Edges, Loop, loops, out_of};
use super::trips::{self, direction};
use crate::wasm::contract::{Region, SYMBOLS};
use crate::wasm::module::Memory;

/// A loop and what bounds it.
pub(in super::super) struct Bounded {
    /// The block that every way in leads to.
    pub(in super::super) header: Block,
    /// All blocks, those of loops inside as well.
    pub(in super::super) blocks: Vec<Block>,
    /// Where the branches back to the header are.
    pub(in super::super) latches: Vec<Block>,
    /// How often the header runs at most, each time that the loop is entered.
    pub(in super::super) rounds: Option<u64>,
}

/// The largest memory of which addresses cannot come round: half of the numbers.
const MAX_MEMORY: u64 = 1 << 31;

/// What an access may be longer than its address tells.
const MAX_ACCESS: u64 = 8;

/// All loops of a function with these analyses, inner ones before those around them.
pub(in super::super) fn all(
    func: &Function,
    domtree: &DominatorTree,
    analysis: &LoopAnalysis,
    memory: Option<&Memory>,
) -> Vec<Bounded> {
    let edges = Edges::of(func);
    let mut found = Vec::new();
    for height in 0.. {
        let loops = loops(domtree, analysis, height);
        if loops.is_empty() {
            break;
        }
        for lp in loops {
            let rounds = rounds(func, &edges, domtree, &lp, memory);
            let latches = lp.latches(&edges).iter().map(|edge| edge.from).collect();
            found.push(Bounded {
                header: lp.header,
                blocks: lp.blocks,
                latches,
                rounds,
            });
        }
    }
    found
}

fn rounds(
    func: &Function,
    edges: &Edges,
    domtree: &DominatorTree,
    lp: &Loop,
    memory: Option<&Memory>,
) -> Option<u64> {
    let counters = Counters::of(func, edges, lp);
    let values = Values {
        func,
        lp,
        counters: &counters,
        place: None,
    };
    let tests = trips::all(&values, edges, domtree);
    let tested = tests.iter().filter_map(|trips| trips.most(func)).min();
    let latches = lp.latches(edges);
    let always: Vec<Block> = lp
        .blocks
        .iter()
        .copied()
        .filter(|&block| {
            let mut latches = latches.iter();
            latches.all(|latch| domtree.block_dominates(block, latch.from))
        })
        .collect();
    let walked = memory.and_then(|memory| walked(&values, &always, memory));
    let shifted = shifted(func, lp, &latches, &always);
    // One more than the rounds that are finished.
    [tested, walked, shifted]
        .into_iter()
        .flatten()
        .min()
        .map(|rounds| rounds + 1)
}

/// Rounds that end inside the memory, by the accesses that all of them make.
fn walked(values: &Values<'_>, always: &[Block], memory: &Memory) -> Option<u64> {
    let bytes = match memory.is_fixed() {
        true => memory.min_bytes,
        false => memory.max_bytes,
    };
    let bytes = u64::from(bytes) + u64::from(memory.guard_zone) + MAX_ACCESS;
    if bytes > MAX_MEMORY {
        return None;
    }
    let func = values.func;
    let insts = always
        .iter()
        .flat_map(|&block| func.layout.block_insts(block));
    let steps = insts.filter_map(|inst| {
        let address = values.affine(index(func, heap_address(func, inst)?))?;
        let moves = address.step != 0 && address.spread == 0 && address.bounded.is_none();
        moves.then(|| direction(address.step).1)
    });
    let step = steps.max()?;
    Some(bytes / u64::from(step) + 1)
}

/// The address of an access of the linear memory.
fn heap_address(func: &Function, inst: Inst) -> Option<Value> {
    let (address, flags) = match func.dfg.insts[inst] {
        InstructionData::Load { arg, flags, .. } => (arg, flags),
        InstructionData::Store { args, flags, .. } => (args[1], flags),
        _ => return None,
    };
    let region = func.dfg.mem_flags[flags].alias_region();
    let heap = func.dfg.alias_regions.get(Region::Heap.user_id());
    (region.is_some() && region == heap).then_some(address)
}

/// What is added to the base of the memory for an address; else the address.
fn index(func: &Function, address: Value) -> Value {
    if let Some(&InstructionData::Binary {
        opcode: Opcode::Iadd,
        args: [x, y],
    }) = definition(func, address)
    {
        if is_symbol(func, x) {
            return y;
        }
        if is_symbol(func, y) {
            return x;
        }
    }
    address
}

/// Whether a value is an address in a pinned register, which never changes.
fn is_symbol(func: &Function, value: Value) -> bool {
    let Some(&InstructionData::UnaryGlobalValue { global_value, .. }) = definition(func, value)
    else {
        return false;
    };
    match &func.global_values[global_value] {
        GlobalValueData::Symbol {
            name: ExternalName::User(name),
            ..
        } => func.params.user_named_funcs()[*name].namespace == SYMBOLS,
        _ => false,
    }
}

/// Rounds of a loop that shifts a value to the right until it is 0.
fn shifted(func: &Function, lp: &Loop, latches: &[Edge], always: &[Block]) -> Option<u64> {
    let params = func.dfg.block_params(lp.header);
    let shrinking = params.iter().enumerate().filter(|&(number, &param)| {
        let mut next = latches.iter().map(|edge| edge.argument(func, number));
        func.dfg.value_type(param).is_int()
            && next.all(|next| next.is_some_and(|n| halves(func, n, param)))
    });
    let params: Vec<Value> = shrinking.map(|(_, &param)| param).collect();
    let ends = |&param: &Value| {
        let shrinks = |value: Value| {
            let value = func.dfg.resolve_aliases(value);
            value == param || halves(func, value, param)
        };
        let mut out = always.iter().flat_map(|&block| out_of(func, block));
        out.any(|edge| !lp.contains(edge.target(func)) && zero_on(func, edge).is_some_and(shrinks))
    };
    let found = params.into_iter().find(ends)?;
    Some(u64::from(func.dfg.value_type(found).bits()) + 2)
}

/// Whether `next` is `param`, shifted by a constant.
fn halves(func: &Function, next: Value, param: Value) -> bool {
    let Some(&InstructionData::Binary {
        opcode: Opcode::Ushr,
        args: [x, by],
    }) = definition(func, next)
    else {
        return false;
    };
    let bits = func.dfg.value_type(param).bits();
    func.dfg.resolve_aliases(x) == param && constant(func, by).is_some_and(|by| by % bits != 0)
}

/// The value that surely makes control take an edge when it is 0.
fn zero_on(func: &Function, edge: Edge) -> Option<Value> {
    let InstructionData::Brif { arg, .. } = func.dfg.insts[edge.branch] else {
        return None;
    };
    let falls = edge.destination == 1;
    match definition(func, arg) {
        Some(&InstructionData::IntCompare {
            cond, args: [x, y], ..
        }) => {
            let taken = match cond {
                IntCC::NotEqual | IntCC::UnsignedGreaterThan => falls,
                IntCC::Equal | IntCC::UnsignedLessThanOrEqual => !falls,
                _ => return None,
            };
            (taken && constant(func, y) == Some(0)).then_some(x)
        }
        _ => falls.then_some(arg),
    }
}
