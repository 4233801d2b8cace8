//! The forms of a flashable file.

mod bin;
mod elf;
mod hex;
mod uf2;

use std::path::Path;

use thiserror::Error;
use wasm2mcu_abi::image::Architecture;

pub use uf2::{FAMILIES, Family};

use super::Firmware;

/// What flash has where nothing was written.
const ERASED: u8 = 0xff;

/// The form of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The firmware's ELF file with a segment and a section more for each image.
    Elf,
    /// The bytes from the lowest address on, gaps filled as erased flash is.
    Bin,
    /// Intel HEX.
    Hex,
    /// Microsoft's UF2, for the chips of this family.
    Uf2(Family),
}

/// Why there is no such file.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WriteError {
    /// A BIN would be mostly gap.
    #[error(
        "a BIN holds all from the lowest address to the highest, here {from:#010x} to {to:#010x}, and \
         that is {bytes} bytes for {used} of content; write an ELF or HEX"
    )]
    Gaps {
        /// The lowest address.
        from: u64,
        /// The highest.
        to: u64,
        /// Bytes from one to the other.
        bytes: u64,
        /// Bytes that are not gap.
        used: u64,
    },
    /// The chips of the family execute other code.
    #[error("the chips of family {family} execute {expected}, the firmware is for {firmware}")]
    FamilyArchitecture {
        /// The family's name.
        family: &'static str,
        /// What they execute.
        expected: Architecture,
        /// What the firmware is for.
        firmware: Architecture,
    },
    /// Its tables cannot be extended.
    #[error("the ELF file cannot be extended: {0}")]
    Elf(&'static str),
}

impl Format {
    /// The extensions that stand for a form, to be named in messages.
    pub const EXTENSIONS: [&str; 6] = ["elf", "axf", "bin", "hex", "ihex", "uf2"];

    /// The form that a file of this name has; `None` for UF2 without a family, and for others.
    pub fn of_path(path: &Path, family: Option<Family>) -> Option<Format> {
        match &*extension(path)? {
            "elf" | "axf" => Some(Format::Elf),
            "bin" => Some(Format::Bin),
            "hex" | "ihex" => Some(Format::Hex),
            "uf2" => family.map(Format::Uf2),
            _ => None,
        }
    }

    /// Whether a file of this name is for a family of chips.
    pub fn needs_family(path: &Path) -> bool {
        extension(path).is_some_and(|extension| extension == "uf2")
    }
}

fn extension(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?;
    Some(extension.to_ascii_lowercase())
}

pub(super) fn write(firmware: &Firmware<'_>, format: Format) -> Result<Vec<u8>, WriteError> {
    match format {
        Format::Elf => elf::write(firmware),
        Format::Bin => bin::write(&firmware.chunks()),
        Format::Hex => Ok(hex::write(&firmware.chunks(), firmware.entry)),
        Format::Uf2(family) => {
            family.check(firmware.architecture)?;
            Ok(uf2::write(&firmware.chunks(), family))
        }
    }
}
