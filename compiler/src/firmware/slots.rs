//! The slots of a firmware: from its records, or from nothing but linker symbols.

use std::fmt;

use wasm2mcu_abi::firmware::{
    SECTION, SYMBOL_END, SYMBOL_PREFIX, SYMBOL_START, SlotRecord, Versions, is_name,
};
use wasm2mcu_abi::image::{ALIGNMENT, Features};

use super::FirmwareError;
use super::elf::File;

/// A place in the firmware's flash that is left to an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What it is called.
    pub name: String,
    /// Its first address.
    pub start: u32,
    /// The address behind its last byte.
    pub end: u32,
    /// What the address of an image in it is a multiple of.
    pub alignment: u32,
    /// What the loader takes there; `None` if linker symbols are all that there is.
    pub loader: Option<Loader>,
}

/// What the loader of a firmware takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loader {
    /// Versions of the image format.
    pub formats: Versions,
    /// Versions of the ABI.
    pub abis: Versions,
    /// What the core has.
    pub features: Features,
}

impl Slot {
    /// Its size in bytes.
    pub fn bytes(&self) -> u32 {
        self.end - self.start
    }

    /// Whether this address lies in it.
    pub(super) fn contains(&self, address: u32) -> bool {
        self.start <= address && address < self.end
    }
}

/// `app (65536 bytes at 0x10100000)`
impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Slot { name, start, .. } = self;
        write!(f, "{name} ({} bytes at {start:#010x})", self.bytes())
    }
}

/// All slots, by address.
pub(super) fn find(file: &File<'_>) -> Result<Vec<Slot>, FirmwareError> {
    let mut slots = recorded(file)?;
    for slot in of_symbols(file)? {
        if slots.iter().all(|other| other.name != slot.name) {
            slots.push(slot);
        }
    }
    slots.sort_by_key(|slot| slot.start);
    for pair in slots.windows(2) {
        if pair[0].end > pair[1].start {
            return Err(FirmwareError::SlotsOverlap(
                pair[0].clone(),
                pair[1].clone(),
            ));
        }
    }
    Ok(slots)
}

fn recorded(file: &File<'_>) -> Result<Vec<Slot>, FirmwareError> {
    let mut slots: Vec<Slot> = Vec::new();
    let records = file.records.unwrap_or_default();
    for (bytes, number) in records.chunks(SlotRecord::BYTES as usize).zip(0..) {
        let record =
            SlotRecord::read(bytes).map_err(|fault| FirmwareError::Record { number, fault })?;
        if record.architecture != file.architecture {
            return Err(FirmwareError::RecordArchitecture {
                slot: record.name.to_owned(),
                record: record.architecture,
                file: file.architecture,
            });
        }
        let slot = Slot {
            name: record.name.to_owned(),
            start: record.start,
            end: record.end,
            alignment: record.alignment,
            loader: Some(Loader {
                formats: record.formats,
                abis: record.abis,
                features: record.features,
            }),
        };
        match slots.iter().find(|other| other.name == slot.name) {
            // Of a macro that two objects have.
            Some(other) if *other == slot => {}
            Some(_) => return Err(FirmwareError::SlotTwice(slot.name)),
            None => slots.push(slot),
        }
    }
    Ok(slots)
}

fn of_symbols(file: &File<'_>) -> Result<Vec<Slot>, FirmwareError> {
    let mut slots = Vec::new();
    let named = |symbol: &str, border: &str| {
        let name = symbol.strip_prefix(SYMBOL_PREFIX)?.strip_suffix(border)?;
        is_name(name).then(|| name.to_owned())
    };
    for &(symbol, start) in &file.symbols {
        let Some(name) = named(symbol, SYMBOL_START) else {
            continue;
        };
        let mut symbols = file.symbols.iter();
        let end = symbols.find(|(symbol, _)| named(symbol, SYMBOL_END).as_ref() == Some(&name));
        let Some(&(_, end)) = end else {
            return Err(FirmwareError::HalfASlot(name));
        };
        if end <= start || start % ALIGNMENT != 0 {
            return Err(FirmwareError::Borders { name, start, end });
        }
        slots.push(Slot {
            name,
            start,
            end,
            alignment: ALIGNMENT,
            loader: None,
        });
    }
    Ok(slots)
}

/// How a message lists what there is.
pub(super) fn listed(slots: &[Slot]) -> String {
    if slots.is_empty() {
        return format!(
            "it declares none, neither in a section {SECTION} nor by symbols \
             {SYMBOL_PREFIX}NAME{SYMBOL_START}"
        );
    }
    let slots: Vec<String> = slots.iter().map(Slot::to_string).collect();
    format!("it has {}", slots.join(", "))
}
