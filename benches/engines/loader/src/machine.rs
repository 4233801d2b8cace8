//! What every firmware with a loader has: the core, its RAM, and who computes hashes.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::slice;

use wasm2mcu_loader::abi::image::Features;
use wasm2mcu_loader::{Image, Native, Verified};

/// What the cores have that the compiler's configuration does not tell.
#[cfg(target_arch = "arm")]
const MORE: Features = Features(Features::THUMB_DSP.0 | Features::THUMB_V8M.0);
/// What the cores have that the compiler's configuration does not tell.
#[cfg(target_arch = "riscv32")]
const MORE: Features = Features(Features::RISCV_MISALIGNED.0 | Features::RISCV_SOFT_FLOAT_ABI.0);

/// A place that one function at a time uses: nothing here runs beside anything else.
#[repr(transparent)]
pub(crate) struct Place<T>(UnsafeCell<MaybeUninit<T>>);

// SAFETY: there is one thread.
unsafe impl<T> Sync for Place<T> {}

impl<T> Place<T> {
    pub(crate) const fn new() -> Self {
        Place(UnsafeCell::new(MaybeUninit::uninit()))
    }

    pub(crate) fn put(&self, value: T) {
        // SAFETY: nobody else uses the place now.
        unsafe { (*self.0.get()).write(value) };
    }

    /// Where it is; what was put there is good to be used by one at a time.
    pub(crate) const fn get(&self) -> *mut T {
        self.0.get().cast()
    }
}

/// The image at an address, verified.
pub(crate) fn verified(
    image: *const u8,
    bytes: usize,
) -> Option<(Image<'static>, Verified<'static>)> {
    // SAFETY: the benches laid so many bytes there, and nothing changes them.
    let image = unsafe { slice::from_raw_parts(image, bytes) };
    let image = Image::parse(image).ok()?;
    let verified = image.verify(&crypto::POLICY).ok()?;
    Some((image, verified))
}

/// The core, with all RAM that is left.
pub(crate) fn native() -> Native<'static> {
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
    unsafe { Native::new(ram, stop.addr() as u32, features) }
}

/// Hash and signature, by software or by a crypto block.
pub(crate) mod crypto {
    #[cfg(feature = "hash")]
    use wasm2mcu_loader::Policy;

    #[cfg(feature = "signature")]
    pub(crate) const POLICY: Policy<'_> = Policy::signed_by(&[[0x17; 32]]).min_counter(1);

    #[cfg(all(feature = "hash", not(feature = "signature")))]
    pub(crate) const POLICY: Policy<'_> = Policy::unsigned();

    #[cfg(not(feature = "hash"))]
    pub(crate) use block::POLICY;

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

        pub(crate) const POLICY: Policy<'_> = Policy::unsigned_with(&Block);
    }
}
