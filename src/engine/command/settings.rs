//! `/settings`: what is set, and where each value comes from.

use serde_json::Value;

use super::{Answer, Call, Command, Place};
use crate::engine::ground::Ground;
use crate::protocol::{Report, ReportKind};

pub(super) const COMMAND: Command = Command {
    name: "settings",
    aliases: &[],
    args: "",
    about: "Show what is set, and where each value comes from",
    place: Place::Engine,
    run: Some(|call: Call<'_>| {
        let shown = shown(&call.desk.ground);
        Box::pin(async move { shown.map(Answer::Markdown) })
    }),
};

fn shown(ground: &Ground) -> Result<String, Report> {
    let settings = serde_json::to_value(&ground.settings.settings)
        .map_err(|error| Report::from_error(ReportKind::Internal, &error))?;
    let mut rows = Vec::new();
    flatten("", &settings, &mut rows);
    let row = |(key, value): &(String, String)| {
        format!("| `{key}` | {value} | {} |\n", ground.settings.origin(key))
    };
    let file = ground.dirs.config.join("settings.yaml");
    Ok(format!(
        "| setting | value | from |\n|---|---|---|\n{}\nYour own are in `{}`; a change counts from the next session on.",
        rows.iter().map(row).collect::<String>(),
        file.display()
    ))
}

/// Values by dotted key; what is not set is left out.
fn flatten(prefix: &str, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&key, value, out);
            }
        }
        Value::Null => {}
        Value::Array(list) if list.is_empty() => {}
        Value::String(text) => out.push((prefix.to_owned(), text.clone())),
        other => out.push((prefix.to_owned(), other.to_string())),
    }
}
