//! The reference of functions and types, for people.

use crate::lower::{Abi, Enum, Function, Interface, Record, Scalar};
use crate::names::snake;

pub(crate) fn write(abi: &Abi) -> String {
    let mut out = String::from(
        "# Functions of the hardware ABI\n\nWritten by `cargo run -p wasm2mcu-bindgen` from `abi/wit`. How the WIT types become those of core WebAssembly, what \
         a host promises and what a module can rely on: `HARDWARE.md`. In the signatures, `NAME` and `NAME-length` are address and length of a \
         range in the caller's memory, `buffer` is one that the host writes to, and `result` the address at which the host stores a value. What returns an i32 \
         together with `result<…>` returns a negative error.\n",
    );
    for interface in &abi.interfaces {
        out += &format!("\n## `{}`\n\n{}\n", interface.module, line(&interface.docs));
        for of in &interface.enums {
            out += &enumeration(of);
        }
        for of in &interface.records {
            out += &record(of);
        }
        for function in &interface.functions {
            out += &signature(interface, function);
        }
    }
    out
}

/// A paragraph on one line.
fn line(docs: &str) -> String {
    docs.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn enumeration(of: &Enum) -> String {
    let first = u32::from(of.name == "error");
    let mut out = format!(
        "\n**`{}`**: {}\n\n| | | |\n|---|---|---|\n",
        of.name,
        line(&of.docs)
    );
    for (number, (case, docs)) in (first..).zip(&of.cases) {
        out += &format!("| {number} | `{case}` | {} |\n", line(docs));
    }
    out
}

fn record(of: &Record) -> String {
    let mut out = format!(
        "\n**`{}`**: {} {} bytes, aligned to {}.\n\n| offset | field | type | |\n|---|---|---|---|\n",
        of.name,
        line(&of.docs),
        of.bytes,
        of.alignment
    );
    for field in &of.fields {
        out += &format!(
            "| {} | `{}` | {} | {} |\n",
            field.offset,
            field.name,
            scalar(&field.scalar),
            line(&field.docs)
        );
    }
    out
}

fn scalar(of: &Scalar) -> String {
    match of {
        Scalar::Bool => "bool".to_owned(),
        Scalar::Unsigned(bits) => format!("u{bits}"),
        Scalar::Signed(bits) => format!("s{bits}"),
        Scalar::Float(bits) => format!("f{bits}"),
        Scalar::Enum(of) => format!("`{}`", of.name),
    }
}

fn signature(interface: &Interface, function: &Function) -> String {
    let params: Vec<_> = function
        .core_params()
        .iter()
        .map(|(name, core)| format!("{name}: {}", core.name()))
        .collect();
    let result = match function.core_result() {
        Some(core) => format!(" -> {}", core.name()),
        None => String::new(),
    };
    let (name, side) = match interface.exported {
        true => (snake(&function.name), ", exported by the module"),
        false => (function.name.clone(), ""),
    };
    format!(
        "\n**`{name}`** `({}){result}`{side}  \n{}\n",
        params.join(", "),
        line(&function.docs)
    )
}
