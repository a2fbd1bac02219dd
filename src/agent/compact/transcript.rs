//! A part of a conversation as plain text, to be kept whole and read again.

use serde_json::Value;

use crate::protocol::{Block, Item, Part, ToolCall, ToolStatus};

/// Bytes of a line. `read` shows no more of one; longer lines are broken, and marked with [`BROKEN`].
const MOST_LINE: usize = 3_900;
/// Stands at the end of a line that goes on in the next.
const BROKEN: &str = "⏎";

/// Every message from number `first` on. Thinking is left out: it was never said.
pub(super) fn transcript(items: &[Item], first: usize) -> String {
    let mut out = format!(
        "[messages {} to {} of this conversation, as they were; a line that ends in {BROKEN} goes on in the next]\n",
        first + 1,
        first + items.len()
    );
    for item in items {
        match item {
            Item::User { parts } => {
                out.push_str("\n## user\n");
                push_parts(&mut out, parts);
            }
            Item::Assistant { blocks, .. } => blocks.iter().for_each(|block| push_block(&mut out, block)),
            Item::ToolResult(result) => {
                out.push_str(&format!(
                    "\n## result of {} ({}, {})\n",
                    result.call_id,
                    result.tool,
                    word(result.status)
                ));
                push_parts(&mut out, &result.parts);
            }
        }
    }
    out
}

/// How a call ended, in a word.
pub(super) fn word(status: ToolStatus) -> &'static str {
    match status {
        ToolStatus::Ok => "ok",
        ToolStatus::Error => "error",
        ToolStatus::Denied => "refused",
        ToolStatus::Cancelled => "stopped",
    }
}

fn push_parts(out: &mut String, parts: &[Part]) {
    for part in parts {
        match part {
            Part::Text { text } => push_text(out, text),
            Part::Image { media_type, .. } => out.push_str(&format!("[an image, {media_type}]\n")),
        }
    }
}

fn push_block(out: &mut String, block: &Block) {
    match block {
        Block::Text { text } => {
            out.push_str("\n## agent\n");
            push_text(out, text);
        }
        Block::Thinking { .. } => {}
        Block::ToolCall(ToolCall { id, tool, args }) => {
            out.push_str(&format!("\n## call {id} ({tool})\n"));
            match args {
                Value::Object(map) => {
                    for (name, value) in map {
                        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                        out.push_str(&format!("{name}: "));
                        push_text(out, &text);
                    }
                }
                Value::String(text) => push_text(out, text),
                other => push_text(out, &other.to_string()),
            }
        }
    }
}

fn push_text(out: &mut String, text: &str) {
    for line in text.split('\n') {
        let mut rest = line;
        while rest.len() > MOST_LINE {
            let end = rest.floor_char_boundary(MOST_LINE);
            out.push_str(&rest[..end]);
            out.push_str(BROKEN);
            out.push('\n');
            rest = &rest[end..];
        }
        out.push_str(rest);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn everything_that_was_said_stands_in_it_and_no_line_is_too_long() {
        let long = "ж".repeat(5_000);
        let call =
            ToolCall { id: "t1".into(), tool: "bash".into(), args: json!({"command": "a\nb", "n": 3}) };
        let items = vec![
            Item::user("do it\nwell"),
            Item::Assistant {
                blocks: vec![
                    Block::Thinking { text: "hidden".into(), signature: None, redacted: false },
                    Block::Text { text: long.clone() },
                    Block::ToolCall(call),
                ],
                model: "x/y".into(),
            },
        ];
        let text = transcript(&items, 4);
        assert!(text.starts_with("[messages 5 to 6 "), "{text}");
        assert!(text.contains("do it\nwell\n") && text.contains("command: a\nb\nn: 3\n"));
        assert!(!text.contains("hidden"));
        assert!(text.lines().all(|line| line.len() < 4_000));
        assert!(text.replace("⏎\n", "").contains(&long), "breaks can be undone");
    }
}
