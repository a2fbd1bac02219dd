//! Floor 12: the face with a screen: an inline viewport above which the terminal's own scrollback grows.
//!
//! `tui` decides nothing and touches no file: it sends `Op`, shows `Event`, and asks the session's front
//! desk for what it offers to choose from.

mod app;
mod composer;
mod dialog;
mod fuzzy;
mod keys;
mod paint;
mod style;

pub use app::{Start, run};
pub use composer::{Composer, ComposerEvent, Draft, PaletteEntry};
pub use dialog::{
    Answered, Approvals, Confirm, Dialog, Layer, Layers, Page, Picker, PickerRow, Reply, Tree, TreeRow,
};
pub use keys::{Keys, Pressed};
pub use style::{Styles, Token};
