//! Firmware for the tests: ELF files with what linking images looks at, made without a linker.

use wasm2mcu_abi::firmware::{SlotRecord, Versions};
use wasm2mcu_abi::image::{Architecture, Features};

pub(super) const EM_ARM: u16 = 40;
pub(super) const EM_RISCV: u16 = 243;
pub(super) const EM_386: u16 = 3;

/// A firmware for a Cortex-M33 with the slot `app`, code in flash and variables in RAM.
#[derive(Clone)]
pub(super) struct FirmwareFile {
    pub(super) machine: u16,
    /// Of the program: 2.
    pub(super) kind: u16,
    /// 1 for 32 bits.
    pub(super) class: u8,
    pub(super) segments: Vec<Segment>,
    /// Content of the section with the records; none if it is empty.
    pub(super) records: Vec<u8>,
    pub(super) symbols: Vec<(&'static str, u32)>,
}

/// A segment with one section.
#[derive(Clone)]
pub(super) struct Segment {
    pub(super) section: &'static str,
    pub(super) load: u32,
    pub(super) run: u32,
    pub(super) bytes: Vec<u8>,
    pub(super) memory: u32,
}

/// What the test's firmware says of its slot.
pub(super) const APP: SlotRecord<'static> = SlotRecord {
    architecture: Architecture::Thumb,
    formats: Versions::FORMAT,
    abis: Versions::ABI,
    features: Features(
        Features::THUMB_FPU.0 | Features::THUMB_V8M.0 | Features::THUMB_HARD_FLOAT_ABI.0,
    ),
    start: 0x0806_0000,
    end: 0x0807_0000,
    alignment: 0x1000,
    name: "app",
};

impl FirmwareFile {
    pub(super) fn new() -> FirmwareFile {
        FirmwareFile::with_slots(&[APP])
    }

    pub(super) fn with_slots(slots: &[SlotRecord<'_>]) -> FirmwareFile {
        let code = Segment {
            section: ".text",
            load: 0x0800_0000,
            run: 0x0800_0000,
            bytes: (0..1000u32).map(|n| (n * 7 + 1) as u8).collect(),
            memory: 1000,
        };
        let data = Segment {
            section: ".data",
            load: 0x0800_0400,
            run: 0x2000_0000,
            bytes: vec![0xda; 20],
            memory: 20,
        };
        let bss = Segment {
            section: ".bss",
            load: 0x2000_0014,
            run: 0x2000_0014,
            bytes: Vec::new(),
            memory: 0x100,
        };
        FirmwareFile {
            machine: EM_ARM,
            kind: 2,
            class: 1,
            segments: vec![code, data, bss],
            records: slots.iter().flat_map(SlotRecord::to_bytes).collect(),
            symbols: vec![("main", 0x0800_0001)],
        }
    }

    /// System V ABI, chapters 4 and 5.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        const HEADER: usize = 52;
        let mut file = vec![0; HEADER];
        let (mut programs, mut sections) = (Vec::new(), vec![[0u32; 10]]);
        let mut names = vec![0u8];
        let mut name = |text: &str| {
            let at = names.len() as u32;
            names.extend(text.bytes().chain([0]));
            at
        };
        for segment in &self.segments {
            let (at, bytes) = (file.len() as u32, segment.bytes.len() as u32);
            file.extend(&segment.bytes);
            let (load, run) = (segment.load, segment.run);
            programs.push([1, at, run, load, bytes, segment.memory, 7, 4]);
            let kind = if bytes == 0 { 8 } else { 1 };
            let number = name(segment.section);
            sections.push([number, kind, 2, run, at, segment.memory, 0, 0, 4, 0]);
        }
        let mut add = |file: &mut Vec<u8>, number, kind, bytes: &[u8], link, entry| {
            file.resize(file.len().next_multiple_of(4), 0);
            let (at, size) = (file.len() as u32, bytes.len() as u32);
            file.extend(bytes);
            sections.push([number, kind, 0, 0, at, size, link, 0, 1, entry]);
        };
        if !self.records.is_empty() {
            let number = name(".wasm2mcu.slots");
            add(&mut file, number, 1, &self.records, 0, 0);
        }
        let (mut strings, mut symbols) = (vec![0u8], vec![0u8; 16]);
        for (symbol, value) in &self.symbols {
            let words = [strings.len() as u32, *value, 0, 0xfff1_0010];
            symbols.extend(words.iter().flat_map(|word| word.to_le_bytes()));
            strings.extend(symbol.bytes().chain([0]));
        }
        let number = name(".strtab");
        add(&mut file, number, 3, &strings, 0, 0);
        let string_section = self.segments.len() as u32 + u32::from(!self.records.is_empty()) + 1;
        let number = name(".symtab");
        add(&mut file, number, 2, &symbols, string_section, 16);
        let number = name(".shstrtab");
        let all_names = names.clone();
        add(&mut file, number, 3, &all_names, 0, 0);

        file.resize(file.len().next_multiple_of(4), 0);
        let (programs_at, programs_count) = (file.len() as u32, programs.len());
        file.extend(programs.as_flattened().iter().flat_map(|w| w.to_le_bytes()));
        let (sections_at, sections_count) = (file.len() as u32, sections.len());
        file.extend(sections.as_flattened().iter().flat_map(|w| w.to_le_bytes()));

        let ident = [0x7f, b'E', b'L', b'F', self.class, 1, 1];
        file[..7].copy_from_slice(&ident);
        let mut half =
            |at: usize, value: u16| file[at..at + 2].copy_from_slice(&value.to_le_bytes());
        half(16, self.kind);
        half(18, self.machine);
        half(20, 1);
        half(40, HEADER as u16);
        half(42, 32);
        half(44, programs_count as u16);
        half(46, 40);
        half(48, sections_count as u16);
        half(50, sections_count as u16 - 1);
        let mut word =
            |at: usize, value: u32| file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        word(24, 0x0800_0001);
        word(28, programs_at);
        word(32, sections_at);
        file
    }
}
