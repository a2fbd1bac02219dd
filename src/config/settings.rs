//! Settings: layers merged in a fixed order, each value with the place it came from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::command_limits::{self, CommandLimits};
use super::dirs::Env;
use super::policy::Preset;
use super::strict::{YamlError, explain, parse};

/// Every setting there is. Strict: an unknown key is an error that names the nearest.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `provider/model`, or an alias of the catalogue (`fast`, `standard`, `strong`).
    pub model: Option<String>,
    /// Name of a profile.
    pub profile: Option<String>,
    /// `off`, `low`, `medium` or `high`.
    pub thinking: Option<String>,
    /// Preset of the kernel's policy: `coding`, `strict`, `contained`, `ci` or `read_only`.
    pub policy: Option<String>,
    /// Who breaks long lines of the transcript; `terminal` unless set.
    pub wrap: Option<LineWrap>,
    /// Theme of the screen: a shipped one, one of your own in `themes/`, or `auto`, which is light or dark as
    /// the terminal is.
    pub theme: Option<String>,
    /// Root of a compatible API. Never from a project.
    pub base_url: Option<String>,
    pub limits: LimitSettings,
    pub sandbox: SandboxSettings,
    /// Folders besides the workspace that may be written.
    pub add_dirs: Vec<PathBuf>,
    /// Whether commits of agents carry trailers that say what made them; true unless set.
    pub commit_trailers: Option<bool>,
    /// Whether the workspace is snapshotted before a turn first writes, so that files come back; true
    /// unless set. Never from a project.
    pub checkpoints: Option<bool>,
}

/// How long lines of the transcript get onto the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineWrap {
    /// A paragraph is one line, which the terminal breaks where its window ends: it reflows when that
    /// changes, and is copied as one.
    Terminal,
    /// Broken at words, for the width that the window has when it is printed.
    Words,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Requests to the model in one run.
    pub turns: Option<u32>,
    /// US dollars in one run.
    pub budget_usd: Option<f64>,
    /// Wall time of one run.
    pub minutes: Option<f64>,
    /// Tokens of context to use, when the model's own window is not known.
    pub context_tokens: Option<usize>,
    /// Percent of the model's window at which older messages are folded, 20 to 95; 80 unless set.
    pub compact_percent: Option<u8>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SandboxSettings {
    pub expose: Expose,
    /// What each command may use. A project may only lower it.
    pub limits: CommandLimits,
}

/// What commands in the sandbox see besides the usual. Never from a project.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expose {
    /// Names of environment variables.
    pub env: Vec<String>,
    /// Folders that may be read.
    pub paths: Vec<PathBuf>,
    /// Hosts that commands and requests with any network may reach besides those granted, such as a
    /// private registry: `host`, `host:port` or `*.suffix`. They may have private addresses.
    pub hosts: Vec<String>,
    /// Sockets of other programs that may be talked to, such as an agent for keys. Whoever answers
    /// there acts outside the sandbox. Needs the full mode.
    pub sockets: Vec<PathBuf>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    BuiltIn,
    File(PathBuf),
    Environment(String),
    Flag(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{file}: `{key}` may not be set by a project; move it to your own settings file")]
    NotForProjects { file: PathBuf, key: String },
    #[error("{file}: policy `{asked}` is looser than `{held}`; a project may only tighten")]
    Looser { file: PathBuf, asked: String, held: String },
    #[error("{origin}: {message}")]
    BadValue { origin: String, message: String },
}

/// Settings and the origin of every value that was set.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    pub settings: Settings,
    /// By dotted key, such as `limits.turns`.
    pub origins: BTreeMap<String, Origin>,
    /// The model that was in force when `base_url` was set: the address is its provider's, and no other
    /// provider's key or conversation goes there.
    pub model_at_base_url: Option<String>,
}

/// Keys that only the user's own layers may set; a project may lower `sandbox.limits`.
const USER_ONLY: [&str; 4] = ["base_url", "sandbox", "add_dirs", "checkpoints"];

/// Below, there is no room to work in; above, none to answer in.
const COMPACT_PERCENT: std::ops::RangeInclusive<u8> = 20..=95;

/// Environment variables and the keys they set.
pub const ENVIRONMENT: [(&str, &str); 8] = [
    ("IOSM_MODEL", "model"),
    ("IOSM_PROFILE", "profile"),
    ("IOSM_THINKING", "thinking"),
    ("IOSM_POLICY", "policy"),
    ("IOSM_BASE_URL", "base_url"),
    ("IOSM_MAX_TURNS", "limits.turns"),
    ("IOSM_MAX_BUDGET_USD", "limits.budget_usd"),
    ("IOSM_MAX_MINUTES", "limits.minutes"),
];

/// The text of a settings file with one top-level key set, or taken out; everything else stays as it is.
pub fn with_setting(text: &str, key: &str, value: Option<&str>) -> String {
    let starts = |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
    let mut out = String::new();
    let mut within = false;
    for line in text.lines() {
        // What is indented belongs to the key above it.
        within = if line.starts_with([' ', '\t']) { within } else { starts(line) };
        if !within {
            out.push_str(line);
            out.push('\n');
        }
    }
    if let Some(value) = value {
        out.push_str(&format!("{key}: {}\n", Value::from(value)));
    }
    out
}

/// Collects layers, lowest first.
#[derive(Debug)]
pub struct Layers {
    merged: Map<String, Value>,
    origins: BTreeMap<String, Origin>,
    model_at_base_url: Option<String>,
}

impl Default for Layers {
    fn default() -> Self {
        let merged = Map::from_iter([
            ("profile".to_owned(), Value::from("full")),
            ("policy".to_owned(), Value::from("coding")),
            ("thinking".to_owned(), Value::from("off")),
            ("commit_trailers".to_owned(), Value::from(true)),
            ("checkpoints".to_owned(), Value::from(true)),
            ("sandbox".to_owned(), command_limits::built_in()),
        ]);
        let origins = merged.keys().map(|key| (key.clone(), Origin::BuiltIn)).collect();
        Self { merged, origins, model_at_base_url: None }
    }
}

impl Layers {
    /// Bounds commands as this machine needs it, below every other layer. In MiB.
    pub fn machine_memory(&mut self, memory_mb: u64) {
        let layer = serde_json::json!({"sandbox": {"limits": {"memory_mb": memory_mb}}});
        if let Value::Object(layer) = layer {
            merge_map(&mut self.merged, layer, "", &Origin::BuiltIn, &mut self.origins);
        }
    }

    /// The user's own file; a missing one is no error.
    pub fn user_file(&mut self, path: &Path) -> Result<(), SettingsError> {
        match read_layer(path)? {
            Some(layer) => self.merge(layer, &Origin::File(path.to_owned())),
            None => Ok(()),
        }
    }

    /// A file of a trusted project: held to what a project may set.
    pub fn project_file(&mut self, path: &Path) -> Result<(), SettingsError> {
        let Some(mut layer) = read_layer(path)? else { return Ok(()) };
        let origin = Origin::File(path.to_owned());
        if command_limits::tighten(&mut self.merged, &mut layer, &origin, &mut self.origins) {
            let key = "sandbox".to_owned();
            return Err(SettingsError::NotForProjects { file: path.to_owned(), key });
        }
        for key in layer.keys().map(|key| key.trim_start_matches('+')) {
            if USER_ONLY.contains(&key) {
                return Err(SettingsError::NotForProjects { file: path.to_owned(), key: key.to_owned() });
            }
        }
        if let (Some(asked), Some(held)) = (text(&layer, "policy"), text(&self.merged, "policy")) {
            let rank = |name: &str| name.parse::<Preset>().map_or(0, Preset::tightness);
            if rank(&asked) < rank(&held) {
                return Err(SettingsError::Looser { file: path.to_owned(), asked, held });
            }
        }
        self.merge(layer, &origin)
    }

    pub fn environment(&mut self, env: Env) -> Result<(), SettingsError> {
        for (name, key) in ENVIRONMENT {
            if let Some(value) = env(name).filter(|value| !value.is_empty()) {
                let origin = Origin::Environment(name.to_owned());
                self.set(key, scalar(&value), origin)?;
            }
        }
        Ok(())
    }

    /// One value from a flag; `key` is dotted.
    pub fn flag(&mut self, flag: &str, key: &str, value: Value) -> Result<(), SettingsError> {
        self.set(key, value, Origin::Flag(flag.to_owned()))
    }

    fn set(&mut self, key: &str, value: Value, origin: Origin) -> Result<(), SettingsError> {
        let nested = key
            .rsplit('.')
            .fold(value, |inner, name| Value::Object(Map::from_iter([(name.to_owned(), inner)])));
        let Value::Object(layer) = nested else { return Ok(()) };
        check(&layer, None).map_err(|error| SettingsError::BadValue {
            origin: origin.to_string(),
            message: error.to_string(),
        })?;
        self.merge(layer, &origin)
    }

    fn merge(&mut self, layer: Map<String, Value>, origin: &Origin) -> Result<(), SettingsError> {
        let has_address = layer.contains_key("base_url");
        merge_map(&mut self.merged, layer, "", origin, &mut self.origins);
        if has_address {
            self.model_at_base_url = text(&self.merged, "model");
        }
        Ok(())
    }

    pub fn resolve(self) -> Result<Resolved, SettingsError> {
        let settings: Settings = serde_json::from_value(Value::Object(self.merged)).map_err(|error| {
            SettingsError::BadValue { origin: "settings".into(), message: error.to_string() }
        })?;
        let resolved =
            Resolved { settings, origins: self.origins, model_at_base_url: self.model_at_base_url };
        if let Some(policy) = &resolved.settings.policy {
            policy.parse::<Preset>().map_err(|error| SettingsError::BadValue {
                origin: resolved.origin("policy"),
                message: error.to_string(),
            })?;
        }
        let limits = &resolved.settings.limits;
        let above_zero = |number: f64| number > 0.0 && number.is_finite();
        for (key, wrong, wanted) in [
            ("limits.turns", limits.turns == Some(0), "a whole number above 0"),
            ("limits.budget_usd", limits.budget_usd.is_some_and(|usd| !above_zero(usd)), "a number above 0"),
            ("limits.minutes", limits.minutes.is_some_and(|min| !above_zero(min)), "a number above 0"),
            ("limits.context_tokens", limits.context_tokens == Some(0), "a whole number above 0"),
        ] {
            if wrong {
                let message = format!("{key} must be {wanted}");
                return Err(SettingsError::BadValue { origin: resolved.origin(key), message });
            }
        }
        if let Some(percent) = resolved.settings.limits.compact_percent
            && !COMPACT_PERCENT.contains(&percent)
        {
            return Err(SettingsError::BadValue {
                origin: resolved.origin("limits.compact_percent"),
                message: format!("limits.compact_percent is {percent}; it lies between 20 and 95"),
            });
        }
        Ok(resolved)
    }
}

impl Resolved {
    /// Whether `key` was said for this run: by a flag, or by a variable.
    pub fn is_said(&self, key: &str) -> bool {
        matches!(self.origins.get(key), Some(Origin::Flag(_) | Origin::Environment(_)))
    }

    /// Where `key` was set, in words.
    pub fn origin(&self, key: &str) -> String {
        self.origins.get(key).unwrap_or(&Origin::BuiltIn).to_string()
    }
}

fn text(layer: &Map<String, Value>, key: &str) -> Option<String> {
    layer.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// A value from the environment: a number where it reads as one.
fn scalar(text: &str) -> Value {
    if let Ok(whole) = text.parse::<u64>() {
        return Value::from(whole);
    }
    text.parse::<f64>().map_or_else(|_| Value::from(text), Value::from)
}

fn read_layer(path: &Path) -> Result<Option<Map<String, Value>>, SettingsError> {
    let text = match crate::base::read_text(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(SettingsError::Io { path: path.to_owned(), source }),
    };
    let layer: Map<String, Value> = parse(&text, Some(path))?;
    let has_append = layer.keys().any(|key| key.starts_with('+'));
    if has_append {
        check(&layer, Some(path))?;
    } else {
        // Checked from the text itself, so that the message has the line.
        parse::<Settings>(&text, Some(path))?;
    }
    Ok(Some(layer))
}

/// Types and names of one layer, `+key` read as `key`.
fn check(layer: &Map<String, Value>, file: Option<&Path>) -> Result<(), YamlError> {
    let plain: Map<String, Value> =
        layer.iter().map(|(key, value)| (key.trim_start_matches('+').to_owned(), value.clone())).collect();
    let checked = serde_json::from_value::<Settings>(Value::Object(plain));
    checked.map(drop).map_err(|error| explain(&error.to_string(), file))
}

/// Maps merge, lists replace, `+key` appends to a list.
fn merge_map(
    into: &mut Map<String, Value>,
    layer: Map<String, Value>,
    prefix: &str,
    origin: &Origin,
    origins: &mut BTreeMap<String, Origin>,
) {
    for (key, value) in layer {
        let name = key.trim_start_matches('+').to_owned();
        let dotted = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Object(inner) => {
                let slot = into.entry(name).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(held) = slot {
                    merge_map(held, inner, &dotted, origin, origins);
                }
            }
            Value::Array(mut more) if key.starts_with('+') => {
                match into.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
                    Value::Array(held) => held.append(&mut more),
                    held => *held = Value::Array(more),
                }
                origins.insert(dotted, origin.clone());
            }
            other => {
                into.insert(name, other);
                origins.insert(dotted, origin.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(dir: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn later_layers_win_and_origins_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let user = file(&dir, "user.yaml", "model: a/b\nlimits: {turns: 5, minutes: 2}\nadd_dirs: [/x]\n");
        let project = file(&dir, "project.yaml", "limits: {turns: 7}\n");
        let mut layers = Layers::default();
        layers.user_file(&user).unwrap();
        layers.project_file(&project).unwrap();
        layers.environment(&|name| (name == "IOSM_MODEL").then(|| "c/d".to_owned())).unwrap();
        layers.flag("--max-minutes", "limits.minutes", Value::from(1.5)).unwrap();
        let resolved = layers.resolve().unwrap();
        assert_eq!(resolved.settings.model.as_deref(), Some("c/d"));
        assert_eq!(resolved.settings.limits.turns, Some(7));
        assert_eq!(resolved.settings.limits.minutes, Some(1.5));
        assert_eq!(resolved.origin("model"), "environment IOSM_MODEL");
        assert_eq!(resolved.origin("limits.turns"), project.display().to_string());
        assert_eq!(resolved.origin("profile"), "built in");
    }

    #[test]
    fn lists_replace_or_append() {
        let dir = tempfile::tempdir().unwrap();
        let one = file(&dir, "1.yaml", "add_dirs: [/a]\n");
        let two = file(&dir, "2.yaml", "+add_dirs: [/b]\n");
        let mut layers = Layers::default();
        layers.user_file(&one).unwrap();
        layers.user_file(&two).unwrap();
        let dirs = layers.resolve().unwrap().settings.add_dirs;
        assert_eq!(dirs, [PathBuf::from("/a"), PathBuf::from("/b")]);
    }

    #[test]
    fn projects_are_held_to_their_place() {
        let dir = tempfile::tempdir().unwrap();
        let mut layers = Layers::default();
        let url = file(&dir, "url.yaml", "base_url: http://evil\n");
        assert!(matches!(layers.project_file(&url), Err(SettingsError::NotForProjects { .. })));
        let strict = file(&dir, "strict.yaml", "policy: strict\n");
        layers.project_file(&strict).unwrap();
        let loose = file(&dir, "loose.yaml", "policy: coding\n");
        assert!(matches!(layers.project_file(&loose), Err(SettingsError::Looser { .. })));
    }

    #[test]
    fn a_project_lowers_what_commands_may_use_and_never_raises_it() {
        let dir = tempfile::tempdir().unwrap();
        let limits = |user: &str, project: &str| {
            let mut layers = Layers::default();
            layers.machine_memory(3000);
            layers.user_file(&file(&dir, "user.yaml", user)).unwrap();
            layers.project_file(&file(&dir, "project.yaml", project))?;
            let resolved = layers.resolve()?;
            let held = resolved.settings.sandbox.limits;
            let number = |value: Option<std::num::NonZeroU64>| value.map_or(0, Into::into);
            let figures = [number(held.memory_mb), number(held.cpu_s), number(held.file_mb)];
            Ok::<_, SettingsError>((figures, resolved.origin("sandbox.limits.memory_mb")))
        };
        let project = |text: &str| format!("sandbox: {{limits: {{{text}}}}}\n");
        let none = ([3000, 0, 16_384], "built in".to_owned());
        assert_eq!(limits("", "").unwrap(), none);
        assert_eq!(limits("", &project("memory_mb: 3001, file_mb: 16385")).unwrap(), none);
        let lower = limits("", &project("memory_mb: 2999, cpu_s: 9")).unwrap();
        assert_eq!(lower.0, [2999, 9, 16_384]);
        assert!(lower.1.ends_with("project.yaml"), "{}", lower.1);
        let own = "sandbox: {limits: {memory_mb: 9000, cpu_s: 5}}\n";
        assert_eq!(limits(own, &project("memory_mb: 9001, cpu_s: 6")).unwrap().0, [9000, 5, 16_384]);
        assert_eq!(limits(own, &project("memory_mb: 1, cpu_s: 4")).unwrap().0, [1, 4, 16_384]);
        for refused in ["sandbox: {limits: {cpu_s: 1}, expose: {env: [A]}}\n", "sandbox: {expose: {}}\n"] {
            assert!(matches!(limits("", refused), Err(SettingsError::NotForProjects { .. })), "{refused}");
        }
        assert!(limits("", &project("memory_mb: 0")).is_err());
        assert!(limits("", &project("memory: 1")).unwrap_err().to_string().contains("memory_mb"));
    }

    #[test]
    fn the_threshold_of_folding_leaves_room_on_both_sides() {
        for (percent, good) in [(19, false), (20, true), (95, true), (96, false)] {
            let mut layers = Layers::default();
            layers.flag("x", "limits.compact_percent", Value::from(percent)).unwrap();
            assert_eq!(layers.resolve().is_ok(), good, "{percent}");
        }
    }

    #[test]
    fn slips_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let bad = file(&dir, "bad.yaml", "limits:\n  turn: 3\n");
        let error = Layers::default().user_file(&bad).unwrap_err().to_string();
        assert!(error.contains("turn") && error.contains("did you mean `turns`"), "{error}");
        let mut layers = Layers::default();
        let error = layers.environment(&|n| (n == "IOSM_MAX_TURNS").then(|| "many".into())).unwrap_err();
        assert!(error.to_string().contains("IOSM_MAX_TURNS"), "{error}");
        let policy = file(&dir, "p.yaml", "policy: lax\n");
        let mut layers = Layers::default();
        layers.user_file(&policy).unwrap();
        assert!(layers.resolve().unwrap_err().to_string().contains("unknown policy preset"));
    }
}
