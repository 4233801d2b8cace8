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
//! would do to another is a fault. Those of a space share one machine.

pub(crate) mod core;
mod cpu;
pub(crate) mod machine;
mod memory;

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;
use std::time::Duration;

use wasm2mcu_abi::image::{FunctionType, Header, Section};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_loader::{CallError, Image, Instance as Loaded, Policy, Shared, SharedItem};

use self::core::{Call, EmulatedCore, Shell};
pub use self::cpu::Cpu;
use self::machine::{Places, RAM_BYTES, host_address};
use crate::board::{
    Board, BoardError, BoardInfo, Instance, Limits, Link, Outcome, Share, Shares, Space, call_array,
};
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
                interrupt: None,
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
        let number = self.loaded.replace(self.loaded.get() + 1);
        let shell = Rc::new(Shell::new(imports.len(), false)?);
        self.load_into(shell, Places::number(number), image, imports, &[])
    }

    fn space<'a>(&'a self) -> Box<dyn Space<'a> + 'a> {
        let number = self.loaded.replace(self.loaded.get() + 1);
        Box::new(EmulatedSpace {
            board: self,
            shell: RefCell::new(None),
            next: Cell::new(Places::number(number)),
        })
    }
}

impl<C: Cpu> Emulator<C> {
    fn load_into<'a>(
        &'a self,
        shell: Rc<Shell<'a, C>>,
        places: Places,
        image: &'a [u8],
        imports: Vec<HostFunction<'a>>,
        links: &[Link],
    ) -> Result<Box<dyn Instance + 'a>, BoardError> {
        let parsed = Image::parse(image).map_err(|error| refused(&error))?;
        let verified = parsed
            .verify(&Policy::unsigned())
            .map_err(|error| refused(&error))?;
        imports.iter().try_for_each(HostFunction::check)?;
        let limits = self.limits.get();
        let call = Rc::new(Call::new(limits));
        let ram_bytes = limits.ram_bytes(&parsed).min(RAM_BYTES);
        let core = EmulatedCore::<C>::new(shell.clone(), image, places, ram_bytes, call.clone())?;
        let first = shell.add_hosts(places.ram(), imports);
        let hosts = shell.hosts();
        let offers: Vec<_> = (first..)
            .zip(&hosts[first as usize..])
            .map(|(index, host)| host.at(host_address::<C>(index)))
            .collect();
        let shared: Vec<_> = links.iter().filter_map(Link::shared).collect();
        let loaded = Loaded::linked(verified, core, &offers, &shared);
        call.end()
            .map_err(|failure| located(failure, &parsed, places))?;
        let mut loaded = loaded.map_err(BoardError::instantiation)?;
        loaded.core_mut().publish();
        Ok(Box::new(Emulated {
            board: self,
            places,
            loaded,
            call,
        }))
    }
}

/// Host functions that the instances of one space may have.
const SPACE_HOSTS: usize = 4096;

/// Instances in one machine.
struct EmulatedSpace<'a, C: Cpu> {
    board: &'a Emulator<C>,
    shell: RefCell<Option<Rc<Shell<'a, C>>>>,
    /// Where the next one goes.
    next: Cell<Places>,
}

impl<'a, C: Cpu> Space<'a> for EmulatedSpace<'a, C> {
    fn load(
        &self,
        image: &'a [u8],
        imports: Vec<HostFunction<'a>>,
        links: &[Link],
    ) -> Result<Box<dyn Instance + 'a>, BoardError> {
        let parsed = Image::parse(image).map_err(|error| refused(&error))?;
        let ram_bytes = self.board.limits.get().ram_bytes(&parsed);
        let places = self.next.get();
        if !places.has_room(ram_bytes) {
            return Err(BoardError::Refused(format!(
                "the space has no room for {ram_bytes} bytes of RAM"
            )));
        }
        self.next.set(places.behind(image.len() as u32, ram_bytes));
        let mut shell = self.shell.borrow_mut();
        let shell = match &*shell {
            Some(shell) => shell.clone(),
            None => {
                let new = Rc::new(Shell::new(SPACE_HOSTS, true)?);
                shell.insert(new).clone()
            }
        };
        self.board.load_into(shell, places, image, imports, links)
    }
}

impl Link {
    /// What the loader of this process is told.
    fn shared(&self) -> Option<Shared<'_>> {
        let item = match &self.share.0 {
            Shares::Function(params, results, record) => SharedItem::Function {
                function_type: FunctionType::new(0, params, results)?,
                record: *record,
            },
            Shares::Other(item) => *item,
            Shares::There { .. } => return None,
        };
        Some(Shared {
            module: &self.module,
            name: &self.name,
            item,
        })
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
        self.loaded.core_mut().refresh();
        let end = work(&mut self.loaded);
        self.loaded.core_mut().publish();
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
            cycles: None,
        })
    }

    fn share(&mut self, export: &str) -> Result<Share, BoardError> {
        self.loaded.core_mut().refresh();
        let shared = self
            .loaded
            .share(export)
            .map_err(|error| BoardError::Refused(format!("export {export:?}: {error}")))?;
        Ok(Share(match shared {
            SharedItem::Function {
                function_type,
                record,
            } => Shares::Function(
                function_type.param_bytes().to_vec(),
                function_type.result_bytes().to_vec(),
                record,
            ),
            SharedItem::Table {
                element,
                limits,
                record,
            } => Shares::Other(SharedItem::Table {
                element,
                limits,
                record,
            }),
            SharedItem::Memory {
                page_size_log2,
                limits,
                context,
                base,
            } => Shares::Other(SharedItem::Memory {
                page_size_log2,
                limits,
                context,
                base,
            }),
            SharedItem::Global {
                value_type,
                mutable,
                address,
                value,
            } => Shares::Other(SharedItem::Global {
                value_type,
                mutable,
                address,
                value,
            }),
        }))
    }

    fn clear_trap(&mut self) -> Result<(), BoardError> {
        self.loaded.core_mut().refresh();
        self.loaded.clear_trap();
        self.loaded.core_mut().publish();
        Ok(())
    }

    fn reset(&mut self) -> Result<(), BoardError> {
        let (end, _) = self.run(Loaded::reset)?;
        end.map_err(BoardError::start)
    }

    fn memory(&mut self) -> &mut dyn GuestMemory {
        self.loaded.core_mut().refresh();
        self
    }

    fn global(&mut self, export: &str) -> Result<Vec<u32>, BoardError> {
        self.loaded.core_mut().refresh();
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
        memory::write(self.loaded.memory_mut(), address, from)?;
        self.loaded.core_mut().publish();
        Ok(())
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
