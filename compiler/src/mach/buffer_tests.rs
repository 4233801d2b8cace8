//! The growth of items, against a checker that tries every combination of forms.

use super::*;

/// A branch of a made-up ISA: the number of its form, half the target's offset in two bytes, and
/// padding. Its forms take 4, 6 and 8 bytes and reach 10 and 24 bytes from their start.
#[derive(Clone, Copy, Debug)]
struct Toy(Label);

const SIZES: [u32; 3] = [4, 6, 8];
const REACH: [i64; 3] = [10, 24, 60_000];

impl Relax for Toy {
    fn forms(&self) -> u8 {
        3
    }

    fn size(&self, form: u8) -> u32 {
        SIZES[usize::from(form)]
    }

    fn data(&self, _: u8) -> Option<u32> {
        None
    }

    fn fits(&self, form: u8, at: u32, targets: &Targets<'_>) -> bool {
        targets.distance(at, self.0).abs() <= REACH[usize::from(form)]
    }

    fn encode(&self, form: u8, _: u32, targets: &Targets<'_>, out: &mut Vec<u8>) {
        let end = out.len() + self.size(form) as usize;
        out.push(form);
        out.extend(((targets.offset(self.0) / 2) as u16).to_le_bytes());
        out.resize(end, 0xee);
    }
}

type Buffer = CodeBuffer<Toy, ()>;

/// A piece of a stream.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Bytes(u32),
    Branch(usize),
    Bind(usize),
    Align,
}

fn build(pieces: &[Piece], labels: usize) -> Code<()> {
    let mut buffer = Buffer::new(labels);
    for piece in pieces {
        match *piece {
            Piece::Bytes(count) => buffer.put(&vec![0xbb; count as usize]),
            Piece::Branch(label) => buffer.put_relaxable(Toy(Label(label as u32))),
            Piece::Bind(label) => buffer.bind(Label(label as u32)),
            Piece::Align => buffer.align4([0xa1, 0xa2]),
        }
    }
    buffer.finish().expect("the longest form reaches")
}

/// The bytes of `pieces` with the branches in `forms`, laid out from scratch; `None` when a branch
/// does not reach.
fn expected(pieces: &[Piece], labels: usize, forms: &[u8]) -> Option<Vec<u8>> {
    let mut offsets = vec![0; labels];
    let mut branches = Vec::new();
    let mut out = Vec::new();
    let mut next_form = forms.iter();
    for piece in pieces {
        match *piece {
            Piece::Bytes(count) => out.resize(out.len() + count as usize, 0xbb),
            Piece::Bind(label) => offsets[label] = out.len(),
            Piece::Align if out.len() % 4 == 2 => out.extend([0xa1, 0xa2]),
            Piece::Align => {}
            Piece::Branch(label) => {
                let form = *next_form.next().expect("a form per branch");
                branches.push((out.len(), label, form));
                out.push(form);
                out.extend([0, 0]);
                out.resize(out.len() + SIZES[usize::from(form)] as usize - 3, 0xee);
            }
        }
    }
    for (at, label, form) in branches {
        let target = offsets[label];
        if at.abs_diff(target) as i64 > REACH[usize::from(form)] {
            return None;
        }
        out[at + 1..at + 3].copy_from_slice(&((target / 2) as u16).to_le_bytes());
    }
    Some(out)
}

/// Every sequence of `count` forms.
fn all_forms(count: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..3_usize.pow(count as u32)).map(move |mut number| {
        let mut digits = Vec::with_capacity(count);
        for _ in 0..count {
            digits.push((number % 3) as u8);
            number /= 3;
        }
        digits
    })
}

#[test]
fn agrees_with_trying_all_forms() {
    let mut state = 1_u32;
    let mut below = |end: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % end
    };
    for round in 0..1500 {
        let labels = 1 + below(4) as usize;
        let branches = below(6) as usize;
        let align = round % 2 == 0;
        let mut pieces: Vec<Piece> = (0..labels).map(Piece::Bind).collect();
        for _ in 0..branches {
            pieces.push(Piece::Branch(below(labels as u32) as usize));
        }
        for _ in 0..below(6) {
            pieces.push(match below(3) {
                0 if align => Piece::Align,
                _ => Piece::Bytes(2 * below(8)),
            });
        }
        for i in (1..pieces.len()).rev() {
            pieces.swap(i, below(i as u32 + 1) as usize);
        }

        let ours = build(&pieces, labels).bytes;
        let valid: Vec<Vec<u8>> = all_forms(branches)
            .filter_map(|forms| expected(&pieces, labels, &forms))
            .collect();
        assert!(valid.contains(&ours), "not a valid layout of {pieces:?}");
        // Padding may shrink when a branch grows; without it the layout found is the smallest.
        if !pieces.iter().any(|piece| matches!(piece, Piece::Align)) {
            let smallest = valid.iter().map(Vec::len).min();
            assert_eq!(Some(ours.len()), smallest, "{pieces:?}");
        }
    }
}

#[test]
fn limits_are_exact() {
    let form = |distance: u32| {
        let pieces = [Piece::Branch(0), Piece::Bytes(distance - 4), Piece::Bind(0)];
        build(&pieces, 1).bytes[0]
    };
    assert_eq!(form(10), 0);
    // Four bytes become six: the target moves by two.
    assert_eq!(form(12), 1);
    assert_eq!(form(22), 1);
    assert_eq!(form(24), 2);
}

/// Branches each of which spans the next one and just reaches, the last one with `last` bytes
/// between it and its target.
fn chain(count: usize, last: u32) -> Vec<Piece> {
    let mut pieces = vec![Piece::Branch(0)];
    for i in 1..count {
        pieces.extend([Piece::Bytes(2), Piece::Branch(i), Piece::Bind(i - 1)]);
    }
    pieces.extend([Piece::Bytes(last), Piece::Bind(count - 1)]);
    pieces
}

#[test]
fn growth_spreads_along_a_chain() {
    const COUNT: usize = 20;
    for (last, form) in [(6, 0), (8, 1)] {
        let pieces = chain(COUNT, last);
        let bytes = build(&pieces, COUNT).bytes;
        assert!(Some(bytes) == expected(&pieces, COUNT, &[form; COUNT]));
    }
}

#[test]
fn endless_growth_is_cut_short_and_stays_right() {
    const COUNT: usize = 3 * MAX_ROUNDS;
    let pieces = chain(COUNT, 8);
    let bytes = build(&pieces, COUNT).bytes;
    assert!(Some(bytes) == expected(&pieces, COUNT, &[2; COUNT]));
}

#[test]
fn places_move_with_the_code() {
    let mut buffer = Buffer::new(1);
    buffer.source_location(5);
    buffer.put_relaxable(Toy(Label(0)));
    buffer.source_location(7);
    buffer.relocation((), Symbol::Function(3));
    buffer.put(&[0; 30]);
    buffer.align4([0, 0]);
    buffer.trap_site(TrapCode::Unreachable, 7);
    buffer.bind(Label(0));
    let code = buffer.finish().expect("in reach");
    assert_eq!(code.bytes.len(), 40);
    let relocation = Relocation {
        offset: 8,
        kind: (),
        symbol: Symbol::Function(3),
    };
    assert_eq!(code.relocations, [relocation]);
    assert_eq!(code.trap_sites[0].offset, 40);
    let locations = [(0, 5), (8, 7)].map(|(offset, source)| SourceLocation { offset, source });
    assert_eq!(code.source_locations, locations);
}

#[test]
fn aliases_are_followed_and_cycles_refused() {
    let mut buffer = Buffer::new(4);
    let [a, b, c, d] = [0, 1, 2, 3].map(Label);
    assert!(buffer.alias(a, b));
    assert!(buffer.alias(b, c));
    assert!(!buffer.alias(c, a), "a means c already");
    assert!(!buffer.alias(d, d));
    assert_eq!(buffer.resolve(a), c);
    buffer.put_relaxable(Toy(a));
    buffer.bind(c);
    buffer.put_relaxable(Toy(b));
    let bytes = buffer.finish().expect("in reach").bytes;
    assert_eq!(bytes, [0, 2, 0, 0xee, 0, 2, 0, 0xee]);
}

#[test]
fn a_target_beyond_the_longest_form_is_an_error() {
    let mut buffer = Buffer::new(1);
    buffer.put(&[0; 2]);
    buffer.put_relaxable(Toy(Label(0)));
    buffer.put(&vec![0; 70_000]);
    buffer.bind(Label(0));
    let error = buffer.finish().expect_err("too far");
    assert_eq!(error, BranchOutOfRange { offset: 2 });
}

#[test]
fn a_large_function_is_quick() {
    // 200,000 branches; a layout costs one pass over them.
    const COUNT: usize = 200_000;
    let mut buffer = Buffer::new(COUNT);
    for i in 0..COUNT {
        buffer.bind(Label(i as u32));
        buffer.put_relaxable(Toy(Label((i as u32).saturating_sub(i as u32 % 7))));
        buffer.put(&[0; 2]);
    }
    let code = buffer.finish().expect("in reach");
    assert!(code.bytes.len() > 1_000_000);
}
