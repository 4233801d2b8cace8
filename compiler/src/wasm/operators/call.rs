//! Calls, direct and through a table; those in tail position leave the frame first.
//!
//! A table element is the address of a function's code with the instruction set's address bit, 0
//! for null; the word in front of the code is the function's type number. In an open module it is the
//! address of a record, whose function may be another instance's: see [`link`](super::super::link).
//! Checks come in the specification's order: index, null, type.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    Block, BlockArg, FuncRef, Inst, InstBuilder, UserExternalName, Value, types,
};
use wasm2mcu_abi::context::FunctionRecord;
use wasm2mcu_abi::trap::TrapCode;
use wasmparser::Operator;

use super::super::contract::{Builtin, Region, TYPES, trap};
use super::super::function::{Translator, address};
use super::super::link::field;

/// A call through a table, whose element is not null.
struct IndirectCall {
    target: Target,
    type_number: u32,
    args: Vec<Value>,
}

/// What a call through a table leads to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// What this reference leads to, whose type is still to be checked.
    Reference(Value),
    /// The code at this address, of a function of the module and of the right type.
    Code(Value),
    /// The module's function with this index, of the right type.
    Function(u32),
}

impl Translator<'_> {
    /// Translates `op` if it is a call.
    pub(super) fn call(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::Call { function_index } => {
                let (callee, args) = self.direct(function_index);
                let call = self.builder.ins().call(callee, &args);
                self.push_results(call);
            }
            Operator::CallIndirect {
                type_index,
                table_index,
            } => {
                if let Some(call) = self.indirect(type_index, table_index) {
                    let results = self.call_target(call);
                    self.stack.extend(results);
                }
            }
            Operator::ReturnCall { function_index } => {
                let (callee, args) = self.direct(function_index);
                self.builder.ins().return_call(callee, &args);
                self.reachable = false;
            }
            Operator::ReturnCallIndirect {
                type_index,
                table_index,
            } => {
                if let Some(call) = self.indirect(type_index, table_index) {
                    self.return_call_target(call);
                }
            }
            _ => return false,
        }
        true
    }

    /// Callee and arguments of a direct call.
    fn direct(&mut self, function: u32) -> (FuncRef, Vec<Value>) {
        let parameters = self.module.signature(function).params.len();
        let callee = self.callee(function);
        (callee, self.pop_many(parameters))
    }

    /// A call through a table, with all checks but the type of what may be another instance's; `None` if it
    /// always traps, after which the code is unreachable.
    fn indirect(&mut self, type_index: u32, table: u32) -> Option<IndirectCall> {
        let module = self.module;
        let type_number = module.type_numbers[type_index as usize];
        let index = self.pop();
        let parameters = module.types[type_number as usize].params.len();
        let args = self.pop_many(parameters);
        let target = match &module.tables[table as usize].contents {
            Some(contents) => self.constant_target(table, contents, index, type_number)?,
            None => {
                let reference = self.element(table, index, TrapCode::UndefinedElement)?;
                let null = trap(TrapCode::UninitializedElement);
                self.builder.ins().trapz(reference, null);
                self.own_code(reference, type_number)
            }
        };
        Some(IndirectCall {
            target,
            type_number,
            args,
        })
    }

    /// The target that a reference is, its type checked where it is code of the module's own.
    fn own_code(&mut self, reference: Value, type_number: u32) -> Target {
        if self.module.open {
            return Target::Reference(reference);
        }
        self.check_type(reference, type_number);
        Target::Code(reference)
    }

    fn call_target(&mut self, call: IndirectCall) -> Vec<Value> {
        let signature = self.signature_ref(call.type_number);
        let reference = match call.target {
            Target::Reference(reference) => reference,
            Target::Code(code) => {
                let ins = self.builder.ins();
                let call = ins.call_indirect(signature, code, &call.args);
                return self.builder.inst_results(call).to_vec();
            }
            Target::Function(function) => {
                let callee = self.callee(function);
                let call = self.builder.ins().call(callee, &call.args);
                return self.builder.inst_results(call).to_vec();
            }
        };
        let after = self.builder.create_block();
        let returns = self.builder.func.dfg.signatures[signature].returns.clone();
        for result in returns {
            self.builder.append_block_param(after, result.value_type);
        }
        let callee = self.own_or_other(reference, call.type_number, |translator, code| {
            let ins = translator.builder.ins();
            let inst = ins.call_indirect(signature, code, &call.args);
            translator.leave_with_results(inst, after);
        });
        let args = [&[reference], &call.args[..]].concat();
        let inst = self.builder.ins().call(callee, &args);
        self.leave_with_results(inst, after);
        self.builder.seal_block(after);
        self.builder.switch_to_block(after);
        self.builder.block_params(after).to_vec()
    }

    fn return_call_target(&mut self, call: IndirectCall) {
        let signature = self.signature_ref(call.type_number);
        self.reachable = false;
        let reference = match call.target {
            Target::Reference(reference) => reference,
            Target::Code(code) => {
                let ins = self.builder.ins();
                ins.return_call_indirect(signature, code, &call.args);
                return;
            }
            Target::Function(function) => {
                let callee = self.callee(function);
                self.builder.ins().return_call(callee, &call.args);
                return;
            }
        };
        let callee = self.own_or_other(reference, call.type_number, |translator, code| {
            let ins = translator.builder.ins();
            ins.return_call_indirect(signature, code, &call.args);
        });
        let args = [&[reference], &call.args[..]].concat();
        self.builder.ins().return_call(callee, &args);
    }

    /// Decides whose function a record is. `own` ends the block of the module's own, given the address of
    /// the code; the translation goes on where it is another's, with the bridge as the callee. Types are
    /// checked in both.
    fn own_or_other(
        &mut self,
        record: Value,
        type_number: u32,
        own: impl FnOnce(&mut Self, Value),
    ) -> FuncRef {
        let context = field(&mut self.builder, record, FunctionRecord::CONTEXT);
        let ins = self.builder.ins();
        let is_own = ins.icmp(IntCC::Equal, context, self.context);
        let (here, there) = (self.builder.create_block(), self.builder.create_block());
        self.builder.ins().brif(is_own, here, &[], there, &[]);
        self.builder.seal_block(here);
        self.builder.seal_block(there);

        self.builder.switch_to_block(here);
        let code = field(&mut self.builder, record, FunctionRecord::CODE);
        self.check_type(code, type_number);
        own(self, code);

        self.builder.switch_to_block(there);
        let ty = field(&mut self.builder, record, FunctionRecord::TYPE);
        // Behind the entry thunk.
        let four = self.word(4);
        let ty = self.builder.ins().iadd(ty, four);
        let expected = UserExternalName::new(TYPES, type_number);
        let expected = address(&mut self.builder, expected);
        let callee = self.builtin(Builtin::SameType);
        let same = self.builder.ins().call(callee, &[ty, expected]);
        let same = self.builder.inst_results(same)[0];
        let mismatch = trap(TrapCode::IndirectCallTypeMismatch);
        self.builder.ins().trapz(same, mismatch);
        self.bridge(type_number)
    }

    fn leave_with_results(&mut self, call: Inst, after: Block) {
        let results = self.builder.inst_results(call).to_vec();
        let results: Vec<BlockArg> = results.into_iter().map(BlockArg::Value).collect();
        self.builder.ins().jump(after, &results);
    }

    /// Traps unless the code at an address is that of a function of the module with this type.
    pub(super) fn check_type(&mut self, code: Value, type_number: u32) {
        let expected = self.word(type_number);
        let text_flags = Region::Text.flags(self.builder.func);
        let type_word = -4 - i32::from(self.code_address_bit);
        let actual = self
            .builder
            .ins()
            .load(types::I32, text_flags, code, type_word);
        let differs = self.builder.ins().icmp(IntCC::NotEqual, actual, expected);
        let mismatch = trap(TrapCode::IndirectCallTypeMismatch);
        self.builder.ins().trapnz(differs, mismatch);
    }

    fn push_results(&mut self, call: Inst) {
        self.stack.extend(self.builder.inst_results(call));
    }
}
