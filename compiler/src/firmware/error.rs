//! Why a firmware or an image is refused, with what both sides say.

use thiserror::Error;
use wasm2mcu_abi::firmware::{
    SECTION, SYMBOL_END, SYMBOL_PREFIX, SYMBOL_START, SlotFault, Versions,
};
use wasm2mcu_abi::image::{Architecture, Features};

use super::slots::{Slot, listed};

/// Why a file is no firmware that images can go into. The message follows the file's name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FirmwareError {
    /// The file is no ELF file.
    #[error(
        "this is no ELF file; give the firmware as the linker wrote it, not a BIN or HEX made of it"
    )]
    NoElf,
    /// The file cannot be read as ELF.
    #[error("the ELF file is broken: {0}")]
    Broken(String),
    /// It is for a machine that images are not compiled for.
    #[error("this is a program for {0}; images go into firmware for ARM or RISCV")]
    Machine(&'static str),
    /// It has 64 bits, or is big-endian.
    #[error(
        "this is no 32-bit little-endian program, as the cores are that images are compiled for"
    )]
    Class,
    /// It is an object or a library of them.
    #[error("this is an object that is not linked yet; images go into the linked firmware")]
    NotLinked,
    /// It is something else than a program at fixed addresses.
    #[error("this is no program at fixed addresses (ELF type {0}, not 2)")]
    Kind(u16),
    /// No segment has bytes to load.
    #[error("it has nothing to load: no segment with bytes")]
    NothingToLoad,
    /// A record of a slot is broken.
    #[error("record {number} in its section {SECTION}: {fault}")]
    Record {
        /// Which one, from 0.
        number: usize,
        /// What is wrong.
        fault: SlotFault,
    },
    /// A record is for another architecture than the file.
    #[error("slot {slot} is declared for {record}, but the firmware is for {file}")]
    RecordArchitecture {
        /// The slot's name.
        slot: String,
        /// What the record says.
        record: Architecture,
        /// What the file is for.
        file: Architecture,
    },
    /// Two records of this name differ.
    #[error("slot {0} is declared twice, in different ways")]
    SlotTwice(String),
    /// Two slots share addresses.
    #[error("its slots {0} and {1} overlap")]
    SlotsOverlap(Slot, Slot),
    /// A start without an end.
    #[error(
        "it has the symbol {SYMBOL_PREFIX}{0}{SYMBOL_START}, but not {SYMBOL_PREFIX}{0}{SYMBOL_END}"
    )]
    HalfASlot(String),
    /// Borders that no image fits between.
    #[error(
        "slot {name}: its symbols say that it goes from {start:#010x} to {end:#010x}; it must begin at a \
         multiple of 4 and end behind that"
    )]
    Borders {
        /// The slot's name.
        name: String,
        /// Its start.
        start: u32,
        /// Its end.
        end: u32,
    },
}

/// Why an image cannot go where it is to go. The message follows the image's name.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FitError {
    /// The bytes are no image.
    #[error("this is no whole image of a version that this program knows")]
    NoImage,
    /// There is no slot of this name.
    #[error("the firmware has no slot {name}: {}", listed(.slots))]
    UnknownSlot {
        /// The name.
        name: String,
        /// The slots that there are.
        slots: Vec<Slot>,
    },
    /// No place was named, and there is not one slot alone.
    #[error("say which slot of the firmware it goes to: {}", listed(.0))]
    WhichSlot(Vec<Slot>),
    /// No place was named, and there is no slot.
    #[error("the firmware has no slot for it: {}; --at ADDR puts it elsewhere", listed(&[]))]
    NoSlot,
    /// The machine code is for another instruction set.
    #[error("the image is for {image}, the firmware for {firmware}")]
    Architecture {
        /// The image's.
        image: Architecture,
        /// The firmware's.
        firmware: Architecture,
    },
    /// The loader does not read this version of the format.
    #[error(
        "the image has format version {image}, the firmware's loader for slot {slot} reads {loader}: \
         {}",
        remedy(*.image, *.loader)
    )]
    Format {
        /// The image's.
        image: u16,
        /// The loader's.
        loader: Versions,
        /// The slot that says so.
        slot: String,
    },
    /// The loader does not speak this version of the ABI.
    #[error(
        "the image has ABI version {image}, the firmware's loader for slot {slot} speaks {loader}: {}",
        remedy(*.image, *.loader)
    )]
    Abi {
        /// The image's.
        image: u16,
        /// The loader's.
        loader: Versions,
        /// The slot that says so.
        slot: String,
    },
    /// The core has not all that the code relies on.
    #[error(
        "the image needs {}; slot {slot} of the firmware offers {}: {} missing; compile for the \
         firmware's core, see --target, --cpu and --features",
        .needed.names(*.architecture),
        .offered.names(*.architecture),
        .needed.without(*.offered).names(*.architecture)
    )]
    Features {
        /// What the bits mean.
        architecture: Architecture,
        /// What the image needs.
        needed: Features,
        /// What the firmware offers.
        offered: Features,
        /// The slot that says so.
        slot: String,
    },
    /// It is larger than the room.
    #[error(
        "the image has {image} bytes, slot {slot} has room for {room} from {address:#010x} on: \
         {} too many",
        .image - .room
    )]
    TooLarge {
        /// Bytes of the image.
        image: u64,
        /// Bytes from there to the slot's end.
        room: u64,
        /// Where it would begin.
        address: u32,
        /// The slot.
        slot: Slot,
    },
    /// The address is no multiple of what it has to be.
    #[error("the address {address:#010x} is no multiple of {alignment}, {why}")]
    Misaligned {
        /// Where it would begin.
        address: u32,
        /// What it has to be a multiple of.
        alignment: u32,
        /// Who says so.
        why: String,
    },
    /// It would go beyond the last address.
    #[error("{image} bytes from {address:#010x} on go beyond the last address")]
    BeyondTheEnd {
        /// Bytes of the image.
        image: u64,
        /// Where it would begin.
        address: u32,
    },
    /// Something is there already.
    #[error(
        "{what} {from:#010x} to {to:#010x} overlaps {other}, {other_from:#010x} to {other_to:#010x}"
    )]
    Overlap {
        /// What is to go there.
        what: String,
        /// Its first address.
        from: u64,
        /// Its last address.
        to: u64,
        /// What is there.
        other: String,
        /// Its first address.
        other_from: u64,
        /// Its last address.
        other_to: u64,
    },
}

fn remedy(image: u16, loader: Versions) -> &'static str {
    if image < loader.lowest {
        "compile the module with a newer compiler"
    } else {
        "build the firmware with a newer loader"
    }
}
