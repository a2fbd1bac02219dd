//! The screen at work: what is shown, what keys and events do to it, and the loop that goes round.

mod backstage;
mod footer;

use crate::engine::{Ground, Options, SharedEnv};
use crate::protocol::Report;

/// What the screen starts with.
pub struct Start {
    pub options: Options,
    /// The first prompt, from the command line.
    pub first: Option<String>,
    pub env: SharedEnv,
    /// Looks at the ground anew: settings change when a model is chosen, trust when the project is trusted.
    pub survey: Box<dyn Fn() -> Result<Ground, Report>>,
}

/// Runs the screen to its end; the exit code.
pub fn run(start: Start) -> Result<u8, Report> {
    drop(start);
    Ok(0)
}
