//! C for guests: one header, with pointers and lengths where the lowering has addresses.

use crate::lower::{Abi, Enum, Function, Interface, Param, Record, Returns, Scalar};
use crate::names::{case, comment, qualified, shouting, snake};

/// Longest line of the header.
const COLUMNS: usize = 110;

const HEAD: &str = r#"/* The hardware ABI of wasm2mcu, version 1, for modules in C and C++.
 * Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.
 *
 * Functions that return int32_t return a negative error (-W2M_ERROR_TIMEOUT), or what their comment says.
 * Ranges of memory are a pointer and a length in bytes; text is UTF-8 without a zero at its end.
 *
 * Compiled for WebAssembly, the functions are imports of the module. Elsewhere they are ordinary ones,
 * for tests on the host to define.
 */
#ifndef WASM2MCU_H
#define WASM2MCU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the module asks for, one resource in a line (HARDWARE.md, section 3), at file scope:
 *
 *     W2M_MANIFEST("gpio 5 output\n"
 *                  "i2c 1 0x48\n");
 */
#ifdef __wasm__
#define W2M_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define W2M_EXPORT(name) __attribute__((export_name(name)))
#define W2M_MANIFEST(text)                                             \
    __asm__(".section .custom_section.wasm2mcu.manifest,\"\",@\n"       \
            ".ascii " W2M_QUOTE(text) "\n.ascii \"\\n\"\n.text")
#define W2M_QUOTE(text) #text
#else
#define W2M_IMPORT(module, name)
#define W2M_EXPORT(name)
#define W2M_MANIFEST(text) struct w2m_manifest
#endif
"#;

pub(crate) fn write(abi: &Abi) -> String {
    let mut out = HEAD.to_owned();
    for interface in &abi.interfaces {
        let title = format!("{}\n\n{}", interface.module, interface.docs.trim());
        let title = comment(&title, " *");
        out += &format!("\n/*\n{title} */\n");
        for of in &interface.enums {
            out += &enumeration(of);
        }
        for of in &interface.records {
            out += &record(of);
        }
        for function in &interface.functions {
            out += &prototype(interface, function);
        }
    }
    out + "\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n"
}

/// The name of a type or function.
fn named(interface: &str, name: &str) -> String {
    format!("w2m_{}", snake(&qualified(interface, name)))
}

fn block(docs: &str) -> String {
    let lines = comment(docs, "");
    let lines: Vec<_> = lines.lines().map(str::trim).collect();
    match lines[..] {
        [line] => format!("/** {line} */\n"),
        _ => format!("/** {}\n */\n", lines.join("\n *  ")),
    }
}

/// A line in braces with its comment: behind it where there is room, else before it.
fn member(text: &str, docs: &str) -> String {
    let docs = docs.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = format!("    {text} /**< {docs} */\n");
    if line.chars().count() <= COLUMNS {
        line
    } else {
        format!("    /** {docs} */\n    {text}\n")
    }
}

fn enumeration(of: &Enum) -> String {
    let name = named(&of.interface, &of.name);
    let first = u32::from(of.name == "error");
    let mut out = format!("\n{}enum {name} {{\n", block(&of.docs));
    for (number, (word, docs)) in (first..).zip(&of.cases) {
        let word = shouting(case(&of.name, word));
        out += &member(&format!("{}_{word} = {number},", shouting(&name)), docs);
    }
    out + "};\n"
}

fn record(of: &Record) -> String {
    let mut out = format!(
        "\n{}struct {} {{\n",
        block(&of.docs),
        named(&of.interface, &of.name)
    );
    for field in &of.fields {
        let text = match &*field.name {
            // As big as a u32, and what a caller has.
            "address" => "void *address;".to_owned(),
            name => format!("{} {};", scalar_in_memory(&field.scalar), snake(name)),
        };
        out += &member(&text, &field.docs);
    }
    out + "};\n"
}

fn scalar_in_memory(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Enum(_) => "uint32_t".to_owned(),
        other => scalar_type(other),
    }
}

fn scalar_type(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Bool => "bool".to_owned(),
        Scalar::Unsigned(bits) => format!("uint{bits}_t"),
        Scalar::Signed(bits) => format!("int{bits}_t"),
        Scalar::Float(32) => "float".to_owned(),
        Scalar::Float(_) => "double".to_owned(),
        Scalar::Enum(of) => format!("enum {}", named(&of.interface, &of.name)),
    }
}

fn prototype(interface: &Interface, function: &Function) -> String {
    let mut params = Vec::new();
    for (name, param) in &function.params {
        let name = snake(name);
        match param {
            Param::Scalar(scalar) => params.push(format!("{} {name}", scalar_type(scalar))),
            Param::Bytes => params.extend([
                format!("const void *{name}"),
                format!("size_t {name}_length"),
            ]),
            Param::Text => params.extend([
                format!("const char *{name}"),
                format!("size_t {name}_length"),
            ]),
            Param::Records(of) => params.extend([
                format!("const struct {} *{name}", named(&of.interface, &of.name)),
                format!("size_t {name}_count"),
            ]),
        }
    }
    let (result, says) = match &function.returns {
        Returns::Nothing | Returns::Fill => ("void".to_owned(), ""),
        Returns::Value(scalar) => (scalar_type(scalar), ""),
        Returns::Small(_) => ("int32_t".to_owned(), "Returns that, or a negative error."),
        Returns::Buffer => (
            "int32_t".to_owned(),
            "Returns how many bytes of the buffer were filled, or a negative error.",
        ),
        Returns::Status | Returns::OutScalar(_) | Returns::OutRecord(_) => {
            ("int32_t".to_owned(), "Returns 0, or a negative error.")
        }
    };
    match &function.returns {
        Returns::Fill | Returns::Buffer => {
            params.extend(["void *buffer".to_owned(), "size_t buffer_length".to_owned()]);
        }
        Returns::OutScalar(scalar) => params.push(format!("{} *result", scalar_in_memory(scalar))),
        Returns::OutRecord(of) => {
            params.push(format!("struct {} *result", named(&of.interface, &of.name)))
        }
        _ => {}
    }
    if params.is_empty() {
        params.push("void".to_owned());
    }
    let docs = format!("{}\n{says}", function.docs.trim());
    let attribute = match interface.exported {
        true => format!("W2M_EXPORT({:?})", snake(&function.name)),
        false => format!("W2M_IMPORT({:?}, {:?})", interface.module, function.name),
    };
    let name = named(&interface.name, &function.name);
    let one_line = format!("{result} {name}({});\n", params.join(", "));
    let declaration = match one_line.len() > COLUMNS {
        true => format!("{result} {name}(\n    {});\n", params.join(", ")),
        false => one_line,
    };
    format!("\n{}{attribute}\n{declaration}", block(docs.trim()))
}
