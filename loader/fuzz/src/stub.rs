//! A core without instructions, on either instruction set.

use wasm2mcu_loader::abi::context::Context;
use wasm2mcu_loader::abi::image::{Architecture, Features, Header};

/// Instruction sets as types, because a core's is a constant.
pub(crate) trait Core {
    /// Which one it is.
    const ARCHITECTURE: Architecture;
}

/// Thumb-2.
#[derive(Debug)]
pub(crate) struct Thumb;
/// RV32.
#[derive(Debug)]
pub(crate) struct RiscV;

impl Core for Thumb {
    const ARCHITECTURE: Architecture = Architecture::Thumb;
}

impl Core for RiscV {
    const ARCHITECTURE: Architecture = Architecture::RiscV32;
}

/// What the code that is not there does, in place of a module that keeps to its sandbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// What entries return: 0, a trap's code, or what is neither.
    pub(crate) ends: u8,
    /// The trap's site, relative to the text; and how much the memory grows.
    pub(crate) word: u8,
}

/// A core that enters nothing, with RAM of exactly the size that the loader is told.
#[derive(Debug)]
pub(crate) struct StubCore<A> {
    ram: Box<[u8]>,
    text_bytes: u32,
    script: Script,
    architecture: std::marker::PhantomData<A>,
}

const IMAGE: u32 = 0x0800_4004;
const RAM: u32 = 0x2000_0108;

impl<A: Core> StubCore<A> {
    /// A core with so much RAM, whose image has so much text.
    pub(crate) fn new(ram_bytes: usize, text_bytes: usize, script: Script) -> Self {
        StubCore {
            // Not zeros, so that what the loader forgets is as bad as can be.
            ram: vec![0xa5; ram_bytes].into(),
            text_bytes: text_bytes as u32,
            script,
            architecture: std::marker::PhantomData,
        }
    }

    fn field(&self, offset: u32) -> u32 {
        let bytes = &self.ram[offset as usize..][..4];
        u32::from_le_bytes(bytes.try_into().expect("four bytes"))
    }

    fn set_field(&mut self, offset: u32, value: u32) {
        self.ram[offset as usize..][..4].copy_from_slice(&value.to_le_bytes());
    }

    fn assert_in_text(&self, address: u32) {
        let bit = A::ARCHITECTURE.code_bit();
        let offset = address.wrapping_sub(IMAGE + Header::BYTES + bit);
        assert!(
            offset < self.text_bytes && offset.is_multiple_of(2),
            "entered {address:#x}, outside of the text"
        );
    }
}

impl<A: Core> wasm2mcu_loader::Core for StubCore<A> {
    const ARCHITECTURE: Architecture = A::ARCHITECTURE;

    fn features(&self) -> Features {
        Features(u32::MAX)
    }

    fn image_address(&self, _: &[u8]) -> Option<u32> {
        Some(IMAGE)
    }

    fn ram_address(&self) -> u32 {
        RAM
    }

    fn ram(&self) -> &[u8] {
        &self.ram
    }

    fn ram_mut(&mut self) -> &mut [u8] {
        &mut self.ram
    }

    fn stack_limit(&self) -> u32 {
        RAM - 8
    }

    fn host_stack(&self) -> u32 {
        u32::from(self.script.word) << 4
    }

    fn guard_zone(&self) -> u32 {
        4096
    }

    fn enter(&mut self, thunk: u32, context: u32, args: &mut [u32], code: u32, _: u32) -> u32 {
        self.assert_in_text(thunk);
        self.assert_in_text(code);
        assert_eq!(context, RAM, "the context");
        args.fill(u32::from(self.script.word) << 24 | 1);
        let (size, capacity) = (
            self.field(Context::MEMORY_SIZE),
            self.field(Context::MEMORY_CAPACITY),
        );
        if size != Context::ELSEWHERE {
            let grown = size.saturating_add(u32::from(self.script.word) << 8);
            self.set_field(Context::MEMORY_SIZE, grown.min(capacity));
        }
        if self.script.ends != 0 {
            let site = u32::from(self.script.word) << 4;
            self.set_field(
                Context::TRAP_SITE,
                (IMAGE + Header::BYTES - 8).wrapping_add(site),
            );
        }
        match self.script.ends {
            255 => u32::MAX,
            code => code.into(),
        }
    }

    /// On a device this reads memory: whatever is asked must be what somebody shared.
    fn shared_word(&self, address: u32) -> u32 {
        assert!(
            SHARED.contains(&address) && address.is_multiple_of(4),
            "read of {address:#x}, which nobody shares"
        );
        address.rotate_left(3)
    }
}

/// Addresses that are shared by nobody in particular.
pub(crate) const SHARED: std::ops::Range<u32> = 0x3000_0000..0x3000_1000;
