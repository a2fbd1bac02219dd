//! The object that `--output-format json` prints and every stream ends with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::protocol::{Cost, Finding, Report, Usage};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultStatus {
    Success,
    Error,
    Refused,
    Limit,
}

/// Always `result`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultType {
    Result,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Calls {
    pub allowed: u32,
    /// Allowed after a lossless repair; counted in `allowed` too.
    pub transformed: u32,
    pub denied: u32,
    /// Put to a person.
    pub asked: u32,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResultObject {
    #[serde(rename = "type")]
    pub kind: ResultType,
    pub status: ResultStatus,
    /// What the process exits with.
    pub exit_code: u8,
    /// The model's final text.
    pub result: String,
    /// The final answer as JSON when a schema was asked for.
    pub structured: Option<Value>,
    /// Always an array.
    pub findings: Vec<Finding>,
    /// Whether the `report` tool was called; false means that `findings` says nothing.
    pub findings_reported: bool,
    pub session_id: Option<String>,
    /// Set for runs of an orchestration.
    pub run_id: Option<String>,
    /// `provider/model`.
    pub model: String,
    /// Requests to the model.
    pub turns: u32,
    pub tool_calls: Calls,
    /// Relative to the workspace, sorted.
    pub files_changed: Vec<String>,
    pub usage: Usage,
    pub cost: Cost,
    pub duration_ms: u64,
    pub errors: Vec<Report>,
}
