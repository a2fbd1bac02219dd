//! Whoever answers the commands of a person while this agent works, or waits for work.

use futures::future::BoxFuture;

use super::driver::Agent;

/// What follows from a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// It has been answered.
    Nothing,
    /// The model is told this, as the user's message.
    Prompt(String),
}

/// Answers slash commands. It stands on a higher floor, where sessions are.
pub trait Desk: Send + Sync {
    /// Carries out one line, without its slash; what it says is sent as events.
    fn command<'a>(&'a self, agent: &'a mut Agent, line: &'a str) -> BoxFuture<'a, Then>;
}
