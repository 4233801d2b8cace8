//! Everything that a firmware could do with an image.

use std::fmt::Write;
use std::sync::LazyLock;

use wasm2mcu_loader::abi::image::{Architecture, Section};
use wasm2mcu_loader::{
    CallError, Digest, Ed25519, HostFunction, Image, ImageError, ImportItem, Instance, Item,
    Policy, PublicKey, Sha256, Shared, SharedItem, Signature, Software, TrapRecord, Verified,
};

use crate::input::{Input, mend};
use crate::stub::{self, RiscV, SHARED, Script, StubCore, Thumb};

/// More RAM than this is not given to any image: the loader's work with it is to fill it, and the seeds
/// that are about memory need little.
const RAM_BYTES: usize = 1 << 14;

/// The owner of the device's key. To derive it takes as long as a signature, which most inputs do not come to.
static OWNER: LazyLock<salty::Keypair> = LazyLock::new(|| salty::Keypair::from(&[7; 32]));

/// Hash and signature in place of the real ones: they touch every byte, and cost nothing.
struct StandIn;

impl Sha256 for StandIn {
    fn sha256(&self, message: &[u8]) -> Digest {
        let sum = message.iter().fold(0x811c_9dc5u32, |sum, byte| {
            (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
        });
        [sum.to_le_bytes(); 8]
            .as_flattened()
            .try_into()
            .expect("32 bytes")
    }
}

impl Ed25519 for StandIn {
    fn verify(&self, key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        message.len() == 32 && signature[0] == key[0]
    }
}

/// Does with the input what a device could; `real` with hash and signature as they are.
pub fn exercise(input: &[u8], real: bool) {
    let Some(input) = Input::read(input) else {
        return;
    };
    let [how, ram, ends, word] = input.choices;
    let chosen = |bit: u8| how >> bit & 1 != 0;
    let mut bytes = input.image();
    let owner = real.then_some(&*OWNER);
    let key: PublicKey = owner.map_or([1; 32], |owner| owner.public.to_bytes());
    let (sha256, ed25519): (&dyn Sha256, &dyn Ed25519) = match real {
        true => (&Software, &Software),
        false => (&StandIn, &StandIn),
    };
    if !chosen(0) {
        mend(&mut bytes, sha256, &key, |digest| {
            let signed = |owner: &salty::Keypair| owner.sign(digest).to_bytes();
            let mut signature = owner.map_or([1; 64], signed);
            // A signature of something else.
            signature[usize::from(word % 64)] ^= u8::from(chosen(4));
            signature
        });
    }
    // An allocation of exactly this size.
    let bytes = bytes.into_boxed_slice();
    let keys = [[2; 32], key];
    let mut policy = match real || chosen(1) {
        true => Policy::signed_with(&keys, sha256, ed25519),
        false => Policy::unsigned_with(sha256),
    };
    if chosen(2) {
        policy = policy.min_counter(word.into());
    }
    let script = Script { ends, word };
    let verified = match Image::parse(&bytes).and_then(|image| image.verify(&policy)) {
        Ok(verified) => verified,
        Err(error) => return describe(&error),
    };
    match verified.architecture() {
        Architecture::Thumb => run::<Thumb>(verified, ram, script, chosen(3)),
        Architecture::RiscV32 => run::<RiscV>(verified, ram, script, chosen(3)),
    }
}

fn describe(error: &ImageError) {
    assert!(!error.to_string().is_empty());
    let _ = error.stage();
}

fn run<A: stub::Core>(image: Verified<'_>, ram: u8, script: Script, linked: bool) {
    read(&image);
    let needed = image.requirements().ram_bytes() as usize;
    let given = match ram {
        0..=127 => needed.saturating_add(64 * usize::from(ram)),
        _ => needed.saturating_sub(4 * (255 - usize::from(ram))),
    };
    let core = StubCore::<A>::new(
        given.min(RAM_BYTES),
        image.section(Section::Text).len(),
        script,
    );
    let offers = Offers::of(&image);
    let hosts = offers.hosts();
    let shared = offers.shared();
    let shared = if linked { &shared[..] } else { &[] };
    match Instance::linked(image, core, &hosts, shared) {
        Ok(mut instance) => use_up(&image, &mut instance),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Every reader of the image itself.
fn read(image: &Image<'_>) {
    let mut text = String::new();
    for import in image.imports() {
        let _ = write!(text, "{}{}", import.module, import.name);
    }
    let types = image.types().map(|ty| ty.call_words()).max().unwrap_or(0);
    assert!(types as usize <= 2 * image.bytes().len());
    for record in image.records() {
        assert_ne!(record.code, 0);
    }
    for offset in image.functions().chain([0, 1, u32::MAX]) {
        image.function_at(offset);
    }
    assert!(image.trailer().count() > 0);
    let _ = (image.key_id(), image.security_counter());
    let words: u32 = image.elements().map(|segment| segment.count()).sum();
    assert!(words as usize <= image.bytes().len() / 4);
}

/// What the host has for exactly the imports that an image asks for.
struct Offers<'a> {
    imports: Vec<wasm2mcu_loader::Import<'a>>,
    types: Vec<[Vec<wasm2mcu_loader::abi::types::ValueType>; 2]>,
}

impl<'a> Offers<'a> {
    fn of(image: &Image<'a>) -> Self {
        let imports: Vec<_> = image.imports().collect();
        let types = imports
            .iter()
            .map(|import| match import.item {
                ImportItem::Function(ty) => [ty.params().collect(), ty.results().collect()],
                _ => [Vec::new(), Vec::new()],
            })
            .collect();
        Offers { imports, types }
    }

    fn hosts(&self) -> Vec<HostFunction<'_>> {
        let functions = self.imports.iter().zip(&self.types);
        functions
            .filter_map(|(import, [params, results])| {
                Some(HostFunction {
                    module: str::from_utf8(import.module.0).ok()?,
                    name: str::from_utf8(import.name.0).ok()?,
                    params,
                    results,
                    address: 0x0800_0101,
                })
            })
            .collect()
    }

    fn shared(&self) -> Vec<Shared<'_>> {
        let items = self.imports.iter().zip((SHARED.start..).step_by(16));
        items
            .filter_map(|(import, address)| {
                Some(Shared {
                    module: str::from_utf8(import.module.0).ok()?,
                    name: str::from_utf8(import.name.0).ok()?,
                    item: shared_item(import.item, SHARED.start + address % 0xf00),
                })
            })
            .collect()
    }
}

/// Something of the kind that is asked for, at an address.
fn shared_item(wanted: ImportItem<'_>, address: u32) -> SharedItem<'_> {
    match wanted {
        ImportItem::Function(function_type) => SharedItem::Function {
            function_type,
            record: address,
        },
        ImportItem::Table { element, limits } => SharedItem::Table {
            element,
            limits,
            record: address,
        },
        ImportItem::Memory {
            page_size_log2,
            limits,
        } => SharedItem::Memory {
            page_size_log2,
            limits,
            context: address,
            base: address,
        },
        ImportItem::Global {
            value_type,
            mutable,
        } => SharedItem::Global {
            value_type,
            mutable,
            address,
            // Whoever takes this for an address is found out.
            value: [u32::MAX, 0xdead_beef],
        },
    }
}

/// Everything that there is to do with an instance.
fn use_up<A: stub::Core>(image: &Image<'_>, instance: &mut Instance<'_, StubCore<A>>) {
    instance.set_host_data(7);
    for _ in 0..2 {
        for export in image.exports() {
            let Ok(name) = str::from_utf8(export.name.0) else {
                continue;
            };
            match export.item {
                Item::Function(function) => {
                    let words = function.function_type.call_words() as usize;
                    let end = instance.call_words(name, &mut vec![0; words]);
                    if let Err(CallError::Trap(_) | CallError::Core(_)) = end {
                        assert!(instance.is_trapped());
                    }
                    if let Err(CallError::Trap(trap)) = end {
                        let record = instance.trap_record(&trap).to_string();
                        assert!(record.parse::<TrapRecord>().is_ok(), "{record}");
                    }
                    let _ = instance.call::<(i32, i32), i32>(name, (1, 2));
                    instance.clear_trap();
                }
                Item::Global(_) => {
                    let _ = instance.global_words(name);
                    let _ = instance.global::<i64>(name);
                }
                Item::Table(_) | Item::Memory => {}
            }
            if let Ok(shared) = instance.share(name) {
                assert_addresses(&shared);
            }
        }
        let bytes = instance.memory_mut();
        if let [first, .., last] = bytes {
            (*first, *last) = (1, 2);
        }
        assert!(instance.memory().len() <= RAM_BYTES);
        let _ = instance.reset();
    }
}

/// What is shared is in the RAM of this instance, or of another that shared it.
fn assert_addresses(item: &SharedItem<'_>) {
    let address = match *item {
        SharedItem::Function { record, .. } | SharedItem::Table { record, .. } => record,
        SharedItem::Memory { context, .. } => context,
        SharedItem::Global { address, .. } => address,
    };
    let own = 0x2000_0108..0x2000_0108 + RAM_BYTES as u32;
    assert!(
        own.contains(&address) || SHARED.contains(&address),
        "{item:?}"
    );
}
