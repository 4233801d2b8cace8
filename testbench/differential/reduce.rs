//! From a finding to the smallest choices that show one, and from there to a smaller module.

use wasm_shrink::WasmShrink;

/// A smaller module for which `interesting` still holds, by mutations of the module itself.
pub(crate) fn shrink(wasm: &[u8], interesting: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let shrink = WasmShrink::default().attempts(300);
    let info = shrink.run(wasm.to_vec(), |wasm| Ok(interesting(wasm)));
    // It fails where nothing can be left out.
    info.map_or_else(|_| wasm.to_vec(), |info| info.output)
}

/// Smaller choices for which `interesting` still holds: pieces are cut out, or zeroed.
///
/// A generator makes the simplest choice of a zero and of no choice at all, so this reduces the
/// module of any generator.
pub(crate) fn reduce(choices: &[u8], mut interesting: impl FnMut(&[u8]) -> bool) -> Vec<u8> {
    let mut best = choices.to_vec();
    let mut piece = best.len() / 2;
    while piece > 0 {
        let mut at = 0;
        let mut changed = false;
        while at < best.len() {
            let end = best.len().min(at + piece);
            let cut = [&best[..at], &best[end..]].concat();
            let mut zeroed = best.clone();
            zeroed[at..end].fill(0);
            if interesting(&cut) {
                best = cut;
                changed = true;
            } else if zeroed != best && interesting(&zeroed) {
                best = zeroed;
                changed = true;
                at = end;
            } else {
                at = end;
            }
        }
        if !changed || piece > 8 {
            piece /= 2;
        }
    }
    best
}
