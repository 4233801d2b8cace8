//! Whether an image can go where it is to go, and the firmware could run it there.

use std::ops::Range;

use wasm2mcu_abi::image::{ALIGNMENT, Architecture, Features, Header, field, read_word};

use super::elf::Segment;
use super::slots::{Loader, Slot};
use super::{Firmware, FitError, Placed};

/// Where an image is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To the only slot that there is.
    OnlySlot,
    /// To the start of the slot of this name.
    Slot(String),
    /// To this address, in a slot or outside of all.
    Address(u32),
}

/// What of an image's header is compared.
struct Claims {
    format: u16,
    abi: u16,
    architecture: Architecture,
    features: Features,
    bytes: u32,
}

impl Claims {
    /// `None` if the bytes are not an image and nothing else.
    fn of(image: &[u8]) -> Option<Claims> {
        let header = Header::read(image)?;
        let versions = read_word(image, field::VERSIONS)?;
        let whole = header.image_bytes as usize == image.len();
        whole.then_some(Claims {
            format: versions as u16,
            abi: (versions >> 16) as u16,
            architecture: header.architecture,
            features: header.features,
            bytes: header.image_bytes,
        })
    }
}

/// The image at its place, if it can go there.
pub(super) fn place(
    firmware: &Firmware<'_>,
    image: Vec<u8>,
    place: &Place,
) -> Result<Placed, FitError> {
    let claims = Claims::of(&image).ok_or(FitError::NoImage)?;
    if claims.architecture != firmware.architecture {
        return Err(FitError::Architecture {
            image: claims.architecture,
            firmware: firmware.architecture,
        });
    }
    let (slot, address) = find(&firmware.slots, place)?;
    // Outside of all slots nobody but the slots' loaders can take it.
    let takers = firmware.slots.iter();
    takers
        .filter(|taker| slot.is_none_or(|slot| slot == *taker))
        .filter_map(|taker| Some((taker, taker.loader?)))
        .try_for_each(|(taker, loader)| taken(&claims, taker, loader))?;
    aligned(address, slot)?;
    room(&claims, address, slot)?;
    let placed = Placed {
        slot: slot.cloned(),
        address,
        image,
    };
    free(firmware, &placed)?;
    Ok(placed)
}

fn find<'f>(slots: &'f [Slot], place: &Place) -> Result<(Option<&'f Slot>, u32), FitError> {
    let slot = match place {
        Place::Address(address) => {
            let slot = slots.iter().find(|slot| slot.contains(*address));
            return Ok((slot, *address));
        }
        Place::Slot(name) => {
            let slot = slots.iter().find(|slot| slot.name == *name);
            slot.ok_or_else(|| FitError::UnknownSlot {
                name: name.clone(),
                slots: slots.to_vec(),
            })?
        }
        Place::OnlySlot => match slots {
            [slot] => slot,
            [] => return Err(FitError::NoSlot),
            several => return Err(FitError::WhichSlot(several.to_vec())),
        },
    };
    Ok((Some(slot), slot.start))
}

/// Whether the loader takes it.
fn taken(claims: &Claims, slot: &Slot, loader: Loader) -> Result<(), FitError> {
    let slot = slot.name.clone();
    if !loader.formats.contains(claims.format) {
        return Err(FitError::Format {
            image: claims.format,
            loader: loader.formats,
            slot,
        });
    }
    if !loader.abis.contains(claims.abi) {
        return Err(FitError::Abi {
            image: claims.abi,
            loader: loader.abis,
            slot,
        });
    }
    if !loader.features.contains(claims.features) {
        return Err(FitError::Features {
            architecture: claims.architecture,
            needed: claims.features,
            offered: loader.features,
            slot,
        });
    }
    Ok(())
}

fn aligned(address: u32, slot: Option<&Slot>) -> Result<(), FitError> {
    let (alignment, why) = match slot {
        Some(slot) if slot.alignment > ALIGNMENT => {
            (slot.alignment, format!("as slot {} declares", slot.name))
        }
        _ => (ALIGNMENT, "which images begin at".to_owned()),
    };
    if address.is_multiple_of(alignment) {
        return Ok(());
    }
    Err(FitError::Misaligned {
        address,
        alignment,
        why,
    })
}

fn room(claims: &Claims, address: u32, slot: Option<&Slot>) -> Result<(), FitError> {
    let image = u64::from(claims.bytes);
    if let Some(slot) = slot {
        let room = u64::from(slot.end - address);
        if image > room {
            return Err(FitError::TooLarge {
                image,
                room,
                address,
                slot: slot.clone(),
            });
        }
    }
    if u64::from(address) + image > 1 << 32 {
        return Err(FitError::BeyondTheEnd { image, address });
    }
    Ok(())
}

/// Whether nothing else is there: neither what the firmware loads, nor what it has in RAM, nor another image or
/// a slot that it would run into.
fn free(firmware: &Firmware<'_>, placed: &Placed) -> Result<(), FitError> {
    let range = u64::from(placed.address)..placed.end();
    let (what, wanted) = match &placed.slot {
        // The rest of the slot is for the next image there.
        Some(slot) => {
            let range = slot.start.into()..slot.end.into();
            (format!("slot {}", slot.name), range)
        }
        None => ("the image".to_owned(), range.clone()),
    };
    let overlap = |what: &str, wanted: &Range<u64>, other: String, there: Range<u64>| {
        let apart = wanted.end <= there.start || there.end <= wanted.start;
        if apart {
            return Ok(());
        }
        Err(FitError::Overlap {
            what: what.to_owned(),
            from: wanted.start,
            to: wanted.end - 1,
            other,
            other_from: there.start,
            other_to: there.end - 1,
        })
    };
    for segment in &firmware.segments {
        for there in [segment.load(), segment.run.clone()] {
            let other = described(segment, &there, &wanted);
            overlap(&what, &wanted, other, there)?;
        }
    }
    for other in &firmware.images {
        let there = other.address.into()..other.end();
        overlap("the image", &range, "another image".to_owned(), there)?;
    }
    for slot in &firmware.slots {
        let there = slot.start.into()..slot.end.into();
        if placed.slot.as_ref() != Some(slot) {
            overlap("the image", &range, format!("slot {}", slot.name), there)?;
        }
    }
    Ok(())
}

/// What a segment is called: by the first of its sections that is in the way.
fn described(segment: &Segment, there: &Range<u64>, wanted: &Range<u64>) -> String {
    let mut sections = segment.sections.iter();
    let in_the_way = sections.find(|(_, place)| {
        let (from, to) = (there.start + place.start, there.start + place.end);
        from < wanted.end && wanted.start < to
    });
    match in_the_way {
        Some((name, _)) => format!("the firmware's segment with {name}"),
        None => "a segment of the firmware".to_owned(),
    }
}
