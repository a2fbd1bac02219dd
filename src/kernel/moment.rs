//! What rungs must know that changes from call to call.

/// The state of a session and of the agent that calls, at the moment of judging.
#[derive(Debug, Clone, Default)]
pub(in crate::kernel) struct Moment {
    /// The agent has seen text from a source that is not trusted.
    pub tainted: bool,
    /// Where from, in a few words.
    pub taint: String,
    /// Of a call that leaves the machine while tainted: what in it no trusted word accounts for.
    pub alien: Option<String>,
    /// Of a call that leaves the machine: the kind of a secret in its arguments.
    pub leak: Option<String>,
}
