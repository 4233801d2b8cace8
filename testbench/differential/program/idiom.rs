//! Combinations of operators that a back end has one instruction for, and their near misses.

use arbitrary::Result;
use wasm_encoder::Instruction;

use super::Body;

/// Operators with a flexible second operand.
const LOGIC: [Instruction<'static>; 5] = [
    Instruction::I32And,
    Instruction::I32Or,
    Instruction::I32Xor,
    Instruction::I32Add,
    Instruction::I32Sub,
];

const SHIFTS: [Instruction<'static>; 5] = [
    Instruction::I32Shl,
    Instruction::I32ShrU,
    Instruction::I32ShrS,
    Instruction::I32Rotl,
    Instruction::I32Rotr,
];

const COMPARISONS: [Instruction<'static>; 6] = [
    Instruction::I32LtS,
    Instruction::I32LtU,
    Instruction::I32GtS,
    Instruction::I32GeU,
    Instruction::I32Eq,
    Instruction::I32Ne,
];

impl Body<'_, '_, '_> {
    /// One such combination, which leaves one word.
    pub(super) fn idiom(&mut self, inner: u32) -> Result<()> {
        match self.pick(7)? {
            // x op ~y, and the other way round: BIC, ORN, MVN.
            0 => {
                let turned = self.u.ratio(1, 3)?;
                self.expression(inner)?;
                self.complement_if(turned);
                self.expression(inner)?;
                self.complement_if(!turned);
                self.one_of(&LOGIC)
            }
            // x op (y shifted by a constant), and the other way round.
            1 => {
                let turned = self.u.ratio(1, 2)?;
                self.expression(inner)?;
                self.shift_if(turned)?;
                self.expression(inner)?;
                self.shift_if(!turned)?;
                self.one_of(&LOGIC)
            }
            // x + y * z and x - y * z: MLA, MLS.
            2 => {
                self.expression(inner)?;
                self.expression(inner)?;
                self.expression(inner)?;
                self.emit(Instruction::I32Mul);
                self.one_of(&LOGIC[3..])
            }
            // A field: UBFX, SBFX, UXTB, SXTH.
            3 => {
                self.expression(inner)?;
                self.shift_if(true)?;
                if self.u.ratio(1, 2)? {
                    let width: i32 = self.u.int_in_range(1..=31)?;
                    self.code.extend([
                        Instruction::I32Const(i32::MAX >> (31 - width)),
                        Instruction::I32And,
                    ]);
                    Ok(())
                } else {
                    self.shift_if(true)
                }
            }
            // The same two words compared and chosen from: minimum, maximum, absolute difference.
            4 => {
                let words = [self.same_word()?, self.same_word()?];
                let turned = self.u.ratio(1, 2)?;
                let places = if turned { [1, 0] } else { [0, 1] };
                let choice = places.map(|place| words[place].clone());
                self.code.extend(choice);
                self.code.extend(words);
                self.one_of(&COMPARISONS)?;
                self.emit(Instruction::Select);
                Ok(())
            }
            // A rotation written as two shifts, or nearly.
            5 => {
                let word = self.same_word()?;
                let left: i32 = self.u.int_in_range(1..=31)?;
                let slip = i32::from(self.u.ratio(1, 8)?);
                self.code.extend([
                    word.clone(),
                    Instruction::I32Const(left),
                    Instruction::I32Shl,
                    word,
                    Instruction::I32Const(32 - left - slip),
                    Instruction::I32ShrU,
                ]);
                self.one_of(&LOGIC[1..4])
            }
            // A test of bits: TST, and what is made of its result.
            _ => {
                self.expression(inner)?;
                self.expression(inner)?;
                self.emit(Instruction::I32And);
                self.emit(Instruction::I32Eqz);
                if self.u.ratio(1, 2)? {
                    self.expression(inner)?;
                    self.one_of(&COMPARISONS)?;
                }
                Ok(())
            }
        }
    }

    fn one_of(&mut self, operators: &[Instruction<'static>]) -> Result<()> {
        let operator = self.u.choose(operators)?.clone();
        self.emit(operator);
        Ok(())
    }

    fn complement_if(&mut self, wanted: bool) {
        if wanted {
            self.code
                .extend([Instruction::I32Const(-1), Instruction::I32Xor]);
        }
    }

    /// A shift by a constant, also one of nothing or of the whole word.
    fn shift_if(&mut self, wanted: bool) -> Result<()> {
        if !wanted {
            return Ok(());
        }
        let amount = self.u.int_in_range(0..=32)?;
        self.emit(Instruction::I32Const(amount));
        self.one_of(&SHIFTS)
    }

    /// A word that can be had twice without being computed twice.
    fn same_word(&mut self) -> Result<Instruction<'static>> {
        Ok(match self.local()? {
            Some(local) => Instruction::LocalGet(local),
            None => Instruction::I32Const(self.u.arbitrary()?),
        })
    }
}
