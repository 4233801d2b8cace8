//! The steps from optimised CLIF to the text of an image, for every function of a module.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use cranelift_codegen::settings;
use cranelift_codegen::verify_function;
use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::image::FunctionType;
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;

use crate::error::{Error, Place, Result};
use crate::link::{Linker, Piece, Text};
use crate::mach::buffer::{Relocate, Symbol};
use crate::mach::choices::Choices;
use crate::mach::emit::{self, CodeOf, Reach};
use crate::mach::hosts;
use crate::mach::regalloc::{self, Allocated, Allocator, Effort, RegallocError};
use crate::mach::{self, BorderNeeds, FrameNeeds, Isa, Prepared, lower};
use crate::opt::{OptLevel, Optimizer};
use crate::stack::{self, Depths};
use crate::wasm::contract::Builtin;
use crate::wasm::module::{Module, Signature};
use crate::wasm::{Body, BodyId, Translated, support};
use crate::{Options, wasm};

/// The largest stack depth that an image may ask for, in bytes.
const MAX_STACK_BYTES: u64 = 1 << 20;

/// Every function in machine IR, with registers.
pub(crate) struct Program<I: Isa> {
    functions: Vec<Machine<I>>,
    /// Bytes that every call of the module grants to stack arguments at least, because some function
    /// makes tail calls with more of them than it got itself; 0 if none does.
    tail_area: u32,
    /// How its code is emitted.
    emission: emit::Options,
}

/// A function in machine IR, with registers.
struct Machine<I: Isa> {
    symbol: Symbol,
    name: String,
    function: Allocated<I>,
}

impl<I: Isa> Program<I> {
    fn frame(&self, isa: &I, machine: &Machine<I>) -> I::Frame {
        let mut needs = FrameNeeds::of(&machine.function);
        let code = &machine.function.code;
        if !code.calls.is_empty() || !code.indirect_calls.is_empty() {
            needs.outgoing_bytes = needs.outgoing_bytes.max(self.tail_area);
        }
        isa.frame(&needs)
    }
}

/// Selects instructions and assigns registers. Adds the builtins that selection itself calls.
pub(crate) fn lower<I: Isa>(
    isa: &I,
    translated: &mut Translated,
    options: &Options,
) -> Result<Program<I>> {
    let Translated { module, functions } = translated;
    let mut allocator = Allocator::new(options.verify, options.passes.reloads);
    let mut machines = functions
        .iter_mut()
        .map(|body| lower_one(isa, &mut allocator, body, module, options))
        .collect::<Result<Vec<_>>>()?;
    let mut optimizer = Optimizer::new(options.mid_end(), module.memory);
    while let Some(builtin) = missing_builtin(&machines) {
        let mut body = wasm::builtin(builtin, module).expect("selection calls what there is");
        optimizer.run(&mut body.clif, builtin.name())?;
        machines.push(lower_one(isa, &mut allocator, &mut body, module, options)?);
        functions.push(body);
    }
    let tail_bytes = machines.iter().map(|m| m.function.code.tail_bytes);
    Ok(Program {
        tail_area: tail_bytes.max().unwrap_or(0),
        emission: emission(options),
        functions: machines,
    })
}

/// A builtin that is called, but not yet among the functions.
fn missing_builtin<I: Isa>(machines: &[Machine<I>]) -> Option<Builtin> {
    let there: BTreeSet<Symbol> = machines.iter().map(|machine| machine.symbol).collect();
    let called = machines
        .iter()
        .flat_map(|machine| &machine.function.code.calls);
    let missing = called.filter(|symbol| !there.contains(symbol));
    missing
        .filter_map(|symbol| match symbol {
            Symbol::Builtin(number) => Builtin::from_u32(*number),
            _ => None,
        })
        .next()
}

fn lower_one<I: Isa>(
    isa: &I,
    allocator: &mut Allocator,
    body: &mut Body,
    module: &Module,
    options: &Options,
) -> Result<Machine<I>> {
    if options.level != OptLevel::Size {
        return lower_with(isa, allocator, body, module, options, Choices::FAST);
    }
    let original = body.clif.clone();
    let mut choices = Choices::FAST;
    let mut best = lower_with(isa, allocator, body, module, options, choices)?;
    let mut best_bytes = code_bytes(isa, &best, options);
    for change in Choices::ATTEMPTS {
        let changed = change(choices);
        let last = std::mem::replace(&mut body.clif, original.clone());
        let attempt = lower_with(isa, allocator, body, module, options, changed)?;
        let bytes = code_bytes(isa, &attempt, options);
        if bytes < best_bytes {
            (best, best_bytes, choices) = (attempt, bytes, changed);
        } else {
            body.clif = last;
        }
    }
    Ok(best)
}

fn emission(options: &Options) -> emit::Options {
    emit::Options {
        small: options.level == OptLevel::Size,
        stubs: options.trap_info,
        passes: options.passes,
    }
}

/// Bytes of a function's code, as far as they are its own affair.
fn code_bytes<I: Isa>(isa: &I, machine: &Machine<I>, options: &Options) -> usize {
    let function = &machine.function;
    let frame = isa.frame(&FrameNeeds::of(function));
    let code = emit::emit(function, &frame, None, Reach::Near, emission(options));
    code.map_or(usize::MAX, |code| code.bytes.len())
}

fn lower_with<I: Isa>(
    isa: &I,
    allocator: &mut Allocator,
    body: &mut Body,
    module: &Module,
    options: &Options,
    choices: Choices,
) -> Result<Machine<I>> {
    let name = body.id.name(module);
    let bug = |pass, message| Error::Internal {
        pass,
        function: name.clone(),
        message,
    };
    if options.level == OptLevel::Speed && options.passes.hosts {
        hosts::expand(&mut body.clif, |index| host_slot(isa, module, index));
    }
    let prepared = match options.level {
        OptLevel::None => Prepared::as_it_is(&body.clif),
        _ => mach::prepare(isa, &mut body.clif, choices, options.passes),
    };
    if options.verify && options.level != OptLevel::None {
        let flags = settings::Flags::new(settings::builder());
        verify_function(&body.clif, &flags)
            .map_err(|errors| bug("preparation of selection", errors.to_string()))?;
    }
    let code = lower::lower(isa, &body.clif, &prepared, choices.base).map_err(|missing| {
        let message = format!(
            "no rule for `{}`, at byte {:#x}",
            missing.clif,
            missing.location.bits()
        );
        bug("instruction selection", message)
    })?;
    let allocated = Effort::for_function(&code)
        .and_then(|effort| allocator.run(isa, code, effort, choices.registers));
    let function = allocated.map_err(|error| match error {
        RegallocError::TooManyAlive(actual) => Error::Limit {
            what: "values alive at the beginnings of its blocks, summed:",
            actual,
            limit: regalloc::MAX_CROSSINGS,
            place: place(body, &name),
        },
        defect => bug("register allocation", defect.to_string()),
    })?;
    Ok(Machine {
        symbol: symbol(body.id),
        name,
        function,
    })
}

/// The context offset of the host function's address, if a function is one that can be called without
/// its thunk.
fn host_slot<I: Isa>(isa: &I, module: &Module, index: u32) -> Option<u32> {
    let direct =
        !module.open && module.is_import(index) && isa.agrees_with_host(module.signature(index));
    direct.then(|| Context::import_slot(index))
}

/// Where the code of a function begins.
fn place(body: &Body, name: &str) -> Place {
    let mut insts = body.clif.layout.blocks().flat_map(|block| {
        let insts = body.clif.layout.block_insts(block);
        insts.map(|inst| body.clif.srcloc(inst))
    });
    let first = insts.find(|location| !location.is_default());
    Place {
        function: match body.id {
            BodyId::Function(index) => Some((index, name.to_owned())),
            BodyId::Builtin(_) | BodyId::Route(_) | BodyId::Bridge(_) => None,
        },
        offset: first.map_or(0, |location| u64::from(location.bits())),
    }
}

/// How deep the stack gets below every function.
pub(crate) fn depths<I: Isa>(isa: &I, program: &Program<I>, translated: &Translated) -> Depths {
    let module = &translated.module;
    let mut graph: Vec<stack::Function> = program
        .functions
        .iter()
        .zip(&translated.functions)
        .map(|(machine, body)| stack::Function {
            symbol: machine.symbol,
            frame_bytes: I::frame_bytes(&program.frame(isa, machine)),
            calls: machine.function.code.calls.clone(),
            indirect_calls: machine.function.code.indirect_calls.clone(),
            tail_calls: machine.function.code.tail_calls.clone(),
            indirect_tail_calls: machine.function.code.indirect_tail_calls.clone(),
            indirect: is_indirect(body.id, module).then(|| body.clif.signature.clone()),
        })
        .collect();
    for (index, (function, _)) in module.imports().enumerate() {
        let signature = &module.types[function.type_number as usize];
        graph.push(stack::Function {
            symbol: thunk(module, index as u32),
            frame_bytes: isa.import_thunk(signature, 0).stack_bytes,
            calls: Vec::new(),
            indirect_calls: Vec::new(),
            tail_calls: Vec::new(),
            indirect_tail_calls: Vec::new(),
            indirect: (function.indirect && !module.open)
                .then(|| support::clif_signature(signature)),
        });
    }
    stack::analyse(&graph)
}

/// Emits every function and the thunks, and links them.
pub(crate) fn emit<I: Isa>(
    isa: &I,
    program: &Program<I>,
    module: &Module,
    depths: &Depths,
) -> Result<Text> {
    if depths.worst() > MAX_STACK_BYTES {
        return Err(Error::StackDepth {
            bytes: depths.worst(),
            limit: MAX_STACK_BYTES,
        });
    }
    let emit_within =
        |reach: &dyn Fn(usize) -> Reach| emit_within(isa, program, module, depths, reach);
    let (text, short) = match emit_within(&|_| Reach::Near) {
        Err(Error::TooLarge { .. }) => return Ok(emit_within(&|_| Reach::Far)?.0),
        done => done?,
    };
    if !short.iter().flatten().any(|&short| short) {
        return Ok(text);
    }
    // Branches that look for their length for too long may end up longer than before.
    let shortened = emit_within(&|function| Reach::Short(short[function].clone()));
    Ok(shortened.map_or(text, |(shortened, _)| shortened))
}

/// Emits and links with calls that reach as far as `reach` says for each function; says which of
/// their calls could be short.
fn emit_within<I: Isa>(
    isa: &I,
    program: &Program<I>,
    module: &Module,
    depths: &Depths,
    reach: &dyn Fn(usize) -> Reach,
) -> Result<(Text, Vec<Vec<bool>>)> {
    let mut functions = Vec::with_capacity(program.functions.len());
    for (number, machine) in program.functions.iter().enumerate() {
        let need = depths.checked_on_entry(machine.symbol);
        let code = emit::emit(
            &machine.function,
            &program.frame(isa, machine),
            need.map(|need| need as u32),
            reach(number),
            program.emission,
        )
        .map_err(|error| Error::TooLarge {
            message: format!("function `{}`: {error}", machine.name),
        })?;
        functions.push((machine.symbol, code));
    }

    let calls: Vec<_> = functions.iter().map(short_calls::<I>).collect();
    let segments = segments::<I>(&functions);
    let thunks = wanted_thunks::<I>(module, &functions);
    let mut linker = Linker::<I>::default();
    if program.emission.small {
        linker.pack();
    }
    let entries = entered_types(module).into_iter();
    let needs = BorderNeeds {
        traps: traps::<I>(&functions).into_iter().collect(),
        imports: !thunks.is_empty(),
        entries: entries
            .map(|number| (number, &module.types[number as usize]))
            .collect(),
        tail_area: program.tail_area,
        small: program.emission.small,
    };
    for border in isa.border(&needs) {
        linker.add_border(border);
    }
    for index in thunks {
        let signature = module.signature(index);
        let thunk = isa.import_thunk(signature, Context::import_slot(index));
        // A route stands before it in an open module.
        let number = module.number_in_front(index).filter(|_| !module.open);
        linker.add(
            Piece::Symbol(self::thunk(module, index)),
            thunk.code,
            number,
        );
    }
    for (symbol, code) in functions {
        let number = match symbol {
            Symbol::Function(index) => module.number_in_front(index),
            _ => None,
        };
        linker.add(Piece::Symbol(symbol), code, number);
    }
    for symbol in segments {
        match symbol {
            Symbol::Data(index) => {
                linker.add_data(symbol, &module.data[index as usize].bytes);
            }
            Symbol::Elements(index) => {
                let items = module.elements[index as usize].items.iter();
                let functions = items.map(|item| item.function());
                if module.open {
                    let record = |function: u32| module.functions[function as usize].record;
                    let words = functions.map(|f| f.and_then(record).unwrap_or(0));
                    let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
                    linker.add_data(symbol, &bytes);
                } else {
                    linker.add_references(symbol, &functions.collect::<Vec<_>>());
                }
            }
            Symbol::Type(number) => {
                linker.add_data(symbol, &signature_bytes(&module.types[number as usize]));
            }
            Symbol::Table(index) => {
                let contents = module.tables[index as usize].contents.as_ref();
                let contents = contents.expect("code refers to tables of the text only");
                linker.add_references(symbol, &contents.functions);
            }
            _ => unreachable!("data is of these kinds"),
        }
    }
    let text = linker.finish().map_err(|error| Error::TooLarge {
        message: error.to_string(),
    })?;
    let offset = |symbol| text.offset(Piece::Symbol(symbol));
    let short = calls.into_iter().map(|(function, calls)| {
        let fits = |(at, callee, span): (u32, Symbol, u32)| {
            offset(callee).abs_diff(offset(function) + at) <= span
        };
        calls.into_iter().map(fits).collect()
    });
    let short = short.collect();
    Ok((text, short))
}

/// The calls of a function that have a short form: where, of what, and how far that reaches.
fn short_calls<I: Isa>(
    (function, code): &(Symbol, CodeOf<I>),
) -> (Symbol, Vec<(u32, Symbol, u32)>) {
    let calls = code.relocations.iter().filter_map(|relocation| {
        let span = relocation.kind.short_span()?;
        Some((relocation.offset, relocation.symbol, span))
    });
    (*function, calls.collect())
}

/// The machine IR of every function as text.
pub(crate) fn listing<I: Isa>(program: &Program<I>) -> String {
    let mut text = String::new();
    for machine in &program.functions {
        let code = &machine.function.code;
        writeln!(text, "{} `{}`:\n{code}", machine.symbol, machine.name)
            .expect("writing to a string");
    }
    text
}

/// Bytes of stack that the entry thunks take, by type number.
pub(crate) fn entry_stack<I: Isa>(
    isa: &I,
    program: &Program<I>,
    module: &Module,
) -> BTreeMap<u32, u32> {
    let types = entered_types(module).into_iter();
    types
        .map(|number| {
            let signature = &module.types[number as usize];
            (number, isa.entry_stack(signature, program.tail_area))
        })
        .collect()
}

/// The type numbers of all functions that the host can enter.
pub(crate) fn entered_types(module: &Module) -> BTreeSet<u32> {
    let entered = module.entered_functions();
    entered
        .map(|index| module.functions[index as usize].type_number)
        .chain(module.initializer)
        .collect()
}

fn traps<I: Isa>(functions: &[(Symbol, CodeOf<I>)]) -> BTreeSet<TrapCode> {
    functions
        .iter()
        .flat_map(|(_, code)| &code.relocations)
        .filter_map(|relocation| match relocation.symbol {
            Symbol::Trap(code) => Some(code),
            _ => None,
        })
        .collect()
}

/// The symbol of the thunk for an imported function: that of the function itself where it can be the
/// host's only.
fn thunk(module: &Module, index: u32) -> Symbol {
    if module.open {
        Symbol::Thunk(index)
    } else {
        Symbol::Function(index)
    }
}

/// The imported functions that have a thunk, which is called, exported or referred to.
fn wanted_thunks<I: Isa>(module: &Module, functions: &[(Symbol, CodeOf<I>)]) -> Vec<u32> {
    let relocations = functions.iter().flat_map(|(_, code)| &code.relocations);
    let called: BTreeSet<Symbol> = relocations.map(|relocation| relocation.symbol).collect();
    let entered: BTreeSet<u32> = module.entered_functions().collect();
    let wanted = |&index: &u32| {
        module.open
            || module.functions[index as usize].indirect
            || entered.contains(&index)
            || called.contains(&Symbol::Function(index))
    };
    let imports = 0..module.imports().count() as u32;
    imports.filter(wanted).collect()
}

/// A signature as it stands in an image behind the entry thunk.
fn signature_bytes(signature: &Signature) -> Vec<u8> {
    let of = |types: &[ValueType]| -> Vec<u8> { types.iter().map(|&ty| ty as u8).collect() };
    let (params, results) = (of(&signature.params), of(&signature.results));
    let record = FunctionType::new(0, &params, &results);
    // What is too long for the image is refused when that is written.
    let record = record.map(|record| record.to_bytes().skip(4).collect());
    record.unwrap_or_default()
}

/// The segments and signatures that code refers to.
fn segments<I: Isa>(functions: &[(Symbol, CodeOf<I>)]) -> BTreeSet<Symbol> {
    let relocations = functions.iter().flat_map(|(_, code)| &code.relocations);
    relocations
        .map(|relocation| relocation.symbol)
        .filter(|symbol| symbol.is_data())
        .collect()
}

fn symbol(id: BodyId) -> Symbol {
    match id {
        BodyId::Function(index) | BodyId::Route(index) => Symbol::Function(index),
        BodyId::Bridge(number) => Symbol::Bridge(number),
        BodyId::Builtin(builtin) => Symbol::Builtin(builtin as u32),
    }
}

fn is_indirect(id: BodyId, module: &Module) -> bool {
    match id {
        BodyId::Function(index) | BodyId::Route(index) => module.functions[index as usize].indirect,
        BodyId::Builtin(_) | BodyId::Bridge(_) => false,
    }
}
