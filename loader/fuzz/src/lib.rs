//! What the fuzz targets do with bytes: everything that a firmware could do with an image.
//!
//! ```text
//!   input ─Input::image─▶ image ─hash mended─▶ parse ─▶ verify ─▶ Instance ─▶ every reader, share,
//!     │                   (text of zeros)                            │        calls, traps, reset,
//!     └─ 4 bytes: policy, RAM, what the code does ───────────────────┘        a second one, linked
//! ```
//!
//! The text is left out of the inputs: the loader looks at its size only, and the machine code is trusted
//! (`SECURITY.md`). The hash is mended in most runs, or nothing would ever reach the stages behind it.
//!
//! [`StubCore`] has RAM of exactly the size that was asked for, in an allocation of its own, so that
//! AddressSanitizer sees an access outside; and it asserts of every entry that it leads into the text. The
//! loader's code on a host is free of `unsafe`, so what can be found beside that are panics, wrong
//! addresses and endless work.

mod exercise;
mod input;
mod mutation;
mod stub;

pub use exercise::exercise;
pub use input::Input;
pub use mutation::mutate;
