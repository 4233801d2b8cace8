//! AssemblyScript for guests: the imports as they are, for the package to wrap.

use crate::lower::{Abi, Core, Enum, Record, Scalar};
use crate::names::{camel, comment, pascal, qualified, shouting};

pub(crate) fn write(abi: &Abi) -> String {
    let mut out = String::from("// Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.\n");
    for interface in &abi.interfaces {
        for of in &interface.enums {
            out += &enumeration(of);
        }
        for of in &interface.records {
            out += &record(of);
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

/// The name of a type; there is a class `Error` in every program already.
fn type_name(interface: &str, name: &str) -> String {
    match name {
        "error" => "ErrorCode".to_owned(),
        name => pascal(&qualified(interface, name)),
    }
}

/// A class has its fields where a C struct has them.
fn record(of: &Record) -> String {
    let mut out = format!(
        "\n{}export class {} {{\n",
        comment(&of.docs, "///"),
        type_name(&of.interface, &of.name)
    );
    for field in &of.fields {
        let (ty, zero) = match &field.scalar {
            Scalar::Bool => ("bool".to_owned(), "false"),
            Scalar::Unsigned(bits) => (format!("u{bits}"), "0"),
            Scalar::Signed(bits) => (format!("i{bits}"), "0"),
            Scalar::Float(bits) => (format!("f{bits}"), "0"),
            Scalar::Enum(_) => ("i32".to_owned(), "0"),
        };
        out += &format!(
            "{}  {}: {ty} = {zero};\n",
            comment(&field.docs, "  ///"),
            camel(&field.name)
        );
    }
    out + "}\n"
}

fn enumeration(of: &Enum) -> String {
    let first = u32::from(of.name == "error");
    let name = type_name(&of.interface, &of.name);
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
