//! The canonical request: provider-neutral, deterministic, hashable; the record of what was asked.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::ModelError;
use crate::base::sha256_hex;
use crate::protocol::{Item, ToolSpec};

/// How much the model should think before it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thinking {
    #[default]
    Off,
    Low,
    Medium,
    High,
}

impl Thinking {
    /// As settings and flags say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A tool as a model is offered it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolSchema {
    pub name: String,
    pub description: String,
    pub schema: Value,
}

impl From<&ToolSpec> for ToolSchema {
    fn from(spec: &ToolSpec) -> Self {
        Self {
            name: spec.name.to_owned(),
            description: spec.description.to_owned(),
            schema: spec.schema.clone(),
        }
    }
}

/// One request. Key order and nulls are fixed, so equal requests are equal bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Of this shape; adapters refuse one they do not know.
    pub version: u32,
    /// The provider's own name for the model, without `provider/`.
    pub model: String,
    /// Sections in order: fixed for an epoch.
    pub system: Vec<String>,
    /// Fixed for an epoch.
    pub tools: Vec<ToolSchema>,
    pub items: Vec<Item>,
    /// Most tokens of the answer.
    pub max_tokens: u32,
    pub thinking: Thinking,
    /// A stable name of the conversation, for providers that route by it: the session's id, and for a
    /// sub-agent its place behind a slash (`s_01k9x2m4c7q8v3zt/2/1`).
    pub session: Option<String>,
}

impl Request {
    pub const VERSION: u32 = 1;

    /// Canonical JSON.
    pub fn canonical(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a request has only string keys")
    }

    /// Adapters express this version and no other; one that does not fit must not be guessed at.
    pub(super) fn check_version(&self) -> Result<(), ModelError> {
        if self.version == Self::VERSION {
            return Ok(());
        }
        Err(ModelError::Config {
            message: format!("a request of version {} where {} is spoken", self.version, Self::VERSION),
            hints: vec!["was it recorded by another version of iosm?".into()],
        })
    }

    /// SHA-256 of the canonical JSON.
    pub fn digest(&self) -> String {
        sha256_hex(&self.canonical())
    }
}
