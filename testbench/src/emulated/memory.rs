//! Linear memory of an instance in the emulated RAM.

use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::image::read_word;
use wasm2mcu_abi::trap::TrapCode;

use super::Cpu;
use super::machine::Machine;
use crate::host::GuestMemory;

/// Linear memory while a host function is called: the machine has the RAM then.
pub(super) struct RunningMemory<'m, C> {
    /// The machine.
    pub(super) machine: &'m Machine<C>,
    /// Address of the RAM's first byte, where the instance's context is.
    pub(super) address: u32,
}

impl<C: Cpu> RunningMemory<'_, C> {
    fn with<T>(&self, work: impl FnOnce(&mut [u8]) -> T) -> T {
        self.machine.with_ram(|ram| {
            let base = read_word(ram, Context::MEMORY_BASE).unwrap_or_default();
            let size = read_word(ram, Context::MEMORY_SIZE).unwrap_or_default();
            let start = base.wrapping_sub(self.address) as usize;
            work(
                ram.get_mut(start..start + size as usize)
                    .unwrap_or_default(),
            )
        })
    }
}

impl<C: Cpu> GuestMemory for RunningMemory<'_, C> {
    fn size(&mut self) -> u32 {
        self.with(|memory| memory.len() as u32)
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TrapCode> {
        self.with(|memory| read(memory, address, into))
    }

    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TrapCode> {
        self.with(|memory| write(memory, address, from))
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
