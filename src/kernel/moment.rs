//! What rungs must know that changes from call to call.

/// The state of a session and of the agent that calls, at the moment of judging.
#[derive(Debug, Clone, Default)]
pub(in crate::kernel) struct Moment {
    /// The agent has seen text from a source that is not trusted.
    pub tainted: bool,
}
