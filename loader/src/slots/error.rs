//! Why a slot could not be had, filled, tried or confirmed.

use core::error::Error;
use core::fmt;

use super::layout::LayoutFault;
use crate::error::ImageError;

/// Why something could not be done with the slots; `E` is the flash driver's error.
///
/// What was so before still is; after an error of the flash, [open](super::Slots::open) again to
/// see whether it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotsError<E> {
    /// The driver could not erase, write or read.
    Flash(E),
    /// The layout does not fit the flash.
    Layout(LayoutFault),
    /// The flash does not hold what was written to it.
    Worn {
        /// Offset in the flash of what was written.
        offset: u32,
    },
    /// The image does not fit into a slot, or is larger than was announced.
    TooLarge {
        /// Bytes of the image, as far as is known.
        image: u64,
        /// Bytes that there is room for.
        room: u32,
    },
    /// What was written is no image that may run here.
    Image(ImageError),
    /// There is no staged image to try.
    NothingStaged,
    /// There is no trial to confirm or to end: none was started, or none since the last start.
    NoTrial,
    /// While an image is being tried, the other slot holds what runs if it fails.
    Trial,
}

impl<E: fmt::Debug> fmt::Display for SlotsError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SlotsError::Flash(error) => write!(f, "flash: {error:?}"),
            SlotsError::Layout(fault) => write!(f, "layout: {fault}"),
            SlotsError::Worn { offset } => {
                write!(
                    f,
                    "the flash does not hold what was written at offset {offset:#x}"
                )
            }
            SlotsError::TooLarge { image, room } => {
                write!(f, "the image has {image} bytes, there is room for {room}")
            }
            SlotsError::Image(error) => error.fmt(f),
            SlotsError::NothingStaged => f.write_str("no image is staged"),
            SlotsError::NoTrial => f.write_str("no image is being tried"),
            SlotsError::Trial => f.write_str("an image is being tried: confirm or reject it first"),
        }
    }
}

impl<E: fmt::Debug> Error for SlotsError<E> {}
