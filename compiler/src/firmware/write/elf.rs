//! ELF: the firmware's own file, with the images and larger tables appended.
//!
//! ```text
//!   before                                   after
//!   ┌──────────────────────┐                 ┌──────────────────────┐
//!   │ ELF header           │                 │ ELF header           │ where the tables are now
//!   │ program headers      │                 │ …                    │ not a byte of it changes
//!   │ .text, .symtab …     │                 │                      │
//!   │ section names        │                 │                      │
//!   │ section headers      │                 ├──────────────────────┤
//!   └──────────────────────┘                 │ images               │
//!                                            │ program headers      │ one more for each image: for
//!                                            │                      │ QEMU, probe-rs, OpenOCD
//!                                            │ section names        │
//!                                            │ section headers      │ one more for each image: for
//!                                            └──────────────────────┘ `load` of gdb, and objcopy
//! ```
//!
//! Source: System V ABI, Edition 4.1, chapters 4 and 5.

use std::ops::Range;

use super::super::{Firmware, Placed};
use super::WriteError;

/// Offsets of the header's fields.
const E_PHOFF: usize = 28;
const E_SHOFF: usize = 32;
const E_PHENTSIZE: usize = 42;
const E_PHNUM: usize = 44;
const E_SHENTSIZE: usize = 46;
const E_SHNUM: usize = 48;
const E_SHSTRNDX: usize = 50;

const PROGRAM_HEADER_BYTES: usize = 32;
const SECTION_HEADER_BYTES: usize = 40;
/// Offsets of a section header's fields.
const SH_OFFSET: usize = 16;
const SH_SIZE: usize = 20;

const PT_LOAD: u32 = 1;
const PF_X_R: u32 = 0b101;
const SHT_PROGBITS: u32 = 1;
const SHF_ALLOC_EXECINSTR: u32 = 0b110;
/// From this number of sections on, the header counts them in another way.
const SHN_LORESERVE: usize = 0xff00;
const PN_XNUM: usize = 0xffff;

pub(super) fn write(firmware: &Firmware<'_>) -> Result<Vec<u8>, WriteError> {
    let old = firmware.bytes;
    let images = &firmware.images;
    let mut file = old.to_vec();
    if images.is_empty() {
        return Ok(file);
    }
    let mut program_headers = table(old, E_PHOFF, E_PHNUM, E_PHENTSIZE, PROGRAM_HEADER_BYTES)?;
    let sections = table(old, E_SHOFF, E_SHNUM, E_SHENTSIZE, SECTION_HEADER_BYTES);
    if program_headers.len() / PROGRAM_HEADER_BYTES + images.len() >= PN_XNUM {
        return Err(WriteError::Elf("it has too many segments"));
    }

    let mut offsets = Vec::new();
    for placed in images {
        align(&mut file);
        let offset = file.len() as u32;
        offsets.push(offset);
        file.extend(&placed.image);
        let bytes = placed.image.len() as u32;
        let header = [
            PT_LOAD,
            offset,
            placed.address,
            placed.address,
            bytes,
            bytes,
            PF_X_R,
            4,
        ];
        program_headers.extend(header.iter().flat_map(|word| word.to_le_bytes()));
    }
    align(&mut file);
    let end = file.len();
    set_word(&mut file, E_PHOFF, end);
    file.extend(&program_headers);
    set_half(
        &mut file,
        E_PHNUM,
        program_headers.len() / PROGRAM_HEADER_BYTES,
    );
    set_half(&mut file, E_PHENTSIZE, PROGRAM_HEADER_BYTES);

    // A file without section headers is as good without.
    match sections {
        Ok(sections) if !sections.is_empty() => {
            append_sections(&mut file, sections, images, &offsets)?;
        }
        _ => {}
    }
    if u32::try_from(file.len()).is_err() {
        return Err(WriteError::Elf("it would be larger than 4 GiB"));
    }
    Ok(file)
}

fn append_sections(
    file: &mut Vec<u8>,
    mut sections: Vec<u8>,
    images: &[Placed],
    offsets: &[u32],
) -> Result<(), WriteError> {
    let count = sections.len() / SECTION_HEADER_BYTES + images.len();
    if count >= SHN_LORESERVE {
        return Err(WriteError::Elf("it has too many sections"));
    }
    let names_section = usize::from(half(file, E_SHSTRNDX)) * SECTION_HEADER_BYTES;
    let unreadable = WriteError::Elf("the names of its sections are not where it says");
    if names_section == 0 || names_section >= sections.len() {
        return Err(unreadable);
    }
    let begin = word(&sections, names_section + SH_OFFSET) as usize;
    let end = begin.checked_add(word(&sections, names_section + SH_SIZE) as usize);
    let range = end.map(|end| begin..end);
    let mut strings = match range.and_then(|range: Range<usize>| file.get(range)) {
        Some(strings) => strings.to_vec(),
        None => return Err(unreadable),
    };
    for (placed, offset) in images.iter().zip(offsets) {
        let header = [
            strings.len() as u32,
            SHT_PROGBITS,
            SHF_ALLOC_EXECINSTR,
            placed.address,
            *offset,
            placed.image.len() as u32,
            0,
            0,
            4,
            0,
        ];
        sections.extend(header.iter().flat_map(|word| word.to_le_bytes()));
        strings.extend(section_name(placed).bytes());
        strings.push(0);
    }
    let strings_at = file.len() as u32;
    let place = names_section + SH_OFFSET;
    sections[place..place + 4].copy_from_slice(&strings_at.to_le_bytes());
    let place = names_section + SH_SIZE;
    sections[place..place + 4].copy_from_slice(&(strings.len() as u32).to_le_bytes());
    file.extend(strings);
    align(file);
    let end = file.len();
    set_word(file, E_SHOFF, end);
    file.extend(sections);
    set_half(file, E_SHNUM, count);
    Ok(())
}

/// `.wasm2mcu.image.app`; outside of slots the address in place of a name.
fn section_name(placed: &Placed) -> String {
    match &placed.slot {
        Some(slot) => format!(".wasm2mcu.image.{}", slot.name),
        None => format!(".wasm2mcu.image.{:08x}", placed.address),
    }
}

/// The table that the header names by the offset, the number and the size of its entries.
fn table(
    file: &[u8],
    offset: usize,
    number: usize,
    entry_bytes: usize,
    expected: usize,
) -> Result<Vec<u8>, WriteError> {
    let bytes = usize::from(half(file, number)) * expected;
    if bytes != 0 && usize::from(half(file, entry_bytes)) != expected {
        return Err(WriteError::Elf("its tables have entries of another size"));
    }
    let begin = word(file, offset) as usize;
    let range = file.get(begin..begin.saturating_add(bytes));
    range
        .map(<[u8]>::to_vec)
        .ok_or(WriteError::Elf("its tables are not where it says"))
}

fn align(file: &mut Vec<u8>) {
    file.resize(file.len().next_multiple_of(4), 0);
}

fn half(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from(half(bytes, at)) | u32::from(half(bytes, at + 2)) << 16
}

fn set_half(file: &mut [u8], at: usize, value: usize) {
    file[at..at + 2].copy_from_slice(&(value as u16).to_le_bytes());
}

fn set_word(file: &mut [u8], at: usize, value: usize) {
    file[at..at + 4].copy_from_slice(&(value as u32).to_le_bytes());
}
