//! How large a conversation is, in estimated tokens.

use crate::base::estimate_tokens;
use crate::protocol::{Block, Item, Part};

/// What every message costs besides its text: role and marks.
const OVERHEAD: usize = 4;
/// An image, as providers scale it.
const IMAGE: usize = 1_500;

pub(super) fn of_items(items: &[Item]) -> usize {
    items.iter().map(of_item).sum()
}

pub(super) fn of_item(item: &Item) -> usize {
    let body = match item {
        Item::User { parts } => of_parts(parts),
        Item::ToolResult(result) => of_parts(&result.parts),
        Item::Assistant { blocks, .. } => blocks.iter().map(of_block).sum(),
    };
    OVERHEAD + body
}

fn of_parts(parts: &[Part]) -> usize {
    let one = |part: &Part| match part {
        Part::Text { text } => estimate_tokens(text),
        Part::Image { .. } => IMAGE,
    };
    parts.iter().map(one).sum()
}

fn of_block(block: &Block) -> usize {
    match block {
        Block::Text { text } => estimate_tokens(text),
        // What is sealed goes back to its provider, and counts there.
        Block::Thinking { text, signature, .. } => {
            estimate_tokens(text) + signature.as_deref().map_or(0, |sealed| sealed.len() / 4)
        }
        Block::ToolCall(call) => {
            OVERHEAD + estimate_tokens(&call.tool) + estimate_tokens(&call.args.to_string())
        }
    }
}
