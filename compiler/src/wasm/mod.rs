//! WebAssembly to CLIF, in one walk with validation.
//!
//! ```text
//!  bytes ─▶ prescan: names, does anything grow the memory?
//!    │
//!    └───▶ Validator::payload ─┬─ declarations ─▶ sections ─▶ Module ─▶ layout of the context
//!                              └─ Func ─▶ function: op by op, validator then operators/* ─▶ CLIF
//! ```
//!
//! * [`module`]: what the rest of the compiler knows of the module
//! * [`contract`]: what the CLIF means: names, alias regions, trap codes
//! * [`support`]: which proposals and types are accepted, and the limits beyond wasmparser's own
//! * `operators/`: one file per family of operators
//! * `verdict`: invalid, or merely not offered?
//! * `constant_tables`: tables that nobody writes
//! * `builtins`: functions that the translation adds
//! * `link`: calls of other instances

mod builtins;
mod constant;
mod constant_tables;
pub mod contract;
mod function;
mod layout;
mod link;
pub mod module;
mod operators;
mod prescan;
mod sections;
pub mod support;
mod verdict;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use cranelift_codegen::ir;
use wasmparser::{Parser, Payload, ValidPayload, Validator};

use crate::error::{Error, Place, Result};
use contract::Builtin;
use function::Scratch;
use module::Module;
use prescan::Prescan;
use sections::Sections;

/// What translation must know of the target, and what is granted to the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// What an address of code has on top of the address of its first byte: 1 on Thumb, else 0.
    /// Table elements hold such addresses.
    pub code_address_bit: u8,
    /// Elements by which a table may grow, as far as its declaration allows.
    pub table_room: u32,
    /// Whether the module's exports are for other instances.
    pub linkable: bool,
    /// Bytes behind the memory on which the host turns every access into a trap.
    pub guard_zone: u32,
    /// Whether the context has a word by which the host interrupts the code.
    pub interruptible: bool,
}

/// A module and its code in CLIF, unoptimised and not yet verified by Cranelift.
#[derive(Clone, Debug)]
pub struct Translated {
    /// Everything but the code.
    pub module: Module,
    /// The defined functions in index order, then the builtins that are called.
    pub functions: Vec<Body>,
}

/// The code of one function.
#[derive(Clone, Debug)]
pub struct Body {
    /// Which function.
    pub id: BodyId,
    /// Its code.
    pub clif: ir::Function,
}

/// Which function a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BodyId {
    /// The module's function with this index.
    Function(u32),
    /// A function that the translation added.
    Builtin(Builtin),
    /// What calls the imported function with this index, of the host or of another instance.
    Route(u32),
    /// What calls a function of this type number of another instance.
    Bridge(u32),
}

impl BodyId {
    /// The name of the function for people.
    pub fn name(self, module: &Module) -> String {
        match self {
            BodyId::Function(index) | BodyId::Route(index) => {
                module.functions[index as usize].name.clone()
            }
            BodyId::Bridge(number) => format!("bridge{}", module.types[number as usize]),
            BodyId::Builtin(builtin) => builtin.name().to_owned(),
        }
    }
}

/// The binary format of a module in binary or text format (`.wat`).
pub fn to_binary(module: &[u8]) -> Result<Cow<'_, [u8]>> {
    wat::parse_bytes(module).map_err(|error| Error::Text {
        message: text_message(&error),
    })
}

/// What is wrong with a text. The line that the parser shows may be the whole file.
pub fn text_message(error: &wat::Error) -> String {
    const SHOWN: usize = 200;
    let message = error.to_string();
    let lines = message
        .lines()
        .map(|line| match line.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line.to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

/// Validates and translates a module in binary format.
pub fn translate(bytes: &[u8], target: Target) -> Result<Translated> {
    translate_offered(bytes, target).map_err(|error| verdict::reconsider(bytes, error))
}

/// Translates what the compiler offers; the first thing that it does not offer ends the walk.
fn translate_offered(bytes: &[u8], target: Target) -> Result<Translated> {
    let size = bytes.len() as u64;
    limit("bytes of module:", size, support::MAX_MODULE_BYTES, 0)?;
    if !bytes.starts_with(b"\0asm") {
        return Err(Error::Invalid {
            message: "the file does not begin with \"\\0asm\"".to_owned(),
            place: Place::at(0),
        });
    }
    let prescan = Prescan::of(bytes);
    let mut sections = Sections::new(&prescan, target);
    let mut functions = Vec::new();
    let mut scratch = Scratch::default();
    let mut validator = Validator::new_with_features(support::FEATURES);
    let mut parser = Parser::new(0);
    parser.set_features(support::FEATURES);
    for payload in parser.parse_all(bytes) {
        let payload = payload?;
        let valid = validator.payload(&payload)?;
        match payload {
            Payload::TypeSection(section) => sections.types(section)?,
            Payload::ImportSection(section) => sections.imports(section)?,
            Payload::FunctionSection(section) => sections.functions(section)?,
            Payload::TableSection(section) => sections.tables(section)?,
            Payload::MemorySection(section) => sections.memories(section)?,
            Payload::GlobalSection(section) => sections.globals(section)?,
            Payload::ExportSection(section) => sections.exports(section)?,
            Payload::StartSection { func, .. } => sections.module.start = Some(func),
            Payload::ElementSection(section) => sections.elements(section)?,
            Payload::CodeSectionStart {
                unchecked_range, ..
            } => {
                sections.finish_declarations(unchecked_range.start)?;
                let Range { start, end } = unchecked_range;
                limit(
                    "bytes of code:",
                    end - start,
                    support::MAX_CODE_BYTES,
                    start,
                )?;
            }
            Payload::DataSection(section) => sections.data(section)?,
            Payload::End(offset) => sections.finish_declarations(offset)?,
            _ => {}
        }
        if let ValidPayload::Func(to_validate, body) = valid {
            let index = to_validate.index;
            let clif = function::translate(
                &sections.module,
                index,
                target.code_address_bit,
                to_validate,
                &body,
                &mut scratch,
            )?;
            functions.push(Body {
                id: BodyId::Function(index),
                clif,
            });
        }
    }
    let mut module = sections.finish();
    for function in scratch.references() {
        let function = &mut module.functions[function as usize];
        function.indirect = true;
        function.numbered = true;
    }
    let initializer = module.initializer.map(|_| Builtin::Initialize);
    functions.extend(initializer.and_then(|b| builtin(b, &module)));
    if module.open {
        let imported = 0..module.imports().count() as u32;
        functions.extend(imported.map(|index| link::route(&module, index)));
        let bridges = called(&functions, contract::BRIDGES);
        functions.extend(bridges.into_iter().map(|ty| link::bridge(&module, ty)));
    }
    let builtins = called(&functions, contract::BUILTINS);
    let builtins = builtins.into_iter().filter_map(Builtin::from_u32);
    functions.extend(builtins.filter_map(|b| builtin(b, &module)));
    Ok(Translated { module, functions })
}

/// Refuses more than `limit` of something that begins at `offset`.
fn limit(what: &'static str, actual: u64, limit: u64, offset: u64) -> Result<()> {
    match actual > limit {
        false => Ok(()),
        true => Err(Error::Limit {
            what,
            actual,
            limit,
            place: Place::at(offset),
        }),
    }
}

/// A builtin's code; `None` if the module lacks what it works on, and so cannot call it.
pub fn builtin(builtin: Builtin, module: &Module) -> Option<Body> {
    let clif = builtins::build(builtin, module)?;
    let id = BodyId::Builtin(builtin);
    Some(Body { id, clif })
}

/// The indices in a name space of what the functions call.
fn called(functions: &[Body], namespace: u32) -> BTreeSet<u32> {
    functions
        .iter()
        .flat_map(|body| body.clif.params.user_named_funcs().values())
        .filter(|name| name.namespace == namespace)
        .map(|name| name.index)
        .collect()
}
