//! References, each one word: 0 for null, else the address of the function's code with the
//! instruction set's address bit, in an open module that of the function's record, or whatever the host
//! made of it.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use wasmparser::Operator;

use super::super::function::Translator;

impl Translator<'_> {
    /// Translates `op` if it makes or asks about a reference.
    pub(super) fn reference(&mut self, op: &Operator<'_>) -> bool {
        let value = match *op {
            Operator::RefNull { .. } => self.word(0),
            Operator::RefFunc { function_index } => self.function_reference(function_index),
            Operator::RefIsNull => {
                let reference = self.pop();
                let null = self.word(0);
                let is_null = self.builder.ins().icmp(IntCC::Equal, reference, null);
                self.builder.ins().uextend(types::I32, is_null)
            }
            _ => return false,
        };
        self.stack.push(value);
        true
    }

    /// The reference to a function.
    pub(super) fn function_reference(&mut self, function: u32) -> Value {
        if let Some(record) = self.module.functions[function as usize].record {
            return self.in_context(record);
        }
        self.references.insert(function);
        let callee = self.callee(function);
        self.builder.ins().func_addr(types::I32, callee)
    }
}
