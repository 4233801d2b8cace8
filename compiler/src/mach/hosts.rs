//! Calls the host from where the module does, without a thunk between.
//!
//! ```text
//!                          f = load context+slot
//!   r = call import(x) ─▶  r = call_indirect host f(context, x)
//!                          t = load context+HOST_TRAP
//!                          trapnz t, host trap
//! ```
//!
//! That is for host functions for which the internal convention, with the context in front, agrees
//! with the platform's. A thunk does the same for the others, moving arguments and results between the
//! two, and wherever only an address can stand: in tables and in tail calls.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::ir::{
    AbiParam, ExternalName, FuncRef, Function, GlobalValueData, Inst, InstBuilder, InstructionData,
    Opcode, UserExternalName, types,
};
use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::trap::TrapCode;

use crate::wasm::contract::{self, FUNCTIONS, HOST_CALL_CONV, Region, SYMBOLS};

/// Expands the calls in `func` of the functions for which `slot` has the context offset of the
/// host function's address, by function index.
pub(crate) fn expand(func: &mut Function, slot: impl Fn(u32) -> Option<u32>) {
    let slot_of = |func: &Function, callee: FuncRef| {
        let ExternalName::User(name) = func.dfg.ext_funcs[callee].name else {
            return None;
        };
        let name = &func.params.user_named_funcs()[name];
        let slot = || slot(name.index);
        (name.namespace == FUNCTIONS).then(slot).flatten()
    };
    let insts = func
        .layout
        .blocks()
        .flat_map(|b| func.layout.block_insts(b));
    let calls: Vec<(Inst, FuncRef, u32)> = insts
        .filter_map(|inst| match func.dfg.insts[inst] {
            InstructionData::Call {
                opcode: Opcode::Call,
                func_ref,
                ..
            } => Some((inst, func_ref, slot_of(func, func_ref)?)),
            _ => None,
        })
        .collect();
    if calls.is_empty() {
        return;
    }
    let name = UserExternalName::new(SYMBOLS, contract::Symbol::Context as u32);
    let name = func.declare_imported_user_function(name);
    let context = func.create_global_value(GlobalValueData::Symbol {
        name: ExternalName::user(name),
        offset: 0.into(),
        colocated: true,
        tls: false,
    });
    let link = Region::Link.flags(func);
    let field = Region::Context.flags(func);
    for (call, callee, slot) in calls {
        let mut signature = func.dfg.signatures[func.dfg.ext_funcs[callee].signature].clone();
        signature.call_conv = HOST_CALL_CONV;
        signature.params.insert(0, AbiParam::new(types::I32));
        let signature = func.import_signature(signature);
        let args = func.dfg.inst_args(call).to_vec();

        let mut cursor = FuncCursor::new(func).at_inst(call);
        cursor.use_srcloc(call);
        let context = cursor.ins().symbol_value(types::I32, context);
        let host = cursor.ins().load(types::I32, link, context, slot as i32);
        let args = [&[context], &args[..]].concat();
        let replaced = cursor.func.replace(call);
        replaced.call_indirect(signature, host, &args);
        cursor.next_inst();
        let offset = Context::HOST_TRAP as i32;
        let asked = cursor.ins().load(types::I32, field, context, offset);
        cursor.ins().trapnz(asked, contract::trap(TrapCode::Host));
    }
}
