//! Boards with a firmware of ours on the core, loader and all; the PC talks to it.
//!
//! ```text
//!   Remote ── Wire ══ pipes to QEMU, or RAM through a debug probe ══ firmware ── loader::Instance
//!    │ host functions ◀═══════════════════════════════════════ HOST ◀───────────┘ image text
//! ```
//!
//! One connection serves any number of images. The firmware survives faults; after a time-out the
//! connection is ended, its instances are lost, and the next image begins another.
//!
//! * [`Station`], [`Wire`]: where the firmware runs, and the way to it
//! * `convention`: how the core's calls carry arguments
//! * `protocol`: the messages, which the firmware shares

mod convention;
mod protocol;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant as Moment};

use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::image::{Header, Section};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_loader::{Image, Item};

pub use self::convention::Convention;
use self::protocol::{reply, request};
use crate::board::{
    Board, BoardError, BoardInfo, Instance, Limits, Link, Outcome, Share, Shares, Space, Trap,
    call_array,
};
use crate::fault::Fault;
use crate::host::{GuestMemory, HostFunction};

/// Where a firmware runs.
pub trait Station {
    /// What the board is.
    fn info(&self) -> BoardInfo;

    /// How C functions are called there.
    fn convention(&self) -> Convention;

    /// What is granted at first.
    fn limits(&self) -> Limits;

    /// The highest clock of the core in Hz, if its cycle counter tells something.
    fn clock(&self) -> Option<u32> {
        None
    }

    /// Starts the firmware; whatever it served before is gone.
    ///
    /// # Errors
    ///
    /// [`BoardError::Absent`] if something is not there; [`BoardError::Link`] if it does not answer.
    fn connect(&self) -> Result<Box<dyn Wire>, BoardError>;
}

/// The way to a firmware that runs. Dropping it is its end.
pub trait Wire {
    /// Sends the bytes of a request.
    ///
    /// # Errors
    ///
    /// [`BoardError::Link`].
    fn send(&mut self, message: &[u8]) -> Result<(), BoardError>;

    /// The next reply, for which it waits so long.
    ///
    /// # Errors
    ///
    /// Why there is none.
    fn receive(&mut self, time: Duration) -> Result<Message, Silence>;
}

/// A message of the firmware.
#[derive(Debug)]
pub struct Message {
    /// What it is.
    pub tag: u32,
    /// What it says.
    pub bytes: Vec<u8>,
}

impl Message {
    /// Bytes of tag and length.
    pub(crate) const HEAD: usize = 8;
    /// Longer messages do not exist: the firmware's memory is smaller.
    const LONGEST: u32 = 32 << 20;

    /// What the head of a message says: tag and length; `None` if it is none.
    pub(crate) fn head(bytes: [u8; Self::HEAD]) -> Option<(u32, usize)> {
        let [tag, length] = [0, 4].map(|at| {
            let word = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
            u32::from_le_bytes(word)
        });
        (length <= Self::LONGEST).then_some((tag, length as usize))
    }

    /// Whether it is the first one of a firmware that speaks as this crate does.
    pub(crate) fn is_ready(&self) -> bool {
        self.tag == reply::READY && self.bytes == protocol::VERSION.to_le_bytes()
    }
}

/// Why no message came.
#[derive(Debug)]
pub enum Silence {
    /// Time is over; the core was stopped, there.
    Timeout(Option<u32>),
    /// The firmware is gone.
    Lost(BoardError),
}

/// The board: one firmware, and whatever lives in it.
pub struct Remote {
    station: Box<dyn Station>,
    wire: RefCell<Option<Box<dyn Wire>>>,
    /// Counts connections, so that an instance knows when its own is gone.
    generation: Cell<u32>,
    limits: Cell<Limits>,
}

impl Remote {
    /// Starts the firmware.
    ///
    /// # Errors
    ///
    /// As [`Station::connect`].
    pub fn open(station: Box<dyn Station>) -> Result<Self, BoardError> {
        Ok(Self {
            wire: RefCell::new(Some(station.connect()?)),
            generation: Cell::new(0),
            limits: Cell::new(station.limits()),
            station,
        })
    }

    /// What the loader's software says of an Ed25519 signature, on the core.
    ///
    /// # Errors
    ///
    /// Those of the connection, and [`BoardError::Refused`] for a message above 1024 bytes.
    pub fn verify_signature(
        &self,
        key: &[u8; 32],
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<bool, BoardError> {
        self.revive()?;
        let parts: [&[u8]; 3] = [key, signature, message];
        self.send(request::VERIFY, &[message.len() as u32], &parts)?;
        match self.receive(self.deadline())? {
            Message {
                tag: reply::DONE,
                bytes,
            } => Ok(words(&bytes) == [1]),
            Message {
                tag: reply::REFUSED,
                bytes,
            } => Err(BoardError::Refused(
                String::from_utf8_lossy(&bytes).into_owned(),
            )),
            message => Err(unexpected(&message)),
        }
    }

    /// Starts the firmware again if the last connection was ended.
    fn revive(&self) -> Result<(), BoardError> {
        let mut wire = self.wire.borrow_mut();
        if wire.is_none() {
            *wire = Some(self.station.connect()?);
            self.generation.set(self.generation.get() + 1);
        }
        Ok(())
    }

    /// Works with the connection; an error of it is its end.
    fn with<T>(
        &self,
        work: impl FnOnce(&mut dyn Wire) -> Result<T, BoardError>,
    ) -> Result<T, BoardError> {
        let mut slot = self.wire.borrow_mut();
        let wire = slot.as_mut().ok_or_else(gone)?;
        let done = work(wire.as_mut());
        if done.is_err() {
            *slot = None;
        }
        done
    }

    /// Sends a request of words and bytes.
    fn send(&self, tag: u32, words: &[u32], bytes: &[&[u8]]) -> Result<(), BoardError> {
        let length = 4 * words.len() + bytes.iter().map(|part| part.len()).sum::<usize>();
        let head = [tag, length as u32];
        let mut message: Vec<u8> = Vec::with_capacity(Message::HEAD + length);
        message.extend(head.iter().chain(words).flat_map(|word| word.to_le_bytes()));
        message.extend(bytes.concat());
        self.with(|wire| wire.send(&message))
    }

    fn receive(&self, deadline: Option<Moment>) -> Result<Message, BoardError> {
        let time = deadline.map_or(Duration::MAX, |end| {
            end.saturating_duration_since(Moment::now())
        });
        self.with(|wire| {
            wire.receive(time).map_err(|silence| match silence {
                Silence::Lost(error) => error,
                Silence::Timeout(pc) => BoardError::Runaway {
                    limit: format!("{:?}", self.limits.get().time),
                    pc,
                },
            })
        })
    }

    /// Receives the reply of a request that runs no code.
    fn answer(&self) -> Result<Vec<u8>, BoardError> {
        match self.receive(self.deadline())? {
            Message {
                tag: reply::DONE,
                bytes,
            } => Ok(bytes),
            message => Err(unexpected(&message)),
        }
    }

    /// When the time of a call that begins now is over; `None` if that is beyond all clocks.
    fn deadline(&self) -> Option<Moment> {
        Moment::now().checked_add(self.limits.get().time)
    }

    /// Receives the reply of a request that may run code, and serves its host calls meanwhile.
    fn result<'h>(
        &self,
        hosts: &[HostFunction<'h>],
        neighbours: &Neighbours<'h>,
        image: &Image<'_>,
        address: Option<u32>,
    ) -> Result<Ran, BoardError> {
        let deadline = self.deadline();
        loop {
            let message = self.receive(deadline)?;
            let text = || String::from_utf8_lossy(&message.bytes).into_owned();
            match (message.tag, words(&message.bytes).as_slice()) {
                (reply::DONE, words) => return Ok(Ran::Returned(words.to_vec())),
                (reply::REFUSED, _) => return Err(BoardError::Refused(text())),
                (reply::TRAP, &[code, function, text_offset]) => {
                    let code = TrapCode::from_u8(code as u8).ok_or_else(|| unexpected(&message))?;
                    return Ok(Ran::Trapped(Trap {
                        code,
                        function: (function != u32::MAX).then_some(function),
                        text_offset,
                    }));
                }
                (reply::FAULT, &[cause, more, a, access, p, pc, l, lr, sp]) => {
                    let mut fault = Fault {
                        pc: (p != 0).then_some(pc),
                        text_offset: None,
                        lr: (l != 0).then_some(lr),
                        sp,
                        cause: self.station.convention().cause(cause, more),
                        address: (a != 0).then_some(access),
                        below_stack: false,
                    };
                    if let Some(address) = address {
                        fault.locate(address + Header::BYTES, image.section(Section::Text).len());
                    }
                    return Err(BoardError::Fault(fault));
                }
                (reply::HOST, &[index, sp, ref registers @ ..]) => {
                    // Another instance may have been called from the one that the host called.
                    let context = registers.first().copied().unwrap_or_default();
                    let other = neighbours.hosts_of(context);
                    let hosts = other.as_ref().map_or(hosts, |hosts| hosts.as_slice());
                    let host = hosts
                        .get(index as usize)
                        .ok_or_else(|| unexpected(&message))?;
                    if let Err(error) = self.call_host(host, sp, registers.to_vec()) {
                        // The firmware waits for an answer that will never come.
                        self.wire.replace(None);
                        return Err(error);
                    }
                }
                _ => return Err(unexpected(&message)),
            }
        }
    }

    fn call_host(
        &self,
        host: &HostFunction<'_>,
        sp: u32,
        mut registers: Vec<u32>,
    ) -> Result<(), BoardError> {
        let mut memory = Memory {
            board: self,
            context: registers.first().copied().unwrap_or_default(),
            failure: None,
        };
        let convention = self.station.convention();
        let stack = |offset| self.read_word(sp.wrapping_add(offset));
        let arguments = convention.arguments(&host.params, &registers, stack)?;
        let end = host.call(&mut memory, &arguments)?;
        if let Some(failure) = memory.failure {
            return Err(failure);
        }
        if let (Ok(words), Some(result)) = (&end, host.results.first()) {
            convention.set_result(*result, words, &mut registers)?;
        }
        registers.insert(0, end.err().map_or(0, |trap| trap as u32));
        self.send(request::RETURN, &registers, &[])
    }

    fn read(&self, address: u32, bytes: u32) -> Result<Vec<u8>, BoardError> {
        self.send(request::READ, &[address, bytes], &[])?;
        self.answer()
    }

    /// The cycles of the last call, which took so long.
    fn cycles(&self, time: Duration) -> Result<Option<u64>, BoardError> {
        let Some(clock) = self.station.clock() else {
            return Ok(None);
        };
        self.send(request::CYCLES, &[], &[])?;
        let answer = words(&self.answer()?);
        let &[bits, low, high] = answer.as_slice() else {
            return Err(BoardError::Link(format!(
                "CYCLES was answered with {answer:?}"
            )));
        };
        // A counter of 32 bits may have come around.
        let whole = bits == u64::BITS
            || bits == u32::BITS && time.as_secs_f64() * f64::from(clock) < f64::from(u32::MAX);
        Ok(whole.then_some(u64::from(high) << 32 | u64::from(low)))
    }

    fn read_word(&self, address: u32) -> Result<u32, BoardError> {
        let bytes = self.read(address, 4)?;
        Ok(words(&bytes).first().copied().unwrap_or_default())
    }
}

/// How code that ran ended.
enum Ran {
    Returned(Vec<u32>),
    Trapped(Trap),
}

impl Board for Remote {
    fn info(&self) -> BoardInfo {
        self.station.info()
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
        self.load_beside(Rc::default(), image, imports, &[])
    }

    fn space<'a>(&'a self) -> Box<dyn Space<'a> + 'a> {
        Box::new(RemoteSpace {
            board: self,
            neighbours: Rc::default(),
        })
    }
}

impl Remote {
    fn load_beside<'a>(
        &'a self,
        neighbours: Rc<Neighbours<'a>>,
        image: &'a [u8],
        imports: Vec<HostFunction<'a>>,
        links: &[Link],
    ) -> Result<Box<dyn Instance + 'a>, BoardError> {
        // The loader on the core checks for itself; here the structure is needed to ask for RAM
        // and to know signatures.
        let parsed = Image::parse(image).map_err(|error| BoardError::Refused(error.to_string()))?;
        imports.iter().try_for_each(HostFunction::check)?;
        self.revive()?;
        let table = host_table(&imports);
        let link_table = link_table(links);
        let head = [
            self.station.info().features.0,
            self.limits.get().ram_bytes(&parsed),
            image.len() as u32,
            imports.len() as u32,
            table.len() as u32,
            links.len() as u32,
            link_table.len() as u32,
        ];
        let bytes: [&[u8]; 3] = [image, &table, &link_table];
        self.send(request::LOAD, &head, &bytes)?;
        match self.result(&imports, &neighbours, &parsed, None)? {
            Ran::Trapped(trap) => Err(BoardError::Trap(trap)),
            Ran::Returned(words) => match words[..] {
                [handle, image_address, ram_address] => {
                    let hosts = Rc::new(imports);
                    neighbours.add(ram_address, &hosts);
                    Ok(Box::new(Resident {
                        image: parsed,
                        image_address,
                        handle,
                        hosts,
                        neighbours,
                        generation: self.generation.get(),
                        memory: Memory {
                            board: self,
                            context: ram_address,
                            failure: None,
                        },
                    }))
                }
                _ => Err(BoardError::Link(format!(
                    "LOAD was answered with {words:?}"
                ))),
            },
        }
    }
}

/// The host functions of the instances of one space, by the addresses of their contexts.
#[derive(Default)]
struct Neighbours<'a>(RefCell<Vec<(u32, HostList<'a>)>>);

type HostList<'a> = Rc<Vec<HostFunction<'a>>>;

impl<'a> Neighbours<'a> {
    fn add(&self, context: u32, hosts: &HostList<'a>) {
        self.0.borrow_mut().push((context, Rc::clone(hosts)));
    }

    fn hosts_of(&self, context: u32) -> Option<HostList<'a>> {
        let all = self.0.borrow();
        // The last one at this address lives.
        let found = all.iter().rev().find(|(at, _)| *at == context);
        found.map(|(_, hosts)| Rc::clone(hosts))
    }
}

/// Instances in the firmware, where all see each other's RAM anyway.
struct RemoteSpace<'a> {
    board: &'a Remote,
    neighbours: Rc<Neighbours<'a>>,
}

impl<'a> Space<'a> for RemoteSpace<'a> {
    fn load(
        &self,
        image: &'a [u8],
        imports: Vec<HostFunction<'a>>,
        links: &[Link],
    ) -> Result<Box<dyn Instance + 'a>, BoardError> {
        let neighbours = Rc::clone(&self.neighbours);
        self.board.load_beside(neighbours, image, imports, links)
    }
}

/// An instance in the firmware.
struct Resident<'a> {
    image: Image<'a>,
    image_address: u32,
    handle: u32,
    hosts: HostList<'a>,
    neighbours: Rc<Neighbours<'a>>,
    generation: u32,
    memory: Memory<'a>,
}

impl Resident<'_> {
    /// Sends a request about this instance that may run code.
    fn run(&self, tag: u32, rest: &[u32], bytes: &[&[u8]]) -> Result<Ran, BoardError> {
        let board = self.memory.board;
        self.alive()?;
        board.send(tag, &[&[self.handle], rest].concat(), bytes)?;
        board.result(
            &self.hosts,
            &self.neighbours,
            &self.image,
            Some(self.image_address),
        )
    }

    fn alive(&self) -> Result<(), BoardError> {
        if self.generation == self.memory.board.generation.get() {
            Ok(())
        } else {
            Err(gone())
        }
    }
}

impl Drop for Resident<'_> {
    fn drop(&mut self) {
        let board = self.memory.board;
        if self.alive().is_ok() && board.send(request::DROP, &[self.handle], &[]).is_ok() {
            // If the firmware is gone, so is the instance.
            let _ = board.answer();
        }
    }
}

impl Instance for Resident<'_> {
    fn share(&mut self, export: &str) -> Result<Share, BoardError> {
        self.alive()?;
        Ok(Share(Shares::There {
            handle: self.handle,
            export: export.to_owned(),
        }))
    }

    fn invoke(&mut self, export: &str, arguments: &[u32]) -> Result<Outcome, BoardError> {
        let (words, results) = call_array(&self.image, export, arguments)?;
        let head = [export.len() as u32, words.len() as u32];
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let begin = Moment::now();
        let end = match self.run(request::CALL, &head, &[export.as_bytes(), &bytes])? {
            Ran::Returned(mut words) => {
                words.truncate(results);
                Ok(words)
            }
            Ran::Trapped(trap) => Err(trap),
        };
        Ok(Outcome {
            end,
            instructions: None,
            cycles: self.memory.board.cycles(begin.elapsed())?,
        })
    }

    fn clear_trap(&mut self) -> Result<(), BoardError> {
        self.run(request::CLEAR_TRAP, &[], &[]).map(|_| ())
    }

    fn reset(&mut self) -> Result<(), BoardError> {
        match self.run(request::RESET, &[], &[])? {
            Ran::Returned(_) => Ok(()),
            Ran::Trapped(trap) => Err(BoardError::Trap(trap)),
        }
    }

    fn memory(&mut self) -> &mut dyn GuestMemory {
        &mut self.memory
    }

    fn global(&mut self, export: &str) -> Result<Vec<u32>, BoardError> {
        self.alive()?;
        let item = self
            .image
            .exports()
            .find(|candidate| candidate.name == *export)
            .map(|found| found.item);
        let Some(Item::Global(global)) = item else {
            return Err(BoardError::Refused(format!(
                "the module exports no global {export:?}"
            )));
        };
        let mut address = self.memory.context + global.offset;
        if global.indirect {
            address = self.memory.board.read_word(address)?;
        }
        let bytes = self
            .memory
            .board
            .read(address, 4 * global.value_type.words())?;
        Ok(words(&bytes))
    }
}

/// Linear memory 0 of the instance with this context.
struct Memory<'a> {
    board: &'a Remote,
    context: u32,
    /// Why the last access failed, if not for its range.
    failure: Option<BoardError>,
}

impl Memory<'_> {
    /// Base address and size.
    fn range(&mut self) -> Result<(u32, u32), TrapCode> {
        let fields = self.board.read(self.context + Context::MEMORY_BASE, 12);
        let fields = self.noted(fields)?;
        match words(&fields)[..] {
            [base, Context::ELSEWHERE, owner] => {
                let size = self.board.read(owner + Context::MEMORY_SIZE, 4);
                let size = self.noted(size)?;
                Ok((base, words(&size).first().copied().unwrap_or(0)))
            }
            [base, size, _] => Ok((base, size)),
            _ => Ok((0, 0)),
        }
    }

    /// The absolute address of a range of the memory.
    fn place(&mut self, address: u32, bytes: usize) -> Result<u32, TrapCode> {
        let (base, size) = self.range()?;
        if u64::from(address) + bytes as u64 > u64::from(size) {
            return Err(TrapCode::MemoryOutOfBounds);
        }
        Ok(base + address)
    }

    fn noted<T>(&mut self, done: Result<T, BoardError>) -> Result<T, TrapCode> {
        done.map_err(|failure| {
            self.failure = Some(failure);
            TrapCode::Host
        })
    }
}

impl GuestMemory for Memory<'_> {
    fn size(&mut self) -> u32 {
        self.range().map_or(0, |(_, size)| size)
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TrapCode> {
        let place = self.place(address, into.len())?;
        let bytes = self.board.read(place, into.len() as u32);
        into.copy_from_slice(&self.noted(bytes)?);
        Ok(())
    }

    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TrapCode> {
        let place = self.place(address, from.len())?;
        let done = self.board.send(request::WRITE, &[place], &[from]);
        let done = done.and_then(|()| self.board.answer().map(|_| ()));
        self.noted(done)
    }
}

/// The host functions as [`request::LOAD`] carries them.
fn host_table(hosts: &[HostFunction<'_>]) -> Vec<u8> {
    let mut table = Vec::new();
    for host in hosts {
        let params: Vec<u8> = host.params.iter().map(|param| *param as u8).collect();
        let results: Vec<u8> = host.results.iter().map(|result| *result as u8).collect();
        let parts = [
            host.module.as_bytes(),
            host.name.as_bytes(),
            &params,
            &results,
        ];
        for part in parts {
            table.extend((part.len() as u32).to_le_bytes());
        }
        table.extend(parts.concat());
        table.resize(table.len().next_multiple_of(4), 0);
    }
    table
}

/// The links as [`request::LOAD`] carries them.
fn link_table(links: &[Link]) -> Vec<u8> {
    let mut table = Vec::new();
    for link in links {
        let Shares::There { handle, export } = &link.share.0 else {
            continue;
        };
        let parts = [&link.module, &link.name, export].map(|part| part.as_bytes());
        for part in parts {
            table.extend((part.len() as u32).to_le_bytes());
        }
        table.extend(handle.to_le_bytes());
        table.extend(parts.concat());
        table.resize(table.len().next_multiple_of(4), 0);
    }
    table
}

fn words(bytes: &[u8]) -> Vec<u32> {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

fn unexpected(message: &Message) -> BoardError {
    BoardError::Link(format!("the firmware sent what it should not: {message:?}"))
}

fn gone() -> BoardError {
    BoardError::Link("the firmware that this instance lived in was ended".to_owned())
}
