//! The Cortex-M33 with FPU, emulated; its cycles are an estimate, see [`timing`](super::timing).

use std::sync::Arc;

use rsemu::core::space::{AddressSpace, MemAttrs, Region, RomStore, RomWrite};
use rsemu::core::value::Width;
use rsemu::cpu::arm::v7m::{ArmV7m, Config, Regs};

use super::emulated::{Call, FAULT, FLASH, FLASH_BYTES, Hart, RAM, RAM_BYTES, RETURN};
use super::timing::Op;

/// Where the vector table lies.
pub(super) const VECTORS: u32 = 0;
const VECTORS_BYTES: usize = 0x400;
/// Offset of the program counter in an exception frame (Armv8-M manual, B3.19).
const FRAME_PC: u64 = 24;

/// The vector table: every exception is the end.
pub(super) fn vectors() -> Region {
    let vectors = (FAULT | 1).to_le_bytes().repeat(VECTORS_BYTES / 4);
    Region::rom("vectors", Arc::new(RomStore::new(vectors)), RomWrite::Fault)
}

/// The core.
pub(super) struct M33 {
    cpu: ArmV7m,
    /// The instructions of the flash by halfwords, as far as they were executed.
    ops: Vec<Option<Op>>,
    /// The instruction that was executed last.
    previous: Option<Op>,
}

impl M33 {
    /// A core that has its reset behind it.
    pub(super) fn power_on(space: &Arc<AddressSpace>) -> Self {
        let cpu = ArmV7m::new(Config::CORTEX_M33F.with_reset_vtor(VECTORS));
        cpu.attach_space(Arc::clone(space));
        // The reset sequence; a call sets what it leaves in the registers.
        cpu.step();
        // What every start-up code does: gcc moves pairs of words through FP registers.
        cpu.with_sys(|sys| sys.cpacr = 0xf << 20);
        Self {
            cpu,
            ops: vec![None; FLASH_BYTES as usize / 2],
            previous: None,
        }
    }

    /// The instruction at an address in flash.
    fn op(&mut self, pc: u32) -> Option<Op> {
        let known = self.ops.get_mut(pc.wrapping_sub(FLASH) as usize / 2)?;
        if known.is_none() {
            let space = self.cpu.space()?;
            let halfword = |address: u32| {
                let read = space.read(address.into(), Width::U16, MemAttrs::DEBUG);
                read.map_or(0, |value| value as u16)
            };
            *known = Some(Op::decode(halfword(pc), halfword(pc + 2)));
        }
        *known
    }
}

impl Hart for M33 {
    fn set_up_call(&mut self, call: Call) {
        let mut registers = Regs::new();
        registers.r[..4].copy_from_slice(&call.arguments);
        registers.r[14] = RETURN | 1;
        registers.r[15] = call.function & !1;
        registers.msp = RAM + RAM_BYTES;
        self.cpu.set_regs(registers);
        self.previous = None;
    }

    fn step(&mut self) -> u32 {
        let pc = self.cpu.pc();
        let op = self.op(pc);
        self.cpu.step();
        let previous = std::mem::replace(&mut self.previous, op);
        op.map_or(0, |op| op.cycles(previous, self.cpu.pc() == pc + op.bytes))
    }

    fn estimates(&self) -> bool {
        true
    }

    fn pc(&self) -> u32 {
        self.cpu.pc()
    }

    fn result(&self) -> u32 {
        self.cpu.reg(0)
    }

    fn is_locked_up(&self) -> bool {
        self.cpu.is_locked_up()
    }

    fn faulting_pc(&self) -> Option<u32> {
        let frame = u64::from(self.cpu.msp()) + FRAME_PC;
        let pc = self.cpu.space()?.read(frame, Width::U32, MemAttrs::DEBUG);
        pc.ok().map(|pc| pc as u32)
    }
}

#[cfg(test)]
mod tests {
    use crate::machine::emulated::{Call, Called, Emulated, FLASH};
    use crate::machine::{Core, Segment};

    fn call(halfwords: &[u16], argument: u32) -> Result<Called, String> {
        let bytes = halfwords.iter().flat_map(|half| half.to_le_bytes());
        let segment = Segment {
            address: FLASH,
            bytes: bytes.collect(),
        };
        Emulated::new(Core::M33, &[segment])?.call(Call {
            function: FLASH | 1,
            arguments: [argument, 0, 0, 0],
            global_pointer: 0,
        })
    }

    #[test]
    fn counts_every_instruction_up_to_the_return() {
        // loop: subs r0, #1; bne loop; movs r0, #7; bx lr
        let called = call(&[0x3801, 0xd1fd, 0x2007, 0x4770], 5).unwrap();
        assert_eq!((called.result, called.instructions), (7, 12));
        // Ten of the loop, four taken branches more, the move, and the return with its branch.
        let cycles = called.cycles.unwrap().count();
        assert_eq!(cycles, 10 + 4 * 2 + 1 + 3);
    }

    #[test]
    fn says_where_a_fault_was() {
        // nop; udf #0
        let error = call(&[0xbf00, 0xde00], 0).unwrap_err();
        assert_eq!(error, "a fault at 0x10000002");
    }
}
