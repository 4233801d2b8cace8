//! Linear memory of an instance in the emulated RAM.

use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::trap::TrapCode;

use super::Cpu;
use super::machine::Machine;
use crate::host::GuestMemory;

/// Linear memory while a host function is called: the machine has the RAM then.
pub(super) struct RunningMemory<'m, C> {
    /// The machine.
    pub(super) machine: &'m Machine<C>,
    /// Address of the calling instance's context.
    pub(super) context: u32,
}

impl<C: Cpu> RunningMemory<'_, C> {
    fn field(&self, offset: u32) -> u32 {
        let word = self.machine.read_word(self.context + offset);
        word.unwrap_or_default()
    }

    /// The memory's size, which may be in the context of another instance.
    fn size_now(&self) -> u32 {
        match self.field(Context::MEMORY_SIZE) {
            Context::ELSEWHERE => {
                let owner = self.field(Context::MEMORY_CAPACITY);
                let size = self.machine.read_word(owner + Context::MEMORY_SIZE);
                size.unwrap_or_default()
            }
            size => size,
        }
    }

    /// The absolute address of a range of the memory.
    fn place(&self, address: u32, bytes: usize) -> Result<u32, TrapCode> {
        let size = self.size_now();
        if u64::from(address) + bytes as u64 > u64::from(size) {
            return Err(TrapCode::MemoryOutOfBounds);
        }
        Ok(self.field(Context::MEMORY_BASE) + address)
    }
}

impl<C: Cpu> GuestMemory for RunningMemory<'_, C> {
    fn size(&mut self) -> u32 {
        self.size_now()
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TrapCode> {
        let place = self.place(address, into.len())?;
        self.machine.read_bytes(place, into);
        Ok(())
    }

    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TrapCode> {
        let place = self.place(address, from.len())?;
        self.machine.write_bytes(place, from);
        Ok(())
    }
}

/// Fills `into` from the byte offset `address` of a linear memory.
pub(super) fn read(memory: &[u8], address: u32, into: &mut [u8]) -> Result<(), TrapCode> {
    let start = address as usize;
    let bytes = memory.get(start..start + into.len());
    into.copy_from_slice(bytes.ok_or(TrapCode::MemoryOutOfBounds)?);
    Ok(())
}

/// Stores `from` at the byte offset `address` of a linear memory.
pub(super) fn write(memory: &mut [u8], address: u32, from: &[u8]) -> Result<(), TrapCode> {
    let start = address as usize;
    let bytes = memory.get_mut(start..start + from.len());
    bytes
        .ok_or(TrapCode::MemoryOutOfBounds)?
        .copy_from_slice(from);
    Ok(())
}
