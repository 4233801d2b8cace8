//! Return codes and the figures that come with them.

use core::ffi::{CStr, c_char};
use core::ptr;

use wasm2mcu_loader::abi::trap::TrapCode;
use wasm2mcu_loader::{
    self as loader, CallError, Image, ImageError, ImportFault, InstantiateError, Name, Trap,
};

macro_rules! codes {
    ($($name:ident = $number:literal: $text:literal,)*) => {
        /// `w2m_result`: what a function returns.
        #[derive(Clone, Copy, PartialEq, Eq)]
        #[repr(i32)]
        pub(crate) enum Code {
            $($name = $number,)*
        }

        impl Code {
            /// Every code, in numeric order.
            pub(crate) const ALL: [i32; [$($number),*].len()] = [$($number),*];
        }

        const fn text(code: i32) -> &'static CStr {
            match code {
                $($number => $text,)*
                _ => c"unknown code",
            }
        }
    };
}

// From 1 on what is wrong with an image, from 32 on with an instance of it here, from 64 on with a call,
// from 96 on with what the caller of the API did.
codes! {
    Ok = 0: c"done",
    Magic = 1: c"not a wasm2mcu image: magic number missing",
    FormatVersion = 2: c"image of another format version: compile the module again",
    AbiVersion = 3: c"image for another ABI version: compile the module again",
    UnknownArchitecture = 4: c"unknown architecture",
    Truncated = 5: c"image truncated",
    Malformed = 6: c"broken image",
    Hash = 7: c"SHA-256 of the image does not match its content",
    Policy = 8: c"this build of the loader cannot check what the policy asks for",
    Unsigned = 9: c"the image is not signed",
    UnknownKey = 10: c"the image is signed by a key that is not known here",
    Signature = 11: c"the signature is not of this image by the key that is named",
    Rollback = 12: c"the image's security counter is too low",

    Architecture = 32: c"the image is for another architecture",
    Features = 33: c"the image requires what this core lacks",
    GuardZone = 34: c"the image relies on a larger guard zone",
    NotMapped = 35: c"the core does not see the image",
    ImageAlignment = 36: c"the image's address is no multiple of 4",
    RamAddress = 37: c"the RAM's address is no multiple of 8",
    RamSize = 38: c"the instance needs more RAM",
    ImportMissing = 39: c"an import is not offered by the host",
    ImportKind = 40: c"an import is of another kind at the host",
    ImportSignature = 41: c"an import has another signature at the host",
    ImportClosed = 42: c"an import is a function of an instance, and the image is not linkable",
    Manifest = 43: c"the manifest is malformed, or for a later version of the hardware ABI",
    NotGranted = 44: c"the module asks for what the host does not grant",

    Trap = 64: c"trap",
    Trapped = 65: c"the instance has trapped: reset it first",
    Running = 66: c"a call of this instance is running",
    NoExport = 67: c"no export of this name",
    ExportKind = 68: c"the export is of another kind",
    ExportSignature = 69: c"the export has another type",
    ExportClosed = 70: c"the image is not linkable",
    Words = 71: c"too few words for the call's parameters and results",
    Core = 72: c"the core gave up",
    OtherImage = 73: c"the function is another image's",

    Argument = 96: c"an argument is null, too small or not well formed",
    NotLive = 97: c"the image or instance was not made, or is gone",
}

/// `w2m_trap`: a trap, and where it happened.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct TrapRecord {
    pub(crate) code: u32,
    pub(crate) function: u32,
    pub(crate) text_offset: u32,
    pub(crate) image: u32,
}

impl TrapRecord {
    /// In place of a function's index.
    pub(crate) const NO_FUNCTION: u32 = u32::MAX;
    /// No trap.
    pub(crate) const NONE: TrapRecord = TrapRecord {
        code: 0,
        function: Self::NO_FUNCTION,
        text_offset: 0,
        image: 0,
    };

    /// A trap in an instance of this image.
    pub(crate) fn new(image: &Image<'_>, trap: &Trap) -> TrapRecord {
        TrapRecord {
            code: trap.code as u32,
            function: trap.function.unwrap_or(Self::NO_FUNCTION),
            text_offset: trap.text_offset,
            image: loader::TrapRecord::new(image, trap).image,
        }
    }
}

/// `w2m_detail`: the figures of an error.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Detail {
    pub(crate) offset: u32,
    pub(crate) needed: u32,
    pub(crate) given: u32,
    pub(crate) module: *const u8,
    pub(crate) module_bytes: usize,
    pub(crate) name: *const u8,
    pub(crate) name_bytes: usize,
    pub(crate) trap: TrapRecord,
}

impl Detail {
    const NONE: Detail = Detail {
        offset: 0,
        needed: 0,
        given: 0,
        module: ptr::null(),
        module_bytes: 0,
        name: ptr::null(),
        name_bytes: 0,
        trap: TrapRecord::NONE,
    };

    const fn figures(needed: u32, given: u32) -> Detail {
        Detail {
            needed,
            given,
            ..Self::NONE
        }
    }

    const fn import(module: Name<'_>, name: Name<'_>) -> Detail {
        Detail {
            module: module.0.as_ptr(),
            module_bytes: module.0.len(),
            name: name.0.as_ptr(),
            name_bytes: name.0.len(),
            ..Self::NONE
        }
    }
}

/// An error with its figures.
pub(crate) struct Failure {
    code: Code,
    detail: Detail,
    trap: Option<Trap>,
}

impl Failure {
    const fn with(code: Code, detail: Detail) -> Failure {
        Failure {
            code,
            detail,
            trap: None,
        }
    }

    /// The trap, if it was one, in an instance of this image.
    pub(crate) fn note_trap(&mut self, image: &Image<'_>) -> Option<TrapRecord> {
        let trap = self.trap.as_ref()?;
        self.detail.trap = TrapRecord::new(image, trap);
        Some(self.detail.trap)
    }

    /// Writes the figures where the caller wants them, and returns the code.
    ///
    /// # Safety
    ///
    /// `detail` is null or a `w2m_detail`.
    pub(crate) unsafe fn report(self, detail: *mut Detail) -> Code {
        if !detail.is_null() {
            // SAFETY: the caller's promise.
            unsafe { detail.write(self.detail) };
        }
        self.code
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Failure::with(code, Detail::NONE)
    }
}

impl From<ImageError> for Failure {
    fn from(error: ImageError) -> Self {
        let (code, detail) = match error {
            ImageError::Magic => (Code::Magic, Detail::NONE),
            ImageError::FormatVersion(version) => {
                (Code::FormatVersion, Detail::figures(version.into(), 0))
            }
            ImageError::AbiVersion(version) => {
                (Code::AbiVersion, Detail::figures(version.into(), 0))
            }
            ImageError::Architecture(number) => {
                (Code::UnknownArchitecture, Detail::figures(number.into(), 0))
            }
            ImageError::Truncated { needed, given } => {
                (Code::Truncated, Detail::figures(needed, given as u32))
            }
            ImageError::Malformed { offset, .. } => {
                let detail = Detail {
                    offset,
                    ..Detail::NONE
                };
                (Code::Malformed, detail)
            }
            ImageError::OtherArchitecture { image, core } => (
                Code::Architecture,
                Detail::figures(image as u32, core as u32),
            ),
            ImageError::Features { missing, .. } => (Code::Features, Detail::figures(missing.0, 0)),
            ImageError::Hash => (Code::Hash, Detail::NONE),
            ImageError::Unsigned => (Code::Unsigned, Detail::NONE),
            ImageError::UnknownKey(_) => (Code::UnknownKey, Detail::NONE),
            ImageError::Signature(_) => (Code::Signature, Detail::NONE),
            ImageError::Rollback { image, min } => (Code::Rollback, Detail::figures(min, image)),
        };
        Failure::with(code, detail)
    }
}

impl From<InstantiateError<'_>> for Failure {
    fn from(error: InstantiateError<'_>) -> Self {
        let (code, detail) = match error {
            InstantiateError::Architecture { image, core } => (
                Code::Architecture,
                Detail::figures(image as u32, core as u32),
            ),
            InstantiateError::Features { missing, .. } => {
                (Code::Features, Detail::figures(missing.0, 0))
            }
            InstantiateError::GuardZone { needed, offered } => {
                (Code::GuardZone, Detail::figures(needed, offered))
            }
            InstantiateError::NotMapped => (Code::NotMapped, Detail::NONE),
            InstantiateError::ImageAlignment { address } => {
                (Code::ImageAlignment, Detail::figures(4, address))
            }
            InstantiateError::RamAddress { address } => {
                (Code::RamAddress, Detail::figures(8, address))
            }
            InstantiateError::RamSize { needed, given } => {
                (Code::RamSize, Detail::figures(needed, given as u32))
            }
            InstantiateError::Import {
                module,
                name,
                fault,
            } => {
                let code = match fault {
                    ImportFault::Missing => Code::ImportMissing,
                    ImportFault::Kind => Code::ImportKind,
                    ImportFault::Signature => Code::ImportSignature,
                    ImportFault::Closed => Code::ImportClosed,
                };
                (code, Detail::import(module, name))
            }
            InstantiateError::Start(error) => return error.into(),
        };
        Failure::with(code, detail)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        let (code, detail) = match error {
            CallError::NoExport => (Code::NoExport, Detail::NONE),
            CallError::Kind => (Code::ExportKind, Detail::NONE),
            CallError::Signature => (Code::ExportSignature, Detail::NONE),
            CallError::OtherImage => (Code::OtherImage, Detail::NONE),
            CallError::Closed => (Code::ExportClosed, Detail::NONE),
            CallError::Words { needed, given } => {
                (Code::Words, Detail::figures(needed, given as u32))
            }
            CallError::Trapped => (Code::Trapped, Detail::NONE),
            CallError::Running => (Code::Running, Detail::NONE),
            CallError::Trap(_) => (Code::Trap, Detail::NONE),
            CallError::Core(number) => (Code::Core, Detail::figures(number, 0)),
        };
        let trap = match error {
            CallError::Trap(trap) => Some(trap),
            _ => None,
        };
        Failure { code, detail, trap }
    }
}

/// Room for the text of a trap.
const TEXT_BYTES: usize = 40;

/// The texts of the traps, each with a zero behind it.
static TRAP_TEXTS: [[u8; TEXT_BYTES]; TrapCode::ALL.len()] = {
    let mut texts = [[0; TEXT_BYTES]; TrapCode::ALL.len()];
    let mut trap = 0;
    while trap < texts.len() {
        let message = TrapCode::ALL[trap].message().as_bytes();
        assert!(message.len() < TEXT_BYTES);
        let mut at = 0;
        while at < message.len() {
            texts[trap][at] = message[at];
            at += 1;
        }
        trap += 1;
    }
    texts
};

#[unsafe(no_mangle)]
extern "C" fn w2m_error_text(code: i32) -> *const c_char {
    text(code).as_ptr()
}

#[unsafe(no_mangle)]
extern "C" fn w2m_trap_text(code: u32) -> *const c_char {
    let text = TRAP_TEXTS.get((code as usize).wrapping_sub(1));
    text.map_or(c"no trap".as_ptr(), |text| text.as_ptr().cast())
}
