//! The terminal driver: what is finished goes once into the terminal's own scrollback, and only a live
//! tail of rows below it is ever redrawn. Nothing here knows what is shown.
//!
//! Everything is placed relative to the tail's first row, so no cursor reply is ever waited for. No
//! scroll region is set and no full clear is sent: lines leave the screen at its top by newlines alone,
//! which is the one way into the scrollback that every terminal has.

mod ask;
mod burst;
mod colour;
mod detect;
mod frames;
mod input;
mod modes;
mod notice;
mod paint;
mod pen;
mod plain;
mod reflow;
mod screen;
mod signals;
mod tty;

pub use ask::Background;
pub use colour::Depth;
pub use detect::Kind;
pub use frames::{FrameRequester, Frames};
pub use input::{Input, Inputs};
pub use notice::{MOST_COPIED, Notice, copy, notify, title};
pub use plain::plain;
pub use reflow::Rewrap;
pub use screen::{Screen, Size};
pub use signals::Happened;
pub use tty::Tty;
