//! One tool call as a model proposed it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A proposed call. `id` is ours (`t1`, `t2` … within a session), so that a conversation does not
/// depend on the provider it was held with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    pub id: String,
    pub tool: String,
    /// The arguments: an object when they parsed, else a JSON string with what the model wrote.
    pub args: Value,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    Ok,
    /// It ran and failed.
    Error,
    /// The kernel, or a person, said no; nothing ran.
    Denied,
    /// It was stopped before it ended.
    Cancelled,
}
