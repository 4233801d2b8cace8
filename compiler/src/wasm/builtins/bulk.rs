//! `memory.fill`, `memory.copy` and `memory.init`: a check of the whole range, then four words a round and single
//! bytes for the rest. Words need not be aligned.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};

use super::{Body, ROUND};
use crate::wasm::contract::Region;

/// Destination, value and length in; 1 if the range leaves the memory, else 0 out.
pub(super) fn fill(body: &mut Body<'_, '_>) {
    let [destination, value, length] = body.arguments[..] else {
        return;
    };
    let limit = limit(body, length);
    body.return_if(IntCC::UnsignedGreaterThan, destination, limit, 1);

    let low_byte = body.word(0xff);
    let everywhere = body.word(0x0101_0101);
    let byte = body.builder.ins().band(value, low_byte);
    let pattern = body.builder.ins().imul(byte, everywhere);
    let first = body.builder.ins().iadd(body.base, destination);
    let end = body.builder.ins().iadd(first, length);
    let rounds = whole_rounds(body, length);
    let rounds_end = body.builder.ins().iadd(first, rounds);
    let rest = body.walk(&[first], rounds_end, ROUND as i32, |body, at| {
        for offset in (0..ROUND as i32).step_by(4) {
            body.builder.ins().store(body.heap, pattern, at[0], offset);
        }
    });
    body.walk(&rest, end, 1, |body, at| {
        body.builder.ins().istore8(body.heap, value, at[0], 0);
    });
    body.return_word(0);
}

/// Destination, source and length in; 1 if a range leaves the memory, else 0 out.
///
/// Where the destination begins inside the source, the last bytes go first: that is when
/// `destination - source`, modulo 2^32, is below the length. A source behind the destination
/// cannot be mistaken for that, because both ranges lie in a memory of less than 4 GiB.
pub(super) fn copy(body: &mut Body<'_, '_>) {
    let [destination, source, length] = body.arguments[..] else {
        return;
    };
    let limit = limit(body, length);
    body.return_if(IntCC::UnsignedGreaterThan, destination, limit, 1);
    body.return_if(IntCC::UnsignedGreaterThan, source, limit, 1);

    let to = body.builder.ins().iadd(body.base, destination);
    let from = body.builder.ins().iadd(body.base, source);
    let to_end = body.builder.ins().iadd(to, length);
    let from_end = body.builder.ins().iadd(from, length);
    let rounds = whole_rounds(body, length);
    let distance = body.builder.ins().isub(destination, source);
    let overlaps = body
        .builder
        .ins()
        .icmp(IntCC::UnsignedLessThan, distance, length);
    let (backward, forward) = (body.block_of(0), body.block_of(0));
    body.builder
        .ins()
        .brif(overlaps, backward, &[], forward, &[]);

    body.builder.switch_to_block(forward);
    let rounds_end = body.builder.ins().iadd(to, rounds);
    let rest = body.walk(&[to, from], rounds_end, ROUND as i32, copy_round);
    body.walk(&rest, to_end, 1, copy_byte);
    body.return_word(0);

    body.builder.switch_to_block(backward);
    let rounds_end = body.builder.ins().isub(to_end, rounds);
    let rest = body.walk(&[to_end, from_end], rounds_end, -(ROUND as i32), copy_round);
    body.walk(&rest, to, -1, copy_byte);
    body.return_word(0);
}

/// Destination, offset in the segment, length, address and length of the segment in; 1 if a range
/// leaves the memory or the segment, else 0 out.
pub(super) fn init(body: &mut Body<'_, '_>) {
    let [destination, source, length, segment, segment_length] = body.arguments[..] else {
        return;
    };
    let memory_limit = limit(body, length);
    body.return_if(IntCC::UnsignedGreaterThan, destination, memory_limit, 1);
    body.return_if(IntCC::UnsignedGreaterThan, length, segment_length, 1);
    let segment_limit = body.builder.ins().isub(segment_length, length);
    body.return_if(IntCC::UnsignedGreaterThan, source, segment_limit, 1);

    let to = body.builder.ins().iadd(body.base, destination);
    let from = body.builder.ins().iadd(segment, source);
    let end = body.builder.ins().iadd(to, length);
    let segment_flags = Region::Segment.flags(body.builder.func);
    let heap = body.heap;
    let rounds = whole_rounds(body, length);
    let rounds_end = body.builder.ins().iadd(to, rounds);
    let rest = body.walk(&[to, from], rounds_end, ROUND as i32, |body, at| {
        for offset in (0..ROUND as i32).step_by(4) {
            let word = body
                .builder
                .ins()
                .load(types::I32, segment_flags, at[1], offset);
            body.builder.ins().store(heap, word, at[0], offset);
        }
    });
    body.walk(&rest, end, 1, |body, at| {
        let byte = body
            .builder
            .ins()
            .uload8(types::I32, segment_flags, at[1], 0);
        body.builder.ins().istore8(heap, byte, at[0], 0);
    });
    body.return_word(0);
}

/// All four loads come before the first store, so that a round may overlap itself.
fn copy_round(body: &mut Body<'_, '_>, at: &[Value]) {
    let offsets = || (0..ROUND as i32).step_by(4);
    let heap = body.heap;
    let words: Vec<Value> = offsets()
        .map(|offset| body.builder.ins().load(types::I32, heap, at[1], offset))
        .collect();
    for (word, offset) in words.into_iter().zip(offsets()) {
        body.builder.ins().store(heap, word, at[0], offset);
    }
}

fn copy_byte(body: &mut Body<'_, '_>, at: &[Value]) {
    let heap = body.heap;
    let byte = body.builder.ins().uload8(types::I32, heap, at[1], 0);
    body.builder.ins().istore8(heap, byte, at[0], 0);
}

/// The last address where a range of this length may begin; leaves if there is none.
fn limit(body: &mut Body<'_, '_>, length: Value) -> Value {
    let size = body.memory_size();
    body.return_if(IntCC::UnsignedGreaterThan, length, size, 1);
    body.builder.ins().isub(size, length)
}

fn whole_rounds(body: &mut Body<'_, '_>, length: Value) -> Value {
    let mask = body.word(!(ROUND - 1));
    body.builder.ins().band(length, mask)
}
