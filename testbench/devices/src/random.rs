//! Random numbers, for tests.

use wasm2mcu_host::Random;

use crate::timeline::Device;
use crate::world::World;

/// Numbers that look random and are the same every time: **for tests alone**, never for keys.
#[derive(Clone, Copy, Debug)]
pub struct TestRandom<'w> {
    world: &'w World<'w>,
    state: u64,
}

impl<'w> TestRandom<'w> {
    /// The sequence that belongs to a seed.
    pub const fn new(world: &'w World<'w>, seed: u64) -> Self {
        TestRandom { world, state: seed }
    }

    /// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

impl Random for TestRandom<'_> {
    fn fill(&mut self, bytes: &mut [u8]) {
        // Asked for nothing, it only says that it is there.
        if bytes.is_empty() {
            return;
        }
        let what = format_args!("gives {} bytes, the same every time", bytes.len());
        self.world.note(Device::Random, what);
        for chunk in bytes.chunks_mut(8) {
            let random = self.next().to_le_bytes();
            chunk
                .iter_mut()
                .zip(random)
                .for_each(|(to, from)| *to = from);
        }
    }
}
