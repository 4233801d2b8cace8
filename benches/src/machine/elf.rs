//! A linked program: what lies where in memory, and how large it is.

use object::read::elf::{ElfFile32, ProgramHeader};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind};

use super::Segment;
use super::emulated::Call;

/// A program that was linked with `engines/flat.x`.
#[derive(Clone, Debug)]
pub(crate) struct Elf {
    /// Everything that is loaded, variables with initial values at their addresses in RAM.
    pub(crate) segments: Vec<Segment>,
    symbols: Vec<(String, u32)>,
    /// Bytes of executable sections.
    pub(crate) code_bytes: u64,
    /// Bytes of constants, and of the initial values of variables.
    pub(crate) rodata_bytes: u64,
    /// Bytes of variables.
    pub(crate) ram_bytes: u64,
}

impl Elf {
    /// Reads an ELF file.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let failed = |error: object::Error| format!("linked ELF: {error}");
        let file = ElfFile32::<object::Endianness>::parse(bytes).map_err(failed)?;
        let endian = file.endian();
        let mut segments = Vec::new();
        for header in file.elf_program_headers() {
            if header.p_type(endian) != object::elf::PT_LOAD {
                continue;
            }
            let data = header.data(endian, bytes);
            let data = data.map_err(|()| "linked ELF: a segment is cut short")?;
            segments.push(Segment {
                address: header.p_vaddr(endian),
                bytes: data.to_vec(),
            });
        }
        let symbols = file.symbols().filter_map(|symbol| {
            let name = symbol.name().ok()?.to_owned();
            Some((name, symbol.address() as u32))
        });
        let mut elf = Self {
            segments,
            symbols: symbols.collect(),
            code_bytes: 0,
            rodata_bytes: 0,
            ram_bytes: 0,
        };
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
                continue;
            };
            let has = |flag: object::elf::SectionFlags| sh_flags.contains(flag);
            if !has(object::elf::SHF_ALLOC) {
                continue;
            }
            if has(object::elf::SHF_EXECINSTR) {
                elf.code_bytes += section.size();
            } else if !has(object::elf::SHF_WRITE) {
                elf.rodata_bytes += section.size();
            } else {
                elf.ram_bytes += section.size();
                if section.kind() != SectionKind::UninitializedData {
                    elf.rodata_bytes += section.size();
                }
            }
        }
        Ok(elf)
    }

    /// The value of a symbol.
    ///
    /// # Errors
    ///
    /// That there is none of this name.
    pub(crate) fn symbol(&self, name: &str) -> Result<u32, String> {
        let mut symbols = self.symbols.iter();
        let found = symbols.find(|(candidate, _)| candidate == name);
        let (_, value) = found.ok_or_else(|| format!("linked ELF: no symbol `{name}`"))?;
        Ok(*value)
    }

    /// A call of one of its functions.
    ///
    /// # Errors
    ///
    /// As [`Elf::symbol`].
    pub(crate) fn call(&self, function: &str, arguments: [u32; 4]) -> Result<Call, String> {
        Ok(Call {
            function: self.symbol(function)?,
            arguments,
            // Only RISC-V programs have one.
            global_pointer: self.symbol("__global_pointer$").unwrap_or_default(),
        })
    }
}
