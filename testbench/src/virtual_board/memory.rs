//! The memory of a module on a board, for functions that work on slices: by copies.

use wasm2mcu_host::{Memory, Range, SEGMENTS, Unreachable};

use crate::host::GuestMemory;

/// Ranges are checked first, fetched, used, and stored again if they were handed out for writing.
pub(super) struct Copies<'m>(pub(super) &'m mut dyn GuestMemory);

impl Copies<'_> {
    fn check(&mut self, ranges: &[Range]) -> Result<(), Unreachable> {
        let size = self.0.size() as usize;
        ranges
            .iter()
            .try_for_each(|range| range.within(size).map(|_| ()))
    }

    fn fetch(&mut self, range: Range) -> Result<Vec<u8>, Unreachable> {
        // Nothing is there to be fetched, and an empty range may stand at the end.
        if range.length == 0 {
            return Ok(Vec::new());
        }
        let bytes = self.0.bytes(range.address, range.length);
        bytes.map_err(|_| Unreachable::OutOfBounds)
    }

    fn store(&mut self, range: Range, bytes: &[u8]) -> Result<(), Unreachable> {
        if bytes.is_empty() {
            return Ok(());
        }
        let stored = self.0.write(range.address, bytes);
        stored.map_err(|_| Unreachable::OutOfBounds)
    }
}

impl Memory for Copies<'_> {
    fn read<R>(
        &mut self,
        ranges: [Range; 2],
        use_it: impl FnOnce([&[u8]; 2]) -> R,
    ) -> Result<R, Unreachable> {
        self.check(&ranges)?;
        let (first, second) = (self.fetch(ranges[0])?, self.fetch(ranges[1])?);
        Ok(use_it([&first, &second]))
    }

    fn exchange<R>(
        &mut self,
        input: Range,
        output: Range,
        use_it: impl FnOnce(&[u8], &mut [u8]) -> R,
    ) -> Result<R, Unreachable> {
        self.check(&[input, output])?;
        if input.overlaps(output) {
            return Err(Unreachable::Overlap);
        }
        let (from, mut to) = (self.fetch(input)?, self.fetch(output)?);
        let result = use_it(&from, &mut to);
        self.store(output, &to)?;
        Ok(result)
    }

    fn segments<R>(
        &mut self,
        ranges: &[Range],
        use_them: impl FnOnce(&mut [&mut [u8]; SEGMENTS]) -> R,
    ) -> Result<R, Unreachable> {
        if ranges.len() > SEGMENTS {
            return Err(Unreachable::Overlap);
        }
        self.check(ranges)?;
        let overlap = |(index, range): (usize, &Range)| {
            ranges[..index].iter().any(|other| other.overlaps(*range))
        };
        if ranges.iter().enumerate().any(overlap) {
            return Err(Unreachable::Overlap);
        }
        let mut copies: [Vec<u8>; SEGMENTS] = Default::default();
        for (copy, range) in copies.iter_mut().zip(ranges) {
            *copy = self.fetch(*range)?;
        }
        let result = use_them(&mut copies.each_mut().map(Vec::as_mut_slice));
        for (copy, range) in copies.iter().zip(ranges) {
            self.store(*range, copy)?;
        }
        Ok(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm2mcu_abi::trap::TrapCode;

    /// A memory like those of boards.
    struct Bytes(Vec<u8>);

    impl GuestMemory for Bytes {
        fn size(&mut self) -> u32 {
            self.0.len() as u32
        }

        fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TrapCode> {
            let place = Range {
                address,
                length: into.len() as u32,
            }
            .within(self.0.len());
            into.copy_from_slice(&self.0[place.map_err(|_| TrapCode::MemoryOutOfBounds)?]);
            Ok(())
        }

        fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TrapCode> {
            let place = Range {
                address,
                length: from.len() as u32,
            }
            .within(self.0.len());
            self.0[place.map_err(|_| TrapCode::MemoryOutOfBounds)?].copy_from_slice(from);
            Ok(())
        }
    }

    const SIZE: usize = 8;

    /// Every range that begins or ends near a memory of so many bytes, and some that wrap around.
    fn ranges() -> impl Iterator<Item = Range> + Clone {
        let addresses = (0..=SIZE as u32 + 1).chain([u32::MAX]);
        addresses.flat_map(|address| {
            let lengths = (0..=SIZE as u32 + 1).chain([u32::MAX]);
            lengths.map(move |length| Range { address, length })
        })
    }

    /// Does the same with copies and with the memory itself.
    fn both<R: PartialEq + std::fmt::Debug>(
        copies: impl FnOnce(&mut Copies<'_>) -> R,
        itself: impl FnOnce(&mut [u8]) -> R,
    ) {
        let bytes: Vec<u8> = (1..=SIZE as u8).collect();
        let mut memory = Bytes(bytes.clone());
        let mut slice = bytes;
        assert_eq!(copies(&mut Copies(&mut memory)), itself(&mut slice));
        assert_eq!(memory.0, slice);
    }

    fn shift(from: &[u8], to: &mut [u8]) -> (Vec<u8>, Vec<u8>) {
        let before = to.to_vec();
        to.iter_mut().for_each(|byte| *byte ^= 0x80);
        (from.to_vec(), before)
    }

    fn mark(slices: &mut [&mut [u8]; SEGMENTS]) -> Vec<Vec<u8>> {
        let before = slices.iter().map(|slice| slice.to_vec()).collect();
        for (number, slice) in slices.iter_mut().enumerate() {
            slice.fill(0xf0 | number as u8);
        }
        before
    }

    #[test]
    fn copies_are_as_good_as_the_memory_itself() {
        for first in ranges() {
            for second in ranges() {
                let two = [first, second];
                both(
                    |memory| memory.read(two, |[a, b]| (a.to_vec(), b.to_vec())),
                    |memory| memory.read(two, |[a, b]| (a.to_vec(), b.to_vec())),
                );
                both(
                    |memory| memory.exchange(first, second, shift),
                    |memory| memory.exchange(first, second, shift),
                );
                both(
                    |memory| memory.segments(&two, mark),
                    |memory| memory.segments(&two, mark),
                );
            }
        }
        let nine = [Range::EMPTY; SEGMENTS + 1];
        both(
            |memory| memory.segments(&nine, mark),
            |memory| memory.segments(&nine, mark),
        );
    }
}
