//! Zig for guests: the imports as they are, for the module to wrap.

use crate::lower::{Abi, Core, Enum, Record, Scalar};
use crate::names::{self, comment, pascal, qualified, snake};

pub(crate) fn write(abi: &Abi) -> String {
    let mut out = String::from("// Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.\n");
    for interface in &abi.interfaces {
        for of in &interface.enums {
            out += &enumeration(of);
        }
        for of in &interface.records {
            out += &record(of);
        }
        if interface.exported || interface.functions.is_empty() {
            continue;
        }
        out += &format!(
            "\n/// {}\npub const {} = struct {{\n",
            interface.module,
            snake(names::interface(&interface.name))
        );
        for function in &interface.functions {
            let params: Vec<_> = function
                .core_params()
                .iter()
                .map(|(name, core)| format!("{}: {}", snake(name), zig(*core)))
                .collect();
            out += &format!(
                "{}    pub extern {:?} fn {}({}) {};\n",
                comment(&function.docs, "    ///"),
                interface.module,
                identifier(&function.name),
                params.join(", "),
                match function.core_result() {
                    None => "void",
                    Some(_) if function.fails() => "i32",
                    Some(core) => zig(core),
                }
            );
        }
        out += "};\n";
    }
    out
}

/// `name` as it is, in quotes where it is no identifier.
fn identifier(name: &str) -> String {
    match name.contains('-') || KEYWORDS.contains(&name) {
        true => format!("@{name:?}"),
        false => name.to_owned(),
    }
}

/// Words of the language that a description may well use as names.
const KEYWORDS: [&str; 10] = [
    "align", "and", "break", "continue", "defer", "error", "export", "or", "test", "volatile",
];

fn type_name(interface: &str, name: &str) -> String {
    // Zig's own errors are what a wrapper makes of these.
    match name {
        "error" => "ErrorCode".to_owned(),
        name => pascal(&qualified(interface, name)),
    }
}

fn enumeration(of: &Enum) -> String {
    let first = u32::from(of.name == "error");
    let mut out = format!(
        "\n{}pub const {} = enum(u32) {{\n",
        comment(&of.docs, "///"),
        type_name(&of.interface, &of.name)
    );
    for (number, (case, docs)) in (first..).zip(&of.cases) {
        out += &format!(
            "{}    {} = {number},\n",
            comment(docs, "    ///"),
            identifier(&snake(case))
        );
    }
    out + "};\n"
}

fn record(of: &Record) -> String {
    let mut out = format!(
        "\n{}pub const {} = extern struct {{\n",
        comment(&of.docs, "///"),
        type_name(&of.interface, &of.name)
    );
    for field in &of.fields {
        let ty = match &field.scalar {
            Scalar::Bool => "bool".to_owned(),
            Scalar::Unsigned(bits) => format!("u{bits}"),
            Scalar::Signed(bits) => format!("i{bits}"),
            Scalar::Float(bits) => format!("f{bits}"),
            Scalar::Enum(of) => type_name(&of.interface, &of.name),
        };
        out += &format!(
            "{}    {}: {ty},\n",
            comment(&field.docs, "    ///"),
            snake(&field.name)
        );
    }
    out + "};\n"
}

fn zig(core: Core) -> &'static str {
    match core {
        Core::I32 => "u32",
        Core::I64 => "u64",
        Core::F32 => "f32",
        Core::F64 => "f64",
    }
}
