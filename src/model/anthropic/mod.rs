//! Anthropic's Messages API.
//!
//! <https://platform.claude.com/docs/en/api/messages>, streaming as in
//! <https://platform.claude.com/docs/en/build-with-claude/streaming>.

mod decode;
mod encode;

use std::sync::Arc;

use reqwest::Url;
use serde::Deserialize;

use super::auth::Secret;
use super::error::ModelError;
use super::http::Http;
use super::{DeltaStream, Provider, Request, stream};
pub(super) use decode::Decode;

/// How a model wants to be told how much to think; which one it is stands in the catalogue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThinkingStyle {
    /// It cannot be asked to.
    #[default]
    None,
    /// `thinking: enabled` with a number of tokens (Claude 4.5 and older).
    Budget,
    /// `thinking: adaptive` with a level of effort (Claude 4.6 and newer, which refuse budgets).
    Adaptive,
}

pub(super) struct Anthropic {
    name: String,
    thinking: ThinkingStyle,
    http: Arc<Http>,
}

impl Anthropic {
    pub(super) fn new(
        model: &str,
        thinking: ThinkingStyle,
        url: Url,
        key: Option<&Secret>,
    ) -> Result<Self, ModelError> {
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("anthropic-version", "2023-06-01".to_owned()),
        ];
        if let Some(key) = key {
            headers.push(("x-api-key", key.expose().to_owned()));
        }
        let http = Http::new("anthropic", url, &headers, key.map(Secret::expose))?;
        Ok(Self { name: format!("anthropic/{model}"), thinking, http: Arc::new(http) })
    }
}

impl Provider for Anthropic {
    fn name(&self) -> &str {
        &self.name
    }

    fn stream(&self, request: &Request) -> DeltaStream {
        if let Err(error) = request.check_version() {
            return stream::failed(error);
        }
        stream::ask(Arc::clone(&self.http), self.encode(request), Decode::default())
    }

    fn encode(&self, request: &Request) -> Vec<u8> {
        encode::encode(request, self.thinking)
    }

    fn address(&self) -> Option<String> {
        Some(self.http.address())
    }
}
