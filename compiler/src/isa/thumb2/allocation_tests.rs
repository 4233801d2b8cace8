//! Random instructions through regalloc2 and its checker: constraints that cannot be met, or that
//! do not say what emission relies on, show here.

use regalloc2::checker::Checker;
use regalloc2::{
    Block, Edit, Function, Inst as Index, InstOrEdit, InstRange, Operand, OperandConstraint,
    OperandKind, OperandPos, PRegSet, RegClass, RegallocOptions, VReg,
};

use super::emit::Emitter;
use super::frame::FrameLayout;
use super::imm::FloatImm;
use super::inst::{Call, Callee, CarryOp, Inst};
use super::random::Random;
use super::regs::{
    ARGUMENTS, CALLEE_SAVED, CALLER_SAVED, FLOAT_ARGUMENTS, SP, floats, machine_env,
};
use crate::mach::buffer::Symbol;
use crate::mach::choices::Registers;
use crate::mach::emit::Emitter as _;
use crate::mach::reg::{Collector, FixedReg, OperandVisitor, Reg, Substitution};
use crate::mach::stubs::TrapStubs;

/// One block of instructions.
struct Straight {
    insts: Vec<Inst>,
    operands: Vec<Vec<Operand>>,
    vregs: usize,
}

impl Function for Straight {
    fn num_insts(&self) -> usize {
        self.insts.len()
    }

    fn num_blocks(&self) -> usize {
        1
    }

    fn entry_block(&self) -> Block {
        Block::new(0)
    }

    fn block_insns(&self, _: Block) -> InstRange {
        InstRange::new(Index::new(0), Index::new(self.insts.len()))
    }

    fn block_succs(&self, _: Block) -> &[Block] {
        &[]
    }

    fn block_preds(&self, _: Block) -> &[Block] {
        &[]
    }

    fn block_params(&self, _: Block) -> &[VReg] {
        &[]
    }

    fn is_ret(&self, inst: Index) -> bool {
        self.insts[inst.index()].is_ret()
    }

    fn is_branch(&self, inst: Index) -> bool {
        self.insts[inst.index()].is_branch()
    }

    fn branch_blockparams(&self, _: Block, _: Index, _: usize) -> &[VReg] {
        &[]
    }

    fn inst_operands(&self, inst: Index) -> &[Operand] {
        &self.operands[inst.index()]
    }

    fn inst_clobbers(&self, inst: Index) -> PRegSet {
        self.insts[inst.index()].clobbers()
    }

    fn num_vregs(&self) -> usize {
        self.vregs
    }

    fn spillslot_size(&self, _: RegClass) -> usize {
        1
    }
}

/// Makes up virtual registers: recent values as inputs, new ones as results.
struct Values<'a> {
    random: &'a mut Random,
    /// All there are before the instruction.
    values: &'a [Reg],
    /// Inputs of the instruction so far, which are all different.
    inputs: Vec<Reg>,
    results: Vec<Reg>,
}

impl Values<'_> {
    fn virt(number: usize, class: RegClass) -> Reg {
        Reg::virt(VReg::new(Reg::FIRST_VIRTUAL + number, class))
    }
}

impl OperandVisitor for Values<'_> {
    fn operand(&mut self, reg: &mut Reg, _: OperandConstraint, kind: OperandKind, _: OperandPos) {
        if *reg == SP {
            return;
        }
        let class = reg.class();
        match kind {
            OperandKind::Def => {
                let number = self.values.len() + self.results.len();
                *reg = Values::virt(number, class);
                self.results.push(*reg);
            }
            OperandKind::Use => {
                let unused = |value: &&Reg| value.class() == class && !self.inputs.contains(value);
                let mut recent = self.values.iter().rev().filter(unused);
                let chosen = self.random.below(14 - self.inputs.len() as u32) as usize;
                *reg = *recent.nth(chosen).expect("enough constants");
                self.inputs.push(*reg);
            }
        }
    }
}

fn call(random: &mut Random) -> Inst {
    let mut fixed = || {
        let ints = ARGUMENTS.into_iter().take(random.below(5) as usize);
        let floats = FLOAT_ARGUMENTS.into_iter().take(random.below(5) as usize);
        let places = ints.chain(floats);
        let fixed = places.map(|at| FixedReg {
            reg: Reg::of_preg(at),
            at,
        });
        fixed.collect::<Vec<_>>()
    };
    let (uses, defs) = (fixed(), fixed());
    let mut clobbers = CALLER_SAVED.pregs();
    clobbers.union_from(floats());
    defs.iter().for_each(|def| clobbers.remove(def.at));
    Inst::Call(Box::new(Call {
        callee: if random.below(2) == 0 {
            Callee::Direct(Symbol::Function(1))
        } else {
            Callee::Indirect(Reg::of_preg(ARGUMENTS[0]))
        },
        uses,
        defs,
        clobbers,
    }))
}

/// Instructions without a target, and calls, in chains that are whole.
fn step(random: &mut Random) -> Vec<Inst> {
    if random.below(12) == 0 {
        return vec![call(random)];
    }
    match random.inst() {
        Inst::Mov { rd: SP, .. } => Vec::new(),
        Inst::Carry { rd, rn, rhs, .. } => [CarryOp::Subs, CarryOp::Sbcs, CarryOp::Sbcs]
            .map(|op| Inst::Carry { op, rd, rn, rhs })
            .into(),
        other => vec![other],
    }
}

/// A function that begins with constants and goes on with `steps` random steps.
fn function(random: &mut Random, steps: usize) -> Straight {
    const CONSTANTS: usize = 16;
    let one = FloatImm::new(1_f32.to_bits()).expect("encodable");
    let mut values: Vec<Reg> = (0..2 * CONSTANTS)
        .map(|number| {
            let class = if number < CONSTANTS {
                RegClass::Int
            } else {
                RegClass::Float
            };
            Values::virt(number, class)
        })
        .collect();
    let mut insts: Vec<Inst> = values
        .iter()
        .map(|&rd| match rd.class() {
            RegClass::Float => Inst::FloatImm { rd, imm: one },
            _ => Inst::MovImm { rd, value: 1 },
        })
        .collect();
    for _ in 0..steps {
        for mut inst in step(random) {
            let mut operands = Values {
                random,
                values: &values,
                inputs: Vec::new(),
                results: Vec::new(),
            };
            inst.visit_operands(&mut operands);
            let results = operands.results;
            values.extend(results);
            insts.push(inst);
        }
    }
    insts.push(Inst::Ret { uses: Vec::new() });
    let operands = insts
        .iter_mut()
        .map(|inst| {
            let mut collector = Collector::default();
            inst.visit_operands(&mut collector);
            collector.operands
        })
        .collect();
    Straight {
        insts,
        operands,
        vregs: Reg::FIRST_VIRTUAL + values.len(),
    }
}

#[test]
fn random_functions_are_allocated_and_emitted() {
    let env = machine_env(true, Registers::All);
    let options = RegallocOptions {
        validate_ssa: true,
        ..RegallocOptions::default()
    };
    let mut random = Random(42);
    for _ in 0..60 {
        let function = function(&mut random, 150);
        let output = regalloc2::run(&function, &env, &options).expect("constraints can be met");
        let mut checker = Checker::new(&function, &env);
        checker.prepare(&output);
        checker.run().expect("every value arrives");

        let saved = CALLEE_SAVED.with(14);
        let frame = FrameLayout::new(saved, 256, output.num_spillslots as u32, 256);
        let mut emitter = Emitter::new(1, frame, TrapStubs::PerFunction);
        emitter.prologue(None);
        for step in output.block_insts_and_edits(&function, Block::new(0)) {
            match step {
                InstOrEdit::Edit(Edit::Move { from, to }) => emitter.emit_move(*from, *to),
                InstOrEdit::Inst(index) => {
                    let mut inst = function.insts[index.index()].clone();
                    let allocations = output.inst_allocs(index);
                    inst.visit_operands(&mut Substitution::new(allocations));
                    emitter.emit(&inst, None);
                }
            }
        }
        let code = emitter.finish().expect("no branch");
        assert!(!code.bytes.is_empty());
    }
}
