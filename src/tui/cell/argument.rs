//! What a call is about, in one line.

use serde_json::Value;

use crate::protocol::ToolCall;
use crate::tools::preview::preview;
use crate::tui::text::{diff, one_line};

/// The argument that says most: the command of a shell line, the path of an edit with what it adds and removes,
/// the pattern and place of a search.
pub(super) fn about(call: &ToolCall) -> String {
    let Value::Object(args) = &call.args else {
        let raw = call.args.as_str().map_or_else(|| call.args.to_string(), str::to_owned);
        return one_line(&raw);
    };
    let text =
        |name: &str| args.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(one_line);
    let number = |name: &str| args.get(name).and_then(Value::as_u64);
    let known = match call.tool.as_str() {
        "bash" => text("command"),
        "read" => text("path").map(|path| match (number("offset"), number("limit")) {
            (Some(from), Some(count)) => format!("{path}:{from}–{}", (from + count).saturating_sub(1)),
            (Some(from), None) => format!("{path}:{from}–"),
            (None, Some(count)) => format!("{path}:1–{count}"),
            (None, None) => path,
        }),
        "write" | "edit" => {
            text("path").map(|path| match preview(call, None).map(|diff| diff::counts(&diff)) {
                Some((added, removed)) if call.tool == "edit" => format!("{path} +{added} −{removed}"),
                Some((added, _)) => format!("{path} {}", crate::base::plural(added, "line")),
                None => path,
            })
        }
        "search" => search(text("pattern"), text("glob"), text("path")),
        "fetch" => text("url"),
        "todo" | "report" => Some(String::new()),
        _ => None,
    };
    known.unwrap_or_else(|| others(args))
}

fn search(pattern: Option<String>, glob: Option<String>, path: Option<String>) -> Option<String> {
    let what = match (pattern, glob) {
        (Some(pattern), Some(glob)) => format!("/{pattern}/ in {glob}"),
        (Some(pattern), None) => format!("/{pattern}/"),
        (None, Some(glob)) => glob,
        (None, None) => return None,
    };
    Some(match path {
        Some(path) if path != "." => format!("{what} in {path}"),
        _ => what,
    })
}

fn others(args: &serde_json::Map<String, Value>) -> String {
    let value = |value: &Value| value.as_str().map_or_else(|| one_line(&value.to_string()), one_line);
    let parts: Vec<String> = args.iter().map(|(name, of)| format!("{name}={}", value(of))).collect();
    parts.join(" ")
}

/// What was changed in a call's arguments: name, before, after.
pub(super) fn changes(before: &Value, after: &Value) -> Vec<(String, String, String)> {
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return vec![("arguments".to_owned(), short(before), short(after))];
    };
    let mut names: Vec<&String> = old.keys().collect();
    names.extend(new.keys().filter(|name| !old.contains_key(*name)));
    let nothing = Value::Null;
    let changed = names.into_iter().filter_map(|name| {
        let (a, b) = (old.get(name).unwrap_or(&nothing), new.get(name).unwrap_or(&nothing));
        (a != b).then(|| (one_line(name), short(a), short(b)))
    });
    changed.collect()
}

fn short(value: &Value) -> String {
    let text = if value.is_null() { "nothing".to_owned() } else { one_line(&value.to_string()) };
    crate::tui::text::truncate(&text, 60).into_owned()
}
