//! What the loader says while it works: a line for each stage that an image or instance has passed.
//!
//! With the feature `log` or `defmt` (or both) the lines go there, at level debug, traps at level warn. Without,
//! nothing is left of them. What is refused is not said here: the caller has the error.

/// Says that a stage has been passed; what is shown has `Display` and `defmt::Format`.
macro_rules! stage {
    ($($argument:tt)*) => {{
        #[cfg(feature = "log")]
        log::debug!($($argument)*);
        #[cfg(feature = "defmt")]
        defmt::debug!($($argument)*);
    }};
}

/// Says that a call trapped.
macro_rules! trapped {
    ($trap:expr) => {{
        #[cfg(feature = "log")]
        log::warn!("trap: {}", $trap);
        #[cfg(feature = "defmt")]
        defmt::warn!("trap: {}", $trap);
    }};
}
