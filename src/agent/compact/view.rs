//! A conversation as requests show it: its oldest items folded into one message, old results shortened.
//! A pure function of the items and of the compaction that the log keeps.

use std::collections::HashMap;

use crate::protocol::{Block, Item, Part, ToolResult};
use crate::session::Compaction;

/// The items of a request.
pub(super) fn view(items: &[Item], compaction: Option<&Compaction>) -> Vec<Item> {
    let Some(compaction) = compaction else { return items.to_vec() };
    let shortened: HashMap<&str, &str> =
        compaction.elided.iter().map(|it| (it.call_id.as_str(), it.text.as_str())).collect();
    let kept = &items[compaction.folded.min(items.len())..];
    let mut out = Vec::with_capacity(kept.len() + 1);
    let mut kept = kept.iter();
    if compaction.folded > 0 {
        let brief = Part::text(compaction.brief.as_str());
        // One message, because there are models that take no two of one side.
        match kept.as_slice().first() {
            Some(Item::User { parts }) => {
                kept.next();
                out.push(Item::User { parts: [std::slice::from_ref(&brief), parts].concat() });
            }
            _ => out.push(Item::User { parts: vec![brief] }),
        }
    }
    out.extend(kept.map(|item| match item {
        Item::ToolResult(result) => match shortened.get(result.call_id.as_str()) {
            Some(text) => {
                Item::ToolResult(ToolResult { parts: vec![Part::text(*text)], ..without_parts(result) })
            }
            None => item.clone(),
        },
        _ => item.clone(),
    }));
    out
}

fn without_parts(result: &ToolResult) -> ToolResult {
    ToolResult {
        call_id: result.call_id.clone(),
        tool: result.tool.clone(),
        status: result.status,
        parts: Vec::new(),
    }
}

/// Where a conversation may be cut: no call stands before the cut with its result behind it. Ascending;
/// neither its start nor its end.
pub(super) fn cuts(items: &[Item]) -> Vec<usize> {
    let mut open: Vec<&str> = Vec::new();
    let mut cuts = Vec::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 && open.is_empty() && !matches!(item, Item::ToolResult(_)) {
            cuts.push(at);
        }
        match item {
            Item::Assistant { blocks, .. } => open.extend(blocks.iter().filter_map(|block| match block {
                Block::ToolCall(call) => Some(call.id.as_str()),
                _ => None,
            })),
            Item::ToolResult(result) => open.retain(|id| *id != result.call_id),
            Item::User { .. } => {}
        }
    }
    cuts
}
