//! The board: where images run. One trait for emulators and hardware.

use std::time::Duration;

use wasm2mcu_abi::image::Features;
pub use wasm2mcu_loader::Trap;
use wasm2mcu_loader::{CallError, Image, InstantiateError, Item, SharedItem};

use crate::fault::Fault;
use crate::host::{GuestMemory, HostFunction};
use crate::probe::{self, Chip, chips};
use crate::{cortex_m, qemu, rv32};

/// A place where images run.
///
/// Instances borrow the board and live next to each other on it; what one does, or how it ends,
/// never touches another.
pub trait Board {
    /// What this board is.
    fn info(&self) -> BoardInfo;

    /// What is granted to instances loaded and to calls made from now on.
    fn limits(&self) -> Limits;

    /// Changes [`Board::limits`].
    fn set_limits(&self, limits: Limits);

    /// Checks, places and starts an image, with `imports` for it to import from (functions
    /// that it does not ask for are ignored).
    ///
    /// # Errors
    ///
    /// [`BoardError::Refused`] with the loader's own words; [`BoardError::Trap`] if a segment or
    /// the start function traps; else as [`Instance::invoke`].
    fn load<'a>(
        &'a self,
        image: &'a [u8],
        imports: Vec<HostFunction<'a>>,
    ) -> Result<Box<dyn Instance + 'a>, BoardError>;

    /// A place for instances that share what they export.
    fn space<'a>(&'a self) -> Box<dyn Space<'a> + 'a>;
}

/// Where instances see each other's memories, tables, globals and functions.
///
/// What fails to instantiate stays until the space ends: it may have left references in the tables
/// of others.
pub trait Space<'a> {
    /// As [`Board::load`]; `links` come before `imports`.
    ///
    /// # Errors
    ///
    /// As [`Board::load`].
    fn load(
        &self,
        image: &'a [u8],
        imports: Vec<HostFunction<'a>>,
        links: &[Link],
    ) -> Result<Box<dyn Instance + 'a>, BoardError>;
}

/// Something that an instance of a space imports from another one.
#[derive(Clone, Debug)]
pub struct Link {
    /// Module part of the import's name.
    pub module: String,
    /// Field part of the import's name.
    pub name: String,
    /// What it is.
    pub share: Share,
}

/// An export of an instance, for others of the same space.
#[derive(Clone, Debug)]
pub struct Share(pub(crate) Shares);

#[derive(Clone, Debug)]
pub(crate) enum Shares {
    /// A function, as the loader of this process says: bytes of its parameters and results, address of
    /// its record.
    Function(Vec<u8>, Vec<u8>, u32),
    /// Something else, as the loader of this process says.
    Other(SharedItem<'static>),
    /// An export of the instance with this handle, on a board with its own loader.
    There {
        /// The instance.
        handle: u32,
        /// The export's name.
        export: String,
    },
}

/// An instance of a module on a board.
pub trait Instance {
    /// An export, for others of the same [`Space`].
    ///
    /// # Errors
    ///
    /// [`BoardError::Refused`] if there is no such export or it cannot be shared.
    fn share(&mut self, export: &str) -> Result<Share, BoardError>;

    /// Calls the exported function `export` with the words of its parameters.
    ///
    /// A trap is an outcome; it leaves the memory readable, and further calls are refused until
    /// [`Instance::clear_trap`] or [`Instance::reset`].
    ///
    /// # Errors
    ///
    /// [`BoardError::Refused`] if there is no such function, the number of words is wrong or the
    /// instance trapped before; [`BoardError::Fault`] if the core stopped the code;
    /// [`BoardError::Runaway`] at a limit; [`BoardError::Link`] if the board was lost.
    fn invoke(&mut self, export: &str, arguments: &[u32]) -> Result<Outcome, BoardError>;

    /// Allows calls after a trap; memory, globals and tables stay as the trap left them, which
    /// is what the WebAssembly specification asks for.
    ///
    /// # Errors
    ///
    /// [`BoardError::Link`].
    fn clear_trap(&mut self) -> Result<(), BoardError>;

    /// Brings memory, globals and tables back to their initial state and runs the start function.
    ///
    /// # Errors
    ///
    /// As [`Board::load`].
    fn reset(&mut self) -> Result<(), BoardError>;

    /// Linear memory 0, between calls.
    fn memory(&mut self) -> &mut dyn GuestMemory;

    /// The words of an exported global, between calls.
    ///
    /// # Errors
    ///
    /// [`BoardError::Refused`] if there is no such global; [`BoardError::Link`].
    fn global(&mut self, export: &str) -> Result<Vec<u32>, BoardError>;
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The words of the results, or why there are none.
    pub end: Result<Vec<u32>, Trap>,
    /// Instructions that the core executed from the call of the module's code to its return,
    /// host functions not counted; `None` on a board that cannot count.
    pub instructions: Option<u64>,
    /// Clock cycles that they took, by the core's own counter: host functions not counted, but the
    /// few cycles of reading the counter and entering the module. `None` on a board without such a
    /// counter, and for a call so long that the counter may have come around.
    pub cycles: Option<u64>,
}

/// What a board grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that one linear memory may grow to; an image that needs more from the start is
    /// refused by the loader.
    pub memory_bytes: u32,
    /// Instructions of one call; `None` = any number. Ignored by boards that do not count.
    pub instructions: Option<u64>,
    /// Time of one call.
    pub time: Duration,
    /// Instructions of a call after which the host interrupts it; `None` = it does not. An image that
    /// cannot be interrupted then is refused, and so is every one on a board that does not count.
    pub interrupt: Option<u64>,
}

impl Limits {
    /// Bytes of RAM for an instance of `image`: the context and what the memory may become.
    pub(crate) fn ram_bytes(&self, image: &Image<'_>) -> u32 {
        let needs = image.requirements();
        needs
            .context_bytes
            .saturating_add(needs.memory_max.min(self.memory_bytes))
    }
}

/// What a board is, for lists and for choosing a compiler's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardInfo {
    /// Its name for [`open`].
    pub name: &'static str,
    /// One line for people.
    pub description: &'static str,
    /// Target triple, as rustc spells it.
    pub target: &'static str,
    /// What the core has beyond the base of its architecture.
    pub features: Features,
    /// Whether it counts instructions, and keeps [`Limits::instructions`].
    pub counts: bool,
}

/// Why a board could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BoardError {
    /// There is no board of this name.
    #[error("no board is called {name:?}; there are: {}, and probe:CHIP", names())]
    Unknown {
        /// The name that was asked for.
        name: String,
    },
    /// There is no firmware for a chip of this name.
    #[error(
        "there is no firmware for a chip called {name:?}; the nearest are {}, and `wasm2mcu boards` \
         lists all",
        nearest.join(", ")
    )]
    UnknownChip {
        /// The name that was asked for.
        name: String,
        /// The names that are most like it.
        nearest: Vec<&'static str>,
    },
    /// Something that the board needs is not there.
    #[error("{what}; {remedy}")]
    Absent {
        /// What is missing, and where it was looked for.
        what: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The loader said no, in its own words.
    #[error("{0}")]
    Refused(String),
    /// Instantiation trapped.
    #[error("the module trapped while it was instantiated: {0}")]
    Trap(Trap),
    /// The core stopped the code: it broke a rule that compiled code never breaks.
    #[error("fault: {0}")]
    Fault(Fault),
    /// A limit was reached.
    #[error("stopped after {limit}{}; the limit is the board's, see `Limits`", place(*pc))]
    Runaway {
        /// The limit.
        limit: String,
        /// Where the code was, if the board can tell.
        pc: Option<u32>,
    },
    /// The board does not answer as it should.
    #[error("the board was lost: {0}")]
    Link(String),
}

impl BoardError {
    /// What the loader says about an instantiation.
    pub(crate) fn instantiation(error: InstantiateError<'_>) -> Self {
        match error {
            InstantiateError::Start(error) => Self::start(error),
            error => Self::Refused(error.to_string()),
        }
    }

    /// What the loader says about segments and the start function.
    pub(crate) fn start(error: CallError) -> Self {
        match error {
            CallError::Trap(trap) => Self::Trap(trap),
            error => Self::Refused(error.to_string()),
        }
    }
}

/// Words of the parameters and of the results of an exported function.
pub(crate) fn call_words(image: &Image<'_>, export: &str) -> Result<(usize, usize), BoardError> {
    let item = image
        .exports()
        .find(|candidate| candidate.name == *export)
        .map(|found| found.item);
    let Some(Item::Function(function)) = item else {
        return Err(BoardError::Refused(format!(
            "the module exports no function {export:?}"
        )));
    };
    let params = function.function_type.params().map(|param| param.words());
    let results = function
        .function_type
        .results()
        .map(|result| result.words());
    Ok((params.sum::<u32>() as usize, results.sum::<u32>() as usize))
}

/// The array of a call: the argument words, with room for the result words.
pub(crate) fn call_array(
    image: &Image<'_>,
    export: &str,
    arguments: &[u32],
) -> Result<(Vec<u32>, usize), BoardError> {
    let (params, results) = call_words(image, export)?;
    if arguments.len() != params {
        return Err(BoardError::Refused(format!(
            "{export:?} takes {params} words of arguments, {} were given",
            arguments.len()
        )));
    }
    let mut words = arguments.to_vec();
    words.resize(params.max(results), 0);
    Ok((words, results))
}

static BOARDS: [BoardInfo; 13] = [
    cortex_m::M33::INFO,
    cortex_m::M33NoFpu::INFO,
    cortex_m::M33SoftFp::INFO,
    cortex_m::M4F::INFO,
    cortex_m::M4::INFO,
    cortex_m::M3::INFO,
    rv32::INFO,
    rv32::ALIGNED_INFO,
    rv32::FLOAT_INFO,
    qemu::M33.info,
    qemu::RV32.info,
    qemu::RV32F.info,
    qemu::RV32ZB.info,
];

/// The boards that need nothing on the desk.
pub fn boards() -> &'static [BoardInfo] {
    &BOARDS
}

fn names() -> String {
    BOARDS.each_ref().map(|board| board.name).join(", ")
}

fn place(pc: Option<u32>) -> String {
    pc.map(|pc| format!(", at pc {pc:#010x}"))
        .unwrap_or_default()
}

/// What the board of this name is, without opening it.
///
/// # Errors
///
/// [`BoardError::Unknown`] or [`BoardError::UnknownChip`].
pub fn find(name: &str) -> Result<&'static BoardInfo, BoardError> {
    if let Some(chip) = name.strip_prefix(chips::PREFIX) {
        return Ok(&Chip::named(chip)?.info);
    }
    let mut boards = BOARDS.iter();
    let found = boards.find(|board| board.name == name);
    found.ok_or_else(|| BoardError::Unknown {
        name: name.to_owned(),
    })
}

/// Opens the board of this name: one of [`boards`], or `probe:CHIP`.
///
/// # Errors
///
/// [`BoardError::Unknown`] with the names that there are; [`BoardError::Absent`] with what to do;
/// what [`probe::open`] says.
pub fn open(name: &str) -> Result<Box<dyn Board>, BoardError> {
    if let Some(chip) = name.strip_prefix(chips::PREFIX) {
        return probe::open(chip, None);
    }
    match name {
        "m33" => Ok(Box::new(cortex_m::M33::new())),
        "m33-nofpu" => Ok(Box::new(cortex_m::M33NoFpu::new())),
        "m33-softfp" => Ok(Box::new(cortex_m::M33SoftFp::new())),
        "m4f" => Ok(Box::new(cortex_m::M4F::new())),
        "m4" => Ok(Box::new(cortex_m::M4::new())),
        "m3" => Ok(Box::new(cortex_m::M3::new())),
        "rv32" => Ok(Box::new(rv32::Rv32::new())),
        "rv32-aligned" => Ok(Box::new(rv32::Rv32Aligned::new())),
        "rv32f" => Ok(Box::new(rv32::Rv32F::new())),
        "qemu-m33" => Ok(Box::new(qemu::open(&qemu::M33)?)),
        "qemu-rv32" => Ok(Box::new(qemu::open(&qemu::RV32)?)),
        "qemu-rv32f" => Ok(Box::new(qemu::open(&qemu::RV32F)?)),
        "qemu-rv32zb" => Ok(Box::new(qemu::open(&qemu::RV32ZB)?)),
        _ => Err(BoardError::Unknown {
            name: name.to_owned(),
        }),
    }
}
