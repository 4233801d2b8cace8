//! A function that is being lowered, together with its instruction set: what selection rules work
//! on, and the instructions that no rule is needed for.

use cranelift_codegen::ir::{self, InstructionData, Opcode, Value};
use regalloc2::{Block, RegClass};
use smallvec::smallvec;

use super::Isa;
use super::blocks::BranchTable;
use super::buffer::Symbol;
use super::call::Callee;
use super::isle::Results;
use super::lower::{Lower, ValueRegs};
use super::reg::Reg;
use crate::wasm::contract::HOST_CALL_CONV;

/// A function that is being lowered.
#[derive(Debug)]
pub struct Context<'l, 'f, I: Isa> {
    /// The state that every instruction set has.
    pub lower: &'l mut Lower<'f, I>,
}

impl<I: Isa> Context<'_, '_, I> {
    /// Lowers an instruction that ends no block with successors; returns its results' registers.
    pub(super) fn inst(&mut self, inst: ir::Inst) -> Option<Results> {
        let func = self.lower.func;
        match func.dfg.insts[inst] {
            InstructionData::Call {
                func_ref, opcode, ..
            } => {
                let callee = self.lower.callee(func_ref)?;
                let signature = func.dfg.ext_funcs[func_ref].signature;
                let args = func.dfg.inst_args(inst);
                if opcode == Opcode::ReturnCall {
                    self.lower.tail_calls.push(callee);
                    self.tail_call(Callee::Direct(callee), signature, args);
                    return Some(Results::new());
                }
                self.lower.calls.push(callee);
                Some(self.call(Callee::Direct(callee), signature, args))
            }
            InstructionData::CallIndirect {
                sig_ref, opcode, ..
            } => {
                let (address, args) = func.dfg.inst_args(inst).split_first()?;
                let signature = func.dfg.signatures[sig_ref].clone();
                let address = self.word(*address);
                if opcode == Opcode::ReturnCallIndirect {
                    self.lower.indirect_tail_calls.push(signature);
                    self.tail_call(Callee::Indirect(address), sig_ref, args);
                    return Some(Results::new());
                }
                if signature.call_conv != HOST_CALL_CONV {
                    self.lower.indirect_calls.push(signature);
                }
                Some(self.call(Callee::Indirect(address), sig_ref, args))
            }
            InstructionData::MultiAry {
                opcode: Opcode::Return,
                ..
            } => {
                self.ret(func.dfg.inst_args(inst));
                Some(Results::new())
            }
            InstructionData::UnaryImm {
                opcode: Opcode::Iconst,
                ..
            } => {
                let word = self.word_constant(func.dfg.first_result(inst))?;
                Some(smallvec![ValueRegs::one(self.immediate(word))])
            }
            InstructionData::UnaryIeee32 { imm, .. } => {
                let made = I::float_constant(self.lower, imm.bits());
                Some(smallvec![ValueRegs::one(made)])
            }
            InstructionData::FuncAddr { func_ref, .. } => {
                let symbol = self.lower.callee(func_ref)?;
                Some(smallvec![self.address(symbol)])
            }
            InstructionData::StackAddr {
                stack_slot, offset, ..
            } => {
                let place = self.lower.slot(stack_slot, offset.into());
                let address = self.define(|rd| I::frame_address(rd, place));
                Some(smallvec![ValueRegs::one(address)])
            }
            InstructionData::UnaryGlobalValue { global_value, .. } => {
                let symbol = self.lower.data(global_value)?;
                Some(smallvec![self.address(symbol)])
            }
            _ => I::rules(self, inst),
        }
    }

    /// Lowers a branch whose destinations are the blocks `targets`.
    pub(super) fn branch(&mut self, inst: ir::Inst, targets: &[Block]) -> Option<()> {
        let branch = match self.lower.func.dfg.insts[inst] {
            // Nothing to decide. The allocator wants no operand of a branch whose one target has other
            // predecessors: the moves of that edge go before the branch.
            _ if targets.iter().all(|target| *target == targets[0]) => I::jump(targets[0]),
            InstructionData::Brif { arg, .. } => I::branch_if(self, arg, targets[0], targets[1]),
            InstructionData::BranchTable { arg, .. } => {
                // Cranelift lists the default first.
                let (&default, targets) = targets.split_first()?;
                I::branch_table(BranchTable {
                    index: self.word(arg),
                    targets: targets.to_vec(),
                    default,
                })
            }
            _ => return None,
        };
        self.lower.emit(branch);
        Some(())
    }

    /// A register with a value of one word.
    pub(crate) fn word(&mut self, value: Value) -> Reg {
        self.lower.use_value(value).lo
    }

    /// Whether values of this type live in floating-point registers.
    pub(crate) fn in_float_register(&self, ty: ir::Type) -> bool {
        self.lower.isa.class_of(ty) == RegClass::Float
    }

    /// A fresh integer register.
    pub(crate) fn new_int(&mut self) -> Reg {
        self.lower.new_reg(RegClass::Int)
    }

    /// Emits an instruction with one result, which `make` is told the register of.
    pub(crate) fn define(&mut self, make: impl FnOnce(Reg) -> I::Inst) -> Reg {
        let rd = self.new_int();
        self.lower.emit(make(rd));
        rd
    }

    fn address(&mut self, symbol: Symbol) -> ValueRegs {
        ValueRegs::one(self.define(|rd| I::address(rd, symbol)))
    }

    /// A register with a constant.
    pub(crate) fn immediate(&mut self, value: u32) -> Reg {
        I::constant(self.lower, value)
    }

    /// The value of a constant of at most 32 bits, zero-extended from its type.
    pub(crate) fn word_constant(&self, value: Value) -> Option<u32> {
        let fits = self.lower.func.dfg.value_type(value).bits() <= 32;
        let constant = self.lower.constant(value).filter(|_| fits);
        constant.map(|constant| constant as u32)
    }

    /// A constant shift amount, taken modulo 64.
    pub(crate) fn wide_amount_of(&self, value: Value) -> Option<u32> {
        self.lower.constant(value).map(|amount| amount as u32 % 64)
    }

    /// Whether the instruction that defines a narrow value leaves zeros above it: comparisons and
    /// loads do on every instruction set, also when the value is the low part of what they give.
    pub(crate) fn is_zero_extended(&self, value: Value) -> bool {
        let dfg = &self.lower.func.dfg;
        let bits = dfg.value_type(value).bits();
        self.lower
            .def_inst(value)
            .is_some_and(|inst| match dfg.insts[inst].opcode() {
                Opcode::Icmp | Opcode::Fcmp | Opcode::Load => true,
                Opcode::Ireduce => {
                    self.lower
                        .def_inst(dfg.inst_args(inst)[0])
                        .is_some_and(|inst| match dfg.insts[inst].opcode() {
                            Opcode::Uload8 => bits >= 8,
                            Opcode::Uload16 => bits >= 16,
                            _ => false,
                        })
                }
                _ => false,
            })
    }
}
