//! Build attributes: which core the code is for, so that linkers and disassemblers know.
//!
//! Addenda to the ABI for the Arm Architecture (ADDENDA32), 3.2 format, 3.3 tags. RISC-V ABIs
//! Specification, "RISC-V ELF Specification", "Attributes".

use target_lexicon::{Architecture, ArmArchitecture};
use wasm2mcu_abi::image::{self, Features};

use crate::target::Target;

const FILE: u8 = 1;
const CPU_ARCH: u8 = 6;
const CPU_ARCH_PROFILE: u8 = 7;
const THUMB_ISA_USE: u8 = 9;
const FP_ARCH: u8 = 10;
const ABI_HARD_FP_USE: u8 = 27;
const ABI_VFP_ARGS: u8 = 28;

/// Values of [`CPU_ARCH`].
const V7: u8 = 10;
const V7E_M: u8 = 13;
const V8M_MAIN: u8 = 17;
/// Values of [`CPU_ARCH_PROFILE`] and [`THUMB_ISA_USE`].
const MICROCONTROLLER: u8 = b'M';
const AS_THE_PROFILE_SAYS: u8 = 3;
/// Values of [`FP_ARCH`] and [`ABI_HARD_FP_USE`].
const FPV4_D16: u8 = 6;
const FPV5_D16: u8 = 8;
const SINGLE_PRECISION: u8 = 1;
/// Values of [`ABI_VFP_ARGS`].
const IN_CORE_REGISTERS: u8 = 0;
const IN_FPU_REGISTERS: u8 = 1;
const WITH_ANY_VARIANT: u8 = 3;

/// What the core must be.
#[derive(Clone, Copy, Debug)]
pub struct Attributes {
    /// What the code was compiled for.
    pub target: Target,
    /// What it demands.
    pub features: Features,
}

/// Tags and values of RISC-V.
const STACK_ALIGN: u8 = 4;
const ARCH: u8 = 5;
const STACK_BYTES: u8 = 16;

/// The content of the attributes' section.
pub(super) fn section(attributes: Attributes) -> Vec<u8> {
    let (vendor, tags) = match attributes.target.architecture() {
        image::Architecture::Thumb => (b"aeabi\0".as_slice(), arm(attributes)),
        image::Architecture::RiscV32 => (b"riscv\0".as_slice(), riscv(attributes)),
    };
    // Each length counts itself and what is before it in its subsection.
    let file = counted(&[FILE], &tags);
    let vendor = [vendor, &file].concat();
    [b"A".as_slice(), &counted(&[], &vendor)].concat()
}

/// What the code demands, as the names of the extensions.
fn riscv(Attributes { features, .. }: Attributes) -> Vec<u8> {
    let names = [
        (Features::RISCV_M, "m2p0"),
        (Features::RISCV_F, "f2p2"),
        (Features::RISCV_C, "c2p0"),
        (Features::RISCV_F, "zicsr2p0"),
        (Features::RISCV_ZBA, "zba1p0"),
        (Features::RISCV_ZBB, "zbb1p0"),
        (Features::RISCV_ZBS, "zbs1p0"),
    ];
    let names = names.into_iter();
    let there = names.filter(|(feature, _)| features.contains(*feature));
    let mut architecture = String::from("rv32i2p1");
    for (_, name) in there {
        architecture.push('_');
        architecture.push_str(name);
    }
    let head = [STACK_ALIGN, STACK_BYTES, ARCH];
    [&head[..], architecture.as_bytes(), b"\0"].concat()
}

/// Nothing outside calls the code by name, only through the loader, so it links with firmware of
/// either floating-point ABI unless imported functions take floats.
fn arm(Attributes { target, features }: Attributes) -> Vec<u8> {
    let architecture = match target.triple().architecture {
        Architecture::Arm(ArmArchitecture::Thumbv7m) => V7,
        Architecture::Arm(ArmArchitecture::Thumbv7em) => V7E_M,
        _ => V8M_MAIN,
    };
    let mut tags = vec![
        [CPU_ARCH, architecture],
        [CPU_ARCH_PROFILE, MICROCONTROLLER],
        [THUMB_ISA_USE, AS_THE_PROFILE_SAYS],
    ];
    if features.contains(Features::THUMB_FPU) {
        let fpv5 = features.contains(Features::THUMB_V8M);
        tags.push([FP_ARCH, if fpv5 { FPV5_D16 } else { FPV4_D16 }]);
        tags.push([ABI_HARD_FP_USE, SINGLE_PRECISION]);
    }
    let arguments = if features.contains(Features::THUMB_HARD_FLOAT_ABI) {
        IN_FPU_REGISTERS
    } else if features.contains(Features::THUMB_SOFT_FLOAT_ABI) {
        IN_CORE_REGISTERS
    } else {
        WITH_ANY_VARIANT
    };
    tags.push([ABI_VFP_ARGS, arguments]);
    tags.as_flattened().to_vec()
}

fn counted(tag: &[u8], content: &[u8]) -> Vec<u8> {
    let bytes = (tag.len() + 4 + content.len()) as u32;
    [tag, &bytes.to_le_bytes(), content].concat()
}
