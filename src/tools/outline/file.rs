//! The outline of one file: its imports on a line, then every definition with its lines.

use super::super::leaf::counted;
use super::{MOST_BYTES, Map, down_to};
use crate::base::grouped;
use crate::kernel::RawResult;
use crate::syntax::source::Language;

/// Levels that are shown when the call does not say: a module, a type in it, its methods.
const DEPTH: usize = 3;
/// Bytes of imports.
const MOST_IMPORTS: usize = 400;

pub(super) fn show(path: &str, map: &Map, depth: Option<usize>) -> RawResult {
    let Some(language) = map.language else {
        let known: Vec<&str> = Language::ALL.iter().map(|language| language.name()).collect();
        return RawResult::error(format!(
            "{path}: no grammar for such a file ({}); read it, or search in it",
            known.join(", ")
        ));
    };
    let outline = match &map.outline {
        Ok(outline) => outline,
        Err(why) => return RawResult::error(format!("{path} {why}; read it in pages")),
    };
    let mut text = format!("{path}: {}, {}\n", language.name(), counted(map.lines, "line"));
    text.push_str(&imports(outline.imports.iter().map(|import| import.what.as_str())));
    let shown: Vec<_> = down_to(outline, depth.unwrap_or(DEPTH).max(1)).collect();
    let mut told = 0;
    for definition in &shown {
        let indent = "  ".repeat(definition.depth);
        let (first, last) = (definition.first_line, definition.last_line);
        let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
        let line = format!("{indent}{range}  {}\n", definition.signature);
        if text.len() + line.len() > MOST_BYTES {
            break;
        }
        text.push_str(&line);
        told += 1;
    }
    let deeper = outline.definitions.len() - shown.len();
    if told < shown.len() {
        let (told, all, from) = (grouped(told), grouped(shown.len()), shown[told].first_line);
        text.push_str(&format!(
            "[{told} of {all} definitions shown; give depth 1, or read from line {from}]\n"
        ));
    } else if deeper > 0 {
        text.push_str(&format!("[{} more at greater depth]\n", grouped(deeper)));
    }
    if outline.definitions.is_empty() {
        text.push_str("[no definitions]\n");
    }
    text.pop();
    RawResult::ok(text, counted(outline.definitions.len(), "definition"))
}

fn imports<'i>(all: impl Iterator<Item = &'i str>) -> String {
    let mut text = String::new();
    let mut left_out = 0;
    for what in all {
        if text.len() + what.len() > MOST_IMPORTS {
            left_out += 1;
            continue;
        }
        text.push_str(if text.is_empty() { "imports: " } else { ", " });
        text.push_str(what);
    }
    if left_out > 0 {
        text.push_str(&format!(" and {left_out} more"));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}
