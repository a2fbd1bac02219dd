//! One line of `--output-format stream-json`: deltas only, never the message so far.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::result::ResultObject;
use crate::protocol::{Cost, Disposition, Effect, Reason, Report, TaintMark, ToolStatus, Usage, VerdictKind};

/// An event, or the result that ends the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StreamLine {
    Result {
        seq: u64,
        /// RFC 3339, UTC.
        ts: String,
        #[serde(flatten)]
        result: Box<ResultObject>,
    },
    Event {
        #[serde(flatten)]
        line: Line,
        /// Counts from 1.
        seq: u64,
        /// RFC 3339, UTC.
        ts: String,
        /// Absent for the main agent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Line {
    Session {
        session_id: String,
        model: String,
        profile: String,
        workspace: String,
        tools: Vec<String>,
        sandbox: String,
        resumed: bool,
    },
    TurnStart {
        turn: u32,
    },
    TextDelta {
        text: String,
    },
    ThinkingDelta {
        text: String,
    },
    ToolCall {
        id: String,
        tool: String,
        args: Value,
    },
    Verdict {
        id: String,
        kind: VerdictKind,
        reason: Option<Reason>,
        disposition: Option<Disposition>,
        rung: String,
        rule: String,
        /// One line for people.
        detail: String,
        /// What the call would do.
        effects: Vec<Value>,
        /// The arguments that ran, where they were repaired.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        repaired: Option<Value>,
    },
    ToolOutput {
        id: String,
        delta: String,
    },
    ToolResult {
        id: String,
        status: Status,
        /// One line.
        summary: String,
        /// Bytes before admission.
        bytes: u64,
        /// `as_is`, `folded`, `paged`, `redacted` or `withheld`.
        admission: String,
    },
    /// The agent has read text that is not trusted, or a person has cleared that mark.
    Taint {
        #[serde(flatten)]
        mark: TaintMark,
    },
    /// A snapshot of the workspace was taken, before the request `turn`.
    Checkpoint {
        id: String,
        name: Option<String>,
        turn: u32,
        ms: u64,
    },
    /// Older messages were folded; the session keeps them. Tokens as estimated.
    Compacted {
        before_tokens: u64,
        after_tokens: u64,
        why: String,
    },
    MessageEnd {
        stop: String,
    },
    Usage {
        usage: Usage,
        cost: Cost,
        context_tokens: u64,
    },
    /// Text deltas since the last `turn_start` do not count: the stream broke off.
    StreamDiscarded {
        report: Report,
    },
    Notice {
        report: Report,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Ok,
    Error,
    Denied,
    Cancelled,
}

impl From<ToolStatus> for Status {
    fn from(status: ToolStatus) -> Self {
        match status {
            ToolStatus::Ok => Self::Ok,
            ToolStatus::Error => Self::Error,
            ToolStatus::Denied => Self::Denied,
            ToolStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// Effects in their wire form.
pub(super) fn effects(effects: &[Effect]) -> Vec<Value> {
    effects.iter().map(|effect| serde_json::to_value(effect).unwrap_or(Value::Null)).collect()
}
