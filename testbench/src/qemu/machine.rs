//! The machines: what QEMU is told, and how their cores speak.

use wasm2mcu_abi::image::Features;

use crate::board::BoardInfo;
use crate::ilp32;
use crate::remote::Convention;

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
    /// How its core speaks.
    pub(super) convention: Convention,
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
