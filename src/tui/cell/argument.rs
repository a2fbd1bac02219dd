//! What a call is about, in one line: the command, the file, the pattern.

use serde_json::Value;

use crate::protocol::ToolCall;

/// Characters of a value that is not the main one.
const LONGEST_OTHER: usize = 40;

/// The argument that says what a call is about, and the rest where it is short.
pub fn one_line(call: &ToolCall) -> String {
    let args = &call.args;
    let text = |name: &str| args.get(name).and_then(Value::as_str).map(|text| text.replace('\n', " ⏎ "));
    let path = || text("path").unwrap_or_default();
    match call.tool.as_str() {
        "bash" => text("command").unwrap_or_default(),
        "read" => {
            let from = args.get("offset").or(args.get("from")).and_then(Value::as_u64);
            match (text("handle"), from) {
                (Some(handle), _) => handle,
                (None, Some(line)) => format!("{}:{line}", path()),
                (None, None) => path(),
            }
        }
        "write" => {
            let lines = args.get("content").and_then(Value::as_str).map_or(0, |text| text.lines().count());
            format!("{} · {lines} lines", path())
        }
        "edit" => {
            let (added, removed) = changed(args);
            format!("{} +{added} −{removed}", path())
        }
        "search" => match (text("pattern").or(text("regex")), text("path").or(text("glob"))) {
            (Some(pattern), Some(place)) => format!("{pattern} in {place}"),
            (Some(pattern), None) => pattern,
            (None, place) => place.unwrap_or_default(),
        },
        "fetch" => text("url").unwrap_or_default(),
        "bash_output" | "bash_kill" => text("id").unwrap_or_default(),
        "todo" | "report" => String::new(),
        _ => others(args),
    }
}

/// Lines that an edit puts in and takes out, as its arguments say.
fn changed(args: &Value) -> (usize, usize) {
    let edits = args.get("edits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let lines = |edit: &Value, name: &str| edit.get(name).and_then(Value::as_str).map_or(0, |t| t.lines().count());
    edits.iter().fold((0, 0), |(added, removed), edit| (added + lines(edit, "new"), removed + lines(edit, "old")))
}

fn others(args: &Value) -> String {
    let Value::Object(args) = args else { return args.to_string() };
    let part = |(name, value): (&String, &Value)| {
        let text = value.as_str().map_or_else(|| value.to_string(), |text| text.replace('\n', " ⏎ "));
        let short: String = text.chars().take(LONGEST_OTHER).collect();
        format!("{name}={short}{}", if text.chars().count() > LONGEST_OTHER { "…" } else { "" })
    };
    args.iter().map(part).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_says_what_a_call_is_about() {
        for (tool, args, shown) in [
            ("bash", json!({"command": "cd x\nls"}), "cd x ⏎ ls"),
            ("read", json!({"path": "a.rs"}), "a.rs"),
            ("write", json!({"path": "a.rs", "content": "1\n2\n"}), "a.rs · 2 lines"),
            ("edit", json!({"path": "a.rs", "edits": [{"old": "1\n2", "new": "3"}]}), "a.rs +1 −2"),
            ("search", json!({"pattern": "fn x", "path": "src"}), "fn x in src"),
            ("fetch", json!({"url": "https://a.b/c"}), "https://a.b/c"),
            ("todo", json!({"items": []}), ""),
            ("other", json!({"a": 1, "b": "x".repeat(50)}), &format!("a=1 b={}…", "x".repeat(40))),
            ("bash", json!({}), ""),
        ] {
            let call = ToolCall { id: "t1".into(), tool: tool.into(), args };
            assert_eq!(one_line(&call), shown, "{tool}");
        }
    }
}
