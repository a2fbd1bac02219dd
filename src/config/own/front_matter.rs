//! Front matter: the YAML between two lines of `---` at the head of a Markdown file.
//!
//! Other agents are lax about it (`argument-hint: [a] [b]`, a colon in a description), so what is no YAML is
//! read line by line.

use serde_json::{Map, Value};

use crate::config::strict::parse;

/// Keys and values of the head, and the text below it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::config) struct FrontMatter {
    fields: Map<String, Value>,
    pub body: String,
}

impl FrontMatter {
    pub fn of(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        let parts = text.strip_prefix("---\n").and_then(|rest| match rest.strip_prefix("---\n") {
            Some(body) => Some(("", body)),
            None => rest.split_once("\n---\n").or_else(|| Some((rest.strip_suffix("\n---")?, ""))),
        });
        let Some((head, body)) = parts else {
            return Self { fields: Map::new(), body: text };
        };
        let fields = parse::<Map<String, Value>>(head, None).unwrap_or_else(|_| by_lines(head));
        Self { fields, body: body.trim_start_matches('\n').to_owned() }
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// A value as one line of text; `None` where there is none.
    pub fn text(&self, key: &str) -> Option<String> {
        let text = match self.fields.get(key)? {
            Value::String(text) => text.clone(),
            Value::Array(list) => format!("[{}]", list.iter().map(plain).collect::<Vec<_>>().join(", ")),
            Value::Number(_) | Value::Bool(_) => self.fields.get(key)?.to_string(),
            Value::Object(_) | Value::Null => return None,
        };
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!line.is_empty()).then_some(line)
    }

    /// A value as a list: one, or names with commas between them.
    pub fn list(&self, key: &str) -> Option<Vec<String>> {
        match self.fields.get(key)? {
            Value::Array(list) => Some(list.iter().map(plain).collect()),
            Value::String(text) => {
                let names = text.split(',').map(|name| name.trim().to_owned());
                Some(names.filter(|name| !name.is_empty()).collect())
            }
            _ => None,
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `key: value` at the beginning of a line; lines that are set in go on with the value before.
fn by_lines(head: &str) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut last: Option<String> = None;
    for line in head.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let begins = line.split_once(':').filter(|(key, _)| {
            !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        });
        match (begins, &last) {
            (Some((key, value)), _) => {
                let value = value.trim();
                let quoted =
                    ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
                let value =
                    quoted.unwrap_or(if matches!(value, "|" | ">" | "|-" | ">-") { "" } else { value });
                fields.insert(key.to_owned(), value.into());
                last = Some(key.to_owned());
            }
            (None, Some(key)) => {
                if let Some(Value::String(held)) = fields.get_mut(key) {
                    held.push(' ');
                    held.push_str(line.trim());
                }
            }
            (None, None) => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_of_all_kinds_are_read_and_a_file_without_one_is_all_body() {
        for (text, description, hint, body) in [
            ("---\ndescription: a\nargument-hint: [x]\n---\n\nhi\n", Some("a"), Some("[x]"), "hi\n"),
            ("---\r\ndescription: >\r\n  a\r\n  b\r\n---\r\nhi", Some("a b"), None, "hi"),
            // No YAML: two lists in a row, a colon in a text.
            (
                "---\nargument-hint: [x] [y]\ndescription: do: it\n---\nhi",
                Some("do: it"),
                Some("[x] [y]"),
                "hi",
            ),
            ("---\ndescription: \"a: b\"\nx: [\n---\nhi", Some("a: b"), None, "hi"),
            ("---\n---\nhi", None, None, "hi"),
            ("---\ndescription: a\n---", Some("a"), None, ""),
            ("\u{feff}---\ndescription: a\n---\nhi", Some("a"), None, "hi"),
            ("# Title\n---\nhi", None, None, "# Title\n---\nhi"),
            ("---\nno end\n", None, None, "---\nno end\n"),
        ] {
            let front = FrontMatter::of(text);
            assert_eq!(front.text("description").as_deref(), description, "{text:?}");
            assert_eq!(front.text("argument-hint").as_deref(), hint, "{text:?}");
            assert_eq!(front.body, body, "{text:?}");
        }
        let front = FrontMatter::of("---\na: x, z\nb: [x, z]\n---\n");
        assert_eq!((front.list("a"), front.list("c")), (front.list("b"), None));
    }
}
