//! Floor 12: the face with a screen: an inline viewport above which the terminal's own scrollback grows.
//!
//! `tui` decides nothing and touches no file: it sends `Op`, shows `Event`, and asks the session's front
//! desk for what it offers to choose from.

pub mod cell;
mod style;
pub mod text;

pub use style::{Depth, Styles, Token};
