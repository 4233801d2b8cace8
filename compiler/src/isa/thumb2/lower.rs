//! Instruction selection for Thumb-2: what the rules of `lower.isle` are made of, and the
//! instructions that rules cannot express: calls, returns, branches, parameters.

use cranelift_codegen::ir::{self, InstructionData, Opcode, Value};
use regalloc2::{Block, RegClass};

use super::Thumb2;
use super::inst::{Amode, BranchTable, Call, Callee, FrameRef, Inst, LoadOp, StoreOp};
use super::isle::{self, Test};
use super::regs::{ARGUMENTS, CALLER_SAVED, RegSet};
use crate::mach::buffer::Symbol;
use crate::mach::lower::{Lower, ValueRegs};
use crate::mach::places::{self, Place};
use crate::mach::reg::{FixedReg, Reg};
use crate::wasm::contract::Builtin;

/// A function that is being lowered to Thumb-2.
pub(super) struct Context<'l, 'f> {
    /// The target.
    pub isa: &'l Thumb2,
    /// The state that every instruction set has.
    pub lower: &'l mut Lower<'f, Thumb2>,
}

/// Lowers an instruction that does not branch.
pub(super) fn lower_inst(context: &mut Context<'_, '_>, inst: ir::Inst) -> Option<Vec<ValueRegs>> {
    let func = context.lower.func;
    match func.dfg.insts[inst] {
        InstructionData::Call { func_ref, .. } => {
            let callee = context.lower.callee(func_ref)?;
            context.lower.calls.push(callee);
            let signature = func.dfg.ext_funcs[func_ref].signature;
            let args = func.dfg.inst_args(inst);
            context.call(Callee::Direct(callee), signature, args)
        }
        InstructionData::CallIndirect { sig_ref, .. } => {
            let (address, args) = func.dfg.inst_args(inst).split_first()?;
            let signature = func.dfg.signatures[sig_ref].clone();
            context.lower.indirect_calls.push(signature);
            let address = context.word(*address);
            context.call(Callee::Indirect(address), sig_ref, args)
        }
        InstructionData::MultiAry {
            opcode: Opcode::Return,
            ..
        } => {
            context.ret(func.dfg.inst_args(inst));
            Some(Vec::new())
        }
        _ => isle::constructor_lower(context, inst),
    }
}

/// Lowers a branch with successors.
pub(super) fn lower_branch(
    context: &mut Context<'_, '_>,
    inst: ir::Inst,
    targets: &[Block],
) -> Option<()> {
    let branch = match context.lower.func.dfg.insts[inst] {
        // Nothing to decide. The allocator wants no operand of a branch whose one target has other
        // predecessors: the moves of that edge go before the branch.
        _ if targets.iter().all(|target| *target == targets[0]) => {
            Inst::Jump { target: targets[0] }
        }
        InstructionData::Brif { arg, .. } => {
            let Test { cond, cmp } = isle::constructor_test_of(context, arg);
            Inst::CondBr {
                cond,
                cmp,
                taken: targets[0],
                not_taken: targets[1],
            }
        }
        InstructionData::BranchTable { arg, .. } => {
            // Cranelift lists the default first.
            let (&default, targets) = targets.split_first()?;
            Inst::BrTable(Box::new(BranchTable {
                index: context.word(arg),
                targets: targets.to_vec(),
                default,
            }))
        }
        _ => return None,
    };
    context.lower.emit(branch);
    Some(())
}

/// Takes the parameters from argument registers and the caller's frame.
pub(super) fn lower_params(context: &mut Context<'_, '_>, params: &[Value]) {
    let words: Vec<Option<Reg>> = params
        .iter()
        .flat_map(|&param| context.parameter_words(param))
        .collect();
    let (places, _) = places::assign(words.len(), &ARGUMENTS);
    let mut defs = Vec::new();
    let mut loads = Vec::new();
    for (word, place) in words.into_iter().zip(places) {
        match (word, place) {
            (None, _) => {}
            (Some(reg), Place::Register(at)) => defs.push(FixedReg { reg, at }),
            (Some(rt), Place::Stack(offset)) => loads.push(Inst::Load {
                op: LoadOp::Ldr,
                rt,
                mem: Amode::Frame(FrameRef::Incoming(offset)),
            }),
        }
    }
    context.lower.emit(Inst::Args { defs });
    for load in loads {
        context.lower.emit(load);
    }
}

impl Context<'_, '_> {
    /// A register with a value of one word.
    pub(super) fn word(&mut self, value: Value) -> Reg {
        self.lower.use_value(self.isa, value).lo
    }

    /// A fresh integer register.
    pub(super) fn new_int(&mut self) -> Reg {
        self.lower.new_reg(RegClass::Int)
    }

    /// Emits an instruction with one result, which `make` is told the register of.
    pub(super) fn define(&mut self, make: impl FnOnce(Reg) -> Inst) -> Reg {
        let rd = self.new_int();
        self.lower.emit(make(rd));
        rd
    }

    /// A register with a constant.
    pub(super) fn immediate(&mut self, value: u32) -> Reg {
        self.define(|rd| Inst::MovImm { rd, value })
    }

    /// The high word of a value of 64 bits that is no constant.
    pub(super) fn high_word_of(&mut self, value: Value) -> Reg {
        let regs = self.lower.use_value(self.isa, value);
        regs.hi.expect("a value of two words")
    }

    /// Calls a builtin with two parameters and two results of 64 bits.
    pub(super) fn call_builtin(
        &mut self,
        builtin: Builtin,
        words: [Reg; 4],
    ) -> (ValueRegs, ValueRegs) {
        let symbol = Symbol::Builtin(builtin as u32);
        self.lower.calls.push(symbol);
        let at_arguments = |regs: [Reg; 4]| {
            let places = regs.into_iter().zip(ARGUMENTS);
            places.map(|(reg, at)| FixedReg { reg, at }).collect()
        };
        let uses = words.map(|word| self.lower.virtual_copy(self.isa, word));
        let defs = [(); 4].map(|()| self.new_int());
        let argument_numbers = ARGUMENTS.map(|at| at.hw_enc() as u8);
        self.lower.emit(Inst::Call(Box::new(Call {
            callee: Callee::Direct(symbol),
            uses: at_arguments(uses),
            defs: at_arguments(defs),
            clobbers: argument_numbers
                .into_iter()
                .fold(CALLER_SAVED, RegSet::without),
        })));
        let [q_lo, q_hi, r_lo, r_hi] = defs;
        (ValueRegs::two(q_lo, q_hi), ValueRegs::two(r_lo, r_hi))
    }

    /// The registers of a parameter's words; `None` for those of one that nobody reads.
    fn parameter_words(&self, param: Value) -> Vec<Option<Reg>> {
        match self.lower.wanted_regs(param) {
            Some(regs) => regs.words().map(Some).collect(),
            None => {
                let ty = self.lower.func.dfg.value_type(param);
                vec![None; ty.bits().div_ceil(32) as usize]
            }
        }
    }

    /// The words of some values, in virtual registers.
    fn words(&mut self, values: &[Value]) -> Vec<Reg> {
        let mut words = Vec::new();
        for &value in values {
            for reg in self.lower.use_value(self.isa, value).words() {
                words.push(self.lower.virtual_copy(self.isa, reg));
            }
        }
        words
    }

    fn call(
        &mut self,
        callee: Callee,
        signature: ir::SigRef,
        args: &[Value],
    ) -> Option<Vec<ValueRegs>> {
        let words = self.words(args);
        let (arg_places, arg_bytes) = places::assign(words.len(), &ARGUMENTS);
        let mut uses = Vec::new();
        for (&reg, place) in words.iter().zip(arg_places) {
            match place {
                Place::Register(at) => uses.push(FixedReg { reg, at }),
                Place::Stack(offset) => self.lower.emit(Inst::Store {
                    op: StoreOp::Str,
                    rt: reg,
                    mem: Amode::Frame(FrameRef::Outgoing(offset)),
                }),
            }
        }

        let func = self.lower.func;
        let results: Vec<ValueRegs> = func.dfg.signatures[signature]
            .returns
            .iter()
            .map(|result| self.fresh(result.value_type))
            .collect();
        let words: Vec<Reg> = results.iter().flat_map(|regs| regs.words()).collect();
        let (result_places, result_bytes) = places::assign(words.len(), &ARGUMENTS);
        let mut defs = Vec::new();
        let mut loads = Vec::new();
        let mut clobbers = CALLER_SAVED;
        for (&reg, place) in words.iter().zip(result_places) {
            match place {
                Place::Register(at) => {
                    clobbers = clobbers.without(at.hw_enc() as u8);
                    defs.push(FixedReg { reg, at });
                }
                Place::Stack(offset) => loads.push(Inst::Load {
                    op: LoadOp::Ldr,
                    rt: reg,
                    mem: Amode::Frame(FrameRef::Outgoing(offset)),
                }),
            }
        }
        self.lower.outgoing_bytes = self.lower.outgoing_bytes.max(arg_bytes).max(result_bytes);
        self.lower.emit(Inst::Call(Box::new(Call {
            callee,
            uses,
            defs,
            clobbers,
        })));
        for load in loads {
            self.lower.emit(load);
        }
        Some(results)
    }

    fn ret(&mut self, results: &[Value]) {
        let words = self.words(results);
        let (places, _) = places::assign(words.len(), &ARGUMENTS);
        let mut uses = Vec::new();
        for (&reg, place) in words.iter().zip(places) {
            match place {
                Place::Register(at) => uses.push(FixedReg { reg, at }),
                Place::Stack(offset) => self.lower.emit(Inst::Store {
                    op: StoreOp::Str,
                    rt: reg,
                    mem: Amode::Frame(FrameRef::Incoming(offset)),
                }),
            }
        }
        self.lower.emit(Inst::Ret { uses });
    }

    fn fresh(&mut self, ty: ir::Type) -> ValueRegs {
        let lo = self.new_int();
        if ty.bits() > 32 {
            ValueRegs::two(lo, self.new_int())
        } else {
            ValueRegs::one(lo)
        }
    }
}
