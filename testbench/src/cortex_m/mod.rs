//! `m33`, `m33-nofpu`, `m33-softfp`, `m4f`, `m4`, `m3`: Cortex-M cores emulated in this process,
//! instructions counted exactly.
//!
//! Those with an FPU have what their models have: FPv5 on the M33, FPv4 on the M4F, where the
//! instructions of FPv5 are undefined; those without have undefined floating-point instructions.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use rsemu::core::space::AddressSpace;
use rsemu::cpu::arm::v7m::sys::Exception;
use rsemu::cpu::arm::v7m::{ArmV7m, Config, Regs};
use wasm2mcu_abi::image::{Architecture, Features};
use wasm2mcu_abi::types::ValueType;

use crate::aapcs::{self, CallRegisters, FloatAbi};
use crate::board::BoardInfo;
use crate::emulated::machine::FLASH;
use crate::emulated::{Cpu, Emulator};
use crate::fault::{Cause, Fault};

/// A board of this kind.
struct Model {
    info: BoardInfo,
    config: Config,
}

/// All of them, by the numbers below.
const MODELS: [Model; 6] = [
    Model {
        info: BoardInfo {
            name: "m33",
            description: "Cortex-M33 with FPU, emulated in this process; counts instructions exactly",
            target: "thumbv8m.main-none-eabihf",
            features: Features(
                Features::THUMB_DSP.0
                    | Features::THUMB_FPU.0
                    | Features::THUMB_V8M.0
                    | Features::THUMB_HARD_FLOAT_ABI.0,
            ),
            counts: true,
        },
        config: Config::CORTEX_M33F,
    },
    Model {
        info: BoardInfo {
            name: "m33-nofpu",
            description: "Cortex-M33 without FPU, emulated in this process; counts instructions \
                          exactly",
            target: "thumbv8m.main-none-eabi",
            features: Features(
                Features::THUMB_DSP.0 | Features::THUMB_V8M.0 | Features::THUMB_SOFT_FLOAT_ABI.0,
            ),
            counts: true,
        },
        config: Config::CORTEX_M33,
    },
    Model {
        info: BoardInfo {
            name: "m4f",
            description: "Cortex-M4 with FPU, emulated in this process; counts instructions exactly",
            target: "thumbv7em-none-eabihf",
            features: Features(
                Features::THUMB_DSP.0 | Features::THUMB_FPU.0 | Features::THUMB_HARD_FLOAT_ABI.0,
            ),
            counts: true,
        },
        config: Config::CORTEX_M4F,
    },
    Model {
        info: BoardInfo {
            name: "m4",
            description: "Cortex-M4 without FPU, emulated in this process; counts instructions \
                          exactly",
            target: "thumbv7em-none-eabi",
            features: Features(Features::THUMB_DSP.0 | Features::THUMB_SOFT_FLOAT_ABI.0),
            counts: true,
        },
        config: Config::CORTEX_M4,
    },
    Model {
        info: BoardInfo {
            name: "m3",
            description: "Cortex-M3, emulated in this process; counts instructions exactly",
            target: "thumbv7m-none-eabi",
            features: Features::THUMB_SOFT_FLOAT_ABI,
            counts: true,
        },
        config: Config::CORTEX_M3,
    },
    Model {
        info: BoardInfo {
            name: "m33-softfp",
            description: "Cortex-M33 with FPU and host functions that take floats in integer \
                          registers, emulated in this process; counts instructions exactly",
            target: "thumbv8m.main-none-eabi",
            features: Features(
                Features::THUMB_DSP.0
                    | Features::THUMB_FPU.0
                    | Features::THUMB_V8M.0
                    | Features::THUMB_SOFT_FLOAT_ABI.0,
            ),
            counts: true,
        },
        config: Config::CORTEX_M33F,
    },
];

/// A Cortex-M33 with FPU.
pub type M33 = Emulator<CortexM<0>>;
/// A Cortex-M33 without.
pub type M33NoFpu = Emulator<CortexM<1>>;
/// A Cortex-M4 with FPU.
pub type M4F = Emulator<CortexM<2>>;
/// A Cortex-M4 without.
pub type M4 = Emulator<CortexM<3>>;
/// A Cortex-M3.
pub type M3 = Emulator<CortexM<4>>;
/// A Cortex-M33 with FPU, below firmware of the soft-float ABI.
pub type M33SoftFp = Emulator<CortexM<5>>;

/// The core of one of these boards.
pub struct CortexM<const MODEL: usize>(ArmV7m);

impl<const MODEL: usize> std::fmt::Debug for CortexM<MODEL> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (pc {:#010x})", Self::INFO.name, self.0.pc())
    }
}

/// Offsets in an exception frame (DDI 0553, B3.19).
const FRAME_LR: u32 = 20;
const FRAME_PC: u32 = 24;

impl<const MODEL: usize> Cpu for CortexM<MODEL> {
    const INFO: BoardInfo = MODELS[MODEL].info;
    const ARCHITECTURE: Architecture = Architecture::Thumb;
    /// `b .`, twice.
    const JUMP_TO_SELF: [u8; 4] = [0xfe, 0xe7, 0xfe, 0xe7];

    fn power_on(space: &Arc<AddressSpace>) -> Self {
        let cpu = ArmV7m::new(MODELS[MODEL].config.with_reset_vtor(FLASH));
        cpu.attach_space(Arc::clone(space));
        cpu.step();
        cpu.with_sys(|sys| {
            // The FPU is on, if there is one.
            sys.cpacr = 0xf << 20;
            // No floats in exception frames: nothing ever returns from an exception here.
            sys.fpccr = 0;
        });
        Self(cpu)
    }

    fn step(&mut self) {
        self.0.step();
    }

    fn pc(&self) -> u32 {
        self.0.pc()
    }

    fn sp(&self) -> u32 {
        self.0.reg(13)
    }

    fn set_up_call(&mut self, to: u32, arguments: [u32; 4], sp: u32, back: u32) {
        let mut regs = Regs::new();
        regs.r[..4].copy_from_slice(&arguments);
        regs.r[14] = back;
        regs.r[15] = to & !1;
        regs.msp = sp;
        self.0.set_regs(regs);
    }

    fn returned_word(&self) -> u32 {
        self.0.reg(0)
    }

    fn arguments<E>(
        &self,
        params: &[ValueType],
        stack: impl FnMut(u32) -> Result<u32, E>,
    ) -> Result<Vec<u32>, E> {
        aapcs::arguments(params, Self::FLOAT_ABI, &self.call_registers(), stack)
    }

    fn return_from_host(&mut self, result: Option<(ValueType, &[u32])>) {
        let mut registers = self.call_registers();
        if let Some((ty, words)) = result {
            aapcs::set_result(ty, Self::FLOAT_ABI, words, &mut registers);
        }
        for (n, word) in registers.core.into_iter().enumerate() {
            self.0.set_reg(n as u8, word);
        }
        for (n, word) in registers.float.into_iter().enumerate() {
            self.0.set_s(n as u8, word);
        }
        self.0.set_pc(self.0.reg(14) & !1);
    }

    fn in_exception(&self) -> bool {
        self.0.current_exception() != Exception::THREAD
    }

    fn is_locked_up(&self) -> bool {
        self.0.is_locked_up()
    }

    fn is_asleep(&self) -> bool {
        self.0.is_asleep()
    }

    fn fault(&self, read: impl Fn(u32) -> Option<u32>) -> Fault {
        let sp = self.0.msp();
        let (pc, lr) = if self.in_exception() && !self.is_locked_up() {
            let frame = |offset| read(sp.wrapping_add(offset));
            (frame(FRAME_PC), frame(FRAME_LR))
        } else {
            // No exception: the code stands where it must not.
            (Some(self.0.pc()), Some(self.0.reg(14)))
        };
        let (cfsr, hfsr, address) = self.0.with_sys(|sys| {
            let address = match sys.cfsr {
                cfsr if cfsr & 1 << 15 != 0 => Some(sys.bfar),
                cfsr if cfsr & 1 << 7 != 0 => Some(sys.mmfar),
                _ => None,
            };
            (sys.cfsr, sys.hfsr, address)
        });
        Fault {
            pc,
            text_offset: None,
            lr,
            sp,
            cause: Cause::Arm { cfsr, hfsr },
            address,
            below_stack: false,
        }
    }
}

impl<const MODEL: usize> CortexM<MODEL> {
    const FLOAT_ABI: FloatAbi = {
        let features = Self::INFO.features;
        if features.contains(Features::THUMB_HARD_FLOAT_ABI) {
            FloatAbi::Hard
        } else {
            FloatAbi::Soft
        }
    };

    fn call_registers(&self) -> CallRegisters {
        CallRegisters {
            core: std::array::from_fn(|n| self.0.reg(n as u8)),
            float: std::array::from_fn(|n| self.0.s(n as u8)),
        }
    }
}
