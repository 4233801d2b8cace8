//! Verifies, relocates and runs wasm2mcu images in place: no allocation, no copy of the code.
//!
//! ```text
//!   bytes in flash ─Image::parse─▶ Image ─verify(Policy)─▶ Verified ─┐
//!   a core with its RAM (Native on a device) ────────────────────────┼─Instance::new─▶ Instance
//!   host functions ──────────────────────────────────────────────────┘      │
//!                                             call · memory · global · reset ◀┘
//! ```
//!
//! * [`Image`]: a view of bytes whose structure has been checked once, completely. Nothing that
//!   is read later can lie outside of it, and no bytes whatever make the loader panic.
//! * [`Policy`]: what an image must have to run here: a signature by one of the device's keys, a
//!   counter that is not lower than that of what ran before, or nothing but a right hash.
//! * [`Verified`]: an image that a policy has let pass; only this can be instantiated.
//! * [`Core`]: what runs machine code and owns the RAM that it sees. `Native` (on Arm) is the core
//!   that the firmware itself runs on; a test bench has an emulated one. Everything else is the same
//!   code on both.
//! * [`Instance`]: a module at work. A trap is a value; a trapped instance refuses calls
//!   until it is [reset](Instance::reset).
//!
//! ```no_run
//! # fn firmware(flash: &[u8], core: impl wasm2mcu_loader::Core) -> Option<i32> {
//! use wasm2mcu_loader::{Image, Instance, Policy};
//!
//! let image = Image::parse(flash).ok()?.verify(&Policy::unsigned()).ok()?;
//! let mut instance = Instance::new(image, core, &[]).ok()?;
//! let sum: i32 = instance.call("add", (1, 2)).ok()?;
//! # Some(sum)
//! # }
//! ```
#![no_std]
#![deny(unsafe_code)]

mod check;
mod cpu;
mod crypto;
mod error;
mod host;
mod image;
mod instance;
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
#[allow(
    unsafe_code,
    reason = "runs machine code and hands its memory to host functions"
)]
mod native;
mod records;
mod share;
mod values;
mod verify;

pub use cpu::Core;
pub use crypto::{Digest, Ed25519, PublicKey, Sha256, Signature, Software};
pub use error::{CallError, Fault, ImageError, ImportFault, InstantiateError, Trap};
pub use host::HostFunction;
pub use image::{Image, Requirements};
pub use instance::Instance;
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
pub use native::{Caller, HostFn, Native};
pub use records::{
    DataSegment, ElementSegment, Export, FunctionExport, GlobalExport, Import, ImportItem, Item,
    Limits, Name, Records,
};
pub use share::{Shared, SharedItem};
pub use values::{Value, Values};
pub use verify::{Policy, Stage, Verified};
pub use wasm2mcu_abi as abi;
