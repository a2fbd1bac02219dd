//! Codex: `approval_policy` and `sandbox_mode` of its `config.toml`. Codex has postures, and rules in a
//! language of their own; a posture becomes a preset where that holds back as much, and is listed otherwise.

use super::Found;
use super::toml::{self, Value};
use crate::config::Preset;
use crate::engine::ground::Ground;
use crate::protocol::{Report, ReportKind};

pub(super) fn read(ground: &Ground) -> Result<Found, Report> {
    let folder = ground.dirs.home.join(".codex");
    let file = folder.join("config.toml");
    let bad = |why: String| {
        Report::new(ReportKind::Config, format!("{} cannot be read", file.display())).cause(why)
    };
    let text = match crate::base::read_text(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Report::new(ReportKind::Usage, "there is no configuration of Codex here")
                .cause(format!("looked for {}", file.display())));
        }
        Err(error) => return Err(bad(error.to_string())),
    };
    let values = toml::read(&text).map_err(bad)?;
    let mut found = Found { read: vec![file.clone()], ..Found::default() };
    for (key, value) in &values {
        let shown = match value {
            Value::Text(text) => format!("{key} = {text:?}"),
            Value::Yes(yes) => format!("{key} = {yes}"),
            Value::Texts(texts) => format!("{key} = {texts:?}"),
            Value::Number(_) | Value::Other => key.clone(),
        };
        match posture(key, value) {
            Said::Preset(preset) => found.preset = Some(stricter(found.preset, preset)),
            Said::Same => {}
            Said::Not(why) => found.leave(shown, &file, why),
            Said::Nothing => {}
        }
    }
    if std::fs::read_dir(folder.join("rules")).is_ok_and(|mut entries| entries.next().is_some()) {
        found.leave(
            "rules/",
            &folder,
            "its rules are written in a language of their own; write those that you need as `rules:`",
        );
    }
    Ok(found)
}

enum Said {
    Preset(Preset),
    /// It is so without a word.
    Same,
    Not(&'static str),
    /// It is about something else.
    Nothing,
}

fn posture(key: &str, value: &Value) -> Said {
    let Value::Text(text) = value else {
        return match (key, value) {
            ("approval_policy" | "sandbox_mode", _) => Said::Not("its value is not understood"),
            ("sandbox_workspace_write.network_access", Value::Yes(true)) => {
                Said::Not("the network is opened host by host: `hosts: [example.com]`")
            }
            ("sandbox_workspace_write.writable_roots", _) => {
                Said::Not("put them into `add_dirs` of your settings.yaml")
            }
            _ => Said::Nothing,
        };
    };
    match (key, text.as_str()) {
        ("sandbox_mode", "read-only") => Said::Preset(Preset::ReadOnly),
        ("sandbox_mode", "workspace-write") => Said::Same,
        ("sandbox_mode", _) => {
            Said::Not("the sandbox is not switched off by a policy: --no-sandbox with --allow, for one run")
        }
        ("approval_policy", "untrusted") => Said::Preset(Preset::Strict),
        ("approval_policy", "on-request" | "on-failure") => Said::Same,
        ("approval_policy", "never") => {
            Said::Not("a question that nobody answers is a refusal here; the preset `contained` asks nothing")
        }
        ("approval_policy", _) => Said::Not("its value is not known"),
        (key, _)
            if key.starts_with("profiles.")
                && (key.ends_with(".approval_policy") || key.ends_with(".sandbox_mode")) =>
        {
            Said::Not("profiles say what an agent may do in their own file: profiles/NAME.yaml")
        }
        (key, "trusted") if key.starts_with("projects.") => {
            Said::Not("a project is trusted with its files as they are: `iosm config trust`")
        }
        _ => Said::Nothing,
    }
}

fn stricter(one: Option<Preset>, other: Preset) -> Preset {
    one.filter(|one| one.tightness() > other.tightness()).unwrap_or(other)
}
