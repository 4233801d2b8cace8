//! `rv32`, `rv32-aligned` and `rv32f`: RV32IMAC emulated in this process, instructions counted
//! exactly.
//!
//! All are one core; the second one faults where an address is not a multiple of the access's size,
//! as smaller cores do, and the third one has a floating-point unit of single precision.

use std::sync::Arc;

use rsemu::core::space::AddressSpace;
use rsemu::cpu::riscv::csr::Extensions;
use rsemu::cpu::riscv::{Config, Hart};
use wasm2mcu_abi::image::{Architecture, Features};
use wasm2mcu_abi::types::ValueType;

use crate::board::BoardInfo;
use crate::emulated::machine::{EXIT_FAULT, FLASH, exit_address};
use crate::emulated::{Cpu, Emulator};
use crate::fault::{Cause, Fault};
use crate::ilp32::{self, CallRegisters, FloatAbi};

/// The board whose core does loads and stores at any address.
pub type Rv32 = Emulator<Rv32Core<true, false>>;
/// The board whose core does not.
pub type Rv32Aligned = Emulator<Rv32Core<false, false>>;
/// The board whose core computes with f32, too.
pub type Rv32F = Emulator<Rv32Core<true, true>>;

const BASE: Features = Features(Features::RISCV_M.0 | Features::RISCV_A.0 | Features::RISCV_C.0);

/// What the board is whose core does loads and stores at any address.
pub const INFO: BoardInfo = BoardInfo {
    name: "rv32",
    description: "RV32IMAC with misaligned access, emulated in this process; counts instructions \
                  exactly",
    target: "riscv32imac-unknown-none-elf",
    features: Features(BASE.0 | Features::RISCV_MISALIGNED.0 | Features::RISCV_SOFT_FLOAT_ABI.0),
    counts: true,
};

/// What the board is whose core does not.
pub const ALIGNED_INFO: BoardInfo = BoardInfo {
    name: "rv32-aligned",
    description: "RV32IMAC without misaligned access, emulated in this process; counts \
                  instructions exactly",
    features: Features(BASE.0 | Features::RISCV_SOFT_FLOAT_ABI.0),
    ..INFO
};

/// What the board is whose core computes with f32.
pub const FLOAT_INFO: BoardInfo = BoardInfo {
    name: "rv32f",
    description: "RV32IMAFC with misaligned access, emulated in this process; counts instructions \
                  exactly",
    target: "riscv32imafc-unknown-none-elf",
    features: Features(
        BASE.0
            | Features::RISCV_F.0
            | Features::RISCV_MISALIGNED.0
            | Features::RISCV_HARD_FLOAT_ABI.0,
    ),
    ..INFO
};

/// The core.
#[derive(Debug)]
pub struct Rv32Core<const MISALIGNED: bool, const FPU: bool>(Hart);

/// Numbers of registers.
const RA: u32 = 1;
const SP: u32 = 2;
const A0: u32 = 10;
const FA0: u32 = 10;

impl<const MISALIGNED: bool, const FPU: bool> Cpu for Rv32Core<MISALIGNED, FPU> {
    const INFO: BoardInfo = match (MISALIGNED, FPU) {
        (_, true) => FLOAT_INFO,
        (true, false) => INFO,
        (false, false) => ALIGNED_INFO,
    };
    const ARCHITECTURE: Architecture = Architecture::RiscV32;
    /// `c.j .`, twice.
    const JUMP_TO_SELF: [u8; 4] = [0x01, 0xa0, 0x01, 0xa0];

    fn power_on(space: &Arc<AddressSpace>) -> Self {
        let mut config = Config::rv32gc().with_reset_vector(FLASH.into());
        config.ext = Extensions {
            m: true,
            a: true,
            c: true,
            f: FPU,
            ..Extensions::I
        };
        config.pmp_count = 0;
        config.misaligned = MISALIGNED;
        let hart = Hart::new(config);
        hart.attach_space(Arc::clone(space));
        let mut csrs = hart.csrs();
        csrs.mtvec = exit_address::<Self>(EXIT_FAULT).into();
        csrs.mcause = NO_CAUSE;
        if FPU {
            csrs.mstatus |= FPU_ON;
        }
        hart.set_csrs(csrs);
        Self(hart)
    }

    fn step(&mut self) {
        self.0.step();
    }

    fn pc(&self) -> u32 {
        self.0.pc() as u32
    }

    fn sp(&self) -> u32 {
        self.register(SP)
    }

    fn set_up_call(&mut self, to: u32, arguments: [u32; 4], sp: u32, back: u32) {
        for number in 1..32 {
            self.set_register(number, 0);
        }
        for (number, word) in (A0..).zip(arguments) {
            self.set_register(number, word);
        }
        self.set_register(SP, sp);
        self.set_register(RA, back);
        self.0.set_pc(to.into());
    }

    fn returned_word(&self) -> u32 {
        self.register(A0)
    }

    fn arguments<E>(
        &self,
        params: &[ValueType],
        stack: impl FnMut(u32) -> Result<u32, E>,
    ) -> Result<Vec<u32>, E> {
        ilp32::arguments(params, Self::FLOAT_ABI, &self.call_registers(), stack)
    }

    fn return_from_host(&mut self, result: Option<(ValueType, &[u32])>) {
        let mut registers = self.call_registers();
        if let Some((ty, words)) = result {
            ilp32::set_result(ty, Self::FLOAT_ABI, words, &mut registers);
        }
        for (number, word) in (A0..).zip(registers.integer) {
            self.set_register(number, word);
        }
        for (number, word) in (FA0..).zip(registers.float) {
            self.0.set_f(number, NAN_BOX | u64::from(word));
        }
        self.0.set_pc(self.register(RA).into());
    }

    fn in_exception(&self) -> bool {
        self.0.csrs().mcause != NO_CAUSE
    }

    fn is_locked_up(&self) -> bool {
        false
    }

    fn is_asleep(&self) -> bool {
        self.0.is_waiting()
    }

    fn fault(&self, _: impl Fn(u32) -> Option<u32>) -> Fault {
        let csrs = self.0.csrs();
        let exception = self.in_exception();
        // The exceptions of memory leave the address that they are about.
        let of_memory = matches!(csrs.mcause, 0 | 1 | 4..=7);
        Fault {
            pc: Some(if exception {
                csrs.mepc as u32
            } else {
                self.pc()
            }),
            text_offset: None,
            lr: Some(self.register(RA)),
            sp: self.register(SP),
            cause: Cause::RiscV {
                mcause: exception.then_some(csrs.mcause as u32),
            },
            address: of_memory.then_some(csrs.mtval as u32),
            below_stack: false,
        }
    }
}

/// A number that no exception has.
const NO_CAUSE: u64 = 0x3ff;
/// `mstatus.FS`: initial.
const FPU_ON: u64 = 1 << 13;
/// What the emulator has above an f32.
const NAN_BOX: u64 = 0xffff_ffff << 32;

impl<const MISALIGNED: bool, const FPU: bool> Rv32Core<MISALIGNED, FPU> {
    const FLOAT_ABI: FloatAbi = if FPU {
        FloatAbi::Single
    } else {
        FloatAbi::Soft
    };

    fn call_registers(&self) -> CallRegisters {
        CallRegisters {
            integer: std::array::from_fn(|n| self.register(A0 + n as u32)),
            float: std::array::from_fn(|n| self.0.f(FA0 + n as u32) as u32),
        }
    }

    fn register(&self, number: u32) -> u32 {
        self.0.x(number) as u32
    }

    fn set_register(&self, number: u32, word: u32) {
        self.0.set_x(number, word.into());
    }
}
