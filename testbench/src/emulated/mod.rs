//! Boards emulated in this process, instructions counted exactly; any [`Cpu`] makes one.
//!
//! ```text
//!   Emulator ──load──▶ Emulated ─owns─▶ loader::Instance ─owns─▶ EmulatedCore ─owns─▶ Machine (rsemu)
//!                    │                                        │ host functions
//!                    └──────────── Call: budget, count, failure ┘
//! ```
//!
//! Every instance has a machine of its own (making one takes microseconds) and places of its
//! own in it, so that several stand next to each other as on a device, and whatever one of them
//! would do to another is a fault.

pub(crate) mod core;
mod cpu;
pub(crate) mod machine;
mod memory;

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use wasm2mcu_abi::image::{Header, Section};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_loader::{CallError, Image, Instance as Loaded};

use self::core::{Call, EmulatedCore};
pub use self::cpu::Cpu;
use self::machine::{Places, RAM_BYTES, host_address};
use crate::board::{Board, BoardError, BoardInfo, Instance, Limits, Outcome, call_array};
use crate::host::{GuestMemory, HostFunction};

/// A board with an emulated core.
#[derive(Debug)]
pub struct Emulator<C> {
    limits: Cell<Limits>,
    loaded: Cell<u32>,
    cpu: PhantomData<C>,
}

impl<C: Cpu> Emulator<C> {
    /// What the board is.
    pub const INFO: BoardInfo = C::INFO;

    /// The board, with limits that no sensible test meets.
    pub fn new() -> Self {
        Self {
            limits: Cell::new(Limits {
                memory_bytes: 64 << 20,
                instructions: None,
                time: Duration::from_secs(600),
            }),
            loaded: Cell::new(0),
            cpu: PhantomData,
        }
    }
}

impl<C: Cpu> Default for Emulator<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Cpu> Board for Emulator<C> {
    fn info(&self) -> BoardInfo {
        C::INFO
    }

    fn limits(&self) -> Limits {
        self.limits.get()
    }

    fn set_limits(&self, limits: Limits) {
        self.limits.set(limits);
    }

    fn load<'a>(
        &'a self,
        image: &'a [u8],
        imports: Vec<HostFunction<'a>>,
    ) -> Result<Box<dyn Instance + 'a>, BoardError> {
        let parsed = Image::parse(image).map_err(|error| refused(&error))?;
        let verified = parsed.verify_hash().map_err(|error| refused(&error))?;
        imports.iter().try_for_each(HostFunction::check)?;
        let limits = self.limits.get();

        let places = Places::number(self.loaded.replace(self.loaded.get() + 1));
        let call = Rc::new(Call::new(limits));
        let hosts: Rc<[HostFunction<'a>]> = imports.into();
        let ram_bytes = limits.ram_bytes(&parsed).min(RAM_BYTES);
        let core = EmulatedCore::<C>::new(image, places, ram_bytes, hosts.clone(), call.clone())?;
        let offers: Vec<_> = (0..)
            .zip(hosts.iter())
            .map(|(index, host)| host.at(host_address::<C>(index)))
            .collect();
        let loaded = Loaded::new(verified, core, &offers);
        call.end()
            .map_err(|failure| located(failure, &parsed, places))?;
        Ok(Box::new(Emulated {
            board: self,
            places,
            loaded: loaded.map_err(BoardError::instantiation)?,
            call,
        }))
    }
}

/// An instance on an emulated core.
struct Emulated<'a, C: Cpu> {
    board: &'a Emulator<C>,
    places: Places,
    loaded: Loaded<'a, EmulatedCore<'a, C>>,
    call: Rc<Call>,
}

impl<'a, C: Cpu> Emulated<'a, C> {
    /// Does something with the loader's instance, by which code may run; returns what the loader
    /// says and the instructions of the code.
    fn run<T>(
        &mut self,
        work: impl FnOnce(&mut Loaded<'a, EmulatedCore<'a, C>>) -> T,
    ) -> Result<(T, u64), BoardError> {
        self.call.begin(self.board.limits());
        let end = work(&mut self.loaded);
        let executed = self.call.end();
        let executed =
            executed.map_err(|failure| located(failure, self.loaded.image(), self.places))?;
        Ok((end, executed))
    }
}

impl<C: Cpu> Instance for Emulated<'_, C> {
    fn invoke(&mut self, export: &str, arguments: &[u32]) -> Result<Outcome, BoardError> {
        let (mut words, results) = call_array(self.loaded.image(), export, arguments)?;
        let (end, executed) = self.run(|loaded| loaded.call_words(export, &mut words))?;
        let end = match end {
            Ok(()) => {
                words.truncate(results);
                Ok(words)
            }
            Err(CallError::Trap(trap)) => Err(trap),
            Err(error) => return Err(refused(&error)),
        };
        Ok(Outcome {
            end,
            instructions: Some(executed),
        })
    }

    fn clear_trap(&mut self) -> Result<(), BoardError> {
        self.loaded.clear_trap();
        Ok(())
    }

    fn reset(&mut self) -> Result<(), BoardError> {
        let (end, _) = self.run(Loaded::reset)?;
        end.map_err(BoardError::start)
    }

    fn memory(&mut self) -> &mut dyn GuestMemory {
        self
    }

    fn global(&mut self, export: &str) -> Result<Vec<u32>, BoardError> {
        let (value_type, words) = self
            .loaded
            .global_words(export)
            .map_err(|error| BoardError::Refused(format!("global {export:?}: {error}")))?;
        Ok(words[..value_type.words() as usize].to_vec())
    }
}

impl<C: Cpu> GuestMemory for Emulated<'_, C> {
    fn size(&mut self) -> u32 {
        self.loaded.memory().len() as u32
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TrapCode> {
        memory::read(self.loaded.memory(), address, into)
    }

    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TrapCode> {
        memory::write(self.loaded.memory_mut(), address, from)
    }
}

fn refused(error: &dyn std::fmt::Display) -> BoardError {
    BoardError::Refused(error.to_string())
}

/// Says where in the image's text a fault happened.
fn located(error: BoardError, image: &Image<'_>, places: Places) -> BoardError {
    let BoardError::Fault(mut fault) = error else {
        return error;
    };
    fault.locate(
        places.image() + Header::BYTES,
        image.section(Section::Text).len(),
    );
    BoardError::Fault(fault)
}
