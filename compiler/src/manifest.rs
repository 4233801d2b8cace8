//! What a module asks for of the hardware: text in its custom sections or in a file, to a record of the image.
//!
//! ```text
//!   # status light, fan                       wasm2mcu.manifest, any number of sections
//!   gpio 5 output            ──parse──▶ Capability::gpio(5, OUTPUT)      ──image──▶ trailer record 8005
//!   i2c 1 0x48                          Capability::i2c(1, 0x48)
//! ```
//!
//! The language is that of `abi/HARDWARE.md`, section 3.

use thiserror::Error;
use wasm2mcu_abi::hardware::{BadCapability, Capability, MANIFEST_SECTION, VERSION};
use wasmparser::{Parser, Payload};

use crate::error::{Error, Place, Result};

/// Most capabilities that the image's record can hold.
const MOST: usize = (u16::MAX as usize - 4) / Capability::BYTES;

/// The capabilities that a module asks for, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest(Vec<Capability>);

/// What is wrong with the text of a manifest.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ManifestError {
    /// A line is no capability.
    #[error("line {line}, `{text}`: {fault}")]
    Line {
        /// From 1 on.
        line: usize,
        /// What stands there.
        text: String,
        /// What is wrong.
        fault: BadCapability,
    },
    /// There are too many.
    #[error("more than {MOST} capabilities")]
    TooMany,
    /// The bytes are no text.
    #[error("it is not UTF-8")]
    NotText,
}

impl Manifest {
    /// Reads the text of a manifest.
    ///
    /// # Errors
    ///
    /// [`ManifestError`] with the line.
    pub fn parse(text: &str) -> Result<Manifest, ManifestError> {
        let mut manifest = Manifest::default();
        for (index, line) in text.lines().enumerate() {
            let content = line.split('#').next().unwrap_or_default().trim();
            if content.is_empty() {
                continue;
            }
            let capability = Capability::parse(content).map_err(|fault| ManifestError::Line {
                line: index + 1,
                text: content.to_owned(),
                fault,
            })?;
            manifest.add(capability)?;
        }
        Ok(manifest)
    }

    /// The manifest in the custom sections of a module in the binary format.
    pub(crate) fn of_module(wasm: &[u8]) -> Result<Manifest> {
        let mut manifest = Manifest::default();
        // What is no module was refused before.
        for payload in Parser::new(0).parse_all(wasm).map_while(|p| p.ok()) {
            let Payload::CustomSection(section) = payload else {
                continue;
            };
            if section.name() != MANIFEST_SECTION {
                continue;
            }
            let read = str::from_utf8(section.data())
                .map_err(|_| ManifestError::NotText)
                .and_then(Manifest::parse)
                .and_then(|part| manifest.join(&part));
            read.map_err(|fault| Error::Manifest {
                fault,
                place: Place::at(section.data_offset()),
            })?;
        }
        Ok(manifest)
    }

    /// Adds what `other` asks for.
    ///
    /// # Errors
    ///
    /// [`ManifestError::TooMany`].
    pub fn join(&mut self, other: &Manifest) -> Result<(), ManifestError> {
        other
            .0
            .iter()
            .try_for_each(|capability| self.add(*capability))
    }

    fn add(&mut self, capability: Capability) -> Result<(), ManifestError> {
        if self.0.contains(&capability) {
            return Ok(());
        }
        if self.0.len() == MOST {
            return Err(ManifestError::TooMany);
        }
        self.0.push(capability);
        Ok(())
    }

    /// What is asked for, in the order of the text.
    pub fn capabilities(&self) -> &[Capability] {
        &self.0
    }

    /// The value of the image's record; `None` if nothing is asked for.
    pub(crate) fn to_bytes(&self) -> Option<Vec<u8>> {
        let count = u16::try_from(self.0.len())
            .ok()
            .filter(|&count| count > 0)?;
        let header = [VERSION, count].into_iter().flat_map(u16::to_le_bytes);
        Some(
            header
                .chain(self.0.iter().flat_map(Capability::to_bytes))
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use wasm2mcu_abi::hardware::{BadCapability, Capability, Rights};

    use super::{Manifest, ManifestError};

    const LED: Capability = Capability::gpio(5, Rights::OUTPUT);
    const SENSOR: Capability = Capability::i2c(1, 0x48);

    #[test]
    fn comments_and_repetitions_are_no_capabilities() {
        let text = "# board\n\ngpio 5 output # light\ni2c 1 72\r\ngpio 0x5 output\n";
        let manifest = Manifest::parse(text).expect("it is good");
        assert_eq!(manifest.capabilities(), [LED, SENSOR]);
        assert_eq!(
            manifest.to_bytes().as_deref(),
            Some(
                &[
                    1, 0, 2, 0, 1, 2, 5, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0x48, 0, 0, 0
                ][..]
            )
        );
        assert_eq!(Manifest::default().to_bytes(), None);
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = Manifest::parse("gpio 5 output\n gpio 5 # which way?").expect_err("no right");
        assert_eq!(
            error,
            ManifestError::Line {
                line: 2,
                text: "gpio 5".to_owned(),
                fault: BadCapability::Rights
            }
        );
        assert_eq!(
            error.to_string(),
            "line 2, `gpio 5`: a pin is `input`, `output` or `input output`"
        );
    }

    #[test]
    fn custom_sections_are_joined() {
        let text = r#"(module (@custom "wasm2mcu.manifest" "gpio 5 output\n") (@custom "other" "x")
            (@custom "wasm2mcu.manifest" "i2c 1 0x48"))"#;
        let wasm = wat::parse_str(text).expect("a module");
        let manifest = Manifest::of_module(&wasm).expect("it is good");
        assert_eq!(manifest.capabilities(), [LED, SENSOR]);
        let bad = wat::parse_str(r#"(module (@custom "wasm2mcu.manifest" "led\n"))"#);
        let error = Manifest::of_module(&bad.expect("a module")).expect_err("no kind");
        assert!(
            error
                .to_string()
                .starts_with("the manifest: line 1, `led`: the first word is none of gpio"),
            "{error}"
        );
    }

    #[test]
    fn there_is_a_limit() {
        let lines = (0..8192).map(|pin| format!("gpio {pin} input\n"));
        let text: String = lines.collect();
        assert_eq!(Manifest::parse(&text), Err(ManifestError::TooMany));
    }
}
