//! Calls of functions that other instances have.
//!
//! ```text
//!   call of import ──▶ route ─┬─ the slot holds a host function ─▶ import thunk ─▶ host
//!                             └─ it holds a record ─┐
//!   call of a reference ─┬─ own record ─▶ the code  ├─▶ bridge ─C ABI─▶ entry thunk of the other
//!                        └─ another's, type checked ┘
//! ```
//!
//! A reference is the address of a record ([`FunctionRecord`]); import slots mark one with the bit that
//! addresses of code have the other way round. A bridge passes words in an array, as the loader does,
//! so the two instances need not agree on anything but `IMAGE.md`. The other instance's trap
//! becomes this one's.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Function, InstBuilder, Signature, StackSlotData, StackSlotKind, Type,
    UserExternalName, UserFuncName, Value, types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use wasm2mcu_abi::context::{Context, FunctionRecord};
use wasm2mcu_abi::trap::TrapCode;

use super::contract::{
    self, BRIDGES, BUILTINS, Builtin, CALL_CONV, FUNCTIONS, Region, Symbol, THUNKS, trap,
};
use super::function::{declare, symbol};
use super::module::Module;
use super::{Body, BodyId, support};

/// The signature of entry thunks, whose C calling convention is the internal one for four words.
fn entry_signature() -> Signature {
    let mut signature = Signature::new(CALL_CONV);
    signature.params = vec![AbiParam::new(types::I32); 4];
    signature.returns = vec![AbiParam::new(types::I32)];
    signature
}

/// The signature of the bridge for a type: the record, then the parameters.
pub(super) fn bridge_signature(module: &Module, type_number: u32) -> Signature {
    let mut signature = support::clif_signature(&module.types[type_number as usize]);
    signature.params.insert(0, AbiParam::new(types::I32));
    signature
}

/// What calls functions of this type of other instances.
pub(super) fn bridge(module: &Module, type_number: u32) -> Body {
    let signature = bridge_signature(module, type_number);
    let words = |params: &[AbiParam]| -> u32 {
        let types = params.iter().map(|param| param.value_type);
        types.map(Type::bytes).sum()
    };
    let bytes = words(&signature.params[1..]).max(words(&signature.returns));
    let returns: Vec<Type> = signature.returns.iter().map(|r| r.value_type).collect();
    let name = UserFuncName::user(BRIDGES, type_number);
    let clif = build(name, signature, |builder, arguments| {
        let (record, arguments) = (arguments[0], &arguments[1..]);
        let slot = StackSlotData::new(StackSlotKind::ExplicitSlot, bytes.max(4), 2);
        let slot = builder.create_sized_stack_slot(slot);
        let array = builder.ins().stack_addr(types::I32, slot, 0);
        let flags = Region::Arguments.flags(builder.func);
        let mut offset = 0;
        for &argument in arguments {
            builder.ins().store(flags, argument, array, offset);
            offset += builder.func.dfg.value_type(argument).bytes() as i32;
        }

        let context = field(builder, record, FunctionRecord::CONTEXT);
        // A trap that a host function once asked for must not come back.
        let context_flags = Region::Context.flags(builder.func);
        let none = builder.ins().iconst(types::I32, 0);
        let at = Context::HOST_TRAP as i32;
        builder.ins().store(context_flags, none, context, at);
        let entry = field(builder, record, FunctionRecord::ENTRY);
        let code = field(builder, record, FunctionRecord::CODE);
        let stack = field(builder, record, FunctionRecord::STACK_BYTES);
        let signature = builder.import_signature(entry_signature());
        let args = [context, array, code, stack];
        let call = builder.ins().call_indirect(signature, entry, &args);
        let trapped = builder.inst_results(call)[0];
        let (rethrow, done) = (builder.create_block(), builder.create_block());
        builder.set_cold_block(rethrow);
        builder.ins().brif(trapped, rethrow, &[], done, &[]);

        builder.switch_to_block(rethrow);
        let signature = builder.import_signature(Builtin::Rethrow.signature());
        let name = UserExternalName::new(BUILTINS, Builtin::Rethrow as u32);
        let callee = declare(builder, name, signature);
        builder.ins().call(callee, &[trapped]);
        builder.ins().trap(trap(TrapCode::Host));

        builder.switch_to_block(done);
        let mut offset = 0;
        let mut results = Vec::new();
        for &ty in &returns {
            results.push(builder.ins().load(ty, flags, array, offset));
            offset += ty.bytes() as i32;
        }
        builder.ins().return_(&results);
    });
    let id = BodyId::Bridge(type_number);
    Body { id, clif }
}

/// What calls an imported function, be it the host's or another instance's.
pub(super) fn route(module: &Module, index: u32) -> Body {
    let type_number = module.functions[index as usize].type_number;
    let signature = support::clif_signature(module.signature(index));
    let name = UserFuncName::user(FUNCTIONS, index);
    let thunk_signature = signature.clone();
    let clif = build(name, signature, |builder, arguments| {
        let context = symbol(builder, Symbol::Context);
        let target = field(builder, context, Context::import_slot(index));
        let bit = builder.ins().iconst(types::I32, 1);
        let marked = builder.ins().band(target, bit);
        let own = builder
            .ins()
            .iconst(types::I32, i64::from(module.code_address_bit));
        let is_host = builder.ins().icmp(IntCC::Equal, marked, own);
        let (host, other) = (builder.create_block(), builder.create_block());
        builder.ins().brif(is_host, host, &[], other, &[]);

        builder.switch_to_block(host);
        let signature = builder.import_signature(thunk_signature);
        let callee = declare(builder, UserExternalName::new(THUNKS, index), signature);
        builder.ins().return_call(callee, arguments);

        builder.switch_to_block(other);
        let mask = builder.ins().iconst(types::I32, i64::from(!1_u32));
        let record = builder.ins().band(target, mask);
        let signature = builder.import_signature(bridge_signature(module, type_number));
        let callee = declare(
            builder,
            UserExternalName::new(BRIDGES, type_number),
            signature,
        );
        let mut args = vec![record];
        args.extend(arguments);
        builder.ins().return_call(callee, &args);
    });
    let id = BodyId::Route(index);
    Body { id, clif }
}

/// A word that was written before code runs: of a record, or an import slot.
pub(super) fn field(builder: &mut FunctionBuilder<'_>, base: Value, offset: u32) -> Value {
    let flags = Region::Link.flags(builder.func);
    builder.ins().load(types::I32, flags, base, offset as i32)
}

fn build(
    name: UserFuncName,
    signature: Signature,
    body: impl FnOnce(&mut FunctionBuilder<'_>, &[Value]),
) -> Function {
    let mut function = Function::with_name_signature(name, signature);
    let mut scratch = FunctionBuilderContext::new();
    let mut builder = FunctionBuilder::new(&mut function, &mut scratch);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    let arguments = builder.block_params(entry).to_vec();
    body(&mut builder, &arguments);
    builder.seal_all_blocks();
    builder.finalize(contract::frontend_config());
    function
}
