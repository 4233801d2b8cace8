//! A call as it is written on the command line: `NAME ARG…`.

use std::fmt;

use wasm2mcu_abi::image::FunctionType;
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_loader::{Image, Item};

use super::{Failure, value};

/// A call of an exported function with arguments of its types.
pub(crate) struct Invocation<'a> {
    /// Name of the export.
    pub(crate) export: &'a str,
    /// Words of the arguments.
    pub(crate) words: Vec<u32>,
    /// Types of the results.
    pub(crate) results: Vec<ValueType>,
}

impl<'a> Invocation<'a> {
    /// Finds the function in the image and reads the arguments as its parameters ask.
    ///
    /// # Errors
    ///
    /// What is wrong with the call, and what the image offers.
    pub(crate) fn resolve(text: &'a str, image: &Image<'_>) -> Result<Invocation<'a>, Failure> {
        let failure = |what: fmt::Arguments<'_>| {
            Failure::new(format_args!("--invoke '{}': {what}", text.escape_debug()))
        };
        let mut parts = text.split_whitespace();
        let export = parts
            .next()
            .ok_or_else(|| failure(format_args!("no function is named; {}", Functions(image))))?;
        let Some(Item::Function(function)) = image.find_export(export) else {
            return Err(failure(format_args!(
                "no function is exported by this name; {}",
                Functions(image)
            )));
        };
        let signature = Signature(export, function.function_type);
        let arguments: Vec<&str> = parts.collect();
        let params: Vec<ValueType> = function.function_type.params().collect();
        if arguments.len() != params.len() {
            return Err(failure(format_args!(
                "{} given, the function is {signature}",
                Count(arguments.len(), "argument"),
            )));
        }
        let mut words = Vec::new();
        for (number, (text, ty)) in (1..).zip(arguments.into_iter().zip(params)) {
            let value = value::parse(text, ty);
            words.extend(value.map_err(|error| {
                failure(format_args!(
                    "argument {number} of {signature}, `{}`, is no {ty}: {error}",
                    text.escape_debug()
                ))
            })?);
        }
        Ok(Invocation {
            export,
            words,
            results: function.function_type.results().collect(),
        })
    }
}

/// A number of things.
pub(crate) struct Count<'a>(pub(crate) usize, pub(crate) &'a str);

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0 == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.0, self.1)
    }
}

/// A function's name with its type: `add(i32, i32) -> i32`.
pub(crate) struct Signature<'a, N>(pub(crate) N, pub(crate) FunctionType<'a>);

impl<N: fmt::Display> fmt::Display for Signature<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Signature(name, function_type) = self;
        let params: Vec<String> = function_type.params().map(|ty| ty.to_string()).collect();
        let results: Vec<String> = function_type.results().map(|ty| ty.to_string()).collect();
        // A name can hold anything, also what would steer a terminal.
        let name = name.to_string();
        write!(f, "{}({})", name.escape_debug(), params.join(", "))?;
        match results.as_slice() {
            [] => Ok(()),
            [one] => write!(f, " -> {one}"),
            more => write!(f, " -> ({})", more.join(", ")),
        }
    }
}

/// The functions that an image exports, as a sentence.
pub(crate) struct Functions<'a>(pub(crate) &'a Image<'a>);

/// A longer list helps nobody.
const LISTED: usize = 20;

impl fmt::Display for Functions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let functions: Vec<String> = self
            .0
            .exports()
            .filter_map(|export| match export.item {
                Item::Function(function) => {
                    Some(Signature(export.name, function.function_type).to_string())
                }
                _ => None,
            })
            .collect();
        if functions.is_empty() {
            return f.write_str("the module exports no function");
        }
        let listed = &functions[..functions.len().min(LISTED)];
        write!(f, "the module exports {}", listed.join(", "))?;
        match functions.len() - listed.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
