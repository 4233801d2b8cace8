//! What instantiation must compute, in the specification's order (4.5.4): globals, initial elements
//! of tables, element segments, data segments, the start function.
//!
//! Only a module in which something is known at instantiation only has this; then it performs all
//! active segments, so that none comes before another that precedes it.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::{InstBuilder, UserExternalName, Value, types};
use wasm2mcu_abi::context::TableRecord;
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;

use super::Body;
use crate::wasm::contract::{BUILTINS, Builtin, DATA, ELEMENTS, FUNCTIONS, Region, trap};
use crate::wasm::function::{address, declare};
use crate::wasm::link::field;
use crate::wasm::module::{Constant, ElementMode, ElementSegment, Module, Operation, Step};
use crate::wasm::support;

/// The body of [`Builtin::Initialize`].
pub(super) fn initialize(body: &mut Body<'_, '_>, module: &Module) {
    let mut initializer = Initializer { body, module };
    initializer.globals();
    initializer.tables();
    for (index, segment) in (0..).zip(&module.elements) {
        if !module.is_in_text(segment) {
            initializer.elements(index, segment);
        }
    }
    initializer.data();
    if let Some(start) = module.start {
        initializer.call_function(start);
    }
    body.builder.ins().return_(&[]);
}

struct Initializer<'b, 'a, 'f> {
    body: &'b mut Body<'a, 'f>,
    module: &'b Module,
}

impl Initializer<'_, '_, '_> {
    fn globals(&mut self) {
        for (index, global) in (0..).zip(&self.module.globals) {
            if global.imported || !global.init.is_computed() {
                continue;
            }
            let value = self.value(&global.init, global.ty);
            let offset = global.offset.expect("computed globals are in the context");
            let flags = Region::Global(index).flags(self.body.builder.func);
            let context = self.body.context;
            let ins = self.body.builder.ins();
            ins.store(flags, value, context, offset as i32);
        }
    }

    fn tables(&mut self) {
        for table in &self.module.tables {
            if table.init == Constant::Reference(None) || !table.is_in_instance() {
                continue;
            }
            let value = self.value(&table.init, table.element);
            let first = self.in_context(table.offset);
            let count = self.body.word(table.elements);
            self.call(Builtin::TableFill, &[first, value, count]);
        }
    }

    fn elements(&mut self, index: u32, segment: &ElementSegment) {
        let count = segment.items.len() as u32;
        let first = match &segment.mode {
            ElementMode::Active { table, start } => {
                let table = &self.module.tables[*table as usize];
                let start = self.value(start, ValueType::I32);
                let (elements, size) = if table.imported {
                    let record = field(self.body.builder, self.body.context, table.offset);
                    let elements = field(self.body.builder, record, TableRecord::ELEMENTS);
                    let flags = Region::State.flags(self.body.builder.func);
                    let ins = self.body.builder.ins();
                    let at = TableRecord::SIZE as i32;
                    (elements, ins.load(types::I32, flags, record, at))
                } else {
                    let elements = self.in_context(table.offset);
                    (elements, self.body.word(table.elements))
                };
                self.check_range(start, count, size);
                let two = self.body.word(2);
                let distance = self.body.builder.ins().ishl(start, two);
                self.body.builder.ins().iadd(elements, distance)
            }
            ElementMode::Passive | ElementMode::Declared => match segment.copy_offset {
                Some(copy) => self.in_context(copy),
                None => return,
            },
        };
        if segment.is_computed() {
            let flags = Region::Table.flags(self.body.builder.func);
            for (offset, item) in (0..).step_by(4).zip(&segment.items) {
                let item = self.value(item, ValueType::FuncRef);
                self.body.builder.ins().store(flags, item, first, offset);
            }
        } else if count > 0 {
            let items = address(self.body.builder, UserExternalName::new(ELEMENTS, index));
            let count = self.body.word(count);
            let base = match self.module.open {
                true => self.body.context,
                false => items,
            };
            self.call(Builtin::TableInit, &[first, items, count, base]);
        }
    }

    /// Traps unless `count` elements from `first` are within `size`.
    fn check_range(&mut self, first: Value, count: u32, size: Value) {
        let code = trap(TrapCode::TableOutOfBounds);
        let more = IntCC::UnsignedGreaterThan;
        let count = self.body.word(count);
        let outside = self.body.builder.ins().icmp(more, count, size);
        self.body.builder.ins().trapnz(outside, code);
        let last = self.body.builder.ins().isub(size, count);
        let outside = self.body.builder.ins().icmp(more, first, last);
        self.body.builder.ins().trapnz(outside, code);
    }

    fn data(&mut self) {
        for (index, segment) in (0..).zip(&self.module.data) {
            let Some(destination) = &segment.address else {
                continue;
            };
            let destination = self.value(destination, ValueType::I32);
            let bytes = match segment.bytes.len() {
                0 => self.body.word(0),
                _ => address(self.body.builder, UserExternalName::new(DATA, index)),
            };
            let (from, length) = (self.body.word(0), segment.bytes.len() as u32);
            let length = self.body.word(length);
            let args = [destination, from, length, bytes, length];
            let outside = self.call(Builtin::MemoryInit, &args)[0];
            let code = trap(TrapCode::MemoryOutOfBounds);
            self.body.builder.ins().trapnz(outside, code);
        }
    }

    fn value(&mut self, constant: &Constant, ty: ValueType) -> Value {
        match constant {
            Constant::Number(bits) => self.number(ty, *bits),
            Constant::Reference(function) => self.reference(*function),
            Constant::Computed(steps) => self.computed(steps),
        }
    }

    fn computed(&mut self, steps: &[Step]) -> Value {
        let mut stack = Vec::new();
        let pop = |stack: &mut Vec<Value>| stack.pop().expect("validated operand");
        for step in steps {
            let value = match *step {
                Step::Number(ty, bits) => self.number(ty, bits),
                Step::Reference(function) => self.reference(function),
                Step::Global(index) => self.global(index),
                Step::Binary(operation, _) => {
                    let (right, left) = (pop(&mut stack), pop(&mut stack));
                    let ins = self.body.builder.ins();
                    match operation {
                        Operation::Add => ins.iadd(left, right),
                        Operation::Sub => ins.isub(left, right),
                        Operation::Mul => ins.imul(left, right),
                    }
                }
            };
            stack.push(value);
        }
        pop(&mut stack)
    }

    fn number(&mut self, ty: ValueType, bits: u64) -> Value {
        let ins = self.body.builder.ins();
        match ty {
            ValueType::F32 => ins.f32const(Ieee32::with_bits(bits as u32)),
            ValueType::F64 => ins.f64const(Ieee64::with_bits(bits)),
            ty => ins.iconst(support::clif_type(ty), bits as i64),
        }
    }

    fn reference(&mut self, function: Option<u32>) -> Value {
        let Some(function) = function else {
            return self.body.word(0);
        };
        if let Some(record) = self.module.functions[function as usize].record {
            return self.in_context(record);
        }
        let callee = self.function(function);
        self.body.builder.ins().func_addr(types::I32, callee)
    }

    fn global(&mut self, index: u32) -> Value {
        let global = &self.module.globals[index as usize];
        let offset = global.offset.expect("computed globals are in the context");
        let region = match global.imported {
            true => Region::Link,
            false => Region::Global(index),
        };
        let flags = region.flags(self.body.builder.func);
        let (context, ty) = (self.body.context, support::clif_type(global.ty));
        let ins = self.body.builder.ins();
        ins.load(ty, flags, context, offset as i32)
    }

    fn function(&mut self, function: u32) -> cranelift_codegen::ir::FuncRef {
        let signature = support::clif_signature(self.module.signature(function));
        let signature = self.body.builder.import_signature(signature);
        let name = UserExternalName::new(FUNCTIONS, function);
        declare(self.body.builder, name, signature)
    }

    fn call_function(&mut self, function: u32) {
        let callee = self.function(function);
        self.body.builder.ins().call(callee, &[]);
    }

    fn call(&mut self, builtin: Builtin, args: &[Value]) -> Vec<Value> {
        let signature = self.body.builder.import_signature(builtin.signature());
        let name = UserExternalName::new(BUILTINS, builtin as u32);
        let callee = declare(self.body.builder, name, signature);
        let call = self.body.builder.ins().call(callee, args);
        self.body.builder.inst_results(call).to_vec()
    }

    /// The address at this offset of the context.
    fn in_context(&mut self, offset: u32) -> Value {
        let offset = self.body.word(offset);
        let ins = self.body.builder.ins();
        ins.iadd(self.body.context, offset)
    }
}
