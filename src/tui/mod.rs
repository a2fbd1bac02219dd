//! Floor 12: the face with a screen: an inline viewport above which the terminal's own scrollback grows.
//!
//! `tui` decides nothing and touches no file: it sends `Op`, shows `Event`, and asks the session's front
//! desk for what it offers to choose from.

mod app;
mod style;

pub use app::{Start, run};
pub use style::{Styles, Token};
