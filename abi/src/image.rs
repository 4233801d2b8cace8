//! The image format.
