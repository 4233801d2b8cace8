//! Expressions: they leave one i32.

use arbitrary::{Result, Unstructured};
use wasm_encoder::{BlockType, Instruction, MemArg, MemArgTarget, ValType};

use super::{BLOCK_WORDS, Body, FUEL_GLOBAL, PAGE};

/// A constant at the edges of something: of the type, of an immediate, of a memory of this size.
pub(super) fn constant(u: &mut Unstructured<'_>, memory_bytes: u32) -> Result<i32> {
    Ok(match u.int_in_range(0..=9)? {
        0 => u.int_in_range(0..=3)?,
        1 => -1,
        2 => i32::MIN,
        3 => i32::MAX,
        4 => (1i32 << u.int_in_range(0..=31)?).wrapping_add(u.int_in_range(-1..=1)?),
        5 => u.int_in_range(-300..=300)?,
        6 => (memory_bytes as i32).wrapping_add(u.int_in_range(-8..=4)?),
        // Modified immediates and their neighbours.
        7 => i32::from(u.arbitrary::<u8>()?).wrapping_mul(0x0101_0101) & *u.choose(&MASKS)?,
        8 => i32::from(u.arbitrary::<u8>()?) << u.int_in_range(0..=24u32)?,
        _ => u.arbitrary()?,
    })
}

const MASKS: [i32; 4] = [0xff, 0x00ff_00ff, 0xff00_ff00_u32 as i32, -1];

const UNARY: [Instruction<'static>; 6] = [
    Instruction::I32Eqz,
    Instruction::I32Clz,
    Instruction::I32Ctz,
    Instruction::I32Popcnt,
    Instruction::I32Extend8S,
    Instruction::I32Extend16S,
];

const BINARY: [Instruction<'static>; 21] = [
    Instruction::I32Add,
    Instruction::I32Sub,
    Instruction::I32Mul,
    Instruction::I32And,
    Instruction::I32Or,
    Instruction::I32Xor,
    Instruction::I32Shl,
    Instruction::I32ShrS,
    Instruction::I32ShrU,
    Instruction::I32Rotl,
    Instruction::I32Rotr,
    Instruction::I32Eq,
    Instruction::I32Ne,
    Instruction::I32LtS,
    Instruction::I32LtU,
    Instruction::I32GtS,
    Instruction::I32GtU,
    Instruction::I32LeS,
    Instruction::I32LeU,
    Instruction::I32GeS,
    Instruction::I32GeU,
];

const DIVISIONS: [Instruction<'static>; 4] = [
    Instruction::I32DivS,
    Instruction::I32DivU,
    Instruction::I32RemS,
    Instruction::I32RemU,
];

type Access = fn(MemArg) -> Instruction<'static>;

const LOADS: [(Access, u32); 5] = [
    (Instruction::I32Load, 2),
    (Instruction::I32Load8S, 0),
    (Instruction::I32Load8U, 0),
    (Instruction::I32Load16S, 1),
    (Instruction::I32Load16U, 1),
];

pub(super) const STORES: [(Access, u32); 3] = [
    (Instruction::I32Store, 2),
    (Instruction::I32Store8, 0),
    (Instruction::I32Store16, 1),
];

impl Body<'_, '_, '_> {
    /// Code that leaves one word; at most `depth` levels of operators.
    pub(super) fn expression(&mut self, depth: u32) -> Result<()> {
        if depth == 0 || !self.affords(1) {
            return self.leaf();
        }
        let inner = depth - 1;
        match self.pick(30)? {
            0 | 1 => self.leaf(),
            2..=4 => {
                self.expression(inner)?;
                let operator = self.u.choose(&UNARY)?.clone();
                self.emit(operator);
                Ok(())
            }
            5..=10 => {
                self.expression(inner)?;
                self.expression(inner)?;
                self.binary()
            }
            11..=13 => {
                self.expression(inner)?;
                self.constant()?;
                self.binary()
            }
            14 => {
                self.constant()?;
                self.expression(inner)?;
                self.binary()
            }
            15 => self.division(inner),
            16 | 17 => {
                self.address(inner)?;
                let (load, align) = *self.u.choose(&LOADS)?;
                let memarg = self.memarg(align)?;
                self.emit(load(memarg));
                Ok(())
            }
            18 => {
                self.expression(inner)?;
                self.expression(inner)?;
                self.expression(inner)?;
                self.emit(Instruction::Select);
                Ok(())
            }
            19 => self.choice(inner),
            20 => self.block_value(inner),
            21 => {
                self.expression(inner)?;
                let local = self.local()?;
                if let Some(local) = local {
                    self.emit(Instruction::LocalTee(local));
                }
                Ok(())
            }
            22 => self.call_value(inner),
            23 => {
                let grow = self.u.ratio(1, 3)?;
                if grow {
                    self.expression(inner)?;
                    self.code
                        .extend([Instruction::I32Const(1), Instruction::I32And]);
                    self.emit(Instruction::MemoryGrow(0));
                } else {
                    self.emit(Instruction::MemorySize(0));
                }
                Ok(())
            }
            24 => self.shifted_pair(inner),
            25..=28 => self.idiom(inner),
            _ => self.block_words(inner),
        }
    }

    fn leaf(&mut self) -> Result<()> {
        let leaf = match self.pick(4)? {
            0 => None,
            1 | 2 => self.local()?.map(Instruction::LocalGet),
            _ => {
                let global = self.u.choose_index(self.plan.globals.len())? as u32;
                (global != FUEL_GLOBAL).then_some(Instruction::GlobalGet(global))
            }
        };
        match leaf {
            Some(leaf) => self.emit(leaf),
            None => self.constant()?,
        }
        Ok(())
    }

    pub(super) fn constant(&mut self) -> Result<()> {
        let value = constant(self.u, self.plan.min_pages * PAGE)?;
        self.emit(Instruction::I32Const(value));
        Ok(())
    }

    /// A local that may be written, if there is one.
    pub(super) fn local(&mut self) -> Result<Option<u32>> {
        match self.locals {
            0 => Ok(None),
            locals => self.pick(locals).map(Some),
        }
    }

    fn binary(&mut self) -> Result<()> {
        let operator = self.u.choose(&BINARY)?.clone();
        self.emit(operator);
        Ok(())
    }

    /// A division, mostly by something that is not zero.
    fn division(&mut self, inner: u32) -> Result<()> {
        self.expression(inner)?;
        match self.pick(8)? {
            0..=2 => {
                self.expression(inner)?;
                self.code
                    .extend([Instruction::I32Const(1), Instruction::I32Or]);
            }
            3..=5 => {
                let value = constant(self.u, self.plan.min_pages * PAGE)?;
                self.emit(Instruction::I32Const(if value == 0 { 7 } else { value }));
            }
            _ => self.expression(inner)?,
        }
        let operator = self.u.choose(&DIVISIONS)?.clone();
        self.emit(operator);
        Ok(())
    }

    /// `(a op1 k) op2 (b op3 k)`: fields, rotations and extensions as they occur in real code.
    fn shifted_pair(&mut self, inner: u32) -> Result<()> {
        const SHIFTS: [Instruction<'static>; 6] = [
            Instruction::I32Shl,
            Instruction::I32ShrU,
            Instruction::I32ShrS,
            Instruction::I32Rotl,
            Instruction::I32And,
            Instruction::I32Mul,
        ];
        for _ in 0..2 {
            self.expression(inner)?;
            let amount = match self.pick(3)? {
                0 => self.u.int_in_range(0..=33)?,
                1 => *self.u.choose(&[8, 16, 24, 31, 0xff, 0xffff])?,
                _ => constant(self.u, 0)?,
            };
            self.emit(Instruction::I32Const(amount));
            let operator = self.u.choose(&SHIFTS)?.clone();
            self.emit(operator);
        }
        self.binary()
    }

    /// An address: mostly inside, sometimes at the edge, rarely anywhere.
    pub(super) fn address(&mut self, inner: u32) -> Result<()> {
        let bytes = self.plan.min_pages * PAGE;
        match self.pick(60)? {
            0..=34 => {
                self.expression(inner)?;
                let mask = *self.u.choose(&[0xff, 0xfc, 0x7fff, 0x3c])?;
                self.code
                    .extend([Instruction::I32Const(mask), Instruction::I32And]);
            }
            35..=44 => {
                self.expression(inner)?;
                self.emit(Instruction::I32Const(bytes.max(16) as i32 - 16));
                self.emit(Instruction::I32RemU);
            }
            45..=47 => self.emit(Instruction::I32Const(bytes.max(16) as i32 - 16)),
            // An array with a scale.
            48..=57 => {
                self.expression(inner)?;
                self.code
                    .extend([Instruction::I32Const(31), Instruction::I32And]);
                let scale = self.pick(4)? as i32;
                self.code
                    .extend([Instruction::I32Const(scale), Instruction::I32Shl]);
                let array = *self.u.choose(&[0, 8, 256, 0x1000])?;
                self.code
                    .extend([Instruction::I32Const(array), Instruction::I32Add]);
            }
            58 => self.constant()?,
            _ => self.expression(inner)?,
        }
        Ok(())
    }

    pub(super) fn memarg(&mut self, align: u32) -> Result<MemArg> {
        let bytes = u64::from(self.plan.min_pages * PAGE);
        let offset = match self.pick(80)? {
            0..=29 => 0,
            30..=54 => self.u.int_in_range(1..=16)?,
            55..=73 => *self
                .u
                .choose(&[31, 124, 127, 128, 254, 255, 256, 4092, 4095, 4096])?,
            74..=76 => (bytes + self.u.int_in_range(0..=4)?).saturating_sub(16),
            77 => *self.u.choose(&[
                0x7fff_ffff,
                0x8000_0000,
                0xffff_fff0,
                0xffff_ffff,
                0xffff_0000,
            ])?,
            _ => u64::from(self.u.arbitrary::<u16>()?),
        };
        Ok(MemArg {
            offset,
            align: self.u.int_in_range(0..=align)?,
            target: MemArgTarget::Memory(0),
            ordering: None,
        })
    }

    fn choice(&mut self, inner: u32) -> Result<()> {
        self.expression(inner)?;
        self.emit(Instruction::If(BlockType::Result(ValType::I32)));
        self.labels.push(Some(1));
        self.arm(inner)?;
        self.emit(Instruction::Else);
        self.arm(inner)?;
        self.labels.pop();
        self.emit(Instruction::End);
        Ok(())
    }

    /// Perhaps a statement, then a word.
    fn arm(&mut self, inner: u32) -> Result<()> {
        if self.u.ratio(1, 3)? {
            self.statement(1)?;
        }
        self.expression(inner)
    }

    /// A block that some branch leaves with its value.
    fn block_value(&mut self, inner: u32) -> Result<()> {
        self.emit(Instruction::Block(BlockType::Result(ValType::I32)));
        self.labels.push(Some(1));
        self.expression(inner)?;
        self.expression(inner)?;
        self.emit(Instruction::BrIf(0));
        if self.u.ratio(1, 2)? {
            self.emit(Instruction::Drop);
            self.arm(inner)?;
        }
        self.labels.pop();
        self.emit(Instruction::End);
        Ok(())
    }

    /// A block with parameters: the words go through on the operand stack.
    fn block_words(&mut self, inner: u32) -> Result<()> {
        let words = 1 + self.pick(BLOCK_WORDS)?;
        for _ in 0..words {
            self.expression(inner)?;
        }
        self.emit(Instruction::Block(self.plan.block_type(words)));
        self.labels.push(Some(words));
        self.expression(inner)?;
        self.emit(Instruction::BrIf(0));
        for _ in 0..words {
            self.emit(Instruction::Drop);
        }
        for _ in 0..words {
            self.expression(inner)?;
        }
        self.labels.pop();
        self.emit(Instruction::End);
        for _ in 1..words {
            self.binary()?;
        }
        Ok(())
    }

    /// The results of a call, folded into one word.
    fn call_value(&mut self, inner: u32) -> Result<()> {
        match self.call(inner)? {
            None | Some(0) => self.leaf(),
            Some(results) => {
                for _ in 1..results {
                    self.binary()?;
                }
                Ok(())
            }
        }
    }

    /// A call of another function: how many results it leaves, `None` if there is none to call.
    pub(super) fn call(&mut self, inner: u32) -> Result<Option<u32>> {
        if !self.plan.table.is_empty() && self.u.ratio(1, 3)? {
            return self.call_indirect(inner).map(Some);
        }
        let behind = self.index + 1..self.plan.functions.len() as u32;
        let callable: Vec<u32> = (0..self.plan.imported).chain(behind).collect();
        if callable.is_empty() {
            return Ok(None);
        }
        let callee = *self.u.choose(&callable)?;
        let (params, results) = self.plan.signature(callee);
        for _ in 0..params {
            self.expression(inner)?;
        }
        self.emit(Instruction::Call(callee));
        Ok(Some(results))
    }

    /// Mostly of a type that the element has; the fuel ends recursion.
    fn call_indirect(&mut self, inner: u32) -> Result<u32> {
        let place = self.u.choose_index(self.plan.table.len())?;
        let type_index = match self.plan.table[place] {
            Some(function) if self.u.ratio(9, 10)? => self.plan.functions[function as usize],
            _ => self.u.choose_index(self.plan.types.len())? as u32,
        };
        let (params, results) = self.plan.types[type_index as usize];
        for _ in 0..params {
            self.expression(inner)?;
        }
        if self.u.ratio(3, 4)? {
            self.emit(Instruction::I32Const(place as i32));
        } else {
            self.expression(inner)?;
            self.code
                .extend([Instruction::I32Const(7), Instruction::I32And]);
        }
        self.emit(Instruction::CallIndirect {
            type_index,
            table_index: 0,
        });
        Ok(results)
    }
}
