//! Admission: results are untrusted until they have passed here.

use crate::protocol::{Item, Part, ToolCall, ToolResult, ToolStatus};

/// What a tool came back with, before admission.
#[derive(Debug, Clone, PartialEq)]
pub struct RawResult {
    pub status: ToolStatus,
    pub parts: Vec<Part>,
    /// One line for people, such as `412 lines`.
    pub summary: String,
}

impl RawResult {
    pub fn ok(text: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { status: ToolStatus::Ok, parts: vec![Part::text(text)], summary: summary.into() }
    }

    pub fn error(text: impl Into<String>) -> Self {
        let text = text.into();
        let summary = text.lines().next().unwrap_or_default().to_owned();
        Self { status: ToolStatus::Error, parts: vec![Part::text(text)], summary }
    }
}

/// A result that the model may see. Only the kernel makes one.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    pub(super) result: ToolResult,
    pub(super) summary: String,
    pub(super) bytes: u64,
    pub(super) admission: &'static str,
}

impl Admitted {
    /// The result of a call that was stopped before it ended. It holds nothing from outside, so it
    /// needs no admission.
    pub fn cancelled(call: &ToolCall) -> Self {
        let text = "cancelled by the user before it ended; it may have run in part";
        Self {
            result: ToolResult {
                call_id: call.id.clone(),
                tool: call.tool.clone(),
                status: ToolStatus::Cancelled,
                parts: vec![Part::text(text)],
            },
            summary: "cancelled".to_owned(),
            bytes: 0,
            admission: "as_is",
        }
    }

    pub fn result(&self) -> &ToolResult {
        &self.result
    }

    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// Bytes of text before admission.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// `as_is`, `folded`, `paged` or `withheld`.
    pub fn admission(&self) -> &'static str {
        self.admission
    }

    pub fn into_item(self) -> Item {
        Item::ToolResult(self.result)
    }
}
