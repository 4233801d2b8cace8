//! One module on the board at every level, against the interpreter.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use wasm2mcu::{OptLevel, Options};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_testbench::oracle::{Call, End, Oracle, OracleError, agree};
use wasm2mcu_testbench::{Board, BoardError, GuestMemory, HostFunction, Instance, Limits};
use wasmparser::{ExternalKind, Parser, Payload, TypeRef, Validator};

/// Instructions of one call on the board.
const INSTRUCTIONS: u64 = 20_000_000;
const MEMORY_BYTES: u32 = 8 * 0x1_0000;

/// What a module turned out to be.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Equal in everything that a host can see.
    Agreed,
    /// The compiler says that it does not support the module.
    Refused(String),
    /// The comparison says nothing from some point on: the module ran too long, or out of a stack
    /// that is larger on one side.
    Undecided(&'static str),
    /// A difference, a fault or a panic.
    Finding(String),
}

/// The limits under which [`check`] compares.
pub(crate) fn prepare(board: &dyn Board) {
    board.set_limits(Limits {
        memory_bytes: MEMORY_BYTES,
        instructions: Some(INSTRUCTIONS),
        time: Duration::from_secs(60),
    });
}

/// What can be called and looked at from outside.
#[derive(Default)]
pub(crate) struct Surface {
    /// Exported functions and the number of their parameters.
    pub(crate) functions: Vec<(String, usize)>,
    globals: Vec<String>,
    /// Imported functions: module, name, parameters, results.
    imports: Vec<(String, String, usize, usize)>,
}

impl Surface {
    /// Of an i32-only module; the error is the validator's.
    pub(crate) fn of(wasm: &[u8]) -> Result<Self, String> {
        let types = Validator::new()
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
                                let params = ty.params().len();
                                surface.functions.push((export.name.into(), params));
                            }
                            ExternalKind::Global => surface.globals.push(export.name.into()),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(surface)
    }

    /// Host functions that note their arguments, return a word made of them, change the memory
    /// and sometimes trap.
    fn hosts<'a>(&self, trace: &'a RefCell<Vec<Vec<u32>>>) -> Vec<HostFunction<'a>> {
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

/// Compares one module, called this way.
pub(crate) fn check(board: &dyn Board, wasm: &[u8], calls: &[Call]) -> Verdict {
    let surface = match Surface::of(wasm) {
        Ok(surface) => surface,
        Err(error) => return Verdict::Finding(format!("the generated module is invalid: {error}")),
    };
    let mut weakest = Verdict::Agreed;
    for level in [OptLevel::None, OptLevel::Size, OptLevel::Speed] {
        let options = Options {
            level,
            verify: true,
            ..Options::default()
        };
        let compared = catch_unwind(AssertUnwindSafe(|| {
            compare(board, wasm, calls, &surface, &options)
        }));
        match compared {
            Ok(Verdict::Agreed) => {}
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

fn compare(
    board: &dyn Board,
    wasm: &[u8],
    calls: &[Call],
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
    let (ours, theirs) = (RefCell::default(), RefCell::default());
    let loaded = board.load(&image, surface.hosts(&ours));
    let oracle = Oracle::load(wasm, surface.hosts(&theirs));
    let (mut instance, mut oracle) = match (loaded, oracle) {
        (Ok(instance), Ok(Ok(oracle))) => (instance, oracle),
        (Err(BoardError::Trap(trap)), Ok(Err(code))) => {
            return if agree(&Err(trap.code), &Err(code)) || limited(trap.code, code) {
                Verdict::Agreed
            } else {
                Verdict::Finding(format!("start: {trap}, expected {code}"))
            };
        }
        (_, Err(OracleError::Endless)) => return Verdict::Undecided("endless"),
        (Err(BoardError::Trap(trap)), _) if trap.code == TrapCode::StackExhausted => {
            return Verdict::Undecided("stack");
        }
        (loaded, oracle) => {
            return Verdict::Finding(format!(
                "instantiation: {:?}, expected {:?}",
                loaded.map(|_| "an instance"),
                oracle.map(|oracle| oracle.map(|_| "an instance"))
            ));
        }
    };
    for call in calls {
        let expected = match oracle.invoke(&call.export, &call.arguments) {
            Ok(end) => end,
            Err(OracleError::Endless) => return Verdict::Undecided("endless"),
            Err(error) => return Verdict::Finding(format!("oracle: {error}")),
        };
        let found: End = match instance.invoke(&call.export, &call.arguments) {
            Ok(outcome) => outcome.end.map_err(|trap| trap.code),
            Err(BoardError::Runaway { .. }) => return Verdict::Undecided("endless"),
            Err(error) => return Verdict::Finding(format!("{call:x?}: {error}")),
        };
        let exhausted = Err(TrapCode::StackExhausted);
        if found != expected && (found == exhausted || expected == exhausted) {
            return Verdict::Undecided("stack");
        }
        if !agree(&found, &expected) {
            return Verdict::Finding(format!("{call:x?}: {found:x?}, expected {expected:x?}"));
        }
        if ours != theirs {
            return Verdict::Finding(format!(
                "{call:x?}: host calls {:x?}, expected {:x?}",
                ours.borrow().last(),
                theirs.borrow().last()
            ));
        }
        if let Some(text) = different_state(&mut *instance, &mut oracle, surface) {
            return Verdict::Finding(format!("{call:x?}: {text}"));
        }
        if found.is_err()
            && let Err(error) = instance.clear_trap()
        {
            return Verdict::Finding(format!("{call:x?}: clearing the trap: {error}"));
        }
    }
    Verdict::Agreed
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
