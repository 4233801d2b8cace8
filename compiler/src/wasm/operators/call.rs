//! Calls, direct and through a table; those in tail position leave the frame first.
//!
//! A table element is the address of a function's code with the instruction set's address bit, 0
//! for null; the word in front of the code is the function's type number. Checks come in the
//! specification's order: index, null, type.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{FuncRef, Inst, InstBuilder, SigRef, Value, types};
use wasm2mcu_abi::trap::TrapCode;
use wasmparser::Operator;

use super::super::contract::{Region, trap};
use super::super::function::Translator;

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
                if let Some((signature, code, args)) = self.indirect(type_index, table_index) {
                    let call = self.builder.ins().call_indirect(signature, code, &args);
                    self.push_results(call);
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
                if let Some((signature, code, args)) = self.indirect(type_index, table_index) {
                    let ins = self.builder.ins();
                    ins.return_call_indirect(signature, code, &args);
                    self.reachable = false;
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

    /// Signature, address of the code, and arguments of a call through a table; `None` if it always
    /// traps, after which the code is unreachable.
    fn indirect(&mut self, type_index: u32, table: u32) -> Option<(SigRef, Value, Vec<Value>)> {
        let type_number = self.module.type_numbers[type_index as usize];
        let signature = self.signature_ref(type_number);
        let index = self.pop();
        let parameters = self.module.types[type_number as usize].params.len();
        let args = self.pop_many(parameters);
        let code = self.checked_callee(table, index, type_number)?;
        Some((signature, code, args))
    }

    /// The address of the code at `index` of the table, known to have the type; `None` if no
    /// index is in the table.
    fn checked_callee(&mut self, table: u32, index: Value, type_number: u32) -> Option<Value> {
        let code = self.element(table, index, TrapCode::UndefinedElement)?;
        let null = trap(TrapCode::UninitializedElement);
        self.builder.ins().trapz(code, null);

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
        Some(code)
    }

    fn push_results(&mut self, call: Inst) {
        self.stack.extend(self.builder.inst_results(call));
    }
}
