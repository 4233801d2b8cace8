//! Loads an image with the real loader. The benches call these functions one after the other:
//!
//! ```text
//!   load(image, bytes)   parse, check the hash, instantiate: what is counted as loading
//!   arm(rounds)          does what a call of `run` does up to the entry thunk, and stops there
//!   thunk(CALL)          what is counted as running, exactly as on the boards of the test bench
//! ```
//!
//! That the last step is the caller's own makes it possible to take the memory at this point and
//! to go on elsewhere, on the RTL of another core.
#![no_std]
#![no_main]

use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::{ptr, slice};

use wasm2mcu_loader::abi::image::{Architecture, Features};
use wasm2mcu_loader::{Caller, Core, HostFunction, Image, Instance, Native, Policy};

/// What the cores have that the compiler's configuration does not tell.
#[cfg(target_arch = "arm")]
const MORE: Features = Features(Features::THUMB_DSP.0 | Features::THUMB_V8M.0);
/// What the cores have that the compiler's configuration does not tell.
#[cfg(target_arch = "riscv32")]
const MORE: Features = Features(Features::RISCV_MISALIGNED.0 | Features::RISCV_SOFT_FLOAT_ABI.0);

/// A place that one function at a time uses: nothing here runs beside anything else.
#[repr(transparent)]
struct Place<T>(UnsafeCell<T>);

// SAFETY: there is one thread.
unsafe impl<T> Sync for Place<T> {}

/// Words for the arguments and the results of the call.
const WORDS: usize = 16;

/// The call that was prepared: thunk, then its four arguments.
#[unsafe(no_mangle)]
static CALL: Place<[u32; 5]> = Place(UnsafeCell::new([0; 5]));
/// The words that the second of them points to.
#[unsafe(no_mangle)]
static ARGUMENTS: Place<[u32; WORDS]> = Place(UnsafeCell::new([0; WORDS]));
static INSTANCE: Place<Option<Instance<'static, Armed>>> = Place(UnsafeCell::new(None));

/// The processor, which notes what it should call once it is armed.
struct Armed {
    native: Native<'static>,
    armed: bool,
}

impl Core for Armed {
    const ARCHITECTURE: Architecture = Native::<'_>::ARCHITECTURE;

    fn features(&self) -> Features {
        self.native.features()
    }

    fn image_address(&self, image: &[u8]) -> Option<u32> {
        self.native.image_address(image)
    }

    fn ram_address(&self) -> u32 {
        self.native.ram_address()
    }

    fn ram(&self) -> &[u8] {
        self.native.ram()
    }

    fn ram_mut(&mut self) -> &mut [u8] {
        self.native.ram_mut()
    }

    fn stack_limit(&self) -> u32 {
        self.native.stack_limit()
    }

    fn enter(&mut self, thunk: u32, context: u32, args: &mut [u32], code: u32, stack: u32) -> u32 {
        if !self.armed {
            return self.native.enter(thunk, context, args, code, stack);
        }
        // SAFETY: nobody else uses the places now.
        let (words, call) = unsafe { (&mut *ARGUMENTS.0.get(), &mut *CALL.0.get()) };
        let count = args.len().min(WORDS);
        words[..count].copy_from_slice(&args[..count]);
        *call = [thunk, context, words.as_ptr() as u32, code, stack];
        0
    }
}

/// Imported functions do nothing, as natively.
mod host {
    use core::arch::naked_asm;

    use super::Caller;

    pub(super) extern "C" fn print(_: Caller<'_>) {}
    /// One instruction, as in the native programs: rustc would set up a frame pointer.
    // SAFETY: it touches nothing and returns.
    #[unsafe(naked)]
    pub(super) extern "C" fn print_i32(_: Caller<'_>, _: i32) {
        #[cfg(target_arch = "arm")]
        naked_asm!("bx lr");
        #[cfg(target_arch = "riscv32")]
        naked_asm!("ret");
    }
    pub(super) extern "C" fn print_i64(_: Caller<'_>, _: i64) {}
    pub(super) extern "C" fn print_f32(_: Caller<'_>, _: f32) {}
    pub(super) extern "C" fn print_f64(_: Caller<'_>, _: f64) {}
}

/// Why `load` or `arm` could not do it.
#[repr(u32)]
enum Failure {
    None = 0,
    Structure = 1,
    Hash = 2,
    Instance = 3,
    Call = 4,
}

/// Loads the image at an address and makes an instance of it.
#[unsafe(no_mangle)]
extern "C" fn load(image: *const u8, bytes: usize) -> u32 {
    // SAFETY: the benches laid so many bytes there, and nothing changes them.
    let image = unsafe { slice::from_raw_parts(image, bytes) };
    instantiate(image).map_or_else(|failure| failure, |()| Failure::None) as u32
}

fn instantiate(image: &'static [u8]) -> Result<(), Failure> {
    unsafe extern "C" {
        static mut end: u64;
        static mut heap_end: u64;
    }
    let image = Image::parse(image).map_err(|_| Failure::Structure)?;
    let image = image
        .verify(&Policy::unsigned())
        .map_err(|_| Failure::Hash)?;
    let (start, stop) = (&raw mut end, &raw mut heap_end);
    let bytes = stop.addr() - start.addr();
    // SAFETY: the linker script left this RAM to whoever wants it, and that is this instance.
    let ram = unsafe { slice::from_raw_parts_mut(start.cast::<u8>(), bytes) };
    let features = Features(Native::TARGET_FEATURES.0 | MORE.0);
    // SAFETY: images come from this workspace's compiler, the stack begins where the heap ends and
    // nothing else runs; the cores have these features.
    let native = unsafe { Native::new(ram, stop.addr() as u32, features) };
    let host = [
        HostFunction::new(
            "spectest",
            "print",
            host::print as extern "C" fn(Caller<'_>),
        ),
        HostFunction::new(
            "spectest",
            "print_i32",
            host::print_i32 as extern "C" fn(Caller<'_>, i32),
        ),
        HostFunction::new(
            "spectest",
            "print_i64",
            host::print_i64 as extern "C" fn(Caller<'_>, i64),
        ),
        HostFunction::new(
            "spectest",
            "print_f32",
            host::print_f32 as extern "C" fn(Caller<'_>, f32),
        ),
        HostFunction::new(
            "spectest",
            "print_f64",
            host::print_f64 as extern "C" fn(Caller<'_>, f64),
        ),
    ];
    let core = Armed {
        native,
        armed: false,
    };
    let instance = Instance::new(image, core, &host).map_err(|_| Failure::Instance)?;
    // SAFETY: nobody else uses the place now, and it never held another instance.
    unsafe { ptr::write(INSTANCE.0.get(), Some(instance)) };
    Ok(())
}

/// Prepares the call `run(rounds)` of the instance.
#[unsafe(no_mangle)]
extern "C" fn arm(rounds: i32) -> u32 {
    // SAFETY: nobody else uses the place now.
    let Some(instance) = (unsafe { &mut *INSTANCE.0.get() }) else {
        return Failure::Instance as u32;
    };
    instance.core_mut().armed = true;
    match instance.call::<i32, i32>("run", rounds) {
        Ok(_) => Failure::None as u32,
        Err(_) => Failure::Call as u32,
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // An address where nothing is: the emulator says where that was.
    let nowhere = ptr::without_provenance_mut::<u32>(0xffff_fff0);
    loop {
        // SAFETY: it never returns.
        unsafe { nowhere.write_volatile(0) };
    }
}
