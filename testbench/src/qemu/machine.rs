//! The machines: what QEMU is told, and how their cores speak.

use wasm2mcu_abi::image::{Architecture, Features};
use wasm2mcu_abi::types::ValueType;

use super::protocol::register_words;
use crate::board::{BoardError, BoardInfo};
use crate::fault::Cause;
use crate::{aapcs, ilp32};

/// A machine of QEMU, with a firmware made for it.
#[derive(Debug)]
pub struct Machine {
    /// What the board is.
    pub info: BoardInfo,
    /// The emulator, looked for on PATH.
    pub(super) emulator: &'static str,
    /// Its options for the machine.
    pub(super) options: &'static [&'static str],
    /// Its options for the core, if the machine has a choice.
    pub(super) core: &'static [&'static str],
    /// What the firmware is built for, as rustc spells it.
    pub(super) firmware_target: &'static str,
    /// The environment variable that names another file as the firmware.
    pub(super) firmware_variable: &'static str,
    convention: Convention,
}

/// How C functions are called.
#[derive(Clone, Copy, Debug)]
enum Convention {
    Aapcs,
    Ilp32(ilp32::FloatAbi),
}

/// `mps2-an505`.
pub static M33: Machine = Machine {
    info: BoardInfo {
        name: "qemu-m33",
        description: "Cortex-M33 with FPU in QEMU, loader and all on the core; does not count",
        target: "thumbv8m.main-none-eabihf",
        features: Features(
            Features::THUMB_DSP.0
                | Features::THUMB_FPU.0
                | Features::THUMB_V8M.0
                | Features::THUMB_HARD_FLOAT_ABI.0,
        ),
        counts: false,
    },
    emulator: "qemu-system-arm",
    options: &["-M", "mps2-an505"],
    core: &[],
    firmware_target: "thumbv8m.main-none-eabihf",
    firmware_variable: "WASM2MCU_FIRMWARE_M33",
    convention: Convention::Aapcs,
};

/// `virt` with a core that has nothing but what is named.
pub static RV32: Machine = Machine {
    info: BoardInfo {
        name: "qemu-rv32",
        description: "RV32IMAC with misaligned access in QEMU, loader and all on the core; does \
                      not count",
        target: "riscv32imac-unknown-none-elf",
        features: Features(IMAC.0 | Features::RISCV_SOFT_FLOAT_ABI.0),
        counts: false,
    },
    core: &["-cpu", "rv32i,m=on,a=on,c=on,zicsr=on,zifencei=on,pmp=on"],
    convention: Convention::Ilp32(ilp32::FloatAbi::Soft),
    emulator: RISCV_EMULATOR,
    options: VIRT,
    firmware_target: RISCV_FIRMWARE,
    firmware_variable: RISCV_VARIABLE,
};

/// The same with a floating-point unit. The firmware has no floats and its stubs of host functions
/// speak both ABIs, so that it is the same, too.
pub static RV32F: Machine = Machine {
    info: BoardInfo {
        name: "qemu-rv32f",
        description: "RV32IMAFC with misaligned access in QEMU, loader and all on the core; does \
                      not count",
        target: "riscv32imafc-unknown-none-elf",
        features: Features(IMAC.0 | Features::RISCV_F.0 | Features::RISCV_HARD_FLOAT_ABI.0),
        counts: false,
    },
    core: &[
        "-cpu",
        "rv32i,m=on,a=on,f=on,c=on,zicsr=on,zifencei=on,pmp=on",
    ],
    convention: Convention::Ilp32(ilp32::FloatAbi::Single),
    emulator: RISCV_EMULATOR,
    options: VIRT,
    firmware_target: RISCV_FIRMWARE,
    firmware_variable: RISCV_VARIABLE,
};

/// The first one with extensions for bits, which no emulator in this process has.
pub static RV32ZB: Machine = Machine {
    info: BoardInfo {
        name: "qemu-rv32zb",
        description: "RV32IMAC with Zba, Zbb, Zbs and misaligned access in QEMU, loader and all on the \
                      core; does not count",
        features: Features(
            RV32.info.features.0
                | Features::RISCV_ZBA.0
                | Features::RISCV_ZBB.0
                | Features::RISCV_ZBS.0,
        ),
        ..RV32.info
    },
    core: &[
        "-cpu",
        "rv32i,m=on,a=on,c=on,zba=on,zbb=on,zbs=on,zicsr=on,zifencei=on,pmp=on",
    ],
    convention: Convention::Ilp32(ilp32::FloatAbi::Soft),
    emulator: RISCV_EMULATOR,
    options: VIRT,
    firmware_target: RISCV_FIRMWARE,
    firmware_variable: RISCV_VARIABLE,
};

const RISCV_EMULATOR: &str = "qemu-system-riscv32";
const VIRT: &[&str] = &["-M", "virt", "-bios", "none"];
const RISCV_FIRMWARE: &str = "riscv32imac-unknown-none-elf";
const RISCV_VARIABLE: &str = "WASM2MCU_FIRMWARE_RV32";
const IMAC: Features = Features(
    Features::RISCV_M.0 | Features::RISCV_A.0 | Features::RISCV_C.0 | Features::RISCV_MISALIGNED.0,
);

impl Machine {
    /// The cause of a fault, from its two words in the message.
    pub(super) fn cause(&self, first: u32, second: u32) -> Cause {
        match self.convention {
            Convention::Aapcs => Cause::Arm {
                cfsr: first,
                hfsr: second,
            },
            Convention::Ilp32(_) => Cause::RiscV {
                mcause: Some(first),
            },
        }
    }

    /// The words of a host function's arguments, from the registers in the message; `stack` reads
    /// at an offset from the stack pointer of the call.
    pub(super) fn arguments(
        &self,
        params: &[ValueType],
        registers: &[u32],
        stack: impl FnMut(u32) -> Result<u32, BoardError>,
    ) -> Result<Vec<u32>, BoardError> {
        match self.convention {
            Convention::Aapcs => {
                aapcs::arguments(params, aapcs::FloatAbi::Hard, &arm(registers)?, stack)
            }
            Convention::Ilp32(abi) => ilp32::arguments(params, abi, &riscv(registers)?, stack),
        }
    }

    /// Puts the words of a result into the registers of the message.
    pub(super) fn set_result(
        &self,
        result: ValueType,
        words: &[u32],
        registers: &mut [u32],
    ) -> Result<(), BoardError> {
        match self.convention {
            Convention::Aapcs => {
                let mut set = arm(registers)?;
                aapcs::set_result(result, aapcs::FloatAbi::Hard, words, &mut set);
                registers.copy_from_slice(&[&set.core[..], &set.float].concat());
            }
            Convention::Ilp32(abi) => {
                let mut set = riscv(registers)?;
                ilp32::set_result(result, abi, words, &mut set);
                registers.copy_from_slice(&[set.integer, set.float].concat());
            }
        }
        Ok(())
    }
}

fn arm(words: &[u32]) -> Result<aapcs::CallRegisters, BoardError> {
    let words: &[u32; register_words(Architecture::Thumb)] = exactly(words)?;
    let (core, float) = words.split_at(4);
    let mut registers = aapcs::CallRegisters::default();
    registers.core.copy_from_slice(core);
    registers.float.copy_from_slice(float);
    Ok(registers)
}

fn riscv(words: &[u32]) -> Result<ilp32::CallRegisters, BoardError> {
    let words: &[u32; register_words(Architecture::RiscV32)] = exactly(words)?;
    let (integer, float) = words.split_at(8);
    let mut registers = ilp32::CallRegisters::default();
    registers.integer.copy_from_slice(integer);
    registers.float.copy_from_slice(float);
    Ok(registers)
}

fn exactly<const N: usize>(words: &[u32]) -> Result<&[u32; N], BoardError> {
    words.try_into().map_err(|_| {
        let count = words.len();
        BoardError::Link(format!("a host call came with {count} registers, not {N}"))
    })
}
