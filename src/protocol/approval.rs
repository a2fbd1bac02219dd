//! A question to a person, as every face gets it, and what may be answered.

use serde::{Deserialize, Serialize};

use super::call::ToolCall;
use super::effect::Effect;
use super::verdict::{Reason, Verdict};

/// How far a yes reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// This one call.
    Once,
    /// The same question for as long as this session lasts.
    Session,
    /// A rule in the user's own layer, for this project.
    AlwaysHere,
    /// The same rule for every project; needs a second yes.
    AlwaysEverywhere,
}

/// One reason to say no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AskedReason {
    pub rung: String,
    pub rule: String,
    pub reason: Reason,
    /// One line for the user.
    pub line: String,
}

/// Everything a face shows of a question. It is open until `Event::ApprovalClosed` names it.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// Names this question and no other. No model sees it; an answer must give it back.
    pub id: String,
    /// The call as judged.
    pub call: ToolCall,
    pub verdict: Verdict,
    pub effects: Vec<Effect>,
    /// What an edit or a write would change, as far as it is known; bounded.
    pub diff: Option<String>,
    /// The commands of a shell line, word by word.
    pub argv: Vec<Vec<String>>,
    /// What the call could reach once allowed, in words.
    pub reach: Vec<String>,
    /// Every reason to say no.
    pub reasons: Vec<AskedReason>,
    /// The rule that `AlwaysHere` and `AlwaysEverywhere` would keep, as YAML.
    pub rule: Option<String>,
    /// What may be answered, the recommended one first; `Decline` always may.
    pub choices: Vec<Choice>,
    /// When it was asked, in Unix milliseconds.
    pub asked_at_ms: u64,
}

/// When a face showed a question and when its answer was given, in Unix milliseconds. An answer to
/// something that was not on the screen yet is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub shown_at_ms: u64,
    pub answered_at_ms: u64,
}

impl Seen {
    /// Whether a question asked at this time was shown before it was answered.
    pub fn after(self, asked_at_ms: u64) -> bool {
        asked_at_ms <= self.shown_at_ms && self.shown_at_ms < self.answered_at_ms
    }
}

/// How a question ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    Approved,
    Declined,
    /// The turn was stopped, or nobody was left to answer: declined without words.
    Withdrawn,
}
