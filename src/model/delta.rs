//! The pieces of an answer as they arrive.

use serde_json::Value;

use crate::protocol::Usage;

/// Why a model stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It had said what it wanted to say.
    EndTurn,
    /// It waits for tool results.
    ToolUse,
    /// It ran into `max_tokens`.
    MaxTokens,
    /// The provider's own filter cut in.
    ContentFilter,
    /// Anything else, as the provider spelt it.
    Other(String),
}

impl Stop {
    pub fn name(&self) -> &str {
        match self {
            Self::EndTurn => "end_turn",
            Self::ToolUse => "tool_use",
            Self::MaxTokens => "max_tokens",
            Self::ContentFilter => "content_filter",
            Self::Other(name) => name,
        }
    }
}

/// One piece. Text and thinking come in many small pieces; a tool call comes whole, when its block
/// has ended, with its arguments parsed (or as a JSON string when they did not parse).
#[derive(Debug, Clone, PartialEq)]
pub enum Delta {
    Text(String),
    Thinking(String),
    /// Ends the thinking block so far; what the provider needs to accept it back.
    ThinkingSignature(String),
    /// A thinking block that the provider sent sealed.
    RedactedThinking(String),
    ToolCall {
        tool: String,
        args: Value,
    },
    /// What the provider reports; the last of an answer replaces earlier ones. `cost_usd` where the
    /// provider states a price.
    Usage {
        usage: Usage,
        cost_usd: Option<f64>,
    },
    /// The last delta of every complete answer.
    End(Stop),
}
