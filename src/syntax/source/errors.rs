//! Where a text does not parse.

use std::time::{Duration, Instant};

use tree_sitter::{Node, TreeCursor};

use super::Language;
use super::parse::{Unread, parse};

/// Errors that are told of one text; after the first few, one follows from another.
const MOST_ERRORS: usize = 50;
/// Characters of the text that a message shows.
const MOST_SHOWN: usize = 40;
/// Half a second: an answer that comes with a write is not worth waiting longer for.
const MOST_TIME: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// Such as: unexpected `}`.
    pub what: String,
}

/// Places where the text does not parse, in order; empty when it parses. Where a parse takes over half a
/// second there is no answer.
pub fn parse_errors(text: &str, language: Language) -> Result<Vec<ParseError>, Unread> {
    let tree = parse(text, language, Instant::now() + MOST_TIME)?;
    let mut errors = Vec::new();
    if tree.root_node().has_error() {
        collect(text, tree.walk(), &mut errors);
    }
    errors.sort_by_key(|error: &ParseError| (error.line, error.column));
    errors.dedup_by_key(|error| error.line);
    Ok(errors)
}

/// Walks only where errors are. Not by recursion: trees of broken texts can be deep.
fn collect(text: &str, mut cursor: TreeCursor, errors: &mut Vec<ParseError>) {
    loop {
        let node = cursor.node();
        if node.is_missing() {
            errors.push(at(text, node.start_byte(), missing(&node)));
        } else if node.is_error() && !has_inner_error(&node) {
            errors.push(unexpected(text, &node));
        }
        if errors.len() >= MOST_ERRORS {
            return;
        }
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return;
            }
        }
    }
}

/// An error within says more than the one around it.
fn has_inner_error(node: &Node) -> bool {
    let mut cursor = node.walk();
    let mut children = node.children(&mut cursor);
    children.any(|child| child.is_missing() || child.has_error())
}

fn missing(node: &Node) -> String {
    match node.is_named() {
        true => format!("a {} is missing", node.kind().replace('_', " ")),
        false => format!("`{}` is missing", node.kind()),
    }
}

/// A bracket that stands alone says most; else the text itself.
fn unexpected(text: &str, error: &Node) -> ParseError {
    let mut open: Vec<Node> = Vec::new();
    let mut cursor = error.walk();
    for child in error.children(&mut cursor) {
        let closes = match child.kind() {
            "(" | "[" | "{" => {
                open.push(child);
                continue;
            }
            ")" => "(",
            "]" => "[",
            "}" => "{",
            _ => continue,
        };
        match open.last() {
            Some(last) if last.kind() == closes => drop(open.pop()),
            Some(last) => {
                let opened = last.start_position().row + 1;
                let what = format!("`{}` closes `{}` of line {opened}", child.kind(), last.kind());
                return at(text, child.start_byte(), what);
            }
            None => return at(text, child.start_byte(), format!("unexpected `{}`", child.kind())),
        }
    }
    if let Some(last) = open.last() {
        return at(text, last.start_byte(), format!("`{}` is not closed", last.kind()));
    }
    let raw = text.get(error.byte_range()).unwrap_or_default();
    let start = error.start_byte() + (raw.len() - raw.trim_start().len());
    let line = raw.trim().lines().next().unwrap_or_default();
    let shown = whole_words(line);
    let what = if shown.is_empty() {
        "text that does not fit here".to_owned()
    } else {
        format!("unexpected `{shown}`")
    };
    at(text, start, what)
}

/// As many words as fit, none cut: half of a secret is not known for one.
fn whole_words(line: &str) -> String {
    let mut shown = String::new();
    for word in line.split_whitespace() {
        if shown.chars().count() + word.chars().count() > MOST_SHOWN || word.contains(char::is_control) {
            if !shown.is_empty() {
                shown.push_str(" …");
            }
            break;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(word);
    }
    shown
}

fn at(text: &str, byte: usize, what: String) -> ParseError {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &text[..byte];
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1;
    ParseError { line, column, what }
}
