//! Functions called with random words: whatever comes, a value, an error or a trap, and never a panic.

use wasm2mcu_devices::{Devices, Happening, World};
use wasm2mcu_host::abi::{Capability, FUNCTIONS};
use wasm2mcu_host::{Function, Host, Peripherals, function};
use wasm2mcu_loader::Image;

use crate::images::{board, calls, image};
use crate::process::policy;
use crate::surroundings::{ARGUMENTS, ENVIRONMENT, SCRIPT};

/// Calls in all.
const CALLS: u64 = 300_000;
/// Bytes of the memory.
const MEMORY: usize = 4096;

/// SplitMix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// A word that may mean something: small, near the end of the memory, near the ends of all numbers, or any.
    fn word(&mut self) -> u32 {
        let random = self.next();
        let small = (random >> 8) as u32 % 64;
        match random % 8 {
            0..3 => small % 10,
            3 => small,
            4 => MEMORY as u32 - small,
            5 => (random >> 16) as u32 % MEMORY as u32,
            6 => 0_u32.wrapping_sub(small),
            _ => (random >> 32) as u32,
        }
    }
}

#[test]
fn random_words_never_panic() {
    let timeline = |_: &Happening<'_>| {};
    let world = World::new(&SCRIPT, &timeline);
    let mut devices = Devices::new(&world);
    let mut wiring = devices.wire();
    let peripherals = Peripherals {
        arguments: &ARGUMENTS,
        environment: &ENVIRONMENT,
        ..wiring.peripherals()
    };
    // What all of them together ask for, and all that they import.
    let images: Vec<_> = calls()
        .iter()
        .map(|(_, wat)| image(board("m33"), wat))
        .collect();
    let all: String = policy()
        .iter()
        .map(|one| format!("\"{one}\\n\" "))
        .collect();
    let asking = format!("(module (@custom \"wasm2mcu.manifest\" {all}))");
    let asking = image(board("m33"), asking.as_bytes());
    let asking = Image::parse(&asking).expect("an image");
    let policy: Vec<Capability> = policy();
    let mut host = Host::new(&asking, &policy, peripherals).expect("granted");
    let parsed = images
        .iter()
        .map(|bytes| Image::parse(bytes).expect("an image"));
    let functions: Vec<Function<Peripherals<'_>, [u8]>> = parsed
        .flat_map(|image| {
            image
                .imports()
                .filter_map(|import| function(&import).ok())
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(functions.len() > FUNCTIONS.len());

    let mut numbers = Numbers(1);
    let mut memory = vec![0; MEMORY];
    for call in 0..CALLS {
        // Records and texts in memory are random, too.
        if call % 16 == 0 {
            let at = numbers.next() as usize % (MEMORY - 4);
            memory[at..at + 4].copy_from_slice(&numbers.word().to_le_bytes());
        }
        let function = functions[numbers.next() as usize % functions.len()];
        let count = numbers.next() as usize % 10;
        let words: Vec<u32> = (0..count).map(|_| numbers.word()).collect();
        // What it says does not matter.
        let _ = function(&mut host, memory.as_mut_slice(), &words);
        if call % 1000 == 0 {
            host.reset();
        }
    }
}
