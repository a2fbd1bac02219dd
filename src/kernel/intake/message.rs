//! Schema errors in plain words: which argument, and what is wrong with it.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use crate::base::nearest;
use crate::protocol::ToolSpec;

/// One error as one clause without a full stop.
pub(super) fn plain(error: &ValidationError<'_>, spec: &ToolSpec) -> String {
    let place = error.instance_path().as_str().trim_start_matches('/').replace('/', ".");
    let name = if place.is_empty() { "the arguments".to_owned() } else { format!("`{place}`") };
    let inner = |key: &str| if place.is_empty() { format!("`{key}`") } else { format!("`{place}.{key}`") };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!("{} is missing", inner(property.as_str().unwrap_or_default()))
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let told: Vec<String> = unexpected
                .iter()
                .take(3)
                .map(|key| {
                    let hint = nearest(key, parameters(spec))
                        .map_or(String::new(), |n| format!(" (did you mean `{n}`?)"));
                    format!("{} is not an argument{hint}", inner(&short(key)))
                })
                .collect();
            let known: Vec<&str> = parameters(spec).collect();
            format!("{}; arguments: {}", told.join(", "), known.join(", "))
        }
        ValidationErrorKind::Type { kind } => {
            let due = match kind {
                TypeKind::Single(kind) => kind.to_string(),
                TypeKind::Multiple(kinds) => {
                    kinds.iter().map(|kind| kind.to_string()).collect::<Vec<_>>().join(" or ")
                }
            };
            format!("{name} must be of type {due}, not {}", shown(error.instance()))
        }
        ValidationErrorKind::Enum { options } => {
            let options: Vec<String> = options.as_array().into_iter().flatten().map(shown).collect();
            format!("{name} must be one of {}, not {}", options.join(", "), shown(error.instance()))
        }
        ValidationErrorKind::Minimum { limit } => {
            format!("{name} must be at least {limit}, not {}", shown(error.instance()))
        }
        ValidationErrorKind::Maximum { limit } => {
            format!("{name} must be at most {limit}, not {}", shown(error.instance()))
        }
        ValidationErrorKind::MinLength { limit } => format!("{name} must have at least {limit} characters"),
        ValidationErrorKind::MaxLength { limit } => format!("{name} must have at most {limit} characters"),
        ValidationErrorKind::MinItems { limit } => format!("{name} must have at least {limit} items"),
        ValidationErrorKind::MaxItems { limit } => format!("{name} must have at most {limit} items"),
        _ => format!("{name}: {}", short(&error.to_string())),
    }
}

fn parameters(spec: &ToolSpec) -> impl Iterator<Item = &str> {
    spec.schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
}

fn shown(value: &Value) -> String {
    let kind = match value {
        Value::Null => return "null".to_owned(),
        Value::Object(_) => return "an object".to_owned(),
        Value::Array(_) => return "an array".to_owned(),
        Value::String(_) => "the string ",
        _ => "",
    };
    format!("{kind}{}", short(&value.to_string()))
}

fn short(text: &str) -> String {
    const MOST: usize = 80;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
