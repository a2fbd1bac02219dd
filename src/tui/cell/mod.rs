//! What the transcript consists of: plain state, and the same state as rows of text. Nothing here prints.

mod argument;
mod kinds;
mod notice;
mod tool;
mod transcript;

pub use argument::one_line;
pub use transcript::{Passage, Transcript};
