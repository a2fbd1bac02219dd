//! What can go wrong between a request and the end of its answer.

use std::time::Duration;

use crate::protocol::{Report, ReportKind};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// No key was found. `tried` says where it was looked for.
    #[error("no API key for {provider}")]
    NoKey { provider: String, tried: Vec<String> },
    /// 401 or 403.
    #[error("{provider} refused the API key ({status}): {message}")]
    Refused { provider: String, status: u16, message: String },
    /// 400, 404, 413, 422 and the like: the same request will never pass.
    #[error("{provider} rejected the request ({status}): {message}")]
    Rejected { provider: String, status: u16, message: String },
    /// 429.
    #[error("{provider} is limiting requests: {message}")]
    RateLimited { provider: String, message: String, retry_after: Option<Duration> },
    /// 5xx, 529 and the like.
    #[error("{provider} failed ({status}): {message}")]
    ServerError { provider: String, status: u16, message: String, retry_after: Option<Duration> },
    /// Nothing answers there, or the name does not resolve.
    #[error("cannot reach {provider} at {url}: {message}")]
    Unreachable { provider: String, url: String, message: String },
    /// No byte for too long.
    #[error("{provider} sent nothing for {seconds} s")]
    Silent { provider: String, seconds: u64 },
    /// The stream ended before the answer did.
    #[error("the answer of {provider} broke off: {message}")]
    Cut { provider: String, message: String },
    /// What came is not the provider's protocol.
    #[error("{provider} answered with something that is not its protocol: {message}")]
    Garbage { provider: String, message: String },
    /// The script, the model name or the address is wrong.
    #[error("{message}")]
    Config { message: String, hints: Vec<String> },
}

impl ModelError {
    /// Whether asking again may help.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. }
                | Self::ServerError { .. }
                | Self::Unreachable { .. }
                | Self::Silent { .. }
                | Self::Cut { .. }
        )
    }

    /// The same error with its message passed through `change`.
    pub(super) fn map_message(mut self, change: impl FnOnce(&str) -> String) -> Self {
        match &mut self {
            Self::Refused { message, .. }
            | Self::Rejected { message, .. }
            | Self::RateLimited { message, .. }
            | Self::ServerError { message, .. }
            | Self::Unreachable { message, .. }
            | Self::Cut { message, .. }
            | Self::Garbage { message, .. }
            | Self::Config { message, .. } => *message = change(message),
            Self::NoKey { .. } | Self::Silent { .. } => {}
        }
        self
    }

    /// How long the provider asked us to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } | Self::ServerError { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub fn report(&self) -> Report {
        let kind = match self {
            Self::NoKey { .. } | Self::Refused { .. } => ReportKind::Authentication,
            Self::Config { .. } => ReportKind::Config,
            _ => ReportKind::Provider,
        };
        let mut report = Report::new(kind, self.to_string());
        match self {
            Self::NoKey { tried, .. } => {
                report.causes = tried.iter().map(|place| format!("not in {place}")).collect();
                report.hints.push("set the variable, or use a local server with --base-url".into());
                report.hints.push("`iosm demo` runs with no key and no network".into());
            }
            Self::Refused { .. } => report.hints.push("check that the key is whole and still valid".into()),
            Self::RateLimited { .. } => report.hints.push("wait, or use another model with -m".into()),
            Self::Unreachable { .. } => {
                report.hints.push("is the server running, and is the address right?".into());
            }
            Self::Garbage { .. } => {
                report
                    .hints
                    .push("is the base URL the root of a compatible API (often ending in /v1)?".into());
            }
            Self::Config { hints, .. } => report.hints.clone_from(hints),
            _ => {}
        }
        report.retryable = self.is_transient();
        report
    }
}
