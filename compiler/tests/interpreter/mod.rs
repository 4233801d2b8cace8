//! Runs CLIF with Cranelift's interpreter: context, linear memory and tables in one flat RAM.
//!
//! ```text
//!   0 ──▶ text: each function's type number in front of its address, 16 bytes apart
//!   TABLES ──▶ text: tables, 256 bytes apart
//!   CONTEXT ──▶ context block, then linear memory up to its capacity, then nothing
//! ```
//! An access outside RAM is an error of the interpreter, never a trap: a guard that is missing
//! shows.

use std::collections::HashMap;

use cranelift_codegen::data_value::DataValue;
use cranelift_codegen::ir::{
    ExternalName, FuncRef, Function, GlobalValue, GlobalValueData, Inst, InstructionData,
    MemFlagsData, Opcode, StackSlot, Type, types,
};
use cranelift_interpreter::address::{Address, AddressSize};
use cranelift_interpreter::frame::Frame;
use cranelift_interpreter::instruction::DfgInstructionContext;
use cranelift_interpreter::interpreter::LibCallHandler;
use cranelift_interpreter::state::{InterpreterFunctionRef, MemoryError, State};
use cranelift_interpreter::step::{ControlFlow, CraneliftTrap, step};
use wasm2mcu::wasm::contract::{self, BUILTINS, FUNCTIONS, Symbol};
use wasm2mcu::wasm::module::ElementMode;
use wasm2mcu::wasm::{BodyId, Translated};
use wasm2mcu_abi::context::Context;

/// Where the text has tables, each at a multiple of [`TABLE_BYTES`].
const TABLES: u32 = 0x800;
const TABLE_BYTES: u32 = 0x100;
const CONTEXT: u32 = 0x1000;
const FUNCTION_BYTES: u32 = 16;
/// Instructions after which a run is given up.
const FUEL: u32 = 1_000_000;

/// How a call ended: results, or the name of the trap code.
pub(crate) type Outcome = Result<Vec<u32>, String>;

/// An instance.
pub(crate) struct Machine<'a> {
    functions: HashMap<(u32, u32), &'a Function>,
    frames: Vec<Frame<'a>>,
    memory: u32,
    /// Everything, as the diagram says.
    pub(crate) ram: Vec<u8>,
    fuel: u32,
}

impl<'a> Machine<'a> {
    /// Instantiates a module whose memory may grow to `capacity` bytes.
    pub(crate) fn new(translated: &'a Translated, capacity: u32) -> Machine<'a> {
        let module = &translated.module;
        let memory = CONTEXT + module.context_bytes;
        let mut machine = Machine {
            functions: HashMap::new(),
            frames: Vec::new(),
            memory,
            ram: vec![0; (memory + capacity) as usize],
            fuel: FUEL,
        };
        for body in &translated.functions {
            let key = match body.id {
                BodyId::Function(index) => (FUNCTIONS, index),
                BodyId::Builtin(builtin) => (BUILTINS, builtin as u32),
                BodyId::Route(_) | BodyId::Bridge(_) => continue,
            };
            machine.functions.insert(key, &body.clif);
        }
        let size = module.memory.map_or(0, |memory| memory.min_bytes);
        machine.word(CONTEXT + Context::MEMORY_BASE, memory);
        machine.word(CONTEXT + Context::MEMORY_SIZE, size);
        machine.word(CONTEXT + Context::MEMORY_CAPACITY, capacity);
        for (i, word) in module.initial_globals(code).into_iter().enumerate() {
            machine.word(CONTEXT + module.globals_offset + 4 * i as u32, word);
        }
        for (index, function) in module.functions.iter().enumerate() {
            machine.word(code(index as u32) - 5, function.type_number);
        }
        for (index, table) in (0..).zip(&module.tables) {
            let Some(contents) = &table.contents else {
                continue;
            };
            let first = TABLES + TABLE_BYTES * index;
            for (element, function) in (first..).step_by(4).zip(&contents.functions) {
                let distance = function.map_or(0, |function| code(function).wrapping_sub(first));
                machine.word(element, distance);
            }
        }
        for segment in module.elements.iter().filter(|s| !module.is_in_text(s)) {
            let ElementMode::Active { table, start } = &segment.mode else {
                continue;
            };
            let start = start.word().expect("a known position");
            let first = CONTEXT + module.tables[*table as usize].offset;
            for (i, item) in segment.items.iter().enumerate() {
                let element = first + 4 * (start + i as u32);
                machine.word(element, item.function().map_or(0, code));
            }
        }
        for segment in &module.data {
            let address = segment.address.as_ref().and_then(|address| address.word());
            let Some(address) = address else {
                continue;
            };
            let first = (memory + address) as usize;
            machine.ram[first..][..segment.bytes.len()].copy_from_slice(&segment.bytes);
        }
        machine
    }

    fn word(&mut self, address: u32, word: u32) {
        self.ram[address as usize..][..4].copy_from_slice(&word.to_le_bytes());
    }

    /// Calls the function with this index.
    pub(crate) fn call(&mut self, function: u32, args: &[u32]) -> Outcome {
        let args = args.iter().map(|&arg| DataValue::I32(arg as i32)).collect();
        let results = self.run(self.functions[&(FUNCTIONS, function)], args)?;
        Ok(results
            .into_iter()
            .map(|value| match value {
                DataValue::I32(word) => word as u32,
                other => panic!("result {other}"),
            })
            .collect())
    }

    fn run(
        &mut self,
        function: &'a Function,
        args: Vec<DataValue>,
    ) -> Result<Vec<DataValue>, String> {
        let layout = &function.layout;
        let entry = layout.entry_block().expect("a body");
        self.push_frame(function);
        let parameters = function.dfg.block_params(entry);
        self.current_frame_mut().set_all(parameters, args);
        let mut next = layout.first_inst(entry);
        while let Some(inst) = next {
            self.fuel = self.fuel.checked_sub(1).expect("the run ends");
            next = layout.next_inst(inst);
            let instruction = DfgInstructionContext::new(inst, &function.dfg);
            if let Some(zero) = self.remainder_by_minus_one(function, inst) {
                let results = function.dfg.inst_results(inst);
                self.current_frame_mut().set_all(results, vec![zero]);
                continue;
            }
            let values = match step(self, instruction).expect("an access inside RAM") {
                ControlFlow::Assign(values) => values.to_vec(),
                ControlFlow::Continue => continue,
                ControlFlow::ContinueAt(block, args) => {
                    let parameters = function.dfg.block_params(block);
                    self.current_frame_mut().set_all(parameters, args.to_vec());
                    next = layout.first_inst(block);
                    continue;
                }
                ControlFlow::Call(callee, args) => self.run(callee, args.to_vec())?,
                ControlFlow::Return(values) => {
                    self.pop_frame();
                    return Ok(values.to_vec());
                }
                ControlFlow::Trap(CraneliftTrap::User(code)) => return Err(code.to_string()),
                other => panic!("{other:?}"),
            };
            let results = function.dfg.inst_results(inst);
            self.current_frame_mut().set_all(results, values);
        }
        panic!("{} runs off its end", function.name);
    }

    /// The interpreter traps on the smallest number by -1; Cranelift's manual and mid-end say 0.
    fn remainder_by_minus_one(&self, function: &Function, inst: Inst) -> Option<DataValue> {
        let InstructionData::Binary {
            opcode: Opcode::Srem,
            args: [_, divisor],
        } = function.dfg.insts[inst]
        else {
            return None;
        };
        let minus_one = DataValue::I32(-1);
        (*self.current_frame().get(divisor) == minus_one).then_some(DataValue::I32(0))
    }

    fn named(&self, name: &ExternalName) -> (u32, u32) {
        let ExternalName::User(reference) = name else {
            panic!("name {name:?}");
        };
        let names = self.get_current_function().params.user_named_funcs();
        (names[*reference].namespace, names[*reference].index)
    }
}

/// The address that a table holds for a function, with Thumb's bit.
fn code(function: u32) -> u32 {
    (function + 1) * FUNCTION_BYTES + 1
}

impl<'a> State<'a> for Machine<'a> {
    fn get_function(&self, func_ref: FuncRef) -> Option<&'a Function> {
        let name = &self.get_current_function().dfg.ext_funcs[func_ref].name;
        self.functions.get(&self.named(name)).copied()
    }

    fn get_current_function(&self) -> &'a Function {
        self.current_frame().function()
    }

    fn get_libcall_handler(&self) -> LibCallHandler {
        |_, _| Err(CraneliftTrap::Debug)
    }

    fn push_frame(&mut self, function: &'a Function) {
        self.frames.push(Frame::new(function));
    }

    fn pop_frame(&mut self) {
        self.frames.pop();
    }

    fn current_frame_mut(&mut self) -> &mut Frame<'a> {
        self.frames.last_mut().expect("a running function")
    }

    fn current_frame(&self) -> &Frame<'a> {
        self.frames.last().expect("a running function")
    }

    fn stack_address(
        &self,
        _: AddressSize,
        slot: StackSlot,
        _: u64,
    ) -> Result<Address, MemoryError> {
        panic!("no function has {slot}");
    }

    fn checked_load(
        &self,
        address: Address,
        ty: Type,
        _: MemFlagsData,
    ) -> Result<DataValue, MemoryError> {
        // The interpreter adds in 64 bits; the target wraps.
        let at = address.offset as u32 as usize;
        let max = self.ram.len() as u64;
        let bytes = self.ram.get(at..at + ty.bytes() as usize);
        let bytes = bytes.ok_or(MemoryError::InvalidOffset {
            offset: at as u64,
            max,
        })?;
        Ok(DataValue::read_from_slice_le(bytes, ty))
    }

    fn checked_store(
        &mut self,
        address: Address,
        value: DataValue,
        _: MemFlagsData,
    ) -> Result<(), MemoryError> {
        let at = address.offset as u32 as usize;
        let max = self.ram.len() as u64;
        let bytes = self.ram.get_mut(at..at + value.ty().bytes() as usize);
        let bytes = bytes.ok_or(MemoryError::InvalidOffset {
            offset: at as u64,
            max,
        })?;
        value.write_to_slice_le(bytes);
        Ok(())
    }

    fn function_address(
        &self,
        _: AddressSize,
        name: &ExternalName,
    ) -> Result<Address, MemoryError> {
        panic!("no function takes the address of {name:?}");
    }

    fn get_function_from_address(&self, address: Address) -> Option<InterpreterFunctionRef<'a>> {
        let index = (address.offset as u32 - 1) / FUNCTION_BYTES - 1;
        let function = self.functions.get(&(FUNCTIONS, index))?;
        Some(InterpreterFunctionRef::Function(function))
    }

    fn resolve_global_value(&self, gv: GlobalValue) -> Result<DataValue, MemoryError> {
        let GlobalValueData::Symbol { name, .. } = &self.get_current_function().global_values[gv]
        else {
            return Err(MemoryError::InvalidAddressType(types::I32));
        };
        let address = match self.named(name) {
            (contract::TABLES, index) => TABLES + TABLE_BYTES * index,
            (_, index) if index == Symbol::Context as u32 => CONTEXT,
            _ => self.memory,
        };
        Ok(DataValue::I32(address as i32))
    }

    fn get_pinned_reg(&self) -> DataValue {
        panic!("no function asks for the pinned register");
    }

    fn set_pinned_reg(&mut self, _: DataValue) {
        panic!("no function sets the pinned register");
    }
}
