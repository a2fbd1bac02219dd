//! OpenAI's Chat Completions, and every server that speaks it.
//!
//! <https://platform.openai.com/docs/api-reference/chat>. What such servers do differently is either
//! a [`Dialect`], chosen where the provider is made, or tolerated by the decoder.

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

/// How a model takes `reasoning_effort`; which one it is stands in the catalogue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffortStyle {
    /// Not at all.
    #[default]
    None,
    /// A level, left out when thinking is off.
    Level,
    /// As `Level`, but this endpoint refuses any effort above `none` once tools are offered, the
    /// model's own default included, so `none` is said then.
    NoneWithTools,
}

/// What differs between servers of this API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    /// `max_completion_tokens` in place of `max_tokens`.
    pub max_completion_tokens: bool,
    /// Takes `prompt_cache_key`.
    pub cache_key: bool,
    /// Beside tool calls, an assistant message without text has an empty one: some servers refuse
    /// `null`, and some chat templates a missing one. OpenAI's own has none.
    pub empty_text: bool,
    pub effort: EffortStyle,
}

impl Dialect {
    /// OpenAI's own.
    pub(super) fn openai(effort: EffortStyle) -> Self {
        Self { max_completion_tokens: true, cache_key: true, empty_text: false, effort }
    }

    /// What every compatible server understands.
    pub(super) fn compatible(effort: EffortStyle) -> Self {
        Self { max_completion_tokens: false, cache_key: false, empty_text: true, effort }
    }
}

pub(super) struct OpenAi {
    name: String,
    dialect: Dialect,
    http: Arc<Http>,
}

impl OpenAi {
    pub(super) fn new(
        provider: &str,
        model: &str,
        dialect: Dialect,
        url: Url,
        key: Option<&Secret>,
    ) -> Result<Self, ModelError> {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        if let Some(key) = key {
            headers.push(("authorization", format!("Bearer {}", key.expose())));
        }
        let http = Http::new(provider, url, &headers, key.map(Secret::expose))?;
        Ok(Self { name: format!("{provider}/{model}"), dialect, http: Arc::new(http) })
    }
}

impl Provider for OpenAi {
    fn name(&self) -> &str {
        &self.name
    }

    fn stream(&self, request: &Request) -> DeltaStream {
        if let Err(error) = request.check_version() {
            return stream::failed(error);
        }
        let decode = Decode::new(self.http.provider());
        stream::ask(Arc::clone(&self.http), self.encode(request), decode)
    }

    fn encode(&self, request: &Request) -> Vec<u8> {
        encode::encode(request, &self.dialect)
    }

    fn address(&self) -> Option<String> {
        Some(self.http.address())
    }
}
