//! Fills the slot that is not in use, while the image in the other one runs.

use embedded_storage::nor_flash::NorFlash;

use super::error::SlotsError;
use super::record::{Candidate, Known, Record};
use super::{MappedFlash, Slots};
use crate::image::Image;
use crate::verify::Policy;
use wasm2mcu_abi::image::RecordType;

/// Takes a new image piece by piece, as it arrives.
///
/// Sectors are erased when the first of their bytes is written. If it is dropped, or power is lost, what was
/// written is forgotten, and [`Slots::stage`] begins anew.
#[derive(Debug)]
pub struct Writer<'s, F: NorFlash> {
    slots: &'s mut Slots<F>,
    /// Where the slot begins.
    begin: u32,
    /// Bytes that were announced.
    announced: u32,
    /// Bytes taken. Those that fill no word yet are in `word`.
    taken: u32,
    word: [u8; Record::BYTES],
}

impl<'s, F: NorFlash> Writer<'s, F> {
    pub(super) fn new(slots: &'s mut Slots<F>, begin: u32, announced: u32) -> Self {
        Writer {
            slots,
            begin,
            announced,
            taken: 0,
            word: [0xff; Record::BYTES],
        }
    }

    /// How many bytes were taken.
    pub const fn taken(&self) -> u32 {
        self.taken
    }

    /// Writes the next bytes of the image; pieces of any length.
    ///
    /// # Errors
    ///
    /// [`SlotsError::TooLarge`] if that is more than was announced: nothing of `bytes` is written then.
    /// [`SlotsError::Flash`]; the writer is of no use then, [stage](Slots::stage) again.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), SlotsError<F::Error>> {
        let image = u64::from(self.taken) + bytes.len() as u64;
        if image > u64::from(self.announced) {
            return Err(SlotsError::TooLarge {
                image,
                room: self.announced,
            });
        }
        while !bytes.is_empty() {
            let filled = self.taken as usize % F::WRITE_SIZE;
            let piece = if filled > 0 || bytes.len() < F::WRITE_SIZE {
                let piece = bytes.len().min(F::WRITE_SIZE - filled);
                self.word[filled..filled + piece].copy_from_slice(&bytes[..piece]);
                if filled + piece == F::WRITE_SIZE {
                    self.flush()?;
                }
                piece
            } else {
                // Whole words, up to where the next sector has to be erased.
                let sector = F::ERASE_SIZE - self.taken as usize % F::ERASE_SIZE;
                let piece = bytes.len().min(sector) / F::WRITE_SIZE * F::WRITE_SIZE;
                self.program(self.taken, &bytes[..piece])?;
                piece
            };
            self.taken += piece as u32;
            bytes = &bytes[piece..];
        }
        Ok(())
    }

    /// Writes the word that is being filled, which begins at or before the bytes taken.
    fn flush(&mut self) -> Result<(), SlotsError<F::Error>> {
        let word = self.word;
        let begin = self.taken - self.taken % F::WRITE_SIZE as u32;
        self.program(begin, &word[..F::WRITE_SIZE])?;
        self.word = [0xff; Record::BYTES];
        Ok(())
    }

    /// Writes words of one sector, and erases it before its first.
    fn program(&mut self, at: u32, words: &[u8]) -> Result<(), SlotsError<F::Error>> {
        let offset = self.begin + at;
        let flash = &mut self.slots.flash;
        if (at as usize).is_multiple_of(F::ERASE_SIZE) {
            let end = offset + F::ERASE_SIZE as u32;
            flash.erase(offset, end).map_err(SlotsError::Flash)?;
        }
        flash.write(offset, words).map_err(SlotsError::Flash)
    }
}

impl<F: MappedFlash> Writer<'_, F> {
    /// Verifies what the flash holds now, in place, and makes it the image to try.
    ///
    /// The policy is the one that the image will run under; its counter need not be set: what is below
    /// [`Slots::min_counter`] is refused in any case. With a [core](Policy::core) in the policy, images
    /// for another one are refused here and not only when started.
    ///
    /// # Errors
    ///
    /// [`SlotsError::Image`]: the transfer failed, or nobody should have sent this; [stage](Slots::stage)
    /// again. [`SlotsError::Flash`] and [`SlotsError::Worn`].
    pub fn finish(mut self, policy: &Policy<'_>) -> Result<Known, SlotsError<F::Error>> {
        if !(self.taken as usize).is_multiple_of(F::WRITE_SIZE) {
            self.flush()?;
        }
        let slots = self.slots;
        let policy = policy.at_least(slots.min_counter());
        let bytes = slots.flash.mapped(self.begin, self.taken);
        let image = Image::parse(bytes).and_then(|image| image.verify(&policy));
        let known = image
            .map(|image| known(&image))
            .map_err(SlotsError::Image)?;
        slots.append(Candidate::Staged(known))?;
        Ok(known)
    }
}

/// What is remembered of a verified image.
fn known(image: &Image<'_>) -> Known {
    let hash = image
        .trailer()
        .find(|record| record.record_type == RecordType::SHA256);
    Known {
        bytes: image.bytes().len() as u32,
        counter: image.security_counter(),
        identity: hash
            .and_then(|hash| hash.value.first_chunk().copied())
            .unwrap_or_default(),
    }
}
