//! Images made by hand: `guest.s`, assembled and written by the image writer.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use object::{Object, ObjectSection, ObjectSymbol};
use wasm2mcu::image::{
    Data, Export, ExportItem, FunctionType, Import, Memory, Parts, Start, write,
};
use wasm2mcu_abi::image::{Architecture, Features};
use wasm2mcu_abi::types::ValueType::{self, F32, F64, I32, I64};
use wasm2mcu_testbench::HostFunction;

/// Number of imported functions, which come first in the index space.
pub(crate) const IMPORTS: u32 = 3;
/// Value of the exported global at first.
pub(crate) const GLOBAL: u32 = 41;
/// Size of the memory, which cannot grow.
pub(crate) const MEMORY_BYTES: u32 = 0x1_0000;
const GLOBAL_OFFSET: u32 = 48;
const STACK_BYTES: u32 = 0x200;

/// Text and symbols of `guest.s`.
struct Assembled {
    text: Vec<u8>,
    symbols: BTreeMap<String, u32>,
}

static GUEST: LazyLock<Assembled> = LazyLock::new(assemble);

fn assemble() -> Assembled {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guest/guest.s");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("guest.o");
    let status = Command::new("arm-none-eabi-as")
        .arg(&source)
        .arg("-o")
        .arg(&file)
        .status()
        .unwrap_or_else(|error| {
            panic!("arm-none-eabi-as: {error}; run `testbench/test.sh --setup-only`")
        });
    assert!(status.success(), "{} does not assemble", source.display());
    let bytes = fs::read(&file).expect("the assembler's output");
    let file = object::File::parse(&*bytes).expect("an ELF file");
    let text = file.section_by_name(".text").expect("a text section");
    assert_eq!(
        text.relocations().count(),
        0,
        "text is position-independent"
    );
    Assembled {
        text: text.data().expect("its bytes").to_vec(),
        symbols: file
            .symbols()
            .filter_map(|symbol| {
                Some((symbol.name().ok()?.to_owned(), symbol.address() as u32 & !1))
            })
            .collect(),
    }
}

/// Offset of a label of `guest.s` in the text.
pub(crate) fn label(name: &str) -> u32 {
    GUEST.symbols[name]
}

fn code(name: &str) -> u32 {
    label(name) | 1
}

/// Names of the functions in the order of the text.
fn functions() -> Vec<(&'static str, u32)> {
    let mut functions: Vec<_> = GUEST
        .symbols
        .iter()
        .filter_map(|(name, offset)| Some((name.strip_prefix("func_")?, *offset)))
        .collect();
    functions.sort_by_key(|(_, offset)| *offset);
    functions
}

/// Index of a function of `guest.s` in the module.
pub(crate) fn function_index(name: &str) -> u32 {
    let position = functions()
        .iter()
        .position(|(function, _)| *function == name);
    IMPORTS + position.expect("a function") as u32
}

/// The parts of the module.
fn parts() -> Parts {
    let ty = |params: &[ValueType], results: &[ValueType], entry: u32| FunctionType {
        params: params.to_vec(),
        results: results.to_vec(),
        entry,
    };
    let import = |name: &str, function_type| Import {
        module: "env".to_owned(),
        name: name.to_owned(),
        function_type,
    };
    let mut exports: Vec<_> = functions()
        .into_iter()
        .map(|(name, offset)| Export {
            name: name.to_owned(),
            item: ExportItem::Function {
                code: offset | 1,
                function_type: match name {
                    "add" | "store" | "mul" => 1,
                    "many" => 2,
                    "scale" => 3,
                    _ => 0,
                },
                stack_bytes: STACK_BYTES,
            },
        })
        .collect();
    exports.push(Export {
        name: "memory".to_owned(),
        item: ExportItem::Memory,
    });
    exports.push(Export {
        name: "counter".to_owned(),
        item: ExportItem::Global {
            offset: GLOBAL_OFFSET,
            value_type: I32,
            mutable: true,
        },
    });
    Parts {
        features: Features::THUMB_FPU | Features::THUMB_HARD_FLOAT_ABI,
        text: GUEST.text.clone(),
        functions: functions().into_iter().map(|(_, offset)| offset).collect(),
        functions_end: label("functions_end"),
        types: vec![
            ty(&[], &[], code("entry_0_0")),
            ty(&[I32, I32], &[I32], code("entry_2_1")),
            ty(&[], &[I64], code("entry_0_2")),
            ty(&[F32, F32], &[F32], code("entry_2_1")),
            ty(&[I32, I32, I32, I32, I64], &[I64], 0),
            ty(&[F32, F64], &[F32], 0),
        ],
        imports: vec![import("mul", 1), import("many", 4), import("scale", 5)],
        exports,
        globals_offset: GLOBAL_OFFSET,
        globals: vec![GLOBAL],
        data: vec![Data {
            offset: 16,
            bytes: b"hello".to_vec(),
        }],
        memory: Some(Memory {
            min_bytes: MEMORY_BYTES,
            max_bytes: MEMORY_BYTES,
            page_size_log2: 16,
            fixed: true,
        }),
        context_bytes: 56,
        stack_bytes: STACK_BYTES,
        ..Parts::new(Architecture::Thumb)
    }
}

/// The module.
pub(crate) fn image() -> Vec<u8> {
    write(&parts()).expect("an image")
}

/// The module with this function of its own as its start function.
pub(crate) fn image_starting_with(function: &str) -> Vec<u8> {
    let start = Start {
        code: code(&format!("func_{function}")),
        function_type: 0,
        stack_bytes: STACK_BYTES,
    };
    let parts = Parts {
        start: Some(start),
        ..parts()
    };
    write(&parts).expect("an image")
}

/// Host functions that do what their names say.
pub(crate) fn hosts<'a>() -> Vec<HostFunction<'a>> {
    vec![
        HostFunction::new("env", "mul", &[I32, I32], &[I32], |_, words| {
            Ok(vec![words[0].wrapping_mul(words[1])])
        }),
        HostFunction::new(
            "env",
            "many",
            &[I32, I32, I32, I32, I64],
            &[I64],
            |_, words| {
                assert_eq!(words, [1, 2, 3, 4, 6, 5]);
                Ok(vec![7, 8])
            },
        ),
        HostFunction::new("env", "scale", &[F32, F64], &[F32], |_, words| {
            let factor = f64::from_bits(u64::from(words[2]) << 32 | u64::from(words[1]));
            let scaled = f64::from(f32::from_bits(words[0])) * factor;
            Ok(vec![(scaled as f32).to_bits()])
        }),
    ]
}
