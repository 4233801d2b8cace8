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
//! * [`Function`]: an export that was found once, for who calls it often.
//! * [`TrapRecord`]: a trap as one line, for `wasm2mcu explain`.
//!
//! ```no_run
//! # #[cfg(feature = "sha2")]
//! # fn firmware(flash: &[u8], core: impl wasm2mcu_loader::Core) -> Option<i32> {
//! use wasm2mcu_loader::{Image, Instance, Policy};
//!
//! let image = Image::parse(flash).ok()?.verify(&Policy::unsigned()).ok()?;
//! let mut instance = Instance::new(image, core, &[]).ok()?;
//! let sum: i32 = instance.call("add", (1, 2)).ok()?;
//! # Some(sum)
//! # }
//! ```
//!
//! # A firmware
//!
//! On a device, the core is `Native`: the processor with the RAM and the stack that the instance
//! may use. Host functions are `extern "C"` functions whose types say their signatures.
//!
//! ```no_run
//! # #[cfg(all(feature = "sha2", any(target_arch = "arm", target_arch = "riscv32")))]
//! # mod firmware {
//! # fn set_led(_: bool) {}
//! # fn send(_: &[u8]) {}
//! # fn wait_for_tick() {}
//! use wasm2mcu_loader::abi::{image::Features, trap::TrapCode};
//! use wasm2mcu_loader::{CallError, Caller, HostFunction, Image, Instance, Native, Policy};
//!
//! /// `board.led`, with an i32.
//! extern "C" fn led(_: Caller<'_>, on: i32) {
//!     set_led(on != 0);
//! }
//!
//! /// `board.print`, with address and length of a text in the module's memory.
//! extern "C" fn print(mut caller: Caller<'_>, address: u32, length: u32) {
//!     let behind = caller.memory().get(address as usize..);
//!     match behind.and_then(|bytes| bytes.get(..length as usize)) {
//!         Some(text) => send(text),
//!         None => caller.trap(TrapCode::MemoryOutOfBounds),
//!     }
//! }
//!
//! /// Runs the module in `flash` for ever; after a trap it starts anew. `None` if it cannot.
//! pub fn run(flash: &[u8], ram: &mut [u8], stack_limit: u32) -> Option<()> {
//!     let image = Image::parse(flash).ok()?.verify(&Policy::unsigned()).ok()?;
//!     let needs = image.requirements();
//!     let ram = ram.get_mut(..needs.ram_bytes() as usize)?;
//!     // What a Cortex-M33 has that the compiler's configuration does not tell.
//!     let features = Native::TARGET_FEATURES | Features::THUMB_V8M | Features::THUMB_DSP;
//!     // SAFETY: the image is from our own compiler. The stack is free down to the limit, and below it
//!     // there is room for interrupts and the two functions above.
//!     let core = unsafe { Native::new(ram, stack_limit, features) };
//!     let host = [
//!         HostFunction::new("board", "led", led as extern "C" fn(Caller<'_>, i32)),
//!         HostFunction::new("board", "print", print as extern "C" fn(Caller<'_>, u32, u32)),
//!     ];
//!     let mut instance = Instance::new(image, core, &host).ok()?;
//!     loop {
//!         wait_for_tick();
//!         match instance.call::<i32, i32>("step", 1) {
//!             Ok(_) => {}
//!             Err(CallError::Trap(_)) => instance.reset().ok()?,
//!             Err(_) => return None,
//!         }
//!     }
//! }
//! # }
//! ```
//!
//! The image comes from a slot that the firmware declares with `declare_slot!`, into which `wasm2mcu link` puts it, or the
//! firmware's build script compiles it into the program: [`include_image!`] and, for typed calls,
//! [`include_module!`].
//!
//! # Modules that do not come back
//!
//! A module that was compiled with `--interruptible` can be stopped: `Instance::interrupter` returns a
//! small value that an interrupt handler or another task keeps, a watchdog's timer for example, and
//! `Interrupter::interrupt` is one store. The call ends with the trap "interrupted", within about a
//! million instructions at most and mostly within a few hundred, wherever the module is: in a loop, in a
//! recursion, in its start function. Then the instance is as after any trap.
//!
//! # Whose images run
//!
//! The sandbox holds for what the compiler made, and machine code is not examined here: whoever can
//! have a device run an image of their own making can do there what the firmware can. So a device that takes
//! images from elsewhere names the keys that may sign them, and then nothing unsigned runs:
//!
//! ```no_run
//! # #[cfg(feature = "ed25519")]
//! # fn firmware<'a>(flash: &'a [u8], stored_counter: u32) -> Result<(), wasm2mcu_loader::ImageError> {
//! use wasm2mcu_loader::{Image, Policy, PublicKey};
//!
//! // As `wasm2mcu keygen` prints it; or the last 32 bytes of what
//! // `openssl pkey -pubin -in key.pub.pem -outform DER` writes.
//! const KEYS: [PublicKey; 1] = [[
//!     0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
//!     0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
//! ]];
//! let policy = Policy::signed_by(&KEYS).min_counter(stored_counter);
//! let image = Image::parse(flash)?.verify(&policy)?;
//! // Once the image has run well, the device stores this, and older ones cannot come back.
//! let next_counter = image.security_counter();
//! # Ok(())
//! # }
//! ```
//!
//! The stages, each with its own error ([`ImageError::stage`] names it, [`InstantiateError`] has the last two):
//! version, structure, target, hash, signature, counter; then premises and imports. What is checked is what
//! must not change: the bytes stay as they are from `parse` on, so a device that can write the flash
//! meanwhile copies the image first.
//!
//! Who is trusted for what, what is out of scope, and by which test each promise holds: `SECURITY.md` beside this crate.
//!
//! # Features
//!
//! * `sha2` (default): SHA-256 in software, 1 KB. Without it, the policy names who computes it ([`Sha256`]), and the
//!   loader depends on nothing.
//! * `ed25519`: Ed25519 in software ([`Software`]), chosen for its size: `salty`, and what strictness demands beyond it.
//!   On Cortex-M4, M7 and M33 multiplication is in assembly that needs the DSP extension; a firmware for an M33 without
//!   that turns on `salty`'s feature `slow-motion`. Who has flash to spare for speed implements [`Ed25519`] with
//!   another crate, such as `ed25519-compact` in three lines:
//!
//!   | | M33: bytes | instructions | RV32IMAC: bytes | instructions |
//!   |---|---|---|---|---|
//!   | `ed25519` | 9.4 KB | 4.2 million | 15 KB | 100 million |
//!   | `ed25519-compact`, `opt_size` | 16.5 KB | 1.9 million | 28 KB | 4.6 million |
//!
//!   The first takes 2.6 KB of stack on the M33, and 10 KB on RISC-V.
//! * `log`, `defmt`: a line for each stage that an image or instance has passed, and for each trap; with `defmt`, values
//!   and errors are `Format`.
//! * `slots`: the module of this name, two slots in flash over the traits of `embedded-storage`: an image is replaced while
//!   another runs, tried, and falls back to the old one if it traps.
#![no_std]
#![deny(unsafe_code)]

#[macro_use]
mod stage;

mod bytes;
mod call;
mod check;
mod cpu;
mod crypto;
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
#[allow(
    unsafe_code,
    reason = "makes a slice of what linker symbols say is flash"
)]
mod declared;
mod error;
mod host;
mod image;
mod include;
mod instance;
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
#[allow(
    unsafe_code,
    reason = "runs machine code and hands its memory to host functions"
)]
mod native;
mod records;
mod report;
mod share;
#[cfg(feature = "slots")]
pub mod slots;
mod values;
mod verify;

pub use call::{Function, WordsFunction};
pub use cpu::Core;
pub use crypto::{Digest, Ed25519, PublicKey, Sha256, Signature, Software};
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
pub use declared::DeclaredSlot;
pub use error::{CallError, Fault, ImageError, ImportFault, InstantiateError, Trap};
pub use host::{HostFunction, HostFunctions};
pub use image::{Image, Requirements};
pub use instance::Instance;
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
pub use native::{Caller, HostFn, Interrupter, Native};
pub use records::{
    DataSegment, ElementSegment, Export, FunctionExport, GlobalExport, Import, ImportItem, Item,
    Limits, Name, Records,
};
pub use report::{NoTrapRecord, TrapRecord};
pub use share::{Shared, SharedItem};
pub use values::{Value, Values};
pub use verify::{Policy, Stage, Verified};
pub use wasm2mcu_abi as abi;
