//! What a face asks of the engine.

use super::approval::{Choice, Seen};

/// A message from the user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    pub text: String,
    /// Paths of images that go with it, as the user gave them: `~` is their home, and a relative one begins in
    /// the session's workspace. When one of them cannot be read nothing is sent: `Event::Unsent`.
    pub images: Vec<String>,
}

impl From<String> for Prompt {
    fn from(text: String) -> Self {
        Self { text, images: Vec::new() }
    }
}

impl From<&str> for Prompt {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// One request to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Starts a turn, or steers the one that runs.
    Prompt(Prompt),
    /// Waits until the turn that runs has ended, then starts one.
    FollowUp(Prompt),
    /// Says yes to the question `id`. `AlwaysEverywhere` is answered with `Event::ApprovalConfirm`, and
    /// counts once it comes again with the word that event gave.
    Approve { id: String, choice: Choice, confirm: Option<String>, seen: Seen },
    /// Says no to the question `id`, perhaps with words for the model.
    Decline { id: String, words: String },
    /// A slash command without its `/`, such as `rollback 3 files`. Answered with `Event::Answer`, or with
    /// `Event::Notice` when it cannot be done.
    Command(String),
    /// The user's own shell line, judged as theirs. `told`: whether the model reads what came of it.
    Shell { line: String, told: bool },
    /// Lets a running command go on in the background.
    Detach { call_id: String },
    /// Looks at the policy files now; they are looked at before every request to the model anyway.
    ReloadPolicy,
    /// Goes on with a conversation whose last message waits for the model.
    Resume,
    /// Stops the stream and the tools of the turn that runs.
    Cancel,
    /// Ends the session.
    Shutdown,
}
