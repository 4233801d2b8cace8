//! Rust for hosts and guests: enums, records and the table of functions.

use crate::lower::{Abi, Core, Enum, Interface, Record, Scalar};
use crate::names::{comment, pascal, snake};

pub(crate) fn write(abi: &Abi) -> String {
    let mut out = String::from(
        "// Written by `cargo run -p wasm2mcu-bindgen` from abi/wit.\n\nuse super::{Function, Types};\n",
    );
    for interface in &abi.interfaces {
        let types = types(interface);
        if interface.name.is_empty() {
            out += &types;
        } else if !types.is_empty() {
            out += &format!(
                "\n/// Types of `{}`.\npub mod {} {{\n{}}}\n",
                interface.module,
                snake(&interface.name),
                indent(&types)
            );
        }
    }
    let functions: Vec<_> = imported(abi).collect();
    out += &format!(
        "\n/// Every function that modules can import, by interface.\npub static FUNCTIONS: [Function; {}] = [\n",
        functions.len()
    );
    for (interface, function) in functions {
        let params = function.core_params();
        let params: Vec<_> = params.iter().map(|(_, core)| letter(*core)).collect();
        let results: Vec<_> = function.core_result().map(letter).into_iter().collect();
        out += &format!(
            "    Function::new(\n        {:?},\n        {:?},\n        Types(b\"{}\"),\n        Types(b\"{}\"),\n    ),\n",
            interface.module,
            function.name,
            params.join(""),
            results.join("")
        );
    }
    out + "];\n"
}

fn imported(abi: &Abi) -> impl Iterator<Item = (&Interface, &crate::lower::Function)> {
    let interfaces = abi
        .interfaces
        .iter()
        .filter(|interface| !interface.exported);
    interfaces.flat_map(|interface| {
        interface
            .functions
            .iter()
            .map(move |function| (interface, function))
    })
}

/// The byte of the type in the binary format, as a byte string has it.
fn letter(core: Core) -> &'static str {
    match core {
        Core::I32 => "\\x7f",
        Core::I64 => "\\x7e",
        Core::F32 => "\\x7d",
        Core::F64 => "\\x7c",
    }
}

fn types(interface: &Interface) -> String {
    let enums = interface.enums.iter().map(enumeration);
    let records = interface.records.iter().map(record);
    enums.chain(records).collect()
}

fn indent(text: &str) -> String {
    text.trim_start()
        .lines()
        .map(|line| match line {
            "" => "\n".to_owned(),
            line => format!("    {line}\n"),
        })
        .collect()
}

fn enumeration(of: &Enum) -> String {
    let name = pascal(&of.name);
    // Errors are told apart from results by their sign, so there is no error 0.
    let first = u32::from(of.name == "error");
    let mut out = format!(
        "\n{}#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n#[cfg_attr(feature = \"defmt\", derive(defmt::Format))]\n\
         #[repr(u32)]\npub enum {name} {{\n",
        comment(&of.docs, "///")
    );
    for (number, (case, docs)) in (first..).zip(&of.cases) {
        out += &format!(
            "{}    {} = {number},\n",
            comment(docs, "    ///"),
            pascal(case)
        );
    }
    out += &format!(
        "}}\n\nimpl {name} {{\n    /// Every one, in numeric order.\n    pub const ALL: [{name}; {}] = [\n",
        of.cases.len()
    );
    for (case, _) in &of.cases {
        out += &format!("        {name}::{},\n", pascal(case));
    }
    out += &format!(
        "    ];\n\n    /// The one with this number.\n    pub const fn from_u32(number: u32) -> Option<{name}> {{\n        match number {{\n"
    );
    for (number, (case, _)) in (first..).zip(&of.cases) {
        out += &format!("            {number} => Some({name}::{}),\n", pascal(case));
    }
    out += "            _ => None,\n        }\n    }\n\n    /// The name in the description.\n    pub const fn name(self) -> &'static str {\n        match self {\n";
    for (case, _) in &of.cases {
        out += &format!("            {name}::{} => {case:?},\n", pascal(case));
    }
    out + "        }\n    }\n}\n"
}

fn record(of: &Record) -> String {
    let name = pascal(&of.name);
    let mut out = format!(
        "\n{}#[derive(Clone, Copy, Debug, PartialEq)]\n#[cfg_attr(feature = \"defmt\", derive(defmt::Format))]\n\
         #[repr(C)]\npub struct {name} {{\n",
        comment(&of.docs, "///")
    );
    for field in &of.fields {
        out += &format!(
            "{}    pub {}: {},\n",
            comment(&field.docs, "    ///"),
            snake(&field.name),
            rust_type(&field.scalar, &of.interface)
        );
    }
    out += &format!(
        "}}\n\nimpl {name} {{\n    /// Bytes in a module's memory.\n    pub const BYTES: usize = {};\n\n    \
         /// As it stands in a module's memory.\n    pub fn to_bytes(&self) -> [u8; Self::BYTES] {{\n        \
         let mut bytes = [0; Self::BYTES];\n",
        of.bytes
    );
    for field in &of.fields {
        let value = format!("self.{}", snake(&field.name));
        let value = match field.scalar {
            Scalar::Enum(_) => format!("({value} as u32)"),
            Scalar::Bool => format!("u8::from({value})"),
            _ => value,
        };
        out += &format!(
            "        bytes[{}..{}].copy_from_slice(&{value}.to_le_bytes());\n",
            field.offset,
            field.offset + field.scalar.bytes()
        );
    }
    out += "        bytes\n    }\n\n    /// From a module's memory; none if an enum has no case of that number.\n    \
            pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {\n        Some(Self {\n";
    for field in &of.fields {
        let (name, bytes) = (snake(&field.name), field.scalar.bytes());
        let taken: Vec<_> = (field.offset..field.offset + bytes)
            .map(|at| format!("bytes[{at}]"))
            .collect();
        let number = |ty: &str| format!("{ty}::from_le_bytes([{}])", taken.join(", "));
        let ty = rust_type(&field.scalar, &of.interface);
        let value = match field.scalar {
            Scalar::Enum(_) => format!("{ty}::from_u32({})?", number("u32")),
            Scalar::Bool => format!("bytes[{}] != 0", field.offset),
            _ => number(&ty),
        };
        out += &format!("            {name}: {value},\n");
    }
    out + "        })\n    }\n}\n"
}

/// The type of a scalar, seen from inside the module of `interface`.
pub(crate) fn rust_type(scalar: &Scalar, interface: &str) -> String {
    match scalar {
        Scalar::Bool => "bool".to_owned(),
        Scalar::Unsigned(bits) => format!("u{bits}"),
        Scalar::Signed(bits) => format!("i{bits}"),
        Scalar::Float(bits) => format!("f{bits}"),
        Scalar::Enum(of) if of.interface == interface => pascal(&of.name),
        Scalar::Enum(of) if of.interface.is_empty() => format!("super::{}", pascal(&of.name)),
        Scalar::Enum(of) => format!("super::{}::{}", snake(&of.interface), pascal(&of.name)),
    }
}
