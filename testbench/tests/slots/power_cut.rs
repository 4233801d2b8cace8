//! A cut in every step of a device's life.
//!
//! One life is recorded as the flash sees it: every word written, every sector erased. Then the flash is taken
//! through it again, and at every step power is cut in every manner. What starts after that must be a
//! whole verified image, the old one or the new one as the moment says, the same at the next starts, and
//! the device must take the next update. Then the same with a second cut, in every step of what follows
//! the first.

use wasm2mcu_loader::ImageError;
use wasm2mcu_loader::slots::SlotsError;

use crate::device::{Device, Ran, stage};
use crate::flash::{Flash, Manner, Mood, Step};
use crate::images::versions;

const fn confirmed(version: u32) -> Ran {
    Ran {
        version,
        trial: false,
    }
}

const fn on_trial(version: u32) -> Ran {
    Ran {
        version,
        trial: true,
    }
}

/// From the factory through all that can become of an update. Returns the flash with its log.
///
/// A long one ends with ordinary updates, until both halves of the journal have been in use twice.
fn life<const WORD: usize, const SECTOR: usize>(
    device: &Device<'_>,
    long: bool,
) -> Flash<WORD, SECTOR> {
    let mut flash = device.flash();

    // Installed, tried and confirmed without a reset.
    let (mut slots, ran) = device.start(&mut flash);
    assert_eq!(ran, confirmed(0));
    device.stage(&mut slots, 1);
    slots.flash().expect(&[0], Some(1));
    slots.begin_trial().unwrap();
    assert_eq!(device.boot(&mut slots), on_trial(1));
    slots.flash().expect(&[0, 1], None);
    slots.confirm().unwrap();
    slots.flash().expect(&[1], None);

    // Updated, with a reset before the trial.
    device.update(&mut flash, Mood::Erased, 2);

    // An update that traps, and the old image goes on without a reset.
    let (mut slots, ran) = device.start(&mut flash);
    assert_eq!(ran, confirmed(2));
    device.stage(&mut slots, 3);
    slots.flash().expect(&[2], Some(3));
    slots.begin_trial().unwrap();
    assert_eq!(device.boot(&mut slots), on_trial(3));
    slots.flash().expect(&[2], None);
    slots.reject().unwrap();
    assert_eq!(device.boot(&mut slots), confirmed(2));
    assert_eq!(slots.rejected().unwrap().counter, 3);

    // A transfer with an error, one that ends early, and an image that is too old.
    let mut broken = device.versions[&3].clone();
    let middle = broken.len() / 2;
    broken[middle] ^= 4;
    let refused = stage(&mut slots, &broken);
    assert_eq!(refused, Err(SlotsError::Image(ImageError::Hash)));
    let mut writer = slots.stage(broken.len() as u32).unwrap();
    writer.write(&device.versions[&3][..middle]).unwrap();
    let _ = writer;
    let refused = stage(&mut slots, &device.versions[&1]);
    let rollback = ImageError::Rollback { image: 1, min: 2 };
    assert_eq!(refused, Err(SlotsError::Image(rollback)));

    // The watchdog ends a trial.
    let (mut slots, ran) = device.start(&mut flash);
    assert_eq!(ran, confirmed(2));
    device.stage(&mut slots, 3);
    slots.flash().expect(&[2], Some(3));
    slots.begin_trial().unwrap();
    let (slots, ran) = device.start(&mut flash);
    assert_eq!(ran, on_trial(3));
    slots.flash().expect(&[2], None);
    assert_eq!(device.start(&mut flash).1, confirmed(2));

    // Staged and armed, and replaced by a newer one before it is tried.
    let (mut slots, _) = device.start(&mut flash);
    device.stage(&mut slots, 3);
    slots.flash().expect(&[2], Some(3));
    slots.begin_trial().unwrap();
    slots.stage(4).map(drop).unwrap();
    slots.flash().expect(&[2], None);
    device.stage(&mut slots, 4);
    slots.flash().expect(&[2], Some(4));
    slots.begin_trial().unwrap();
    assert_eq!(device.boot(&mut slots), on_trial(4));
    slots.flash().expect(&[2, 4], None);
    slots.confirm().unwrap();
    slots.flash().expect(&[4], None);
    assert_eq!(slots.rejected(), None);

    for version in 5..8 {
        device.update(&mut flash, Mood::Erased, version);
    }
    while long && flash.erasures[..2].contains(&1) {
        device.update(&mut flash, Mood::Erased, 8);
    }
    flash
}

/// The cut points of a life.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Words written.
    words: usize,
    /// Sectors erased.
    sectors: usize,
    /// Cuts: a step, a manner, and how what is left reads.
    cuts: usize,
    /// Second cuts in what follows.
    second_cuts: usize,
}

/// The ways to be cut: those that leave no weak bits read the same in every mood.
fn ways() -> impl Iterator<Item = (Manner, Mood)> {
    Manner::ALL.into_iter().flat_map(|manner| {
        let moods = if manner.is_weak() { 4 } else { 1 };
        Mood::ALL[..moods].iter().map(move |&mood| (manner, mood))
    })
}

/// Whether a way is left out at a step: the words of an image are alike, so each of them is cut in
/// two of the twelve ways, in turn, and with two cuts the others are in four.
fn skips(device: &Device<'_>, step: &Step, turn: usize, twice: bool) -> bool {
    if !matters(device, step) {
        !turn.is_multiple_of(6)
    } else {
        twice && !turn.is_multiple_of(3)
    }
}

/// Whether a step is of the journal, or erases.
fn matters(device: &Device<'_>, step: &Step) -> bool {
    match step {
        Step::Erase(_) => true,
        Step::Write(offset, _) => *offset < device.layout.slots[0] as usize,
    }
}

/// The steps whose cuts are worth a second one: of the words of an image, only some.
fn worth(device: &Device<'_>, step: &Step, number: usize) -> bool {
    matters(device, step) || number.is_multiple_of(23)
}

fn survives<const WORD: usize, const SECTOR: usize>(twice: bool) {
    // Images of two sectors; of one where the cuts multiply.
    let versions = versions(if twice { 64 } else { SECTOR });
    let device = Device::new::<SECTOR>(&versions);
    let mut tally = Tally::default();
    let lived = life::<WORD, SECTOR>(&device, !twice);
    let mut flash = device.flash::<WORD, SECTOR>();
    for (number, step) in lived.log.iter().enumerate() {
        match step {
            Step::Write(..) => tally.words += 1,
            Step::Erase(_) => tally.sectors += 1,
        }
        let second = twice && worth(&device, step, number);
        if !twice || second {
            for (index, (manner, mood)) in ways().enumerate() {
                if skips(&device, step, number + index, twice) {
                    continue;
                }
                let mut cut = flash.clone();
                cut.seed(number as u64);
                cut.tear(step, manner);
                cut.begin_log(lived.expected_at(number));
                let before = second.then(|| cut.clone());
                device.recover(&mut cut, mood);
                tally.cuts += 1;
                if let Some(before) = before {
                    tally.second_cuts += second_cuts(&device, before, &cut, mood, number);
                }
            }
        }
        flash.carry_out(step);
    }
    println!(
        "words of {WORD}, sectors of {SECTOR}: {} words written and {} sectors erased; {} cuts, {} second cuts",
        tally.words, tally.sectors, tally.cuts, tally.second_cuts
    );
}

/// Cuts the power a second time, in what `recovered` says follows the first cut.
fn second_cuts<const WORD: usize, const SECTOR: usize>(
    device: &Device<'_>,
    mut flash: Flash<WORD, SECTOR>,
    recovered: &Flash<WORD, SECTOR>,
    mood: Mood,
    turn: usize,
) -> usize {
    let mut cuts = 0;
    for (number, step) in recovered.log.iter().enumerate() {
        if worth(device, step, number) {
            for (index, (manner, then)) in ways().enumerate() {
                if skips(device, step, turn + number + index, true) {
                    continue;
                }
                // In whatever mood the first cut had left it.
                let mood = if then == Mood::Erased { mood } else { then };
                let mut cut = flash.clone();
                cut.seed(number as u64);
                cut.tear(step, manner);
                cut.begin_log(recovered.expected_at(number));
                device.recover(&mut cut, mood);
                cuts += 1;
            }
        }
        flash.carry_out(step);
    }
    cuts
}

#[test]
fn words_of_4_sectors_of_2048() {
    survives::<4, 2048>(false);
}

#[test]
fn words_of_8_sectors_of_4096() {
    survives::<8, 4096>(false);
}

#[test]
fn words_of_16_sectors_of_2048() {
    survives::<16, 2048>(false);
}

#[test]
fn two_cuts_words_of_16_sectors_of_2048() {
    survives::<16, 2048>(true);
}
