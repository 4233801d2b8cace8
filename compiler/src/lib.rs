//! Compiles WebAssembly ahead of time for microcontrollers.
//!
//! ```text
//!   app.wasm ──wasm──▶ Module + CLIF ──opt──▶ better CLIF ──mach, isa──▶ code of each function
//!     code ──stack──▶ worst depth; prologues ──link──▶ Text ──image──▶ .w2m, ──object──▶ .o
//! ```
//!
//! [`compile`] is the whole road; [`Compiled`] is what comes out, in any of the forms that a user
//! can ask for.
//!
//! * [`wasm`]: validation and translation to Cranelift's IR
//! * [`opt`]: inlining, Cranelift's mid-end, and what takes guards away
//! * [`mach`]: machine IR, instruction selection, register allocation, emission; for every ISA
//! * [`isa`]: the instruction sets
//! * `backend`: the steps from CLIF to text; `clif`: what it asks of CLIF as `opt` does
//! * `passes`: which of them take part
//! * [`stack`]: how deep the stack can get
//! * [`link`]: one text from all functions
//! * [`image`]: the image format's writer
//! * [`manifest`]: what the module asks for of the hardware
//! * [`map`]: what the text of an image means, kept beside it
//! * [`object`]: an image as a relocatable object
//! * [`build`]: modules compiled by the build script of firmware in Rust
//! * [`bindings`]: typed calls of a module, for firmware in C and Rust
//! * [`firmware`]: images into the slots of a linked firmware
//! * [`disasm`]: text as assembly
#![forbid(unsafe_code)]

mod backend;
pub mod bindings;
pub mod build;
mod clif;
mod compiled;
pub mod disasm;
pub mod error;
pub mod firmware;
pub mod image;
pub mod isa;
pub mod link;
pub mod mach;
pub mod manifest;
pub mod map;
pub mod object;
pub mod opt;
mod passes;
pub mod stack;
mod target;
pub mod wasm;

pub use compiled::Compiled;
pub use error::{Error, Result};
pub use mach::stubs::TrapStubs as TrapInfo;
pub use opt::OptLevel;
pub use passes::Passes;
pub use target::{FloatUse, Target, TargetError};

use cranelift_codegen::ir::types;
use isa::riscv32::Riscv32;
use isa::thumb2::Thumb2;
use mach::Isa;
use manifest::Manifest;
use regalloc2::RegClass;
use sha2::{Digest, Sha256};
use wasm2mcu_abi::image::Architecture;

/// [`Options::table_room`] where nothing else is asked for: 1 KB of RAM.
pub const DEFAULT_TABLE_ROOM: u32 = 256;

/// How to compile.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// For which core.
    pub target: Target,
    /// How hard to optimise.
    pub level: OptLevel,
    /// Elements that a table may gain beyond those that it begins with, if the module's code grows it
    /// and as far as its declaration allows. They take 4 bytes of RAM each from the start;
    /// `table.grow` fails beyond.
    pub table_room: u32,
    /// Whether instances of the module are linked to instances of others, so that its exports may be
    /// imported and its imported functions be theirs. References to functions then are addresses of
    /// records, which costs 20 bytes of RAM for each function that is exported or in a table; exported
    /// memories and tables may be grown by others, so that guards do not rely on their sizes. Modules
    /// that import a table, or a global with a reference to a function, always have such references.
    pub linkable: bool,
    /// Bytes right behind the memory on which the host promises that every access of the module faults,
    /// by an MPU or PMP region for example, and that it makes a trap of that. Loads of fields need fewer
    /// guards then. The image says how large the zone must be, and the loader refuses it on a
    /// core that does not have one. Without effect on memories that
    /// grow or belong to another instance. 0 for none.
    pub guard_zone: u32,
    /// How exactly a trap is placed: by a stub for each check of a function, or one that they share, which
    /// takes less code.
    pub trap_info: TrapInfo,
    /// Whether the host can interrupt a call, by a word of the context that the code looks at in loops
    /// and where it recurs. It traps within a bounded number of instructions then: about a million,
    /// and usually far fewer.
    pub interruptible: bool,
    /// Whether every step is checked: CLIF by Cranelift's verifier, registers by regalloc2's
    /// checker. Costs about as much again as compiling.
    pub verify: bool,
    /// Whether [`Compiled::machine_ir`] is kept, for a reader.
    pub listing: bool,
    /// Which passes take part: all, but where one is measured.
    #[doc(hidden)]
    pub passes: Passes,
    /// Whether accesses go unchecked, so that images are no sandbox: to measure what guards cost.
    #[cfg(feature = "measure")]
    pub unguarded: bool,
}

impl Default for Options {
    /// The default target at full speed, checked in debug builds of the compiler.
    fn default() -> Options {
        Options {
            target: Target::default(),
            level: OptLevel::default(),
            table_room: DEFAULT_TABLE_ROOM,
            linkable: false,
            guard_zone: 0,
            trap_info: TrapInfo::default(),
            interruptible: false,
            verify: cfg!(debug_assertions),
            listing: false,
            passes: Passes::ALL,
            #[cfg(feature = "measure")]
            unguarded: false,
        }
    }
}

impl Options {
    fn mid_end(&self) -> opt::Options {
        opt::Options {
            level: self.level,
            verify: self.verify,
            passes: self.passes,
            #[cfg(feature = "measure")]
            unguarded: self.unguarded,
        }
    }
}

/// Compiles a module in the binary or the text format.
///
/// # Errors
///
/// [`Error`] says what is wrong with the module, where, and what to do about it.
pub fn compile(module: &[u8], options: &Options) -> Result<Compiled> {
    let wasm = wasm::to_binary(module)?;
    match options.target.architecture() {
        Architecture::Thumb => compile_for(&Thumb2::new(options.target.features()), &wasm, options),
        Architecture::RiscV32 => {
            compile_for(&Riscv32::new(options.target.features()), &wasm, options)
        }
    }
}

fn compile_for<I: Isa>(isa: &I, wasm: &[u8], options: &Options) -> Result<Compiled> {
    let code_address_bit = I::ARCHITECTURE.code_bit() as u8;
    let target = wasm::Target {
        code_address_bit,
        table_room: options.table_room,
        linkable: options.linkable,
        guard_zone: options.guard_zone,
        interruptible: options.interruptible,
    };
    let mut translated = wasm::translate(wasm, target)?;
    let guards = opt::run(&mut translated, options.mid_end())?;
    let float = isa.class_of(types::F32) == RegClass::Float;
    opt::interrupt::run(&mut translated, float);
    let program = backend::lower(isa, &mut translated, options)?;
    let depths = backend::depths(isa, &program, &translated);
    let text = backend::emit(isa, &program, &translated.module, &depths)?;
    Ok(Compiled {
        manifest: Manifest::of_module(wasm)?,
        target: options.target,
        source_sha256: Sha256::digest(wasm).into(),
        machine_ir: match options.listing {
            true => backend::listing(&program),
            false => String::new(),
        },
        entry_stack: backend::entry_stack(isa, &program, &translated.module),
        translated,
        trap_info: options.trap_info,
        guards,
        depths,
        text,
    })
}
