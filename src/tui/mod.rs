//! Floor 12: the face with a screen: an inline viewport above which the terminal's own scrollback grows.
//!
//! `tui` decides nothing and touches no file: it sends `Op`, shows `Event`, and asks the session's front
//! desk for what it offers to choose from.

mod app;
pub mod cell;
pub mod composer;
pub mod dialog;
mod fuzzy;
pub mod keys;
mod paint;
mod style;
pub mod term;
pub mod text;

pub use app::{Start, run};
pub use style::{Depth, Styles, Token};
