//! Errors: what is wrong, where, and the figures of both sides.
//!
//! All are small plain values; the formatting machinery is linked only where one is displayed.

use core::error::Error;
use core::fmt;

use wasm2mcu_abi::image::{ABI_VERSION, Architecture, FORMAT_VERSION, Features, KeyId};
use wasm2mcu_abi::trap::TrapCode;

use crate::image::Image;
use crate::records::Name;

/// Why bytes are no image that this loader can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ImageError {
    /// The bytes do not begin with the magic number.
    Magic,
    /// The format version is another than the loader's.
    FormatVersion(u16),
    /// The ABI version is another than the loader's.
    AbiVersion(u16),
    /// The architecture's number is unknown.
    Architecture(u16),
    /// Fewer bytes than the image has.
    Truncated {
        /// Bytes that the image has.
        needed: u32,
        /// Bytes that were given.
        given: usize,
    },
    /// Something inside contradicts the specification.
    Malformed {
        /// Offset in the image of the field or record.
        offset: u32,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The image is for another instruction set than the policy's core has.
    OtherArchitecture {
        /// What the image is for.
        image: Architecture,
        /// What the core executes.
        core: Architecture,
    },
    /// The policy's core lacks features that the image's code relies on.
    Features {
        /// The core's architecture.
        architecture: Architecture,
        /// What the image requires and the core lacks.
        missing: Features,
    },
    /// The SHA-256 in the trailer is not that of the bytes.
    Hash,
    /// The policy runs signed images only, and this one has no signature.
    Unsigned,
    /// None of the policy's keys is the one that is said to have signed the image.
    UnknownKey(KeyId),
    /// The signature is not of this image by the key that is named.
    Signature(KeyId),
    /// The security counter is below the one that the policy asks for.
    Rollback {
        /// The image's, 0 if it has none.
        image: u32,
        /// The lowest that may run.
        min: u32,
    },
}

/// What is wrong with a field or record of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// A field that must be zero is not, or a field has a value that version 1 does not define.
    Reserved,
    /// The header's size is not that of version 1.
    HeaderBytes,
    /// The size of the image is no multiple of 4, or smaller than its parts.
    ImageBytes,
    /// A section ends before it begins, beyond the image, or not at a multiple of 4.
    SectionEnd,
    /// Minimum, maximum, page size and flags of the memory do not fit together.
    Memory,
    /// Context size, or something that must lie inside the context and does not.
    Context,
    /// A record reaches beyond its section, or a field of it has no meaning.
    Record,
    /// Function offsets are not ascending inside the text.
    Functions,
    /// A code value outside the text or without the architecture's code bit.
    CodeValue,
    /// No well-formed function type at the offset referred to, or not the one that is needed.
    Type,
    /// No name at the offset referred to.
    Name,
    /// A table or memory that the image does not have.
    Index,
    /// A trailer record of an unknown type that may not be skipped, or a known one that is broken,
    /// repeated, or in the wrong place.
    TrailerRecord,
    /// There is no SHA-256 record.
    HashMissing,
}

impl Fault {
    const fn message(self) -> &'static str {
        match self {
            Fault::Reserved => "value not defined in this format version",
            Fault::HeaderBytes => "header size is not 128",
            Fault::ImageBytes => "image size does not fit its parts",
            Fault::SectionEnd => "section end out of order",
            Fault::Memory => "memory sizes do not fit together",
            Fault::Context => "outside of the context",
            Fault::Record => "broken record",
            Fault::Functions => "function offsets not ascending inside the text",
            Fault::CodeValue => "no code there",
            Fault::Type => "no fitting function type there",
            Fault::Name => "no name there",
            Fault::Index => "no such table or memory",
            Fault::TrailerRecord => {
                "unknown critical, broken, repeated or misplaced trailer record"
            }
            Fault::HashMissing => "no SHA-256 in the trailer",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ImageError::Magic => f.write_str("not a wasm2mcu image: magic number missing"),
            ImageError::FormatVersion(version) => write!(
                f,
                "image format version {version}, this loader reads version {FORMAT_VERSION}: \
                 compile the module again or update the firmware"
            ),
            ImageError::AbiVersion(version) => write!(
                f,
                "image made for ABI version {version}, this loader has version {ABI_VERSION}: \
                 compile the module again or update the firmware"
            ),
            ImageError::Architecture(number) => write!(f, "unknown architecture {number}"),
            ImageError::Truncated { needed, given } => {
                write!(
                    f,
                    "image truncated: it has {needed} bytes, {given} were given"
                )
            }
            ImageError::Malformed { offset, fault } => {
                write!(f, "broken image at offset {offset:#x}: {fault}")
            }
            ImageError::OtherArchitecture { image, core } => {
                write!(f, "the image is for {image}, this core executes {core}")
            }
            ImageError::Features {
                architecture,
                missing,
            } => write!(
                f,
                "the image requires what this core lacks: {}",
                missing.names(architecture)
            ),
            ImageError::Hash => f.write_str("SHA-256 of the image does not match its content"),
            ImageError::Unsigned => f.write_str("the image is not signed"),
            ImageError::UnknownKey(id) => {
                write!(
                    f,
                    "the image is signed by key {id}, which is not known here"
                )
            }
            ImageError::Signature(id) => {
                write!(f, "the signature is not of this image by key {id}")
            }
            ImageError::Rollback { image, min } => write!(
                f,
                "the image has security counter {image}, the lowest that may run is {min}"
            ),
        }
    }
}

impl Error for ImageError {}

/// A call that ended early, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Trap {
    /// Why.
    pub code: TrapCode,
    /// Index of the function in the module, imports included; `None` if it happened in none.
    pub function: Option<u32>,
    /// Offset in the text just behind the trap's instruction; 0 if it happened outside of the text.
    pub text_offset: u32,
}

impl Trap {
    /// A trap whose site is at this text offset, which may be none.
    pub(crate) fn at(image: &Image<'_>, code: TrapCode, text_offset: u32) -> Trap {
        // The site is the address behind the stub, which may be where the next function begins.
        let stub = text_offset.wrapping_sub(1);
        if stub >= image.text_bytes() {
            return Trap::outside(code);
        }
        Trap {
            code,
            function: image.function_at(stub),
            text_offset,
        }
    }

    /// A trap outside of module code.
    pub(crate) const fn outside(code: TrapCode) -> Trap {
        Trap {
            code,
            function: None,
            text_offset: 0,
        }
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(function) = self.function {
            write!(f, " in function {function}")?;
        }
        match self.text_offset {
            0 => Ok(()),
            offset => write!(f, " (text offset {offset:#x})"),
        }
    }
}

impl Error for Trap {}

/// Why a call was refused or ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum CallError {
    /// No export has this name.
    NoExport,
    /// The export is of another kind: not a function, or not a global.
    Kind,
    /// The export has another type than the call names.
    Signature,
    /// The [`Function`](crate::Function) is another image's.
    OtherImage,
    /// The image was not compiled to be linked, and so shares neither functions nor tables nor references
    /// to functions.
    Closed,
    /// The argument array is too short for the function's parameters and results.
    Words {
        /// Words that the call needs.
        needed: u32,
        /// Words that were given.
        given: usize,
    },
    /// A call trapped before; the instance has to be reset first.
    Trapped,
    /// A call is running already.
    Running,
    /// The call trapped.
    Trap(Trap),
    /// The core gave up with this number, which is no trap code.
    Core(u32),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::NoExport => f.write_str("no export of this name"),
            CallError::Kind => f.write_str("the export is of another kind"),
            CallError::OtherImage => f.write_str("the function is another image's"),
            CallError::Closed => f.write_str("the image is not linkable"),
            CallError::Signature => f.write_str("the export has another type"),
            CallError::Words { needed, given } => {
                write!(
                    f,
                    "the call needs {needed} words of arguments, {given} given"
                )
            }
            CallError::Trapped => f.write_str("the instance has trapped: reset it first"),
            CallError::Running => f.write_str("a call of this instance is running already"),
            CallError::Trap(trap) => write!(f, "trap: {trap}"),
            CallError::Core(number) => write!(f, "the core gave up with number {number}"),
        }
    }
}

impl Error for CallError {}

impl From<Trap> for CallError {
    fn from(trap: Trap) -> Self {
        CallError::Trap(trap)
    }
}

/// What is wrong with an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ImportFault {
    /// Neither host nor instances offer anything of these names.
    Missing,
    /// What is offered is of another kind.
    Kind,
    /// What is offered has another signature, type or size.
    Signature,
    /// A function of an instance, for an image that was not compiled to be linked.
    Closed,
}

/// Why an image cannot become an instance here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum InstantiateError<'a> {
    /// The image is for another instruction set.
    Architecture {
        /// What the image is for.
        image: Architecture,
        /// What the core executes.
        core: Architecture,
    },
    /// The core lacks features that the image's code relies on.
    Features {
        /// The core's architecture.
        architecture: Architecture,
        /// What the image requires and the core lacks.
        missing: Features,
    },
    /// Guards were removed on the premise of a guard zone right behind the memory, which this core
    /// does not have; or RAM that is larger than the image needs comes in between.
    GuardZone {
        /// Bytes that the image relies on.
        needed: u32,
        /// Bytes that there are.
        offered: u32,
    },
    /// The core does not see the image.
    NotMapped,
    /// The image stands at an address that is no multiple of 4.
    ImageAlignment {
        /// The image's address.
        address: u32,
    },
    /// The RAM stands at an address that is no multiple of 8, or reaches the end of the address
    /// space.
    RamAddress {
        /// The RAM's address.
        address: u32,
    },
    /// Context and memory do not fit into the RAM.
    RamSize {
        /// Bytes needed: context and initial memory.
        needed: u32,
        /// Bytes granted.
        given: usize,
    },
    /// The host cannot provide an import.
    Import {
        /// Module name of the import.
        module: Name<'a>,
        /// Name of the import.
        name: Name<'a>,
        /// What is wrong.
        fault: ImportFault,
    },
    /// An active segment reached beyond its table or memory, or the start function failed.
    Start(CallError),
}

impl fmt::Display for InstantiateError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            InstantiateError::Architecture { image, core } => {
                write!(f, "the image is for {image}, this core executes {core}")
            }
            InstantiateError::Features {
                architecture,
                missing,
            } => write!(
                f,
                "the image requires what this core lacks: {}",
                missing.names(architecture)
            ),
            InstantiateError::GuardZone { needed, offered } => write!(
                f,
                "the image relies on a guard zone of {needed} bytes behind its memory, there are {offered}"
            ),
            InstantiateError::NotMapped => f.write_str("the core does not see the image"),
            InstantiateError::ImageAlignment { address } => {
                write!(
                    f,
                    "the image stands at {address:#010x}, not a multiple of 4"
                )
            }
            InstantiateError::RamAddress { address } => write!(
                f,
                "the RAM at {address:#010x} is not aligned to 8 bytes or reaches beyond 32 bits"
            ),
            InstantiateError::RamSize { needed, given } => {
                write!(f, "the instance needs {needed} bytes of RAM, {given} given")
            }
            InstantiateError::Import {
                module,
                name,
                fault,
            } => {
                let what = match fault {
                    ImportFault::Missing => "is not offered by the host",
                    ImportFault::Kind => "is of another kind at the host",
                    ImportFault::Signature => "has another signature at the host",
                    ImportFault::Closed => {
                        "is a function of an instance, and the image is not linkable"
                    }
                };
                write!(f, "import {module}.{name} {what}")
            }
            InstantiateError::Start(error) => write!(f, "instantiation: {error}"),
        }
    }
}

impl Error for InstantiateError<'_> {}
