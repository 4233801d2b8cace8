//! The oracle: what a module should do, according to an interpreter.
//!
//! [`Oracle`] has the form of [`Instance`](crate::Instance) on a board, and takes the same host
//! functions, so that a test runs the wasm here, its image on a board, and compares with
//! [`agree`]. The interpreter is wasmi, which shares no line with the compiler but the parser's
//! authors.

use std::fmt;

use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;
use wasmi::errors::{ErrorKind, InstantiationError};
use wasmi::{
    AsContextMut, Caller, Config, Engine, Error, Extern, ExternType, F32, F64, FuncType, Linker,
    Module, Store, Val, ValType,
};

use crate::host::{GuestMemory, HostFunction};

/// Result words, i64 and f64 low word first, or the trap.
pub type End = Result<Vec<u32>, TrapCode>;

/// Fuel of one instance, about one unit per operator: enough for every test that ends.
const FUEL: u64 = 2_000_000_000;

/// A call to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Name of the exported function.
    pub export: String,
    /// Words of its parameters.
    pub arguments: Vec<u32>,
}

impl Call {
    /// The call of `export` with these words.
    pub fn new(export: &str, arguments: &[u32]) -> Self {
        Self {
            export: export.to_owned(),
            arguments: arguments.to_vec(),
        }
    }
}

/// Why the oracle has no answer.
#[derive(Debug, thiserror::Error)]
pub enum OracleError {
    /// The module is not valid, or imports what was not given.
    #[error("the oracle refuses the module: {0}")]
    Refused(String),
    /// There is no such export.
    #[error("the module exports no {kind} {name:?}")]
    NoExport {
        /// What was looked for: function, global.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// The number of argument words does not fit the function.
    #[error("{name:?} takes {expected} argument words, got {found}")]
    Arguments {
        /// The function.
        name: String,
        /// Words that its parameters take.
        expected: u32,
        /// Words that were given.
        found: usize,
    },
    /// A type that has no words that could be compared.
    #[error("values of type {0:?} cannot be compared as words")]
    Type(ValType),
    /// The module ran for longer than any test should.
    #[error("the module was stopped after {FUEL} units of fuel")]
    Endless,
    /// An error that WebAssembly does not know.
    #[error("the oracle failed: {0}")]
    Failed(String),
}

/// Makes `calls` on a fresh instance; a trap, also one of the instantiation, ends the list.
///
/// # Errors
///
/// As [`Oracle::load`] and [`Oracle::invoke`].
pub fn oracle(
    wasm: &[u8],
    imports: Vec<HostFunction<'_>>,
    calls: &[Call],
) -> Result<Vec<End>, OracleError> {
    let mut oracle = match Oracle::load(wasm, imports)? {
        Ok(oracle) => oracle,
        Err(trap) => return Ok(vec![Err(trap)]),
    };
    let mut ends = Vec::new();
    for call in calls {
        let end = oracle.invoke(&call.export, &call.arguments)?;
        let trapped = end.is_err();
        ends.push(end);
        if trapped {
            break;
        }
    }
    Ok(ends)
}

/// Whether two ends of the same call are the same.
///
/// An index beyond the table in `call_indirect` and in the table operators is one trap to wasmi,
/// [`TrapCode::TableOutOfBounds`], and two to us; they count as the same here.
pub fn agree(one: &End, other: &End) -> bool {
    let same_to_wasmi = |code: TrapCode| match code {
        TrapCode::UndefinedElement => TrapCode::TableOutOfBounds,
        other => other,
    };
    match (one, other) {
        (Ok(one), Ok(other)) => one == other,
        (Err(one), Err(other)) => same_to_wasmi(*one) == same_to_wasmi(*other),
        _ => false,
    }
}

/// An instance under the interpreter.
pub struct Oracle<'a> {
    store: Store<State<'a>>,
    instance: wasmi::Instance,
}

impl fmt::Debug for Oracle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oracle")
            .field("imports", &self.store.data().functions)
            .finish_non_exhaustive()
    }
}

/// What host functions need.
struct State<'a> {
    functions: Vec<HostFunction<'a>>,
    /// Name under which memory 0 is exported: wasmi shows a host no other.
    memory: Option<String>,
}

impl<'a> Oracle<'a> {
    /// Validates and instantiates a module; the inner error is a trap of its instantiation.
    ///
    /// # Errors
    ///
    /// [`OracleError::Refused`] if it is not valid or an import is missing;
    /// [`OracleError::Endless`] if its start function does not end.
    pub fn load(
        wasm: &[u8],
        imports: Vec<HostFunction<'a>>,
    ) -> Result<Result<Self, TrapCode>, OracleError> {
        let refused = |error: &dyn fmt::Display| OracleError::Refused(error.to_string());
        let mut config = Config::default();
        config.consume_fuel(true).wasm_custom_page_sizes(true);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm).map_err(|error| refused(&error))?;

        let memory = module
            .exports()
            .find(|export| matches!(export.ty(), ExternType::Memory(_)));
        let mut linker = Linker::new(&engine);
        for (index, function) in imports.iter().enumerate() {
            let params = function.params.iter().copied().map(val_type);
            let results = function.results.iter().copied().map(val_type);
            let code = move |caller: Caller<'_, State<'a>>, params: &[Val], results: &mut [Val]| {
                call_host(caller, index, params, results)
            };
            linker
                .func_new(
                    &function.module,
                    &function.name,
                    FuncType::new(params, results),
                    code,
                )
                .map_err(|error| refused(&error))?;
        }
        let state = State {
            memory: memory.map(|export| export.name().to_owned()),
            functions: imports,
        };
        let mut store = Store::new(&engine, state);
        let fuel = store.set_fuel(FUEL);
        debug_assert!(fuel.is_ok(), "fuel is configured");
        match linker.instantiate_and_start(&mut store, &module) {
            Ok(instance) => Ok(Ok(Self { store, instance })),
            Err(error) => match trap(&error) {
                Ok(code) => Ok(Err(code)),
                Err(OracleError::Failed(text)) => Err(OracleError::Refused(text)),
                Err(other) => Err(other),
            },
        }
    }

    /// Calls an exported function. Other than on a board, it may be called again after a trap.
    ///
    /// # Errors
    ///
    /// [`OracleError::NoExport`], [`OracleError::Arguments`], [`OracleError::Type`],
    /// [`OracleError::Endless`].
    pub fn invoke(&mut self, export: &str, arguments: &[u32]) -> Result<End, OracleError> {
        let function =
            self.instance
                .get_func(&self.store, export)
                .ok_or_else(|| OracleError::NoExport {
                    kind: "function",
                    name: export.to_owned(),
                })?;
        let signature = function.ty(&self.store);
        let inputs = values(signature.params(), arguments)?.ok_or_else(|| {
            let words = signature.params().iter().map(|param| words(*param));
            OracleError::Arguments {
                name: export.to_owned(),
                expected: words.sum(),
                found: arguments.len(),
            }
        })?;
        let mut outputs: Vec<Val> = signature
            .results()
            .iter()
            .copied()
            .map(Val::default)
            .collect();
        match function.call(&mut self.store, &inputs, &mut outputs) {
            Ok(()) => Ok(Ok(to_words(&outputs)?)),
            Err(error) => trap(&error).map(Err),
        }
    }

    /// Memory 0, between calls; of size 0 if the module exports none.
    pub fn memory(&mut self) -> impl GuestMemory {
        let name = self.store.data().memory.as_deref();
        let memory = name.and_then(|name| self.instance.get_memory(&self.store, name));
        Bytes(memory.map_or(&mut [][..], |memory| {
            memory.data_mut(self.store.as_context_mut())
        }))
    }

    /// The words of an exported global.
    ///
    /// # Errors
    ///
    /// [`OracleError::NoExport`], [`OracleError::Type`].
    pub fn global(&self, export: &str) -> Result<Vec<u32>, OracleError> {
        let global = self
            .instance
            .get_global(&self.store, export)
            .ok_or_else(|| OracleError::NoExport {
                kind: "global",
                name: export.to_owned(),
            })?;
        to_words(&[global.get(&self.store)])
    }
}

/// The trap that an error stands for.
fn trap(error: &Error) -> Result<TrapCode, OracleError> {
    if let Some(HostTrap(code)) = error.downcast_ref::<HostTrap>() {
        return Ok(*code);
    }
    match error.as_trap_code() {
        Some(wasmi::TrapCode::OutOfFuel) => Err(OracleError::Endless),
        Some(code) => our_code(code).ok_or_else(|| OracleError::Failed(code.trap_message().into())),
        None => match error.kind() {
            ErrorKind::Instantiation(InstantiationError::ElementSegmentDoesNotFit { .. }) => {
                Ok(TrapCode::TableOutOfBounds)
            }
            _ => Err(OracleError::Failed(error.to_string())),
        },
    }
}

fn our_code(code: wasmi::TrapCode) -> Option<TrapCode> {
    use wasmi::TrapCode as Wasmi;
    Some(match code {
        Wasmi::UnreachableCodeReached => TrapCode::Unreachable,
        Wasmi::MemoryOutOfBounds => TrapCode::MemoryOutOfBounds,
        Wasmi::TableOutOfBounds => TrapCode::TableOutOfBounds,
        Wasmi::IndirectCallToNull => TrapCode::UninitializedElement,
        Wasmi::BadSignature => TrapCode::IndirectCallTypeMismatch,
        Wasmi::IntegerDivisionByZero => TrapCode::IntegerDivideByZero,
        Wasmi::IntegerOverflow => TrapCode::IntegerOverflow,
        Wasmi::BadConversionToInteger => TrapCode::InvalidConversionToInteger,
        Wasmi::StackOverflow => TrapCode::StackExhausted,
        _ => return None,
    })
}

/// A host function's `Err`, on its way through the interpreter.
#[derive(Debug)]
struct HostTrap(TrapCode);

impl fmt::Display for HostTrap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl wasmi::errors::HostError for HostTrap {}

/// Calls host function `index`.
fn call_host(
    mut caller: Caller<'_, State<'_>>,
    index: usize,
    params: &[Val],
    results: &mut [Val],
) -> Result<(), Error> {
    let failed = |error: OracleError| Error::new(error.to_string());
    let arguments = to_words(params).map_err(failed)?;
    let memory = caller.data().memory.clone();
    let memory = memory
        .and_then(|name| caller.get_export(&name))
        .and_then(Extern::into_memory);
    let (bytes, state) = match memory {
        Some(memory) => memory.data_and_store_mut(caller.as_context_mut()),
        None => (&mut [][..], caller.data_mut()),
    };
    let function = &state.functions[index];
    let words = (function.code.borrow_mut())(&mut Bytes(bytes), &arguments)
        .map_err(|code| Error::host(HostTrap(code)))?;
    let types: Vec<ValType> = function.results.iter().copied().map(val_type).collect();
    let values = values(&types, &words)
        .map_err(failed)?
        .ok_or_else(|| Error::new(format!("{function:?} returned {} words", words.len())))?;
    results.clone_from_slice(&values);
    Ok(())
}

/// Linear memory of an instance, borrowed for a host call.
struct Bytes<'a>(&'a mut [u8]);

impl Bytes<'_> {
    fn range(&mut self, address: u32, length: usize) -> Result<&mut [u8], TrapCode> {
        let start = address as usize;
        let end = start
            .checked_add(length)
            .ok_or(TrapCode::MemoryOutOfBounds)?;
        self.0
            .get_mut(start..end)
            .ok_or(TrapCode::MemoryOutOfBounds)
    }
}

impl GuestMemory for Bytes<'_> {
    fn size(&mut self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    fn read(&mut self, address: u32, into: &mut [u8]) -> Result<(), TrapCode> {
        into.copy_from_slice(self.range(address, into.len())?);
        Ok(())
    }

    fn write(&mut self, address: u32, from: &[u8]) -> Result<(), TrapCode> {
        self.range(address, from.len())?.copy_from_slice(from);
        Ok(())
    }
}

fn val_type(value: ValueType) -> ValType {
    match value {
        ValueType::I32 => ValType::I32,
        ValueType::I64 => ValType::I64,
        ValueType::F32 => ValType::F32,
        ValueType::F64 => ValType::F64,
        ValueType::FuncRef => ValType::FuncRef,
        ValueType::ExternRef => ValType::ExternRef,
    }
}

fn words(value: ValType) -> u32 {
    match value {
        ValType::I64 | ValType::F64 => 2,
        _ => 1,
    }
}

/// Values of these types from words; `None` if the number of words is wrong.
fn values(types: &[ValType], given: &[u32]) -> Result<Option<Vec<Val>>, OracleError> {
    let mut left = given.iter().copied();
    let mut values = Vec::new();
    for ty in types {
        let Some(low) = left.next() else {
            return Ok(None);
        };
        let mut wide = || {
            left.next()
                .map(|high| u64::from(high) << 32 | u64::from(low))
        };
        let value = match ty {
            ValType::I32 => Some(Val::I32(low as i32)),
            ValType::I64 => wide().map(|bits| Val::I64(bits as i64)),
            ValType::F32 => Some(Val::F32(F32::from_bits(low))),
            ValType::F64 => wide().map(|bits| Val::F64(F64::from_bits(bits))),
            other => return Err(OracleError::Type(*other)),
        };
        let Some(value) = value else { return Ok(None) };
        values.push(value);
    }
    Ok(left.next().is_none().then_some(values))
}

fn to_words(values: &[Val]) -> Result<Vec<u32>, OracleError> {
    let mut words = Vec::new();
    for value in values {
        match value {
            Val::I32(value) => words.push(*value as u32),
            Val::F32(value) => words.push(value.to_bits()),
            Val::I64(value) => words.extend([*value as u32, (*value >> 32) as u32]),
            Val::F64(value) => {
                let bits = value.to_bits();
                words.extend([bits as u32, (bits >> 32) as u32]);
            }
            other => return Err(OracleError::Type(other.ty())),
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use wasm2mcu_abi::trap::TrapCode;
    use wasm2mcu_abi::types::ValueType;

    use super::{Call, Oracle, OracleError, agree, oracle};
    use crate::host::HostFunction;
    use crate::spectest::{self, Printed};

    fn wasm(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn words_go_in_and_out_low_word_first() {
        let wasm = wasm(
            r#"(module
                (func (export "add") (param i64 i32) (result i32 i64)
                    local.get 1
                    (i64.add (local.get 0) (i64.extend_i32_u (local.get 1))))
                (global (export "g") f64 (f64.const 1.5)))"#,
        );
        let mut module = Oracle::load(&wasm, vec![]).unwrap().unwrap();
        let end = module.invoke("add", &[u32::MAX, 6, 1]).unwrap();
        assert_eq!(end, Ok(vec![1, 0, 7]));
        assert_eq!(module.global("g").unwrap(), [0, 0x3ff8_0000]);
        assert!(matches!(
            module.invoke("add", &[1, 2]),
            Err(OracleError::Arguments {
                expected: 3,
                found: 2,
                ..
            })
        ));
    }

    #[test]
    fn every_trap_has_its_code() {
        let wasm = wasm(
            r#"(module
                (memory 1)
                (table 3 funcref)
                (elem (i32.const 0) $unary $nullary)
                (func $unary (param i32) (result i32) local.get 0)
                (func $nullary)
                (func (export "unreachable") unreachable)
                (func (export "load") (param i32) (drop (i32.load (local.get 0))))
                (func (export "call") (param i32)
                    (drop (call_indirect (param i32) (result i32) (i32.const 0) (local.get 0))))
                (func (export "div") (param i32 i32) (result i32)
                    (i32.div_s (local.get 0) (local.get 1)))
                (func (export "trunc") (param f32) (result i32) (i32.trunc_f32_s (local.get 0)))
                (func $deep (export "deep") call $deep))"#,
        );
        let mut module = Oracle::load(&wasm, vec![]).unwrap().unwrap();
        let cases: [(&str, &[u32], TrapCode); 10] = [
            ("unreachable", &[], TrapCode::Unreachable),
            ("load", &[65533], TrapCode::MemoryOutOfBounds),
            ("call", &[1], TrapCode::IndirectCallTypeMismatch),
            ("call", &[2], TrapCode::UninitializedElement),
            ("call", &[3], TrapCode::UndefinedElement),
            ("div", &[1, 0], TrapCode::IntegerDivideByZero),
            ("div", &[1 << 31, u32::MAX], TrapCode::IntegerOverflow),
            (
                "trunc",
                &[0x7fc0_0000],
                TrapCode::InvalidConversionToInteger,
            ),
            ("trunc", &[0x7f00_0000], TrapCode::IntegerOverflow),
            ("deep", &[], TrapCode::StackExhausted),
        ];
        for (export, arguments, code) in cases {
            let end = module.invoke(export, arguments).unwrap();
            assert!(agree(&end, &Err(code)), "{export} {arguments:?}: {end:?}");
        }
        assert!(!agree(
            &Err(TrapCode::MemoryOutOfBounds),
            &Err(TrapCode::TableOutOfBounds)
        ));
    }

    #[test]
    fn host_functions_see_the_memory_and_may_trap() {
        let wasm = wasm(
            r#"(module
                (import "env" "sum" (func $sum (param i32 i32) (result i32)))
                (import "spectest" "print_i32" (func $print (param i32)))
                (memory (export "memory") 1)
                (data (i32.const 16) "\01\02\03")
                (func (export "run") (param i32 i32) (result i32)
                    (call $print (local.get 1))
                    (call $sum (local.get 0) (local.get 1))))"#,
        );
        let printed = Printed::default();
        let mut imports = spectest::functions(&printed);
        let i32s = [ValueType::I32; 2];
        imports.push(HostFunction::new(
            "env",
            "sum",
            &i32s,
            &i32s[..1],
            |memory, words| {
                let bytes = memory.bytes(words[0], words[1])?;
                Ok(vec![bytes.into_iter().map(u32::from).sum()])
            },
        ));
        let calls = [
            Call::new("run", &[16, 3]),
            Call::new("run", &[16, 65536]),
            Call::new("run", &[16, 1]),
        ];
        let ends = oracle(&wasm, imports, &calls).unwrap();
        assert_eq!(ends, [Ok(vec![6]), Err(TrapCode::MemoryOutOfBounds)]);
        assert_eq!(*printed.borrow(), [[3], [65536]]);
    }

    #[test]
    fn a_trap_at_the_start_is_the_only_end() {
        let start = wasm(r#"(module (func $f unreachable) (start $f) (func (export "run")))"#);
        let ends = oracle(&start, vec![], &[Call::new("run", &[])]).unwrap();
        assert_eq!(ends, [Err(TrapCode::Unreachable)]);
        let data = wasm(r#"(module (memory 1) (data (i32.const 65535) "ab"))"#);
        let ends = oracle(&data, vec![], &[]).unwrap();
        assert_eq!(ends, [Err(TrapCode::MemoryOutOfBounds)]);
    }

    #[test]
    fn what_cannot_run_is_an_error_and_no_trap() {
        let invalid = wasm("(module (func (result i32)))");
        let missing = wasm(r#"(module (import "a" "b" (func)))"#);
        for module in [invalid, missing] {
            let error = Oracle::load(&module, vec![]).unwrap_err();
            assert!(matches!(error, OracleError::Refused(_)), "{error}");
        }
    }
}
