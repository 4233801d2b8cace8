//! Parts of calls between instances: see [`link`](crate::wasm::link).

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockCall, InstBuilder, JumpTableData, Value, types};
use wasm2mcu_abi::trap::TrapCode;

use super::Body;
use crate::wasm::contract::{Region, trap};
use crate::wasm::module::Module;

/// Addresses of two signatures: a word with the numbers of parameters (low half) and results (high
/// half), a byte for each, zeros up to a multiple of 4. 1 if they are the same, else 0 out.
pub(super) fn same_type(body: &mut Body<'_, '_>) {
    let [x, y] = body.arguments[..] else { return };
    let counts = word(body, x);
    let other = word(body, y);
    body.return_if(IntCC::NotEqual, counts, other, 0);
    let half = body.word(0xffff);
    let params = body.builder.ins().band(counts, half);
    let sixteen = body.word(16);
    let results = body.builder.ins().ushr(counts, sixteen);
    let values = body.builder.ins().iadd(params, results);
    let three = body.word(3);
    let above = body.builder.ins().iadd(values, three);
    let mask = body.word(!3);
    let bytes = body.builder.ins().band(above, mask);
    let four = body.word(4);
    let (x, y) = (
        body.builder.ins().iadd(x, four),
        body.builder.ins().iadd(y, four),
    );
    let end = body.builder.ins().iadd(x, bytes);
    let differ = body.block_of(0);
    body.walk(&[x, y], end, 4, |body, at| {
        let (mine, other) = (word(body, at[0]), word(body, at[1]));
        let differs = body.builder.ins().icmp(IntCC::NotEqual, mine, other);
        let same = body.block_of(0);
        body.builder.ins().brif(differs, differ, &[], same, &[]);
        body.builder.switch_to_block(same);
    });
    body.return_word(1);
    body.builder.switch_to_block(differ);
    body.return_word(0);
}

/// Number of a trap, or of a core that gave up; ends there. Only a module that can be interrupted knows
/// that trap: for others it is one of the host.
pub(super) fn rethrow(body: &mut Body<'_, '_>, module: &Module) {
    let number = body.arguments[0];
    let block_call = |body: &mut Body<'_, '_>, block| {
        let pool = &mut body.builder.func.dfg.value_lists;
        BlockCall::new(block, [], pool)
    };
    let last = match module.interrupt_offset {
        Some(_) => TrapCode::Interrupted,
        None => TrapCode::Host,
    };
    let codes = (0..=last as u8).map(TrapCode::from_u8);
    let mut blocks = Vec::new();
    let mut calls = Vec::new();
    for code in codes {
        let block = body.block_of(0);
        blocks.push((block, code.unwrap_or(TrapCode::Host)));
        calls.push(block_call(body, block));
    }
    let other = body.block_of(0);
    blocks.push((other, TrapCode::Host));
    let default = block_call(body, other);
    let table = JumpTableData::new(default, &calls);
    let table = body.builder.create_jump_table(table);
    body.builder.ins().br_table(number, table);
    for (block, code) in blocks {
        body.builder.switch_to_block(block);
        body.builder.ins().trap(trap(code));
    }
}

fn word(body: &mut Body<'_, '_>, address: Value) -> Value {
    let flags = Region::Text.flags(body.builder.func);
    body.builder.ins().load(types::I32, flags, address, 0)
}
