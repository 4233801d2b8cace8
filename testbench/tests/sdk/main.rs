//! The SDKs of `abi/sdk`: one program in each language, on the virtual board, under the interpreter and on emulated cores.
//! Whatever the language and wherever it runs, a program does the same.
//!
//! ```text
//!   apps/PROGRAM/LANGUAGE/PROGRAM.wasm ──▶ interpreter ──┐
//!                     └──▶ image ──▶ M33, RV32 ──────────┴─▶ timeline ══ apps/PROGRAM/expected.txt
//! ```
//!
//! `BLESS=1` writes the timelines and the table of `apps/README.md` anew.

mod fan;
mod run;
mod tour;
