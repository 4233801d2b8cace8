//! An image as a relocatable ELF object, for linking it into a firmware.
//!
//! ```text
//!   .text.wasm2mcu.NAME (AX, aligned to 4)     symbols
//!   ┌─────────────────────┐                    wasm2mcu_image_NAME           global, the first byte
//!   │ header              │ $d
//!   │ text                │ $t, $d tables …    functions, thunks, routines   local
//!   │ other sections      │ $d
//!   │ trailer             │
//!   └─────────────────────┘                    wasm2mcu_image_NAME_end       global, behind the last
//! ```
//!
//! The image is one piece that a linker may place at any multiple of 4: nothing in it is relocated.
//! It is a text section, because linker scripts put `.text.*` into flash that can be executed, and
//! debuggers and `objdump -d` show only such sections.
//!
//! On RISC-V, instructions are marked `$x`.
//!
//! ELF for the Arm Architecture (AAELF32): 5.5.5 mapping symbols, 5.2.1 flags. Build attributes:
//! Addenda to the ABI (ADDENDA32), 3. RISC-V ABIs Specification, "RISC-V ELF Specification": "File
//! Header", "Mapping Symbol", "Attributes".

mod attributes;
mod names;

use ::object::elf::{
    self, EF_ARM_EABI_VER5, EF_RISCV_FLOAT_ABI_SINGLE, EF_RISCV_FLOAT_ABI_SOFT, EF_RISCV_RVC,
    ELFOSABI_NONE, SHT_ARM_ATTRIBUTES, SHT_RISCV_ATTRIBUTES,
};
use ::object::write::{Object, SectionId, Symbol, SymbolSection};
use ::object::{
    Architecture, BinaryFormat, Endianness, FileFlags, SectionFlags, SectionKind, SymbolFlags,
    SymbolKind, SymbolScope,
};
use wasm2mcu_abi::image::{self, Features, Header};

pub use attributes::Attributes;

use crate::map::Map;
use names::Names;
pub(crate) use names::identifier as symbol_part;

/// The object with `image` in it. `name` tells apart the images of one firmware; characters that no
/// C identifier can have become `_`.
pub fn write(name: &str, image: &[u8], map: &Map, core: Attributes) -> Vec<u8> {
    let name = names::identifier(name);
    let Kind {
        architecture,
        e_flags,
        code_bit,
        code_mark,
        attributes_name,
        attributes_type,
    } = kind(core);
    let mut object = Object::new(BinaryFormat::Elf, architecture, Endianness::Little);
    object.flags = FileFlags::Elf {
        os_abi: ELFOSABI_NONE,
        abi_version: 0,
        e_flags,
    };
    let section = object.add_section(
        Vec::new(),
        format!(".text.wasm2mcu.{name}").into_bytes(),
        SectionKind::Text,
    );
    object.append_section_data(section, image, 4);
    let mut symbols = Symbols {
        object,
        section,
        code_bit,
    };

    mapping_symbols(&mut symbols, map, code_mark);
    let mut names = Names::default();
    for function in &map.functions {
        symbols.code(
            &names.unique(&function.name),
            function.offset,
            function.bytes,
        );
    }
    for routine in &map.routines {
        symbols.code(&names.unique(&routine.name), routine.offset, routine.bytes);
    }
    let bytes = image.len() as u64;
    symbols.border(format!("wasm2mcu_image_{name}"), 0, bytes);
    symbols.border(format!("wasm2mcu_image_{name}_end"), bytes, 0);

    let mut object = symbols.object;
    let attributes =
        object.add_section(Vec::new(), attributes_name.to_vec(), SectionKind::Metadata);
    object.section_mut(attributes).flags = SectionFlags::Elf {
        sh_type: attributes_type,
        sh_flags: elf::SectionFlags(0),
    };
    object.append_section_data(attributes, &attributes::section(core), 1);
    object
        .write()
        .expect("nothing but sections and symbols, which ELF can always hold")
}

/// What differs between architectures.
struct Kind {
    architecture: Architecture,
    e_flags: elf::FileFlags,
    /// What is set in the address of a function.
    code_bit: u32,
    /// The mapping symbol of instructions.
    code_mark: &'static str,
    attributes_name: &'static [u8],
    attributes_type: elf::SectionType,
}

fn kind(Attributes { target, .. }: Attributes) -> Kind {
    let code_bit = target.architecture().code_bit();
    match target.architecture() {
        image::Architecture::Thumb => Kind {
            architecture: Architecture::Arm,
            e_flags: EF_ARM_EABI_VER5,
            code_bit,
            code_mark: "$t",
            attributes_name: b".ARM.attributes",
            attributes_type: SHT_ARM_ATTRIBUTES,
        },
        image::Architecture::RiscV32 => {
            // Linkers refuse to mix float ABIs, so this is the target's, floats or not.
            let hard = Features::RISCV_HARD_FLOAT_ABI;
            let float_abi = if target.features().contains(hard) {
                EF_RISCV_FLOAT_ABI_SINGLE
            } else {
                EF_RISCV_FLOAT_ABI_SOFT
            };
            Kind {
                architecture: Architecture::Riscv32,
                e_flags: EF_RISCV_RVC | float_abi,
                code_bit,
                code_mark: "$x",
                attributes_name: b".riscv.attributes",
                attributes_type: SHT_RISCV_ATTRIBUTES,
            }
        }
    }
}

struct Symbols {
    object: Object<'static>,
    section: SectionId,
    code_bit: u32,
}

impl Symbols {
    /// A function or another piece of code at an offset of the text.
    fn code(&mut self, name: &str, offset: u32, bytes: u32) {
        let value = u64::from((Header::BYTES + offset) | self.code_bit);
        let scope = SymbolScope::Compilation;
        self.add(
            name.to_owned(),
            value,
            bytes.into(),
            SymbolKind::Text,
            scope,
        );
    }

    /// Where the image begins or ends.
    fn border(&mut self, name: String, value: u64, bytes: u64) {
        let scope = SymbolScope::Dynamic;
        self.add(name, value, bytes, SymbolKind::Data, scope);
    }

    /// What the bytes from `value` on are: `$t`, `$x` or `$d`.
    fn mapping(&mut self, name: &str, value: u32) {
        let scope = SymbolScope::Compilation;
        self.add(name.to_owned(), value.into(), 0, SymbolKind::Label, scope);
    }

    fn add(&mut self, name: String, value: u64, size: u64, kind: SymbolKind, scope: SymbolScope) {
        self.object.add_symbol(Symbol {
            name: name.into_bytes(),
            value,
            size,
            kind,
            scope,
            weak: false,
            section: SymbolSection::Section(self.section),
            flags: SymbolFlags::None,
        });
    }
}

fn mapping_symbols(symbols: &mut Symbols, map: &Map, code_mark: &str) {
    symbols.mapping("$d", 0);
    let mut code = 0;
    for &(offset, bytes) in &map.data {
        if offset > code {
            symbols.mapping(code_mark, Header::BYTES + code);
        }
        if offset > code || offset == 0 {
            symbols.mapping("$d", Header::BYTES + offset);
        }
        code = offset + bytes;
    }
    if code < map.text_bytes {
        symbols.mapping(code_mark, Header::BYTES + code);
    }
    symbols.mapping("$d", Header::BYTES + map.text_bytes);
}

#[cfg(test)]
mod tests;
