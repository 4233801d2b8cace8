//! Every stage of the loader and all of its readers, with stand-ins for hash and signature.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use wasm2mcu_loader_fuzz::{exercise, mutate};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, seed, |data, size| {
        fuzzer_mutate(data, size, max_size)
    })
});

fuzz_target!(|input: &[u8]| exercise(input, false));
