//! Serves the PC's requests.

use core::cell::{Cell, RefCell};
use core::ptr;
use core::slice;

use wasm2mcu_loader::abi::image::Features;
use wasm2mcu_loader::abi::types::ValueType;
use wasm2mcu_loader::{
    CallError, Ed25519, HostFunction, Image, Instance, InstantiateError, Policy, Shared,
    SharedItem, Software,
};

use crate::arena::Arena;
use crate::core::Guarded;
use crate::counter;
use crate::guard::last_fault;
use crate::hosts::{self, HOSTS, REGISTER_WORDS};
use crate::link::Link;
use crate::machine;
use crate::protocol::{VERSION, reply, request};

/// Instances that live at the same time; a chip has no room for more.
const INSTANCES: usize = if cfg!(feature = "probe") { 32 } else { 256 };
/// Bytes of an export's name in a call.
const NAME_BYTES: usize = 1024;
/// Exports of other instances that one instance can be given.
const LINKS: usize = 64;
/// Words of arguments or results of a call.
const CALL_WORDS: usize = 1024;
/// Bytes of a message whose signature is checked.
const MESSAGE_BYTES: usize = 1024;

type Module = Instance<'static, Guarded>;

struct Service {
    link: Link,
    images: Arena,
    /// `None`: between the images.
    memories: Option<Arena>,
    instances: [RefCell<Option<Module>>; INSTANCES],
    live: Cell<usize>,
}

/// The one service; host functions find it here.
struct Only(Cell<Option<&'static Service>>);

// SAFETY: there is one thread, and exception handlers do not use it.
unsafe impl Sync for Only {}

static SERVICE: Only = Only(Cell::new(None));

unsafe extern "C" {
    static __images_start: u8;
    static __images_end: u8;
    static __memories_start: u8;
    static __memories_end: u8;
    static __stack_end: u8;
    /// Its address is how many bytes of stack module code may use, below the frames of this service.
    static __module_stack: u8;
}

/// Where a symbol of the linker script points.
fn symbol(address: *const u8) -> usize {
    address.expose_provenance()
}

/// Serves until the PC is gone.
pub(crate) extern "C" fn run() -> ! {
    machine::start();
    counter::open();
    let arena = |start, end| {
        // SAFETY: the linker script keeps these ranges for the arenas.
        unsafe { Arena::new(symbol(start), symbol(end)) }
    };
    let memories = arena(&raw const __memories_start, &raw const __memories_end);
    let service = Service {
        link: Link::open(),
        images: arena(&raw const __images_start, &raw const __images_end),
        memories: Some(memories).filter(|memories| !memories.is_empty()),
        instances: [const { RefCell::new(None) }; INSTANCES],
        live: Cell::new(0),
    };
    // SAFETY: this function never returns, so its variables live for ever.
    let service: &'static Service = unsafe { &*ptr::from_ref(&service) };
    SERVICE.0.set(Some(service));
    service.link.reply_words(reply::READY, &[VERSION]);
    loop {
        // An answer to a question that nobody asked is passed over.
        let _ = service.serve();
    }
}

/// Has the PC execute a host function; returns the trap that it asks for, or 0.
pub(crate) fn host_call(index: u32, sp: u32, registers: &mut [u32; REGISTER_WORDS]) -> u32 {
    let Some(service) = SERVICE.0.get() else {
        return 0;
    };
    let paused = counter::pause();
    let mut words = [0; REGISTER_WORDS + 2];
    (words[0], words[1]) = (index, sp);
    words[2..].copy_from_slice(registers);
    service.link.reply_words(reply::HOST, &words);
    let (trap, results) = service.serve();
    *registers = results;
    counter::resume(paused);
    trap
}

impl Service {
    /// Serves requests until one is the answer to a host function's call.
    fn serve(&'static self) -> (u32, [u32; REGISTER_WORDS]) {
        loop {
            let [tag, bytes] = self.link.words();
            match tag {
                request::LOAD => self.load(),
                request::CALL => self.call(),
                request::READ => self.read(),
                request::WRITE => self.write(bytes),
                request::DROP => self.drop(),
                request::CLEAR_TRAP => self.clear_trap(),
                request::RESET => self.reset(),
                request::VERIFY => self.verify(),
                request::CYCLES => self.link.reply_words(reply::DONE, &counter::last()),
                request::RETURN => {
                    let [trap] = self.link.words();
                    return (trap, self.link.words());
                }
                _ => {
                    self.link.skip(bytes as usize);
                    self.link
                        .refuse(format_args!("the firmware knows no request {tag}"));
                }
            }
        }
    }

    fn load(&'static self) {
        let [
            features,
            ram_bytes,
            image_bytes,
            hosts,
            host_bytes,
            links,
            link_bytes,
        ] = self.link.words();
        let slot = self.instances.iter().position(|slot| {
            let free = slot.try_borrow();
            free.is_ok_and(|module| module.is_none())
        });
        let taken = self
            .images
            .take(image_bytes as usize, 4)
            .and_then(|image| Ok((image, self.images.take(host_bytes as usize, 4)?)))
            .and_then(|(image, hosts)| {
                let links = self.images.take(link_bytes as usize, 4)?;
                let memories = self.memories.as_ref().unwrap_or(&self.images);
                let ram = memories.take(ram_bytes as usize, 8)?;
                Ok((image, hosts, links, ram))
            });
        let (Some(slot), Ok((image, host_table, link_table, ram))) = (slot, taken) else {
            self.link
                .skip(image_bytes as usize + host_bytes as usize + link_bytes as usize);
            self.link.refuse(format_args!(
                "the firmware has no room for an image of {image_bytes} bytes with {ram_bytes} bytes of RAM \
                 beside {} instances",
                self.live.get()
            ));
            return;
        };
        self.link.read(image);
        machine::synchronize_code();
        self.link.read(host_table);
        self.link.read(link_table);
        let image_address = image.as_ptr().addr() as u32;
        let ram_address = ram.as_ptr().addr() as u32;
        // Counted before its start function runs, which may have others loaded and dropped.
        self.live.set(self.live.get() + 1);
        let offers = Offers {
            host_table,
            hosts: hosts as usize,
            link_table,
            links: links as usize,
        };
        match self.instantiate(image, &offers, ram, Features(features)) {
            Some(module) => {
                self.instances[slot].replace(Some(module));
                self.link
                    .reply_words(reply::DONE, &[slot as u32, image_address, ram_address]);
            }
            None => self.one_less(),
        }
    }

    fn instantiate(
        &'static self,
        image: &'static [u8],
        offers: &Offers,
        ram: &'static mut [u8],
        features: Features,
    ) -> Option<Module> {
        let verified = Image::parse(image).and_then(|image| image.verify(&Policy::unsigned()));
        let verified = match verified {
            Ok(verified) => verified,
            Err(error) => {
                self.link.refuse(format_args!("{error}"));
                return None;
            }
        };
        let hosts = offers.hosts;
        let mut functions = [const { nothing() }; HOSTS];
        let given = functions.get_mut(..hosts).unwrap_or_default();
        let Some(()) = read_hosts(offers.host_table, given) else {
            self.link.refuse(format_args!(
                "the firmware takes {HOSTS} host functions at most, {hosts} were given"
            ));
            return None;
        };
        let mut shared = [const { unshared() }; LINKS];
        let given = shared.get_mut(..offers.links).unwrap_or_default();
        if let Err(error) = self.read_links(offers.link_table, given) {
            match error {
                Some(error) => self
                    .link
                    .refuse(format_args!("import of an export: {error}")),
                None => self.link.refuse(format_args!(
                    "the firmware takes {LINKS} links to living instances at most"
                )),
            }
            return None;
        }
        let shared = shared.get(..offers.links).unwrap_or_default();
        let stack_bytes = symbol(&raw const __module_stack) as u32;
        let stack_limit = symbol(&raw const __stack_end) as u32 - stack_bytes;
        // SAFETY: the RAM was taken for this instance only. The stack is this one. The host
        // functions take and return registers of any signature. The PC knows what core it emulates.
        let core = unsafe { Guarded::new(ram, stack_limit, features) };
        let functions = functions.get(..hosts).unwrap_or_default();
        match Instance::linked(verified, core, functions, shared) {
            Ok(module) => Some(module),
            Err(InstantiateError::Start(error)) => {
                self.explain(error);
                None
            }
            Err(error) => {
                self.link.refuse(format_args!("{error}"));
                None
            }
        }
    }

    /// Reads the links of a LOAD request; `Err(None)` if there are more than it says, too many, or to
    /// instances that are gone.
    fn read_links(
        &self,
        mut table: &'static [u8],
        links: &mut [Shared<'static>],
    ) -> Result<(), Option<CallError>> {
        for link in links {
            let mut words = [0; 4];
            for word in &mut words {
                let (bytes, rest) = table.split_first_chunk::<4>().ok_or(None)?;
                *word = u32::from_le_bytes(*bytes);
                table = rest;
            }
            let [module, name, export, handle] = words.map(|word| word as usize);
            let padded = (module + name + export).next_multiple_of(4);
            let (mut bytes, rest) = table.split_at_checked(padded).ok_or(None)?;
            table = rest;
            let mut next = |length| {
                let (part, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                str::from_utf8(part).ok()
            };
            let (module, name) = (next(module).ok_or(None)?, next(name).ok_or(None)?);
            let export = next(export).ok_or(None)?;
            let slot = self.instances.get(handle).ok_or(None)?;
            let provider = slot.try_borrow().map_err(|_| None)?;
            let provider = provider.as_ref().ok_or(None)?;
            let item = provider.share(export).map_err(Some)?;
            *link = Shared { module, name, item };
        }
        if table.is_empty() { Ok(()) } else { Err(None) }
    }

    fn call(&'static self) {
        let [handle, name_bytes, count] = self.link.words();
        let (name_bytes, count) = (name_bytes as usize, count as usize);
        let mut name = [0; NAME_BYTES];
        let mut words = [0; CALL_WORDS];
        let (Some(name), Some(words)) = (name.get_mut(..name_bytes), words.get_mut(..count)) else {
            self.link.skip(name_bytes + 4 * count);
            self.link.refuse(format_args!(
                "the firmware takes names of {NAME_BYTES} bytes and {CALL_WORDS} words at most"
            ));
            return;
        };
        self.link.read(name);
        self.link.read_words(words);
        let name = str::from_utf8(name).unwrap_or_default();
        self.with(handle, |module| match module.call_words(name, words) {
            Ok(()) => self.link.reply_words(reply::DONE, words),
            Err(error) => self.explain(error),
        });
    }

    fn read(&self) {
        let [address, bytes] = self.link.words();
        let start = ptr::with_exposed_provenance(address as usize);
        // SAFETY: the PC reads RAM and stack of instances whose code is not running.
        self.link.reply(reply::DONE, unsafe {
            slice::from_raw_parts(start, bytes as usize)
        });
    }

    fn write(&self, bytes: u32) {
        let [address] = self.link.words();
        let start = ptr::with_exposed_provenance_mut(address as usize);
        // SAFETY: the PC writes linear memories of instances whose code is not running.
        self.link
            .read(unsafe { slice::from_raw_parts_mut(start, bytes as usize - 4) });
        self.link.reply(reply::DONE, &[]);
    }

    fn drop(&self) {
        let [handle] = self.link.words();
        let slot = self.instances.get(handle as usize);
        let module = slot.and_then(|slot| slot.try_borrow_mut().ok()?.take());
        if module.is_some() {
            self.one_less();
        }
        self.link.reply(reply::DONE, &[]);
    }

    /// An instance is gone; with the last one, all memory is free.
    fn one_less(&self) {
        self.live.set(self.live.get() - 1);
        if self.live.get() == 0 {
            // SAFETY: no instance is left, and instances are all that is taken from the arenas.
            unsafe {
                self.images.reset();
                if let Some(memories) = &self.memories {
                    memories.reset();
                }
            }
        }
    }

    fn clear_trap(&self) {
        let [handle] = self.link.words();
        self.with(handle, |module| {
            module.clear_trap();
            self.link.reply(reply::DONE, &[]);
        });
    }

    fn reset(&self) {
        let [handle] = self.link.words();
        self.with(handle, |module| match module.reset() {
            Ok(()) => self.link.reply(reply::DONE, &[]),
            Err(error) => self.explain(error),
        });
    }

    /// Has the loader's software check a signature.
    fn verify(&self) {
        let [bytes] = self.link.words();
        let (mut key, mut signature) = ([0; 32], [0; 64]);
        self.link.read(&mut key);
        self.link.read(&mut signature);
        let mut message = [0; MESSAGE_BYTES];
        let Some(message) = message.get_mut(..bytes as usize) else {
            self.link.skip(bytes as usize);
            self.link.refuse(format_args!(
                "the firmware takes signed messages of {MESSAGE_BYTES} bytes at most"
            ));
            return;
        };
        self.link.read(message);
        let good = Software.verify(&key, message, &signature);
        self.link.reply_words(reply::DONE, &[good.into()]);
    }

    /// Does something with an instance, unless it is in use further down the stack.
    fn with(&self, handle: u32, work: impl FnOnce(&mut Module)) {
        let slot = self.instances.get(handle as usize);
        let mut guard = slot.and_then(|slot| slot.try_borrow_mut().ok());
        match guard.as_deref_mut() {
            Some(Some(module)) => work(module),
            _ => self
                .link
                .refuse(format_args!("instance {handle} is gone or running")),
        }
    }

    /// Sends why a call did not return.
    fn explain(&self, error: CallError) {
        match error {
            CallError::Trap(trap) => self.link.reply_words(
                reply::TRAP,
                &[
                    trap.code as u32,
                    trap.function.unwrap_or(u32::MAX),
                    trap.text_offset,
                ],
            ),
            CallError::Core(_) => {
                let fault = last_fault();
                let [cause, more] = fault.cause;
                let pair = |value: Option<u32>| [value.is_some().into(), value.unwrap_or(0)];
                let [[a, address], [p, pc], [l, lr]] =
                    [fault.address, fault.pc, fault.lr].map(pair);
                self.link.reply_words(
                    reply::FAULT,
                    &[cause, more, a, address, p, pc, l, lr, fault.sp],
                );
            }
            error => self.link.refuse(format_args!("{error}")),
        }
    }
}

/// What a LOAD request offers for import, as it came.
struct Offers {
    host_table: &'static [u8],
    hosts: usize,
    link_table: &'static [u8],
    links: usize,
}

const fn unshared() -> Shared<'static> {
    Shared {
        module: "",
        name: "",
        item: SharedItem::Global {
            value_type: ValueType::I32,
            mutable: false,
            address: 0,
            value: [0; 2],
        },
    }
}

const fn nothing() -> HostFunction<'static> {
    HostFunction {
        module: "",
        name: "",
        params: &[],
        results: &[],
        address: 0,
    }
}

/// Reads the host functions of a LOAD request; `None` if there are more than it says, or too many.
fn read_hosts(mut table: &'static [u8], functions: &mut [HostFunction<'static>]) -> Option<()> {
    for (index, function) in functions.iter_mut().enumerate() {
        let mut lengths = [0; 4];
        for length in &mut lengths {
            let (word, rest) = table.split_first_chunk::<4>()?;
            *length = u32::from_le_bytes(*word) as usize;
            table = rest;
        }
        let [module, name, params, results] = lengths;
        let padded = (module + name + params + results).next_multiple_of(4);
        let (mut bytes, rest) = table.split_at_checked(padded)?;
        table = rest;
        let mut next = |length| {
            let (part, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            Some(part)
        };
        *function = HostFunction {
            module: str::from_utf8(next(module)?).ok()?,
            name: str::from_utf8(next(name)?).ok()?,
            params: value_types(next(params)?)?,
            results: value_types(next(results)?)?,
            address: hosts::address(index),
        };
    }
    table.is_empty().then_some(())
}

fn value_types(bytes: &'static [u8]) -> Option<&'static [ValueType]> {
    if bytes.iter().any(|byte| ValueType::from_u8(*byte).is_none()) {
        return None;
    }
    // SAFETY: `ValueType` is one byte, and each of these is the number of one.
    Some(unsafe { slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) })
}
