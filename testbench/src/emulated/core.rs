//! The core that the loader drives: emulated memory, host functions, counting.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::image::{Architecture, Features};
use wasm2mcu_loader::Core;

use super::Cpu;
use super::machine::{Budget, Machine, Places, Stop};
use super::memory::RunningMemory;
use crate::board::{BoardError, Limits};
use crate::host::HostFunction;

/// Number for the loader when the core gave up; [`Call::failure`] has the reason.
pub(crate) const GAVE_UP: u32 = 0x100;

/// What the board and its core tell each other about the call that runs.
pub(crate) struct Call {
    /// What the call may use up.
    budget: Cell<Budget>,
    /// Instructions that it has executed.
    executed: Cell<u64>,
    /// Why the core had to give up, which the loader has no word for.
    failure: RefCell<Option<BoardError>>,
}

impl Call {
    /// A call that may use up `limits`, from now on.
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            budget: Cell::new(Budget::new(limits)),
            executed: Cell::new(0),
            failure: RefCell::new(None),
        }
    }

    /// The next call, which may use up `limits`, from now on.
    pub(crate) fn begin(&self, limits: Limits) {
        self.budget.set(Budget::new(limits));
        self.executed.set(0);
        self.failure.replace(None);
    }

    /// The call is over: how many instructions it executed, or why the core gave up.
    pub(crate) fn end(&self) -> Result<u64, BoardError> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok(self.executed.get()),
        }
    }
}

/// One emulated core with an image in its flash.
pub(crate) struct EmulatedCore<'a, C> {
    machine: Machine<C>,
    /// Where things lie in it.
    pub(crate) places: Places,
    /// The RAM, unless the machine runs.
    pub(crate) ram: Vec<u8>,
    hosts: Rc<[HostFunction<'a>]>,
    call: Rc<Call>,
}

impl<'a, C: Cpu> EmulatedCore<'a, C> {
    /// A core with `image` in its flash and `ram_bytes` bytes of RAM.
    pub(crate) fn new(
        image: &[u8],
        places: Places,
        ram_bytes: u32,
        hosts: Rc<[HostFunction<'a>]>,
        call: Rc<Call>,
    ) -> Result<Self, BoardError> {
        let machine = Machine::new(image, places, ram_bytes, hosts.len())?;
        let ram = machine.take_ram();
        Ok(Self {
            machine,
            places,
            ram,
            hosts,
            call,
        })
    }

    /// Instructions that the call has executed.
    #[cfg(test)]
    pub(crate) fn executed(&self) -> u64 {
        self.call.executed.get()
    }

    /// How the call ended.
    #[cfg(test)]
    pub(crate) fn end(&self) -> Result<u64, BoardError> {
        self.call.end()
    }

    fn run(
        &mut self,
        thunk: u32,
        context: u32,
        words: &mut [u32],
        code: u32,
        stack: u32,
    ) -> Result<u32, BoardError> {
        let array = self
            .machine
            .set_up_entry(thunk, context, words, code, stack)?;
        let mut executed = self.call.executed.get();
        let end = loop {
            let stop = self.machine.run(self.call.budget.get(), &mut executed);
            self.call.executed.set(executed);
            match stop? {
                Stop::Returned => break self.machine.returned_word(),
                Stop::Host(index) => self.call_host(index, context)?,
            }
        };
        for (address, word) in (array..).step_by(4).zip(words) {
            *word = self.machine.read_word(address).unwrap_or_default();
        }
        Ok(end)
    }

    fn call_host(&mut self, index: usize, context: u32) -> Result<(), BoardError> {
        let host = &self.hosts[index];
        let arguments = self
            .machine
            .host_arguments(&host.params, || format!("{host:?}"))?;
        let mut memory = RunningMemory {
            machine: &self.machine,
            address: self.places.ram(),
        };
        let words = match host.call(&mut memory, &arguments)? {
            Ok(words) => words,
            Err(trap) => {
                let field = context + Context::HOST_TRAP;
                self.machine.write_word(field, trap as u32);
                Vec::new()
            }
        };
        let result = host.results.first().filter(|_| !words.is_empty());
        self.machine
            .return_from_host(result.map(|result| (*result, words.as_slice())));
        Ok(())
    }
}

impl<C: Cpu> Core for EmulatedCore<'_, C> {
    const ARCHITECTURE: Architecture = C::ARCHITECTURE;

    fn features(&self) -> Features {
        C::INFO.features
    }

    fn image_address(&self, _: &[u8]) -> Option<u32> {
        Some(self.places.image())
    }

    fn ram_address(&self) -> u32 {
        self.places.ram()
    }

    fn ram(&self) -> &[u8] {
        &self.ram
    }

    fn ram_mut(&mut self) -> &mut [u8] {
        &mut self.ram
    }

    fn stack_limit(&self) -> u32 {
        self.machine.stack_limit()
    }

    fn enter(&mut self, thunk: u32, context: u32, args: &mut [u32], code: u32, stack: u32) -> u32 {
        self.machine.return_ram(std::mem::take(&mut self.ram));
        let end = self.run(thunk, context, args, code, stack);
        self.ram = self.machine.take_ram();
        end.unwrap_or_else(|failure| {
            self.call.failure.replace(Some(failure));
            GAVE_UP
        })
    }
}
