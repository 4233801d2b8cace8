//! The image writer: from the parts of a compiled module to the bytes of a `.w2m` file.
//!
//! ```text
//!   Parts ──intern types and names──▶ sections ──lay out──▶ header + body ──SHA-256──▶ image
//!                                                      image + key + counter ──sign──▶ signed image
//! ```
//!
//! The format is specified in `abi/IMAGE.md`; its records come from [`wasm2mcu_abi::image`]. The
//! same parts always give the same bytes.

mod intern;
mod parts;
mod sign;
mod write;

pub use parts::{
    Data, Element, Export, ExportItem, FunctionRecord, FunctionType, Import, ImportItem, Memory,
    Parts, Start, TypeIndex,
};
pub use sign::{SignError, SigningKey, key_id, sign};
pub use write::{WriteError, write};
