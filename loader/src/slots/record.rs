//! What the journal says: the whole state in one record, with a checksum.

use super::layout::Slot;

/// The first 16 bytes of an image's SHA-256, by which it is told from others.
pub type Identity = [u8; 16];

/// What the journal remembers of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The image's size.
    pub bytes: u32,
    /// Its security counter.
    pub counter: u32,
    /// Which image it is.
    pub identity: Identity,
}

/// How far the image in the slot that is not in use has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Candidate {
    /// There is none: the slot may hold anything.
    None,
    /// It is whole and verified.
    Staged(Known),
    /// The next start tries it.
    Armed(Known),
    /// It has been started, and has not been confirmed.
    Trial(Known),
    /// It was tried, and was not confirmed. The slot may hold anything.
    Rejected(Known),
}

impl Candidate {
    /// The image, as long as the slot still has to hold it.
    pub(super) const fn kept(self) -> Option<Known> {
        match self {
            Candidate::Staged(known) | Candidate::Armed(known) | Candidate::Trial(known) => {
                Some(known)
            }
            Candidate::None | Candidate::Rejected(_) => None,
        }
    }
}

/// Everything that outlasts a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// What runs unless something is tried.
    pub(super) confirmed: Option<(Slot, Known)>,
    /// What is in the other slot.
    pub(super) candidate: Candidate,
}

impl State {
    /// Of a device that never had an image.
    pub(super) const NEW: State = State {
        confirmed: None,
        candidate: Candidate::None,
    };

    /// The slot that is not in use.
    pub(super) const fn candidate_slot(&self) -> Slot {
        match self.confirmed {
            Some((slot, _)) => slot.other(),
            None => Slot::A,
        }
    }
}

/// A state with its place in the journal, so that nothing counts that stands where it was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Counts the erasures of the journal's halves together: the half with the higher one is in use.
    pub(super) generation: u32,
    /// Which of the places of the half.
    pub(super) place: u16,
    /// What was so from then on.
    pub(super) state: State,
}

impl Record {
    /// Size of a record.
    pub(super) const BYTES: usize = 64;

    const MAGIC: [u8; 4] = *b"w2j1";

    /// The record as the flash has it; the table stands in the module's documentation.
    pub(super) fn encode(&self) -> [u8; Self::BYTES] {
        let (state, candidate) = match self.state.candidate {
            Candidate::None => (0, Known::default()),
            Candidate::Staged(known) => (1, known),
            Candidate::Armed(known) => (2, known),
            Candidate::Trial(known) => (3, known),
            Candidate::Rejected(known) => (4, known),
        };
        let (slot, confirmed) = match self.state.confirmed {
            None => (0, Known::default()),
            Some((Slot::A, known)) => (1, known),
            Some((Slot::B, known)) => (2, known),
        };
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&Self::MAGIC);
        bytes[4..8].copy_from_slice(&self.generation.to_le_bytes());
        bytes[8..10].copy_from_slice(&self.place.to_le_bytes());
        bytes[10] = slot;
        bytes[11] = state;
        for (known, at) in [(confirmed, 12), (candidate, 36)] {
            bytes[at..at + 4].copy_from_slice(&known.bytes.to_le_bytes());
            bytes[at + 4..at + 8].copy_from_slice(&known.counter.to_le_bytes());
            bytes[at + 8..at + 24].copy_from_slice(&known.identity);
        }
        let checksum = crc32(&bytes[..60]);
        bytes[60..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// What was encoded; `None` for everything else.
    pub(super) fn decode(bytes: &[u8; Self::BYTES]) -> Option<Record> {
        let word = |at: usize| {
            let word = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            u32::from_le_bytes(word)
        };
        if bytes[..4] != Self::MAGIC || word(60) != crc32(&bytes[..60]) {
            return None;
        }
        let known = |at: usize| {
            let mut identity = [0; 16];
            identity.copy_from_slice(&bytes[at + 8..at + 24]);
            Known {
                bytes: word(at),
                counter: word(at + 4),
                identity,
            }
        };
        let confirmed = match bytes[10] {
            0 => None,
            1 => Some((Slot::A, known(12))),
            2 => Some((Slot::B, known(12))),
            _ => return None,
        };
        let candidate = match bytes[11] {
            0 => Candidate::None,
            1 => Candidate::Staged(known(36)),
            2 => Candidate::Armed(known(36)),
            3 => Candidate::Trial(known(36)),
            4 => Candidate::Rejected(known(36)),
            _ => return None,
        };
        Some(Record {
            generation: word(4),
            place: u16::from_le_bytes([bytes[8], bytes[9]]),
            state: State {
                confirmed,
                candidate,
            },
        })
    }
}

/// CRC-32 of IEEE 802.3, by half bytes: a table of 64 bytes, and a start reads more than a hundred records.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 16] = {
        let mut table = [0; 16];
        let mut index = 0;
        while index < 16 {
            let mut crc = index as u32;
            let mut bit = 0;
            while bit < 4 {
                crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
                bit += 1;
            }
            table[index] = crc;
            index += 1;
        }
        table
    };
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        crc = (crc >> 4) ^ TABLE[crc as usize & 15];
        crc = (crc >> 4) ^ TABLE[crc as usize & 15];
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_well_known_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let known = |fill: u8| Known {
            bytes: u32::from_le_bytes([fill; 4]),
            counter: 7,
            identity: [fill; 16],
        };
        let confirmed = [
            None,
            Some((Slot::A, known(1))),
            Some((Slot::B, known(0xff))),
        ];
        let candidates = [
            Candidate::None,
            Candidate::Staged(known(3)),
            Candidate::Armed(known(4)),
            Candidate::Trial(known(5)),
            Candidate::Rejected(known(6)),
        ];
        for confirmed in confirmed {
            for candidate in candidates {
                let record = Record {
                    generation: 0x0102_0304,
                    place: 59,
                    state: State {
                        confirmed,
                        candidate,
                    },
                };
                assert_eq!(Record::decode(&record.encode()), Some(record));
            }
        }
    }

    #[test]
    fn no_bit_may_differ() {
        let record = Record {
            generation: 1,
            place: 0,
            state: State::NEW,
        };
        let good = record.encode();
        for bit in 0..8 * good.len() {
            let mut bytes = good;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::decode(&bytes), None, "bit {bit}");
        }
        assert_eq!(Record::decode(&[0; Record::BYTES]), None);
        assert_eq!(Record::decode(&[0xff; Record::BYTES]), None);
    }
}
