//! AssemblyScript for guests: the imports as they are, for the package to wrap.

use crate::lower::{Abi, Core, Enum};
use crate::names::{camel, comment, pascal, qualified, shouting};

pub(crate) fn write(abi: &Abi) -> String {
    let mut out = String::from("// Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.\n");
    for interface in &abi.interfaces {
        for of in &interface.enums {
            out += &enumeration(of);
        }
        if interface.exported {
            continue;
        }
        for function in &interface.functions {
            let params: Vec<_> = function
                .core_params()
                .iter()
                .map(|(name, core)| format!("{}: {}", camel(name), assemblyscript(*core)))
                .collect();
            out += &format!(
                "\n{}// @ts-ignore: decorator\n@external({:?}, {:?})\nexport declare function {}({}): {};\n",
                comment(&function.docs, "///"),
                interface.module,
                function.name,
                camel(&qualified(&interface.name, &function.name)),
                params.join(", "),
                match function.core_result() {
                    None => "void",
                    Some(_) if function.fails() => "i32",
                    Some(core) => assemblyscript(core),
                }
            );
        }
    }
    out
}

fn enumeration(of: &Enum) -> String {
    let first = u32::from(of.name == "error");
    // Every program has a class `Error` already.
    let name = match &*of.name {
        "error" => "ErrorCode".to_owned(),
        name => pascal(&qualified(&of.interface, name)),
    };
    let mut out = format!("\n{}export enum {name} {{\n", comment(&of.docs, "///"));
    for (number, (case, docs)) in (first..).zip(&of.cases) {
        out += &format!(
            "{}  {} = {number},\n",
            comment(docs, "  ///"),
            shouting(case)
        );
    }
    out + "}\n"
}

fn assemblyscript(core: Core) -> &'static str {
    match core {
        Core::I32 => "u32",
        Core::I64 => "u64",
        Core::F32 => "f32",
        Core::F64 => "f64",
    }
}
