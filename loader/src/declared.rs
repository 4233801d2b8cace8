//! Slots that the firmware declares, for `wasm2mcu link` to put images into.
//!
//! ```text
//!   linker script: __wasm2mcu_slot_app_start, _end ──┬──▶ declare_slot! ──▶ static APP: DeclaredSlot ──▶ bytes
//!                                                    └──▶ section .wasm2mcu.slots of the ELF file: a record
//!                                                         of 64 bytes, read by the linker of images, not loaded
//! ```

use core::ptr;
use core::slice;

/// Declares a slot: a part of flash that is left to an image, which `wasm2mcu link` puts there.
///
/// ```ignore
/// wasm2mcu_loader::declare_slot! {
///     /// The application.
///     pub static APP = "app", aligned to 4096, for FEATURES;
/// }
/// ```
///
/// `APP` is a [`DeclaredSlot`](crate::DeclaredSlot). Where it is, two symbols say that the firmware's linker
/// script defines, `__wasm2mcu_slot_app_start` and `__wasm2mcu_slot_app_end`, both multiples of the alignment:
///
/// ```text
/// MEMORY
/// {
///   FLASH : ORIGIN = 0x08000000, LENGTH = 384K
///   APP   : ORIGIN = 0x08060000, LENGTH = 128K
///   RAM   : ORIGIN = 0x20000000, LENGTH = 256K
/// }
/// __wasm2mcu_slot_app_start = ORIGIN(APP);
/// __wasm2mcu_slot_app_end = ORIGIN(APP) + LENGTH(APP);
/// ```
///
/// The name is of letters, digits and `_`, 28 at most. The alignment is a power of two, 4 or more: 4 says
/// nothing beyond what each image needs, the size of what the flash erases at once says that the slot is
/// replaced as a whole. The features are a constant [`Features`](crate::abi::image::Features), those that
/// [`Native::new`](crate::Native::new) is given.
///
/// The declaration takes no byte of the firmware: it stands in a section of the ELF file that is not loaded. What
/// it says is specified in `FIRMWARE.md` beside the crate `wasm2mcu-abi`.
#[macro_export]
macro_rules! declare_slot {
    (
        $(#[$attribute:meta])*
        $visibility:vis static $slot:ident = $name:literal,
        aligned to $alignment:literal, for $features:expr $(;)?
    ) => {
        // Words and name in the order of `abi::firmware::SlotRecord`.
        ::core::arch::global_asm!(
            ".pushsection .wasm2mcu.slots, \"R\", %progbits",
            ".4byte {magic}",
            ".2byte {version}, {bytes}",
            ".2byte {architecture}, 0",
            ".2byte {format_lowest}, {format_highest}",
            ".2byte {abi_lowest}, {abi_highest}",
            ".4byte {features}",
            ::core::concat!(".4byte __wasm2mcu_slot_", $name, "_start"),
            ::core::concat!(".4byte __wasm2mcu_slot_", $name, "_end"),
            ".4byte {alignment}",
            ::core::concat!(".ascii \"", $name, "\""),
            ".space {padding}",
            ".popsection",
            magic = const $crate::abi::firmware::MAGIC,
            version = const $crate::abi::firmware::RECORD_VERSION,
            bytes = const $crate::abi::firmware::SlotRecord::BYTES,
            architecture = const $crate::DeclaredSlot::ARCHITECTURE,
            format_lowest = const $crate::abi::firmware::Versions::FORMAT.lowest,
            format_highest = const $crate::abi::firmware::Versions::FORMAT.highest,
            abi_lowest = const $crate::abi::firmware::Versions::ABI.lowest,
            abi_highest = const $crate::abi::firmware::Versions::ABI.highest,
            features = const {
                let features: $crate::abi::image::Features = $features;
                features.0
            },
            alignment = const $alignment,
            padding = const $crate::abi::firmware::SlotRecord::NAME_BYTES - $name.len(),
        );
        $(#[$attribute])*
        $visibility static $slot: $crate::DeclaredSlot = {
            const _: () = $crate::DeclaredSlot::assert_sound($name, $alignment);
            // SAFETY: nothing but the addresses of these symbols is used.
            unsafe extern "C" {
                #[link_name = ::core::concat!("__wasm2mcu_slot_", $name, "_start")]
                safe static START: u8;
                #[link_name = ::core::concat!("__wasm2mcu_slot_", $name, "_end")]
                safe static END: u8;
            }
            $crate::DeclaredSlot::new(&raw const START, &raw const END)
        };
    };
}

/// A slot that [`declare_slot!`](crate::declare_slot) declared.
#[derive(Debug)]
pub struct DeclaredSlot {
    start: *const u8,
    end: *const u8,
}

// SAFETY: two addresses, which nothing changes; what stands there is read only by who vouches for it.
unsafe impl Sync for DeclaredSlot {}

impl DeclaredSlot {
    /// The number of the core's architecture, for the record.
    #[doc(hidden)]
    pub const ARCHITECTURE: u16 = <crate::Native<'static> as crate::Core>::ARCHITECTURE as u16;

    /// The slot between two linker symbols.
    #[doc(hidden)]
    pub const fn new(start: *const u8, end: *const u8) -> Self {
        DeclaredSlot { start, end }
    }

    /// Fails to compile where the record could not hold this.
    #[doc(hidden)]
    pub const fn assert_sound(name: &str, alignment: u32) {
        assert!(
            wasm2mcu_abi::firmware::is_name(name),
            "the name of a slot is of letters, digits and _, 28 at most"
        );
        assert!(
            alignment.is_power_of_two() && alignment >= 4,
            "the alignment of a slot is a power of two, 4 or more"
        );
    }

    /// Address of its first byte.
    pub fn address(&self) -> u32 {
        self.start.addr() as u32
    }

    /// All that stands in the slot: an image and what is behind it, or what erased flash has.
    ///
    /// [`Image::parse`](crate::Image::parse) takes it as it is, and says
    /// [`Magic`](crate::ImageError::Magic) of an empty one.
    ///
    /// # Safety
    ///
    /// From the start to the end that the linker script gives, there is memory that can be read, and nothing
    /// writes to it while the slice or an image in it is in use.
    pub unsafe fn bytes(&self) -> &'static [u8] {
        let bytes = self.end.addr().saturating_sub(self.start.addr());
        let start = ptr::with_exposed_provenance(self.start.expose_provenance());
        // SAFETY: by the caller's promise.
        unsafe { slice::from_raw_parts(start, bytes) }
    }
}
