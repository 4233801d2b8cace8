//! The chips that there is a firmware for (`testbench/firmware/chips/`).

use wasm2mcu_abi::image::Features;

use crate::board::{BoardError, BoardInfo};

/// A chip, with a firmware made for it.
#[derive(Debug)]
pub struct Chip {
    /// What the board is; its name is `probe:` and the chip's.
    pub info: BoardInfo,
    /// What the driver of the probe calls it.
    pub driver_name: &'static str,
    /// What the driver calls it where it writes the flash, if that is another core's business.
    pub flash_name: Option<&'static str>,
    /// Other names that people give it.
    pub aliases: &'static [&'static str],
    /// Boards that have it.
    pub kits: &'static str,
    /// Highest clock of the core in Hz.
    pub clock: u32,
    /// What a linear memory may grow to unless somebody says otherwise: about half of what is left
    /// of the RAM.
    pub memory_bytes: u32,
}

/// All of them.
pub static CHIPS: [Chip; 4] = [
    Chip {
        info: BoardInfo {
            name: "probe:nrf5340",
            description: "Cortex-M33 with FPU: nRF5340, application core",
            ..M33
        },
        // Without the network core, which may be locked and has nothing to do here.
        driver_name: "nRF5340_xxAA_APPONLY",
        flash_name: None,
        aliases: &["nrf5340_xxaa", "nrf5340-dk", "nrf5340dk"],
        kits: "nRF5340-DK",
        clock: 128_000_000,
        memory_bytes: 192 << 10,
    },
    Chip {
        info: BoardInfo {
            name: "probe:stm32l552",
            description: "Cortex-M33 with FPU: STM32L552xE",
            ..M33
        },
        driver_name: "STM32L552ZETxQ",
        flash_name: None,
        aliases: &[
            "stm32l552ze",
            "stm32l552zetx",
            "stm32l552zetxq",
            "nucleo-l552ze-q",
        ],
        kits: "Nucleo-L552ZE-Q",
        clock: 110_000_000,
        memory_bytes: 96 << 10,
    },
    Chip {
        info: BoardInfo {
            name: "probe:rp2350",
            description: "Cortex-M33 with FPU: RP2350, its Arm core",
            ..M33
        },
        driver_name: "RP235x",
        flash_name: None,
        aliases: &[
            "rp235x",
            "rp2350-arm",
            "rp2350a",
            "rp2350b",
            "pico2",
            "pico-2",
        ],
        kits: "Pico 2",
        clock: 150_000_000,
        memory_bytes: 192 << 10,
    },
    Chip {
        info: BoardInfo {
            name: "probe:rp2350-riscv",
            description: "RV32IMAC with Zba, Zbb, Zbs: RP2350, its RISC-V core Hazard3",
            target: "riscv32imac-unknown-none-elf",
            // Misaligned accesses trap (RP2350 datasheet, 3.8 "RISC-V processors").
            features: Features(
                Features::RISCV_M.0
                    | Features::RISCV_A.0
                    | Features::RISCV_C.0
                    | Features::RISCV_ZBA.0
                    | Features::RISCV_ZBB.0
                    | Features::RISCV_ZBS.0
                    | Features::RISCV_SOFT_FLOAT_ABI.0,
            ),
            counts: false,
        },
        driver_name: "RP235x_riscv",
        // The driver has only an Arm program that writes this chip's flash.
        flash_name: Some("RP235x"),
        aliases: &["rp235x_riscv", "rp235x-riscv", "hazard3", "pico2-riscv"],
        kits: "Pico 2",
        clock: 150_000_000,
        memory_bytes: 192 << 10,
    },
];

/// What the chips with a Cortex-M33 have in common.
const M33: BoardInfo = BoardInfo {
    name: "",
    description: "",
    target: "thumbv8m.main-none-eabihf",
    features: Features(
        Features::THUMB_DSP.0
            | Features::THUMB_FPU.0
            | Features::THUMB_V8M.0
            | Features::THUMB_HARD_FLOAT_ABI.0,
    ),
    counts: false,
};

/// What names of boards behind a probe begin with.
pub const PREFIX: &str = "probe:";
/// So many near names are offered for one that is unknown.
const NEAREST: usize = 3;

impl Chip {
    /// Its own name.
    pub fn name(&self) -> &'static str {
        &self.info.name[PREFIX.len()..]
    }

    /// The chip of this name, the driver's name or an alias; the case of letters does not matter.
    ///
    /// # Errors
    ///
    /// [`BoardError::UnknownChip`] with the names that are most like it.
    pub fn named(name: &str) -> Result<&'static Self, BoardError> {
        let wanted = name.to_lowercase();
        let found = CHIPS.iter().find(|chip| {
            chip.name() == wanted
                || chip.driver_name.eq_ignore_ascii_case(&wanted)
                || chip.aliases.contains(&&*wanted)
        });
        found.ok_or_else(|| BoardError::UnknownChip {
            name: name.to_owned(),
            nearest: nearest(&wanted),
        })
    }
}

/// The chips with names that are most like this one, nearest first.
fn nearest(name: &str) -> Vec<&'static str> {
    let mut all: Vec<(usize, &str)> = CHIPS
        .iter()
        .map(|chip| {
            let names = chip.aliases.iter().copied().chain([chip.name()]);
            let best = names.map(|known| distance(name, known)).min();
            (best.unwrap_or(usize::MAX), chip.name())
        })
        .collect();
    all.sort();
    all.truncate(NEAREST);
    all.into_iter().map(|(_, name)| name).collect()
}

/// Characters to insert, remove or replace until one is the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (line, left) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, right) in other.chars().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{CHIPS, Chip, PREFIX, distance};
    use crate::board::BoardError;

    #[test]
    fn every_name_finds_its_chip_only() {
        for chip in &CHIPS {
            assert!(chip.info.name.starts_with(PREFIX));
            let names = [chip.name(), chip.driver_name];
            for name in names.iter().chain(chip.aliases) {
                assert_eq!(Chip::named(name).unwrap().info, chip.info, "{name}");
                let shouted = name.to_uppercase();
                assert_eq!(Chip::named(&shouted).unwrap().info, chip.info, "{name}");
            }
        }
    }

    #[test]
    fn unknown_names_get_near_ones() {
        for (name, near) in [
            ("nrf5430", "nrf5340"),
            ("STM32L562", "stm32l552"),
            ("rp2350-risc", "rp2350-riscv"),
            ("rp2040", "rp2350"),
        ] {
            match Chip::named(name).unwrap_err() {
                BoardError::UnknownChip { nearest, .. } => assert_eq!(nearest[0], near, "{name}"),
                error => panic!("{name}: {error}"),
            }
        }
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (one, other, expected) in [("", "abc", 3), ("abc", "abc", 0), ("kitten", "sitting", 3)]
        {
            assert_eq!(distance(one, other), expected);
            assert_eq!(distance(other, one), expected);
        }
    }
}
