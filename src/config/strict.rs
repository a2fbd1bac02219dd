//! Strict YAML: a wrong field is an error with its line and the nearest right name.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::base::nearest;

#[derive(Debug, thiserror::Error)]
#[error("{}{message}{}", place(.file), hint.as_ref().map_or(String::new(), |h| format!(" (did you mean `{h}`?)")))]
pub struct YamlError {
    /// `None` for text that is not from a file.
    pub file: Option<PathBuf>,
    pub message: String,
    pub hint: Option<String>,
}

fn place(file: &Option<PathBuf>) -> String {
    file.as_ref().map_or(String::new(), |file| format!("{}: ", file.display()))
}

/// Reads `text` as `T`. `T` should deny unknown fields; serde's message for one lists what was
/// expected, from which the nearest name is taken.
pub fn parse<T: DeserializeOwned>(text: &str, file: Option<&Path>) -> Result<T, YamlError> {
    if text.trim().is_empty() {
        return serde_yaml::from_str("{}").map_err(|error| explain(&error.to_string(), file));
    }
    serde_yaml::from_str(text).map_err(|error| explain(&error.to_string(), file))
}

/// Words of the parser for what was found, and ours.
const WORDS: [(&str, &str); 5] = [
    ("invalid u32", "not a whole number of 0 or more"),
    ("invalid u64", "not a whole number of 0 or more"),
    ("invalid u8", "not a whole number from 0 to 255"),
    ("invalid f64", "not a number"),
    ("expected string scalar", "a text is expected here"),
];

/// The parser's message is one line (place, what is wrong, what was expected) and a picture of the
/// source; the line is enough once the nearest name stands beside it.
pub(super) fn explain(message: &str, file: Option<&Path>) -> YamlError {
    let line = message.lines().next().unwrap_or(message);
    let line = line.strip_prefix("error: ").unwrap_or(line);
    // Advice for whoever writes the parser's caller.
    let line = line.split_once(", set DuplicateKeyPolicy").map_or(line, |(said, _)| said);
    let line = line.split_once("; use Option<").map_or(line, |(said, _)| said);
    let line = WORDS.iter().fold(line.to_owned(), |line, (theirs, ours)| line.replace(theirs, ours));
    let wrong = line.split('`').nth(1);
    // Two names are `a` or `b`, one is `expected `a``.
    let expected = line.split_once("expected ").map_or("", |(_, names)| names);
    let expected = expected.strip_prefix("one of ").unwrap_or(expected).replace(" or ", ", ");
    let names = expected.split(", ").map(|name| name.trim_matches('`'));
    let hint = wrong.and_then(|wrong| nearest(wrong, names));
    YamlError { file: file.map(Path::to_owned), message: line.clone(), hint: hint.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[serde(default)]
        model: Option<String>,
    }

    #[test]
    fn a_slip_is_named_with_line_and_nearest() {
        let error = parse::<Sample>("# c\nmodle: x\n", Some(Path::new("s.yaml"))).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("s.yaml") && text.contains("did you mean `model`?"), "{text}");
        assert!(text.contains("line 2"), "{text}");
        let twice = parse::<Sample>("model: x\nmodel: y\n", None).unwrap_err().to_string();
        assert!(twice.ends_with("duplicate mapping key: model"), "{twice}");
        let list = parse::<Sample>("model: [x]\n", None).unwrap_err().to_string();
        assert!(list.ends_with("a text is expected here"), "{list}");
        assert!(parse::<Sample>("", None).unwrap().model.is_none());
    }
}
