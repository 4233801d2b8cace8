//! The core that the loader drives: emulated memory, host functions, counting.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::image::{Architecture, Features, Header};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_loader::Core;

use super::Cpu;
use super::machine::{Budget, Machine, Places, Ram, Stop};
use super::memory::RunningMemory;
use crate::board::{BoardError, Limits};
use crate::host::HostFunction;

/// Bytes behind the RAM on which nothing is mapped.
const GUARD_ZONE: u32 = 4096;

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

/// The host functions of a machine, by the number of their exits, each with the address of the
/// context that it belongs to.
pub(crate) type Hosts<'a> = RefCell<Vec<(u32, Rc<HostFunction<'a>>)>>;

/// A machine and what all of its instances have in common.
pub(crate) struct Shell<'a, C> {
    machine: RefCell<Machine<C>>,
    hosts: Hosts<'a>,
    /// Whether it is for several instances, so that RAM must be in the machine between calls.
    shared: bool,
}

impl<'a, C: Cpu> Shell<'a, C> {
    /// A machine with room for so many host functions.
    pub(crate) fn new(hosts: usize, shared: bool) -> Result<Self, BoardError> {
        Ok(Self {
            machine: RefCell::new(Machine::new(hosts)?),
            hosts: RefCell::default(),
            shared,
        })
    }

    /// All host functions.
    pub(crate) fn hosts(&self) -> Vec<Rc<HostFunction<'a>>> {
        let hosts = self.hosts.borrow();
        hosts.iter().map(|(_, host)| Rc::clone(host)).collect()
    }

    /// Adds host functions for the instance with this context; returns the number of the first.
    pub(crate) fn add_hosts(&self, context: u32, hosts: Vec<HostFunction<'a>>) -> u32 {
        let mut all = self.hosts.borrow_mut();
        let first = all.len() as u32;
        all.extend(hosts.into_iter().map(|host| (context, Rc::new(host))));
        first
    }
}

/// One emulated core with an image in its flash.
pub(crate) struct EmulatedCore<'a, C> {
    shell: Rc<Shell<'a, C>>,
    /// Where things lie in it.
    pub(crate) places: Places,
    ram_bytes: u32,
    /// The RAM while the machine does not run; in a shared machine, a copy of it.
    pub(crate) ram: Vec<u8>,
    in_machine: Arc<Ram>,
    call: Rc<Call>,
    /// Address of the image's interrupt word.
    interrupt_word: Option<u32>,
    /// Whether the image relies on a guard zone. Where it does not, a guard should have stopped what
    /// gets there.
    has_zone: bool,
}

impl<'a, C: Cpu> EmulatedCore<'a, C> {
    /// A core with `image` in its flash and `ram_bytes` bytes of RAM.
    pub(crate) fn new(
        shell: Rc<Shell<'a, C>>,
        image: &[u8],
        places: Places,
        ram_bytes: u32,
        call: Rc<Call>,
    ) -> Result<Self, BoardError> {
        let in_machine = shell.machine.borrow_mut().place(image, places, ram_bytes)?;
        let header = Header::read(image);
        let word = header.map_or(0, |header| header.interrupt);
        let mut core = Self {
            shell,
            places,
            ram_bytes,
            ram: vec![0; ram_bytes as usize],
            in_machine,
            call,
            interrupt_word: (word > 0).then(|| places.ram() + word),
            has_zone: header.is_some_and(|header| header.guard_zone > 0),
        };
        core.fetch();
        Ok(core)
    }

    /// Takes the RAM out of the machine.
    pub(crate) fn fetch(&mut self) {
        if self.shell.shared {
            self.in_machine.read_into(&mut self.ram);
        } else {
            self.ram = self.in_machine.take();
        }
    }

    /// Puts the RAM into the machine.
    fn give(&mut self) {
        if self.shell.shared {
            self.in_machine.write_from(&self.ram);
        } else {
            self.in_machine.put(std::mem::take(&mut self.ram));
        }
    }

    /// Brings the copy of a shared machine's RAM up to date with what others did.
    pub(crate) fn refresh(&mut self) {
        if self.shell.shared {
            self.fetch();
        }
    }

    /// Shows others in a shared machine what the loader did.
    pub(crate) fn publish(&mut self) {
        if self.shell.shared {
            self.give();
        }
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

    /// Whether an access that faulted at this address reached the guard zone: one of up to 8 bytes may
    /// begin before it.
    fn is_behind_memory(&self, address: u32) -> bool {
        let end = self.places.ram() + self.ram_bytes;
        (end - 7..end.saturating_add(GUARD_ZONE)).contains(&address)
    }

    fn run(
        &mut self,
        thunk: u32,
        context: u32,
        words: &mut [u32],
        code: u32,
        stack: u32,
    ) -> Result<u32, BoardError> {
        let shell = Rc::clone(&self.shell);
        let mut machine = shell.machine.try_borrow_mut().map_err(|_| {
            BoardError::Refused(
                "instances of one space cannot be called by the host at once".into(),
            )
        })?;
        if self.call.budget.get().interrupt.is_some() && self.interrupt_word.is_none() {
            let why = "the image cannot be interrupted: compile it with --interruptible";
            return Err(BoardError::Refused(why.into()));
        }
        let array = machine.set_up_entry(thunk, context, words, code, stack)?;
        let mut executed = self.call.executed.get();
        let end = loop {
            let stop = machine.run(self.call.budget.get(), self.interrupt_word, &mut executed);
            self.call.executed.set(executed);
            if self.has_zone
                && let Err(BoardError::Fault(fault)) = &stop
                && fault
                    .address
                    .is_some_and(|address| self.is_behind_memory(address))
            {
                return Ok(TrapCode::MemoryOutOfBounds as u32);
            }
            match stop? {
                Stop::Returned => break machine.returned_word(),
                Stop::Host(index) => call_host(&mut machine, &shell.hosts, index)?,
            }
        };
        for (address, word) in (array..).step_by(4).zip(words) {
            *word = machine.read_word(address).unwrap_or_default();
        }
        Ok(end)
    }
}

fn call_host<C: Cpu>(
    machine: &mut Machine<C>,
    hosts: &Hosts<'_>,
    index: usize,
) -> Result<(), BoardError> {
    let (context, host) = hosts.borrow()[index].clone();
    let arguments = machine.host_arguments(&host.params, || format!("{host:?}"))?;
    let mut memory = RunningMemory { machine, context };
    let words = match host.call(&mut memory, &arguments)? {
        Ok(words) => words,
        Err(trap) => {
            let field = context + Context::HOST_TRAP;
            machine.write_word(field, trap as u32);
            Vec::new()
        }
    };
    let result = host.results.first().filter(|_| !words.is_empty());
    machine.return_from_host(result.map(|result| (*result, words.as_slice())));
    Ok(())
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

    fn guard_zone(&self) -> u32 {
        match self.shell.shared {
            // Another instance's RAM may follow.
            true => 0,
            false => GUARD_ZONE,
        }
    }

    fn stack_limit(&self) -> u32 {
        Machine::<C>::STACK_LIMIT
    }

    fn enter(&mut self, thunk: u32, context: u32, args: &mut [u32], code: u32, stack: u32) -> u32 {
        self.give();
        let end = self.run(thunk, context, args, code, stack);
        self.fetch();
        end.unwrap_or_else(|failure| {
            self.call.failure.replace(Some(failure));
            GAVE_UP
        })
    }

    fn shared_word(&self, address: u32) -> u32 {
        let machine = self.shell.machine.borrow();
        machine.read_word(address).unwrap_or_default()
    }
}
