//! What header and library must agree on, as numbers: the C firmware of the test bench has the same list from
//! the header, and compares.

use core::mem::{offset_of, size_of};

use wasm2mcu_host::abi::{Error, Kind};
use wasm2mcu_loader::abi::image::{ABI_VERSION, FORMAT_VERSION, Features};
use wasm2mcu_loader::abi::trap::TrapCode;
use wasm2mcu_loader::{Core, Native};

use crate::code::{Code, Detail, TrapRecord};
use crate::function::{FUNCTION_BYTES, FunctionHandle};
use crate::hardware::{Described, OFFSETS, Operation, Table};
use crate::host::{HOST_BYTES, RawCapability, RawSource};
use crate::hosts::HostFunction;
use crate::image::{IMAGE_BYTES, Requirements};
use crate::instance::{Grant, INSTANCE_BYTES};
use crate::policy::{Key, Policy};

macro_rules! fields {
    ($type:ty: $($field:ident)*) => {
        [size_of::<$type>(), $(offset_of!($type, $field)),*]
    };
}

/// Sizes, offsets and numbers in the order of `testbench/hosts/c/layout.c`.
#[repr(C)]
struct Layout {
    opaque: [usize; 4],
    policy: [usize; 7],
    key: [usize; 2],
    requirements: [usize; 10],
    grant: [usize; 6],
    host_function: [usize; 5],
    function: [usize; 1],
    trap: [usize; 5],
    detail: [usize; 9],
    capability: [usize; 5],
    hardware: [usize; 2 + OFFSETS.len()],
    operation: [usize; 5],
    description: [usize; 5],
    source: [usize; 3],
    numbers: [usize; 25],
    codes: [i32; Code::ALL.len()],
}

#[unsafe(no_mangle)]
static w2m_layout: Layout = Layout {
    opaque: [IMAGE_BYTES, INSTANCE_BYTES, FUNCTION_BYTES, HOST_BYTES],
    policy: fields!(Policy: size min_counter keys key_count sha256 ed25519),
    key: fields!(Key: ed25519),
    requirements: fields!(Requirements: ram_bytes context_bytes globals_bytes tables_bytes memory_min memory_max stack_bytes guard_zone
        features),
    grant: fields!(Grant: ram ram_bytes stack_limit features host_stack),
    host_function: fields!(HostFunction: module name signature function),
    function: [offset_of!(FunctionHandle, signature)],
    trap: fields!(TrapRecord: code function text_offset image),
    detail: fields!(Detail: offset needed given module module_bytes name name_bytes trap),
    capability: fields!(RawCapability: kind rights number detail),
    hardware: hardware(),
    operation: fields!(Operation: write write_bytes read read_bytes),
    description: fields!(Described: quantity minimum maximum resolution),
    source: fields!(RawSource: kind number),
    numbers: [
        TrapCode::Host as usize,
        TrapCode::ALL.len(),
        TrapRecord::NO_FUNCTION as usize,
        Features::THUMB_DSP.0 as usize,
        Features::THUMB_FPU.0 as usize,
        Features::THUMB_FPU_DOUBLE.0 as usize,
        Features::THUMB_V8M.0 as usize,
        Features::RISCV_F.0 as usize,
        Features::RISCV_MISALIGNED.0 as usize,
        Kind::Gpio as usize,
        Kind::I2c as usize,
        Kind::Spi as usize,
        Kind::Uart as usize,
        Kind::Adc as usize,
        Kind::Pwm as usize,
        Kind::Sensor as usize,
        Kind::KeyValue as usize,
        Error::Timeout as usize,
        Error::ALL.len(),
        Features::RISCV_HARD_FLOAT_ABI.0 as usize,
        Features::RISCV_SOFT_FLOAT_ABI.0 as usize,
        FORMAT_VERSION as usize,
        ABI_VERSION as usize,
        Native::ARCHITECTURE as usize,
        Native::TARGET_FEATURES.0 as usize,
    ],
    codes: Code::ALL,
};

/// Size of the table of functions, and where each one stands.
const fn hardware() -> [usize; 2 + OFFSETS.len()] {
    let mut words = [0; 2 + OFFSETS.len()];
    words[0] = size_of::<Table>();
    words[1] = offset_of!(Table, size);
    let mut index = 0;
    while index < OFFSETS.len() {
        words[2 + index] = OFFSETS[index];
        index += 1;
    }
    words
}

/// Words of [`w2m_layout`].
#[unsafe(no_mangle)]
static w2m_layout_words: u32 = (size_of::<Layout>() / 4) as u32;
