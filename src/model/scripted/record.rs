//! A finished conversation as a script that plays it again.

use serde_json::json;

use crate::protocol::{Block, Item};

/// Collects conversations of one session and writes them as a script. Strings are written as JSON,
/// which is YAML, so that every text comes back byte for byte.
#[derive(Debug, Default, Clone)]
pub struct Recorder {
    rules: String,
}

impl Recorder {
    /// Adds the conversation of `agent` (`main`, `main/1`, …): one rule for each of its answers, by
    /// turn. Thinking that was sealed by its provider is left out.
    pub fn add(&mut self, agent: &str, items: &[Item]) {
        let answers = items.iter().filter_map(|item| match item {
            Item::Assistant { blocks, .. } => Some(blocks),
            _ => None,
        });
        for (at, blocks) in answers.enumerate() {
            let when = json!({ "agent": agent, "turn": at + 1 });
            self.rules.push_str(&format!("  - when: {when}\n    reply:"));
            let steps: Vec<_> = blocks.iter().filter_map(step).collect();
            if steps.is_empty() {
                self.rules.push_str(" []");
            }
            self.rules.push('\n');
            for step in steps {
                self.rules.push_str(&format!("      - {step}\n"));
            }
        }
    }

    /// The script. A request beyond what was recorded finds no rule and says so.
    pub fn script(&self, about: &str) -> String {
        let rules = if self.rules.is_empty() { " []\n" } else { "\n" };
        format!("about: {}\nrules:{rules}{}", json!(about), self.rules)
    }
}

fn step(block: &Block) -> Option<serde_json::Value> {
    match block {
        Block::Text { text } => Some(json!({ "text": text })),
        Block::Thinking { text, redacted: false, .. } => Some(json!({ "thinking": text })),
        Block::Thinking { .. } => None,
        Block::ToolCall(call) => Some(json!({ "tool_call": { "tool": call.tool, "args": call.args } })),
    }
}
