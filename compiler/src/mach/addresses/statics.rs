//! Accesses that lie beyond the reach of a symbol share an address that does reach them.
//!
//! ```text
//!   load base+5000                a = base + 4096
//!   store base+5004      ─▶       load a+904
//!                                 store a+908
//! ```
//! Such accesses, to variables of the module, would each add the upper part of the offset by itself.
//! The first one computes it for all that it dominates.

use cranelift_codegen::cursor::{Cursor, FuncCursor};
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::ir::{Block, Function, GlobalValue, InstBuilder, Value, types};

use super::linear::{Decomposer, Part};
use super::{Access, AddressModes};

/// An address that is there.
struct Anchor {
    symbol: GlobalValue,
    constant: u32,
    block: Block,
    value: Value,
}

/// How many addresses are remembered: the latest ones.
const MAX_ANCHORS: usize = 16;

/// Rewrites the accesses of a function to constant distances from a symbol, and says whether there were
/// any.
pub(super) fn run(func: &mut Function, modes: AddressModes, domtree: &DominatorTree) -> bool {
    let mut changed = false;
    let blocks: Vec<Block> = domtree.cfg_rpo().copied().collect();
    let mut anchors: Vec<Anchor> = Vec::new();
    for block in blocks {
        let mut next = func.layout.first_inst(block);
        while let Some(inst) = next {
            next = func.layout.next_inst(inst);
            let Some(access) = Access::of(func, inst, block) else {
                continue;
            };
            let (address, offset) = access.place(func);
            let decomposer = Decomposer {
                func: &*func,
                open: |_| true,
                max_shift: 0,
            };
            let sum = decomposer.of(address);
            let [term] = sum.terms[..] else {
                continue;
            };
            let (Part::Symbol(symbol), 0, false) = (term.part, term.shift, term.negative) else {
                continue;
            };
            let place = sum.constant.wrapping_add(offset as u32);
            // Offsets reach as far as the parts of 4096 bytes are wide, or nearly.
            let low = place.wrapping_add_signed(modes.min_offset.wrapping_neg()) & 0xfff;
            let low = low.wrapping_add_signed(modes.min_offset);
            let high = place.wrapping_sub(low);
            // One instruction adds a constant of so few bits.
            if modes.reaches(place) || !modes.reaches(low) || high > 0xff << 12 {
                continue;
            }
            let there = anchors.iter().find(|anchor| {
                anchor.symbol == symbol
                    && anchor.constant == high
                    && domtree.block_dominates(anchor.block, block)
            });
            let value = match there {
                Some(anchor) => anchor.value,
                None => {
                    let mut cursor = FuncCursor::new(func).at_inst(inst);
                    cursor.use_srcloc(inst);
                    let base = cursor.ins().symbol_value(types::I32, symbol);
                    let by = cursor.ins().iconst(types::I32, i64::from(high));
                    let value = cursor.ins().iadd(base, by);
                    if anchors.len() == MAX_ANCHORS {
                        anchors.remove(0);
                    }
                    anchors.push(Anchor {
                        symbol,
                        constant: high,
                        block,
                        value,
                    });
                    value
                }
            };
            access.move_to(func, value, low);
            changed = true;
        }
    }
    changed
}
