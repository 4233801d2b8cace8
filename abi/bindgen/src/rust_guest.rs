//! Rust for guests: the imports as they are, for the SDK to wrap.

use crate::lower::{Abi, Core};
use crate::names::{self, comment, snake};

pub(crate) fn write(abi: &Abi) -> String {
    let mut out = String::from("// Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.\n");
    for interface in &abi.interfaces {
        if interface.exported || interface.functions.is_empty() {
            continue;
        }
        out += &format!(
            "\npub(crate) mod {} {{\n    #[link(wasm_import_module = {:?})]\n    unsafe extern \"C\" {{\n",
            snake(names::interface(&interface.name)),
            interface.module
        );
        for function in &interface.functions {
            let params: Vec<_> = function
                .core_params()
                .iter()
                .map(|(name, core)| format!("{}: {}", snake(name), rust(*core)))
                .collect();
            let result = match function.core_result() {
                Some(_) if function.fails() => " -> i32".to_owned(),
                Some(core) => format!(" -> {}", rust(core)),
                None => String::new(),
            };
            out += &format!(
                "{}        #[link_name = {:?}]\n        pub(crate) safe fn {}({}){result};\n",
                comment(&function.docs, "        ///"),
                function.name,
                snake(&function.name),
                params.join(", ")
            );
        }
        out += "    }\n}\n";
    }
    out
}

fn rust(core: Core) -> &'static str {
    match core {
        Core::I32 => "u32",
        Core::I64 => "u64",
        Core::F32 => "f32",
        Core::F64 => "f64",
    }
}
