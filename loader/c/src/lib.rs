//! The loader for firmware in C: what `include/wasm2mcu.h` declares.
//!
//! ```text
//!   w2m_image_open ─▶ w2m_image          w2m_find ─▶ w2m_function ─┐
//!                        │                   │                     │
//!   memory, hosts ─ w2m_instantiate ─▶ w2m_instance ─────────── w2m_call ─▶ words, or a trap
//!                                                                  │
//!                                  w2m_caller ◀─ host functions ◀──┘
//!                                  w2m_hardware ◀─ w2m_host ◀──────┘  include/wasm2mcu_host.h
//! ```
//!
//! The headers are the documentation. Here stands how its promises are kept:
//!
//! * The caller has all memory. An opaque struct of C holds a value of Rust behind a mark, so that what was
//!   never made, or is in use further up the stack, is an error code and no accident.
//! * Every error of the loader is one number (`code`), with figures in a struct that the caller may give.
//! * `layout` lists sizes, offsets and numbers, for the test that the header has the same.
#![no_std]

mod caller;
mod code;
mod function;
mod hardware;
mod host;
mod hosts;
mod image;
mod instance;
mod layout;
mod policy;
mod signature;

use core::arch::asm;
use core::panic::PanicInfo;

/// Stops with the core's own fault. The loader has no known way to come here, whatever the image.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: an undefined instruction, and nothing comes behind it.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("udf #0", options(noreturn, nomem, nostack))
    };
    // SAFETY: an undefined instruction, and nothing comes behind it.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!("unimp", options(noreturn, nomem, nostack))
    };
}
