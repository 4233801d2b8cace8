//! Work on ranges of table elements, which callers have checked, and `table.grow`.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};

use super::Body;
use crate::wasm::contract::Region;

/// Bytes of an element.
const ELEMENT: i32 = 4;

/// Address of the first element, value and number of elements in.
pub(super) fn fill(body: &mut Body<'_, '_>) {
    let [first, value, count] = body.arguments[..] else {
        return;
    };
    fill_from(body, first, value, count);
    body.builder.ins().return_(&[]);
}

/// Addresses of the first elements of target and source, number of elements in.
///
/// Where the target begins inside the source, the last elements go first: see `memory.copy`.
pub(super) fn copy(body: &mut Body<'_, '_>) {
    let [to, from, count] = body.arguments[..] else {
        return;
    };
    let flags = Region::Table.flags(body.builder.func);
    let bytes = bytes(body, count);
    let distance = body.builder.ins().isub(to, from);
    let below = IntCC::UnsignedLessThan;
    let overlaps = body.builder.ins().icmp(below, distance, bytes);
    let to_end = body.builder.ins().iadd(to, bytes);
    let from_end = body.builder.ins().iadd(from, bytes);
    let (backward, forward) = (body.block_of(0), body.block_of(0));
    let ins = body.builder.ins();
    ins.brif(overlaps, backward, &[], forward, &[]);

    body.builder.switch_to_block(forward);
    body.walk(&[to, from], to_end, ELEMENT, |body, at| {
        move_element(body, flags, at);
    });
    body.builder.ins().return_(&[]);

    body.builder.switch_to_block(backward);
    body.walk(&[to_end, from_end], to, -ELEMENT, |body, at| {
        move_element(body, flags, at);
    });
    body.builder.ins().return_(&[]);
}

fn move_element(body: &mut Body<'_, '_>, flags: MemFlagsData, at: &[Value]) {
    let element = body.builder.ins().load(types::I32, flags, at[1], 0);
    body.builder.ins().store(flags, element, at[0], 0);
}

/// Addresses of the first element and the first item, their number, address of the segment in.
pub(super) fn init(body: &mut Body<'_, '_>) {
    let [to, from, count, segment] = body.arguments[..] else {
        return;
    };
    let table = Region::Table.flags(body.builder.func);
    let text = Region::Text.flags(body.builder.func);
    let bytes = bytes(body, count);
    let end = body.builder.ins().iadd(to, bytes);
    let null = body.word(0);
    body.walk(&[to, from], end, ELEMENT, |body, at| {
        let item = body.builder.ins().load(types::I32, text, at[1], 0);
        let address = body.builder.ins().iadd(segment, item);
        let element = body.builder.ins().select(item, address, null);
        body.builder.ins().store(table, element, at[0], 0);
    });
    body.builder.ins().return_(&[]);
}

/// Elements to add, their value, address of element 0, address of the word with the size, elements
/// that there is room for in; elements before or -1 out.
pub(super) fn grow(body: &mut Body<'_, '_>) {
    let [delta, value, elements, size_address, capacity] = body.arguments[..] else {
        return;
    };
    let state = Region::State.flags(body.builder.func);
    let size = body.builder.ins().load(types::I32, state, size_address, 0);
    // The size is never above the capacity.
    let room = body.builder.ins().isub(capacity, size);
    body.return_if(IntCC::UnsignedGreaterThan, delta, room, u32::MAX);
    let grown = body.builder.ins().iadd(size, delta);
    body.builder.ins().store(state, grown, size_address, 0);
    let distance = bytes(body, size);
    let first = body.builder.ins().iadd(elements, distance);
    fill_from(body, first, value, delta);
    body.builder.ins().return_(&[size]);
}

fn fill_from(body: &mut Body<'_, '_>, first: Value, value: Value, count: Value) {
    let flags = Region::Table.flags(body.builder.func);
    let bytes = bytes(body, count);
    let end = body.builder.ins().iadd(first, bytes);
    body.walk(&[first], end, ELEMENT, |body, at| {
        body.builder.ins().store(flags, value, at[0], 0);
    });
}

fn bytes(body: &mut Body<'_, '_>, count: Value) -> Value {
    let two = body.word(2);
    body.builder.ins().ishl(count, two)
}
