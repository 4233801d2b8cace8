//! Addresses and lengths that are not the module's: every function that takes any traps, before it does anything.
//!
//! ```text
//!   abi/FUNCTIONS.md: (…, data: i32, data-length: i32, result: i32)
//!        │ which parameters are ranges
//!        ▼
//!   a module with an export for each range and each way to leave the memory ─▶ nothing but traps
//! ```

use std::collections::BTreeSet;
use std::fmt::Write as _;

use wasm2mcu_host::abi::{FUNCTIONS, WASI};
use wasm2mcu_testbench::open;

use crate::firmware;
use crate::images::{board, image};
use crate::process;

const DESCRIPTION: &str = include_str!("../../../abi/FUNCTIONS.md");
const MEMORY: u64 = 0x1_0000;

/// A function with the names of its parameters.
pub(crate) struct Named {
    module: String,
    pub(crate) name: String,
    /// Each with its type.
    params: Vec<(String, &'static str)>,
    result: Option<&'static str>,
}

fn value_type(name: &str) -> &'static str {
    match name {
        "i32" => "i32",
        "i64" => "i64",
        _ => panic!("no parameter is a {name}"),
    }
}

/// The functions of the description, which are those of the table.
pub(crate) fn named() -> Vec<Named> {
    let mut module = String::new();
    let mut functions = Vec::new();
    for line in DESCRIPTION.lines() {
        if let Some(name) = line.strip_prefix("## `") {
            module = name.trim_end_matches('`').to_owned();
        }
        let Some((name, signature)) = line
            .strip_prefix("**`")
            .and_then(|line| line.split_once("`** `("))
        else {
            continue;
        };
        let (params, result) = signature.split_once(')').expect("a signature");
        let params = params
            .split(", ")
            .filter_map(|param| param.split_once(": "));
        let result = result.strip_prefix(" -> ").map(|result| &result[..3]);
        if FUNCTIONS
            .iter()
            .all(|known| (known.module, known.name) != (&*module, name))
        {
            assert_eq!(name, "on_event", "{module}");
            continue;
        }
        functions.push(Named {
            module: module.clone(),
            name: name.to_owned(),
            params: params
                .map(|(name, ty)| (name.to_owned(), value_type(ty)))
                .collect(),
            result: result.map(value_type),
        });
    }
    assert_eq!(functions.len(), FUNCTIONS.len());
    for (named, known) in functions.iter().zip(FUNCTIONS) {
        assert_eq!((&*named.module, &*named.name), (known.module, known.name));
        assert_eq!(named.params.len(), known.params.iter().count());
    }
    functions
}

/// A part of a call that names memory.
enum Place {
    /// Address and length, in items of so many bytes.
    Range { item: u64 },
    /// Address of so many bytes.
    Fixed { bytes: u64 },
}

impl Named {
    /// Which parameters name memory: the number of the address's.
    fn places(&self) -> Vec<(usize, Place)> {
        let mut places = Vec::new();
        for (index, (name, _)) in self.params.iter().enumerate() {
            let length = format!("{name}-length");
            let next = self.params.get(index + 1);
            if next.is_some_and(|(next, _)| *next == length) {
                let item = if name == "segments" { 12 } else { 1 };
                places.push((index, Place::Range { item }));
            } else if name == "result" {
                let bytes = match (&*self.module, &*self.name) {
                    ("wasm2mcu:adc/adc", _) => 4,
                    ("wasm2mcu:sensor/sensor", _) => 16,
                    ("wasm2mcu:events/events", _) => 24,
                    (module, name) => panic!("how large is the result of {module} {name}?"),
                };
                places.push((index, Place::Fixed { bytes }));
            }
        }
        places
    }

    /// Arguments that are in order: a resource that is there, ranges next to each other.
    fn arguments(&self) -> Vec<u64> {
        let mut address = 64;
        let values = self.params.iter().map(|(name, _)| match &**name {
            "address" => 0x48,
            "mode" | "level" => 0,
            "bus" | "pin" | "key" | "data" | "buffer" | "value" | "segments" | "context"
            | "message" | "result"
                if name != "bus" && name != "pin" =>
            {
                address += 64;
                address
            }
            "bus" | "pin" => 1,
            "timeout" => 0,
            name if name.ends_with("-length") => 1,
            _ => 0,
        });
        values.collect()
    }
}

/// Addresses and lengths that leave the memory.
fn ranges(item: u64) -> Vec<(u64, u64)> {
    let wrapping = (1_u64 << 32) / item;
    let ranges = [
        (0xffff_ffff, 1),
        (MEMORY, 1),
        (MEMORY - 1, 2),
        (MEMORY - item + 1, 1),
        (0, MEMORY / item + 1),
        (1, 0xffff_ffff),
        (0x8000_0000, 0x8000_0000),
        (MEMORY + 1, 0),
        (0xffff_ffff, 0),
        // Fewer bytes than it seems, if multiplied in 32 bits.
        (0, wrapping.min(0xffff_ffff)),
        (0, (wrapping + 1).min(0xffff_ffff)),
    ];
    // For items of a byte, some are the same.
    BTreeSet::from(ranges).into_iter().collect()
}

/// WASI functions with parameters that are in order, and those of them that are addresses.
const WASI_FUNCTIONS: [(&str, &str, &[u64], &[usize]); 13] = [
    ("args_get", "ii", &[256, 512], &[0, 1]),
    ("args_sizes_get", "ii", &[256, 512], &[0, 1]),
    ("environ_get", "ii", &[256, 512], &[0, 1]),
    ("environ_sizes_get", "ii", &[256, 512], &[0, 1]),
    ("clock_res_get", "ii", &[1, 256], &[1]),
    ("clock_time_get", "ili", &[1, 0, 256], &[2]),
    ("fd_fdstat_get", "ii", &[1, 256], &[1]),
    ("fd_read", "iiii", &[0, 256, 1, 512], &[1, 3]),
    ("fd_write", "iiii", &[1, 256, 1, 512], &[1, 3]),
    ("fd_write", "iiii", &[1, 256, 0x2000_0001, 512], &[1]),
    ("poll_oneoff", "iiii", &[256, 512, 1, 1024], &[0, 1, 3]),
    (
        "poll_oneoff",
        "iiii",
        &[256, 512, 0x0800_0001, 1024],
        &[0, 1],
    ),
    ("random_get", "ii", &[256, 2], &[0]),
];

/// A module under construction.
#[derive(Default)]
struct Module {
    imports: String,
    exports: String,
    functions: usize,
}

impl Module {
    fn import(&mut self, module: &str, name: &str, params: &[&str], result: Option<&str>) {
        let params = params.join(" ");
        let result = result.map_or(String::new(), |ty| format!("(result {ty})"));
        let number = self.functions;
        self.functions += 1;
        writeln!(
            self.imports,
            "(import \"{module}\" \"{name}\" (func $f{number} (param {params}) {result}))"
        )
        .unwrap();
    }

    /// An export that calls the function imported last.
    fn export(&mut self, what: &str, types: &[&str], arguments: &[u64], result: Option<&str>) {
        let arguments: Vec<_> = types
            .iter()
            .zip(arguments)
            .map(|(ty, value)| format!("({ty}.const {value})"))
            .collect();
        let call = format!("(call $f{} {})", self.functions - 1, arguments.join(" "));
        let call = match result {
            Some(_) => format!("(drop {call})"),
            None => call,
        };
        let name = what.escape_debug();
        writeln!(self.exports, "(func (export \"{name}\") {call})").unwrap();
    }

    fn text(&self) -> String {
        let manifest: String = [
            "i2c 1 0x48",
            "spi 0",
            "uart 0",
            "adc 0",
            "sensor 0",
            "keyvalue 64",
        ]
        .map(|line| format!("\"{line}\\n\" "))
        .concat();
        format!(
            "(module {}(memory 1){}(@custom \"wasm2mcu.manifest\" {manifest}))",
            self.imports, self.exports
        )
    }
}

fn module() -> Module {
    let mut module = Module::default();
    for function in named() {
        let places = function.places();
        if places.is_empty() {
            continue;
        }
        let types: Vec<_> = function.params.iter().map(|(_, ty)| *ty).collect();
        module.import(&function.module, &function.name, &types, function.result);
        for (index, place) in places {
            let wild = match place {
                Place::Range { item } => ranges(item),
                Place::Fixed { bytes } => [MEMORY - bytes + 1, MEMORY, MEMORY - 1, 0xffff_ffff]
                    .map(|address| (address, 0))
                    .to_vec(),
            };
            for (address, length) in wild {
                let mut arguments = function.arguments();
                arguments[index] = address;
                let mut what = format!(
                    "{} {} {} {address:#x}",
                    function.module, function.name, function.params[index].0
                );
                if let Place::Range { .. } = place {
                    arguments[index + 1] = length;
                    write!(what, " {length:#x}").unwrap();
                }
                module.export(&what, &types, &arguments, function.result);
                // Whatever else is wrong.
                if function.params[0].0 != "key" && index > 0 {
                    arguments[0] = 0x1_2345;
                    module.export(
                        &format!("{what}, refused"),
                        &types,
                        &arguments,
                        function.result,
                    );
                }
            }
        }
    }
    for (name, types, arguments, addresses) in WASI_FUNCTIONS {
        let types: Vec<_> = types
            .chars()
            .map(|ty| if ty == 'l' { "i64" } else { "i32" })
            .collect();
        module.import(WASI, name, &types, Some("i32"));
        for &index in addresses {
            for address in [MEMORY - 1, MEMORY, MEMORY + 1, 0x8000_0000, 0xffff_ffff] {
                let mut wild = arguments.to_vec();
                wild[index] = address;
                let what = format!("{name} {wild:x?}");
                module.export(&what, &types, &wild, Some("i32"));
            }
        }
    }
    module
}

/// That the lines are nothing but traps, as many as there are exports.
fn traps(lines: &str, module: &Module) {
    let mut count = 0;
    for line in lines.lines() {
        // What comes from outside at the beginning.
        if line.ends_with("temperature is 20.000 °C") {
            continue;
        }
        assert!(
            line.ends_with(" traps: out of bounds memory access"),
            "{line}"
        );
        count += 1;
    }
    assert_eq!(count, module.exports.lines().count());
}

#[test]
fn ranges_beyond_the_memory_trap_on_emulated_cores() {
    let module = module();
    for name in ["m33", "rv32"] {
        let open = open(name).expect("an emulated board");
        traps(
            &process::lines(&*open, &image(board(name), module.text().as_bytes())),
            &module,
        );
    }
}

#[test]
fn ranges_beyond_the_memory_trap_on_devices() {
    let module = module();
    let modules = [(String::from("wild"), module.text().into_bytes())];
    for core in [firmware::M33, firmware::RV32] {
        traps(&firmware::lines(&core, &modules)["wild"], &module);
    }
}

/// Ranges are told by the names of parameters: that names change would otherwise not be seen.
#[test]
fn every_function_with_a_range_is_among_them() {
    let with_ranges = named()
        .iter()
        .filter(|named| !named.places().is_empty())
        .count();
    assert_eq!(with_ranges, 21);
}
