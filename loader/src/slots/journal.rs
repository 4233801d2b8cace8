//! The journal: the last record that counts is the state, whatever was cut off behind it.
//!
//! ```text
//!   half 0, generation 5                 half 1, generation 6 (in use)
//!   ┌────────┬────────┬─ ─ ─┬────────┐   ┌────────┬────────┬────────┬────────┬─ ─ ─
//!   │record M│record M│     │record M│   │record M│record M│rec    0│record M│ erased
//!   └────────┴────────┴─ ─ ─┴────────┘   └────────┴────────┴────────┴────────┴─ ─ ─
//!    place 0        └ the mark            carried    cut here ─▲      ▲
//!                                          over                the state
//! ```
//!
//! A cut may leave anything in the words that were being written, even bits that read differently each time.
//! What can be relied on is order: **whatever was begun proves that all before it was completed.** From
//! that follows:
//!
//! 1. A record is the body, then a mark. Any trace of the mark proves that the body is sound and will
//!    always be read. A body without its mark may be read now and not the next time, so it is
//!    written once more, [when opened](Journal::open), before anything is done about it.
//! 2. Places are used in order, so only the last one that was begun may be unsound. That is the last one that
//!    shows a trace, if it has no mark, or the one behind it, which need not show that it was begun. The first
//!    thing that a start writes is zeros in place of these two marks: traces for good, which are no marks.
//!    Zeros are what a flash takes where something was cut off before. The record goes to the place
//!    behind, which nobody has begun, and no other word is ever written twice.
//! 3. A half is erased only when the other one is full, and then begins with a copy of the state as it is. Until
//!    that is there, the full half counts, and a start sees the same state in both.
//!
//! Every record is read once, into RAM, and judged there.

use embedded_storage::nor_flash::NorFlash;

use super::error::SlotsError;
use super::layout::{Layout, mark_bytes, place_bytes};
use super::record::{Record, State};

/// What erased flash reads as.
const ERASED: u8 = 0xff;

/// The longest mark: where the flash reads or writes 64 bytes at once.
const MARK: [u8; Record::BYTES] = [0x5a; Record::BYTES];

/// What stands in place of a mark where something was cut off, or may have been.
const VOID: [u8; Record::BYTES] = [0; Record::BYTES];

/// Where the next record goes, and what the last one said.
pub(super) struct Journal {
    layout: Layout,
    places: u16,
    /// The half in use; in a new journal the second one, full, so that the first is next.
    half: usize,
    generation: u32,
    next: u16,
    /// Whether something may have been begun that is not complete: nothing was written since the start, or
    /// that failed.
    doubtful: bool,
    /// Whether the place before it has its mark, so that it will always show a trace.
    sealed: bool,
    state: State,
}

/// What is in one half.
struct Half {
    last: Record,
    /// Whether the last record is sound for certain.
    marked: bool,
    /// The place behind the last one that shows any trace.
    next: u16,
    /// Whether the place before it has its mark.
    sealed: bool,
}

impl Journal {
    /// Reads the journal. Writes only if a cut left it in doubt what the state is.
    pub(super) fn open<F: NorFlash>(
        flash: &mut F,
        layout: &Layout,
    ) -> Result<Journal, SlotsError<F::Error>> {
        let places = layout.places(place_bytes::<F>());
        let mut journal = Journal {
            layout: *layout,
            places: u16::try_from(places).unwrap_or(u16::MAX),
            half: 1,
            generation: 0,
            next: u16::MAX,
            doubtful: true,
            sealed: true,
            state: State::NEW,
        };
        let mut marked = true;
        for index in [0, 1] {
            let Some(half) = journal.read_half(flash, index) else {
                continue;
            };
            if half.last.generation > journal.generation {
                journal.half = index;
                journal.generation = half.last.generation;
                journal.next = half.next;
                journal.sealed = half.sealed;
                journal.state = half.last.state;
                marked = half.marked;
            }
        }
        if !marked {
            journal.append(flash, journal.state)?;
        }
        Ok(journal)
    }

    /// What the last record says.
    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    /// Whether the state was written since the start, so that nothing else can come up again.
    pub(super) const fn is_settled(&self) -> bool {
        !self.doubtful
    }

    /// Makes this the state, for good once it returns.
    pub(super) fn append<F: NorFlash>(
        &mut self,
        flash: &mut F,
        state: State,
    ) -> Result<(), SlotsError<F::Error>> {
        if self.doubtful && self.next < self.places {
            if !self.sealed {
                self.void(flash, self.next - 1);
            }
            self.void(flash, self.next);
            self.next += 1;
        }
        if self.next >= self.places {
            self.change_halves(flash)?;
        }
        self.write(flash, state)
    }

    /// Leaves a trace in a place for good.
    fn void<F: NorFlash>(&self, flash: &mut F, place: u16) {
        let offset = self.offset::<F>(self.half, place) + Record::BYTES as u32;
        // A flash that refuses this has found a trace.
        let _ = flash.write(offset, &VOID[..mark_bytes::<F>() as usize]);
    }

    fn change_halves<F: NorFlash>(&mut self, flash: &mut F) -> Result<(), SlotsError<F::Error>> {
        let other = 1 - self.half;
        let begin = self.layout.journal[other];
        let end = begin + self.layout.journal_bytes;
        flash.erase(begin, end).map_err(SlotsError::Flash)?;
        self.half = other;
        self.next = 0;
        self.generation = self.generation.wrapping_add(1);
        self.write(flash, self.state)
    }

    fn write<F: NorFlash>(
        &mut self,
        flash: &mut F,
        state: State,
    ) -> Result<(), SlotsError<F::Error>> {
        let record = Record {
            generation: self.generation,
            place: self.next,
            state,
        };
        let offset = self.offset::<F>(self.half, self.next);
        // If this fails, the place is one that was begun.
        self.next += 1;
        self.sealed = false;
        self.doubtful = true;
        let body = record.encode();
        flash.write(offset, &body).map_err(SlotsError::Flash)?;
        let mut read = [0; Record::BYTES];
        flash.read(offset, &mut read).map_err(SlotsError::Flash)?;
        if read != body {
            return Err(SlotsError::Worn { offset });
        }
        let mark = &MARK[..mark_bytes::<F>() as usize];
        flash
            .write(offset + Record::BYTES as u32, mark)
            .map_err(SlotsError::Flash)?;
        self.sealed = true;
        self.doubtful = false;
        self.state = state;
        Ok(())
    }

    fn offset<F: NorFlash>(&self, half: usize, place: u16) -> u32 {
        self.layout.journal[half] + u32::from(place) * place_bytes::<F>()
    }

    /// `None` if nothing in the half counts.
    fn read_half<F: NorFlash>(&self, flash: &mut F, index: usize) -> Option<Half> {
        let mut found: Option<(Record, bool)> = None;
        let mut any_marked = false;
        let mut next = 0;
        let mut sealed = true;
        for place in 0..self.places {
            let offset = self.offset::<F>(index, place);
            let mut body = [0; Record::BYTES];
            let mut mark = [0; Record::BYTES];
            let mark = &mut mark[..mark_bytes::<F>() as usize];
            // Words that were cut off may be unreadable to a flash with error correction. They show
            // a trace then, and are no record.
            let body_read = flash.read(offset, &mut body).is_ok();
            let mark_read = flash.read(offset + Record::BYTES as u32, mark).is_ok();
            let erased = |bytes: &[u8]| bytes.iter().all(|&byte| byte == ERASED);
            if body_read && mark_read && erased(&body) && erased(mark) {
                continue;
            }
            let marked = mark_read && *mark == MARK[..mark.len()];
            next = place + 1;
            sealed = marked;
            let record = Record::decode(&body).filter(|record| body_read && record.place == place);
            let Some(record) = record else {
                continue;
            };
            any_marked |= marked;
            // A half that was only partly erased may hold older ones.
            if found.is_none_or(|(last, _)| last.generation <= record.generation) {
                found = Some((record, marked));
            }
        }
        let (last, marked) = found?;
        // Where nothing is sound for certain, and there is no room to make it so, the other half
        // must not be erased.
        let room = next + 1 < self.places;
        (any_marked || room).then_some(Half {
            last,
            marked,
            next,
            sealed,
        })
    }
}
