//! One loop whose words go no regular way, but are compared with a bound before they are indices.
//!
//! ```text
//!   x, y: somewhere below the bound, or not           a field: base + factor·x, its last element
//!   loop   x = 2x+1 / x+p / x>>1 / x&y / …            for x = bound - 1 near the memory's end
//!          compare ─ leave, go back, or do more
//!          accesses to fields
//!   mix the words and what was loaded into the result
//! ```
//!
//! Half of these loops do what programs do (sift in a heap, strike out multiples, halve, walk to an
//! end); the other half does anything in any order, so that most of what it uses as an index has been
//! compared on some ways only.

use arbitrary::Result;
use wasm_encoder::{BlockType, Instruction, MemArg, MemArgTarget};

use super::count::Comparison;
use super::walk::{Access, Body, DEEPEST, LATEST, LOADS, MIXED, STORES};
use super::{CHANGE, HOST, PARAMS};

/// A word plus a constant.
type Place = (u32, i32);

/// Somewhere for `x` below a bound.
#[derive(Clone, Copy)]
struct Field {
    base: u32,
    /// Where the base is kept over the loop.
    local: Option<u32>,
    factor: u32,
    width: u32,
}

/// What words are compared with.
#[derive(Clone, Copy)]
struct Bound {
    value: u32,
    /// Where it is kept over the loop.
    local: Option<u32>,
}

/// A loop that is being written.
struct Roam {
    words: [u32; 2],
    bounds: [Bound; 2],
    fields: Vec<Field>,
    /// What was compared last.
    compared: Place,
    /// Blocks between here and the loop.
    within: u32,
    /// How deep the loop is in others.
    depth: u32,
}

impl Body<'_, '_, '_> {
    /// A loop, at this depth.
    pub(super) fn roam(&mut self, depth: u32) -> Result<()> {
        if !self.count_loop() {
            return Ok(());
        }
        let bound = self.bound_value()?;
        let near = bound.wrapping_add_signed(self.u.int_in_range(-2..=2)?);
        let words = [self.local(), self.local()];
        let mut roam = Roam {
            words,
            bounds: [self.bound(bound)?, self.bound(near)?],
            fields: Vec::new(),
            compared: (words[0], 0),
            within: 0,
            depth,
        };
        for word in words {
            self.start_word(word, bound)?;
        }
        for _ in 0..self.u.int_in_range(1..=2)? {
            let field = self.field(bound)?;
            roam.fields.push(field);
        }
        let is_usual = self.u.ratio(1, 2)?;
        // What programs do ends, if the bound is near.
        let fuel = (!is_usual || bound > 0x1000).then(|| self.local());
        if let Some(fuel) = fuel {
            let rounds = *self.u.choose(&[0xff, 0xffff, -1])?;
            self.emit([Instruction::I32Const(rounds), Instruction::LocalSet(fuel)]);
        }
        self.emit([
            Instruction::Block(BlockType::Empty),
            Instruction::Loop(BlockType::Empty),
        ]);
        if let Some(fuel) = fuel {
            self.burn(fuel, 1);
        }
        match is_usual {
            true => self.usual(&mut roam)?,
            false => self.unusual(&mut roam)?,
        }
        self.emit([Instruction::End, Instruction::End]);
        self.leave(&words);
        Ok(())
    }

    fn bound_value(&mut self) -> Result<u32> {
        let size = self.plan.bytes();
        Ok(match self.u.int_in_range(0..=15)? {
            0 => 0,
            1 => 1,
            2..=6 => self.u.int_in_range(2..=6)?,
            7..=9 => self.u.int_in_range(5..=16)?,
            10 | 11 => self.u.int_in_range(17..=70)?,
            // The end of the memory itself.
            12 | 13 => size.wrapping_sub(self.u.int_in_range(0..=16)?),
            _ => {
                let edge: u32 = *self.u.choose(&[0x8000_0000, 0, 0x4000_0000, 0x1_0000])?;
                edge.wrapping_add_signed(self.u.int_in_range(-2..=2)?)
            }
        })
    }

    fn bound(&mut self, value: u32) -> Result<Bound> {
        let local = self.u.ratio(2, 3)?.then(|| self.local());
        if let Some(local) = local {
            self.word(value)?;
            self.emit([Instruction::LocalSet(local)]);
        }
        Ok(Bound { value, local })
    }

    /// Mostly what is below the bound.
    fn start_word(&mut self, word: u32, bound: u32) -> Result<()> {
        let start = match self.u.int_in_range(0..=11)? {
            0 | 1 => 0,
            2 => 1,
            3 | 4 => bound.saturating_add(self.u.int_in_range(0..=1)?),
            5 | 6 => self.u.int_in_range(0..=bound.saturating_sub(1))?,
            7 | 8 => bound.wrapping_sub(self.u.int_in_range(1..=9)?),
            9 => bound,
            10 => bound.wrapping_add(self.u.int_in_range(1..=4)?),
            _ => {
                let parameter = self.u.int_in_range(0..=PARAMS - 1)?;
                self.emit([
                    Instruction::LocalGet(parameter),
                    Instruction::LocalSet(word),
                ]);
                return Ok(());
            }
        };
        self.word(start)?;
        self.emit([Instruction::LocalSet(word)]);
        Ok(())
    }

    fn field(&mut self, bound: u32) -> Result<Field> {
        let size = self.plan.bytes();
        let far = bound > size && self.u.ratio(7, 8)?;
        let factor = match far || bound.saturating_add(40) > size {
            true => 1,
            false => *self.u.choose(&[4u32, 1, 2, 4, 8, 12, 3])?,
        };
        let width = *self.u.choose(&[4u32, 1, 2, 4])?;
        let last = match self.u.int_in_range(0..=7)? {
            0..=4 => bound.wrapping_sub(1),
            5 => bound,
            // The end is somewhere in between.
            _ => self.u.int_in_range(0..=bound.min(0x1_0000))?,
        };
        let slip = match self.u.int_in_range(0..=7)? {
            0..=4 => 0,
            5 => self.u.int_in_range(0..=factor.min(4))?,
            6 => self.u.int_in_range(0..=20)?,
            _ => u32::MAX,
        };
        let end = size.wrapping_sub(width).wrapping_sub(slip);
        let base = end.wrapping_sub(last.wrapping_mul(factor));
        let local = self.u.ratio(1, 3)?.then(|| self.local());
        if let Some(local) = local {
            self.word(base)?;
            self.emit([Instruction::LocalSet(local)]);
        }
        Ok(Field {
            base,
            local,
            factor,
            width,
        })
    }

    /// What programs do.
    fn usual(&mut self, roam: &mut Roam) -> Result<()> {
        let [x, y] = roam.words;
        match self.u.int_in_range(0..=3)? {
            0 => {
                // The larger child, of those that are there.
                self.doubled(x);
                self.emit([Instruction::LocalSet(y)]);
                self.compare(roam, (y, 0), false)?;
                self.emit([Instruction::BrIf(1)]);
                self.accesses(roam, (y, 0))?;
                self.compare(roam, (y, 1), true)?;
                self.emit([Instruction::If(BlockType::Empty)]);
                self.accesses(roam, (y, 1))?;
                self.plus(y, 1);
                self.emit([Instruction::LocalGet(y)]);
                self.chosen()?;
                self.emit([
                    Instruction::Select,
                    Instruction::LocalSet(y),
                    Instruction::End,
                ]);
                self.accesses(roam, (y, 0))?;
                self.accesses(roam, (x, 0))?;
                self.emit([
                    Instruction::LocalGet(y),
                    Instruction::LocalSet(x),
                    Instruction::Br(0),
                ]);
            }
            1 => {
                // Every so many.
                let on_top = self.u.ratio(1, 2)?;
                if on_top {
                    self.compare(roam, (x, 0), false)?;
                    self.emit([Instruction::BrIf(1)]);
                }
                self.accesses(roam, (x, 0))?;
                self.emit([Instruction::LocalGet(x)]);
                self.stride()?;
                self.emit([Instruction::I32Add, Instruction::LocalSet(x)]);
                match on_top {
                    true => self.emit([Instruction::Br(0)]),
                    false => {
                        self.compare(roam, (x, 0), true)?;
                        self.emit([Instruction::BrIf(0)]);
                    }
                }
            }
            2 => {
                // Nearer to 0.
                self.compare(roam, (x, 0), false)?;
                self.emit([Instruction::BrIf(1)]);
                self.accesses(roam, (x, 0))?;
                self.emit([Instruction::LocalGet(x)]);
                let by = self.u.int_in_range(1..=2)?;
                let smaller = match self.u.ratio(1, 2)? {
                    true => [Instruction::I32Const(by), Instruction::I32ShrU],
                    false => [Instruction::I32Const(by + 1), Instruction::I32DivU],
                };
                self.emit(smaller);
                self.emit([Instruction::LocalTee(y)]);
                self.emit([Instruction::LocalSet(x)]);
                self.accesses(roam, (x, 0))?;
                self.emit([Instruction::LocalGet(y), Instruction::BrIf(0)]);
            }
            _ => {
                // Some more if there is more, and then some more.
                self.accesses(roam, (x, 0))?;
                self.emit([Instruction::LocalGet(x)]);
                self.stride()?;
                self.emit([Instruction::I32Add, Instruction::LocalTee(y)]);
                self.emit([Instruction::LocalSet(x)]);
                self.compare(roam, (x, 0), false)?;
                self.emit([Instruction::BrIf(1)]);
                self.accesses(roam, (x, 0))?;
                self.plus(x, 1);
                self.emit([Instruction::LocalSet(x)]);
                self.compare(roam, (x, 0), true)?;
                self.emit([Instruction::BrIf(0)]);
            }
        }
        Ok(())
    }

    /// Anything.
    fn unusual(&mut self, roam: &mut Roam) -> Result<()> {
        self.statements(roam)?;
        match self.u.ratio(1, 2)? {
            true => self.emit([Instruction::Br(0)]),
            false => {
                let place = self.place(roam)?;
                self.compare(roam, place, true)?;
                self.emit([Instruction::BrIf(0)]);
            }
        }
        Ok(())
    }

    fn statements(&mut self, roam: &mut Roam) -> Result<()> {
        for _ in 0..self.u.int_in_range(2..=5)? {
            self.statement(roam)?;
        }
        Ok(())
    }

    fn statement(&mut self, roam: &mut Roam) -> Result<()> {
        match self.u.int_in_range(0..=19)? {
            0..=6 => {
                let place = match self.u.ratio(2, 3)? {
                    true => roam.compared,
                    false => self.place(roam)?,
                };
                self.accesses(roam, place)?;
            }
            7..=9 => {
                let place = self.place(roam)?;
                self.compare(roam, place, false)?;
                self.emit([Instruction::BrIf(roam.within + 1)]);
            }
            10 | 11 if roam.within < 2 => {
                let place = self.place(roam)?;
                self.compare(roam, place, true)?;
                self.branches(roam)?;
            }
            12 if roam.within < 2 => {
                self.chosen()?;
                self.branches(roam)?;
            }
            13 => {
                // Back on another way.
                self.chosen()?;
                self.emit([Instruction::If(BlockType::Empty)]);
                if self.u.ratio(2, 3)? {
                    self.moves(roam)?;
                }
                self.emit([Instruction::Br(roam.within + 1), Instruction::End]);
            }
            14 if roam.depth < DEEPEST => match self.u.ratio(1, 2)? {
                true => self.nest(roam.depth + 1)?,
                false => {
                    let function = *self.u.choose(&[CHANGE, HOST])?;
                    self.emit([
                        Instruction::LocalGet(MIXED),
                        Instruction::Call(function),
                        Instruction::LocalSet(LATEST),
                    ]);
                }
            },
            _ => self.moves(roam)?,
        }
        Ok(())
    }

    /// What is done if the number on the stack is not 0, and what else.
    fn branches(&mut self, roam: &mut Roam) -> Result<()> {
        self.emit([Instruction::If(BlockType::Empty)]);
        roam.within += 1;
        self.statements(roam)?;
        if self.u.ratio(1, 2)? {
            self.emit([Instruction::Else]);
            self.statements(roam)?;
        }
        roam.within -= 1;
        self.emit([Instruction::End]);
        Ok(())
    }

    /// Changes a word.
    fn moves(&mut self, roam: &Roam) -> Result<()> {
        let to = *self.u.choose(&roam.words)?;
        let from = *self.u.choose(&roam.words)?;
        let [x, y] = roam.words;
        match self.u.int_in_range(0..=13)? {
            0 => self.doubled(from),
            1 | 2 => {
                let more = *self.u.choose(&[1, 1, 2, -1])?;
                self.plus(from, more);
            }
            3 | 4 => {
                self.emit([Instruction::LocalGet(from)]);
                self.stride()?;
                self.emit([Instruction::I32Add]);
            }
            5..=8 => {
                self.emit([Instruction::LocalGet(from)]);
                let by = self.u.int_in_range(1..=15)?;
                let known = self.u.ratio(1, 2)?;
                match known {
                    true => self.emit([Instruction::I32Const(by)]),
                    false => self.emit([
                        Instruction::LocalGet(MIXED),
                        Instruction::I32Const(1),
                        Instruction::I32Or,
                    ]),
                }
                let instruction = match self.u.int_in_range(0..=6)? {
                    0 | 1 => Instruction::I32ShrU,
                    2 => Instruction::I32And,
                    3 => Instruction::I32DivU,
                    4 => Instruction::I32RemU,
                    5 => Instruction::I32ShrS,
                    _ => Instruction::I32Xor,
                };
                self.emit([instruction]);
            }
            9 => self.emit([
                Instruction::LocalGet(x),
                Instruction::LocalGet(y),
                Instruction::I32And,
            ]),
            10 => {
                // The smaller one, or the larger.
                let instruction = match self.u.ratio(2, 3)? {
                    true => Instruction::I32LtU,
                    false => Instruction::I32GtU,
                };
                self.emit([x, y, x, y].map(Instruction::LocalGet));
                self.emit([instruction, Instruction::Select]);
            }
            11 | 12 => {
                self.emit([x, y].map(Instruction::LocalGet));
                self.chosen()?;
                self.emit([Instruction::Select]);
            }
            _ => {
                let mask = *self.u.choose(&[0xff, 7, 0x1f, 1])?;
                self.emit([
                    Instruction::LocalGet(LATEST),
                    Instruction::I32Const(mask),
                    Instruction::I32And,
                ]);
            }
        }
        self.emit([Instruction::LocalSet(to)]);
        Ok(())
    }

    fn place(&mut self, roam: &Roam) -> Result<Place> {
        let word = *self.u.choose(&roam.words)?;
        let more = match self.u.int_in_range(0..=7)? {
            0..=5 => 0,
            6 => 1,
            _ => -1,
        };
        Ok((word, more))
    }

    /// Leaves whether a word is below a bound, or whether it is not.
    fn compare(&mut self, roam: &mut Roam, place: Place, is_below: bool) -> Result<()> {
        roam.compared = place;
        let bound = match self.u.ratio(1, 8)? {
            false => roam.bounds[0],
            true => roam.bounds[1],
        };
        let comparison = match self.u.int_in_range(0..=15)? {
            0..=9 => Comparison::LtU,
            10..=13 => Comparison::LeU,
            14 => Comparison::LtS,
            _ => Comparison::GtU,
        };
        let comparison = match is_below {
            true => comparison,
            false => comparison.complement(),
        };
        let swapped = self.u.ratio(1, 4)?;
        for is_bound in [swapped, !swapped] {
            match (is_bound, bound.local) {
                (false, _) => self.plus(place.0, place.1),
                (true, Some(local)) => self.emit([Instruction::LocalGet(local)]),
                (true, None) => self.word(bound.value)?,
            }
        }
        let comparison = match swapped {
            true => comparison.swapped(),
            false => comparison,
        };
        self.emit([comparison.instruction()]);
        Ok(())
    }

    /// Some accesses to a field there.
    fn accesses(&mut self, roam: &Roam, place: Place) -> Result<()> {
        let field = *self.u.choose(&roam.fields)?;
        for _ in 0..self.u.int_in_range(1..=3)? {
            let stores = self.u.ratio(1, 3)?;
            let kinds: &[(Access, u32)] = if stores { &STORES } else { &LOADS };
            let as_wide = |&&(_, width): &&(Access, u32)| width == field.width;
            let (access, width) = match self.u.ratio(7, 8)? {
                true => *kinds.iter().find(as_wide).unwrap_or(&kinds[0]),
                false => *self.u.choose(kinds)?,
            };
            let turned = self.u.ratio(1, 4)?;
            if turned {
                self.base(field)?;
            }
            self.plus(place.0, place.1);
            match field.factor {
                1 => {}
                2 | 4 | 8 => {
                    let by = field.factor.ilog2().cast_signed();
                    self.emit([Instruction::I32Const(by), Instruction::I32Shl]);
                }
                factor => {
                    let factor = Instruction::I32Const(factor.cast_signed());
                    self.emit([factor, Instruction::I32Mul]);
                }
            }
            if !turned {
                self.base(field)?;
            }
            self.emit([Instruction::I32Add]);
            let offset = match self.u.ratio(1, 12)? {
                true => self.u.int_in_range(1..=4)?,
                false => 0,
            };
            let memarg = MemArg {
                offset,
                align: self.u.int_in_range(0..=u32::ilog2(width))?,
                target: MemArgTarget::Memory(0),
                ordering: None,
            };
            match stores {
                true => self.emit([Instruction::LocalGet(MIXED), access(memarg)]),
                false => {
                    self.emit([access(memarg)]);
                    self.mix()?;
                }
            }
        }
        Ok(())
    }

    fn base(&mut self, field: Field) -> Result<()> {
        match field.local {
            Some(local) => self.emit([Instruction::LocalGet(local)]),
            None => self.word(field.base)?,
        }
        Ok(())
    }

    /// Leaves a number that is 0 in some rounds.
    fn chosen(&mut self) -> Result<()> {
        let mask = *self.u.choose(&[1, 3, 2, 4])?;
        self.emit([
            Instruction::LocalGet(MIXED),
            Instruction::I32Const(mask),
            Instruction::I32And,
        ]);
        Ok(())
    }

    /// Leaves a number that is not 0, and mostly small.
    fn stride(&mut self) -> Result<()> {
        let (local, mask) = match self.u.int_in_range(0..=4)? {
            0 => (self.u.int_in_range(0..=PARAMS - 1)?, -1),
            1 => (self.u.int_in_range(0..=PARAMS - 1)?, 3),
            2 => (LATEST, 7),
            _ => (MIXED, 3),
        };
        self.emit([
            Instruction::LocalGet(local),
            Instruction::I32Const(mask),
            Instruction::I32And,
            Instruction::I32Const(1),
            Instruction::I32Or,
        ]);
        Ok(())
    }

    fn plus(&mut self, word: u32, more: i32) {
        self.emit([Instruction::LocalGet(word)]);
        if more != 0 {
            self.emit([Instruction::I32Const(more), Instruction::I32Add]);
        }
    }

    /// Leaves a word's double and 1.
    fn doubled(&mut self, word: u32) {
        self.emit([
            Instruction::LocalGet(word),
            Instruction::I32Const(1),
            Instruction::I32Shl,
            Instruction::I32Const(1),
            Instruction::I32Or,
        ]);
    }
}
