//! The firmware with the loader.

use core::cell::UnsafeCell;
use core::mem::{MaybeUninit, size_of};
use core::slice;

use wasm2mcu_loader::abi::image::Features;
use wasm2mcu_loader::{Caller, Function, HostFunction, Image, Instance, Native, Verified};

/// What the cores have that the compiler's configuration does not tell.
#[cfg(target_arch = "arm")]
const MORE: Features = Features(Features::THUMB_DSP.0 | Features::THUMB_V8M.0);
/// What the cores have that the compiler's configuration does not tell.
#[cfg(target_arch = "riscv32")]
const MORE: Features = Features(Features::RISCV_MISALIGNED.0 | Features::RISCV_SOFT_FLOAT_ABI.0);

/// A place that one function at a time uses: nothing here runs beside anything else.
#[repr(transparent)]
struct Place<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: there is one thread.
unsafe impl<T> Sync for Place<T> {}

impl<T> Place<T> {
    const fn new() -> Self {
        Place(UnsafeCell::new(MaybeUninit::uninit()))
    }

    fn put(&self, value: T) {
        // SAFETY: nobody else uses the place now.
        unsafe { (*self.0.get()).write(value) };
    }

    /// Where it is; what was put there is good to be used by one at a time.
    const fn get(&self) -> *mut T {
        self.0.get().cast()
    }
}

static INSTANCE: Place<Instance<'static, Native<'static>>> = Place::new();
static ADD: Place<Function<'static, (i32, i32), i32>> = Place::new();

/// What an instance has outside of its context.
#[unsafe(no_mangle)]
static INSTANCE_BYTES: u32 = size_of::<Instance<'static, Native<'static>>>() as u32;

/// Loads the image at an address and makes an instance of it.
#[unsafe(no_mangle)]
extern "C" fn load(image: *const u8, bytes: usize) -> u32 {
    // SAFETY: the benches laid so many bytes there, and nothing changes them.
    let image = unsafe { slice::from_raw_parts(image, bytes) };
    let verified = Image::parse(image).and_then(|image| image.verify(&crypto::POLICY));
    let Ok(verified) = verified else { return 1 };
    instantiate(verified).map_or(2, |()| 0)
}

/// Hash and signature, by software or by a crypto block.
mod crypto {
    #[cfg(feature = "hash")]
    use wasm2mcu_loader::Policy;

    #[cfg(feature = "signature")]
    pub(super) const POLICY: Policy<'_> = Policy::signed_by(&[[0x17; 32]]).min_counter(1);

    #[cfg(all(feature = "hash", not(feature = "signature")))]
    pub(super) const POLICY: Policy<'_> = Policy::unsigned();

    #[cfg(not(feature = "hash"))]
    pub(super) use block::POLICY;

    /// Stands for a crypto block: what it says is right, and costs nothing.
    #[cfg(not(feature = "hash"))]
    mod block {
        use core::ptr;

        use wasm2mcu_loader::{Digest, Policy, Sha256};

        struct Block;

        /// The registers to read the digest from. The benches write them.
        #[unsafe(no_mangle)]
        static mut DIGEST: Digest = [0; 32];

        impl Sha256 for Block {
            fn sha256(&self, _: &[u8]) -> Digest {
                // SAFETY: they are there, and nobody writes them while this program runs.
                unsafe { ptr::read(core::hint::black_box(&raw const DIGEST)) }
            }
        }

        pub(in super::super) const POLICY: Policy<'_> = Policy::unsigned_with(&Block);
    }
}

/// A host function of one instruction.
mod host {
    use core::arch::naked_asm;

    use super::Caller;

    // SAFETY: it touches nothing and returns.
    #[unsafe(naked)]
    pub(super) extern "C" fn nothing(_: Caller<'_>) {
        #[cfg(target_arch = "arm")]
        naked_asm!("bx lr");
        #[cfg(target_arch = "riscv32")]
        naked_asm!("ret");
    }
}

fn instantiate(image: Verified<'static>) -> Result<(), ()> {
    unsafe extern "C" {
        static mut end: u64;
        static mut heap_end: u64;
    }
    let (start, stop) = (&raw mut end, &raw mut heap_end);
    let bytes = stop.addr() - start.addr();
    // SAFETY: the linker script left this RAM to whoever wants it, and that is this instance.
    let ram = unsafe { slice::from_raw_parts_mut(start.cast::<u8>(), bytes) };
    let features = Features(Native::TARGET_FEATURES.0 | MORE.0);
    // SAFETY: images come from this workspace's compiler, the stack begins where the heap ends and
    // nothing else runs; the cores have these features.
    let native = unsafe { Native::new(ram, stop.addr() as u32, features) };
    let host = [HostFunction::new(
        "host",
        "nothing",
        host::nothing as extern "C" fn(Caller<'_>),
    )];
    let instance = Instance::new(image, native, &host).map_err(|_| ())?;
    INSTANCE.put(instance);
    Ok(())
}

#[unsafe(no_mangle)]
extern "C" fn prepare() -> u32 {
    // SAFETY: the benches called `load` before.
    let Ok(add) = unsafe { &*INSTANCE.get() }.function("add") else {
        return 1;
    };
    ADD.put(add);
    0
}

#[unsafe(no_mangle)]
extern "C" fn once(a: i32, b: i32) -> i32 {
    // SAFETY: the benches called `load` and `prepare` before.
    let (instance, add) = unsafe { (&mut *INSTANCE.get(), &*ADD.get()) };
    instance.invoke(add, (a, b)).unwrap_or(-1)
}

/// Calls one after the other: one more takes what a call takes where the caller has its registers
/// saved. Instance and handle are wherever the caller was told, not at addresses in the code.
#[cfg(feature = "calls")]
mod calls {
    use core::hint::black_box;

    use super::{ADD, INSTANCE};

    #[unsafe(no_mangle)]
    extern "C" fn twice(a: i32, b: i32) -> i32 {
        // SAFETY: the benches called `load` and `prepare` before.
        let (instance, add) = unsafe { (&mut *black_box(INSTANCE.get()), &*black_box(ADD.get())) };
        let sum = instance.invoke(add, (a, b));
        let sum = sum.and_then(|sum| instance.invoke(add, (sum, b)));
        sum.unwrap_or(-1)
    }

    #[unsafe(no_mangle)]
    extern "C" fn thrice(a: i32, b: i32) -> i32 {
        // SAFETY: the benches called `load` and `prepare` before.
        let (instance, add) = unsafe { (&mut *black_box(INSTANCE.get()), &*black_box(ADD.get())) };
        let sum = instance.invoke(add, (a, b));
        let sum = sum.and_then(|sum| instance.invoke(add, (sum, b)));
        let sum = sum.and_then(|sum| instance.invoke(add, (sum, b)));
        sum.unwrap_or(-1)
    }
}
