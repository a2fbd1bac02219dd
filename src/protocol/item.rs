//! The conversation, independent of any provider.

use serde::{Deserialize, Serialize};

use super::call::{ToolCall, ToolStatus};

/// A piece of user input or of a tool result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Part {
    Text {
        text: String,
    },
    /// `data` is base64; `media_type` such as `image/png`.
    Image {
        media_type: String,
        data: String,
    },
}

impl Part {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text { text: text.into() }
    }
}

/// A piece of a model's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    Text {
        text: String,
    },
    /// Reasoning. `signature` is what the provider needs to accept it back; `redacted` means that
    /// `text` is empty and the signature holds all of it.
    Thinking {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        redacted: bool,
    },
    ToolCall(ToolCall),
}

/// What a tool call came back with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    pub call_id: String,
    pub tool: String,
    pub status: ToolStatus,
    pub parts: Vec<Part>,
}

impl ToolResult {
    /// The text parts, joined.
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text { text } => Some(text.as_str()),
            Part::Image { .. } => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

/// One entry of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum Item {
    User {
        parts: Vec<Part>,
    },
    /// `model` is `provider/model`: thinking signatures are only good for the one that made them.
    Assistant {
        blocks: Vec<Block>,
        model: String,
    },
    ToolResult(ToolResult),
}

impl Item {
    pub fn user(text: impl Into<String>) -> Self {
        Self::User { parts: vec![Part::text(text)] }
    }
}
