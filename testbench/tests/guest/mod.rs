//! Images made by hand: assembled and written by the image writer, for the core of any board.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use object::{Object, ObjectSection, ObjectSymbol};
use wasm2mcu::image::{
    Data, Export, ExportItem, FunctionType, Import, ImportItem, Memory, Parts, Start, write,
};
use wasm2mcu_abi::image::{Architecture, Features};
use wasm2mcu_abi::types::ValueType::{self, F32, F64, I32, I64};
use wasm2mcu_testbench::{Board, HostFunction};

/// Number of imported functions, which come first in the index space.
const IMPORTS: u32 = 3;
/// Value of the exported global at first.
pub(crate) const GLOBAL: u32 = 41;
/// Size of the memory, which cannot grow.
pub(crate) const MEMORY_BYTES: u32 = 0x1_0000;
const GLOBAL_OFFSET: u32 = 48;
const STACK_BYTES: u32 = 0x200;

/// The module for one kind of core.
pub(crate) struct Guest {
    architecture: Architecture,
    features: Features,
    /// What a fault is called at an undefined instruction and at a load where no memory is.
    pub(crate) undefined: &'static str,
    pub(crate) wild: &'static str,
    text: Vec<u8>,
    symbols: BTreeMap<String, u32>,
}

static THUMB: LazyLock<Guest> = LazyLock::new(|| Guest {
    architecture: Architecture::Thumb,
    features: Features::THUMB_FPU | Features::THUMB_HARD_FLOAT_ABI,
    undefined: "UNDEFINSTR",
    wild: "PRECISERR",
    ..assemble("thumb.s", &[&["arm-none-eabi-as"]])
});

const RISCV_AS: [&str; 3] = ["riscv64-unknown-elf-as", "-march=rv32imac", "-mabi=ilp32"];
/// Branches are relocated even where they stay within the section.
const RISCV_LD: [&str; 4] = ["riscv64-unknown-elf-ld", "-melf32lriscv", "-Ttext=0", "-e0"];

static RISCV: LazyLock<Guest> =
    LazyLock::new(|| riscv(Features::RISCV_SOFT_FLOAT_ABI, &[&RISCV_AS, &RISCV_LD]));

static RISCV_FLOAT: LazyLock<Guest> = LazyLock::new(|| {
    let assembler = [&RISCV_AS[..], &["--defsym", "HARD_FLOAT=1"]].concat();
    let features = Features::RISCV_F | Features::RISCV_HARD_FLOAT_ABI;
    riscv(features, &[&assembler, &RISCV_LD])
});

fn riscv(floats: Features, tools: &[&[&str]]) -> Guest {
    Guest {
        architecture: Architecture::RiscV32,
        features: Features::RISCV_M | Features::RISCV_C | floats,
        undefined: "illegal instruction",
        wild: "load where no memory is",
        ..assemble("riscv.s", tools)
    }
}

/// Runs `source` through these tools, each of which takes a file and writes one.
fn assemble(source: &str, tools: &[&[&str]]) -> Guest {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/guest")
        .join(source);
    for (number, tool) in tools.iter().enumerate() {
        let output = folder.path().join(format!("{number}.o"));
        let status = Command::new(tool[0])
            .args(&tool[1..])
            .arg(&file)
            .arg("-o")
            .arg(&output)
            .status()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; run `testbench/test.sh --setup-only`", tool[0])
            });
        assert!(status.success(), "{} fails for {}", tool[0], file.display());
        file = output;
    }
    let bytes = fs::read(&file).expect("the tools' output");
    let file = object::File::parse(&*bytes).expect("an ELF file");
    let text = file.section_by_name(".text").expect("a text section");
    assert_eq!(
        text.relocations().count(),
        0,
        "text is position-independent"
    );
    let symbol = |symbol: object::Symbol<'_, '_>| {
        Some((symbol.name().ok()?.to_owned(), symbol.address() as u32 & !1))
    };
    Guest {
        architecture: Architecture::Thumb,
        features: Features::NONE,
        undefined: "",
        wild: "",
        text: text.data().expect("its bytes").to_vec(),
        symbols: file.symbols().filter_map(symbol).collect(),
    }
}

impl Guest {
    /// The module for this board.
    pub(crate) fn of(board: &dyn Board) -> &'static Guest {
        match board.info().target {
            "riscv32imafc-unknown-none-elf" => &RISCV_FLOAT,
            target if target.starts_with("riscv32") => &RISCV,
            _ => &THUMB,
        }
    }

    /// Offset of a label in the text.
    pub(crate) fn label(&self, name: &str) -> u32 {
        self.symbols[name]
    }

    /// A label as the offset of code.
    fn code(&self, name: &str) -> u32 {
        self.label(name) | self.architecture.code_bit()
    }

    /// Names of the functions in the order of the text.
    fn functions(&self) -> Vec<(&str, u32)> {
        let mut functions: Vec<_> = self
            .symbols
            .iter()
            .filter_map(|(name, offset)| Some((name.strip_prefix("func_")?, *offset)))
            .collect();
        functions.sort_by_key(|(_, offset)| *offset);
        functions
    }

    /// Index of a function in the module.
    pub(crate) fn function_index(&self, name: &str) -> u32 {
        let functions = self.functions();
        let position = functions.iter().position(|(function, _)| *function == name);
        IMPORTS + position.expect("a function") as u32
    }

    /// The parts of the module.
    fn parts(&self) -> Parts {
        let ty = |params: &[ValueType], results: &[ValueType], entry: u32| FunctionType {
            params: params.to_vec(),
            results: results.to_vec(),
            entry,
        };
        let import = |name: &str, function_type| Import {
            module: "env".to_owned(),
            name: name.to_owned(),
            item: ImportItem::Function(function_type),
        };
        let functions = self.functions();
        let mut exports: Vec<_> = functions
            .iter()
            .map(|(name, _)| Export {
                name: (*name).to_owned(),
                item: ExportItem::Function {
                    code: self.code(&format!("func_{name}")),
                    function_type: match *name {
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
            item: ExportItem::Memory(None),
        });
        exports.push(Export {
            name: "counter".to_owned(),
            item: ExportItem::Global {
                offset: GLOBAL_OFFSET,
                indirect: false,
                value_type: I32,
                mutable: true,
            },
        });
        Parts {
            features: self.features,
            text: self.text.clone(),
            functions: functions.into_iter().map(|(_, offset)| offset).collect(),
            functions_end: self.label("functions_end"),
            types: vec![
                ty(&[], &[], self.code("entry_0_0")),
                ty(&[I32, I32], &[I32], self.code("entry_2_1")),
                ty(&[], &[I64], self.code("entry_0_2")),
                ty(&[F32, F32], &[F32], self.code("entry_2_1")),
                ty(&[I32, I32, I32, I32, I64, I64], &[I64], 0),
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
                imported: false,
            }),
            context_bytes: 56,
            stack_bytes: STACK_BYTES,
            ..Parts::new(self.architecture)
        }
    }

    /// The image.
    pub(crate) fn image(&self) -> Vec<u8> {
        write(&self.parts()).expect("an image")
    }

    /// The image of the module with this function of its own as its start function.
    pub(crate) fn image_starting_with(&self, function: &str) -> Vec<u8> {
        let start = Start {
            code: self.code(&format!("func_{function}")),
            function_type: 0,
            stack_bytes: STACK_BYTES,
        };
        let parts = Parts {
            start: Some(start),
            ..self.parts()
        };
        write(&parts).expect("an image")
    }
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
            &[I32, I32, I32, I32, I64, I64],
            &[I64],
            |_, words| {
                assert_eq!(words, [1, 2, 3, 4, 6, 5, 8, 7]);
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
