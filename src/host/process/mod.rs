//! Running shell lines under the launcher, in the foreground or the background.

mod background;
mod hint;
mod run;
mod shut;
mod wall;

pub use background::{BackgroundState, Glimpse, Killed};
pub use hint::{protection_note, sandbox_hint};
pub use run::{Finished, ProcessError, Processes, Ran, over_limit};
pub use shut::{Guarded, Walls};
pub use wall::{Met, met};
