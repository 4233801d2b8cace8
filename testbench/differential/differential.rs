//! One module on the board at every level, against the interpreter.

use std::panic::{AssertUnwindSafe, catch_unwind};

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_testbench::oracle::{Call, End, Oracle, OracleError, agree};
use wasm2mcu_testbench::spectest::Printed;
use wasm2mcu_testbench::{Board, BoardError, GuestMemory, HostFunction, Instance};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures};

/// What a module turned out to be.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Equal in everything that a host can see; how the calls of each run ended.
    Agreed(Vec<Vec<End>>),
    /// The compiler says that it does not support the module.
    Refused(String),
    /// The comparison says nothing from some point on: the module ran too long, or out of a stack
    /// that is larger on one side.
    Undecided(&'static str),
    /// A difference, a fault or a panic.
    Finding(String),
}

/// What a module finds behind its imports; every call is noted in the trace.
pub(crate) type Hosts = for<'a> fn(&Surface, &'a Printed) -> Vec<HostFunction<'a>>;

/// What can be called and looked at from outside.
#[derive(Default)]
pub(crate) struct Surface {
    /// Exported functions and the words of their parameters; not those of references, which have no
    /// form outside that two engines share.
    pub(crate) functions: Vec<(String, usize)>,
    globals: Vec<String>,
    /// Imported functions of i32: module, name, parameters, results.
    imports: Vec<(String, String, usize, usize)>,
}

impl Surface {
    /// Of a valid module; the error is the validator's.
    pub(crate) fn of(wasm: &[u8]) -> Result<Self, String> {
        let features = WasmFeatures::default() | WasmFeatures::CUSTOM_PAGE_SIZES;
        let types = Validator::new_with_features(features)
            .validate_all(wasm)
            .map_err(|error| error.to_string())?;
        let types = types.as_ref();
        let signature = |index: u32| {
            let function = types[types.core_type_at_in_module(index)].unwrap_func();
            (function.params().len(), function.results().len())
        };
        let mut surface = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(|error| error.to_string())? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let import = import.map_err(|error| error.to_string())?;
                        if let TypeRef::Func(ty) = import.ty {
                            let (params, results) = signature(ty);
                            surface.imports.push((
                                import.module.into(),
                                import.name.into(),
                                params,
                                results,
                            ));
                        }
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export.map_err(|error| error.to_string())?;
                        match export.kind {
                            ExternalKind::Func => {
                                let ty = types[types.core_function_at(export.index)].unwrap_func();
                                let values = [ty.params(), ty.results()].concat();
                                if values.iter().any(ValType::is_reference_type) {
                                    continue;
                                }
                                let words = ty.params().iter().map(|param| match param {
                                    ValType::I64 | ValType::F64 => 2,
                                    _ => 1,
                                });
                                surface.functions.push((export.name.into(), words.sum()));
                            }
                            ExternalKind::Global
                                if !types
                                    .global_at(export.index)
                                    .content_type
                                    .is_reference_type() =>
                            {
                                surface.globals.push(export.name.into());
                            }
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(surface)
    }

    /// A function for every import, whatever its name: it returns a word made of its arguments,
    /// changes the memory and sometimes traps.
    pub(crate) fn any_hosts<'a>(&self, trace: &'a Printed) -> Vec<HostFunction<'a>> {
        let imports = self.imports.iter();
        imports
            .map(|(module, name, params, results)| {
                let params = vec![ValueType::I32; *params];
                let words = *results;
                let results = vec![ValueType::I32; words];
                HostFunction::new(module, name, &params, &results, move |memory, arguments| {
                    trace.borrow_mut().push(arguments.to_vec());
                    let hash = arguments.iter().fold(17, |hash: u32, word| {
                        (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9)
                    });
                    if hash.is_multiple_of(61) {
                        return Err(TrapCode::Host);
                    }
                    if memory.size() > 0 {
                        memory.write(hash % 256, &hash.to_le_bytes())?;
                    }
                    Ok(vec![hash; words])
                })
            })
            .collect()
    }
}

/// The levels at which a module is compared.
pub(crate) const LEVELS: [OptLevel; 3] = [OptLevel::None, OptLevel::Size, OptLevel::Speed];

/// Compares one module, called this way: every run is a list of calls of a fresh instance.
pub(crate) fn check(board: &dyn Board, wasm: &[u8], hosts: Hosts, runs: &[Vec<Call>]) -> Verdict {
    let surface = match Surface::of(wasm) {
        Ok(surface) => surface,
        Err(error) => return Verdict::Finding(format!("the generated module is invalid: {error}")),
    };
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    let mut weakest = Verdict::Agreed(Vec::new());
    for level in LEVELS {
        let options = Options {
            target: target.with_features(info.features),
            level,
            verify: true,
            // Nobody interrupts; the checks of half of the modules must change nothing.
            interruptible: wasm.len() % 2 == 1,
            ..Options::default()
        };
        let compared = catch_unwind(AssertUnwindSafe(|| {
            compare_all(board, wasm, hosts, runs, &surface, &options)
        }));
        match compared {
            Ok(agreed @ Verdict::Agreed(_)) => {
                if let Verdict::Agreed(_) = weakest {
                    weakest = agreed;
                }
            }
            Ok(Verdict::Finding(text)) => return Verdict::Finding(format!("{level:?}: {text}")),
            Ok(other) => weakest = other,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied());
                return Verdict::Finding(format!("{level:?}: panic: {}", text.unwrap_or("?")));
            }
        }
    }
    weakest
}

fn compare_all(
    board: &dyn Board,
    wasm: &[u8],
    hosts: Hosts,
    runs: &[Vec<Call>],
    surface: &Surface,
    options: &Options,
) -> Verdict {
    let compiled = match wasm2mcu::compile(wasm, options) {
        Ok(compiled) => compiled,
        Err(error @ wasm2mcu::Error::Unsupported { .. }) => {
            return Verdict::Refused(error.to_string());
        }
        Err(error) => return Verdict::Finding(format!("compile: {error}")),
    };
    let image = match compiled.image() {
        Ok(image) => image,
        Err(error) => return Verdict::Finding(format!("image: {error}")),
    };
    let mut ends = Vec::new();
    for calls in runs {
        match compare(board, wasm, &image, hosts, calls, surface) {
            Ok(end) => ends.push(end),
            Err(other) => return other,
        }
    }
    Verdict::Agreed(ends)
}

/// One run of the image and of the interpreter.
fn compare(
    board: &dyn Board,
    wasm: &[u8],
    image: &[u8],
    hosts: Hosts,
    calls: &[Call],
    surface: &Surface,
) -> Result<Vec<End>, Verdict> {
    let (ours, theirs) = (Printed::default(), Printed::default());
    let loaded = board.load(image, hosts(surface, &ours));
    let oracle = Oracle::load(wasm, hosts(surface, &theirs));
    let (mut instance, mut oracle) = match (loaded, oracle) {
        (Ok(instance), Ok(Ok(oracle))) => (instance, oracle),
        (Err(BoardError::Trap(trap)), Ok(Err(code))) => {
            let agreed = agree(&Err(trap.code), &Err(code)) || limited(trap.code, code);
            return if agreed {
                Ok(vec![Err(code)])
            } else {
                Err(Verdict::Finding(format!("start: {trap}, expected {code}")))
            };
        }
        (_, Err(OracleError::Endless)) => return Err(Verdict::Undecided("endless")),
        (Err(BoardError::Trap(trap)), _) if trap.code == TrapCode::StackExhausted => {
            return Err(Verdict::Undecided("stack"));
        }
        (loaded, oracle) => {
            return Err(Verdict::Finding(format!(
                "instantiation: {:?}, expected {:?}",
                loaded.map(|_| "an instance"),
                oracle.map(|oracle| oracle.map(|_| "an instance"))
            )));
        }
    };
    let mut ends = Vec::new();
    for call in calls {
        let expected = match oracle.invoke(&call.export, &call.arguments) {
            Ok(end) => end,
            Err(OracleError::Endless) => return Err(Verdict::Undecided("endless")),
            Err(error) => return Err(Verdict::Finding(format!("oracle: {error}"))),
        };
        let found: End = match instance.invoke(&call.export, &call.arguments) {
            Ok(outcome) => outcome.end.map_err(|trap| trap.code),
            Err(BoardError::Runaway { .. }) => return Err(Verdict::Undecided("endless")),
            Err(error) => return Err(Verdict::Finding(format!("{call:x?}: {error}"))),
        };
        let exhausted = Err(TrapCode::StackExhausted);
        if found != expected && (found == exhausted || expected == exhausted) {
            return Err(Verdict::Undecided("stack"));
        }
        if !agree(&found, &expected) {
            return Err(Verdict::Finding(format!(
                "{call:x?}: {found:x?}, expected {expected:x?}"
            )));
        }
        if ours != theirs {
            return Err(Verdict::Finding(format!(
                "{call:x?}: host calls {:x?}, expected {:x?}",
                ours.borrow().last(),
                theirs.borrow().last()
            )));
        }
        if let Some(text) = different_state(&mut *instance, &mut oracle, surface) {
            return Err(Verdict::Finding(format!("{call:x?}: {text}")));
        }
        if found.is_err()
            && let Err(error) = instance.clear_trap()
        {
            return Err(Verdict::Finding(format!(
                "{call:x?}: clearing the trap: {error}"
            )));
        }
        ends.push(expected);
    }
    Ok(ends)
}

fn limited(one: TrapCode, other: TrapCode) -> bool {
    one == TrapCode::StackExhausted || other == TrapCode::StackExhausted
}

/// What is not the same in memory and globals.
fn different_state(
    instance: &mut dyn Instance,
    oracle: &mut Oracle<'_>,
    surface: &Surface,
) -> Option<String> {
    for global in &surface.globals {
        let found = instance.global(global).map_err(|error| error.to_string());
        let expected = oracle.global(global).map_err(|error| error.to_string());
        if found != expected {
            return Some(format!(
                "global {global}: {found:x?}, expected {expected:x?}"
            ));
        }
    }
    let (found, mut expected) = (instance.memory(), oracle.memory());
    let (size, expected_size) = (found.size(), expected.size());
    if size != expected_size {
        return Some(format!("memory of {size} bytes, expected {expected_size}"));
    }
    let found = found.bytes(0, size).ok()?;
    let expected = expected.bytes(0, size).ok()?;
    let at = found.iter().zip(&expected).position(|(a, b)| a != b)?;
    Some(format!(
        "memory at {at:#x}: {:x?}, expected {:x?}",
        &found[at..found.len().min(at + 8)],
        &expected[at..expected.len().min(at + 8)]
    ))
}
