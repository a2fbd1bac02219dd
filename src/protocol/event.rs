//! What the engine tells every face.

use serde_json::Value;

use super::approval::{Approval, Closed};
use super::call::{ToolCall, ToolStatus};
use super::effect::Effect;
use super::outcome::Outcome;
use super::report::Report;
use super::taint::TaintMark;
use super::usage::{Cost, Usage};
use super::verdict::Verdict;

/// Which agent speaks: `main`, or `main/2/1` for the first child of its second child.
pub type AgentPath = String;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// First of every session.
    Session {
        session_id: String,
        model: String,
        profile: String,
        workspace: String,
        tools: Vec<String>,
        sandbox: String,
        resumed: bool,
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
