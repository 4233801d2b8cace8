//! Each function of the ABI and of the WASI subset has a module that calls it; `README.md` is the table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use wasm2mcu_host::abi::{FUNCTIONS, WASI};
use wasmparser::{ExternalKind, Operator, Parser, Payload, TypeRef};

use crate::images::{self, folder};

/// The functions of WASI that hosts have.
const WASI_FUNCTIONS: [&str; 16] = [
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_close",
    "fd_fdstat_get",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_read",
    "fd_write",
    "poll_oneoff",
    "proc_exit",
    "random_get",
    "sched_yield",
];

const HEAD: &str = "\
# Calls of the hardware ABI and their tests

Each call is made by modules of `modules/`, from exports that the tests call on the emulated Cortex-M33 and RV32, on QEMU's with
forwarded host functions, and on QEMU's with the host functions of `wasm2mcu-host` on the core (`hosts/hardware`). All have the lines of
`expected/`. `wild.rs` calls all that take addresses with those that are not the module's, and `random.rs` all of them with random
words. `programs/` has ordinary programs for WASI, in Rust (`wasm32-wasip1`) and in C (wasi-libc). Written by the test (`BLESS=1`).

| call | module: exports that make it |
|---|---|
";

/// Which exports call which imports, by name.
fn calls(name: &str, wat: &[u8], calls: &mut BTreeMap<(String, String), BTreeMap<String, usize>>) {
    let wasm = wat::parse_bytes(wat).expect("a module");
    let mut imports = Vec::new();
    let mut exported = Vec::new();
    let mut function = 0;
    for payload in Parser::new(0).parse_all(&wasm) {
        match payload.expect("a module") {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.expect("an import");
                    assert!(matches!(import.ty, TypeRef::Func(_)));
                    imports.push((import.module.to_owned(), import.name.to_owned()));
                }
            }
            Payload::ExportSection(section) => {
                let exports = section.into_iter().map(|export| export.expect("an export"));
                let functions = exports.filter(|export| export.kind == ExternalKind::Func);
                exported.extend(functions.map(|export| export.index as usize));
            }
            Payload::CodeSectionEntry(body) => {
                let number = imports.len() + function;
                function += 1;
                if !exported.contains(&number) {
                    continue;
                }
                let operators = body.get_operators_reader().expect("code");
                let mut called: Vec<_> = operators
                    .into_iter()
                    .filter_map(|operator| match operator.expect("code") {
                        Operator::Call { function_index } => imports.get(function_index as usize),
                        _ => None,
                    })
                    .collect();
                called.dedup();
                for import in called {
                    let modules = calls.entry(import.clone()).or_default();
                    *modules.entry(name.to_owned()).or_default() += 1;
                }
            }
            _ => {}
        }
    }
}

#[test]
fn every_function_is_called() {
    let mut called = BTreeMap::new();
    for (name, wat) in images::calls() {
        calls(&name, &wat, &mut called);
    }
    let mut table = HEAD.to_owned();
    let wasi = WASI_FUNCTIONS.map(|name| (WASI, name));
    let functions = FUNCTIONS.iter().map(|known| (known.module, known.name));
    for (module, name) in functions.chain(wasi) {
        let tests = called.get(&(module.to_owned(), name.to_owned()));
        let tests = tests.unwrap_or_else(|| panic!("no module calls {module} {name}"));
        let tests: Vec<_> = tests
            .iter()
            .map(|(name, count)| format!("`{name}`: {count}"))
            .collect();
        writeln!(table, "| `{module}` `{name}` | {} |", tests.join(", ")).unwrap();
    }
    let handler = "| `wasm2mcu:events/handler` `on_event` | `handler`, called by the host |\n";
    table.push_str(handler);
    let path = folder().join("README.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &table).expect("a writable folder");
    }
    assert_eq!(fs::read_to_string(&path).expect("the table"), table);
}
