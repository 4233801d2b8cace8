//! Functions that the compiler adds to a module, written as CLIF so that every back end has them.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, BlockArg, Function, InstBuilder, Signature, UserFuncName, types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use wasm2mcu_abi::context::Context;

use super::contract::{self, BUILTINS, Builtin, CALL_CONV, Region, Symbol};
use super::function::symbol;
use super::module::{Memory, Module};

impl Builtin {
    /// Its CLIF signature.
    pub fn signature(self) -> Signature {
        let mut signature = Signature::new(CALL_CONV);
        match self {
            Builtin::MemoryGrow => {
                signature.params.push(AbiParam::new(types::I32));
                signature.returns.push(AbiParam::new(types::I32));
            }
        }
        signature
    }
}

/// The code of a builtin; `None` if the module lacks what the builtin works on.
pub(super) fn build(builtin: Builtin, module: &Module) -> Option<Function> {
    match builtin {
        Builtin::MemoryGrow => module.memory.as_ref().map(memory_grow),
    }
}

/// Bytes that one round of the zeroing loop writes; every page size but 1 is a multiple.
const ROUND: u32 = 16;

/// `memory.grow`: refuses what `Context::memory_capacity` does not allow, zeroes the new bytes.
///
/// ```text
/// if pages > (capacity - size) >> log2 { return -1 }
/// new = size + (pages << log2)
/// for address in base + size .. base + new { *address = 0 }
/// memory_size = new; return size >> log2
/// ```
/// The capacity is never below the size, so neither subtraction nor sum wraps.
fn memory_grow(memory: &Memory) -> Function {
    let name = UserFuncName::user(BUILTINS, Builtin::MemoryGrow as u32);
    let mut function = Function::with_name_signature(name, Builtin::MemoryGrow.signature());
    let mut scratch = FunctionBuilderContext::new();
    let mut b = FunctionBuilder::new(&mut function, &mut scratch);
    let heap = Region::Heap.flags(b.func);
    let size_flags = Region::MemorySize.flags(b.func);
    let context_flags = Region::Context.flags(b.func);

    let entry = b.create_block();
    b.append_block_params_for_function_params(entry);
    let (refuse, grow, round, done) = (
        b.create_block(),
        b.create_block(),
        b.create_block(),
        b.create_block(),
    );
    let address = b.append_block_param(round, types::I32);
    b.set_cold_block(refuse);

    b.switch_to_block(entry);
    let pages = b.block_params(entry)[0];
    let context = symbol(&mut b, Symbol::Context);
    let base = symbol(&mut b, Symbol::MemoryBase);
    let log2 = b.ins().iconst(types::I32, i64::from(memory.page_size_log2));
    let size = b
        .ins()
        .load(types::I32, size_flags, context, Context::MEMORY_SIZE as i32);
    let capacity = b.ins().load(
        types::I32,
        context_flags,
        context,
        Context::MEMORY_CAPACITY as i32,
    );
    let room = b.ins().isub(capacity, size);
    let room = b.ins().ushr(room, log2);
    let too_much = b.ins().icmp(IntCC::UnsignedGreaterThan, pages, room);
    b.ins().brif(too_much, refuse, &[], grow, &[]);

    b.switch_to_block(refuse);
    let failure = b.ins().iconst(types::I32, i64::from(u32::MAX));
    b.ins().return_(&[failure]);

    b.switch_to_block(grow);
    let bytes = b.ins().ishl(pages, log2);
    let new_size = b.ins().iadd(size, bytes);
    let before = b.ins().ushr(size, log2);
    let first = b.ins().iadd(base, size);
    let end = b.ins().iadd(base, new_size);
    let some = b.ins().icmp(IntCC::NotEqual, first, end);
    b.ins()
        .brif(some, round, &[BlockArg::Value(first)], done, &[]);

    b.switch_to_block(round);
    let byte_pages = memory.page_size_log2 == 0;
    let zero = b.ins().iconst(types::I32, 0);
    let step = if byte_pages {
        b.ins().istore8(heap, zero, address, 0);
        1
    } else {
        for offset in (0..ROUND).step_by(4) {
            b.ins().store(heap, zero, address, offset as i32);
        }
        ROUND
    };
    let step = b.ins().iconst(types::I32, i64::from(step));
    let next = b.ins().iadd(address, step);
    let more = b.ins().icmp(IntCC::NotEqual, next, end);
    b.ins()
        .brif(more, round, &[BlockArg::Value(next)], done, &[]);

    b.switch_to_block(done);
    b.ins()
        .store(size_flags, new_size, context, Context::MEMORY_SIZE as i32);
    b.ins().return_(&[before]);
    b.seal_all_blocks();
    b.finalize(contract::frontend_config());
    function
}
