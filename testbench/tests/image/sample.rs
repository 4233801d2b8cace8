//! One module with everything that an image can hold, and behaviours for its functions.

use wasm2mcu::image::{
    Data, Element, Export, ExportItem, FunctionType, Import, ImportItem, Memory, Parts, Start,
};
use wasm2mcu_loader::HostFunction;
use wasm2mcu_loader::abi::context::Context;
use wasm2mcu_loader::abi::image::{Architecture, Features, Table};
use wasm2mcu_loader::abi::trap::TrapCode;
use wasm2mcu_loader::abi::types::ValueType::{self, F32, F64, FuncRef, I32, I64};

use crate::fake_core::Behaviour;

pub(crate) const ENTRY: u32 = 4;
pub(crate) const ADD: u32 = 64;
pub(crate) const DIVIDE: u32 = 80;
pub(crate) const INIT: u32 = 96;
pub(crate) const MIX: u32 = 112;
pub(crate) const CODE_END: u32 = 128;
pub(crate) const TEXT_BYTES: u32 = 136;

/// Context offsets: two import slots, four words of globals, a gap, two tables.
pub(crate) const GLOBALS: u32 = Context::BYTES + 8;
pub(crate) const TABLE_0: u32 = GLOBALS + 16 + 4;
pub(crate) const TABLE_1: u32 = TABLE_0 + 4 * 6;
pub(crate) const CONTEXT_BYTES: u32 = (TABLE_1 + 4 * 2).next_multiple_of(8);
pub(crate) const PAGE: u32 = 65536;

pub(crate) const fn thumb(offset: u32) -> u32 {
    offset | 1
}

fn ty(params: &[ValueType], results: &[ValueType], entry: u32) -> FunctionType {
    FunctionType {
        params: params.to_vec(),
        results: results.to_vec(),
        entry,
    }
}

fn export(name: &str, item: ExportItem) -> Export {
    Export {
        name: name.into(),
        item,
    }
}

fn function(name: &str, at: u32, function_type: usize, stack_bytes: u32) -> Export {
    export(
        name,
        ExportItem::Function {
            code: thumb(at),
            function_type,
            stack_bytes,
        },
    )
}

fn import(module: &str, name: &str, function_type: usize) -> Import {
    Import {
        module: module.into(),
        name: name.into(),
        item: ImportItem::Function(function_type),
    }
}

pub(crate) fn parts() -> Parts {
    let entry = thumb(ENTRY);
    Parts {
        features: Features::THUMB_DSP,
        text: (0..TEXT_BYTES).map(|i| i as u8).collect(),
        functions: vec![ADD, DIVIDE, INIT, MIX],
        functions_end: CODE_END,
        types: vec![
            ty(&[I32, I32], &[I32], entry),
            ty(&[], &[], entry),
            ty(&[I32], &[], 0),
            ty(&[I32, I64, F32, F64], &[F64, I64], entry),
            // The same as the first: one record serves both.
            ty(&[I32, I32], &[I32], entry),
        ],
        imports: vec![import("env", "log", 2), import("env", "sum", 0)],
        exports: vec![
            function("add", ADD, 0, 24),
            function("divide", DIVIDE, 4, 16),
            function("mix", MIX, 3, 40),
            function("deep", ADD, 0, 1 << 20),
            export(
                "table",
                ExportItem::Table {
                    number: 0,
                    element: FuncRef,
                    max: Some(6),
                },
            ),
            export("memory", ExportItem::Memory(None)),
            export(
                "counter",
                ExportItem::Global {
                    offset: GLOBALS,
                    indirect: false,
                    value_type: I32,
                    mutable: true,
                },
            ),
            export(
                "big",
                ExportItem::Global {
                    offset: GLOBALS + 4,
                    indirect: false,
                    value_type: I64,
                    mutable: false,
                },
            ),
            export(
                "handler",
                ExportItem::Global {
                    offset: GLOBALS + 12,
                    indirect: false,
                    value_type: FuncRef,
                    mutable: false,
                },
            ),
        ],
        globals_offset: GLOBALS,
        globals: vec![7, 0x89ab_cdef, 0x0123_4567, thumb(MIX)],
        funcref_globals: vec![GLOBALS + 12],
        tables: vec![
            Table {
                offset: TABLE_0,
                elements: 4,
                capacity: 6,
                record: 0,
            },
            Table {
                offset: TABLE_1,
                elements: 2,
                capacity: 2,
                record: 0,
            },
        ],
        elements: vec![
            Element {
                table: 0,
                start: 1,
                codes: vec![thumb(ADD), 0, thumb(DIVIDE)],
            },
            Element {
                table: 1,
                start: 0,
                codes: vec![thumb(INIT)],
            },
        ],
        data: vec![
            Data {
                offset: 16,
                bytes: b"hello".to_vec(),
            },
            Data {
                offset: PAGE - 3,
                bytes: b"end".to_vec(),
            },
        ],
        start: Some(Start {
            code: thumb(INIT),
            function_type: 1,
            stack_bytes: 8,
        }),
        memory: Some(Memory {
            min_bytes: PAGE,
            max_bytes: 4 * PAGE,
            page_size_log2: 16,
            fixed: false,
            imported: false,
        }),
        context_bytes: CONTEXT_BYTES,
        stack_bytes: 40,
        source_sha256: Some([0x5c; 32]),
        manifest: None,
        ..Parts::new(Architecture::Thumb)
    }
}

/// The sample with its sizes cut, for tests that run it a great many times.
pub(crate) fn small_parts() -> Parts {
    let mut parts = parts();
    parts.memory = Some(Memory {
        min_bytes: 32,
        max_bytes: 64,
        page_size_log2: 0,
        fixed: false,
        imported: false,
    });
    parts.data[1].offset = 29;
    parts
}

pub(crate) const HOST: [HostFunction<'static>; 3] = [
    HostFunction {
        module: "other",
        name: "log",
        params: &[],
        results: &[],
        address: 1,
    },
    HostFunction {
        module: "env",
        name: "sum",
        params: &[I32, I32],
        results: &[I32],
        address: 0x0800_0101,
    },
    HostFunction {
        module: "env",
        name: "log",
        params: &[I32],
        results: &[],
        address: 0x0800_0201,
    },
];

pub(crate) const BEHAVIOURS: [(u32, Behaviour); 4] = [
    (ADD, |_, args| {
        args[0] = args[0].wrapping_add(args[1]);
        0
    }),
    (DIVIDE, |core, args| match args[0].checked_div(args[1]) {
        Some(quotient) => {
            args[0] = quotient;
            0
        }
        None => {
            core.ram[CONTEXT_BYTES as usize] = 99;
            // The stub is the function's last instruction: the site is where the next one begins.
            core.trap(TrapCode::IntegerDivideByZero, INIT)
        }
    }),
    (INIT, |core, _| {
        let counter = core.word(GLOBALS);
        core.set_word(GLOBALS, counter + 1);
        0
    }),
    (MIX, |_, args| {
        assert_eq!(args[0], 1);
        assert_eq!(args[1..3], [0xffff_fffe, 0xffff_ffff]);
        assert_eq!(f32::from_bits(args[3]), 0.5);
        args.copy_within(4..6, 0);
        args[2..4].copy_from_slice(&[0, 1]);
        0
    }),
];
