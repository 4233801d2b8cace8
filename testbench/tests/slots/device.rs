//! A device with slots, which looks closely at whatever it starts.

use std::collections::BTreeMap;

use wasm2mcu_loader::slots::{Boot, Layout, MappedFlash, Slot, Slots, SlotsError};
use wasm2mcu_loader::{Image, Policy};

use crate::flash::{Expected, Flash, FlashError, Mood};

/// The versions of the image, each with its bytes.
pub(crate) type Versions = BTreeMap<u32, Vec<u8>>;

/// Bytes that arrive at once: no multiple of anything.
const PIECE: usize = 331;

/// What ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// 0 stands for no image.
    pub(crate) version: u32,
    /// Whether it was on trial.
    pub(crate) trial: bool,
}

/// All about a device but its flash, of which there are many.
pub(crate) struct Device<'v> {
    pub(crate) layout: Layout,
    pub(crate) versions: &'v Versions,
}

type Opened<'f, const WORD: usize, const SECTOR: usize> = Slots<&'f mut Flash<WORD, SECTOR>>;

impl<'v> Device<'v> {
    /// A device with room for these versions, one sector for each half of the journal, and a hole
    /// between the slots.
    pub(crate) fn new<const SECTOR: usize>(versions: &'v Versions) -> Self {
        let largest = versions.values().map(Vec::len).max().unwrap_or_default();
        let sectors = largest.div_ceil(SECTOR) as u32;
        let sector = SECTOR as u32;
        Device {
            layout: Layout {
                journal: [sector, 0],
                journal_bytes: sector,
                slots: [2 * sector, (3 + sectors) * sector],
                slot_bytes: sectors * sector,
            },
            versions,
        }
    }

    /// Its flash, as it comes from the factory.
    pub(crate) fn flash<const WORD: usize, const SECTOR: usize>(&self) -> Flash<WORD, SECTOR> {
        let bytes = self.layout.slots[1] + self.layout.slot_bytes;
        let mut flash = Flash::new(bytes as usize / SECTOR);
        flash.begin_log(Expected {
            confirmed: vec![0],
            trial: None,
        });
        flash
    }

    pub(crate) fn open<'f, const WORD: usize, const SECTOR: usize>(
        &self,
        flash: &'f mut Flash<WORD, SECTOR>,
    ) -> Opened<'f, WORD, SECTOR> {
        Slots::open(flash, self.layout).expect("opens")
    }

    /// Starts the device.
    pub(crate) fn start<'f, const WORD: usize, const SECTOR: usize>(
        &self,
        flash: &'f mut Flash<WORD, SECTOR>,
    ) -> (Opened<'f, WORD, SECTOR>, Ran) {
        let mut slots = self.open(flash);
        let ran = self.boot(&mut slots);
        // What is said to be staged is whole, too.
        if let Some(known) = slots.staged() {
            let slot = slots.active().map_or(Slot::A, |boot| boot.slot.other());
            let bytes = slots.flash().mapped(self.layout.slot(slot), known.bytes);
            let image = Image::parse(bytes).and_then(|image| image.verify(&Policy::unsigned()));
            assert_eq!(image.map(drop), Ok(()), "staged");
        }
        (slots, ran)
    }

    /// Lets the slots say what to run, and verifies that as a firmware would.
    pub(crate) fn boot<const WORD: usize, const SECTOR: usize>(
        &self,
        slots: &mut Opened<'_, WORD, SECTOR>,
    ) -> Ran {
        let boot = slots.boot().expect("boots");
        assert_eq!(slots.active(), boot);
        self.run(slots, boot)
    }

    pub(crate) fn run<const WORD: usize, const SECTOR: usize>(
        &self,
        slots: &Opened<'_, WORD, SECTOR>,
        boot: Option<Boot>,
    ) -> Ran {
        let Some(boot) = boot else {
            return Ran {
                version: 0,
                trial: false,
            };
        };
        let bytes = slots.flash().mapped(boot.offset, boot.image.bytes);
        let policy = Policy::unsigned().min_counter(slots.min_counter());
        let image = Image::parse(bytes).and_then(|image| image.verify(&policy));
        let image = image.expect("what starts is whole, verified and not too old");
        let version = image.security_counter();
        assert!(image.bytes() == self.versions[&version], "no version");
        assert_eq!(boot.image.counter, version);
        assert_eq!(boot.trial, slots.on_trial());
        assert!(boot.trial || slots.min_counter() == version);
        Ran {
            version,
            trial: boot.trial,
        }
    }

    /// Writes a version to the free slot and verifies it.
    pub(crate) fn stage<const WORD: usize, const SECTOR: usize>(
        &self,
        slots: &mut Opened<'_, WORD, SECTOR>,
        version: u32,
    ) {
        stage(slots, &self.versions[&version]).expect("stages");
    }

    /// What follows a cut: starts, with bits that read differently each time, and at last the next
    /// update. All of it must go well, and nothing may run but what the flash's log expects.
    pub(crate) fn recover<const WORD: usize, const SECTOR: usize>(
        &self,
        flash: &mut Flash<WORD, SECTOR>,
        mood: Mood,
    ) {
        let mut expected = flash.expected_at(usize::MAX);
        let mut start = |flash: &mut Flash<WORD, SECTOR>, mood: Mood| {
            flash.power_up(mood);
            let (slots, ran) = self.start(flash);
            expected.judge(ran);
            // What started as confirmed stays so, but for a record that can be read only the second time
            // and starts a trial. A trial that was started is over.
            if ran.trial {
                expected.trial = None;
            } else {
                expected.confirmed = vec![ran.version];
            }
            slots.flash().expect(&expected.confirmed, expected.trial);
            ran
        };
        start(flash, mood);
        start(flash, mood.next());
        let ran = start(flash, mood.next().next());
        let newest = *self.versions.keys().last().expect("a version");
        if ran.version != newest {
            self.update(flash, mood, newest);
        }
    }

    /// The next update, with a reset between its steps.
    pub(crate) fn update<const WORD: usize, const SECTOR: usize>(
        &self,
        flash: &mut Flash<WORD, SECTOR>,
        mood: Mood,
        version: u32,
    ) {
        let (mut slots, before) = self.start(flash);
        let before = if before.trial {
            self.boot(&mut slots)
        } else {
            before
        };
        let before = before.version;
        // Only once this returns, no record can come up that could not be read before.
        slots.stage(0).map(drop).expect("stages");
        slots.flash().expect(&[before], None);
        self.stage(&mut slots, version);
        slots.flash().expect(&[before], Some(version));
        slots.begin_trial().expect("staged");
        flash.power_up(mood);
        let (mut slots, ran) = self.start(flash);
        assert_eq!((ran.version, ran.trial), (version, true));
        slots.flash().expect(&[before, version], None);
        slots.confirm().expect("on trial");
        slots.flash().expect(&[version], None);
        flash.power_up(mood.next());
        let (_, ran) = self.start(flash);
        assert_eq!((ran.version, ran.trial), (version, false));
    }
}

impl Expected {
    fn judge(&self, ran: Ran) {
        let fits = if ran.trial {
            self.trial == Some(ran.version)
        } else {
            self.confirmed.contains(&ran.version)
        };
        assert!(fits, "{ran:?} instead of {self:?}");
    }
}

/// Writes an image to the free slot and verifies it.
pub(crate) fn stage<const WORD: usize, const SECTOR: usize>(
    slots: &mut Opened<'_, WORD, SECTOR>,
    image: &[u8],
) -> Result<(), SlotsError<FlashError>> {
    let mut writer = slots.stage(image.len() as u32)?;
    for piece in image.chunks(PIECE) {
        writer.write(piece)?;
    }
    writer.finish(&Policy::unsigned())?;
    Ok(())
}
