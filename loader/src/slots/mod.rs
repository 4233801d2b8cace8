//! Two slots for images in flash: the new one is written and verified while the old one runs, tried, and
//! kept or dropped. Whenever power is cut, the next start finds a whole image that was verified.
//!
//! ```text
//!              stage · write … finish            begin_trial                boot
//!   no candidate ────────────────▶ staged ──────────────────▶ armed ──────────────▶ on trial
//!        ▲    ▲                      │ stage                    │ stage               │  │
//!        │    └──────────────────────┴──────────────────────────┘              confirm│  │reject, or the
//!        │           (the slot is written again)                                      │  │next boot
//!        └────────────────────────────────────────────────────────────────────────────┘  ▼
//!              the candidate's slot is in use from now on, the other one is free      rejected
//! ```
//!
//! Each arrow is one record in a journal, and is taken once the record is complete. What runs in every
//! state but *on trial* is the confirmed image, whose slot nothing here writes to.
//!
//! | state | a reset, a watchdog or a cut leads to | may be called |
//! |---|---|---|
//! | no candidate, rejected | the confirmed image | `stage` |
//! | while `write` goes on | the confirmed image, no candidate | |
//! | staged | the confirmed image, staged | `begin_trial`, `stage` |
//! | armed | the candidate, on trial | `boot`, `stage` |
//! | on trial | the confirmed image, rejected | `confirm`, `reject` |
//!
//! # The firmware's side
//!
//! ```
//! # #[cfg(feature = "sha2")] {
//! use wasm2mcu_loader::slots::{Boot, Layout, MappedFlash, Slots, SlotsError};
//! use wasm2mcu_loader::{Image, Policy};
//!
//! /// Slots of 128 KB in a flash with sectors of 4 KB.
//! const LAYOUT: Layout = Layout {
//!     slots: [0x0004_0000, 0x0006_0000],
//!     slot_bytes: 0x2_0000,
//!     journal: [0x0008_0000, 0x0008_1000],
//!     journal_bytes: 0x1000,
//! };
//!
//! /// Runs what there is, and what replaces it, for ever.
//! fn run<F: MappedFlash>(
//!     flash: F,
//!     bytes: impl Fn(Boot) -> &'static [u8],
//!     policy: Policy<'_>,
//!     mut call: impl FnMut(&Image<'_>, &mut Slots<F>) -> Result<(), ()>,
//! ) -> Result<(), SlotsError<F::Error>> {
//!     let mut slots = Slots::open(flash, LAYOUT)?;
//!     while let Some(boot) = slots.boot()? {
//!         // Of the memory-mapped flash: `boot.offset`, `boot.image.bytes`.
//!         let image = Image::parse(bytes(boot))
//!             .and_then(|image| image.verify(&policy.min_counter(slots.min_counter())));
//!         // Instantiates and calls; `slots.confirm()` once the module has shown that it works. Returns to
//!         // change to an image that it has staged (`begin_trial`), or with what trapped.
//!         let end = image.map_err(drop).and_then(|image| call(&image, &mut slots));
//!         if end.is_err() && slots.on_trial() {
//!             // The next round runs the old image, without a reset.
//!             slots.reject()?;
//!         }
//!     }
//!     Ok(())
//! }
//! # }
//! ```
//!
//! The image that runs is a `'static` slice that the firmware makes of the mapped flash, while [`Slots`] owns the
//! driver. That is sound because nothing here erases or writes a slot between the `boot` that named it and the next
//! one: [`Slots::stage`] writes to the slot that is not in use, and is refused during a trial. There is one `Slots` for
//! a layout at a time, opened once after each reset.
//!
//! Whether a single-bank flash can be read while it is written is the driver's affair: most stall the core
//! or run from RAM meanwhile.
//!
//! # Rollback
//!
//! [`Slots::min_counter`] is the security counter of the confirmed image. [`Writer::finish`] refuses what is below it, and
//! [`Slots::confirm`] is what raises it, so a trial never closes the way back, and what was confirmed never gives way to
//! something older. A device that keeps a counter elsewhere as well (one-time programmable memory) raises that
//! after `confirm` has returned, never before. The journal is not authenticated: who can write
//! the flash can change which of two images runs and this counter, but no policy's keys.
//!
//! # In flash
//!
//! Slots hold images from their first byte on, nothing else. The journal has two halves; each is an array of places, and
//! a place holds a record of 64 bytes and a mark (4 bytes, or what the flash writes or reads at once if that is more):
//!
//! | offset | size | field |
//! |---|---|---|
//! | 0 | 4 | `w2j1` |
//! | 4 | 4 | generation: the half with the higher one is in use |
//! | 8 | 2 | number of the place in its half |
//! | 10 | 1 | confirmed image: 0 none, 1 in slot A, 2 in slot B |
//! | 11 | 1 | candidate, in the other slot (without a confirmed image in A): 0 none, 1 staged, 2 armed, 3 on trial, 4 rejected |
//! | 12 | 24 | confirmed image: size, security counter, first 16 bytes of its SHA-256; zeros if there is none |
//! | 36 | 24 | candidate: the same |
//! | 60 | 4 | CRC-32 (IEEE 802.3) of the 60 bytes |
//! | 64 | | the mark, bytes of `5a`, written once the record has been read back; zeros where a cut left the place in doubt |
//!
//! The last record of the half in use is the state. The place that was the next one when the device started gets
//! zeros for a mark and is passed over. `journal.rs` says why that holds after any cut, with words half
//! written, sectors half erased, and bits that read differently from one time to the next. No word is written twice
//! between erasures, but for zeros over a mark that may have been cut off: flashes with error correction allow that.
//! Tested is a cut in every word and every erasure, and a second one in what follows the first.
//!
//! # Wear
//!
//! An update erases each sector that the new image needs once, and uses 7 places of the journal, 4 of them before
//! the reset that starts the trial (one passed over, one when `stage` begins, staged, armed) and 3 after it (one passed over, on trial,
//! confirmed); 6 if there is no reset. Halves of 4 KB have 60 places of 68 bytes, so each is erased once in 17 updates,
//! when a slot's sectors have been erased 8 times. A start without an update writes nothing.

mod error;
mod journal;
mod layout;
mod record;
mod writer;

use core::fmt;

use embedded_storage::nor_flash::NorFlash;

use journal::Journal;
use record::{Candidate, State};

pub use embedded_storage;
pub use error::SlotsError;
pub use layout::{Layout, LayoutFault, Slot};
pub use record::{Identity, Known};
pub use writer::Writer;

/// A flash that the core sees as memory, as it must to run images in place.
pub trait MappedFlash: NorFlash {
    /// The bytes from this offset on, as the core sees them.
    ///
    /// What is asked for lies in one slot of the layout. A driver with a cache shows what was written.
    fn mapped(&self, offset: u32, bytes: u32) -> &[u8];
}

impl<F: MappedFlash> MappedFlash for &mut F {
    fn mapped(&self, offset: u32, bytes: u32) -> &[u8] {
        (**self).mapped(offset, bytes)
    }
}

/// What to run, and where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boot {
    /// The slot.
    pub slot: Slot,
    /// Where the image begins: an offset in the flash.
    pub offset: u32,
    /// Size, counter and identity of the image. It was verified when it was staged; it is again before
    /// it can be instantiated.
    pub image: Known,
    /// Whether it is being tried: without [`Slots::confirm`] it does not run again.
    pub trial: bool,
}

/// Two slots and the journal that says what is in them.
pub struct Slots<F> {
    flash: F,
    layout: Layout,
    journal: Journal,
    /// Whether the candidate was started since this was opened.
    on_trial: bool,
}

impl<F: NorFlash> Slots<F> {
    /// Reads what there is. A journal that was never written is that of a device without an image.
    ///
    /// # Errors
    ///
    /// [`SlotsError::Layout`]. [`SlotsError::Flash`] and [`SlotsError::Worn`], since a record that a cut left in
    /// doubt is written again.
    pub fn open(mut flash: F, layout: Layout) -> Result<Slots<F>, SlotsError<F::Error>> {
        layout.check(&flash).map_err(SlotsError::Layout)?;
        let journal = Journal::open(&mut flash, &layout)?;
        Ok(Slots {
            flash,
            layout,
            journal,
            on_trial: false,
        })
    }

    /// Starts: says what to run now, `None` if there is no image yet. Called once after each reset, and
    /// again wherever the firmware changes from one image to the other.
    ///
    /// An armed candidate goes on trial. One that was on trial already is rejected: it was started and
    /// neither confirmed nor rejected, so it ended in a reset or a cut.
    ///
    /// # Errors
    ///
    /// [`SlotsError::Flash`] and [`SlotsError::Worn`]; [`active`](Slots::active) is what can run all the same.
    pub fn boot(&mut self) -> Result<Option<Boot>, SlotsError<F::Error>> {
        self.on_trial = false;
        match self.state().candidate {
            Candidate::Armed(known) => {
                self.append(Candidate::Trial(known))?;
                self.on_trial = true;
            }
            Candidate::Trial(known) => self.append(Candidate::Rejected(known))?,
            Candidate::None | Candidate::Staged(_) | Candidate::Rejected(_) => {}
        }
        Ok(self.active())
    }

    /// What runs now: the image on trial, or else the confirmed one.
    pub fn active(&self) -> Option<Boot> {
        let state = self.state();
        if let (true, Candidate::Trial(known)) = (self.on_trial, state.candidate) {
            return Some(self.at(state.candidate_slot(), known, true));
        }
        let (slot, known) = state.confirmed?;
        Some(self.at(slot, known, false))
    }

    /// Whether the image that runs is being tried.
    pub const fn on_trial(&self) -> bool {
        self.on_trial
    }

    /// The image that the next [`begin_trial`](Slots::begin_trial) or [`boot`](Slots::boot) concerns.
    pub fn staged(&self) -> Option<Known> {
        match self.state().candidate {
            Candidate::Staged(known) | Candidate::Armed(known) => Some(known),
            _ => None,
        }
    }

    /// The image that was tried last and not confirmed, until another one is staged: what a device tells its
    /// server, so that it is not sent the same again.
    pub fn rejected(&self) -> Option<Known> {
        match self.state().candidate {
            Candidate::Rejected(known) => Some(known),
            _ => None,
        }
    }

    /// The security counter of the confirmed image, below which nothing is staged; 0 without one.
    pub fn min_counter(&self) -> u32 {
        self.state().confirmed.map_or(0, |(_, known)| known.counter)
    }

    /// Begins to write an image of this size to the slot that is not in use. What is staged there is gone.
    ///
    /// # Errors
    ///
    /// [`SlotsError::TooLarge`] if it does not fit, [`SlotsError::Trial`] while an image is being tried: nothing
    /// has changed then. [`SlotsError::Flash`] and [`SlotsError::Worn`].
    pub fn stage(&mut self, bytes: u32) -> Result<Writer<'_, F>, SlotsError<F::Error>> {
        if bytes > self.layout.slot_bytes {
            return Err(SlotsError::TooLarge {
                image: bytes.into(),
                room: self.layout.slot_bytes,
            });
        }
        if self.on_trial {
            return Err(SlotsError::Trial);
        }
        let candidate = self.state().candidate;
        let gone = candidate.kept().is_some();
        if gone || !self.journal.is_settled() {
            // Also where nothing changes: a record that was cut off, and cannot be read now, might be the next
            // time, and say that there is an image in this slot.
            self.append(if gone { Candidate::None } else { candidate })?;
        }
        let begin = self.layout.slot(self.state().candidate_slot());
        Ok(Writer::new(self, begin, bytes))
    }

    /// Has the next [`boot`](Slots::boot) try the staged image, after a reset or at once.
    ///
    /// # Errors
    ///
    /// [`SlotsError::NothingStaged`]. [`SlotsError::Flash`] and [`SlotsError::Worn`].
    pub fn begin_trial(&mut self) -> Result<(), SlotsError<F::Error>> {
        match self.state().candidate {
            Candidate::Staged(known) => self.append(Candidate::Armed(known)),
            Candidate::Armed(_) => Ok(()),
            _ => Err(SlotsError::NothingStaged),
        }
    }

    /// Makes the image that is being tried the one that runs from now on. Its counter is the lowest that may be
    /// staged, once this has returned.
    ///
    /// # Errors
    ///
    /// [`SlotsError::NoTrial`]. [`SlotsError::Flash`] and [`SlotsError::Worn`].
    pub fn confirm(&mut self) -> Result<(), SlotsError<F::Error>> {
        let known = self.tried()?;
        let state = State {
            confirmed: Some((self.state().candidate_slot(), known)),
            candidate: Candidate::None,
        };
        self.journal.append(&mut self.flash, state)?;
        self.on_trial = false;
        Ok(())
    }

    /// Ends the trial, because the image trapped or does not do what it should. The next
    /// [`boot`](Slots::boot) gives the confirmed image; no reset is needed.
    ///
    /// # Errors
    ///
    /// [`SlotsError::NoTrial`]. [`SlotsError::Flash`] and [`SlotsError::Worn`].
    pub fn reject(&mut self) -> Result<(), SlotsError<F::Error>> {
        let known = self.tried()?;
        self.append(Candidate::Rejected(known))?;
        self.on_trial = false;
        Ok(())
    }

    /// The driver, to see what [`boot`](Slots::boot) has named.
    pub const fn flash(&self) -> &F {
        &self.flash
    }

    fn tried(&self) -> Result<Known, SlotsError<F::Error>> {
        match self.state().candidate {
            Candidate::Trial(known) if self.on_trial => Ok(known),
            _ => Err(SlotsError::NoTrial),
        }
    }

    const fn state(&self) -> &State {
        self.journal.state()
    }

    fn at(&self, slot: Slot, image: Known, trial: bool) -> Boot {
        Boot {
            slot,
            offset: self.layout.slot(slot),
            image,
            trial,
        }
    }

    /// Writes what has become of the candidate.
    fn append(&mut self, candidate: Candidate) -> Result<(), SlotsError<F::Error>> {
        let state = State {
            candidate,
            ..*self.state()
        };
        self.journal.append(&mut self.flash, state)
    }
}

impl<F> fmt::Debug for Slots<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slots")
            .field("layout", &self.layout)
            .field("state", self.journal.state())
            .field("on_trial", &self.on_trial)
            .finish_non_exhaustive()
    }
}
