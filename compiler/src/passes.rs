//! The passes that only make code better, each of which can be left out to see what it gains.

macro_rules! passes {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// Which passes take part, where the level has them at all.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Passes {
            $($(#[doc = $doc])+ pub $name: bool,)+
        }

        impl Passes {
            /// Every pass.
            pub const ALL: Passes = Passes { $($name: true,)+ };
            /// No pass: what Cranelift, selection and register allocation make alone.
            pub const NONE: Passes = Passes { $($name: false,)+ };
            /// The names that [`Passes::by_name`] knows, in the order in which the passes run.
            pub const NAMES: &[&str] = &[$(stringify!($name),)+];

            /// The switch of a pass, by the name of its field.
            pub fn by_name(&mut self, name: &str) -> Option<&mut bool> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)+
                    _ => None,
                }
            }
        }
    };
}

passes! {
    /// Mid-end: bodies of small functions in place of calls of them.
    inline,
    /// Mid-end: conditional traps for branches around traps, and larger blocks.
    flow,
    /// Mid-end: one check for several accesses of the same index.
    merge,
    /// Mid-end: removal of checks that cannot fail.
    guards,
    /// Mid-end: checks before a loop for those in it.
    loops,
    /// Preparation of selection: calls of host functions without a thunk.
    hosts,
    /// Preparation of selection: pointers for addresses that are computed in loops.
    addresses,
    /// Preparation of selection: computations on the one way of a branch that needs them.
    sink,
    /// Preparation of selection: computations right before their readers.
    schedule,
    /// Preparation of selection: constants that stay in registers.
    constants,
    /// Registers: no moves to places that hold the value already.
    reloads,
    /// Emission: moves of an edge before the branch, where they may stand there.
    repeats,
    /// Emission, for size: one block for several that do the same.
    twins,
    /// Emission: blocks in the order that takes the fewest jumps.
    layout,
}

impl Default for Passes {
    fn default() -> Passes {
        Passes::ALL
    }
}

#[cfg(test)]
mod tests {
    use super::Passes;

    #[test]
    fn every_pass_has_a_switch_with_its_name() {
        let mut passes = Passes::ALL;
        for name in Passes::NAMES {
            let switch = passes.by_name(name).expect("a pass of this name");
            assert!(*switch, "{name} has a switch of its own");
            *switch = false;
        }
        assert_eq!(passes, Passes::NONE);
        assert_eq!(passes.by_name("nothing"), None);
    }
}
