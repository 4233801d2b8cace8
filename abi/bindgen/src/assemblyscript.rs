//! AssemblyScript for guests: the imports as they are, for the package to wrap.

use crate::lower::{Abi, Core, Enum};
use crate::names::{camel, comment, pascal, shouting, snake};

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
                "\n{}// @ts-ignore: decorator\n@external({:?}, {:?})\nexport declare function {}_{}({}): {};\n",
                comment(&function.docs, "///"),
                interface.module,
                function.name,
                snake(&interface.name),
                snake(&function.name),
                params.join(", "),
                function.core_result().map_or("void", assemblyscript)
            );
        }
    }
    out
}

fn enumeration(of: &Enum) -> String {
    let first = u32::from(of.name == "error");
    let interface = match &*of.interface {
        "" => String::new(),
        // Events, edges and readings are named apart by their interface.
        name => pascal(name),
    };
    let mut out = format!(
        "\n{}export namespace {interface}{} {{\n",
        comment(&of.docs, "///"),
        pascal(&of.name)
    );
    for (number, (case, docs)) in (first..).zip(&of.cases) {
        out += &format!(
            "{}  export const {}: u32 = {number};\n",
            comment(docs, "  ///"),
            shouting(case)
        );
    }
    out + "}\n"
}

fn assemblyscript(core: Core) -> &'static str {
    match core {
        Core::I32 => "i32",
        Core::I64 => "u64",
        Core::F32 => "f32",
        Core::F64 => "f64",
    }
}
