//! Random programs of loops over arrays that end near an end of the memory, or a little beyond.
//!
//! ```text
//!   bytes ──choices──▶ Plan: the memory, and what may happen in the program
//!                        │ each function: some loops, one after or in the other
//!                        │ each loop: how it counts (count.rs), and its accesses (walk.rs);
//!                        │ or words that go no regular way below a bound (roam.rs)
//!                        ▼
//!                      module; everything is exported
//! ```
//!
//! What a compiler may do about the checks in a loop depends on how exactly it knows which addresses
//! the loop reaches. So counters start and end near the numbers at which they wrap, steps do not
//! always divide their way, and a loop's last access is mostly within a few bytes of the end. Words
//! are constants for some loops, and for others come from globals that are always 0 but could be
//! anything.

mod count;
mod roam;
mod walk;

use arbitrary::{Result, Unstructured};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, Instruction, MemorySection,
    MemoryType, Module, TypeSection, ValType,
};

use walk::Body;

/// Globals that nobody writes: their value is 0.
const ZEROS: u32 = 2;
/// Global that every loop mixes its results into.
const RESULT: u32 = ZEROS;
/// A function of the host.
const HOST: u32 = 0;
/// A function that sometimes lets the memory grow, if it may.
const CHANGE: u32 = 1;
/// Parameters of the functions with loops.
const PARAMS: u32 = 2;
/// Bytes by which a memory grows if its pages are bytes.
const GROWTH: i32 = 24;

/// What a program declares.
struct Plan {
    min_pages: u32,
    max_pages: u32,
    page_size_log2: u32,
}

/// A program from these choices, in the binary format.
pub(crate) fn generate(choices: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let plan = Plan::new(choices)?;
    plan.encode(choices)
}

impl Plan {
    fn new(u: &mut Unstructured<'_>) -> Result<Self> {
        let (min_pages, page_size_log2) = match u.int_in_range(0..=5)? {
            0..=2 => (1, 16),
            3 | 4 => (u.int_in_range(64..=700)?, 0),
            _ => (u.int_in_range(0..=40)?, 0),
        };
        let max_pages = match (u.int_in_range(0..=3)?, page_size_log2) {
            (0 | 1, _) => min_pages,
            (2, 16) => min_pages + 2,
            (2, _) => min_pages + 300,
            // As far as a memory can go: no address is out of the question.
            (_, 16) => 0xffff,
            _ => u32::MAX,
        };
        Ok(Self {
            min_pages,
            max_pages,
            page_size_log2,
        })
    }

    fn bytes(&self) -> u32 {
        self.min_pages << self.page_size_log2
    }

    fn grows(&self) -> bool {
        self.max_pages > self.min_pages
    }

    /// How many pages a memory grows by.
    fn growth(&self) -> i32 {
        match self.page_size_log2 {
            0 => GROWTH,
            _ => 1,
        }
    }

    fn encode(&self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        let mut module = Module::new();
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32], [ValType::I32]);
        types.ty().function([ValType::I32; PARAMS as usize], []);
        module.section(&types);

        let mut imports = ImportSection::new();
        imports.import("host", "h", EntityType::Function(0));
        module.section(&imports);
        let functions: u32 = u.int_in_range(1..=2)?;
        let mut section = FunctionSection::new();
        section.function(0);
        for _ in 0..functions {
            section.function(1);
        }
        module.section(&section);

        let mut section = MemorySection::new();
        section.memory(MemoryType {
            minimum: self.min_pages.into(),
            maximum: Some(self.max_pages.into()),
            memory64: false,
            shared: false,
            page_size_log2: (self.page_size_log2 != 16).then_some(self.page_size_log2),
        });
        module.section(&section);

        let mut section = GlobalSection::new();
        let mut exports = ExportSection::new();
        exports.export("memory", ExportKind::Memory, 0);
        let ty = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        for number in 0..=RESULT {
            section.global(ty, &ConstExpr::i32_const(0));
            exports.export(&format!("g{number}"), ExportKind::Global, number);
        }
        module.section(&section);
        for number in 0..functions {
            exports.export(&format!("f{number}"), ExportKind::Func, CHANGE + 1 + number);
        }
        module.section(&exports);

        let mut section = CodeSection::new();
        section.function(&self.change());
        for _ in 0..functions {
            section.function(&Body::generate(self, u)?);
        }
        module.section(&section);

        let mut section = DataSection::new();
        let bytes = (0..self.bytes().min(256)).map(|n| (n * 37 + 0x71) as u8);
        section.active(0, &ConstExpr::i32_const(0), bytes);
        let bytes = (0..self.bytes().min(256)).map(|n| (n * 11 + 0x35) as u8);
        let offset = self.bytes().saturating_sub(256);
        section.active(0, &ConstExpr::i32_const(offset as i32), bytes);
        module.section(&section);
        Ok(module.finish())
    }

    /// The function that changes the memory.
    fn change(&self) -> Function {
        let mut function = Function::new([]);
        if self.grows() {
            // Every fourth time, and not for ever.
            for instruction in [
                Instruction::LocalGet(0),
                Instruction::I32Const(3),
                Instruction::I32And,
                Instruction::I32Eqz,
                Instruction::MemorySize(0),
                Instruction::I32Const((self.min_pages as i32).wrapping_add(3 * self.growth())),
                Instruction::I32LtU,
                Instruction::I32And,
                Instruction::I32Const(self.growth()),
                Instruction::I32Mul,
                Instruction::MemoryGrow(0),
                Instruction::LocalGet(0),
                Instruction::I32Add,
                Instruction::LocalSet(0),
            ] {
                function.instruction(&instruction);
            }
        }
        function.instruction(&Instruction::LocalGet(0));
        function.instruction(&Instruction::I32Const(7));
        function.instruction(&Instruction::I32Mul);
        function.instruction(&Instruction::End);
        function
    }
}
