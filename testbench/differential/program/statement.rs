//! Statements: they leave the operand stack as it was.

use arbitrary::Result;
use wasm_encoder::{BlockType, Instruction};

use super::expression::STORES;
use super::{BLOCK_WORDS, Body, FUEL_GLOBAL};

/// Loops inside each other.
const DEEPEST_LOOP: u32 = 3;
const MOST_ROUNDS: i32 = 6;

impl Body<'_, '_, '_> {
    /// One statement, with at most `depth` levels of statements in it.
    pub(super) fn statement(&mut self, depth: u32) -> Result<()> {
        if !self.affords(2) {
            return Ok(());
        }
        match self.pick(20)? {
            0..=4 => self.set_local(),
            5 => self.set_global(),
            6..=8 => self.store(),
            9 => self.call_statement(),
            10 => self.leave(),
            11 => self.bulk(),
            12 => self.swap_locals(),
            _ if depth == 0 => self.set_local(),
            13 | 14 => self.if_statement(depth - 1),
            15 => self.block(depth - 1),
            16 => self.switch(depth - 1),
            17 => self.loop_words(depth - 1),
            _ => self.loop_statement(depth - 1),
        }
    }

    fn statements(&mut self, depth: u32) -> Result<()> {
        for _ in 0..=self.pick(4)? {
            self.statement(depth)?;
        }
        Ok(())
    }

    fn set_local(&mut self) -> Result<()> {
        self.expression(4)?;
        let local = self.local()?;
        self.emit(local.map_or(Instruction::Drop, Instruction::LocalSet));
        Ok(())
    }

    fn set_global(&mut self) -> Result<()> {
        self.expression(3)?;
        let global = self.u.choose_index(self.plan.globals.len())?;
        let writable = global != FUEL_GLOBAL as usize && self.plan.globals[global];
        self.emit(if writable {
            Instruction::GlobalSet(global as u32)
        } else {
            Instruction::Drop
        });
        Ok(())
    }

    fn store(&mut self) -> Result<()> {
        self.address(2)?;
        self.expression(3)?;
        let (store, align) = *self.u.choose(&STORES)?;
        let memarg = self.memarg(align)?;
        self.emit(store(memarg));
        Ok(())
    }

    fn call_statement(&mut self) -> Result<()> {
        let results = self.call(2)?.unwrap_or(0);
        for _ in 0..results {
            let local = self.local()?;
            self.emit(local.map_or(Instruction::Drop, Instruction::LocalSet));
        }
        Ok(())
    }

    /// A branch to a label, a return or a trap, if some condition holds.
    fn leave(&mut self) -> Result<()> {
        self.expression(3)?;
        self.emit(Instruction::If(BlockType::Empty));
        self.labels.push(Some(0));
        let label = self.u.choose_index(self.labels.len())?;
        let depth = (self.labels.len() - 1 - label) as u32;
        if self.u.ratio(1, 24)? {
            self.emit(Instruction::Unreachable);
        } else if let Some(words) = self.labels[label] {
            for _ in 0..words {
                self.expression(1)?;
            }
            let returns = label == 0 && self.u.ratio(1, 2)?;
            self.emit(if returns {
                Instruction::Return
            } else {
                Instruction::Br(depth)
            });
        }
        self.labels.pop();
        self.emit(Instruction::End);
        Ok(())
    }

    fn bulk(&mut self) -> Result<()> {
        let fill = self.u.ratio(1, 2)?;
        self.address(1)?;
        if fill {
            self.expression(2)?;
        } else {
            self.address(1)?;
        }
        self.expression(1)?;
        let mask = *self.u.choose(&[7, 0x7f, 0x1ff])?;
        self.code
            .extend([Instruction::I32Const(mask), Instruction::I32And]);
        self.emit(if fill {
            Instruction::MemoryFill(0)
        } else {
            Instruction::MemoryCopy {
                src_mem: 0,
                dst_mem: 0,
            }
        });
        Ok(())
    }

    /// Locals in a ring, each taking its neighbour's value: parallel moves.
    fn swap_locals(&mut self) -> Result<()> {
        let count = self.locals.min(2 + self.pick(4)?);
        let Some(first) = self.local()? else {
            return Ok(());
        };
        let place = |n: u32| (first + n) % self.locals;
        let gets = (0..count).map(|n| Instruction::LocalGet(place(n)));
        let sets = (0..count).map(|n| Instruction::LocalSet(place(n)));
        let swap: Vec<_> = gets.chain(sets).collect();
        self.code.extend(swap);
        Ok(())
    }

    fn if_statement(&mut self, depth: u32) -> Result<()> {
        self.expression(3)?;
        self.emit(Instruction::If(BlockType::Empty));
        self.labels.push(Some(0));
        self.statements(depth)?;
        if self.u.ratio(1, 2)? {
            self.emit(Instruction::Else);
            self.statements(depth)?;
        }
        self.labels.pop();
        self.emit(Instruction::End);
        Ok(())
    }

    fn block(&mut self, depth: u32) -> Result<()> {
        self.emit(Instruction::Block(BlockType::Empty));
        self.labels.push(Some(0));
        self.statements(depth)?;
        self.expression(2)?;
        self.emit(Instruction::BrIf(0));
        self.statements(depth)?;
        self.labels.pop();
        self.emit(Instruction::End);
        Ok(())
    }

    /// `br_table` over blocks whose code falls through into the next one's.
    fn switch(&mut self, depth: u32) -> Result<()> {
        let blocks = 1 + self.pick(5)?;
        for _ in 0..blocks {
            self.emit(Instruction::Block(BlockType::Empty));
            self.labels.push(Some(0));
        }
        self.expression(2)?;
        let mut targets = Vec::new();
        for _ in 0..self.pick(9)? {
            targets.push(self.pick(blocks)?);
        }
        let default = self.pick(blocks)?;
        self.emit(Instruction::BrTable(targets.into(), default));
        for _ in 0..blocks {
            self.labels.pop();
            self.emit(Instruction::End);
            self.statement(depth)?;
        }
        Ok(())
    }

    /// A local that counts the rounds of a loop from here on.
    fn new_counter(&mut self) -> Result<u32> {
        let counter = self.locals + self.counters;
        self.counters += 1;
        let rounds = self.u.int_in_range(1..=MOST_ROUNDS)?;
        self.emit(Instruction::I32Const(rounds));
        self.emit(Instruction::LocalSet(counter));
        Ok(counter)
    }

    /// Leaves whether rounds are left, one taken off.
    fn count_down(&mut self, counter: u32) {
        self.code.extend([
            Instruction::LocalGet(counter),
            Instruction::I32Const(1),
            Instruction::I32Sub,
            Instruction::LocalTee(counter),
            Instruction::I32Const(0),
            Instruction::I32GtS,
        ]);
    }

    fn loop_statement(&mut self, depth: u32) -> Result<()> {
        if self.loops == DEEPEST_LOOP {
            return self.set_local();
        }
        let counter = self.new_counter()?;
        self.loops += 1;
        self.emit(Instruction::Block(BlockType::Empty));
        self.emit(Instruction::Loop(BlockType::Empty));
        self.labels.extend([Some(0), None]);
        self.statements(depth)?;
        match self.pick(4)? {
            // A second way back to the start.
            1 => {
                self.expression(2)?;
                self.count_down(counter);
                self.emit(Instruction::I32And);
                self.emit(Instruction::BrIf(0));
                self.statements(depth)?;
                self.count_down(counter);
                self.emit(Instruction::BrIf(0));
            }
            // The exit, the start and the exit again by an index.
            2 => {
                self.expression(2)?;
                self.emit(Instruction::I32Const(0));
                self.count_down(counter);
                self.emit(Instruction::Select);
                let targets = vec![1, 0, 0, 1, 0];
                self.emit(Instruction::BrTable(targets.into(), 1));
            }
            // The counter is used, as an index would be.
            3 => {
                self.emit(Instruction::LocalGet(counter));
                let local = self.local()?;
                self.emit(local.map_or(Instruction::Drop, Instruction::LocalSet));
                self.count_down(counter);
                self.emit(Instruction::BrIf(0));
            }
            _ => {
                self.count_down(counter);
                self.emit(Instruction::BrIf(0));
            }
        }
        self.labels.truncate(self.labels.len() - 2);
        self.code.extend([Instruction::End, Instruction::End]);
        self.loops -= 1;
        Ok(())
    }

    /// A loop whose variables are on the operand stack: its header gets them in turned order.
    fn loop_words(&mut self, depth: u32) -> Result<()> {
        if self.loops == DEEPEST_LOOP {
            return self.set_local();
        }
        let words = self.locals.min(1 + self.pick(BLOCK_WORDS)?);
        let counter = self.new_counter()?;
        for _ in 0..words {
            self.expression(2)?;
        }
        self.loops += 1;
        self.emit(Instruction::Loop(self.plan.block_type(words)));
        self.labels.push(None);
        for local in 0..words {
            self.emit(Instruction::LocalSet(local));
        }
        self.statements(depth)?;
        for local in 0..words {
            self.emit(Instruction::LocalGet(local));
        }
        self.count_down(counter);
        self.emit(Instruction::BrIf(0));
        self.labels.pop();
        self.emit(Instruction::End);
        for _ in 0..words {
            let local = self.local()?;
            self.emit(local.map_or(Instruction::Drop, Instruction::LocalSet));
        }
        self.loops -= 1;
        Ok(())
    }
}
