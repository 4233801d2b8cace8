//! The hardware ABI: what a module can ask of its host. Described in `wit/`, specified in `HARDWARE.md`.
//!
//! * [`FUNCTIONS`]: every function, by import module and name, with its core signature
//! * enums and records of the interfaces, as host and guest exchange them
//! * [`Capability`], [`Manifest`]: which pins, buses and stores a module asks for

#[rustfmt::skip]
mod generated;
mod capability;
mod manifest;

pub use capability::{BadCapability, Capability, Kind, Rights};
pub use generated::*;
pub use manifest::{BadManifest, Manifest};

use crate::types::ValueType;

/// Version of the hardware ABI that this crate describes.
///
/// Functions are added within a version; none changes its signature. A host refuses an image whose manifest names a
/// later version than its own.
pub const VERSION: u16 = 1;

/// Name of the custom section in which a module carries its manifest as text.
pub const MANIFEST_SECTION: &str = "wasm2mcu.manifest";

/// Name of the exported function that takes events.
pub const EVENT_HANDLER: &str = "on_event";

/// Import module of the functions of WASI preview 1.
pub const WASI: &str = "wasi_snapshot_preview1";

/// A function of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Import module.
    pub module: &'static str,
    /// Import name.
    pub name: &'static str,
    /// Types of the parameters.
    pub params: Types,
    /// Types of the results: none or one.
    pub results: Types,
}

impl Function {
    const fn new(module: &'static str, name: &'static str, params: Types, results: Types) -> Self {
        Function {
            module,
            name,
            params,
            results,
        }
    }
}

/// Value types, as bytes of the WebAssembly binary format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Types(&'static [u8]);

impl Types {
    /// As bytes of the binary format.
    pub const fn bytes(self) -> &'static [u8] {
        self.0
    }

    /// One by one.
    pub fn iter(self) -> impl Iterator<Item = ValueType> {
        self.0.iter().copied().filter_map(ValueType::from_u8)
    }
}

/// The result of a function that can fail: what is not negative is its value.
pub const fn status(error: Error) -> i32 {
    -(error as i32)
}

#[cfg(test)]
mod tests {
    use super::{Error, FUNCTIONS, events, sensor, status};

    #[test]
    fn no_two_functions_share_their_names() {
        for (index, function) in FUNCTIONS.iter().enumerate() {
            let same = |other: &&super::Function| {
                (other.module, other.name) == (function.module, function.name)
            };
            assert_eq!(FUNCTIONS.iter().position(|other| same(&other)), Some(index));
            assert_eq!(
                function.params.iter().count(),
                function.params.bytes().len()
            );
            assert!(function.results.iter().count() <= 1);
        }
    }

    #[test]
    fn errors_are_negative_and_read_back() {
        for error in Error::ALL {
            assert!(status(error) < 0);
            assert_eq!(Error::from_u32(status(error).unsigned_abs()), Some(error));
        }
        assert_eq!(Error::from_u32(0), None);
    }

    #[test]
    fn records_stand_in_memory_as_c_has_them() {
        let event = events::Event {
            subscription: 1,
            kind: events::Kind::Timer,
            value: 3,
            lost: 4,
            timestamp: 0x0000_0006_0000_0005,
        };
        assert_eq!(events::Event::from_bytes(&event.to_bytes()), Some(event));
        let words = event.to_bytes();
        let words = words.as_chunks::<4>().0.iter().copied();
        assert!(words.map(u32::from_le_bytes).eq([1, 1, 3, 4, 5, 6]));
        assert_eq!(sensor::Reading::BYTES, size_of::<sensor::Reading>());
        assert_eq!(sensor::Description::BYTES, size_of::<sensor::Description>());
    }
}
