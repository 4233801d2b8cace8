//! The runtime: arithmetic of floats for cores that have no instructions for it.
//!
//! Its functions are a WebAssembly module that is part of the compiler (`compiler/runtime`) and that
//! takes the same way as any other. They know nothing but integers: an f32 is an i32 with its bits, an
//! f64 an i64.

use std::sync::LazyLock;

use cranelift_codegen::ir::{Function, Signature, UserExternalName, UserFuncName};

use crate::wasm::contract::{BUILTINS, Builtin, FUNCTIONS};
use crate::wasm::module::{ExportItem, Module};
use crate::wasm::{Target, Translated, translate};

static MODULE: LazyLock<Translated> = LazyLock::new(|| {
    let bytes = include_bytes!("../../../runtime/float.wasm");
    translate(bytes, Target::default()).expect("the runtime is a module")
});

/// The signature of a function of the runtime.
pub(super) fn signature(builtin: Builtin) -> Signature {
    function(builtin).signature.clone()
}

/// The code of a function of the runtime.
pub(super) fn build(builtin: Builtin) -> Function {
    let mut function = function(builtin).clone();
    function.name = UserFuncName::user(BUILTINS, builtin as u32);
    // Offsets in the runtime's file would be taken for offsets in the module's.
    function.srclocs.clear();
    let callees = function.params.user_named_funcs();
    let callees: Vec<_> = callees
        .iter()
        .filter(|(_, name)| name.namespace == FUNCTIONS)
        .map(|(reference, name)| (reference, exported(&MODULE.module, name.index)))
        .collect();
    for (reference, callee) in callees {
        let name = UserExternalName::new(BUILTINS, callee as u32);
        function.params.reset_user_func_name(reference, name);
    }
    function
}

fn function(builtin: Builtin) -> &'static Function {
    let exports = &MODULE.module.exports;
    let export = exports.iter().find(|export| export.name == builtin.name());
    match export.map(|export| export.item) {
        Some(ExportItem::Function(index)) => &MODULE.functions[index as usize].clif,
        _ => unreachable!("the runtime has no function {}", builtin.name()),
    }
}

/// The builtin that a function of the runtime is.
fn exported(module: &Module, function: u32) -> Builtin {
    let exports = module.exports.iter();
    let mut names = exports.filter(|export| export.item == ExportItem::Function(function));
    names
        .find_map(|export| {
            let named = |builtin: &&Builtin| builtin.name() == export.name;
            Builtin::ALL.iter().find(named).copied()
        })
        .expect("functions of the runtime call exported ones only")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_float_builtin_is_a_function_of_the_runtime() {
        let exported: Vec<&str> = MODULE
            .module
            .exports
            .iter()
            .map(|e| e.name.as_str())
            .collect();
        for &builtin in Builtin::ALL.iter().filter(|builtin| builtin.is_runtime()) {
            assert!(exported.contains(&builtin.name()), "{}", builtin.name());
            let callees = build(builtin).params.user_named_funcs().clone();
            assert!(callees.values().all(|name| name.namespace != FUNCTIONS));
        }
    }
}
