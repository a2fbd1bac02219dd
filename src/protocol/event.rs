//! What the engine tells every face.

use serde_json::Value;

use super::approval::{Approval, Closed};
use super::call::{ToolCall, ToolStatus};
use super::effect::Effect;
use super::op::Prompt;
use super::outcome::Outcome;
use super::report::Report;
use super::taint::TaintMark;
use super::usage::{Cost, Usage};
use super::verdict::Verdict;

/// Which agent speaks: `main`, or `main/2/1` for the first child of its second child.
pub type AgentPath = String;

/// What holds from now on for the requests to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// `provider/model`.
    pub model: String,
    pub profile: String,
    /// `off`, `low`, `medium` or `high`.
    pub thinking: String,
    /// Size of the model's window in tokens, as far as it is known.
    pub context_window: u64,
    /// Where requests go, when that is not the provider's own address.
    pub base_url: Option<String>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// First of every session.
    Session {
        session_id: String,
        model: String,
        profile: String,
        thinking: String,
        workspace: String,
        tools: Vec<String>,
        sandbox: String,
        resumed: bool,
    },
    /// After `Session`, and again whenever something of it changes.
    Setup(Setup),
    /// What the log says of the conversation as it stands: when a session goes on with one, and when it has
    /// gone to another place in it.
    Stands {
        /// Tokens in the window after its last request.
        context_tokens: u64,
        /// Of every branch: what was paid for is paid for. `None` where nothing was asked yet.
        spent: Option<(Usage, Cost)>,
        /// The last answer of the model; empty where there is none.
        answer: String,
    },
    /// What the user said is part of the conversation now; `entry` is its place in the log, 0 when there
    /// is none.
    Said {
        text: String,
        /// Media types of the images that go with it.
        images: Vec<String>,
        entry: u64,
    },
    /// What the user said did not become part of the conversation, and why: it is theirs to send again.
    Unsent {
        prompt: Prompt,
        report: Report,
    },
    /// What a slash command answered, as Markdown.
    Answer {
        command: String,
        markdown: String,
    },
    /// The conversation has gone back to before `entry`, where the user had said `text`.
    Rewound {
        entry: u64,
        text: String,
    },
    /// The conversation is now the one that ends with what followed `entry`: what was shown of it may be
    /// of another branch.
    Switched {
        entry: u64,
    },
    /// A snapshot of the workspace was taken; `turn` is the request that it was taken before.
    Checkpoint {
        id: String,
        name: Option<String>,
        turn: u32,
        ms: u64,
    },
    /// Older messages were folded; the log keeps them. Tokens as estimated.
    Compacted {
        before_tokens: u64,
        after_tokens: u64,
        why: String,
    },
    /// How many commands go on in the background.
    Background {
        running: u32,
    },
    /// A request to the model is about to be sent; counted from 1 within the session.
    TurnStart {
        turn: u32,
    },
    TextDelta {
        text: String,
    },
    ThinkingDelta {
        text: String,
    },
    /// A complete call, as the model wrote it.
    ToolCall {
        call: ToolCall,
    },
    Verdict {
        call_id: String,
        tool: String,
        verdict: Verdict,
        effects: Vec<Effect>,
        repaired: Option<Value>,
    },
    /// A person must answer with `Op::Approve` or `Op::Decline`.
    ApprovalAsked(Box<Approval>),
    /// A rule for every project wants a second yes: the same `Op::Approve` with this word.
    ApprovalConfirm {
        id: String,
        confirm: String,
        /// The rule that would be kept, as YAML.
        rule: String,
    },
    /// A question is open no longer.
    ApprovalClosed {
        id: String,
        how: Closed,
    },
    /// Output of a running command, as it comes.
    ToolOutput {
        call_id: String,
        delta: String,
    },
    ToolResult {
        call_id: String,
        tool: String,
        status: ToolStatus,
        /// One line.
        summary: String,
        /// Bytes before admission.
        bytes: u64,
        /// What admission did: `as_is`, `folded`, `paged`, `redacted` or `withheld`.
        admission: String,
    },
    /// The agent has read text that is not trusted, or a person has cleared that mark.
    Taint {
        mark: TaintMark,
    },
    MessageEnd {
        stop: String,
    },
    Usage {
        usage: Usage,
        cost: Cost,
        context_tokens: u64,
    },
    /// The stream broke off: text deltas since the last `TurnStart` do not count.
    StreamDiscarded {
        report: Report,
    },
    Notice {
        report: Report,
    },
    /// The turn has ended; the last event of a headless run.
    Finished(Box<Outcome>),
}

/// An event with its place: `seq` counts from 1 within the process, `at_ms` is Unix milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamped {
    pub seq: u64,
    pub at_ms: u64,
    pub agent: AgentPath,
    pub event: Event,
}
