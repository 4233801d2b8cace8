//! `memory.grow`: refuses what `Context::memory_capacity` does not allow, zeroes the new bytes.
//!
//! ```text
//! if pages > (capacity - size) >> log2 { return -1 }
//! new = size + (pages << log2)
//! for address in base + size .. base + new { *address = 0 }
//! memory_size = new; return size >> log2
//! ```
//! The capacity is never below the size, so neither subtraction nor sum wraps.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, types};
use wasm2mcu_abi::context::Context;

use super::{Body, ROUND};
use crate::wasm::contract::Region;

/// Pages to add in, pages before or -1 out.
pub(super) fn grow(body: &mut Body<'_, '_>) {
    let pages = body.arguments[0];
    let context = body.memory_record();
    let page_size_log2 = body.memory().page_size_log2;
    let log2 = body.word(u32::from(page_size_log2));
    let size = body.memory_size();
    let flags = Region::Context.flags(body.builder.func);
    let offset = Context::MEMORY_CAPACITY as i32;
    let capacity = body.builder.ins().load(types::I32, flags, context, offset);
    let room = body.builder.ins().isub(capacity, size);
    let room = body.builder.ins().ushr(room, log2);
    body.return_if(IntCC::UnsignedGreaterThan, pages, room, u32::MAX);

    let bytes = body.builder.ins().ishl(pages, log2);
    let new_size = body.builder.ins().iadd(size, bytes);
    let first = body.builder.ins().iadd(body.base, size);
    let end = body.builder.ins().iadd(body.base, new_size);
    let zero = body.word(0);
    if page_size_log2 == 0 {
        body.walk(&[first], end, 1, |body, at| {
            body.builder.ins().istore8(body.heap, zero, at[0], 0);
        });
    } else {
        // Every other page size is a multiple of a round.
        body.walk(&[first], end, ROUND as i32, |body, at| {
            for offset in (0..ROUND as i32).step_by(4) {
                body.builder.ins().store(body.heap, zero, at[0], offset);
            }
        });
    }

    let flags = Region::MemorySize.flags(body.builder.func);
    let offset = Context::MEMORY_SIZE as i32;
    body.builder.ins().store(flags, new_size, context, offset);
    let before = body.builder.ins().ushr(size, log2);
    body.builder.ins().return_(&[before]);
}
