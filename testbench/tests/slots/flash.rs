//! A NOR flash that can lose power in the middle of a word or a sector.
//!
//! ```text
//!   a run ──▶ Flash, which carries out and keeps a log of Steps: one per word written, one per sector erased
//!   another Flash as it was before ──▶ the first n steps ──▶ step n torn in some Manner ──▶ power up in some Mood
//! ```
//!
//! A torn step leaves words half programmed, sectors half erased, and *weak* bits, between programmed and erased, which
//! read as the mood of each start has them. The flash is as strict as those with error correction: a word that was
//! written takes nothing more, and one that was cut off takes nothing but zeros.

use std::cell::RefCell;

use embedded_storage::nor_flash::{
    ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_read, check_write,
};
use wasm2mcu_loader::slots::MappedFlash;

/// What a flash does for one pulse of its charge pump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Programs a word.
    Write(usize, Vec<u8>),
    /// Erases a sector.
    Erase(usize),
}

/// How far a step comes before the power is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Nowhere.
    Untouched,
    /// To the end, which nobody learns.
    Complete,
    /// The first half of the bytes is done.
    FirstHalf,
    /// Some of the bits are done.
    SomeBits,
    /// All bits are between before and after.
    Weak,
    /// Some bits are done, some between, some as before.
    Mixed,
}

impl Manner {
    pub(crate) const ALL: [Manner; 6] = [
        Manner::Untouched,
        Manner::Complete,
        Manner::FirstHalf,
        Manner::SomeBits,
        Manner::Weak,
        Manner::Mixed,
    ];

    /// Whether it leaves weak bits, so that moods matter.
    pub(crate) const fn is_weak(self) -> bool {
        matches!(self, Manner::Weak | Manner::Mixed)
    }
}

/// How weak bits read, from one start to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As erased: nothing shows.
    Erased,
    /// As programmed: everything seems to be there.
    Programmed,
    /// One way or the other, each time anew.
    Unsteady,
    /// Not at all: the error correction reports the word.
    Unreadable,
}

impl Mood {
    pub(crate) const ALL: [Mood; 4] = [
        Mood::Erased,
        Mood::Programmed,
        Mood::Unsteady,
        Mood::Unreadable,
    ];

    /// That of the next start.
    pub(crate) const fn next(self) -> Mood {
        Mood::ALL[(self as usize + 1) % Mood::ALL.len()]
    }
}

/// What the driver reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlashError {
    /// The caller broke the rules of the trait.
    Rules(NorFlashErrorKind),
    /// A word that was cut off.
    Ecc,
    /// The flash was told to fail here.
    Broken,
}

impl embedded_storage::nor_flash::NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            FlashError::Rules(kind) => *kind,
            FlashError::Ecc | FlashError::Broken => NorFlashErrorKind::Other,
        }
    }
}

/// A flash with words and sectors of these sizes.
#[derive(Clone, Debug)]
pub(crate) struct Flash<const WORD: usize, const SECTOR: usize> {
    /// As it reads.
    cells: Vec<u8>,
    /// Which bits are weak.
    weak: Vec<u8>,
    any_weak: bool,
    mood: Mood,
    random: u64,
    /// What was done since the log was cleared.
    pub(crate) log: Vec<Step>,
    /// How many steps may pass before one reports an error, if one is to.
    pub(crate) break_after: Option<usize>,
    /// Erasures of each sector.
    pub(crate) erasures: Vec<u32>,
    /// What may run after a cut, each with the length of the log from which on it holds.
    expected: RefCell<Vec<(usize, Expected)>>,
}

/// What may run after a cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// For good; 0 stands for no image at all.
    pub(crate) confirmed: Vec<u32>,
    /// On trial.
    pub(crate) trial: Option<u32>,
}

impl<const WORD: usize, const SECTOR: usize> Flash<WORD, SECTOR> {
    /// An erased flash.
    pub(crate) fn new(sectors: usize) -> Self {
        Flash {
            cells: vec![0xff; sectors * SECTOR],
            weak: vec![0; sectors * SECTOR],
            any_weak: false,
            mood: Mood::Erased,
            random: 0x9e37_79b9_7f4a_7c15,
            log: Vec::new(),
            break_after: None,
            erasures: vec![0; sectors],
            expected: RefCell::default(),
        }
    }

    /// Begins a new log.
    pub(crate) fn begin_log(&mut self, expected: Expected) {
        self.log.clear();
        self.expected = RefCell::new(vec![(0, expected)]);
    }

    /// Notes what may run if power is cut from here on.
    pub(crate) fn expect(&self, confirmed: &[u32], trial: Option<u32>) {
        let expected = Expected {
            confirmed: confirmed.to_vec(),
            trial,
        };
        self.expected.borrow_mut().push((self.log.len(), expected));
    }

    /// What may run if power is cut in the step of this number.
    pub(crate) fn expected_at(&self, step: usize) -> Expected {
        let expected = self.expected.borrow();
        let since = expected.iter().rev().find(|(from, _)| *from <= step);
        since.expect("noted from the first step on").1.clone()
    }

    /// Starts the device.
    pub(crate) fn power_up(&mut self, mood: Mood) {
        self.mood = mood;
        self.reread();
    }

    /// Lets other weak bits appear than before.
    pub(crate) fn seed(&mut self, seed: u64) {
        self.random ^= seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1;
    }

    fn random(&mut self) -> u8 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 32) as u8
    }

    fn reread(&mut self) {
        if !self.any_weak {
            return;
        }
        for at in 0..self.cells.len() {
            let weak = self.weak[at];
            if weak != 0 {
                let reads = match self.mood {
                    Mood::Erased => 0xff,
                    Mood::Programmed => 0,
                    Mood::Unsteady | Mood::Unreadable => self.random(),
                };
                self.cells[at] = self.cells[at] & !weak | reads & weak;
            }
        }
    }

    /// Carries out a step.
    ///
    /// # Panics
    ///
    /// If a word is written that was written before, or begun.
    pub(crate) fn carry_out(&mut self, step: &Step) {
        match step {
            Step::Write(offset, bytes) => {
                let range = *offset..offset + WORD;
                let zeros = bytes.iter().all(|&byte| byte == 0);
                let reads_erased = self.cells[range.clone()].iter().all(|&byte| byte == 0xff);
                let sound = self.weak[range.clone()].iter().all(|&weak| weak == 0);
                assert!(
                    zeros || reads_erased && sound,
                    "the word at {offset:#x} was written before: {step:x?}"
                );
                for (at, byte) in range.zip(bytes) {
                    self.cells[at] = *byte;
                    self.weak[at] = 0;
                }
            }
            Step::Erase(offset) => {
                self.cells[*offset..offset + SECTOR].fill(0xff);
                self.weak[*offset..offset + SECTOR].fill(0);
                self.erasures[offset / SECTOR] += 1;
            }
        }
    }

    /// Loses the power during a step.
    pub(crate) fn tear(&mut self, step: &Step, manner: Manner) {
        let (begin, target) = match step {
            Step::Write(offset, bytes) => {
                let before = &self.cells[*offset..offset + WORD];
                let after = before.iter().zip(bytes).map(|(before, byte)| before & byte);
                (*offset, after.collect::<Vec<u8>>())
            }
            Step::Erase(offset) => (*offset, vec![0xff; SECTOR]),
        };
        let half = target.len() / 2;
        for (index, after) in target.into_iter().enumerate() {
            let at = begin + index;
            // Weak bits go the way of the others.
            let moving = self.cells[at] ^ after | self.weak[at];
            let (done, weak) = match manner {
                Manner::Untouched => (0, self.weak[at]),
                Manner::Complete => (0xff, 0),
                Manner::FirstHalf if index < half => (0xff, 0),
                Manner::FirstHalf => (0, self.weak[at]),
                Manner::SomeBits => {
                    let done = self.random();
                    (done, self.weak[at] & !done)
                }
                Manner::Weak => (0, moving),
                Manner::Mixed => {
                    let done = self.random();
                    let weak = self.random() & moving | self.weak[at];
                    (done, weak & !done)
                }
            };
            self.cells[at] = self.cells[at] & !done | after & done;
            self.weak[at] = weak;
            self.any_weak |= weak != 0;
        }
    }

    fn step(&mut self, step: Step) -> Result<(), FlashError> {
        if let Some(left) = &mut self.break_after {
            if *left == 0 {
                self.break_after = None;
                return Err(FlashError::Broken);
            }
            *left -= 1;
        }
        self.carry_out(&step);
        self.log.push(step);
        Ok(())
    }
}

impl<const WORD: usize, const SECTOR: usize> ErrorType for Flash<WORD, SECTOR> {
    type Error = FlashError;
}

impl<const WORD: usize, const SECTOR: usize> ReadNorFlash for Flash<WORD, SECTOR> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        check_read(self, offset, bytes.len()).map_err(FlashError::Rules)?;
        let range = offset as usize..offset as usize + bytes.len();
        bytes.copy_from_slice(&self.cells[range.clone()]);
        if self.any_weak {
            let mut weak = self.weak[range].to_vec();
            match self.mood {
                Mood::Unreadable if weak.iter().any(|&weak| weak != 0) => {
                    return Err(FlashError::Ecc);
                }
                Mood::Unsteady => {
                    for (byte, weak) in bytes.iter_mut().zip(&mut weak) {
                        *byte ^= self.random() & *weak;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.cells.len()
    }
}

impl<const WORD: usize, const SECTOR: usize> NorFlash for Flash<WORD, SECTOR> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = SECTOR;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        check_erase(self, from, to).map_err(FlashError::Rules)?;
        for sector in (from as usize..to as usize).step_by(SECTOR) {
            self.step(Step::Erase(sector))?;
        }
        Ok(())
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        check_write(self, offset, bytes.len()).map_err(FlashError::Rules)?;
        for (index, word) in bytes.chunks(WORD).enumerate() {
            self.step(Step::Write(offset as usize + index * WORD, word.to_vec()))?;
        }
        Ok(())
    }
}

impl<const WORD: usize, const SECTOR: usize> MappedFlash for Flash<WORD, SECTOR> {
    fn mapped(&self, offset: u32, bytes: u32) -> &[u8] {
        &self.cells[offset as usize..(offset + bytes) as usize]
    }
}
