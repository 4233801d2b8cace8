//! Targets behind debug probes, by probe-rs.

use std::time::Duration;

use probe_rs::config::Registry;
use probe_rs::flashing::DownloadOptions;
use probe_rs::probe::list::{Accessibility, Lister};
use probe_rs::probe::{DebugProbeError, DebugProbeInfo, DebugProbeSelector, Probe, WireProtocol};
use probe_rs::{MemoryInterface, Permissions, Session, VectorCatchCondition};

use super::chips::Chip;
use super::target::{Segment, Target, TargetError};
use crate::board::BoardError;

/// Time for a core to halt, boot ROMs included.
const HALT: Duration = Duration::from_millis(500);
/// Time for a boot ROM to start the other kind of core.
const SWITCH: Duration = Duration::from_millis(200);

/// A debug probe that is attached to this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// What it calls itself.
    pub name: String,
    /// Vendor, product and serial number, as [`open`](super::open) wants them.
    pub selector: String,
    /// Whether the system lets this user have it.
    pub accessible: bool,
}

/// The probes that are attached to this computer.
pub fn attached() -> Vec<Attached> {
    let items = Lister::new().list_all_with_access();
    let shown = items.into_iter().map(|item| Attached {
        name: item.info.identifier.clone(),
        selector: selector(&item.info),
        accessible: item.accessibility == Accessibility::Accessible,
    });
    shown.collect()
}

/// The chips that the driver knows with this text in their names, whatever the case of its letters:
/// those that a firmware could be made for.
pub fn known_chips(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let registry = Registry::from_builtin_families();
    let families = registry.families().iter();
    let mut names: Vec<String> = families
        .flat_map(|family| family.variants())
        .map(|chip| chip.name.clone())
        .filter(|name| name.to_lowercase().contains(&text))
        .collect();
    names.sort();
    names.dedup();
    names
}

fn selector(probe: &DebugProbeInfo) -> String {
    let (vendor, product) = (probe.vendor_id, probe.product_id);
    match &probe.serial_number {
        Some(serial) => format!("{vendor:04x}:{product:04x}:{serial}"),
        None => format!("{vendor:04x}:{product:04x}"),
    }
}

/// The probe that is meant: the one of this selector, or the only one.
fn choose(wanted: Option<&str>) -> Result<DebugProbeInfo, BoardError> {
    let wanted = wanted
        .map(|text| {
            text.parse::<DebugProbeSelector>()
                .map_err(|_| BoardError::Absent {
                    what: format!("{text:?} names no debug probe"),
                    remedy: "write VID:PID or VID:PID:SERIAL, as `wasm2mcu boards` prints them",
                })
        })
        .transpose()?;
    let mut found = Lister::new().list_with_access(wanted.as_ref());
    if found.len() > 1 {
        let names: Vec<String> = found.iter().map(|item| selector(&item.info)).collect();
        return Err(BoardError::Absent {
            what: format!("several debug probes are attached: {}", names.join(", ")),
            remedy: "say which one is meant with --probe VID:PID:SERIAL",
        });
    }
    let Some(item) = found.pop() else {
        return Err(BoardError::Absent {
            what: match wanted {
                Some(wanted) => format!("no debug probe {wanted} is attached"),
                None => "no debug probe is attached".to_owned(),
            },
            remedy: "connect the board by the USB socket of its probe (testbench/BOARDS.md)",
        });
    };
    if item.accessibility == Accessibility::PermissionDenied {
        return Err(BoardError::Absent {
            what: format!(
                "the debug probe {} may not be used by this user",
                selector(&item.info)
            ),
            remedy: "install the udev rules (testbench/BOARDS.md), and plug the probe in again",
        });
    }
    Ok(item.info)
}

/// A chip behind a probe.
pub(super) struct Hardware {
    /// Opens the probe, which is for one session at a time.
    open_probe: Box<dyn Fn() -> Result<Probe, DebugProbeError>>,
    /// The probe's selector, for messages.
    probe_name: String,
    chip: &'static Chip,
    /// `None` between two attachments.
    session: Option<Session>,
}

impl Hardware {
    /// Attaches to the chip.
    pub(super) fn open(chip: &'static Chip, probe: Option<&str>) -> Result<Self, BoardError> {
        let probe = choose(probe)?;
        let mut hardware = Self {
            probe_name: selector(&probe),
            open_probe: Box::new(move || probe.open()),
            chip,
            session: None,
        };
        // A chip with two kinds of cores may run the other kind until it has its firmware.
        if chip.flash_name.is_none() {
            hardware.session().map_err(|error| BoardError::Absent {
                what: error.to_string(),
                remedy: "check the cable, the power, and that this is the chip; \
                         testbench/BOARDS.md has more",
            })?;
        }
        Ok(hardware)
    }

    fn session(&mut self) -> Result<&mut Session, TargetError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => self.attach(self.chip.driver_name)?,
        };
        Ok(self.session.insert(session))
    }

    fn attach(&self, name: &str) -> Result<Session, TargetError> {
        let doing = || format!("attach to {name} by {}", self.probe_name);
        let mut probe = (self.open_probe)().map_err(|error| TargetError::new(doing(), &error))?;
        probe
            .select_protocol(WireProtocol::Swd)
            .map_err(|error| TargetError::new(doing(), &error))?;
        let mut session = probe
            .attach(name, Permissions::default())
            .map_err(|error| TargetError::new(doing(), &error))?;
        prepare(&mut session).map_err(|error| TargetError::new(doing(), &error))?;
        Ok(session)
    }

    /// Works with the core that the firmware runs on.
    fn with_core<T>(
        &mut self,
        doing: impl FnOnce() -> String,
        work: impl FnOnce(&mut probe_rs::Core<'_>) -> Result<T, probe_rs::Error>,
    ) -> Result<T, TargetError> {
        let session = self.session()?;
        let done = session.core(0).and_then(|mut core| work(&mut core));
        done.map_err(|error| TargetError::new(doing(), &error))
    }
}

/// Has faults go to the firmware, which reports them, not to the debugger.
fn prepare(session: &mut Session) -> Result<(), probe_rs::Error> {
    let mut core = session.core(0)?;
    for condition in [
        VectorCatchCondition::HardFault,
        VectorCatchCondition::SecureFault,
    ] {
        // RISC-V cores have nothing of the kind.
        let _ = core.disable_vector_catch(condition);
    }
    Ok(())
}

impl Target for Hardware {
    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TargetError> {
        let doing = || format!("read at {address:#010x}");
        self.with_core(doing, |core| core.read(address.into(), into))
    }

    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TargetError> {
        let doing = || format!("write at {address:#010x}");
        self.with_core(doing, |core| core.write(address.into(), from))
    }

    fn flash(&mut self, segments: &[Segment]) -> Result<(), TargetError> {
        let failed = |error: &dyn std::error::Error| TargetError::new("write the flash", error);
        let mut other;
        let writer = self.chip.flash_name;
        let session = match writer {
            Some(name) => {
                self.session = None;
                other = self.attach(name)?;
                &mut other
            }
            None => self.session()?,
        };
        let mut loader = session.target().flash_loader();
        for segment in segments {
            loader
                .add_data(segment.address.into(), &segment.bytes)
                .map_err(|error| failed(&error))?;
        }
        let mut options = DownloadOptions::new();
        options.verify = true;
        loader
            .commit(session, options)
            .map_err(|error| failed(&error))?;
        if writer.is_some() {
            // The boot ROM sees for which kind of core the new firmware is, and starts that.
            let reset = session.core(0).and_then(|mut core| core.reset());
            reset.map_err(|error| failed(&error))?;
            std::thread::sleep(SWITCH);
        }
        Ok(())
    }

    fn reset_and_halt(&mut self) -> Result<(), TargetError> {
        self.with_core(
            || "reset the chip".to_owned(),
            |core| core.reset_and_halt(HALT).map(|_| ()),
        )
    }

    fn run(&mut self) -> Result<(), TargetError> {
        self.with_core(
            || "start the core".to_owned(),
            |core| {
                // Setting the catch of a reset may have touched the others.
                let _ = core.disable_vector_catch(VectorCatchCondition::CoreReset);
                core.run()
            },
        )
    }

    fn halt(&mut self) -> Result<u32, TargetError> {
        self.with_core(
            || "halt the core".to_owned(),
            |core| core.halt(HALT).map(|halted| halted.pc as u32),
        )
    }
}

#[cfg(test)]
mod tests {
    use probe_rs::config::{MemoryRegion, Registry};

    use super::{choose, known_chips};
    use crate::board::BoardError;
    use crate::probe::{CHIPS, Firmware};

    /// The driver knows every chip of the table, and its flash is where the firmware goes.
    #[test]
    fn the_driver_knows_the_chips() {
        let registry = Registry::from_builtin_families();
        for chip in &CHIPS {
            let target = registry.get_target_by_name(chip.driver_name);
            let target = target.unwrap_or_else(|error| panic!("{}: {error}", chip.driver_name));
            let writer = registry.get_target_by_name(chip.flash_name.unwrap_or(chip.driver_name));
            let writer = writer.unwrap_or_else(|error| panic!("{}: {error}", chip.name()));
            assert!(!writer.flash_algorithms.is_empty(), "{}", chip.name());
            let firmware = Firmware::of(chip).unwrap_or_else(|error| panic!("{error}"));
            let mut loader = writer.flash_loader();
            for segment in &firmware.segments {
                let range = u64::from(segment.address)
                    ..u64::from(segment.address) + segment.bytes.len() as u64;
                let inside = writer.memory_map.iter().any(|region| {
                    matches!(region, MemoryRegion::Nvm(region) if region.range.start <= range.start
                        && range.end <= region.range.end)
                });
                assert!(inside, "{}: {range:#x?}", chip.name());
                loader
                    .add_data(range.start, &segment.bytes)
                    .unwrap_or_else(|error| panic!("{}: {error}", chip.name()));
            }
            let ram = target.memory_map.iter().any(|region| {
                matches!(region, MemoryRegion::Ram(region)
                    if region.range.contains(&firmware.rtt.into()))
            });
            assert!(ram, "{}: {:#x}", chip.name(), firmware.rtt);
        }
    }

    #[test]
    fn chips_are_found_by_a_part_of_their_name() {
        let found = known_chips("NRF53");
        assert!(found.iter().any(|name| name == "nRF5340_xxAA"), "{found:?}");
        assert!(known_chips("no such chip").is_empty());
    }

    #[test]
    fn probes_that_are_not_there_are_missed() {
        let absent = |wanted| match choose(wanted) {
            Err(BoardError::Absent { what, .. }) => what,
            other => panic!("{other:?}"),
        };
        assert!(absent(Some("ffff:fffe:none")).contains("no debug probe ffff:fffe:none"));
        assert!(absent(Some("the blue one")).contains("names no debug probe"));
    }

    /// As far as the driver's own imitation goes: it has a core that halts and runs, and the bytes of an
    /// ELF file as its memory, but no flash to write, and it takes no bytes.
    #[cfg(feature = "probe-imitation")]
    #[test]
    fn the_drivers_imitation_is_attached_to_read_halted_and_run() {
        use std::path::PathBuf;

        use probe_rs::probe::fake_probe::FakeProbe;

        use super::Hardware;
        use crate::probe::{Chip, Target};

        // The one chip that the driver can attach to without a word from it.
        static GENERIC: Chip = Chip {
            driver_name: "Cortex-M33",
            flash_name: None,
            aliases: &[],
            kits: "",
            ..CHIPS[0]
        };
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).with_file_name("target");
        let folder = std::env::var_os("CARGO_TARGET_DIR").map_or(folder, PathBuf::from);
        let file = folder.join("firmware/nrf5340.elf");
        let mut hardware = Hardware {
            open_probe: Box::new(move || {
                Ok(FakeProbe::with_mocked_core_and_binary(&file).into_probe())
            }),
            probe_name: "an imitation".to_owned(),
            chip: &GENERIC,
            session: None,
        };
        let firmware = Firmware::of(&CHIPS[0]).unwrap_or_else(|error| panic!("{error}"));
        // The imitation's memory is that of the segment, but for its last word.
        let mut id = vec![0; firmware.id.bytes.len() - 4];
        hardware.read(firmware.id.address, &mut id).unwrap();
        assert_eq!(id, firmware.id.bytes[..id.len()]);
        hardware.halt().unwrap();
        hardware.run().unwrap();
        let error = hardware.flash(&firmware.segments).unwrap_err().to_string();
        assert!(error.starts_with("cannot write the flash: "), "{error}");
    }
}
