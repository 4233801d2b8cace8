//! The code of the loader that is `unsafe`, for Miri: it is for Arm and RISC-V only, and Miri executes a host's
//! test as if on a 32-bit Arm.
//!
//! ```text
//! rustup component add --toolchain nightly miri rust-src
//! MIRIFLAGS=-Zmiri-permissive-provenance cargo +nightly miri test -p wasm2mcu-loader \
//!     --test native --target armv7-unknown-linux-gnueabihf
//! ```
//!
//! What no interpreter of Rust can execute is the image's machine code: these images have none that runs, and
//! a call of a host function is made here as an import thunk makes it.
#![cfg(all(target_arch = "arm", not(target_os = "none")))]

use std::mem;

use wasm2mcu_loader::abi::context::Context;
use wasm2mcu_loader::abi::image::{Architecture, Features, Header, MemoryFlags, Section};
use wasm2mcu_loader::abi::trap::TrapCode;
use wasm2mcu_loader::abi::types::ValueType;
use wasm2mcu_loader::{
    Caller, Core, HostFunction, Image, Instance, Native, Policy, Sha256, Shared, Software, Verified,
};

/// Globals begin behind this many slots.
const SLOTS: u32 = 2;
const GLOBALS: u32 = Context::BYTES + 4 * SLOTS;
const INTERRUPT: u32 = GLOBALS + 4;
const CONTEXT_BYTES: u32 = GLOBALS + 8;
const MEMORY_BYTES: u32 = 16;
const I32: u32 = ValueType::I32 as u32;
const MUTABLE: u32 = 1 << 8;
const INDIRECT: u32 = 1 << 9;
/// Offsets in [`STRINGS`].
const M: u32 = 0;
const G: u32 = 3;
const STRINGS: [u32; 2] = [
    u32::from_le_bytes([1, 0, b'm', 1]),
    u32::from_le_bytes([0, b'g', 0, 0]),
];

/// An image with a global and a memory, its own or imported ones, and both exported; 8-byte-aligned.
fn image(imported: bool) -> Vec<u64> {
    let (global, flags) = match imported {
        true => (
            [G, 3, Context::BYTES + 4, I32 | MUTABLE | INDIRECT, 0],
            MemoryFlags(MemoryFlags::PRESENT.0 | MemoryFlags::IMPORTED.0),
        ),
        false => ([G, 3, GLOBALS, I32 | MUTABLE, 0], MemoryFlags::PRESENT),
    };
    let imports: &[u32] = match imported {
        true => &[M, M, 0, 2, M, G, I32 | MUTABLE, 3],
        false => &[],
    };
    let exports = [&global[..], &[M, 2, 0, 0, MEMORY_BYTES]].concat();
    let mut sections: [&[u32]; Section::COUNT] = [&[]; Section::COUNT];
    sections[Section::Text as usize] = &[0];
    sections[Section::Functions as usize] = &[0, 4];
    sections[Section::Imports as usize] = imports;
    sections[Section::Exports as usize] = &exports;
    sections[Section::Globals as usize] = &[7, 0];
    sections[Section::Strings as usize] = &STRINGS;
    let mut section_ends = [0; Section::COUNT];
    let mut end = Header::BYTES;
    for (section, at) in sections.iter().zip(&mut section_ends) {
        end += 4 * section.len() as u32;
        *at = end;
    }
    let header = Header {
        architecture: Architecture::Thumb,
        features: Features(0),
        image_bytes: end + 36,
        context_bytes: CONTEXT_BYTES,
        stack_bytes: 0,
        memory_min: MEMORY_BYTES,
        memory_max: MEMORY_BYTES,
        page_size_log2: 0,
        memory_flags: flags,
        guard_zone: 0,
        start_code: 0,
        start_stack: 0,
        start_type: 0,
        globals: GLOBALS,
        records: 0,
        interrupt: if imported { 0 } else { INTERRUPT },
        section_ends,
    };
    let mut bytes: Vec<u8> = header.to_bytes().collect();
    bytes.extend(sections.concat().into_iter().flat_map(u32::to_le_bytes));
    let digest = Software.sha256(&bytes);
    bytes.extend([1, 0, 32, 0]);
    bytes.extend(digest);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    let words = bytes.chunks_exact(8);
    words
        .map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes")))
        .collect()
}

/// The same, as bytes that stay where they are.
fn bytes(words: &[u64]) -> &[u8] {
    // SAFETY: every word is 8 bytes.
    unsafe { words.align_to().1 }
}

fn verified(bytes: &[u8]) -> Verified<'_> {
    let image = Image::parse(bytes).expect("a whole image");
    image.verify(&Policy::unsigned()).expect("its hash")
}

/// RAM for an instance.
fn ram() -> [u64; (CONTEXT_BYTES + MEMORY_BYTES) as usize / 8] {
    [u64::MAX; _]
}

fn core(ram: &mut [u64]) -> Native<'_> {
    // SAFETY: every word is 8 bytes, and every byte is one.
    let bytes = unsafe { ram.align_to_mut().1 };
    // SAFETY: nothing here is entered.
    unsafe { Native::new(bytes, 0x1000, Native::TARGET_FEATURES) }
}

#[test]
fn ram_is_filled_and_read() {
    let (words, mut ram) = (image(false), ram());
    let mut instance = Instance::new(verified(bytes(&words)), core(&mut ram), &[]).expect("sound");
    assert_eq!(instance.global::<i32>("g"), Ok(7));
    assert_eq!(instance.memory(), [0; MEMORY_BYTES as usize]);
    instance.memory_mut().fill(3);
    assert_eq!(instance.memory(), [3; MEMORY_BYTES as usize]);
    assert!(instance.reset().is_ok());
    assert_eq!(instance.memory(), [0; MEMORY_BYTES as usize]);
    drop(instance);
    // The RAM is its owner's again.
    ram.fill(0);
}

#[test]
fn an_interrupt_is_one_store_into_the_instances_word() {
    let (words, mut ram) = (image(false), ram());
    let mut instance = Instance::new(verified(bytes(&words)), core(&mut ram), &[]).expect("sound");
    let word = |instance: &Instance<'_, Native<'_>>| {
        let ram = &instance.core().ram()[INTERRUPT as usize..];
        ram.first_chunk().copied().map(u32::from_le_bytes)
    };
    // SAFETY: the instance is there as long as it is used.
    let interrupter = unsafe { instance.interrupter() }.expect("an interrupt word");
    assert_eq!(word(&instance), Some(0));
    interrupter.interrupt();
    assert_eq!(word(&instance), Some(1));
    assert!(instance.reset().is_ok());
    assert_eq!(word(&instance), Some(0));
}

#[test]
fn what_another_instance_shares_is_read() {
    let (own, others) = (image(false), image(true));
    let (mut first_ram, mut second_ram) = (ram(), ram());
    let mut first = Instance::new(verified(bytes(&own)), core(&mut first_ram), &[]).expect("sound");
    let shared = ["g", "m"].map(|name| Shared {
        module: "m",
        name,
        item: first.share(name).expect("an export"),
    });
    let second = Instance::linked(
        verified(bytes(&others)),
        core(&mut second_ram),
        &[],
        &shared,
    )
    .expect("linked");
    assert_eq!(second.global::<i32>("g"), Ok(7));
    assert!(second.share("m").is_ok());
    assert_eq!(second.memory().len(), 0);
    // The owner goes on with it.
    first.memory_mut()[0] = 1;
    assert_eq!(second.global::<i32>("g"), Ok(7));
}

extern "C" fn host(mut caller: Caller<'_>, at: u32) -> u32 {
    let Some(byte) = caller.memory().get_mut(at as usize) else {
        caller.trap(TrapCode::MemoryOutOfBounds);
        return 0;
    };
    *byte += 1;
    u32::from(*byte) + caller.host_data()
}

#[test]
fn a_host_function_sees_the_memory_and_nothing_else() {
    // What generated code calls: the address in the import's slot, with the context first.
    type Imported = extern "C" fn(*mut Context, u32) -> u32;
    let typed = host as extern "C" fn(Caller<'_>, u32) -> u32;
    let offered = HostFunction::new("env", "host", typed);
    assert_eq!(offered.params, [ValueType::I32]);
    // SAFETY: a caller is a pointer to a context.
    let imported =
        unsafe { mem::transmute::<extern "C" fn(Caller<'_>, u32) -> u32, Imported>(typed) };

    let mut ram = ram();
    let base = ram.as_mut_ptr().cast::<u8>();
    let memory = base.wrapping_add(CONTEXT_BYTES as usize);
    let context = base.cast::<Context>();
    let fields = Context {
        memory_base: memory.addr() as u32,
        memory_size: MEMORY_BYTES,
        host_data: 100,
        ..Context::default()
    };
    // SAFETY: the RAM is large enough and aligned.
    unsafe {
        context.write(fields);
        memory.write_bytes(0, MEMORY_BYTES as usize);
    }
    assert_eq!(imported(context, 5), 101);
    assert_eq!(imported(context, MEMORY_BYTES - 1), 101);
    // SAFETY: as above.
    assert_eq!(unsafe { (*context).host_trap }, 0);
    for outside in [MEMORY_BYTES, u32::MAX] {
        assert_eq!(imported(context, outside), 0);
    }
    // SAFETY: as above.
    let after = unsafe { context.read() };
    let trapped = Context {
        host_trap: TrapCode::MemoryOutOfBounds as u32,
        ..fields
    };
    assert_eq!(after, trapped);
}

/// The memory of another instance: base in the caller's context, size in the owner's.
#[test]
fn a_host_function_sees_the_memory_of_another() {
    type Imported = extern "C" fn(*mut Context, u32) -> u32;
    let typed = host as extern "C" fn(Caller<'_>, u32) -> u32;
    // SAFETY: a caller is a pointer to a context.
    let imported =
        unsafe { mem::transmute::<extern "C" fn(Caller<'_>, u32) -> u32, Imported>(typed) };
    let mut owner_ram = ram();
    let owner = owner_ram.as_mut_ptr().cast::<u8>();
    let memory = owner.wrapping_add(CONTEXT_BYTES as usize);
    let owner_context = Context {
        memory_base: memory.expose_provenance() as u32,
        memory_size: MEMORY_BYTES,
        ..Context::default()
    };
    // SAFETY: the RAM is large enough and aligned.
    unsafe {
        owner.cast::<Context>().write(owner_context);
        memory.write_bytes(0, MEMORY_BYTES as usize);
    }
    let mut context = Context {
        memory_base: memory.addr() as u32,
        memory_size: Context::ELSEWHERE,
        memory_capacity: owner.expose_provenance() as u32,
        ..Context::default()
    };
    assert_eq!(imported(&raw mut context, 2), 1);
    assert_eq!(imported(&raw mut context, MEMORY_BYTES), 0);
    assert_eq!(context.host_trap, TrapCode::MemoryOutOfBounds as u32);
}
