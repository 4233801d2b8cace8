//! The guest apps are what their table says: with the operators that they are there for, of floats
//! only where they are about floats, and right according to a native run, to published test vectors
//! and to the interpreter.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_testbench::GuestMemory;
use wasm2mcu_testbench::oracle::{Call, Oracle, agree, oracle};
use wasm2mcu_testbench::spectest::{self, Printed};
use wasmparser::{Parser, Payload, TypeRef};

const LEVELS: [&str; 2] = ["O2", "Os"];

/// The apps that are about f32, and those about f64.
const FLOATS: [(&str, &[&str]); 2] = [
    (
        "F32",
        &["biquad", "fft", "fir_f32", "fusion", "matmul_f32", "servo"],
    ),
    ("F64", &["navigation"]),
];

/// The apps that call their host, with the number of calls in a round.
const CALLERS: [(&str, u32); 2] = [("fusion", 200), ("hostcall", 11)];

/// Operators beside those of numbers that an app may have.
const NO_NUMBERS: [&str; 19] = [
    "Block",
    "Br",
    "BrIf",
    "BrTable",
    "Call",
    "CallIndirect",
    "Drop",
    "Else",
    "End",
    "GlobalGet",
    "GlobalSet",
    "If",
    "LocalGet",
    "LocalSet",
    "LocalTee",
    "Loop",
    "Return",
    "Select",
    "Unreachable",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("apps")
}

fn wasm(app: &str, level: &str) -> Vec<u8> {
    let path = folder().join(format!("{app}.{level}.wasm"));
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `app, export, argument, result` of every line of expected.tsv.
fn expected() -> Vec<(String, String, u32, u32)> {
    let table = fs::read_to_string(folder().join("expected.tsv")).unwrap();
    table
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            let word = |field: &str| field.parse::<i32>().unwrap() as u32;
            let [app, export, argument, result] = fields[..] else {
                panic!("not four fields: {line}")
            };
            (app.into(), export.into(), word(argument), word(result))
        })
        .collect()
}

fn apps() -> Vec<String> {
    let mut apps: Vec<String> = expected().into_iter().map(|(app, ..)| app).collect();
    apps.dedup();
    apps
}

/// How often each operator stands in the module, by wasmparser's name.
fn census(wasm: &[u8]) -> BTreeMap<String, u32> {
    let mut census = BTreeMap::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Payload::CodeSectionEntry(body) = payload.unwrap() else {
            continue;
        };
        for operator in body.get_operators_reader().unwrap() {
            let text = format!("{:?}", operator.unwrap());
            let end = text.find([' ', '{']).unwrap_or(text.len());
            *census.entry(text[..end].to_owned()).or_insert(0) += 1;
        }
    }
    census
}

#[test]
fn every_source_has_its_modules() {
    let mut sources: Vec<String> = ["", "foreign"]
        .into_iter()
        .flat_map(|sub| fs::read_dir(folder().join(sub)).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".c").map(str::to_owned))
        .collect();
    sources.sort();
    assert_eq!(sources, apps());
}

#[test]
fn the_table_has_every_app_with_its_size() {
    let readme = fs::read_to_string(folder().join("README.md")).unwrap();
    for app in apps() {
        let [speed, size] = LEVELS.map(|level| wasm(&app, level).len());
        let row = readme
            .lines()
            .find(|line| line.starts_with(&format!("| `{app}` |")))
            .unwrap_or_else(|| panic!("README.md has no row of {app}"));
        assert!(
            row.ends_with(&format!("| {speed} | {size} |")),
            "README.md: {app} has {speed} and {size} bytes"
        );
    }
}

#[test]
fn operators_are_those_that_the_app_is_there_for() {
    let wanted: [(&str, &[&str]); 10] = [
        ("machine", &["BrTable", "CallIndirect"]),
        ("recursion", &["Call"]),
        ("json", &["BrTable"]),
        ("grow", &["MemoryGrow", "MemorySize"]),
        (
            "traps",
            &["I32DivS", "I32RemS", "CallIndirect", "Unreachable"],
        ),
        ("control", &["Select"]),
        ("zlib", &["BrTable", "CallIndirect"]),
        ("sieve", &["I32Store8"]),
        ("plc", &["BrTable"]),
        ("statistics", &["I64Mul", "I64DivU", "I64DivS"]),
    ];
    for app in apps() {
        for level in LEVELS {
            let census = census(&wasm(&app, level));
            for operator in census.keys() {
                let ours = match operator.as_str() {
                    "MemoryGrow" | "MemorySize" => app == "grow",
                    name if ["I32", "I64", "F32", "F64"].contains(&&name[..3.min(name.len())]) => {
                        FLOATS
                            .iter()
                            .all(|(ty, about)| !name.contains(ty) || about.contains(&app.as_str()))
                    }
                    name => NO_NUMBERS.contains(&name),
                };
                assert!(ours, "{app}.{level}: {operator}");
            }
            for (ty, about) in FLOATS {
                let some = census.keys().any(|name| name.starts_with(ty));
                assert_eq!(some, about.contains(&app.as_str()), "{app}.{level}: {ty}");
            }
            for (_, operators) in wanted.iter().filter(|(name, _)| *name == app) {
                for operator in *operators {
                    assert!(
                        census.contains_key(*operator),
                        "{app}.{level}: no {operator}"
                    );
                }
            }
        }
    }
}

#[test]
fn memories_are_small_and_imports_are_known() {
    for app in apps() {
        for level in LEVELS {
            for payload in Parser::new(0).parse_all(&wasm(&app, level)) {
                match payload.unwrap() {
                    Payload::MemorySection(memories) => {
                        for memory in memories {
                            let memory = memory.unwrap();
                            assert_eq!(memory.initial, 1, "{app}.{level}");
                            let pages = if app == "grow" { 3 } else { 1 };
                            assert_eq!(memory.maximum, Some(pages), "{app}.{level}");
                        }
                    }
                    Payload::ImportSection(imports) => {
                        for import in imports.into_imports() {
                            let import = import.unwrap();
                            assert!(CALLERS.iter().any(|(name, _)| *name == app), "{app}");
                            assert_eq!((import.module, import.name), ("spectest", "print_i32"));
                            assert!(matches!(import.ty, TypeRef::Func(_)));
                        }
                    }
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn the_interpreter_agrees_with_the_native_run() {
    for (app, export, argument, result) in expected() {
        for level in LEVELS {
            let printed = Printed::default();
            let imports = spectest::functions(&printed);
            let calls = [Call::new(&export, &[argument])];
            let ends = oracle(&wasm(&app, level), imports, &calls).unwrap();
            assert_eq!(
                ends,
                [Ok(vec![result])],
                "{app}.{level} {export}({argument})"
            );
            let calls = CALLERS.iter().find(|(name, _)| *name == app);
            let lines = calls.map_or(0, |(_, calls)| calls * argument);
            assert_eq!(printed.borrow().len() as u32, lines, "{app}.{level}");
        }
    }
}

/// An instance whose `buffer()` holds `bytes`, and the buffer's address.
fn filled(app: &str, level: &str, bytes: &[u8]) -> (Oracle<'static>, u32) {
    let mut oracle = Oracle::load(&wasm(app, level), vec![]).unwrap().unwrap();
    let address = oracle.invoke("buffer", &[]).unwrap().unwrap()[0];
    oracle.memory().write(address, bytes).unwrap();
    (oracle, address)
}

#[test]
fn published_test_vectors_hold() {
    for level in LEVELS {
        // The check value of CRC-32/ISO-HDLC.
        let (mut crc32, buffer) = filled("crc32", level, b"123456789");
        let end = crc32.invoke("crc32", &[buffer, 9]).unwrap();
        assert_eq!(end, Ok(vec![0xcbf4_3926]));

        // FIPS 180-4, "abc".
        let (mut sha256, buffer) = filled("sha256", level, b"abc");
        let out = buffer + 64;
        let end = sha256.invoke("sha256", &[out, buffer, 3]).unwrap();
        assert_eq!(end, Ok(vec![]));
        assert_eq!(
            hex(&sha256.memory().bytes(out, 32).unwrap()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );

        // FIPS 197, appendix C.1: key 00 01 …, plain text 00 11 ….
        let key = (0..16).collect::<Vec<u8>>();
        let block = (0..16).map(|i| i * 0x11).collect::<Vec<u8>>();
        let (mut aes128, buffer) = filled("aes128", level, &[key, block].concat());
        let block = buffer + 16;
        assert_eq!(aes128.invoke("expand_key", &[buffer]).unwrap(), Ok(vec![]));
        assert_eq!(aes128.invoke("encrypt", &[block]).unwrap(), Ok(vec![]));
        assert_eq!(
            hex(&aes128.memory().bytes(block, 16).unwrap()),
            "69c4e0d86a7b0430d8cdb78070b4c55a"
        );

        // Tokens are counted; an error is minus its offset, less one.
        for (text, ours) in [
            (&br#"{"a": [1, -2.5e3, true, null, "\u00e9"]}"#[..], 8),
            (b"[1, 2,, 3]", -7),
            (b"\"open", -6),
        ] {
            let (mut json, buffer) = filled("json", level, text);
            let end = json.invoke("tokenize", &[buffer, text.len() as u32]);
            assert_eq!(end.unwrap(), Ok(vec![ours as u32]));
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn mistakes_trap_as_they_should() {
    let cases: [(&str, &[u32], TrapCode); 9] = [
        ("divide", &[1, 0], TrapCode::IntegerDivideByZero),
        ("divide", &[1 << 31, u32::MAX], TrapCode::IntegerOverflow),
        ("modulo", &[1, 0], TrapCode::IntegerDivideByZero),
        ("peek", &[65533], TrapCode::MemoryOutOfBounds),
        ("poke", &[65536, 1], TrapCode::MemoryOutOfBounds),
        ("call", &[2, 5], TrapCode::IndirectCallTypeMismatch),
        ("call", &[0, 5], TrapCode::UninitializedElement),
        ("call", &[3, 5], TrapCode::UndefinedElement),
        ("stop", &[], TrapCode::Unreachable),
    ];
    for level in LEVELS {
        let mut app = Oracle::load(&wasm("traps", level), vec![])
            .unwrap()
            .unwrap();
        for (export, arguments, code) in cases {
            let end = app.invoke(export, arguments).unwrap();
            assert!(agree(&end, &Err(code)), "{level} {export}: {end:?}");
        }
        assert_eq!(
            app.invoke("modulo", &[1 << 31, u32::MAX]).unwrap(),
            Ok(vec![0])
        );
        assert_eq!(
            app.invoke("peek", &[65532])
                .unwrap()
                .map(|words| words.len()),
            Ok(1)
        );
        assert_eq!(app.invoke("call", &[1, 5]).unwrap(), Ok(vec![-5i32 as u32]));
        // The C stack of 4096 bytes lies at the bottom: a deep recursion runs out of memory.
        assert_eq!(app.invoke("recurse", &[10]).unwrap(), Ok(vec![5]));
        let end = app.invoke("recurse", &[100_000]).unwrap();
        assert!(end.is_err(), "{end:?}");
    }
}

#[test]
fn the_memory_grows_to_its_limit() {
    for level in LEVELS {
        let calls = [1, 1, 1, 0].map(|pages| Call::new("grow", &[pages]));
        let ends = oracle(&wasm("grow", level), vec![], &calls).unwrap();
        assert_eq!(ends, [1, 2, u32::MAX, 3].map(|old| Ok(vec![old])));
        // run(10) needs a second page.
        let mut app = Oracle::load(&wasm("grow", level), vec![]).unwrap().unwrap();
        assert!(app.invoke("run", &[10]).unwrap().is_ok());
        assert_eq!(app.memory().size(), 2 * 65536);
    }
}
