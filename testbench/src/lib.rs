//! Boards that run wasm2mcu images: real machine code on a PC.
//!
//! ```text
//!   image bytes + host functions (closures)
//!        │ Board::load
//!        ▼
//!   Instance::invoke("run", words) ──▶ Outcome: result words or trap, instructions
//! ```
//!
//! | board | core | the loader runs | instructions | made for |
//! |---|---|---|---|---|
//! | [`cortex_m`] | emulated in this process | on the PC, over the emulated memory | exact | running, tests by the thousand, counting |
//! | [`rv32`] | the same for RISC-V | | exact | |
//! | [`qemu`] | `qemu-system-arm`, `qemu-system-riscv32` | on the core, in a firmware | not counted | the independent oracle |
//! | [`probe`] (features `target`, `probe`) | a chip behind a debug probe | the same | not counted; cycles, by the core itself | what it costs on hardware |
//!
//! * [`board`]: the trait that all of them stand behind, and the list of them
//! * [`emulated`]: what the boards in this process share
//! * [`remote`]: what the boards with a firmware share
//! * [`host`]: host functions as closures and the linear memory as they see it
//! * [`aapcs`], [`ilp32`]: how C calls carry arguments on Arm and on RISC-V, for host functions
//! * [`virtual_board`]: simulated devices behind the hardware ABI, on virtual time
//! * [`spectest`]: the test suite's printing host functions
//! * `oracle` (a feature): what a module should do, according to an interpreter
//! * [`fault`]: what a core says about itself when code breaks its rules
//!
//! Nothing here knows the compiler: an image is bytes.
#![forbid(unsafe_code)]

pub mod aapcs;
pub mod board;
pub mod cortex_m;
pub mod emulated;
pub mod fault;
pub mod host;
pub mod ilp32;
#[cfg(feature = "oracle")]
pub mod oracle;
pub mod probe;
pub mod qemu;
pub mod remote;
pub mod rv32;
pub mod spectest;
pub mod virtual_board;

pub use board::{
    Board, BoardError, BoardInfo, Instance, Limits, Link, Outcome, Share, Space, Trap, boards,
    find, open,
};
pub use host::{GuestMemory, HostFunction};
pub use remote::Remote;
