//! The loader's core of this processor, with fault protection around it.

use wasm2mcu_loader::abi::image::{Architecture, Features};
use wasm2mcu_loader::{Core, Native};

use crate::guard::guarded;

/// What a Cortex-M33 has beyond what the compiler's target says.
const FEATURES: Features =
    Features(Native::TARGET_FEATURES.0 | Features::THUMB_DSP.0 | Features::THUMB_V8M.0);

/// [`Native`], of which a fault returns [`FAULTED`](crate::guard::FAULTED).
pub(crate) struct Guarded(Native<'static>);

impl Guarded {
    /// This processor with this RAM and stack.
    ///
    /// # Safety
    ///
    /// As [`Native::new`], but that code which breaks its contract is what this firmware is for:
    /// what it destroys is the emulator's.
    pub(crate) unsafe fn new(ram: &'static mut [u8], stack_limit: u32) -> Self {
        // SAFETY: passed on; the features are those of QEMU's Cortex-M33.
        Self(unsafe { Native::new(ram, stack_limit, FEATURES) })
    }
}

struct Entry<'e> {
    core: &'e mut Native<'static>,
    thunk: u32,
    context: u32,
    args: &'e mut [u32],
    code: u32,
    stack: u32,
}

/// # Safety
///
/// `entry` points to an [`Entry`] that nothing else uses.
unsafe extern "C" fn enter(entry: *mut ()) -> u32 {
    // SAFETY: the caller's promise.
    let entry = unsafe { &mut *entry.cast::<Entry<'_>>() };
    entry.core.enter(
        entry.thunk,
        entry.context,
        entry.args,
        entry.code,
        entry.stack,
    )
}

impl Core for Guarded {
    const ARCHITECTURE: Architecture = Architecture::Thumb;

    fn features(&self) -> Features {
        self.0.features()
    }

    fn image_address(&self, image: &[u8]) -> Option<u32> {
        self.0.image_address(image)
    }

    fn ram_address(&self) -> u32 {
        self.0.ram_address()
    }

    fn ram(&self) -> &[u8] {
        self.0.ram()
    }

    fn ram_mut(&mut self) -> &mut [u8] {
        self.0.ram_mut()
    }

    fn stack_limit(&self) -> u32 {
        self.0.stack_limit()
    }

    fn enter(&mut self, thunk: u32, context: u32, args: &mut [u32], code: u32, stack: u32) -> u32 {
        let mut entry = Entry {
            core: &mut self.0,
            thunk,
            context,
            args,
            code,
            stack,
        };
        // SAFETY: `enter` is called with an entry of its own, and owns nothing but borrows.
        unsafe { guarded(enter, (&raw mut entry).cast()) }
    }
}
