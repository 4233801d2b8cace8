//! A core without instructions: entering text runs the Rust function registered for its offset.

use wasm2mcu_loader::Core;
use wasm2mcu_loader::abi::context::Context;
use wasm2mcu_loader::abi::image::{Architecture, Features, Header};
use wasm2mcu_loader::abi::trap::TrapCode;

pub(crate) const IMAGE_ADDRESS: u32 = 0x0800_4000;
pub(crate) const TEXT_ADDRESS: u32 = IMAGE_ADDRESS + Header::BYTES;
pub(crate) const RAM_ADDRESS: u32 = 0x2000_0100;
pub(crate) const STACK_LIMIT: u32 = 0x2000_0000;

/// What stands for a function's code: it gets the core and the argument words.
pub(crate) type Behaviour = fn(&mut FakeCore, &mut [u32]) -> u32;

pub(crate) struct FakeCore {
    pub(crate) features: Features,
    pub(crate) image_address: u32,
    pub(crate) ram_address: u32,
    pub(crate) ram: Vec<u8>,
    pub(crate) text_bytes: u32,
    pub(crate) functions: Vec<(u32, Behaviour)>,
    /// Stack that the core has: a deeper call is refused as an entry thunk would.
    pub(crate) stack_bytes: u32,
    /// Stack that functions of the host take.
    pub(crate) host_stack: u32,
    pub(crate) entered: u32,
}

impl FakeCore {
    pub(crate) fn new(ram_bytes: usize, functions: &[(u32, Behaviour)]) -> FakeCore {
        FakeCore {
            features: Features::THUMB_DSP | Features::THUMB_FPU,
            image_address: IMAGE_ADDRESS,
            ram_address: RAM_ADDRESS,
            // Not zero, so that a byte which the loader forgets shows.
            ram: vec![0xa5; ram_bytes],
            text_bytes: 0,
            functions: functions.to_vec(),
            stack_bytes: 4096,
            host_stack: 0,
            entered: 0,
        }
    }

    pub(crate) fn word(&self, offset: u32) -> u32 {
        let bytes = &self.ram[offset as usize..][..4];
        u32::from_le_bytes(bytes.try_into().unwrap())
    }

    pub(crate) fn set_word(&mut self, offset: u32, value: u32) {
        self.ram[offset as usize..][..4].copy_from_slice(&value.to_le_bytes());
    }

    /// Ends a behaviour as a trap stub at this text offset would.
    pub(crate) fn trap(&mut self, code: TrapCode, text_offset: u32) -> u32 {
        self.set_word(Context::TRAP_SITE, (TEXT_ADDRESS + text_offset) | 1);
        code as u32
    }

    /// Asserts that an address is that of code in the text, and returns its offset.
    fn text_offset(&self, address: u32) -> u32 {
        assert_eq!(address & 1, 1, "{address:#x} has no Thumb bit");
        let offset = address.wrapping_sub(self.image_address + Header::BYTES + 1);
        assert!(offset < self.text_bytes, "{address:#x} is not in the text");
        offset
    }
}

impl Core for FakeCore {
    const ARCHITECTURE: Architecture = Architecture::Thumb;

    fn features(&self) -> Features {
        self.features
    }

    fn image_address(&self, _image: &[u8]) -> Option<u32> {
        (self.image_address != 0).then_some(self.image_address)
    }

    fn ram_address(&self) -> u32 {
        self.ram_address
    }

    fn ram(&self) -> &[u8] {
        &self.ram
    }

    fn ram_mut(&mut self) -> &mut [u8] {
        &mut self.ram
    }

    fn stack_limit(&self) -> u32 {
        STACK_LIMIT
    }

    fn host_stack(&self) -> u32 {
        self.host_stack
    }

    /// On a device this reads memory, and nobody shares anything here.
    fn shared_word(&self, address: u32) -> u32 {
        panic!("read of {address:#x}, outside of the RAM")
    }

    fn enter(&mut self, thunk: u32, context: u32, args: &mut [u32], code: u32, stack: u32) -> u32 {
        self.entered += 1;
        self.text_offset(thunk);
        let offset = self.text_offset(code);
        assert_eq!(context, self.ram_address);
        assert_eq!(self.word(Context::TRAP_SITE), 0);
        assert_eq!(self.word(Context::HOST_TRAP), 0);
        if stack > self.stack_bytes {
            return TrapCode::StackExhausted as u32;
        }
        match self.functions.iter().find(|(at, _)| *at == offset) {
            Some((_, run)) => run(self, args),
            None => 0,
        }
    }
}
