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
