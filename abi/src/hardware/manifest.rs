//! The manifest of an image: the capabilities that its module asks for.

use core::fmt;

use super::{Capability, VERSION};

/// A manifest, as its record in the trailer holds it: the version of the ABI (u16), the number of
/// capabilities (u16), then as many of [`Capability::BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manifest<'a> {
    version: u16,
    capabilities: &'a [[u8; Capability::BYTES]],
}

/// What keeps bytes from being a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BadManifest {
    /// Fewer or more bytes than its capabilities take.
    Size,
    /// The capability with this number, from 0 on, is not one.
    Capability(usize),
    /// It was made for a later version of the ABI, this one.
    Version(u16),
}

impl fmt::Display for BadManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadManifest::Size => f.write_str("the manifest's size is not that of its capabilities"),
            BadManifest::Capability(number) => {
                write!(f, "entry {number} of the manifest is no capability")
            }
            BadManifest::Version(version) => write!(
                f,
                "the manifest is of version {version} of the hardware ABI, this host has {VERSION}"
            ),
        }
    }
}

impl core::error::Error for BadManifest {}

impl<'a> Manifest<'a> {
    /// That of a module which asks for nothing.
    pub const EMPTY: Manifest<'static> = Manifest {
        version: VERSION,
        capabilities: &[],
    };

    /// From the bytes of its record, every capability checked.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub fn read(bytes: &'a [u8]) -> Result<Self, BadManifest> {
        let (header, rest) = bytes.split_first_chunk::<4>().ok_or(BadManifest::Size)?;
        let [v0, v1, c0, c1] = *header;
        let version = u16::from_le_bytes([v0, v1]);
        if version == 0 || version > VERSION {
            return Err(BadManifest::Version(version));
        }
        let (capabilities, rest) = rest.as_chunks();
        if !rest.is_empty() || capabilities.len() != usize::from(u16::from_le_bytes([c0, c1])) {
            return Err(BadManifest::Size);
        }
        let bad = |bytes: &[u8; Capability::BYTES]| Capability::from_bytes(*bytes).is_none();
        match capabilities.iter().position(bad) {
            Some(number) => Err(BadManifest::Capability(number)),
            None => Ok(Manifest {
                version,
                capabilities,
            }),
        }
    }

    /// Version of the ABI that the module was made for.
    pub const fn version(&self) -> u16 {
        self.version
    }

    /// What it asks for, one by one.
    pub fn capabilities(&self) -> impl Iterator<Item = Capability> + use<'a> {
        let capabilities = self.capabilities.iter();
        capabilities.filter_map(|bytes| Capability::from_bytes(*bytes))
    }

    /// Whether it asks for this.
    ///
    /// Hosts ask that at every call, so it looks at the bytes, which were checked when they were read.
    pub fn permits(&self, asked: &Capability) -> bool {
        let mut capabilities = self.capabilities.iter();
        capabilities.any(|bytes| asked.is_within(bytes))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::vec::Vec;

    use super::{BadManifest, Manifest};
    use crate::hardware::{Capability, Kind, Rights, VERSION};

    fn bytes(version: u16, count: u16, capabilities: &[Capability]) -> Vec<u8> {
        let mut bytes = Vec::from(version.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(capabilities.iter().flat_map(Capability::to_bytes));
        bytes
    }

    #[test]
    fn a_manifest_permits_what_it_names() {
        let asked = [
            Capability::gpio(5, Rights::OUTPUT),
            Capability::i2c(1, 0x48),
        ];
        let bytes = bytes(VERSION, 2, &asked);
        let manifest = Manifest::read(&bytes).expect("it is good");
        assert!(manifest.capabilities().eq(asked));
        assert!(manifest.permits(&asked[1]));
        assert!(!manifest.permits(&Capability::gpio(5, Rights::INPUT)));
        assert!(!Manifest::EMPTY.permits(&asked[0]));
    }

    #[test]
    fn bytes_permit_what_the_capability_covers() {
        let mut all = Vec::from([
            Capability::key_value(0),
            Capability::key_value(64),
            Capability::key_value(u32::MAX),
        ]);
        for number in [0, 1, 0x100, u16::MAX] {
            all.extend((1..=3).map(|rights| Capability::gpio(number, Rights(rights))));
            let addresses = [0, 0x48, 0x3ff, Capability::ANY];
            all.extend(addresses.map(|address| Capability::i2c(number, address)));
            let kinds = [Kind::Spi, Kind::Uart, Kind::Adc, Kind::Pwm, Kind::Sensor];
            all.extend(kinds.map(|kind| Capability::new(kind, number)));
        }
        for has in &all {
            let bytes = bytes(VERSION, 1, &[*has]);
            let manifest = Manifest::read(&bytes).expect("it is good");
            for asked in &all {
                assert_eq!(manifest.permits(asked), has.covers(asked), "{has}: {asked}");
                // Any right will do.
                let any = Capability {
                    rights: Rights::NONE,
                    ..*asked
                };
                assert_eq!(manifest.permits(&any), has.covers(&any), "{has}: {any:?}");
            }
        }
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        let one = [Capability::i2c(1, 0x48)];
        assert_eq!(Manifest::read(&[1, 0, 0]), Err(BadManifest::Size));
        assert_eq!(
            Manifest::read(&bytes(VERSION, 2, &one)),
            Err(BadManifest::Size)
        );
        assert_eq!(
            Manifest::read(&bytes(VERSION, 0, &one)),
            Err(BadManifest::Size)
        );
        let later = VERSION + 1;
        assert_eq!(
            Manifest::read(&bytes(later, 1, &one)),
            Err(BadManifest::Version(later))
        );
        assert_eq!(
            Manifest::read(&bytes(0, 1, &one)),
            Err(BadManifest::Version(0))
        );
        let mut bad = bytes(VERSION, 1, &one);
        bad[4] = 99;
        assert_eq!(Manifest::read(&bad), Err(BadManifest::Capability(0)));
    }
}
