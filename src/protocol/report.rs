//! An error or notice as people and scripts get it: what happened, where, and what to do next.

use serde::{Deserialize, Serialize};

/// What went wrong, coarsely; it decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// Bad arguments.
    Usage,
    /// Bad settings, profile, script or policy.
    Config,
    /// No key, or one that was refused.
    Authentication,
    /// The provider could not be reached, or answered with an error or with garbage.
    Provider,
    /// The model's answer is not what was asked for.
    Answer,
    /// The context does not fit.
    Context,
    /// Turns, budget or time ran out.
    Limit,
    /// The kernel said no.
    Refused,
    /// A check said no.
    Check,
    /// Sandbox, files, processes.
    Host,
    /// A session or journal could not be read or written.
    State,
    Interrupted,
    /// A fault of ours.
    Internal,
    /// Not an error: something worth knowing.
    Note,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Report {
    pub kind: ReportKind,
    pub message: String,
    #[serde(default)]
    pub causes: Vec<String>,
    #[serde(default)]
    pub hints: Vec<String>,
    /// Whether the same request may succeed later.
    #[serde(default)]
    pub retryable: bool,
    /// The command that failed so, as it was typed, without its slash. For a screen alone: no output has it.
    #[serde(skip)]
    pub command: Option<String>,
}

impl Report {
    pub fn new(kind: ReportKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            retryable: false,
            command: None,
        }
    }

    pub fn note(message: impl Into<String>) -> Self {
        Self::new(ReportKind::Note, message)
    }

    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    pub fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// An error with the chain of its sources as causes.
    pub fn from_error(kind: ReportKind, error: &(dyn std::error::Error + 'static)) -> Self {
        let mut report = Self::new(kind, error.to_string());
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !report.message.contains(&text) {
                report.causes.push(text);
            }
            source = cause.source();
        }
        report
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
