//! Locals, globals and the two operators that only move values.

use cranelift_codegen::ir::{InstBuilder, Value};
use wasmparser::Operator;

use super::super::contract::Region;
use super::super::function::Translator;
use super::super::link::field;
use super::super::module::Constant;
use super::super::support;

impl Translator<'_> {
    /// Translates `op` if it moves values.
    pub(super) fn variable(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::LocalGet { local_index } => {
                let value = self.builder.use_var(self.locals[local_index as usize]);
                self.stack.push(value);
            }
            Operator::LocalSet { local_index } => {
                let value = self.pop();
                self.builder
                    .def_var(self.locals[local_index as usize], value);
            }
            Operator::LocalTee { local_index } => {
                let value = self.top();
                self.builder
                    .def_var(self.locals[local_index as usize], value);
            }
            Operator::GlobalGet { global_index } => self.global_get(global_index),
            Operator::GlobalSet { global_index } => self.global_set(global_index),
            Operator::Drop => {
                self.pop();
            }
            Operator::Select | Operator::TypedSelect { .. } => {
                let condition = self.pop_condition();
                let (x, y) = self.pop2();
                let value = self.builder.ins().select(condition, x, y);
                self.stack.push(value);
            }
            _ => return false,
        }
        true
    }

    fn global_get(&mut self, index: u32) {
        let global = &self.module.globals[index as usize];
        let ty = support::clif_type(global.ty);
        let in_context = global.mutable || global.init.is_computed();
        let value = match global.offset.filter(|_| in_context) {
            Some(offset) => {
                let (region, base, offset) = self.global_place(index, offset);
                let flags = region.flags(self.builder.func);
                self.builder.ins().load(ty, flags, base, offset)
            }
            None => match &global.init {
                Constant::Number(bits) => self.constant_of(ty, *bits),
                Constant::Reference(None) => self.word(0),
                Constant::Reference(Some(function)) => self.function_reference(*function),
                Constant::Computed(_) => unreachable!("computed globals are in the context"),
            },
        };
        self.stack.push(value);
    }

    fn global_set(&mut self, index: u32) {
        let value = self.pop();
        if let Some(offset) = self.module.globals[index as usize].offset {
            let (region, base, offset) = self.global_place(index, offset);
            let flags = region.flags(self.builder.func);
            self.builder.ins().store(flags, value, base, offset);
        }
    }

    /// Where a global is that has something at this offset of the context.
    fn global_place(&mut self, index: u32, offset: u32) -> (Region, Value, i32) {
        let global = &self.module.globals[index as usize];
        match (global.imported, global.mutable) {
            (true, true) => {
                let cell = field(&mut self.builder, self.context, offset);
                (Region::Shared, cell, 0)
            }
            (true, false) => (Region::Link, self.context, offset as i32),
            (false, _) => (Region::Global(index), self.context, offset as i32),
        }
    }
}
