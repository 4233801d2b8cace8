//! The loader's work is bounded by the size of an image, whatever refers to whatever in it.
//!
//! Images that many records refer to the same things are made at two sizes: what takes the square of
//! the size would take the larger one 256 times as long as the smaller one.

use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use wasm2mcu::image::{
    Element, Export, ExportItem, FunctionType, Import, ImportItem, Parts, write,
};
use wasm2mcu_loader::abi::context::Context;
use wasm2mcu_loader::abi::image::{Architecture, Table};
use wasm2mcu_loader::abi::types::ValueType::{F64, I32, I64};
use wasm2mcu_loader::{HostFunction, Image, Instance, Policy};

use crate::fake_core::FakeCore;
use crate::sample::{self, thumb};

/// Records in the small image, and how many times as many are in the large one.
const RECORDS: usize = 400;
const TIMES: usize = 16;
/// How far the machine's own noise and its caches may be off.
const NOISE: u32 = 4;

fn parts(types: Vec<FunctionType>) -> Parts {
    Parts {
        text: vec![0; sample::TEXT_BYTES as usize],
        functions: vec![sample::ADD],
        functions_end: sample::CODE_END,
        types,
        globals_offset: Context::BYTES,
        context_bytes: Context::BYTES,
        ..Parts::new(Architecture::Thumb)
    }
}

fn longest() -> FunctionType {
    let values = wasm2mcu_loader::abi::image::FunctionType::MAX_VALUES;
    FunctionType {
        params: vec![I64; values],
        results: vec![F64; values],
        entry: thumb(sample::ENTRY),
    }
}

/// Exports of one function of the longest type.
fn one_type(records: usize) -> Parts {
    let export = Export {
        name: "f".into(),
        item: ExportItem::Function {
            code: thumb(sample::ADD),
            function_type: 0,
            stack_bytes: 0,
        },
    };
    Parts {
        exports: vec![export; records],
        ..parts(vec![longest()])
    }
}

/// Imports of the longest type and name that are not offered, but for the last letter or value.
fn imports(records: usize) -> Parts {
    let import = Import {
        module: "m".repeat(1000),
        name: "n".repeat(1000),
        item: ImportItem::Function(0),
    };
    let slots = 4 * records as u32;
    Parts {
        imports: vec![import; records],
        globals_offset: Context::BYTES + slots,
        context_bytes: (Context::BYTES + slots).next_multiple_of(8),
        ..parts(vec![longest()])
    }
}

/// Exports of an imported global, behind as many imports.
fn exported_imports(records: usize) -> Parts {
    let import = Import {
        module: "m".into(),
        name: "n".into(),
        item: ImportItem::Global {
            value_type: I32,
            mutable: true,
        },
    };
    let export = Export {
        name: "g".into(),
        item: ExportItem::Global {
            offset: Context::BYTES + 4 * (records as u32 - 1),
            indirect: true,
            value_type: I32,
            mutable: true,
        },
    };
    let slots = 4 * records as u32;
    Parts {
        imports: vec![import; records],
        exports: vec![export; records],
        globals_offset: Context::BYTES + slots,
        context_bytes: (Context::BYTES + slots).next_multiple_of(8),
        ..parts(vec![])
    }
}

/// Element segments of the last of as many tables, all of them empty.
fn tables(records: usize) -> Parts {
    let table = Table {
        offset: Context::BYTES,
        elements: 0,
        capacity: 0,
        record: 0,
    };
    let element = Element {
        table: records as u32 - 1,
        start: 0,
        codes: vec![],
    };
    Parts {
        tables: vec![table; records],
        elements: vec![element; records],
        ..parts(vec![])
    }
}

/// The least time that everything took which a device does with the image, of some attempts.
fn time(bytes: &[u8]) -> Duration {
    let types = longest();
    let host = [HostFunction {
        module: &"m".repeat(1000),
        name: &"n".repeat(1000),
        params: &types.params,
        results: &types.results,
        address: 1,
    }];
    let attempt = || {
        let begin = Clock::now();
        let image = Image::parse(bytes).expect("a whole image");
        let image = image.verify(&Policy::unsigned()).expect("its hash");
        let ram_bytes = image.requirements().ram_bytes() as usize;
        let mut core = FakeCore::new(ram_bytes, &[]);
        core.text_bytes = sample::TEXT_BYTES;
        let _ = black_box(Instance::new(image, core, &host).is_ok());
        black_box(image.imports().count() + image.exports().count());
        begin.elapsed()
    };
    (0..5).map(|_| attempt()).min().expect("an attempt")
}

#[test]
fn many_references_take_no_more_than_many_bytes() {
    for (name, make) in [
        ("one type", one_type as fn(usize) -> Parts),
        ("imports", imports),
        ("exported imports", exported_imports),
        ("tables", tables),
    ] {
        let [small, large] = [RECORDS, RECORDS * TIMES].map(|n| write(&make(n)).unwrap());
        let bytes = (large.len() / small.len()) as u32;
        let [fast, slow] = [&small, &large].map(|image| time(image));
        println!(
            "{name}: {} B in {fast:?}, {} B in {slow:?}, {:.1} ns a byte",
            small.len(),
            large.len(),
            slow.as_nanos() as f64 / large.len() as f64
        );
        let allowed = fast * TIMES.max(bytes as usize) as u32 * NOISE;
        assert!(slow <= allowed, "{name}: {slow:?} after {fast:?}");
    }
}
