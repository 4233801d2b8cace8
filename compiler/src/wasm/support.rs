//! What the compiler accepts, in one place: proposals, value types, sizes.
//!
//! An operator is accepted when a file of `operators/` has a match arm for it; the proposals here
//! decide what the validator lets through to them.

use cranelift_codegen::ir::{self, types};
use wasm2mcu_abi::types::ValueType;
use wasmparser::WasmFeatures;

use super::contract::CALL_CONV;
use super::module::Signature;
use crate::error::{Error, Place, Result};

/// Proposals beyond WebAssembly 1.0 that a module may use.
///
/// Several memories, and most of function references and garbage collection, of which only constant
/// expressions are offered, pass validation to be refused with a better explanation than the
/// validator's.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::MULTI_MEMORY)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::CUSTOM_PAGE_SIZES)
    .union(WasmFeatures::FUNCTION_REFERENCES)
    .union(WasmFeatures::GC);

/// Largest module in bytes: positions must fit a source location, and no flash is larger.
pub const MAX_MODULE_BYTES: u64 = 1 << 28;

/// Largest code section in bytes: more than any flash, and all of it is in memory several times,
/// in other forms.
pub const MAX_CODE_BYTES: u64 = 1 << 24;

/// Largest function: see [`size`].
pub const MAX_FUNCTION_SIZE: u64 = 1 << 22;

/// Most values of one function while it becomes SSA form, which tries a value for every local in
/// every block that several branches reach.
pub const MAX_VALUES: u64 = 1 << 24;

/// Most words for the arguments that the branches of one function pass to blocks, in SSA form.
pub const MAX_BRANCH_ARGUMENTS: u64 = 1 << 26;

/// Most locals of one function, times its blocks: SSA form is made with a word for each pair.
pub const MAX_LOCAL_BLOCKS: u64 = 1 << 28;

/// Most locals of one function, times its branches back to loops: so many arguments can the ends
/// of its loops make at once.
pub const MAX_LOOP_ARGUMENTS: u64 = 1 << 28;

/// Largest context in bytes. Far above what a microcontroller has, far below what offsets in
/// instructions can hold.
pub const MAX_CONTEXT_BYTES: u64 = 1 << 24;

/// Largest linear memory in bytes: the largest multiple of the page size that fits a word.
pub const fn max_memory_bytes(page_size_log2: u32) -> u64 {
    (u32::MAX >> page_size_log2 << page_size_log2) as u64
}

/// What work on a function takes time and memory in proportion to: its instructions, a call with
/// several results for so many, and the parameters of its blocks.
pub fn size(function: &ir::Function) -> u64 {
    let dfg = &function.dfg;
    let blocks = function.layout.blocks().map(|block| {
        let insts = function.layout.block_insts(block);
        let results = insts.map(|inst| dfg.inst_results(inst).len().max(1));
        dfg.num_block_params(block) + results.sum::<usize>()
    });
    blocks.sum::<usize>() as u64
}

/// Whether a function's [`size`] is beyond a limit; few are so large that it takes counting.
pub fn is_larger(function: &ir::Function, limit: u64) -> bool {
    let dfg = &function.dfg;
    // Each instruction counts once or for its results, which are values as parameters are.
    let most = dfg.num_insts() + dfg.num_values();
    most as u64 > limit && size(function) > limit
}

/// The CLIF type of a value. References are words.
pub fn clif_type(ty: ValueType) -> ir::Type {
    match ty {
        ValueType::I32 | ValueType::FuncRef | ValueType::ExternRef => types::I32,
        ValueType::I64 => types::I64,
        ValueType::F32 => types::F32,
        ValueType::F64 => types::F64,
    }
}

/// The CLIF signature of functions of a type.
pub fn clif_signature(signature: &Signature) -> ir::Signature {
    let of = |types: &[ValueType]| {
        let types = types.iter();
        types.map(|&ty| ir::AbiParam::new(clif_type(ty))).collect()
    };
    let mut clif = ir::Signature::new(CALL_CONV);
    clif.params = of(&signature.params);
    clif.returns = of(&signature.results);
    clif
}

/// The contract's name of a validated value type; `None` for those of other proposals.
pub fn value_type(ty: wasmparser::ValType) -> Option<ValueType> {
    use wasmparser::{RefType, ValType};
    Some(match ty {
        ValType::I32 => ValueType::I32,
        ValType::I64 => ValueType::I64,
        ValType::F32 => ValueType::F32,
        ValType::F64 => ValueType::F64,
        ValType::Ref(RefType::FUNCREF) => ValueType::FuncRef,
        ValType::Ref(RefType::EXTERNREF) => ValueType::ExternRef,
        ValType::V128 | ValType::Ref(_) => return None,
    })
}

/// The contract's name of a value type, unless it is one of a proposal that the image format does not
/// know.
pub(super) fn known(ty: wasmparser::ValType, place: &Place) -> Result<ValueType> {
    value_type(ty).ok_or_else(|| Error::unsupported(format!("type {ty} is"), place.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `wasm2mcu --help` promises.
    #[test]
    fn the_baseline_of_tool_conventions_is_accepted() {
        assert_eq!(
            WasmFeatures::LIME1.difference(FEATURES),
            WasmFeatures::empty()
        );
    }
}
