//! Sections whose records are referred to by offset and written once each.

use std::collections::HashMap;

/// A section under construction in which equal records share one place.
#[derive(Default)]
pub(super) struct Interner {
    bytes: Vec<u8>,
    offsets: HashMap<Vec<u8>, usize>,
}

impl Interner {
    /// Offset of this record, which is appended if it is new.
    pub(super) fn intern(&mut self, record: Vec<u8>) -> usize {
        *self.offsets.entry(record).or_insert_with_key(|record| {
            let offset = self.bytes.len();
            self.bytes.extend_from_slice(record);
            offset
        })
    }

    /// The section's bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::Interner;

    #[test]
    fn equal_records_share_a_place() {
        let mut section = Interner::default();
        assert_eq!(section.intern(vec![1, 2]), 0);
        assert_eq!(section.intern(vec![3]), 2);
        assert_eq!(section.intern(vec![1, 2]), 0);
        assert_eq!(section.into_bytes(), [1, 2, 3]);
    }
}
