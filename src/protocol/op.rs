//! What a face asks of the engine.

/// A message from the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    pub text: String,
}

/// A person's answer to an approval question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Once,
    Session,
    /// With words for the model, possibly empty.
    No(String),
}

/// One request to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Starts a turn, or steers the one that runs.
    Prompt(Prompt),
    /// Waits until the turn that runs has ended, then starts one.
    FollowUp(Prompt),
    /// Answers the question about a call.
    Approve { call_id: String, answer: Answer },
    /// Goes on with a conversation whose last message waits for the model.
    Resume,
    /// Stops the stream and the tools of the turn that runs.
    Cancel,
    /// Ends the session.
    Shutdown,
}
