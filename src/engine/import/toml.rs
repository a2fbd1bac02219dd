//! The little TOML that is needed: keys, tables, texts, numbers, yes and no, lists of texts. A value of
//! another form is passed over whole, and told as such; nothing is guessed.

use std::collections::BTreeMap;

/// A value that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Yes(bool),
    Number(i64),
    Texts(Vec<String>),
    /// Of another form: a date, a table within a line, a text of many lines.
    Other,
}

/// Values by their whole name: `sandbox_workspace_write.network_access`. `Err` names the line.
pub(super) fn read(text: &str) -> Result<BTreeMap<String, Value>, String> {
    let mut values = BTreeMap::new();
    let mut table = String::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let bad = |what: &str| format!("line {}: {what}", at + 1);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('[') {
            let inner = line.split('#').next().unwrap_or(line).trim();
            let inner = inner
                .trim_start_matches('[')
                .strip_suffix(']')
                .ok_or_else(|| bad("the table's `]` is missing"))?;
            table = name(inner.trim_end_matches(']')).ok_or_else(|| bad("the table has no plain name"))?;
            continue;
        }
        let (key, rest) = line.split_once('=').ok_or_else(|| bad("no `=`"))?;
        let key = name(key).ok_or_else(|| bad("the key has no plain name"))?;
        let key = if table.is_empty() { key } else { format!("{table}.{key}") };
        let mut rest = rest.trim().to_owned();
        // A list may go on over lines; a text of many lines does till its end.
        let many = ["\"\"\"", "'''"].into_iter().find(|quote| rest.starts_with(quote));
        if let Some(quote) = many {
            while rest.matches(quote).count() < 2 {
                let (_, next) = lines.next().ok_or_else(|| bad("its text has no end"))?;
                rest.push_str(next);
            }
            values.insert(key, Value::Other);
            continue;
        }
        while rest.starts_with('[') && !closed(&rest) {
            let (_, next) = lines.next().ok_or_else(|| bad("its list has no end"))?;
            rest.push(' ');
            rest.push_str(without_comment(next));
        }
        values.insert(key, value(without_comment(&rest).trim()));
    }
    Ok(values)
}

/// A name of parts with dots between them, quoted or not.
fn name(text: &str) -> Option<String> {
    let (mut parts, mut rest) = (Vec::new(), text.trim());
    loop {
        let (part, after) = match rest.chars().next()? {
            quote @ ('"' | '\'') => {
                let inner = &rest[1..];
                let end = inner.find(quote)?;
                (&inner[..end], &inner[end + 1..])
            }
            _ => {
                let end = rest.find(|c: char| c == '.' || c.is_whitespace()).unwrap_or(rest.len());
                (&rest[..end], &rest[end..])
            }
        };
        parts.push(part.to_owned());
        match after.trim_start().strip_prefix('.') {
            Some(more) => rest = more.trim_start(),
            None if after.trim().is_empty() => return Some(parts.join(".")),
            None => return None,
        }
    }
}

/// Up to a `#` outside of quotes.
fn without_comment(text: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '#' => return &text[..at],
            _ => {}
        }
    }
    text
}

/// Whether a list that begins here ends here.
fn closed(text: &str) -> bool {
    let text = without_comment(text).trim_end();
    text.ends_with(']')
}

fn value(text: &str) -> Value {
    if let Some(list) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let texts: Option<Vec<String>> =
            pieces(list).into_iter().map(|piece| text_of(piece.trim())).collect();
        return texts.map_or(Value::Other, Value::Texts);
    }
    match text {
        "true" => Value::Yes(true),
        "false" => Value::Yes(false),
        _ => text_of(text)
            .map(Value::Text)
            .or_else(|| text.parse().ok().map(Value::Number))
            .unwrap_or(Value::Other),
    }
}

/// Entries of a list of texts; commas within quotes are no ends.
fn pieces(list: &str) -> Vec<&str> {
    let (mut pieces, mut from, mut quote) = (Vec::new(), 0, None);
    for (at, c) in list.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == ',' => {
                pieces.push(&list[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&list[from..]);
    pieces.retain(|piece| !piece.trim().is_empty());
    pieces
}

/// A text in quotes. One with an escape beyond the plain ones is not understood.
fn text_of(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return (!inner.contains('\'')).then(|| inner.to_owned());
    }
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(match chars.next()? {
                'n' => '\n',
                't' => '\t',
                c @ ('"' | '\\') => c,
                _ => return None,
            }),
            '"' => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_understood_is_read_and_the_rest_is_passed_over_whole() {
        let text = r##"
model = "o3"   # a comment
approval_policy = 'on-request'
n = 5
when = 2026-01-01
notes = """
sandbox_mode = "danger-full-access"
"""
inline = { a = "b" }

[sandbox_workspace_write]
network_access = true # yes
writable_roots = [
  "/a#b", # one
  '/c, d',
]
[projects."/home/me/x.y"]
trust_level = "trusted"
[[hooks]]
name = "a \"b\" \\ c"
"##;
        let read = read(text).unwrap();
        let text = |text: &str| Some(Value::Text(text.to_owned()));
        let at = |key: &str| read.get(key).cloned();
        assert_eq!(at("model"), text("o3"));
        assert_eq!(at("approval_policy"), text("on-request"));
        assert_eq!((at("n"), at("when")), (Some(Value::Number(5)), Some(Value::Other)));
        assert_eq!(
            (at("notes"), at("inline"), at("sandbox_mode")),
            (Some(Value::Other), Some(Value::Other), None)
        );
        assert_eq!(at("sandbox_workspace_write.network_access"), Some(Value::Yes(true)));
        let roots = Value::Texts(vec!["/a#b".to_owned(), "/c, d".to_owned()]);
        assert_eq!(at("sandbox_workspace_write.writable_roots"), Some(roots));
        assert_eq!(at("projects./home/me/x.y.trust_level"), text("trusted"));
        assert_eq!(at("hooks.name"), text("a \"b\" \\ c"));
        for bad in ["x", "[a", "a b = 1", "a = [\"x\"", "a = \"\"\"x"] {
            assert!(super::read(bad).is_err_and(|why| why.starts_with("line 1")), "{bad}");
        }
    }
}
