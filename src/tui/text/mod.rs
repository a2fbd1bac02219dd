//! Text for the screen: Markdown, code, tables and diffs as styled lines, and how wide they are.
//!
//! Everything here is a pure function of text, width and styles. What comes in may be anything at all: control
//! characters are made visible, and no line is wider than it was asked to be.

mod code;
pub mod diff;
pub mod markdown;
mod width;
mod wrap;

pub use code::Highlighter;
pub use width::{line_width, one_line, spans_width, truncate, truncate_line, visible, width};
pub use wrap::{Breaks, Row, Wrap, break_row, settle};
