//! How a run ended.

use serde::{Deserialize, Serialize};

use super::report::Report;
use super::usage::{Cost, Usage};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The work was done.
    Success,
    /// The work failed: the provider, the configuration, or the task itself.
    Error,
    /// It ended because calls were refused.
    Refused,
    /// Turns, budget or time ran out.
    Limit,
    /// A person or a signal stopped it.
    Interrupted,
}

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Self; 5] = [Self::Info, Self::Low, Self::Medium, Self::High, Self::Critical];

    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// One finding, as the `report` tool takes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// Relative to the workspace.
    pub path: String,
    /// Counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    pub severity: Severity,
    pub title: String,
    pub detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// Calls by verdict. `asked` counts questions put to a person; their answers count as allowed or
/// denied too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCounts {
    pub allowed: u32,
    pub transformed: u32,
    pub denied: u32,
    pub asked: u32,
}

/// Everything a face may want to say at the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub status: Status,
    /// The model's last text.
    pub text: String,
    /// The answer as JSON, where a schema was asked for and it is valid.
    pub structured: Option<serde_json::Value>,
    pub findings: Vec<Finding>,
    pub findings_reported: bool,
    pub session_id: Option<String>,
    pub model: String,
    /// Requests to the model.
    pub turns: u32,
    pub calls: CallCounts,
    /// Names of tools that were refused at least once.
    pub denied_tools: Vec<String>,
    /// Relative to the workspace, sorted.
    pub files_changed: Vec<String>,
    pub usage: Usage,
    pub cost: Cost,
    pub duration_ms: u64,
    pub errors: Vec<Report>,
}

impl Outcome {
    /// Of a run that could not begin.
    pub fn unbegun(model: String, report: Report) -> Self {
        Self {
            status: Status::Error,
            text: String::new(),
            structured: None,
            findings: Vec::new(),
            findings_reported: false,
            session_id: None,
            model,
            turns: 0,
            calls: CallCounts::default(),
            denied_tools: Vec::new(),
            files_changed: Vec::new(),
            usage: Usage::default(),
            cost: Cost::ZERO,
            duration_ms: 0,
            errors: vec![report],
        }
    }
}
