//! Host functions: what a module may import, as closures of this process.

use std::cell::RefCell;
use std::fmt;

use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;

use crate::board::BoardError;

/// Linear memory 0 of an instance, from outside.
///
/// Bytes are fetched and stored on demand, because the memory may lie behind a link.
pub trait GuestMemory {
    /// Size in bytes, now; 0 for a module without a memory.
    fn size(&mut self) -> u32;

    /// Fills `into` from `address`, a byte offset in the memory.
    ///
    /// # Errors
    ///
    /// [`TrapCode::MemoryOutOfBounds`] if the range ends behind the memory: a host function
    /// passes it on with `?`, and the module traps as if it had made the access itself.
    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TrapCode>;

    /// Stores `from` at `address`, a byte offset in the memory.
    ///
    /// # Errors
    ///
    /// As [`GuestMemory::read`]; nothing is written then.
    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TrapCode>;

    /// The `length` bytes from `address`.
    ///
    /// # Errors
    ///
    /// As [`GuestMemory::read`].
    fn bytes(&mut self, address: u32, length: u32) -> Result<Vec<u8>, TrapCode> {
        // The length is the module's word: nothing is allocated for a range that cannot be.
        if u64::from(address) + u64::from(length) > u64::from(self.size()) {
            return Err(TrapCode::MemoryOutOfBounds);
        }
        let mut bytes = vec![0; length as usize];
        self.read(address, &mut bytes)?;
        Ok(bytes)
    }
}

/// What a host function does: parameters as words in, results as words out.
///
/// i64 and f64 are two words each, low word first; floats are their bits. An `Err` ends the
/// module's call with that trap.
pub type HostCode<'a> = dyn FnMut(&mut dyn GuestMemory, &[u32]) -> Result<Vec<u32>, TrapCode> + 'a;

/// One function that a module may import.
pub struct HostFunction<'a> {
    /// Module part of the import's name.
    pub module: String,
    /// Field part of the import's name.
    pub name: String,
    /// Parameter types, which the loader compares with the import's.
    pub params: Vec<ValueType>,
    /// Result types: none or one, as a C function has.
    pub results: Vec<ValueType>,
    pub(crate) code: RefCell<Box<HostCode<'a>>>,
}

impl<'a> HostFunction<'a> {
    /// The function `module`.`name` of this signature.
    pub fn new(
        module: &str,
        name: &str,
        params: &[ValueType],
        results: &[ValueType],
        code: impl FnMut(&mut dyn GuestMemory, &[u32]) -> Result<Vec<u32>, TrapCode> + 'a,
    ) -> Self {
        Self {
            module: module.to_owned(),
            name: name.to_owned(),
            params: params.to_vec(),
            results: results.to_vec(),
            code: RefCell::new(Box::new(code)),
        }
    }

    /// Refuses what no C function is.
    pub(crate) fn check(&self) -> Result<(), BoardError> {
        if self.results.len() > 1 {
            return Err(BoardError::Refused(format!(
                "host function {self:?} has more than the one result that a C function can have"
            )));
        }
        Ok(())
    }

    /// Calls the closure with the words of its arguments; returns those of its results.
    ///
    /// The inner error is the trap that the closure asked for.
    pub(crate) fn call(
        &self,
        memory: &mut dyn GuestMemory,
        arguments: &[u32],
    ) -> Result<Result<Vec<u32>, TrapCode>, BoardError> {
        let words = match (self.code.borrow_mut())(memory, arguments) {
            Ok(words) => words,
            Err(trap) => return Ok(Err(trap)),
        };
        let expected = self
            .results
            .iter()
            .map(|result| result.words())
            .sum::<u32>();
        if words.len() as u32 != expected {
            return Err(BoardError::Refused(format!(
                "host function {self:?} returned {} words instead of {expected}",
                words.len()
            )));
        }
        Ok(Ok(words))
    }

    /// What the loader has to know about it.
    pub(crate) fn at(&self, address: u32) -> wasm2mcu_loader::HostFunction<'_> {
        wasm2mcu_loader::HostFunction {
            module: &self.module,
            name: &self.name,
            params: &self.params,
            results: &self.results,
            address,
        }
    }
}

impl fmt::Debug for HostFunction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            module,
            name,
            params,
            results,
            ..
        } = self;
        write!(f, "{module}.{name}: {params:?} -> {results:?}")
    }
}
