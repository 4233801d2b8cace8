//! Build attributes: which core the code is for, so that linkers and disassemblers know.
//!
//! Addenda to the ABI for the Arm Architecture (ADDENDA32), 3.2 format, 3.3 tags.

const FILE: u8 = 1;
const CPU_ARCH: u8 = 6;
const CPU_ARCH_PROFILE: u8 = 7;
const THUMB_ISA_USE: u8 = 9;
const ABI_VFP_ARGS: u8 = 28;

/// Values of [`CPU_ARCH`], [`CPU_ARCH_PROFILE`], [`THUMB_ISA_USE`] and [`ABI_VFP_ARGS`].
const V8M_MAIN: u8 = 17;
const MICROCONTROLLER: u8 = b'M';
const AS_THE_PROFILE_SAYS: u8 = 3;
const WITH_ANY_VARIANT: u8 = 3;

/// The content of `.ARM.attributes` for code of Armv8-M Mainline.
///
/// Nothing outside calls the code by name, only through the loader, so it links with firmware of
/// either floating-point ABI.
pub(super) fn armv8m_main() -> Vec<u8> {
    let tags = [
        [CPU_ARCH, V8M_MAIN],
        [CPU_ARCH_PROFILE, MICROCONTROLLER],
        [THUMB_ISA_USE, AS_THE_PROFILE_SAYS],
        [ABI_VFP_ARGS, WITH_ANY_VARIANT],
    ];
    // Each length counts itself and what is before it in its subsection.
    let file = counted(&[FILE], tags.as_flattened());
    let vendor = [b"aeabi\0".as_slice(), &file].concat();
    [b"A".as_slice(), &counted(&[], &vendor)].concat()
}

fn counted(tag: &[u8], content: &[u8]) -> Vec<u8> {
    let bytes = (tag.len() + 4 + content.len()) as u32;
    [tag, &bytes.to_le_bytes(), content].concat()
}
