//! Images that lie about what others share: no word that the image or its module chooses is taken
//! for an address. The core of these tests panics at a read outside of its RAM.

use wasm2mcu::image::{Element, Export, ExportItem, Import, ImportItem, Parts, write};
use wasm2mcu_loader::abi::context::Context;
use wasm2mcu_loader::abi::image::{Architecture, Table};
use wasm2mcu_loader::abi::types::ValueType::{self, FuncRef, I32, I64};
use wasm2mcu_loader::{
    CallError, Fault, Image, ImageError, Instance, Limits, Policy, Shared, SharedItem,
};

use crate::fake_core::FakeCore;
use crate::sample;

/// Where no test has any RAM.
const NOWHERE: u32 = 0x3000_0000;
/// The slots of two imported constants, of one and two words, then that of an imported table.
const CONSTANT: u32 = Context::BYTES;
const LONG: u32 = CONSTANT + 4;
const TABLE: u32 = LONG + 8;
const GLOBALS: u32 = TABLE + 4;
const CONTEXT_BYTES: u32 = GLOBALS + 8;

fn import(name: &str, item: ImportItem) -> Import {
    Import {
        module: "env".into(),
        name: name.into(),
        item,
    }
}

const fn global_of(value_type: ValueType, mutable: bool) -> ImportItem {
    ImportItem::Global {
        value_type,
        mutable,
    }
}

/// Two constants and a table of others, and two words of its own that end with the RAM.
fn parts() -> Parts {
    Parts {
        text: vec![0; sample::TEXT_BYTES as usize],
        functions: vec![sample::ADD],
        functions_end: sample::CODE_END,
        imports: vec![
            import("constant", global_of(I32, false)),
            import("long", global_of(I64, false)),
            import("table", ImportItem::Table(FuncRef)),
        ],
        tables: vec![Table {
            offset: 0,
            elements: 2,
            capacity: u32::MAX,
            record: TABLE | Table::IMPORTED,
        }],
        globals_offset: GLOBALS,
        globals: vec![1, NOWHERE],
        context_bytes: CONTEXT_BYTES,
        ..Parts::new(Architecture::Thumb)
    }
}

/// An exported global; `indirect` if its address is said to be there.
fn exported(offset: u32, value_type: ValueType, indirect: bool) -> Export {
    let item = ExportItem::Global {
        offset,
        indirect,
        value_type,
        mutable: true,
    };
    Export {
        name: "g".into(),
        item,
    }
}

fn fault(parts: &Parts) -> Option<Fault> {
    match Image::parse(&write(parts).unwrap()) {
        Ok(_) => None,
        Err(ImageError::Malformed { fault, .. }) => Some(fault),
        Err(error) => panic!("{error}"),
    }
}

/// What reading and sharing the export `g` come to.
fn read(parts: &Parts) -> [Result<[u32; 2], CallError>; 2] {
    let bytes = write(parts).unwrap();
    let image = Image::parse(&bytes).unwrap();
    let image = image.verify(&Policy::unsigned()).unwrap();
    let shared = |name, item| Shared {
        module: "env",
        name,
        item,
    };
    let constant = |value_type| SharedItem::Global {
        value_type,
        mutable: false,
        address: NOWHERE,
        value: [NOWHERE, u32::MAX],
    };
    let table = SharedItem::Table {
        element: FuncRef,
        limits: Limits { size: 2, max: 2 },
        record: NOWHERE,
    };
    let shared = [
        shared("constant", constant(I32)),
        shared("long", constant(I64)),
        shared("table", table),
    ];
    let core = FakeCore::new(CONTEXT_BYTES as usize, &[]);
    let instance = Instance::linked(image, core, &[], &shared).unwrap();
    let value = instance.share("g").map(|item| match item {
        SharedItem::Global { value, .. } => value,
        other => panic!("{other:?}"),
    });
    [instance.global_words("g").map(|(_, words)| words), value]
}

#[test]
fn a_global_of_one_word_at_the_end_of_the_ram() {
    let mut parts = parts();
    parts.exports = vec![exported(GLOBALS + 4, I32, false)];
    assert_eq!(read(&parts), [Ok([NOWHERE, 0]), Ok([NOWHERE, 0])]);
}

#[test]
fn a_global_whose_address_is_not_the_loaders() {
    let mut parts = parts();
    for (slot, value_type) in [
        (CONSTANT, I32),
        (CONSTANT, I64),
        (LONG, I64),
        (LONG + 4, I32),
        (TABLE, I32),
        // The module's own word.
        (GLOBALS + 4, I32),
    ] {
        parts.exports = vec![exported(slot, value_type, true)];
        let refused = Err(CallError::Kind);
        assert_eq!(read(&parts), [refused; 2], "{slot:#x} {value_type:?}");
    }
}

#[test]
fn a_table_whose_record_is_not_the_loaders() {
    for slot in [CONSTANT, LONG, LONG + 4, GLOBALS, GLOBALS + 4, 0, 1 << 30] {
        let mut parts = parts();
        parts.tables[0].record = slot | Table::IMPORTED;
        parts.exports = vec![Export {
            name: "g".into(),
            item: ExportItem::Table {
                number: 0,
                element: FuncRef,
                max: None,
            },
        }];
        let refused = Err(CallError::Kind);
        assert_eq!(read(&parts), [refused; 2], "{slot:#x}");
    }
}

/// The number of elements is what the image asks of the other's table: any number.
#[test]
fn elements_for_the_table_of_another() {
    for start in [0, 1 << 30, u32::MAX - 1] {
        let mut parts = parts();
        parts.tables[0].elements = u32::MAX;
        parts.elements = vec![Element {
            table: 0,
            start,
            codes: vec![sample::thumb(sample::ADD)],
        }];
        assert_eq!(fault(&parts), Some(Fault::Index), "{start:#x}");
    }
}
