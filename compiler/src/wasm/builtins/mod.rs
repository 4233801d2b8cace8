//! Functions that the compiler adds to a module, written as CLIF so that every back end has them.
//!
//! They do not trap: they return what the caller turns into a trap, so that the trap is reported
//! at the operator. The initializer, which no operator calls, does.

mod bulk;
mod divide;
mod grow;
mod initialize;
mod link;
mod runtime;
mod table;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Function, InstBuilder, MemFlagsData, Signature, UserFuncName, Value,
    types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use wasm2mcu_abi::context::Context;

use super::contract::{self, BUILTINS, Builtin, CALL_CONV, Region, Symbol};
use super::function::symbol;
use super::link::field;
use super::module::{Memory, Module};

impl Builtin {
    /// Its CLIF signature.
    pub fn signature(self) -> Signature {
        let (ty, parameters, results) = match self {
            Builtin::MemoryGrow => (types::I32, 1, 1),
            Builtin::MemoryInit | Builtin::TableGrow => (types::I32, 5, 1),
            Builtin::TableFill | Builtin::TableCopy => (types::I32, 3, 0),
            Builtin::TableInit => (types::I32, 4, 0),
            Builtin::Initialize => (types::I32, 0, 0),
            Builtin::SameType => (types::I32, 2, 1),
            Builtin::Rethrow => (types::I32, 1, 0),
            Builtin::MemoryFill | Builtin::MemoryCopy => (types::I32, 3, 1),
            Builtin::DivideUnsigned | Builtin::DivideSigned => (types::I64, 2, 2),
            float => return runtime::signature(float),
        };
        let mut signature = Signature::new(CALL_CONV);
        signature.params = vec![AbiParam::new(ty); parameters];
        signature.returns = vec![AbiParam::new(ty); results];
        signature
    }
}

/// The code of a builtin; `None` if the module lacks what the builtin works on.
pub(super) fn build(builtin: Builtin, module: &Module) -> Option<Function> {
    if builtin.is_runtime() {
        return Some(runtime::build(builtin));
    }
    let name = UserFuncName::user(BUILTINS, builtin as u32);
    let mut function = Function::with_name_signature(name, builtin.signature());
    let mut scratch = FunctionBuilderContext::new();
    let mut builder = FunctionBuilder::new(&mut function, &mut scratch);
    let memory = module.memory;
    match builtin {
        Builtin::MemoryGrow => grow::grow(&mut Body::new(&mut builder, Some(memory?))),
        Builtin::MemoryFill => bulk::fill(&mut Body::new(&mut builder, Some(memory?))),
        Builtin::MemoryCopy => bulk::copy(&mut Body::new(&mut builder, Some(memory?))),
        Builtin::MemoryInit => bulk::init(&mut Body::new(&mut builder, Some(memory?))),
        Builtin::DivideUnsigned => divide::unsigned(&mut builder),
        Builtin::DivideSigned => divide::signed(&mut builder),
        Builtin::TableFill => table::fill(&mut Body::new(&mut builder, None)),
        Builtin::TableCopy => table::copy(&mut Body::new(&mut builder, None)),
        Builtin::TableInit => table::init(&mut Body::new(&mut builder, None)),
        Builtin::TableGrow => table::grow(&mut Body::new(&mut builder, None)),
        Builtin::Initialize => {
            initialize::initialize(&mut Body::new(&mut builder, memory), module);
        }
        Builtin::SameType => link::same_type(&mut Body::new(&mut builder, None)),
        Builtin::Rethrow => link::rethrow(&mut Body::new(&mut builder, None), module),
        float => unreachable!("{} is the runtime's", float.name()),
    }
    builder.seal_all_blocks();
    builder.finalize(contract::frontend_config());
    Some(function)
}

/// Bytes that a round of the fast loops handles, in four words.
const ROUND: u32 = 16;

/// A builtin under construction.
struct Body<'a, 'f> {
    builder: &'a mut FunctionBuilder<'f>,
    /// The memory, for a builtin that works on it.
    memory: Option<Memory>,
    arguments: Vec<Value>,
    context: Value,
    /// Address of byte 0 of the memory.
    base: Value,
    heap: MemFlagsData,
}

impl<'a, 'f> Body<'a, 'f> {
    fn new(builder: &'a mut FunctionBuilder<'f>, memory: Option<Memory>) -> Self {
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let arguments = builder.block_params(entry).to_vec();
        let context = symbol(builder, Symbol::Context);
        let base = symbol(builder, Symbol::MemoryBase);
        let heap = Region::Heap.flags(builder.func);
        Body {
            builder,
            memory,
            arguments,
            context,
            base,
            heap,
        }
    }

    fn word(&mut self, value: u32) -> Value {
        self.builder.ins().iconst(types::I32, i64::from(value))
    }

    fn memory(&self) -> Memory {
        self.memory.expect("builtins of the memory get it")
    }

    fn memory_size(&mut self) -> Value {
        let memory = self.memory();
        if memory.is_fixed() {
            return self.word(memory.min_bytes);
        }
        let record = self.memory_record();
        let flags = Region::MemorySize.flags(self.builder.func);
        let offset = Context::MEMORY_SIZE as i32;
        self.builder.ins().load(types::I32, flags, record, offset)
    }

    /// Address of the context that has the memory.
    fn memory_record(&mut self) -> Value {
        match self.memory().import {
            Some(slot) => field(self.builder, self.context, slot),
            None => self.context,
        }
    }

    /// Returns `result` if the comparison holds.
    fn return_if(&mut self, comparison: IntCC, x: Value, y: Value, result: u32) {
        let holds = self.builder.ins().icmp(comparison, x, y);
        let (leave, stay) = (self.builder.create_block(), self.builder.create_block());
        self.builder.set_cold_block(leave);
        self.builder.ins().brif(holds, leave, &[], stay, &[]);
        self.builder.switch_to_block(leave);
        self.return_word(result);
        self.builder.switch_to_block(stay);
    }

    fn return_word(&mut self, result: u32) {
        let result = self.word(result);
        self.builder.ins().return_(&[result]);
    }

    /// A loop that moves all `cursors` by `step` until the first one is at `stop`, and accesses
    /// the bytes that it passes: `access` gets the cursors' lower ends. Returns the cursors.
    fn walk(
        &mut self,
        cursors: &[Value],
        stop: Value,
        step: i32,
        access: impl FnOnce(&mut Self, &[Value]),
    ) -> Vec<Value> {
        let (round, after) = (self.block_of(cursors.len()), self.block_of(cursors.len()));
        self.branch_unless_at(stop, cursors, round, after);
        self.builder.switch_to_block(round);
        let here = self.builder.block_params(round).to_vec();
        let distance = self.word(step as u32);
        let moved: Vec<Value> = here
            .iter()
            .map(|&cursor| self.builder.ins().iadd(cursor, distance))
            .collect();
        access(self, if step < 0 { &moved } else { &here });
        self.branch_unless_at(stop, &moved, round, after);
        self.builder.switch_to_block(after);
        self.builder.block_params(after).to_vec()
    }

    fn branch_unless_at(&mut self, stop: Value, cursors: &[Value], round: Block, after: Block) {
        let more = self.builder.ins().icmp(IntCC::NotEqual, cursors[0], stop);
        let args: Vec<BlockArg> = cursors.iter().copied().map(BlockArg::Value).collect();
        self.builder.ins().brif(more, round, &args, after, &args);
    }

    fn block_of(&mut self, parameters: usize) -> Block {
        let block = self.builder.create_block();
        for _ in 0..parameters {
            self.builder.append_block_param(block, types::I32);
        }
        block
    }
}
