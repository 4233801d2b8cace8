//! The host module `spectest` of WebAssembly's test suite, as far as it is functions.

use std::cell::RefCell;

use wasm2mcu_abi::types::ValueType;

use crate::host::HostFunction;

/// What a module printed: the words of each call's arguments, in order.
pub type Printed = RefCell<Vec<Vec<u32>>>;

/// The `print` functions, which note what they are given in `printed`.
pub fn functions(printed: &Printed) -> Vec<HostFunction<'_>> {
    functions_with(|_, words| printed.borrow_mut().push(words.to_vec()))
}

/// The `print` functions, which give the types and the words of their arguments to `print`.
pub fn functions_with<'a>(
    print: impl Fn(&[ValueType], &[u32]) + Clone + 'a,
) -> Vec<HostFunction<'a>> {
    use ValueType::{F32, F64, I32, I64};
    let functions: [(&str, &[ValueType]); 7] = [
        ("print", &[]),
        ("print_i32", &[I32]),
        ("print_i64", &[I64]),
        ("print_f32", &[F32]),
        ("print_f64", &[F64]),
        ("print_i32_f32", &[I32, F32]),
        ("print_f64_f64", &[F64, F64]),
    ];
    functions
        .into_iter()
        .map(|(name, params)| {
            let print = print.clone();
            HostFunction::new("spectest", name, params, &[], move |_, words| {
                print(params, words);
                Ok(Vec::new())
            })
        })
        .collect()
}
