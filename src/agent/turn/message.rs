//! Gathers the deltas of one answer into blocks.

use serde_json::Value;

use crate::protocol::{Block, Item, ToolCall};

/// An answer as far as it has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Message {
    blocks: Vec<Block>,
}

impl Message {
    pub(super) fn text(&mut self, piece: &str) {
        match self.blocks.last_mut() {
            Some(Block::Text { text }) => text.push_str(piece),
            _ => self.blocks.push(Block::Text { text: piece.to_owned() }),
        }
    }

    pub(super) fn thinking(&mut self, piece: &str) {
        match self.blocks.last_mut() {
            Some(Block::Thinking { text, signature: None, .. }) => text.push_str(piece),
            _ => {
                self.blocks.push(Block::Thinking { text: piece.to_owned(), signature: None, redacted: false })
            }
        }
    }

    pub(super) fn signature(&mut self, signed: String) {
        match self.blocks.last_mut() {
            Some(Block::Thinking { signature, .. }) if signature.is_none() => *signature = Some(signed),
            _ => self.blocks.push(Block::Thinking {
                text: String::new(),
                signature: Some(signed),
                redacted: false,
            }),
        }
    }

    pub(super) fn redacted(&mut self, sealed: String) {
        self.blocks.push(Block::Thinking { text: String::new(), signature: Some(sealed), redacted: true });
    }

    pub(super) fn call(&mut self, id: String, tool: String, args: Value) -> ToolCall {
        let call = ToolCall { id, tool, args };
        self.blocks.push(Block::ToolCall(call.clone()));
        call
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.iter().all(|block| matches!(block, Block::Thinking { .. }))
    }

    /// All text blocks, joined.
    pub(super) fn full_text(&self) -> String {
        let texts = self.blocks.iter().filter_map(|block| match block {
            Block::Text { text } => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    pub(super) fn calls(&self) -> Vec<ToolCall> {
        let calls = self.blocks.iter().filter_map(|block| match block {
            Block::ToolCall(call) => Some(call.clone()),
            _ => None,
        });
        calls.collect()
    }

    /// Takes the last call out when its arguments were cut, and gives back its tool.
    pub(super) fn take_cut_call(&mut self) -> Option<String> {
        let cut = |block: &mut Block| matches!(block, Block::ToolCall(call) if call.args.is_string());
        match self.blocks.pop_if(cut) {
            Some(Block::ToolCall(call)) => Some(call.tool),
            _ => None,
        }
    }

    /// The finished item. Text blocks of nothing but white space are dropped: providers refuse them.
    pub(super) fn into_item(self, model: &str) -> Item {
        let kept = self.blocks.into_iter().filter(|block| match block {
            Block::Text { text } => !text.trim().is_empty(),
            _ => true,
        });
        Item::Assistant { blocks: kept.collect(), model: model.to_owned() }
    }
}
