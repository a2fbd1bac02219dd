//! Old outputs shortened to their beginning, their end, and the handle that opens the whole.

use crate::base::elide_middle;
use crate::protocol::{Item, Part, ToolResult};

use super::size::of_item;

/// Shorter outputs stay as they are.
const SHORTEST: usize = 1_600;
/// Kept of a longer one, in bytes: output begins with what was run and ends with what came of it.
const HEAD: usize = 500;
const TAIL: usize = 500;

/// Results among `items` that give way, newest first: all but the newest ones that together hold at most
/// `whole` tokens. Those that the agent has not read yet only when they are not `spared`.
pub(super) fn old_results(items: &[Item], whole: usize, spared: bool) -> Vec<&ToolResult> {
    let is_answer = |item: &Item| matches!(item, Item::Assistant { .. });
    let unread = items.iter().rposition(is_answer).map_or(0, |at| at + 1);
    let mut held = 0;
    let mut old = Vec::new();
    for (at, item) in items.iter().enumerate().rev() {
        let Item::ToolResult(result) = item else { continue };
        held += of_item(item);
        let bytes: usize = result
            .parts
            .iter()
            .map(|part| match part {
                Part::Text { text } => text.len(),
                Part::Image { .. } => SHORTEST,
            })
            .sum();
        if held > whole && bytes >= SHORTEST && !(spared && at >= unread) {
            old.push(result);
        }
    }
    old
}

/// A result as it is shown from now on; `handle` opens its text.
pub(super) fn shortened(result: &ToolResult, handle: &str) -> String {
    let text = result.text();
    let cut = elide_middle(&text, HEAD, TAIL);
    let mut out = cut.text;
    for part in &result.parts {
        if let Part::Image { media_type, .. } = part {
            out.push_str(&format!(
                "\n[an image ({media_type}) is no longer shown; read it again if you need it]"
            ));
        }
    }
    if cut.dropped_bytes > 0 {
        out.push_str(&format!(
            "\n[an older output, shortened; all {} bytes are kept as {handle}: open it with `read`, path {handle}]",
            text.len()
        ));
    }
    out
}
