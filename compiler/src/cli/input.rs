//! Input files, told apart by their content and not by their names.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use wasm2mcu::wasm::support::MAX_MODULE_BYTES;
use wasm2mcu_abi::image::MAGIC;

use super::Failure;

/// What a component begins with, where a core module has version 1.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// What a file holds.
pub(crate) enum Input {
    /// A module in the binary format.
    Module(Vec<u8>),
    /// An image, not checked yet.
    Image(Vec<u8>),
}

impl Input {
    /// Reads a file; a module in the text format is translated to the binary format.
    pub(crate) fn read(path: &Path) -> Result<Input, Failure> {
        let bytes = bytes(path)?;
        if bytes.starts_with(&MAGIC.to_le_bytes()) {
            return Ok(Input::Image(bytes));
        }
        if bytes.starts_with(COMPONENT) {
            return Err(about(
                path,
                "this is a component; build a core module, or take the core module out of it",
            ));
        }
        if bytes.starts_with(b"\0asm") {
            return Ok(Input::Module(bytes));
        }
        let text = std::str::from_utf8(&bytes).ok();
        let Some(text) = text.filter(|text| !text.contains('\0')) else {
            return Err(about(
                path,
                "this is no module in the binary format (it begins with \"\\0asm\") or the text \
                 format, and no image (it begins with \"W2M\")",
            ));
        };
        wat::Parser::new()
            .parse_str(Some(path), text)
            .map(Input::Module)
            .map_err(|error| {
                let message = wasm2mcu::wasm::text_message(&error);
                about(path, format_args!("the text does not parse: {message}"))
            })
    }

    /// Reads a file that has to be a module.
    pub(crate) fn module(path: &Path) -> Result<Vec<u8>, Failure> {
        match Input::read(path)? {
            Input::Module(module) => Ok(module),
            Input::Image(_) => Err(about(
                path,
                "this is an image, compiled already; give the module (.wasm or .wat)",
            )),
        }
    }
}

/// A failure that concerns the content of the file.
pub(crate) fn about(path: &Path, what: impl fmt::Display) -> Failure {
    Failure::new(format_args!("{}: {what}", path.display()))
}

/// All of a file that is not empty, and no larger than a module may be.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    if path.is_dir() {
        return Err(about(path, "this is a directory, not a file"));
    }
    let mut bytes = Vec::new();
    // Devices have no size to ask for beforehand.
    File::open(path)
        .and_then(|file| file.take(MAX_MODULE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::new(format_args!("cannot read {}: {error}", path.display())))?;
    if bytes.is_empty() {
        return Err(about(path, "the file is empty"));
    }
    if bytes.len() as u64 > MAX_MODULE_BYTES {
        return Err(about(
            path,
            format_args!("the file is larger than {MAX_MODULE_BYTES} bytes, the limit"),
        ));
    }
    Ok(bytes)
}
