//! Constants that no instruction holds are made before the loops that use them.
//!
//! Selection makes a constant anew for each instruction that needs it in a register, which is right
//! for code that runs once. In a loop it costs an instruction or two a round:
//!
//! ```text
//!                               movw r4, #0x79b1; movt r4, #0x9e37
//!   loop:                       loop:
//!     movw r1, #0x79b1    ─▶
//!     movt r1, #0x9e37
//!     muls r0, r1, r0             muls r0, r4, r0
//! ```
//!
//! A register that is short would be spilled and reloaded in every round, so a loop gets only as many
//! constants as it leaves registers free, those first that save most. For floating-point registers
//! that is less of a worry: where they are short, a reload is one instruction, and what makes a
//! constant is not fewer.
//!
//! Where bytes count, a constant that several instructions use may be made once for all of them.

use std::collections::BTreeMap;

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::entity::EntitySet;
use cranelift_codegen::ir::immediates::Ieee32;
use cranelift_codegen::ir::{
    Block, Function, Inst, InstBuilder, InstructionData, Opcode, Value, ValueDef, types,
};
use cranelift_codegen::loop_analysis::Loop;
use regalloc2::RegClass;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Isa;
use super::loops::{Loops, definition_block};
use super::lower::word_constant;
use crate::clif;

/// The values of constants that stay in a register from where they are defined.
pub type Kept = EntitySet<Value>;

/// A constant by the class of its register.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Constant {
    Word(u32),
    Float(u32),
}

impl Constant {
    fn of<I: Isa>(isa: &I, func: &Function, value: Value) -> Option<Constant> {
        // Narrower ones keep their type, by which instructions are selected.
        if func.dfg.value_type(value) == types::I32
            && let Some(word) = word_constant(func, value)
        {
            return Some(Constant::Word(word));
        }
        let inst = func.dfg.value_def(value).inst()?;
        match func.dfg.insts[inst] {
            InstructionData::UnaryIeee32 { imm, .. }
                if isa.class_of(types::F32) == RegClass::Float =>
            {
                Some(Constant::Float(imm.bits()))
            }
            _ => None,
        }
    }

    fn make(self, cursor: &mut FuncCursor<'_>) -> Value {
        match self {
            Constant::Word(word) => cursor.ins().iconst(types::I32, i64::from(word)),
            Constant::Float(bits) => cursor.ins().f32const(Ieee32::with_bits(bits)),
        }
    }
}

/// Where constants are made that no instruction holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constants {
    /// For each instruction that uses them.
    WhereUsed,
    /// Before the loops that use them.
    BeforeLoops,
    /// Once for the function, if several instructions use them.
    AtEntry,
}

/// Moves the constants of `func`, whose aliases are resolved, to where they are made.
pub(super) fn run<I: Isa>(isa: &I, func: &mut Function, loops: &Loops, place: Constants) -> Kept {
    match place {
        Constants::WhereUsed => Kept::new(),
        Constants::BeforeLoops => before_loops(isa, func, loops),
        Constants::AtEntry => at_entry(isa, func),
    }
}

/// How many instructions make a constant for an operand that no register has.
fn cost<I: Isa>(func: &Function, inst: Inst, operand: usize, constant: Constant) -> u32 {
    match constant {
        Constant::Word(word) => I::constant_cost(func, inst, operand, word),
        // The first is what a reload costs.
        Constant::Float(bits) => I::float_constant_cost(bits).saturating_sub(1),
    }
}

/// Who needs which constants.
type Users = BTreeMap<Constant, User>;

/// Notes who needs constants in a block.
fn note<I: Isa>(isa: &I, func: &Function, block: Block, users: &mut Users) {
    for inst in func.layout.block_insts(block) {
        for (operand, &value) in func.dfg.inst_args(inst).iter().enumerate() {
            let Some(constant) = Constant::of(isa, func, value) else {
                continue;
            };
            let cost = cost::<I>(func, inst, operand, constant);
            if cost > 0 {
                let user = users.entry(constant).or_default();
                user.places.push((inst, operand));
                user.cost += cost;
            }
        }
    }
}

/// Makes each constant that several instructions need at the entry.
fn at_entry<I: Isa>(isa: &I, func: &mut Function) -> Kept {
    let mut kept = Kept::new();
    let mut users = Users::new();
    for block in func.layout.blocks() {
        note(isa, func, block, &mut users);
    }
    let entry = func.layout.entry_block();
    let Some(home) = entry.and_then(|entry| func.layout.first_inst(entry)) else {
        return kept;
    };
    for (constant, user) in users {
        if user.places.len() < 2 {
            continue;
        }
        let mut cursor = FuncCursor::new(func).at_inst(home);
        cursor.use_srcloc(home);
        let value = constant.make(&mut cursor);
        kept.insert(value);
        for (inst, operand) in user.places {
            func.dfg.inst_args_mut(inst)[operand] = value;
        }
    }
    kept
}

/// Moves constants out of the loops of `func`.
fn before_loops<I: Isa>(isa: &I, func: &mut Function, loops: &Loops) -> Kept {
    let mut kept = Kept::new();
    if loops.is_empty() {
        return kept;
    }
    let mut users: FxHashMap<Loop, Users> = FxHashMap::default();
    let mut residents: FxHashMap<Loop, Residents> = FxHashMap::default();
    for block in func.layout.blocks() {
        let Some(innermost) = loops.innermost(block) else {
            continue;
        };
        if func.layout.is_cold(block) {
            continue;
        }
        note(isa, func, block, users.entry(innermost).or_default());
        Residents::note(func, loops, innermost, block, &mut residents);
    }
    let mut made: FxHashMap<(Inst, Constant), Value> = FxHashMap::default();
    for of in loops.inner_first() {
        let mut constants: Vec<(Constant, User)> =
            users.remove(&of).unwrap_or_default().into_iter().collect();
        constants.sort_by_key(|(_, user)| std::cmp::Reverse(user.cost));
        let mut floats = 0;
        for (constant, user) in constants {
            let home = match constant {
                Constant::Word(_) => home::<I>(loops, of, &residents),
                Constant::Float(_) if floats < I::LOOP_FLOAT_CONSTANTS => {
                    floats += 1;
                    loops.shape(of).entry.map(|entry| (entry, Vec::new()))
                }
                Constant::Float(_) => None,
            };
            let Some((home, around)) = home else {
                continue;
            };
            let value = *made.entry((home, constant)).or_insert_with(|| {
                for one in around {
                    residents.entry(one).or_default().taken += 1;
                }
                let mut cursor = FuncCursor::new(func).at_inst(home);
                cursor.use_srcloc(home);
                constant.make(&mut cursor)
            });
            kept.insert(value);
            for (inst, operand) in user.places {
                func.dfg.inst_args_mut(inst)[operand] = value;
            }
        }
    }
    kept
}

/// Who needs a constant in a register, and how many instructions make it for them.
#[derive(Default)]
struct User {
    places: Vec<(Inst, usize)>,
    cost: u32,
}

/// What a loop holds in registers all the time.
#[derive(Default)]
struct Residents {
    values: FxHashSet<Value>,
    words: u32,
    /// Constants that were given a register.
    taken: u32,
    calls: bool,
}

impl Residents {
    /// Notes what a block reads of what was there before the loops around it.
    fn note(
        func: &Function,
        loops: &Loops,
        innermost: Loop,
        block: Block,
        residents: &mut FxHashMap<Loop, Residents>,
    ) {
        let insts: Vec<Inst> = func.layout.block_insts(block).collect();
        if insts
            .iter()
            .any(|&inst| func.dfg.insts[inst].opcode().is_call())
        {
            for around in loops.around(innermost) {
                residents.entry(around).or_default().calls = true;
            }
        }
        for value in insts.iter().flat_map(|&inst| clif::values(func, inst)) {
            let Some(home) = definition_block(func, value).filter(|_| is_in_register(func, value))
            else {
                continue;
            };
            for around in loops.around(innermost) {
                // Once a loop has the definition, so do those around it.
                let inside = loops.contains(around, home);
                if inside && !is_param_of(func, value, loops.shape(around).header) {
                    break;
                }
                let entry = residents.entry(around).or_default();
                // Who has it already has told those around.
                let new = entry.values.insert(value);
                if new {
                    entry.words += func.dfg.value_type(value).bits().div_ceil(32);
                }
                if inside || !new {
                    break;
                }
            }
        }
    }

    fn has_room<I: Isa>(&self) -> bool {
        let registers = match self.calls {
            true => I::LOOP_REGISTERS_ACROSS_CALLS,
            false => I::LOOP_REGISTERS,
        };
        self.words + self.taken < registers
    }
}

fn is_param_of(func: &Function, value: Value, header: Block) -> bool {
    matches!(func.dfg.value_def(value), ValueDef::Param(of, _) if of == header)
}

/// Whether a value takes an integer register.
fn is_in_register(func: &Function, value: Value) -> bool {
    let pinned = func.dfg.value_def(value).inst().is_some_and(|inst| {
        matches!(
            func.dfg.insts[inst].opcode(),
            Opcode::Iconst | Opcode::SymbolValue
        )
    });
    func.dfg.value_type(value).is_int() && !pinned
}

/// The branch into the outermost loop around `of` such that all loops in between have a register to
/// spare, and these loops.
fn home<I: Isa>(
    loops: &Loops,
    of: Loop,
    residents: &FxHashMap<Loop, Residents>,
) -> Option<(Inst, Vec<Loop>)> {
    let mut home = None;
    let mut around = Vec::new();
    let mut next = Some(of);
    while let Some(one) = next {
        let room = residents.get(&one).is_none_or(Residents::has_room::<I>);
        let entry = loops.shape(one).entry.filter(|_| room);
        let Some(entry) = entry else {
            break;
        };
        home = Some(entry);
        around.push(one);
        next = loops.parent(one);
    }
    home.map(|home| (home, around))
}

#[cfg(test)]
mod tests {
    use crate::Options;

    /// The mid-end multiplies bytes here.
    #[test]
    fn narrow_constants_keep_their_type() {
        let wat = b"(module (memory 1) (func (export \"f\") (param i32)
            (loop
              (i32.store (i32.const 0) (i32.const 0))
              (local.set 0 (i32.extend8_s
                (i32.mul (i32.const -113799892) (i32.load (local.get 0)))))
              (br_if 0 (local.get 0)))))";
        let options = Options {
            verify: true,
            ..Options::default()
        };
        crate::compile(wat, &options).expect("valid CLIF after every pass");
    }
}
