//! Records in what a server answers: what stands in a field of its own is told from what stands in prose.

use serde_json::Value;

use super::PROSE;
use super::word::is_address;

/// Larger answers, and such with more records, are taken as prose.
const MOST_BYTES: usize = 128 * 1024;
const MOST_RECORDS: usize = 2_000;

/// One object or one item of a list, with the plain values directly in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// `(key, value)`; the key of a list's item is that of the list.
    pub fields: Vec<(String, String)>,
}

/// The records of a JSON or YAML text; none when it is neither.
pub(super) fn records(text: &str) -> Vec<Record> {
    let text = text.trim();
    if text.len() > MOST_BYTES {
        return Vec::new();
    }
    let value = serde_json::from_str(text)
        .or_else(|_| serde_yaml::from_str::<Value>(text).ok().filter(is_meant).ok_or(()));
    let mut out = Vec::new();
    if let Ok(value @ (Value::Array(_) | Value::Object(_))) = value {
        walk("", &value, &mut out);
    }
    out
}

/// Prose with a colon in it is YAML too, with a sentence for a key.
fn is_meant(value: &Value) -> bool {
    let name = |key: &String| key.len() <= 60 && !key.contains(['.', '[', '<', ',']);
    value.as_object().is_none_or(|map| map.keys().all(name))
}

fn walk(key: &str, value: &Value, out: &mut Vec<Record>) {
    if out.len() >= MOST_RECORDS {
        return;
    }
    match value {
        Value::Object(map) => {
            let mut record = Record::default();
            for (key, value) in map {
                // Rights by address: `{"a@b.test": "reads"}`.
                if is_address(&key.to_lowercase()) {
                    record.fields.push(("name".to_owned(), key.clone()));
                }
                match value {
                    Value::Object(_) => walk(key, value, out),
                    Value::Array(items) if items.iter().any(Value::is_object) => walk(key, value, out),
                    Value::Array(items) => {
                        record.fields.extend(items.iter().filter_map(plain).map(|text| (key.clone(), text)));
                    }
                    value => record.fields.extend(plain(value).map(|text| (key.clone(), text))),
                }
            }
            if !key.is_empty() {
                record.fields.push(("name".to_owned(), key.to_owned()));
            }
            out.push(record);
        }
        Value::Array(items) => {
            for item in items {
                match plain(item) {
                    Some(text) => out.push(Record { fields: vec![(key.to_owned(), text)] }),
                    None => walk("", item, out),
                }
            }
        }
        _ => {}
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Fields that say who sent a thing: a name is the server's word for it, an address is the sender's.
const SENDERS: &[&str] = &["from", "from_", "sender", "author", "reply_to", "replyto", "reply-to"];
/// Fields that whoever sent a thing fills in.
const SENT: &[&str] = &[
    "body",
    "content",
    "contents",
    "text",
    "message",
    "html",
    "snippet",
    "description",
    "comment",
    "comments",
    "note",
    "notes",
    "summary",
    "review",
    "reviews",
];

/// Whether a field holds one value that the server lists, not words that somebody sent.
pub(super) fn is_listed(key: &str, words: &[String]) -> bool {
    let key = key.to_lowercase();
    let addressed = words.iter().any(|word| is_address(word));
    let sent = SENT.contains(&key.as_str()) || addressed && SENDERS.contains(&key.as_str());
    !sent && words.len() <= PROSE && !(addressed && words.len() > 1)
}

/// Words that say nothing of which record is meant.
pub(super) fn is_filler(words: &[String]) -> bool {
    let filler = |word: &String| {
        matches!(
            word.as_str(),
            "true"
                | "false"
                | "none"
                | "null"
                | "yes"
                | "received"
                | "sent"
                | "confirmed"
                | "the"
                | "and"
                | "for"
                | "all"
                | "any"
                | "new"
                | "open"
                | "read"
                | "unread"
                | "name"
                | "type"
                | "user"
                | "email"
                | "date"
        )
    };
    words.iter().all(filler)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_items_are_records_and_prose_is_none() {
        let found = records("- sender: Bob\n  to: [a@b.test, c@d.test]\n- 'x'\n");
        let fields = |at: usize| found[at].fields.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>();
        assert_eq!(
            (fields(0), fields(1)),
            (vec!["sender=Bob".into(), "to=a@b.test".into(), "to=c@d.test".into()], vec!["=x".to_owned()])
        );
        let found = records(r#"{"Bill": {"iban": "X1"}}"#);
        assert!(found[0].fields.contains(&("name".to_owned(), "Bill".to_owned())));
        for prose in ["Dear all, please pay.", "", "Hello. My mail: a@b.test"] {
            assert!(records(prose).is_empty(), "{prose}");
        }
    }
}
