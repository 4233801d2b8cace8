//! What of a firmware's ELF file matters to who puts images into it.
//!
//! ```text
//!   program headers ──▶ Segment: bytes with the address to load them to, and the RAM they run in
//!   section headers ──▶ names of what is where, for messages; the records of slots
//!   symbols ──────────▶ borders of slots
//! ```

use std::ops::Range;

use goblin::elf::header::{EI_CLASS, EI_DATA, ELFCLASS32, ELFDATA2LSB, ELFMAG, ET_EXEC, ET_REL};
use goblin::elf::header::{EM_ARM, EM_RISCV, machine_to_str};
use goblin::elf::program_header::PT_LOAD;
use goblin::elf::section_header::{SHF_ALLOC, SHT_NOBITS};
use goblin::elf::{Elf, ProgramHeader, SectionHeader};
use wasm2mcu_abi::firmware::SECTION;
use wasm2mcu_abi::image::Architecture;

use super::FirmwareError;

/// The file, read.
pub(super) struct File<'a> {
    pub(super) architecture: Architecture,
    pub(super) entry: u32,
    pub(super) segments: Vec<Segment>,
    /// The content of the section with the records, if there is one.
    pub(super) records: Option<&'a [u8]>,
    /// Names and addresses of the symbols that are defined.
    pub(super) symbols: Vec<(&'a str, u32)>,
}

/// What a program header says is to be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    /// Where its bytes are loaded to.
    pub(super) load_address: u32,
    /// Its bytes in the file.
    pub(super) file: Range<usize>,
    /// Where it runs, or its variables are.
    pub(super) run: Range<u64>,
    /// Its sections, by the place of their contents or variables in it.
    pub(super) sections: Vec<(String, Range<u64>)>,
}

impl Segment {
    /// The addresses that its bytes are loaded to.
    pub(super) fn load(&self) -> Range<u64> {
        let begin = u64::from(self.load_address);
        begin..begin + self.file.len() as u64
    }
}

/// Reads a file that is linked, for a core that images are compiled for.
pub(super) fn read(bytes: &[u8]) -> Result<File<'_>, FirmwareError> {
    // As text: what begins otherwise is often a file that was meant for another argument.
    if !bytes.starts_with(ELFMAG) {
        return Err(FirmwareError::NoElf);
    }
    let broken = |error: goblin::error::Error| FirmwareError::Broken(error.to_string());
    // Before all else, so that a program of the host is called one.
    let header = Elf::parse_header(bytes).map_err(broken)?;
    let architecture = match header.e_machine {
        EM_ARM => Architecture::Thumb,
        EM_RISCV => Architecture::RiscV32,
        other => return Err(FirmwareError::Machine(machine_to_str(other))),
    };
    if (header.e_ident[EI_CLASS], header.e_ident[EI_DATA]) != (ELFCLASS32, ELFDATA2LSB) {
        return Err(FirmwareError::Class);
    }
    match header.e_type {
        ET_EXEC => {}
        ET_REL => return Err(FirmwareError::NotLinked),
        other => return Err(FirmwareError::Kind(other)),
    }
    let elf = Elf::parse(bytes).map_err(broken)?;
    let segments: Result<Vec<Segment>, _> = elf
        .program_headers
        .iter()
        .filter(|header| header.p_type == PT_LOAD && header.p_memsz != 0)
        .map(|header| segment(&elf, header, bytes.len()))
        .collect();
    let segments = segments?;
    if segments.iter().all(|segment| segment.file.is_empty()) {
        return Err(FirmwareError::NothingToLoad);
    }
    let records = elf.section_headers.iter().find(|section| {
        elf.shdr_strtab.get_at(section.sh_name) == Some(SECTION) && section.sh_type != SHT_NOBITS
    });
    let records = records.map(|section| content(section, bytes)).transpose()?;
    let defined = elf.syms.iter().filter(|symbol| symbol.st_shndx != 0);
    let symbols = defined
        .filter_map(|symbol| Some((elf.strtab.get_at(symbol.st_name)?, symbol.st_value as u32)))
        .collect();
    Ok(File {
        architecture,
        entry: elf.entry as u32,
        segments,
        records,
        symbols,
    })
}

fn segment(
    elf: &Elf<'_>,
    header: &ProgramHeader,
    file_bytes: usize,
) -> Result<Segment, FirmwareError> {
    let file = within(header.p_offset, header.p_filesz, file_bytes)?;
    if header.p_paddr + header.p_filesz > 1 << 32 || header.p_filesz > header.p_memsz {
        return Err(FirmwareError::Broken(format!(
            "the segment at {:#010x} is larger than its place",
            header.p_paddr
        )));
    }
    let sections = elf
        .section_headers
        .iter()
        .filter(|section| section.sh_flags & u64::from(SHF_ALLOC) != 0 && section.sh_size != 0)
        .filter_map(|section| {
            let place = section.sh_addr.checked_sub(header.p_vaddr)?;
            let name = elf.shdr_strtab.get_at(section.sh_name)?;
            let inside = place + section.sh_size <= header.p_memsz;
            inside.then(|| (name.to_owned(), place..place + section.sh_size))
        })
        .collect();
    Ok(Segment {
        load_address: header.p_paddr as u32,
        file,
        run: header.p_vaddr..header.p_vaddr + header.p_memsz,
        sections,
    })
}

fn content<'a>(section: &SectionHeader, bytes: &'a [u8]) -> Result<&'a [u8], FirmwareError> {
    within(section.sh_offset, section.sh_size, bytes.len()).map(|range| &bytes[range])
}

fn within(offset: u64, size: u64, file_bytes: usize) -> Result<Range<usize>, FirmwareError> {
    let end = offset.checked_add(size);
    match end.filter(|end| *end <= file_bytes as u64) {
        Some(end) => Ok(offset as usize..end as usize),
        None => Err(FirmwareError::Broken(format!(
            "{size} bytes at offset {offset:#x} are beyond the end of the file, which has {file_bytes}"
        ))),
    }
}
