//! Every setting there is, as people see it: what is in force, where it comes from, and how it is changed.

use serde_json::Value;

use super::ground::Ground;
use super::model::catalog;
use crate::config::{Origin, Theme, profile_names};
use crate::model::shipped_scripts;
use crate::protocol::{Report, ReportKind};

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
    /// Dotted, as `settings.yaml` has it.
    pub key: String,
    /// What is in force; `None` for what is not set and has no value of its own.
    pub value: Option<String>,
    /// In words, short.
    pub origin: String,
    /// One line, without a full stop; may be empty.
    pub about: &'static str,
    pub change: SettingChange,
}

/// How a setting is changed by its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SettingChange {
    /// One of these.
    Choice(Vec<String>),
    /// What may be written.
    Text(&'static str),
    /// Not by a dialog; where it is set.
    Elsewhere(String),
}

/// What a dialog may change of a setting.
enum Kind {
    Theme,
    Wrap,
    Model,
    Profile,
    Thinking,
    Text(&'static str),
    File,
}

const COUNT: Kind = Kind::Text("a whole number above 0");
const AMOUNT: Kind = Kind::Text("a number above 0");

/// Key, what holds where nothing is set, what it is.
const KNOWN: [(&str, &str, &str, Kind); 15] = [
    ("theme", "dark", "Colours of the screen; auto follows the terminal's background", Kind::Theme),
    ("wrap", "terminal", "Who breaks long lines of the transcript: the terminal, or we at words", Kind::Wrap),
    ("model", "", "Which model answers: provider/model or an alias", Kind::Model),
    ("profile", "", "What the agent may do and what it is told", Kind::Profile),
    ("thinking", "", "How much the model thinks before it answers", Kind::Thinking),
    ("limits.turns", "", "Requests to the model in one run, at most", COUNT),
    ("limits.budget_usd", "", "US dollars in one run, at most", AMOUNT),
    ("limits.minutes", "", "Minutes of one run, at most", AMOUNT),
    ("limits.context_tokens", "", "Tokens of context to use, when the model's window is not known", COUNT),
    (
        "limits.compact_percent",
        "80",
        "Percent of the window at which older messages are folded",
        Kind::Text("a number from 20 to 95"),
    ),
    ("policy", "", "Preset of the kernel's policy", Kind::File),
    ("checkpoints", "", "Whether the work tree is snapshotted before a turn first writes", Kind::File),
    ("commit_trailers", "", "Whether commits of agents say what made them", Kind::File),
    ("base_url", "", "Address of a compatible API", Kind::File),
    ("add_dirs", "", "Folders besides the workspace that may be written", Kind::File),
];

/// All settings, those that are changed most first.
pub fn settings_in_force(ground: &Ground) -> Result<Vec<SettingRow>, Report> {
    let settings = serde_json::to_value(&ground.settings.settings)
        .map_err(|error| Report::from_error(ReportKind::Internal, &error))?;
    let mut set = Vec::new();
    flatten("", &settings, &mut set);
    let mut rows = Vec::new();
    for (key, otherwise, about, kind) in &KNOWN {
        let given = set.iter().position(|(name, _)| name == key).map(|at| set.remove(at).1);
        let value = given.or_else(|| (!otherwise.is_empty()).then(|| (*otherwise).to_owned()));
        rows.push(row(ground, key, value, about, kind)?);
    }
    for (key, value) in set {
        rows.push(row(ground, &key, Some(value), "", &Kind::File)?);
    }
    Ok(rows)
}

fn row(
    ground: &Ground,
    key: &str,
    value: Option<String>,
    about: &'static str,
    kind: &Kind,
) -> Result<SettingRow, Report> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let change = match kind {
        Kind::Theme => {
            let own = ground.dirs.config.join("themes");
            let mut themes = Theme::names(&[&own]);
            themes.push("auto".to_owned());
            SettingChange::Choice(themes)
        }
        Kind::Wrap => SettingChange::Choice(names(&["terminal", "words"])),
        Kind::Thinking => SettingChange::Choice(names(&["off", "low", "medium", "high"])),
        Kind::Model => SettingChange::Choice(models(ground)?),
        Kind::Profile => {
            let folders = ground.profile_folders();
            let folders: Vec<_> = folders.iter().map(std::path::PathBuf::as_path).collect();
            SettingChange::Choice(profile_names(&folders))
        }
        Kind::Text(wanted) => SettingChange::Text(wanted),
        Kind::File => {
            let file = ground.dirs.config.join("settings.yaml");
            SettingChange::Elsewhere(format!("not changed here; your own value goes into {}", file.display()))
        }
    };
    Ok(SettingRow { key: key.to_owned(), value, origin: origin(ground, key), about, change })
}

/// Where it comes from, as short as can be said: files of one's own and of the project by their names.
fn origin(ground: &Ground, key: &str) -> String {
    match ground.settings.origins.get(key) {
        Some(Origin::File(path)) if *path == ground.dirs.config.join("settings.yaml") => {
            "your settings.yaml".to_owned()
        }
        Some(Origin::File(path)) => {
            path.strip_prefix(&ground.workspace.root).unwrap_or(path).display().to_string()
        }
        _ => ground.settings.origin(key),
    }
}

fn models(ground: &Ground) -> Result<Vec<String>, Report> {
    let catalog = catalog(ground)?;
    let mut names: Vec<String> = catalog.aliases().map(|(alias, _)| alias.to_owned()).collect();
    names.extend(catalog.models().map(|(name, _)| name.to_owned()));
    names.extend(shipped_scripts().map(|script| format!("scripted/{script}")));
    Ok(names)
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
