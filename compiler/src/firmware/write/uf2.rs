//! UF2: blocks of 512 bytes, each with 256 bytes of flash, for bootloaders that look like a USB drive.
//!
//! Source: USB Flashing Format (UF2) Specification, Microsoft; families: `utils/uf2families.json` there, and for
//! RP2350 its datasheet, section 5.5.3.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use wasm2mcu_abi::image::Architecture;

use super::super::Chunk;
use super::{ERASED, WriteError};

/// The chips that a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The number in each block.
    pub id: u32,
    /// What it is called, where that is known.
    pub name: Option<&'static str>,
    /// What its chips execute, where that is known.
    architecture: Option<Architecture>,
}

/// Families with cores that images are compiled for.
pub const FAMILIES: [Family; 14] = [
    family("rp2350-arm-s", 0xe48b_ff59, Architecture::Thumb),
    family("rp2350-arm-ns", 0xe48b_ff5b, Architecture::Thumb),
    family("rp2350-riscv", 0xe48b_ff5a, Architecture::RiscV32),
    family("nrf52840", 0xada5_2840, Architecture::Thumb),
    family("nrf52833", 0x621e_937a, Architecture::Thumb),
    family("samd51", 0x5511_4460, Architecture::Thumb),
    family("stm32f4", 0x5775_5a57, Architecture::Thumb),
    family("stm32f7", 0x53b8_0f00, Architecture::Thumb),
    family("stm32h7", 0x6db6_6082, Architecture::Thumb),
    family("stm32l4", 0x00ff_6919, Architecture::Thumb),
    family("stm32l5", 0x0424_0bdf, Architecture::Thumb),
    family("lpc55", 0x2abc_77ec, Architecture::Thumb),
    family("esp32c3", 0xd42b_a06c, Architecture::RiscV32),
    family("esp32c6", 0x540d_df62, Architecture::RiscV32),
];

const fn family(name: &'static str, id: u32, architecture: Architecture) -> Family {
    Family {
        id,
        name: Some(name),
        architecture: Some(architecture),
    }
}

impl Family {
    pub(super) fn check(self, firmware: Architecture) -> Result<(), WriteError> {
        match (self.name, self.architecture) {
            (Some(family), Some(expected)) if expected != firmware => {
                Err(WriteError::FamilyArchitecture {
                    family,
                    expected,
                    firmware,
                })
            }
            _ => Ok(()),
        }
    }
}

/// A name, or a number with `0x` before it.
impl FromStr for Family {
    type Err = String;

    fn from_str(text: &str) -> Result<Family, String> {
        if let Some(digits) = text.strip_prefix("0x") {
            let id = u32::from_str_radix(digits, 16);
            let known = |id| FAMILIES.iter().find(|family| family.id == id).copied();
            return id.map_err(|error| error.to_string()).map(|id| {
                known(id).unwrap_or(Family {
                    id,
                    name: None,
                    architecture: None,
                })
            });
        }
        let mut families = FAMILIES.into_iter();
        let found = families.find(|family| family.name == Some(text));
        found.ok_or_else(|| {
            let names = FAMILIES.iter().filter_map(|family| family.name);
            let names: Vec<_> = names.collect();
            format!(
                "no family `{text}` is known; known are {}, and any number such as 0xe48bff59",
                names.join(", ")
            )
        })
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => f.write_str(name),
            None => write!(f, "{:#010x}", self.id),
        }
    }
}

const MAGIC: [u32; 2] = [0x0a32_4655, 0x9e5d_5157];
const MAGIC_END: u32 = 0x0ab1_6f30;
/// The family's number stands where the file's size may otherwise.
const FAMILY_PRESENT: u32 = 0x2000;
const PAGE: u32 = 256;
const BLOCK: usize = 512;
/// Bytes that a block has between its header and its last word.
const PAYLOAD_ROOM: usize = BLOCK - 9 * 4;
/// What the boot ROMs of Raspberry Pi erase at once. They do so by the numbers of blocks, so all pages of a
/// sector have to be there, those behind the last one excepted.
const SECTOR: u32 = 4096;

type Page = [u8; PAGE as usize];

pub(super) fn write(chunks: &[Chunk<'_>], family: Family) -> Vec<u8> {
    let pages = pages(chunks);
    let count = pages.len() as u32;
    let blocks = pages.iter().zip(0u32..);
    blocks
        .flat_map(|((&number, page), index)| {
            let header = [
                MAGIC[0],
                MAGIC[1],
                FAMILY_PRESENT,
                number * PAGE,
                PAGE,
                index,
                count,
                family.id,
            ];
            let mut block = Vec::with_capacity(BLOCK);
            block.extend(header.iter().flat_map(|word| word.to_le_bytes()));
            block.extend(page);
            block.resize(block.len() + PAYLOAD_ROOM - page.len(), 0);
            block.extend(MAGIC_END.to_le_bytes());
            block
        })
        .collect()
}

/// What flash is to hold, by page, with all pages of each sector up to the last page.
fn pages(chunks: &[Chunk<'_>]) -> BTreeMap<u32, Page> {
    let mut pages: BTreeMap<u32, Page> = BTreeMap::new();
    for chunk in chunks {
        for (byte, place) in chunk.bytes.iter().zip(chunk.address..=u32::MAX) {
            let page = pages.entry(place / PAGE).or_insert([ERASED; PAGE as usize]);
            page[(place % PAGE) as usize] = *byte;
        }
    }
    let Some((&last, _)) = pages.last_key_value() else {
        return pages;
    };
    const PAGES: u32 = SECTOR / PAGE;
    let sectors: BTreeSet<u32> = pages.keys().map(|page| page / PAGES).collect();
    let whole = sectors
        .into_iter()
        .flat_map(|sector| sector * PAGES..=sector * PAGES + (PAGES - 1));
    for page in whole.take_while(|page| *page < last) {
        pages.entry(page).or_insert([ERASED; PAGE as usize]);
    }
    pages
}
