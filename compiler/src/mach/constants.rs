//! Keeps constants in registers over a loop, where making them takes longer than holding them.
//!
//! ```text
//!   loop:                                 k = f32const 0.0605
//!     y = fmul x, (f32const 0.0605)   ─▶  loop:
//!                                           y = fmul x, k
//! ```
//!
//! Selection makes a constant anew for each reader that cannot encode it, which is right almost
//! everywhere: it costs an instruction or two and no register. In the innermost loops those
//! instructions count. A constant that is *kept* is a value like any other there, made before the
//! loop; readers that can encode it still do, and if none is left, nothing is made.
//!
//! Floating-point constants are kept whatever else needs registers: a reload is no longer than
//! making one. Words are kept as long as registers are likely to be free.

use std::collections::{BTreeMap, HashMap, HashSet};

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::entity::EntitySet;
use cranelift_codegen::ir::immediates::Ieee32;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, InstructionData, Opcode, Value, types,
};
use cranelift_codegen::loop_analysis::Loop;
use regalloc2::{MachineEnv, RegClass};

use super::Isa;
use super::loops::Loops;
use super::lower::word_constant;

/// Floating-point constants in one loop, beyond which reloads would crowd the frame.
const MAX_FLOATS: usize = 32;

/// Registers that a loop needs for what it computes on the way.
const SCRATCH: usize = 3;

/// The constants of a function that are kept in registers.
pub type Kept = EntitySet<Value>;

/// A constant, by class and bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Constant {
    Word(u32),
    Float(u32),
}

/// Chooses constants of the innermost loops of `func` and moves them before these.
pub(super) fn run<I: Isa>(isa: &I, func: &mut Function) -> Kept {
    let mut kept = Kept::new();
    let loops = Loops::of(func);
    if loops.is_empty() {
        return kept;
    }
    let mut blocks: HashMap<Loop, Vec<Block>> = HashMap::new();
    let mut around: HashSet<Loop> = HashSet::new();
    for block in func.layout.blocks() {
        if let Some(of) = loops.innermost(block) {
            blocks.entry(of).or_default().push(block);
            around.extend(loops.parent(of));
        }
    }
    for of in loops.inner_first() {
        let shape = loops.shape(of);
        if let Some(entry) = shape.entry
            && let Some(blocks) = blocks.get(&of)
            && !around.contains(&of)
            && !func.layout.is_cold(shape.header)
        {
            keep(isa, func, &loops, of, blocks, entry, &mut kept);
        }
    }
    kept
}

fn keep<I: Isa>(
    isa: &I,
    func: &mut Function,
    loops: &Loops,
    of: Loop,
    blocks: &[Block],
    entry: Inst,
    kept: &mut Kept,
) {
    let insts: Vec<Inst> = blocks
        .iter()
        .flat_map(|&block| func.layout.block_insts(block))
        .collect();
    let mut readers: BTreeMap<Constant, usize> = BTreeMap::new();
    let mut calls = false;
    for &inst in &insts {
        let routine = |&value: &Value| func.dfg.value_type(value) == types::F64;
        calls |= func.dfg.insts[inst].opcode().is_call();
        calls |= func.dfg.inst_results(inst).iter().any(routine);
        for &value in func.dfg.inst_args(inst) {
            if let Some(constant) = constant(isa, func, value) {
                *readers.entry(constant).or_default() += 1;
            }
        }
    }
    let mut chosen: Vec<(Constant, usize)> = readers
        .into_iter()
        .filter(|&(constant, _)| match constant {
            Constant::Word(word) => !calls && !isa.is_short_constant(word),
            Constant::Float(bits) => !isa.is_short_float_constant(bits),
        })
        .collect();
    if chosen.is_empty() {
        return;
    }
    chosen.sort_by_key(|&(constant, readers)| (std::cmp::Reverse(readers), constant));
    let mut words = free_words(isa.machine_env(), func, loops, of, &insts);
    let mut floats = MAX_FLOATS;
    let mut values: BTreeMap<Constant, Value> = BTreeMap::new();
    for (constant, _) in chosen {
        let room = match constant {
            Constant::Word(_) => &mut words,
            Constant::Float(_) => &mut floats,
        };
        if *room == 0 {
            continue;
        }
        *room -= 1;
        let mut cursor = FuncCursor::new(func).at_inst(entry);
        let value = match constant {
            Constant::Word(word) => cursor.ins().iconst(types::I32, i64::from(word)),
            Constant::Float(bits) => cursor.ins().f32const(Ieee32::with_bits(bits)),
        };
        kept.insert(value);
        values.insert(constant, value);
    }
    for inst in insts {
        for position in 0..func.dfg.inst_args(inst).len() {
            let value = func.dfg.inst_args(inst)[position];
            let held = constant(isa, func, value).and_then(|constant| values.get(&constant));
            if let Some(&held) = held {
                func.dfg.inst_args_mut(inst)[position] = held;
            }
        }
    }
}

fn constant<I: Isa>(isa: &I, func: &Function, value: Value) -> Option<Constant> {
    if func.dfg.value_type(value) == types::I32 {
        return word_constant(func, value).map(Constant::Word);
    }
    let inst = func.dfg.value_def(value).inst()?;
    match func.dfg.insts[inst] {
        InstructionData::UnaryIeee32 {
            opcode: Opcode::F32const,
            imm,
        } if isa.class_of(types::F32) == RegClass::Float => Some(Constant::Float(imm.bits())),
        _ => None,
    }
}

/// Registers for words that nothing in the loop is likely to need.
fn free_words(env: &MachineEnv, func: &Function, loops: &Loops, of: Loop, insts: &[Inst]) -> usize {
    let class = RegClass::Int as usize;
    let all = env.preferred_regs_by_class[class].into_iter().count()
        + env.non_preferred_regs_by_class[class].into_iter().count();
    let mut held = EntitySet::<Value>::new();
    let mut busy = SCRATCH;
    let mut hold = |value: Value| {
        let ty = func.dfg.value_type(value);
        if ty.is_int() && held.insert(value) {
            busy += ty.bits().div_ceil(32) as usize;
        }
    };
    for &param in func.dfg.block_params(loops.shape(of).header) {
        hold(param);
    }
    for &inst in insts {
        for value in func.dfg.inst_values(inst) {
            let is_held = match func.dfg.value_def(value).inst() {
                Some(inst) => !matches!(
                    func.dfg.insts[inst],
                    InstructionData::UnaryImm { .. } | InstructionData::UnaryGlobalValue { .. }
                ),
                None => true,
            };
            if is_held && loops.is_invariant(func, of, value) {
                hold(value);
            }
        }
    }
    all.saturating_sub(busy)
}
