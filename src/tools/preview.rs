//! What a `write` or an `edit` would change, for a person to look at before they say yes. Works on the
//! call's own words; nothing is read here.

use serde_json::Value;

use super::edit::line_diff;
use crate::protocol::ToolCall;

/// Whether the file as it is makes the preview better.
pub fn wants(call: &ToolCall) -> bool {
    call.tool == "write"
}

/// The change as a small diff; `current` is the file as it is, where that is known. `None` for calls of
/// other tools.
pub fn preview(call: &ToolCall, current: Option<&str>) -> Option<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    match call.tool.as_str() {
        "write" => Some(line_diff(current.unwrap_or_default(), &text(&call.args, "content")?)),
        "edit" => {
            let edits = call.args.get("edits")?.as_array()?;
            let shown = edits.iter().filter_map(|edit| {
                let (mut old, mut new) = (text(edit, "old")?, text(edit, "new")?);
                // Pieces of lines: where the file ends is not known here.
                if !old.ends_with('\n') && !new.ends_with('\n') {
                    old.push('\n');
                    new.push('\n');
                }
                Some(line_diff(&old, &new))
            });
            Some(shown.collect::<Vec<_>>().join(""))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_write_is_compared_and_an_edit_speaks_for_itself() {
        let call = |tool: &str, args| ToolCall { id: "t1".into(), tool: tool.into(), args };
        let write = call("write", json!({"path": "a", "content": "one\nthree\n"}));
        assert_eq!(preview(&write, Some("one\ntwo\n")).unwrap(), "@@ -1,2 +1,2 @@\n one\n-two\n+three\n");
        assert!(preview(&write, None).unwrap().contains("+one\n+three\n"));
        let edit = call("edit", json!({"path": "a", "edits": [{"old": "x = 1\n", "new": "x = 2\n"}]}));
        assert!(preview(&edit, None).unwrap().contains("-x = 1\n+x = 2\n"));
        let piece = call("edit", json!({"path": "a", "edits": [{"old": "one", "new": "ONE"}]}));
        assert_eq!(preview(&piece, None).unwrap(), "@@ -1 +1 @@\n-one\n+ONE\n");
        assert_eq!(preview(&call("bash", json!({"command": "ls"})), None), None);
        let long = call("write", json!({"path": "a", "content": "line\n".repeat(9_000)}));
        assert!(preview(&long, None).unwrap().len() < 7_000);
    }
}
