//! C for guests: one header, with pointers and lengths where the lowering has addresses.

use crate::lower::{Abi, Enum, Function, Interface, Param, Record, Returns, Scalar};
use crate::names::{comment, shouting, snake};

pub(crate) fn write(abi: &Abi) -> String {
    let mut out = String::from(
        "/* The hardware ABI of wasm2mcu for modules in C and C++ (clang --target=wasm32).\n\
         \x20* Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.\n\
         \x20*\n\
         \x20* What returns int32_t returns a negative error, -W2M_ERROR_..., or what its comment says.\n\
         \x20*/\n\
         #ifndef WASM2MCU_H\n#define WASM2MCU_H\n\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n\
         #ifdef __cplusplus\nextern \"C\" {\n#endif\n\n\
         #define W2M_IMPORT(module, name) \\\n    __attribute__((import_module(module), import_name(name)))\n\n\
         /* What the module asks for, a line of text each: W2M_MANIFEST(\"gpio 5 output\\n\" \"i2c 1 0x48\\n\") at file scope. */\n\
         #define W2M_MANIFEST(text) \\\n    __asm__(\".section .custom_section.wasm2mcu.manifest,\\\"\\\",@\\n\" \\\n            \
         \".ascii \" W2M_QUOTE(text \"\\n\") \"\\n.text\\n\")\n#define W2M_QUOTE(...) #__VA_ARGS__\n",
    );
    for interface in &abi.interfaces {
        out += &format!("\n/* {} */\n", interface.module);
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

/// `w2m_` and the interface, where it is not the one that all share.
fn prefix(interface: &str, separator: &str) -> String {
    match interface {
        "" => "w2m_".to_owned(),
        name => format!("w2m_{}{separator}", snake(name)),
    }
}

fn block(docs: &str) -> String {
    let lines = comment(docs, "");
    let lines: Vec<_> = lines.lines().map(str::trim).collect();
    format!("/** {} */\n", lines.join("\n *  "))
}

fn enumeration(of: &Enum) -> String {
    let name = prefix(&of.interface, "_") + &snake(&of.name);
    let first = u32::from(of.name == "error");
    let mut out = format!("\n{}enum {name} {{\n", block(&of.docs));
    for (number, (case, docs)) in (first..).zip(&of.cases) {
        let case = format!("{}_{}", shouting(&name), shouting(case));
        out += &format!("    {case} = {number}, /**< {} */\n", docs.trim());
    }
    out + "};\n"
}

fn record(of: &Record) -> String {
    let mut out = format!("\n{}", block(&of.docs));
    out += &format!(
        "struct {}{} {{\n",
        prefix(&of.interface, "_"),
        snake(&of.name)
    );
    for field in &of.fields {
        out += &format!(
            "    {} {}; /**< {} */\n",
            scalar_in_memory(&field.scalar),
            snake(&field.name),
            field.docs.trim()
        );
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
        Scalar::Enum(of) => format!("enum {}{}", prefix(&of.interface, "_"), snake(&of.name)),
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
                format!(
                    "const struct {}{} *{name}",
                    prefix(&of.interface, "_"),
                    snake(&of.name)
                ),
                format!("size_t {name}_length"),
            ]),
        }
    }
    let (result, extra) = match &function.returns {
        Returns::Nothing => ("void".to_owned(), ""),
        Returns::Value(scalar) => (scalar_type(scalar), ""),
        Returns::Fill => ("void".to_owned(), ""),
        Returns::Status => ("int32_t".to_owned(), "Returns 0."),
        Returns::Small(_) => ("int32_t".to_owned(), "Returns the value."),
        Returns::Buffer => (
            "int32_t".to_owned(),
            "Returns the bytes that were written to the buffer.",
        ),
        Returns::OutScalar(_) | Returns::OutRecord(_) => ("int32_t".to_owned(), "Returns 0."),
    };
    match &function.returns {
        Returns::Fill | Returns::Buffer => {
            params.extend(["void *buffer".to_owned(), "size_t buffer_length".to_owned()]);
        }
        Returns::OutScalar(scalar) => params.push(format!("{} *result", scalar_in_memory(scalar))),
        Returns::OutRecord(of) => params.push(format!(
            "struct {}{} *result",
            prefix(&of.interface, "_"),
            snake(&of.name)
        )),
        _ => {}
    }
    if params.is_empty() {
        params.push("void".to_owned());
    }
    let docs = format!("{}\n{extra}", function.docs.trim());
    let name = prefix(&interface.name, "_") + &snake(&function.name);
    if interface.exported {
        format!(
            "\n{}__attribute__((export_name(\"{}\")))\n{result} {name}({});\n",
            block(docs.trim()),
            function.name,
            params.join(", ")
        )
    } else {
        format!(
            "\n{}W2M_IMPORT(\"{}\", \"{}\")\n{result} {name}({});\n",
            block(docs.trim()),
            interface.module,
            function.name,
            params.join(", ")
        )
    }
}
