//! Elements of tables that stand in the text, see [`constant_tables`](super::super::constant_tables).
//!
//! ```text
//!   call_indirect $t (i)    i < size      item = table[i]    item != 0      table + item     its type is $t
//!                           always        ─────────────▶     if one is      ───────────▶     unless all have
//!                                                            null                            type $t
//! ```
//!
//! Where the index is a constant, all of that is known, and the call is a direct one.

use cranelift_codegen::ir::{InstBuilder, UserExternalName, Value, types};
use wasm2mcu_abi::trap::TrapCode;

use super::super::contract::{Region, TABLES, trap};
use super::super::function::{Translator, address};
use super::super::module::Contents;
use super::call::Target;

impl Translator<'_> {
    /// What a call through a table in the text leads to, all checks made; `None` if it always traps, after
    /// which the code is unreachable.
    pub(super) fn constant_target(
        &mut self,
        table: u32,
        contents: &Contents,
        index: Value,
        type_number: u32,
    ) -> Option<Target> {
        if let Some(index) = self.constant(index) {
            return self.known_target(contents, index, type_number);
        }
        self.check_index(table, index, TrapCode::UndefinedElement)?;
        if contents.types.is_empty() {
            self.trap(TrapCode::UninitializedElement);
            return None;
        }
        let (base, item) = self.distance(table, index);
        if contents.has_null {
            let null = trap(TrapCode::UninitializedElement);
            self.builder.ins().trapz(item, null);
        }
        if !contents.types.contains(&type_number) {
            self.trap(TrapCode::IndirectCallTypeMismatch);
            return None;
        }
        let code = self.builder.ins().iadd(base, item);
        if contents.types.len() > 1 {
            self.check_type(code, type_number);
        }
        Some(Target::Code(code))
    }

    fn known_target(
        &mut self,
        contents: &Contents,
        index: u32,
        type_number: u32,
    ) -> Option<Target> {
        let trap = match contents.functions.get(index as usize) {
            None => TrapCode::UndefinedElement,
            Some(None) => TrapCode::UninitializedElement,
            Some(&Some(function)) => {
                if self.module.functions[function as usize].type_number == type_number {
                    return Some(Target::Function(function));
                }
                TrapCode::IndirectCallTypeMismatch
            }
        };
        self.trap(trap);
        None
    }

    /// The reference at `index` of a table in the text, behind a check; `None` if no index is in the table.
    pub(super) fn constant_element(
        &mut self,
        table: u32,
        contents: &Contents,
        index: Value,
        code: TrapCode,
    ) -> Option<Value> {
        self.check_index(table, index, code)?;
        if contents.types.is_empty() {
            return Some(self.word(0));
        }
        let (base, item) = self.distance(table, index);
        let address = self.builder.ins().iadd(base, item);
        if !contents.has_null {
            return Some(address);
        }
        let null = self.word(0);
        Some(self.builder.ins().select(item, address, null))
    }

    /// The address of a table in the text, from where its elements count.
    pub(super) fn constant_table(&mut self, table: u32) -> Value {
        let name = UserExternalName::new(TABLES, table);
        address(&mut self.builder, name)
    }

    /// The address of a table in the text and its element at an index in bounds.
    fn distance(&mut self, table: u32, index: Value) -> (Value, Value) {
        let base = self.constant_table(table);
        let two = self.word(2);
        let offset = self.builder.ins().ishl(index, two);
        let place = self.builder.ins().iadd(base, offset);
        let flags = Region::Text.flags(self.builder.func);
        let item = self.builder.ins().load(types::I32, flags, place, 0);
        (base, item)
    }
}
