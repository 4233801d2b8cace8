//! What is refused, and what an error of the flash leads to.

use wasm2mcu_loader::slots::{Layout, LayoutFault, Slot, Slots, SlotsError};
use wasm2mcu_loader::{ImageError, Policy, Stage};

use crate::device::{Device, stage};
use crate::flash::{Flash, FlashError, Mood};
use crate::images::{key, versions};

type Small = Flash<8, 2048>;

#[test]
fn an_image_larger_than_the_slot_is_refused_with_figures() {
    let versions = versions(2048);
    let device = Device::new::<2048>(&versions);
    let mut flash: Small = device.flash();
    let (mut slots, _) = device.start(&mut flash);
    let refused = slots.stage(4097).map(drop).unwrap_err();
    assert_eq!(
        refused,
        SlotsError::TooLarge {
            image: 4097,
            room: 4096
        }
    );
    let said = refused.to_string();
    assert_eq!(said, "the image has 4097 bytes, there is room for 4096");
    assert!(slots.flash().log.is_empty(), "nothing was erased for it");

    // Nor is more written than was announced, wherever it comes from.
    let mut writer = slots.stage(1000).unwrap();
    writer.write(&[0; 999]).unwrap();
    let refused = writer.write(&[0; 2]);
    let room = 1000;
    assert_eq!(refused, Err(SlotsError::TooLarge { image: 1001, room }));
    writer.write(&[0; 1]).unwrap();
    assert_eq!(writer.taken(), 1000);
}

#[test]
fn every_step_has_its_place() {
    let versions = versions(100);
    let device = Device::new::<2048>(&versions);
    let mut flash: Small = device.flash();
    let (mut slots, ran) = device.start(&mut flash);
    assert_eq!(ran.version, 0);
    assert_eq!(slots.begin_trial(), Err(SlotsError::NothingStaged));
    assert_eq!(slots.confirm(), Err(SlotsError::NoTrial));
    assert_eq!(slots.reject(), Err(SlotsError::NoTrial));
    device.stage(&mut slots, 1);
    assert_eq!(slots.staged().unwrap().counter, 1);
    assert_eq!(slots.confirm(), Err(SlotsError::NoTrial));
    slots.begin_trial().unwrap();
    slots.begin_trial().unwrap();
    assert_eq!(slots.confirm(), Err(SlotsError::NoTrial));
    assert!(device.boot(&mut slots).trial);
    assert_eq!(slots.active().unwrap().slot, Slot::A);
    // The slot that a trial falls back to is not written.
    assert_eq!(slots.stage(8).map(drop), Err(SlotsError::Trial));
    assert_eq!(slots.begin_trial(), Err(SlotsError::NothingStaged));
    assert_eq!(slots.min_counter(), 0);
    slots.confirm().unwrap();
    assert_eq!(slots.min_counter(), 1);
    assert_eq!(slots.confirm(), Err(SlotsError::NoTrial));
    device.stage(&mut slots, 2);
    slots.begin_trial().unwrap();
    assert!(device.boot(&mut slots).trial);
    assert_eq!(slots.active().unwrap().slot, Slot::B);

    // A trial of the time before a reset cannot be confirmed, only be known as rejected.
    let mut slots = device.open(&mut flash);
    assert_eq!(slots.active().unwrap().slot, Slot::A);
    assert_eq!(slots.confirm(), Err(SlotsError::NoTrial));
    assert_eq!(device.boot(&mut slots).version, 1);
    assert_eq!(slots.rejected().unwrap().counter, 2);
    // It may be sent again all the same.
    device.stage(&mut slots, 2);
    assert_eq!(slots.rejected(), None);
}

#[test]
fn a_start_without_an_update_writes_nothing() {
    let versions = versions(100);
    let device = Device::new::<2048>(&versions);
    let mut flash: Small = device.flash();
    device.update(&mut flash, Mood::Erased, 1);
    let before = flash.log.len();
    for _ in 0..100 {
        assert_eq!(device.start(&mut flash).1.version, 1);
    }
    assert_eq!(flash.log.len(), before);
}

/// The figures of the documentation.
#[test]
fn wear() {
    let versions = versions(4096);
    let device = Device::new::<4096>(&versions);
    let mut flash: Flash<4, 4096> = device.flash();
    device.update(&mut flash, Mood::Erased, 1);
    let before = flash.erasures.clone();
    for _ in 0..170 {
        device.update(&mut flash, Mood::Erased, 9);
    }
    let erased = flash.erasures.iter().zip(&before);
    let erased = erased.map(|(now, before)| now - before);
    // Two halves of the journal, the sectors of slot A, a hole, those of slot B.
    assert_eq!(erased.collect::<Vec<_>>(), [10, 10, 85, 85, 0, 85, 85]);
}

#[test]
fn what_is_not_signed_is_not_staged() {
    let versions = versions(100);
    let device = Device::new::<2048>(&versions);
    let mut flash: Small = device.flash();
    let (mut slots, _) = device.start(&mut flash);
    let image = &versions[&1];
    let mut take = |image: &[u8], key: &[u8; 32]| {
        let keys = [*key];
        let mut writer = slots.stage(image.len() as u32).unwrap();
        writer.write(image).unwrap();
        writer.finish(&Policy::signed_by(&keys))
    };
    let refused = |end| match end {
        Err(SlotsError::Image(error)) => ImageError::stage(&error),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(take(image, &[7; 32])), Stage::Signature);
    let public = key().verifying_key().to_bytes();
    let mut broken = image.clone();
    *broken.last_mut().unwrap() ^= 1;
    assert_eq!(refused(take(&broken, &public)), Stage::Signature);
    assert_eq!(
        refused(take(&image[..image.len() - 4], &public)),
        Stage::Structure
    );
    assert_eq!(refused(take(&[], &public)), Stage::Structure);
    let known = take(image, &public).unwrap();
    assert_eq!((known.bytes, known.counter), (image.len() as u32, 1));
}

/// Each write and each erasure fails once, while the power stays on. Nothing but that call fails.
#[test]
fn the_flash_fails_at_every_step() {
    let versions = versions(2048);
    let device = Device::new::<2048>(&versions);
    let mut old: Small = device.flash();
    device.update(&mut old, Mood::Erased, 1);
    let mut failures = 0;
    loop {
        let mut flash = old.clone();
        flash.break_after = Some(failures);
        let mut slots = device.open(&mut flash);
        let end = (|| {
            slots.boot()?;
            stage(&mut slots, &versions[&2])?;
            slots.begin_trial()?;
            slots.boot()?;
            slots.confirm()
        })();
        if end.is_ok() && slots.flash().break_after.is_some() {
            break;
        }
        // Voiding a place may fail, and nobody needs to know.
        assert!(end.is_ok() || end == Err(SlotsError::Flash(FlashError::Broken)));
        // What can be done at once: go on with what there is.
        let boot = slots.active();
        let ran = device.run(&slots, boot);
        assert!(ran.version == 1 || ran.trial || end.is_ok());
        if slots.on_trial() {
            slots.reject().unwrap();
        }
        // And after a reset, all of it again.
        let ran = device.start(&mut flash).1;
        assert!(ran.version == 1 || ran.version == 2);
        device.update(&mut flash, Mood::Erased, 9);
        failures += 1;
    }
    assert!(failures > 200, "{failures}");
}

#[test]
fn layouts_are_checked() {
    let good = Layout {
        slots: [0, 4096],
        slot_bytes: 4096,
        journal: [8192, 10240],
        journal_bytes: 2048,
    };
    let open = |layout: Layout| {
        let end = Slots::open(Small::new(6), layout).map(drop);
        end.map_err(|error| match error {
            SlotsError::Layout(fault) => fault,
            other => panic!("{other}"),
        })
    };
    assert_eq!(open(good), Ok(()));
    let slots = |a, b| Layout {
        slots: [a, b],
        ..good
    };
    assert_eq!(open(slots(8, 4096)), Err(LayoutFault::Alignment));
    assert_eq!(open(slots(0, 2048)), Err(LayoutFault::Overlap));
    assert_eq!(open(slots(4096, 0)), Ok(()));
    assert_eq!(open(slots(6144, 0)), Err(LayoutFault::Overlap));
    assert_eq!(open(slots(0, 10240)), Err(LayoutFault::Capacity));
    assert_eq!(open(slots(0, 0xffff_f800)), Err(LayoutFault::Capacity));
    let journal = |journal_bytes| Layout {
        journal_bytes,
        ..good
    };
    assert_eq!(open(journal(4096)), Err(LayoutFault::Capacity));
    assert_eq!(open(journal(0)), Err(LayoutFault::JournalTooSmall));
    let slot_bytes = |slot_bytes| Layout { slot_bytes, ..good };
    assert_eq!(open(slot_bytes(0)), Err(LayoutFault::EmptySlot));
    assert_eq!(open(slot_bytes(100)), Err(LayoutFault::Alignment));

    let words = Slots::open(Flash::<24, 2040>::new(6), good).map(drop);
    assert_eq!(words, Err(SlotsError::Layout(LayoutFault::WordSize)));
    let pages = Slots::open(Flash::<4, 512>::new(24), journal(512)).map(drop);
    assert_eq!(pages, Err(SlotsError::Layout(LayoutFault::JournalTooSmall)));
    assert_eq!(
        SlotsError::<FlashError>::Layout(LayoutFault::Overlap).to_string(),
        "layout: two ranges overlap"
    );
}
