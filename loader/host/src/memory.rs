//! Ranges in a module's memory.

/// A range in a module's memory, as the module gives it: address and length in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Byte offset in the memory.
    pub address: u32,
    /// Bytes.
    pub length: u32,
}

impl Range {
    /// No byte.
    pub const EMPTY: Range = Range {
        address: 0,
        length: 0,
    };

    pub(crate) const fn new(address: u32, length: u32) -> Self {
        Range { address, length }
    }

    /// The indices of the range in a memory of `size` bytes.
    ///
    /// # Errors
    ///
    /// [`Unreachable::OutOfBounds`] if it does not lie in the memory as a whole.
    pub fn within(self, size: usize) -> Result<core::ops::Range<usize>, Unreachable> {
        let begin = self.address as usize;
        let end = begin.checked_add(self.length as usize);
        end.filter(|&end| end <= size)
            .map(|end| begin..end)
            .ok_or(Unreachable::OutOfBounds)
    }

    /// Whether a byte lies in both.
    pub fn overlaps(self, other: Range) -> bool {
        let end = |range: Range| u64::from(range.address) + u64::from(range.length);
        self.length > 0
            && other.length > 0
            && u64::from(self.address) < end(other)
            && u64::from(other.address) < end(self)
    }
}

/// What a range cannot be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreachable {
    /// A range does not lie in the memory as a whole: the module traps.
    OutOfBounds,
    /// Two ranges overlap of which one is written to.
    Overlap,
}

/// The memory of the instance that calls.
///
/// Every range is checked before the closure runs; if one is bad, it does not.
pub trait Memory {
    /// Hands out two ranges for reading, which may overlap.
    ///
    /// # Errors
    ///
    /// [`Unreachable::OutOfBounds`].
    fn read<R>(
        &mut self,
        ranges: [Range; 2],
        use_it: impl FnOnce([&[u8]; 2]) -> R,
    ) -> Result<R, Unreachable>;

    /// Hands out a range for reading and one for writing.
    ///
    /// # Errors
    ///
    /// [`Unreachable`].
    fn exchange<R>(
        &mut self,
        input: Range,
        output: Range,
        use_it: impl FnOnce(&[u8], &mut [u8]) -> R,
    ) -> Result<R, Unreachable>;

    /// Hands out up to [`SEGMENTS`] ranges for reading and writing; of the slices, as many as there are ranges count.
    ///
    /// # Errors
    ///
    /// [`Unreachable`]; [`Unreachable::Overlap`] also for more ranges.
    fn segments<R>(
        &mut self,
        ranges: &[Range],
        use_them: impl FnOnce(&mut [&mut [u8]; SEGMENTS]) -> R,
    ) -> Result<R, Unreachable>;
}

/// Writes bytes at an address.
///
/// # Errors
///
/// [`Unreachable::OutOfBounds`].
pub(crate) fn store<M: Memory + ?Sized>(
    memory: &mut M,
    address: u32,
    bytes: &[u8],
) -> Result<(), Unreachable> {
    let place = Range::new(address, bytes.len() as u32);
    memory.exchange(Range::EMPTY, place, |_, place| place.copy_from_slice(bytes))
}

/// Ranges that one transaction can have.
pub const SEGMENTS: usize = 8;

/// The memory itself.
impl Memory for [u8] {
    fn read<R>(
        &mut self,
        ranges: [Range; 2],
        use_it: impl FnOnce([&[u8]; 2]) -> R,
    ) -> Result<R, Unreachable> {
        let [first, second] = ranges;
        let (first, second) = (first.within(self.len())?, second.within(self.len())?);
        Ok(use_it([slice(self, first), slice(self, second)]))
    }

    fn exchange<R>(
        &mut self,
        input: Range,
        output: Range,
        use_it: impl FnOnce(&[u8], &mut [u8]) -> R,
    ) -> Result<R, Unreachable> {
        let (from, to) = (input.within(self.len())?, output.within(self.len())?);
        if input.overlaps(output) {
            return Err(Unreachable::Overlap);
        }
        // An empty range may stand inside the other.
        if from.is_empty() {
            return Ok(use_it(&[], self.get_mut(to).unwrap_or_default()));
        }
        if to.is_empty() {
            return Ok(use_it(slice(self, from), &mut []));
        }
        match self.get_disjoint_mut([from, to]) {
            Ok([from, to]) => Ok(use_it(from, to)),
            Err(_) => Err(Unreachable::Overlap),
        }
    }

    fn segments<R>(
        &mut self,
        ranges: &[Range],
        use_them: impl FnOnce(&mut [&mut [u8]; SEGMENTS]) -> R,
    ) -> Result<R, Unreachable> {
        if ranges.len() > SEGMENTS {
            return Err(Unreachable::Overlap);
        }
        let size = self.len();
        // Empty ranges stand at the end, where they overlap nothing.
        let mut places = [const { 0..0 }; SEGMENTS];
        places.fill(size..size);
        for (place, range) in places.iter_mut().zip(ranges) {
            let within = range.within(size)?;
            if !within.is_empty() {
                *place = within;
            }
        }
        match self.get_disjoint_mut(places) {
            Ok(mut slices) => Ok(use_them(&mut slices)),
            Err(_) => Err(Unreachable::Overlap),
        }
    }
}

/// A range that has been checked.
fn slice(memory: &[u8], range: core::ops::Range<usize>) -> &[u8] {
    memory.get(range).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Memory, Range, SEGMENTS, Unreachable};

    const fn range(address: u32, length: u32) -> Range {
        Range::new(address, length)
    }

    #[test]
    fn ranges_end_within_the_memory() {
        assert_eq!(range(3, 5).within(8), Ok(3..8));
        assert_eq!(range(8, 0).within(8), Ok(8..8));
        for bad in [
            range(9, 0),
            range(3, 6),
            range(u32::MAX, 1),
            range(1, u32::MAX),
        ] {
            assert_eq!(bad.within(8), Err(Unreachable::OutOfBounds));
        }
    }

    #[test]
    fn what_is_written_overlaps_nothing() {
        let mut memory = *b"abcdefgh";
        let memory = memory.as_mut_slice();
        let copy = |from: &[u8], to: &mut [u8]| to.copy_from_slice(from);
        assert_eq!(memory.exchange(range(0, 4), range(4, 4), copy), Ok(()));
        assert_eq!(memory, b"abcdabcd");
        assert_eq!(
            memory.exchange(range(0, 4), range(3, 4), copy),
            Err(Unreachable::Overlap)
        );
        assert_eq!(
            memory.exchange(range(2, 0), range(0, 8), |_, to| to.len()),
            Ok(8)
        );
        assert_eq!(
            memory.exchange(range(0, 8), range(3, 0), |from, _| from.len()),
            Ok(8)
        );
        assert_eq!(
            memory.read([range(0, 4), range(1, 4)], |[a, b]| (a[1], b[0])),
            Ok((b'b', b'b'))
        );
    }

    #[test]
    fn segments_are_disjoint() {
        let mut memory = [0_u8; 8];
        let memory = memory.as_mut_slice();
        let lengths = |slices: &mut [&mut [u8]; SEGMENTS]| slices.each_ref().map(|s| s.len());
        assert_eq!(
            memory.segments(&[range(4, 4), range(2, 0), range(0, 4)], lengths),
            Ok([4, 0, 4, 0, 0, 0, 0, 0])
        );
        assert_eq!(
            memory.segments(&[range(4, 4), range(0, 5)], lengths),
            Err(Unreachable::Overlap)
        );
        assert_eq!(
            memory.segments(&[range(4, 5)], lengths),
            Err(Unreachable::OutOfBounds)
        );
        assert_eq!(
            memory.segments(&[Range::EMPTY; SEGMENTS + 1], lengths),
            Err(Unreachable::Overlap)
        );
    }
}
