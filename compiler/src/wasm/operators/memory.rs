//! Linear memory: loads and stores behind their guards, its size and its growth.
//!
//! An access of `n` bytes at `index + offset` needs `index + offset + n <= size` in unbounded
//! arithmetic. With `end = offset + n` that is `end <= size && index <= size - end`, which no sum
//! can wrap:
//!
//! | memory | `end` | guard |
//! |---|---|---|
//! | any | above the largest size | `trap` |
//! | fixed | within it | `trapnz (icmp ugt index, min - end)` |
//! | growing | within the smallest size | `trapnz (icmp ugt index, size - end)` |
//! | growing | above the smallest size | `trapnz (icmp ult size, end)`, then the same |
//!
//! A constant index is added to the offset, and then only `end` matters.
//!
//! Where the host promises a guard zone behind a fixed memory, a load whose `end` is within it needs
//! `index < size` only, whatever its offset: equal guards merge, and what lies beyond the memory traps
//! by itself. Such loads stay where they are, read or not. Stores keep the exact guard: one across the
//! end would write its first bytes.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    InstBuilder, MemFlagsData, Opcode, Type, UserExternalName, Value, types,
};
use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::trap::TrapCode;
use wasmparser::{MemArg, Operator};

use super::super::contract::{Builtin, DATA, Region, trap};
use super::super::function::{Translator, address};
use super::super::link::field;
use super::super::module::Memory;

/// Where an access goes: CLIF's address, offset and flags.
type Access = (Value, i32, MemFlagsData);

impl Translator<'_> {
    /// Translates `op` if it concerns the memory.
    pub(super) fn memory(&mut self, op: &Operator<'_>) -> bool {
        // Segments may stand in a module without a memory.
        if let Operator::DataDrop { data_index } = *op {
            let length = self.module.data_shapes[data_index as usize].length_offset;
            self.drop_segment(length);
            return true;
        }
        let Some(memory) = self.module.memory else {
            return false;
        };
        match *op {
            Operator::I32Load { memarg } => {
                self.load(&memory, memarg, types::I32, 4, Opcode::Load);
            }
            Operator::I32Load8U { memarg } => {
                self.load(&memory, memarg, types::I32, 1, Opcode::Uload8);
            }
            Operator::I32Load8S { memarg } => {
                self.load(&memory, memarg, types::I32, 1, Opcode::Sload8);
            }
            Operator::I32Load16U { memarg } => {
                self.load(&memory, memarg, types::I32, 2, Opcode::Uload16);
            }
            Operator::I32Load16S { memarg } => {
                self.load(&memory, memarg, types::I32, 2, Opcode::Sload16);
            }
            Operator::I64Load { memarg } => {
                self.load(&memory, memarg, types::I64, 8, Opcode::Load);
            }
            Operator::I64Load8U { memarg } => {
                self.load(&memory, memarg, types::I64, 1, Opcode::Uload8);
            }
            Operator::I64Load8S { memarg } => {
                self.load(&memory, memarg, types::I64, 1, Opcode::Sload8);
            }
            Operator::I64Load16U { memarg } => {
                self.load(&memory, memarg, types::I64, 2, Opcode::Uload16);
            }
            Operator::I64Load16S { memarg } => {
                self.load(&memory, memarg, types::I64, 2, Opcode::Sload16);
            }
            Operator::I64Load32U { memarg } => {
                self.load(&memory, memarg, types::I64, 4, Opcode::Uload32);
            }
            Operator::I64Load32S { memarg } => {
                self.load(&memory, memarg, types::I64, 4, Opcode::Sload32);
            }
            Operator::F32Load { memarg } => {
                self.load(&memory, memarg, types::F32, 4, Opcode::Load);
            }
            Operator::F64Load { memarg } => {
                self.load(&memory, memarg, types::F64, 8, Opcode::Load);
            }
            Operator::F32Store { memarg } => {
                self.store(&memory, memarg, types::F32, 4, Opcode::Store);
            }
            Operator::F64Store { memarg } => {
                self.store(&memory, memarg, types::F64, 8, Opcode::Store);
            }
            Operator::I32Store { memarg } => {
                self.store(&memory, memarg, types::I32, 4, Opcode::Store);
            }
            Operator::I32Store8 { memarg } => {
                self.store(&memory, memarg, types::I32, 1, Opcode::Istore8);
            }
            Operator::I32Store16 { memarg } => {
                self.store(&memory, memarg, types::I32, 2, Opcode::Istore16);
            }
            Operator::I64Store { memarg } => {
                self.store(&memory, memarg, types::I64, 8, Opcode::Store);
            }
            Operator::I64Store8 { memarg } => {
                self.store(&memory, memarg, types::I64, 1, Opcode::Istore8);
            }
            Operator::I64Store16 { memarg } => {
                self.store(&memory, memarg, types::I64, 2, Opcode::Istore16);
            }
            Operator::I64Store32 { memarg } => {
                self.store(&memory, memarg, types::I64, 4, Opcode::Istore32);
            }
            Operator::MemorySize { .. } => {
                let pages = self.memory_pages(&memory);
                self.stack.push(pages);
            }
            Operator::MemoryGrow { .. } => self.memory_grow(&memory),
            Operator::MemoryFill { .. } => self.bulk(Builtin::MemoryFill, &[]),
            Operator::MemoryCopy { .. } => self.bulk(Builtin::MemoryCopy, &[]),
            Operator::MemoryInit { data_index, .. } => self.memory_init(data_index),
            _ => return false,
        }
        true
    }

    fn load(&mut self, memory: &Memory, memarg: MemArg, ty: Type, bytes: u32, opcode: Opcode) {
        let index = self.pop();
        let zone = memory.guard_zone;
        let access = self.guarded(memory, index, memarg, bytes, zone);
        let Some((address, offset, flags)) = access else {
            return;
        };
        let flags = self.builder.func.dfg.mem_flags.insert_unchecked(flags);
        let (load, dfg) = self
            .builder
            .ins()
            .Load(opcode, ty, flags, offset.into(), address);
        let value = dfg.first_result(load);
        self.stack.push(value);
    }

    fn store(&mut self, memory: &Memory, memarg: MemArg, ty: Type, bytes: u32, opcode: Opcode) {
        let (index, value) = self.pop2();
        let Some((address, offset, flags)) = self.guarded(memory, index, memarg, bytes, 0) else {
            return;
        };
        let flags = self.builder.func.dfg.mem_flags.insert_unchecked(flags);
        self.builder
            .ins()
            .Store(opcode, ty, flags, offset.into(), value, address);
    }

    /// Emits the guard of an access and says where the access goes; `None` if it always traps,
    /// after which the code is unreachable. Behind the memory, an access traps by itself for `zone`
    /// bytes.
    fn guarded(
        &mut self,
        memory: &Memory,
        index: Value,
        memarg: MemArg,
        bytes: u32,
        zone: u32,
    ) -> Option<Access> {
        let (index, offset) = match self.constant(index) {
            Some(constant) => (None, memarg.offset + u64::from(constant)),
            None => (Some(index), memarg.offset),
        };
        let end = offset + u64::from(bytes);
        if end > u64::from(memory.max_bytes) {
            self.trap(TrapCode::MemoryOutOfBounds);
            return None;
        }
        let end = end as u32;
        if end > memory.min_bytes {
            let size = self.memory_size();
            let end = self.word(end);
            self.trap_if(IntCC::UnsignedLessThan, size, end);
        }
        let mut address = self.memory_base;
        let mut traps_by_itself = false;
        if let Some(index) = index {
            traps_by_itself = end - 1 <= zone && zone > 0;
            let limit = if traps_by_itself {
                self.word(memory.min_bytes - 1)
            } else if memory.is_fixed() {
                self.word(memory.min_bytes - end)
            } else {
                let size = self.memory_size();
                let end = self.word(end);
                self.builder.ins().isub(size, end)
            };
            self.trap_if(IntCC::UnsignedGreaterThan, index, limit);
            address = self.builder.ins().iadd(address, index);
        }
        let offset = offset as u32;
        let offset = i32::try_from(offset).unwrap_or_else(|_| {
            let far = self.word(offset);
            address = self.builder.ins().iadd(address, far);
            0
        });
        let mut flags = Region::Heap.flags(self.builder.func);
        if traps_by_itself {
            flags = flags.with_trap_code(Some(trap(TrapCode::MemoryOutOfBounds)));
        }
        Some((address, offset, flags))
    }

    fn trap_if(&mut self, condition: IntCC, x: Value, y: Value) {
        let outside = self.builder.ins().icmp(condition, x, y);
        let code = trap(TrapCode::MemoryOutOfBounds);
        self.builder.ins().trapnz(outside, code);
    }

    /// The present size in bytes of a memory that grows.
    fn memory_size(&mut self) -> Value {
        let record = match self.module.memory.and_then(|memory| memory.import) {
            Some(slot) => field(&mut self.builder, self.context, slot),
            None => self.context,
        };
        let flags = Region::MemorySize.flags(self.builder.func);
        let offset = Context::MEMORY_SIZE as i32;
        self.builder.ins().load(types::I32, flags, record, offset)
    }

    fn memory_pages(&mut self, memory: &Memory) -> Value {
        let shift = memory.page_size_log2;
        if memory.is_fixed() {
            return self.word(memory.min_bytes >> shift);
        }
        let size = self.memory_size();
        let shift = self.word(u32::from(shift));
        self.builder.ins().ushr(size, shift)
    }

    /// A memory without room grows by 0 pages only, which tells its size.
    fn memory_grow(&mut self, memory: &Memory) {
        let delta = self.pop();
        let before = if memory.is_fixed() {
            let pages = self.memory_pages(memory);
            let failure = self.word(u32::MAX);
            self.builder.ins().select(delta, failure, pages)
        } else {
            let callee = self.builtin(Builtin::MemoryGrow);
            let call = self.builder.ins().call(callee, &[delta]);
            self.builder.inst_results(call)[0]
        };
        self.stack.push(before);
    }

    fn memory_init(&mut self, segment: u32) {
        let shape = self.module.data_shapes[segment as usize];
        let length = self.state(shape.length_offset, shape.length);
        let bytes = if shape.length > 0 {
            address(&mut self.builder, UserExternalName::new(DATA, segment))
        } else {
            // Nothing is ever read.
            self.word(0)
        };
        self.bulk(Builtin::MemoryInit, &[bytes, length]);
    }

    /// An operator on a range of the memory, which tells whether the range left it; `more` follows
    /// the three operands.
    fn bulk(&mut self, builtin: Builtin, more: &[Value]) {
        let mut args = self.pop_many(3);
        args.extend(more);
        let callee = self.builtin(builtin);
        let call = self.builder.ins().call(callee, &args);
        let outside = self.builder.inst_results(call)[0];
        let code = trap(TrapCode::MemoryOutOfBounds);
        self.builder.ins().trapnz(outside, code);
    }
}
