//! A module for Rust over `wasm2mcu_loader`.
//!
//! The text is one `pub mod`, for `include!` in any module: attributes that a whole file would need can stand there.

use std::fmt::Write as _;

use wasm2mcu_abi::types::ValueType;

use super::names::{Names, identifier, in_comment};
use super::{BindingsError, Import, Interface, Signature};

/// Most values that the loader's typed calls take and return.
const MAX_VALUES: usize = 8;
/// Most parameters of its host functions.
const MAX_HOST_PARAMS: usize = 6;

/// Words that are no identifiers, those that are reserved among them (The Rust Reference, "Keywords").
const KEYWORDS: [&str; 53] = [
    "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
    "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "_",
];
/// Functions of the text itself that an export may not hide.
const OWN: [&str; 4] = ["new", "of", "instance", "instance_mut"];

pub(super) fn module(interface: &Interface) -> Result<String, BindingsError> {
    let Interface {
        target,
        ram_bytes,
        stack_bytes,
        ..
    } = interface;
    let taken: Vec<&str> = KEYWORDS.into_iter().chain(OWN).collect();
    let name = Names::without(&KEYWORDS).unique(&interface.name);
    let typed = |signature: &Signature| {
        let Signature { params, results } = signature;
        let counts = params.len() <= MAX_VALUES && results.len() <= MAX_VALUES;
        counts && params.iter().chain(results).all(|ty| is_number(*ty))
    };
    let mut names = Names::without(&taken);
    let exports: Vec<_> = interface
        .exports
        .iter()
        .filter(|export| typed(&export.signature))
        .map(|export| (export, names.unique(&export.name)))
        .collect();
    let others = interface
        .exports
        .iter()
        .filter(|export| !typed(&export.signature));
    let others: Vec<String> = others
        .map(|export| format!("`{}{}`", in_comment(&export.name), export.signature))
        .collect();

    let mut out = format!(
        "\
/// Typed calls of the module `{name}`, compiled for `{target}`.
///
/// Made by wasm2mcu from the module; not to be edited.
#[allow(dead_code, unreachable_pub, unused_imports, non_snake_case, clippy::all, clippy::pedantic)]
#[rustfmt::skip]
pub mod {name} {{
    use ::wasm2mcu_loader::{{CallError, Caller, Core, Function, HostFunction, Instance, InstantiateError, Verified}};

    /// RAM that an instance needs at least, for context and memory.
    pub const RAM_BYTES: usize = {ram_bytes};
    /// The worst depth of the stack, recursion and functions of the host excluded.
    pub const STACK_BYTES: u32 = {stack_bytes};
"
    );
    host(&mut out, interface)?;
    out.push_str(
        "
    /// Why there is no instance.
    #[derive(Clone, Copy, Debug)]
    pub enum Error<'a> {
        /// The image cannot become an instance here.
        Instantiate(InstantiateError<'a>),
        /// An export is not as this text has it: the image is another module's, or of another version of it.
        Export(&'static str, CallError),
    }

    impl ::core::fmt::Display for Error<'_> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            match self {
                Error::Instantiate(error) => ::core::fmt::Display::fmt(error, f),
                Error::Export(name, error) => ::core::write!(f, \"{}: {}\", name, error),
            }
        }
    }

    impl ::core::error::Error for Error<'_> {}

    /// An instance of the module, with its exports found.
    #[derive(Debug)]
    pub struct Module<'a, C: Core> {
        instance: Instance<'a, C>,
",
    );
    for ((export, _), index) in exports.iter().zip(0..) {
        let Signature { params, results } = &export.signature;
        let (params, results) = (tuple(params), tuple(results));
        let _ = writeln!(out, "        f{index}: Function<'a, {params}, {results}>,");
    }
    out.push_str(
        "    }

    impl<'a, C: Core> Module<'a, C> {
        /// Makes an instance, and finds its exports.
        ///
        /// # Errors
        ///
        /// [`Error`].
        pub fn new(image: Verified<'a>, core: C, host: &Host) -> Result<Self, Error<'a>> {
            let instance = Instance::new(image, core, &host.functions());
            Module::of(instance.map_err(Error::Instantiate)?)
        }

        /// Finds the exports of an instance that was made with host functions from elsewhere, or is linked to others.
        ///
        /// # Errors
        ///
        /// [`Error::Export`].
        pub fn of(instance: Instance<'a, C>) -> Result<Self, Error<'a>> {
            Ok(Module {
",
    );
    for ((export, _), index) in exports.iter().zip(0..) {
        let name = literal(&export.name);
        let _ = writeln!(
            out,
            "                f{index}: instance.function({name}).map_err(|error| Error::Export({name}, error))?,"
        );
    }
    out.push_str(
        "                instance,
            })
        }

        /// The instance, for its memory, its globals, and a reset.
        pub fn instance(&self) -> &Instance<'a, C> {
            &self.instance
        }

        /// The same, to be changed.
        pub fn instance_mut(&mut self) -> &mut Instance<'a, C> {
            &mut self.instance
        }
",
    );
    for ((export, function), index) in exports.iter().zip(0..) {
        let Signature { params, results } = &export.signature;
        let list = named(params);
        let names: Vec<String> = (0..params.len())
            .map(|number| format!("p{number}"))
            .collect();
        let arguments = match &*names {
            [one] => one.clone(),
            several => format!("({})", several.join(", ")),
        };
        let _ = write!(
            out,
            "
        /// `{text}{signature}`
        ///
        /// # Errors
        ///
        /// [`CallError`]: a trap, above all.
        pub fn {function}(&mut self{list}) -> Result<{results}, CallError> {{
            self.instance.invoke(&self.f{index}, {arguments})
        }}
",
            text = in_comment(&export.name),
            signature = export.signature,
            results = tuple(results),
        );
    }
    out.push_str("    }\n");
    if !others.is_empty() {
        let _ = write!(
            out,
            "
    // Not here, for references or more than {MAX_VALUES} values: {}. `Instance::call_words` calls them.
",
            others.join(", ")
        );
    }
    out.push_str("}\n");
    Ok(out)
}

/// The struct of what the host provides.
fn host(out: &mut String, interface: &Interface) -> Result<(), BindingsError> {
    let mut names = Names::without(&KEYWORDS);
    let imports: Result<Vec<_>, _> = interface
        .imports
        .iter()
        .map(|import| {
            let name = identifier(&format!("{}_{}", import.module, import.name));
            Ok((import, names.unique(&name), function_type(import)?))
        })
        .collect();
    let imports = imports?;
    out.push_str(
        "
    /// What the module imports: functions of this firmware.
    #[derive(Clone, Copy, Debug)]
    pub struct Host {
",
    );
    for (import, field, ty) in &imports {
        let _ = write!(
            out,
            "        /// `{}.{}{}`
        pub {field}: {ty},
",
            in_comment(&import.module),
            in_comment(&import.name),
            import.signature,
        );
    }
    let _ = write!(
        out,
        "    }}

    impl Host {{
        /// As the loader takes them.
        pub fn functions(&self) -> [HostFunction<'static>; {}] {{
            [
",
        imports.len()
    );
    for (import, field, _) in &imports {
        let (module, name) = (literal(&import.module), literal(&import.name));
        let _ = writeln!(
            out,
            "                HostFunction::new({module}, {name}, self.{field}),"
        );
    }
    out.push_str("            ]\n        }\n    }\n");
    Ok(())
}

fn function_type(import: &Import) -> Result<String, BindingsError> {
    let Signature { params, results } = &import.signature;
    let cannot = |why: &str| Err(import.cannot(why, "Rust"));
    if params.iter().chain(results).any(|ty| !is_number(*ty)) {
        return cannot("passes a reference");
    }
    if params.len() > MAX_HOST_PARAMS {
        return cannot("has more than six parameters");
    }
    if results.len() > 1 {
        return cannot("has several results");
    }
    let params: String = params.iter().map(|ty| format!(", {ty}")).collect();
    let result = results.first().map(|ty| format!(" -> {ty}"));
    Ok(format!(
        "extern \"C\" fn(Caller<'_>{params}){}",
        result.unwrap_or_default()
    ))
}

/// Whether the loader's typed calls take it; numbers are called the same in Rust.
fn is_number(ty: ValueType) -> bool {
    !matches!(ty, ValueType::FuncRef | ValueType::ExternRef)
}

/// `()`, `i32`, `(i32, i64)`.
fn tuple(types: &[ValueType]) -> String {
    let types: Vec<String> = types.iter().map(ValueType::to_string).collect();
    match &*types {
        [one] => one.clone(),
        several => format!("({})", several.join(", ")),
    }
}

/// `, p0: i32, p1: i64`
fn named(types: &[ValueType]) -> String {
    let params = types.iter().zip(0..);
    params
        .map(|(ty, number)| format!(", p{number}: {ty}"))
        .collect()
}

/// A name as a string of Rust.
fn literal(name: &str) -> String {
    format!("\"{}\"", name.escape_default())
}
