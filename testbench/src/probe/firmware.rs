//! The firmware of a chip, as an ELF file: what goes into the flash, how to know it, how to speak to it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use object::elf::{FileHeader32, NT_GNU_BUILD_ID, PT_LOAD};
use object::read::elf::{ElfFile, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol};

use super::chips::Chip;
use super::target::Segment;
use crate::board::BoardError;

const SET_UP: &str = "run `testbench/test.sh --setup-only`, which builds the firmware of all chips";
/// The environment variable that names another file as the firmware.
const VARIABLE: &str = "WASM2MCU_FIRMWARE_CHIP";
/// The control block of the rings, as every RTT tool calls it.
const RTT: &[u8] = b"_SEGGER_RTT";

/// A firmware.
#[derive(Debug)]
pub struct Firmware {
    /// What goes into the flash.
    pub segments: Vec<Segment>,
    /// Address and bytes of the note in it that the linker made from all that it linked: no two
    /// firmwares have the same.
    pub id: Segment,
    /// Address of the control block.
    pub rtt: u32,
}

impl Firmware {
    /// The firmware of this chip, from where it was built.
    ///
    /// # Errors
    ///
    /// [`BoardError::Absent`] if it was not built, or is no firmware.
    pub fn of(chip: &Chip) -> Result<Self, BoardError> {
        let path = path(chip);
        let bytes = fs::read(&path).map_err(|error| BoardError::Absent {
            what: format!(
                "no firmware for {} at {}: {error}",
                chip.name(),
                path.display()
            ),
            remedy: SET_UP,
        })?;
        Self::parse(&bytes).ok_or_else(|| BoardError::Absent {
            what: format!("{} is no firmware of the test bench", path.display()),
            remedy: SET_UP,
        })
    }

    /// Reads an ELF file; `None` if it is none, or lacks the note or the control block.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let file = ElfFile::<FileHeader32<Endianness>>::parse(bytes).ok()?;
        let endian = file.endian();
        let mut segments = Vec::new();
        let mut id = None;
        for header in file.elf_program_headers() {
            let content = header.data(endian, bytes).ok()?;
            if header.p_type(endian) == PT_LOAD && !content.is_empty() {
                segments.push(Segment {
                    address: header.p_paddr(endian),
                    bytes: content.to_vec(),
                });
            }
            let Some(mut notes) = header.notes(endian, bytes).ok()? else {
                continue;
            };
            while let Some(note) = notes.next().ok()? {
                if note.n_type(endian) == NT_GNU_BUILD_ID {
                    id = Some(Segment {
                        address: header.p_paddr(endian),
                        bytes: content.to_vec(),
                    });
                }
            }
        }
        let rtt = file
            .symbols()
            .find(|symbol| symbol.name_bytes() == Ok(RTT))?;
        Some(Self {
            segments,
            id: id?,
            rtt: u32::try_from(rtt.address()).ok()?,
        })
    }
}

/// Where the firmware is.
fn path(chip: &Chip) -> PathBuf {
    if let Some(path) = env::var_os(VARIABLE) {
        return PathBuf::from(path);
    }
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
    env::var_os("CARGO_TARGET_DIR")
        .map_or(built, PathBuf::from)
        .join("firmware")
        .join(format!("{}.elf", chip.name()))
}
