//! Tables: single elements behind their checks, and operators on ranges of them.
//!
//! An element is a word of the context. A range of `n` from `i` needs `i + n <= size` in unbounded
//! arithmetic, which is `n <= size && i <= size - n`; the builtins that then do the work get
//! addresses.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, UserExternalName, Value, types};
use wasm2mcu_abi::context::TableRecord;
use wasm2mcu_abi::trap::TrapCode;
use wasmparser::Operator;

use super::super::contract::{Builtin, ELEMENTS, Region, trap};
use super::super::function::{Translator, address};
use super::super::link::field;
use super::super::module::ElementMode;

impl Translator<'_> {
    /// Translates `op` if it concerns a table.
    pub(super) fn table(&mut self, op: &Operator<'_>) -> bool {
        match *op {
            Operator::TableGet { table } => {
                let index = self.pop();
                if let Some(element) = self.element(table, index, TrapCode::TableOutOfBounds) {
                    self.stack.push(element);
                }
            }
            Operator::TableSet { table } => self.table_set(table),
            Operator::TableSize { table } => {
                let size = self.table_size(table);
                self.stack.push(size);
            }
            Operator::TableGrow { table } => self.table_grow(table),
            Operator::TableFill { table } => self.table_fill(table),
            Operator::TableCopy {
                dst_table,
                src_table,
            } => self.table_copy(dst_table, src_table),
            Operator::TableInit { elem_index, table } => self.table_init(elem_index, table),
            Operator::ElemDrop { elem_index } => {
                let length = self.module.elements[elem_index as usize].length_offset;
                self.drop_segment(length);
            }
            _ => return false,
        }
        true
    }

    /// The element at `index`, loaded behind a check that traps with `code`; `None` if no index is
    /// in the table, after which the code is unreachable.
    pub(super) fn element(&mut self, table: u32, index: Value, code: TrapCode) -> Option<Value> {
        let module = self.module;
        if let Some(contents) = &module.tables[table as usize].contents {
            return self.constant_element(table, contents, index, code);
        }
        let (address, offset) = self.checked_element(table, index, code)?;
        let flags = Region::Table.flags(self.builder.func);
        let load = self.builder.ins().load(types::I32, flags, address, offset);
        Some(load)
    }

    fn table_set(&mut self, table: u32) {
        let (index, value) = self.pop2();
        let checked = self.checked_element(table, index, TrapCode::TableOutOfBounds);
        if let Some((address, offset)) = checked {
            let flags = Region::Table.flags(self.builder.func);
            self.builder.ins().store(flags, value, address, offset);
        }
    }

    /// Address and offset of the element at `index`, behind its check.
    fn checked_element(
        &mut self,
        table: u32,
        index: Value,
        code: TrapCode,
    ) -> Option<(Value, i32)> {
        self.check_index(table, index, code)?;
        let known = &self.module.tables[table as usize];
        let (base, offset) = if known.imported {
            (self.first_element(table), 0)
        } else {
            (self.context, known.offset as i32)
        };
        let two = self.word(2);
        let distance = self.builder.ins().ishl(index, two);
        let address = self.builder.ins().iadd(base, distance);
        Some((address, offset))
    }

    /// Traps with `code` unless `index` is in the table; `None` if none is.
    pub(super) fn check_index(&mut self, table: u32, index: Value, code: TrapCode) -> Option<()> {
        let known = &self.module.tables[table as usize];
        if known.capacity == 0 {
            self.trap(code);
            return None;
        }
        let outside = if known.is_fixed() {
            let last = self.word(known.elements - 1);
            let ins = self.builder.ins();
            ins.icmp(IntCC::UnsignedGreaterThan, index, last)
        } else {
            let size = self.table_size(table);
            let ins = self.builder.ins();
            ins.icmp(IntCC::UnsignedGreaterThanOrEqual, index, size)
        };
        self.builder.ins().trapnz(outside, trap(code));
        Some(())
    }

    /// The present number of elements.
    fn table_size(&mut self, table: u32) -> Value {
        let known = &self.module.tables[table as usize];
        if known.imported {
            let record = field(&mut self.builder, self.context, known.offset);
            let flags = Region::State.flags(self.builder.func);
            let at = TableRecord::SIZE as i32;
            return self.builder.ins().load(types::I32, flags, record, at);
        }
        self.state(known.size_offset, known.elements)
    }

    /// Address of element 0.
    fn first_element(&mut self, table: u32) -> Value {
        let known = &self.module.tables[table as usize];
        if known.imported {
            let record = field(&mut self.builder, self.context, known.offset);
            return field(&mut self.builder, record, TableRecord::ELEMENTS);
        }
        self.in_context(known.offset)
    }

    /// The word of the state at this offset, or `constant` where it never changes.
    pub(super) fn state(&mut self, offset: Option<u32>, constant: u32) -> Value {
        let Some(offset) = offset else {
            return self.word(constant);
        };
        let flags = Region::State.flags(self.builder.func);
        let context = self.context;
        let ins = self.builder.ins();
        ins.load(types::I32, flags, context, offset as i32)
    }

    /// Makes a segment empty whose length is at this offset; others are empty already.
    pub(super) fn drop_segment(&mut self, length_offset: Option<u32>) {
        let Some(offset) = length_offset else { return };
        let flags = Region::State.flags(self.builder.func);
        let (context, zero) = (self.context, self.word(0));
        let ins = self.builder.ins();
        ins.store(flags, zero, context, offset as i32);
    }

    /// A table without room grows by 0 elements only, which tells its size.
    fn table_grow(&mut self, table: u32) {
        let known = &self.module.tables[table as usize];
        let (value, delta) = self.pop2();
        let place = if known.imported {
            let record = field(&mut self.builder, self.context, known.offset);
            let at = self.word(TableRecord::SIZE);
            let size = self.builder.ins().iadd(record, at);
            Some((
                size,
                field(&mut self.builder, record, TableRecord::CAPACITY),
            ))
        } else {
            known
                .size_offset
                .map(|size| (self.in_context(size), self.word(known.capacity)))
        };
        let before = match place {
            None => {
                let size = self.word(known.elements);
                let failure = self.word(u32::MAX);
                self.builder.ins().select(delta, failure, size)
            }
            Some((size, capacity)) => {
                let elements = self.first_element(table);
                let args = [delta, value, elements, size, capacity];
                let callee = self.builtin(Builtin::TableGrow);
                let call = self.builder.ins().call(callee, &args);
                self.builder.inst_results(call)[0]
            }
        };
        self.stack.push(before);
    }

    fn table_fill(&mut self, table: u32) {
        let args = self.pop_many(3);
        let [first, value, count] = args[..] else {
            unreachable!("three operands were taken")
        };
        let size = self.table_size(table);
        self.check_range(first, count, size);
        let target = self.element_address(table, first);
        self.work(Builtin::TableFill, &[target, value, count]);
    }

    fn table_copy(&mut self, to: u32, from: u32) {
        let args = self.pop_many(3);
        let [target, source, count] = args[..] else {
            unreachable!("three operands were taken")
        };
        let size = self.table_size(to);
        self.check_range(target, count, size);
        let size = self.table_size(from);
        self.check_range(source, count, size);
        let target = self.element_address(to, target);
        if self.module.tables[from as usize].is_in_instance() {
            let source = self.element_address(from, source);
            self.work(Builtin::TableCopy, &[target, source, count]);
        } else {
            let base = self.constant_table(from);
            let two = self.word(2);
            let distance = self.builder.ins().ishl(source, two);
            let source = self.builder.ins().iadd(base, distance);
            self.work(Builtin::TableInit, &[target, source, count, base]);
        }
    }

    fn table_init(&mut self, segment_index: u32, table: u32) {
        let args = self.pop_many(3);
        let [target, source, count] = args[..] else {
            unreachable!("three operands were taken")
        };
        let segment = &self.module.elements[segment_index as usize];
        let readable = segment.mode == ElementMode::Passive;
        let length = if readable { segment.items.len() } else { 0 };
        let length = self.state(segment.length_offset, length as u32);
        let size = self.table_size(table);
        self.check_range(target, count, size);
        self.check_range(source, count, length);
        if !readable {
            return;
        }
        let target = self.element_address(table, target);
        let two = self.word(2);
        let distance = self.builder.ins().ishl(source, two);
        if let Some(copy) = segment.copy_offset {
            let items = self.in_context(copy);
            let source = self.builder.ins().iadd(items, distance);
            self.work(Builtin::TableCopy, &[target, source, count]);
        } else {
            let name = UserExternalName::new(ELEMENTS, segment_index);
            let items = address(&mut self.builder, name);
            let source = self.builder.ins().iadd(items, distance);
            let base = match self.module.open {
                true => self.context,
                false => items,
            };
            self.work(Builtin::TableInit, &[target, source, count, base]);
        }
    }

    /// Traps unless `count` elements from `first` are within `size`.
    fn check_range(&mut self, first: Value, count: Value, size: Value) {
        let code = trap(TrapCode::TableOutOfBounds);
        let more = IntCC::UnsignedGreaterThan;
        let outside = self.builder.ins().icmp(more, count, size);
        self.builder.ins().trapnz(outside, code);
        let last = self.builder.ins().isub(size, count);
        let outside = self.builder.ins().icmp(more, first, last);
        self.builder.ins().trapnz(outside, code);
    }

    fn element_address(&mut self, table: u32, index: Value) -> Value {
        let elements = self.first_element(table);
        let two = self.word(2);
        let distance = self.builder.ins().ishl(index, two);
        self.builder.ins().iadd(elements, distance)
    }

    /// The address at this offset of the context.
    pub(super) fn in_context(&mut self, offset: u32) -> Value {
        let offset = self.word(offset);
        self.builder.ins().iadd(self.context, offset)
    }

    /// Calls a builtin without results.
    fn work(&mut self, builtin: Builtin, args: &[Value]) {
        let callee = self.builtin(builtin);
        self.builder.ins().call(callee, args);
    }
}
