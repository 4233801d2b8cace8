//! Chips as a debug probe would see them, with emulated cores: the real firmware runs on them, from an
//! emulated flash, so that all of `probe` but the driver of the probe is tested.
//!
//! ```text
//!   Remote ── Channel ── Target = Fake ── rsemu: flash, RAM, core ── firmware
//! ```
//!
//! The core runs for a while whenever it is looked at, so that everything happens in one thread and in
//! the same order each time.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rsemu::core::space::{AddressSpace, Perms, RamStore, Region, UnassignedPolicy};
use rsemu::cpu::arm::v7m::{self, ArmV7m};
use rsemu::cpu::riscv::csr::Extensions;
use rsemu::cpu::riscv::{self, Hart};
use wasm2mcu_testbench::Remote;
use wasm2mcu_testbench::probe::{Chip, Firmware, Flashed, Segment, Target, TargetError, open_on};

/// Cycles that the core runs at each access of the probe, and while the PC waits.
const AT_ACCESS: u64 = 500;
const AT_WAIT: u64 = 20_000;

/// Memory at an address.
struct Place {
    address: u32,
    store: Arc<RamStore>,
    /// Whether the probe may write it.
    writable: bool,
}

impl Place {
    fn new(address: u32, bytes: u64, writable: bool) -> Self {
        let store = Arc::new(RamStore::new(bytes));
        Self {
            address,
            store,
            writable,
        }
    }
}

#[expect(clippy::large_enum_variant, reason = "there is one of them")]
enum Core {
    Arm(ArmV7m),
    RiscV(Hart),
}

/// What a chip does before its flash is executed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Boot {
    /// Nothing.
    AtOnce,
    /// Looks for an IMAGE_DEF with this type in the first 4 KB of the flash, and does nothing more
    /// without.
    ImageDef(u32),
}

/// A chip that goes on when the probe is taken away.
pub(crate) struct FakeChip {
    chip: &'static Chip,
    space: Arc<AddressSpace>,
    /// The first one is the flash.
    places: Vec<Place>,
    core: Core,
    boot: Boot,
    running: bool,
    /// How often the flash was written.
    pub(crate) flashed: u32,
    /// What the flash says the next time that it is written.
    pub(crate) flash_failure: Option<&'static str>,
}

/// The probe.
pub(crate) struct Fake(pub(crate) Rc<RefCell<FakeChip>>);

impl FakeChip {
    /// The chip of this name, with nothing in its flash.
    pub(crate) fn new(name: &str) -> Rc<RefCell<Self>> {
        let chip = Chip::named(name).unwrap_or_else(|error| panic!("{error}"));
        let (flash, ram, boot) = match chip.name() {
            "nrf5340" => ((0, 1 << 20), 512 << 10, Boot::AtOnce),
            "stm32l552" => ((0x0800_0000, 512 << 10), 256 << 10, Boot::AtOnce),
            "rp2350" => (
                (0x1000_0000, 4 << 20),
                520 << 10,
                Boot::ImageDef(0x1021_0142),
            ),
            "rp2350-riscv" => (
                (0x1000_0000, 4 << 20),
                520 << 10,
                Boot::ImageDef(0x1101_0142),
            ),
            other => panic!("{other} has no memory map here"),
        };
        let mut places = vec![
            Place::new(flash.0, flash.1, false),
            Place::new(0x2000_0000, ram, true),
        ];
        if chip.name() == "nrf5340" {
            // UICR, and registers that keep what is written to them; NVMC.READY is 1.
            places.push(Place::new(0x00ff_8000, 4 << 10, true));
            places.push(Place::new(0x5000_0000, 256 << 10, true));
            places[2].store.fill(0, 4 << 10, 0xff).expect("inside");
            let ready = places[3].store.write_at(0x3_9400, &1_u32.to_le_bytes());
            ready.expect("inside");
        }
        let flash_bytes = places[0].store.len();
        places[0].store.fill(0, flash_bytes, 0xff).expect("inside");

        let space = AddressSpace::new("chip", 32).with_unassigned(UnassignedPolicy::FAULT);
        for (number, place) in places.iter().enumerate() {
            let rights = if number == 0 { Perms::RX } else { Perms::RWX };
            let region = Region::ram("memory", Arc::clone(&place.store));
            let mapped = space
                .topology()
                .map_with_perms(region, place.address.into(), rights);
            mapped.expect("nothing overlaps");
        }
        let space = Arc::new(space);
        Rc::new(RefCell::new(Self {
            core: power_on(chip, &space, flash.0),
            chip,
            space,
            places,
            boot,
            running: false,
            flashed: 0,
            flash_failure: None,
        }))
    }

    /// Lets time pass.
    fn pass(&mut self, cycles: u64) {
        if self.running && self.boots() {
            match &self.core {
                Core::Arm(core) => core.run(cycles),
                Core::RiscV(core) => core.run(cycles),
            };
        }
    }

    fn boots(&self) -> bool {
        let Boot::ImageDef(image_type) = self.boot else {
            return true;
        };
        let mut start = vec![0; 4096];
        self.places[0].store.read_at(0, &mut start).expect("inside");
        let block = [0xffff_ded3, image_type, 0x01ff, 0, 0xab12_3579].map(u32::to_le_bytes);
        let block = block.concat();
        start
            .windows(block.len())
            .step_by(4)
            .any(|window| window == block)
    }

    fn place(&self, address: u32, bytes: usize) -> Option<(&Place, u64)> {
        self.places.iter().find_map(|place| {
            let offset = u64::from(address.checked_sub(place.address)?);
            (offset + bytes as u64 <= place.store.len()).then_some((place, offset))
        })
    }

    /// Writes flash behind the back of everybody.
    pub(crate) fn overwrite(&mut self, address: u32, bytes: &[u8]) {
        let (place, offset) = self.place(address, bytes.len()).expect("in flash");
        place.store.write_at(offset, bytes).expect("inside");
    }

    /// The bytes that are in memory.
    pub(crate) fn bytes(&self, address: u32, bytes: usize) -> Vec<u8> {
        let mut read = vec![0; bytes];
        let (place, offset) = self.place(address, bytes).expect("memory");
        place.store.read_at(offset, &mut read).expect("inside");
        read
    }
}

fn power_on(chip: &Chip, space: &Arc<AddressSpace>, flash: u32) -> Core {
    if chip.info.target.starts_with("riscv") {
        let mut config = riscv::Config::rv32gc().with_reset_vector(flash.into());
        config.ext = Extensions {
            m: true,
            a: true,
            c: true,
            ..Extensions::I
        };
        config.misaligned = false;
        let core = Hart::new(config);
        core.attach_space(Arc::clone(space));
        Core::RiscV(core)
    } else {
        let core = ArmV7m::new(v7m::Config::CORTEX_M33F.with_reset_vtor(flash));
        core.attach_space(Arc::clone(space));
        Core::Arm(core)
    }
}

fn error(doing: &str, why: impl Into<String>) -> TargetError {
    TargetError {
        doing: doing.to_owned(),
        why: why.into(),
    }
}

impl Target for Fake {
    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TargetError> {
        let mut chip = self.0.borrow_mut();
        chip.pass(AT_ACCESS);
        let nothing = || error("read memory", format!("nothing at {address:#010x}"));
        let (place, offset) = chip.place(address, into.len()).ok_or_else(nothing)?;
        place.store.read_at(offset, into).map_err(|_| nothing())
    }

    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TargetError> {
        let mut chip = self.0.borrow_mut();
        chip.pass(AT_ACCESS);
        let nothing = || error("write memory", format!("no RAM at {address:#010x}"));
        match chip.place(address, from.len()) {
            Some((place, offset)) if place.writable => {
                place.store.write_at(offset, from).map_err(|_| nothing())
            }
            _ => Err(nothing()),
        }
    }

    fn flash(&mut self, segments: &[Segment]) -> Result<(), TargetError> {
        let mut chip = self.0.borrow_mut();
        chip.running = false;
        if let Some(failure) = chip.flash_failure.take() {
            return Err(error("write the flash", failure));
        }
        chip.flashed += 1;
        let flash = &chip.places[0];
        let erased = flash.store.fill(0, flash.store.len(), 0xff);
        erased.map_err(|_| error("erase the flash", "it is broken"))?;
        for segment in segments {
            let outside = || error("write the flash", format!("none at {:#x}", segment.address));
            let (place, offset) = chip
                .place(segment.address, segment.bytes.len())
                .filter(|(place, _)| place.address == flash.address)
                .ok_or_else(outside)?;
            let written = place.store.write_at(offset, &segment.bytes);
            written.map_err(|_| outside())?;
        }
        Ok(())
    }

    fn reset_and_halt(&mut self) -> Result<(), TargetError> {
        let mut chip = self.0.borrow_mut();
        chip.core = power_on(chip.chip, &chip.space, chip.places[0].address);
        chip.running = false;
        Ok(())
    }

    fn run(&mut self) -> Result<(), TargetError> {
        self.0.borrow_mut().running = true;
        Ok(())
    }

    fn halt(&mut self) -> Result<u32, TargetError> {
        let mut chip = self.0.borrow_mut();
        chip.running = false;
        Ok(match &chip.core {
            Core::Arm(core) => core.pc(),
            Core::RiscV(core) => core.pc() as u32,
        })
    }

    fn wait(&mut self) {
        self.0.borrow_mut().pass(AT_WAIT);
    }
}

/// The board with this chip.
pub(crate) fn open(chip: &Rc<RefCell<FakeChip>>) -> (Remote, Flashed) {
    let target = Box::new(Fake(Rc::clone(chip)));
    let made_for = chip.borrow().chip;
    let firmware = Firmware::of(made_for).unwrap_or_else(|error| panic!("{error}"));
    open_on(target, made_for, firmware).unwrap_or_else(|error| panic!("{error}"))
}
