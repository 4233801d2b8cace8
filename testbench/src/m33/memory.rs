//! Linear memory of an instance in the emulated RAM, which begins with the instance's context.

use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::trap::TrapCode;

use super::machine::Machine;
use crate::host::GuestMemory;

/// RAM that an instance lives in, while no code runs.
pub(super) struct IdleMemory<'m> {
    /// The bytes.
    pub(super) ram: &'m mut [u8],
    /// Address of the first.
    pub(super) address: u32,
}

/// The same while a host function is called.
pub(super) struct RunningMemory<'m> {
    /// The machine, which has the RAM.
    pub(super) machine: &'m Machine,
    /// Address of the RAM's first byte.
    pub(super) address: u32,
}

impl IdleMemory<'_> {
    fn linear(&mut self) -> &mut [u8] {
        let start = self.field(Context::MEMORY_BASE).wrapping_sub(self.address) as usize;
        let size = self.field(Context::MEMORY_SIZE) as usize;
        self.ram.get_mut(start..start + size).unwrap_or_default()
    }

    fn field(&self, offset: u32) -> u32 {
        let bytes = self.ram.get(offset as usize..).unwrap_or_default();
        bytes
            .first_chunk()
            .map_or(0, |word| u32::from_le_bytes(*word))
    }

    fn range(&mut self, address: u32, length: usize) -> Result<&mut [u8], TrapCode> {
        let start = address as usize;
        self.linear()
            .get_mut(start..start + length)
            .ok_or(TrapCode::MemoryOutOfBounds)
    }
}

impl GuestMemory for IdleMemory<'_> {
    fn size(&mut self) -> u32 {
        self.linear().len() as u32
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TrapCode> {
        into.copy_from_slice(self.range(address, into.len())?);
        Ok(())
    }

    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TrapCode> {
        self.range(address, from.len())?.copy_from_slice(from);
        Ok(())
    }
}

impl RunningMemory<'_> {
    fn idle<T>(&self, work: impl FnOnce(&mut IdleMemory<'_>) -> T) -> T {
        self.machine.with_ram(|ram| {
            work(&mut IdleMemory {
                ram,
                address: self.address,
            })
        })
    }
}

impl GuestMemory for RunningMemory<'_> {
    fn size(&mut self) -> u32 {
        self.idle(|memory| memory.size())
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TrapCode> {
        self.idle(|memory| memory.read(address, into))
    }

    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TrapCode> {
        self.idle(|memory| memory.write(address, from))
    }
}
