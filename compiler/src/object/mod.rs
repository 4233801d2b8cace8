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
//! ELF for the Arm Architecture (AAELF32): 5.5.5 mapping symbols, 5.2.1 flags. Build attributes:
//! Addenda to the ABI (ADDENDA32), 3.

mod attributes;
mod names;

use ::object::elf::{self, EF_ARM_EABI_VER5, ELFOSABI_NONE, SHT_ARM_ATTRIBUTES};
use ::object::write::{Object, SectionId, Symbol, SymbolSection};
use ::object::{
    Architecture, BinaryFormat, Endianness, FileFlags, SectionFlags, SectionKind, SymbolFlags,
    SymbolKind, SymbolScope,
};
use wasm2mcu_abi::image::Header;

pub use attributes::Attributes;

use crate::map::Map;
use names::Names;

/// The object with `image` in it. `name` tells apart the images of one firmware; characters that no
/// C identifier can have become `_`.
pub fn write(name: &str, image: &[u8], map: &Map, core: Attributes) -> Vec<u8> {
    let name = names::identifier(name);
    let mut object = Object::new(BinaryFormat::Elf, Architecture::Arm, Endianness::Little);
    object.flags = FileFlags::Elf {
        os_abi: ELFOSABI_NONE,
        abi_version: 0,
        e_flags: EF_ARM_EABI_VER5,
    };
    let section = object.add_section(
        Vec::new(),
        format!(".text.wasm2mcu.{name}").into_bytes(),
        SectionKind::Text,
    );
    object.append_section_data(section, image, 4);
    let mut symbols = Symbols { object, section };

    mapping_symbols(&mut symbols, map);
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
    let attributes = object.add_section(
        Vec::new(),
        b".ARM.attributes".to_vec(),
        SectionKind::Metadata,
    );
    object.section_mut(attributes).flags = SectionFlags::Elf {
        sh_type: SHT_ARM_ATTRIBUTES,
        sh_flags: elf::SectionFlags(0),
    };
    object.append_section_data(attributes, &attributes::section(core), 1);
    object
        .write()
        .expect("nothing but sections and symbols, which ELF can always hold")
}

struct Symbols {
    object: Object<'static>,
    section: SectionId,
}

impl Symbols {
    /// A function or another piece of code at an offset of the text.
    fn code(&mut self, name: &str, offset: u32, bytes: u32) {
        // Bit 0 says Thumb.
        let value = u64::from(Header::BYTES + offset) | 1;
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

    /// What the bytes from `value` on are: `$t` or `$d`.
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

fn mapping_symbols(symbols: &mut Symbols, map: &Map) {
    symbols.mapping("$d", 0);
    let mut code = 0;
    for &(offset, bytes) in &map.data {
        if offset > code {
            symbols.mapping("$t", Header::BYTES + code);
        }
        if offset > code || offset == 0 {
            symbols.mapping("$d", Header::BYTES + offset);
        }
        code = offset + bytes;
    }
    if code < map.text_bytes {
        symbols.mapping("$t", Header::BYTES + code);
    }
    symbols.mapping("$d", Header::BYTES + map.text_bytes);
}

#[cfg(test)]
mod tests;
