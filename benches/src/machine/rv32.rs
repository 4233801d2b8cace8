//! RV32IMAC that does loads and stores at any address, emulated.

use std::sync::Arc;

use rsemu::core::space::AddressSpace;
use rsemu::cpu::riscv::csr::Extensions;
use rsemu::cpu::riscv::{Config, Hart as Core};

use super::emulated::{Call, FAULT, FLASH, Hart, RAM, RAM_BYTES, RETURN};

/// Numbers of registers.
const RA: u32 = 1;
const SP: u32 = 2;
const GP: u32 = 3;
const A0: u32 = 10;

/// The core.
pub(super) struct Rv32(Core);

impl Rv32 {
    /// A core that has its reset behind it.
    pub(super) fn power_on(space: &Arc<AddressSpace>) -> Self {
        let mut config = Config::rv32gc().with_reset_vector(FLASH.into());
        config.ext = Extensions {
            m: true,
            a: true,
            c: true,
            ..Extensions::I
        };
        config.pmp_count = 0;
        config.misaligned = true;
        let core = Core::new(config);
        core.attach_space(Arc::clone(space));
        let mut csrs = core.csrs();
        csrs.mtvec = FAULT.into();
        core.set_csrs(csrs);
        Self(core)
    }
}

impl Hart for Rv32 {
    fn set_up_call(&mut self, call: Call) {
        for number in 1..32 {
            self.0.set_x(number, 0);
        }
        for (number, word) in (A0..).zip(call.arguments) {
            self.0.set_x(number, word.into());
        }
        self.0.set_x(SP, (RAM + RAM_BYTES).into());
        self.0.set_x(GP, call.global_pointer.into());
        self.0.set_x(RA, RETURN.into());
        self.0.set_pc((call.function & !1).into());
    }

    fn step(&mut self) -> u32 {
        self.0.step();
        0
    }

    fn estimates(&self) -> bool {
        false
    }

    fn pc(&self) -> u32 {
        self.0.pc() as u32
    }

    fn result(&self) -> u32 {
        self.0.x(A0) as u32
    }

    fn is_locked_up(&self) -> bool {
        self.0.is_waiting()
    }

    fn faulting_pc(&self) -> Option<u32> {
        Some(self.0.csrs().mepc as u32)
    }
}

#[cfg(test)]
mod tests {
    use crate::machine::emulated::{Call, Emulated, FLASH, RAM};
    use crate::machine::{Core, Segment};

    #[test]
    fn counts_every_instruction_and_does_misaligned_loads() {
        // lw a0, 1(a0); addi a0, a0, 1; ret
        let code: [u32; 3] = [0x0015_2503, 0x0015_0513, 0x0000_8067];
        let segments = [
            Segment {
                address: FLASH,
                bytes: code.iter().flat_map(|word| word.to_le_bytes()).collect(),
            },
            Segment {
                address: RAM,
                bytes: vec![9, 1, 2, 3, 4],
            },
        ];
        let mut machine = Emulated::new(Core::Rv32, &segments).unwrap();
        let called = machine
            .call(Call {
                function: FLASH,
                arguments: [RAM, 0, 0, 0],
                global_pointer: 0,
            })
            .unwrap();
        assert_eq!((called.result, called.instructions), (0x0403_0202, 3));
    }
}
