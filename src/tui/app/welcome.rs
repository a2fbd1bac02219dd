//! The first run: nothing is configured, and in a few keys there is a model to talk to.

use crate::engine::{Ground, KEYED, ProjectTrust, Ready, first_model, keep_key, keep_setting};
use crate::protocol::Report;
use crate::tui::dialog::PickerRow;

/// A way to a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// A key that is there already.
    Key {
        model: String,
    },
    /// A server on this machine.
    Server {
        base_url: String,
        model: String,
    },
    /// A key that is typed now.
    Login(&'static str),
    /// A file with weights.
    Gguf,
    Demo,
}

/// What could be chosen, the quickest first, with a row for each.
pub(super) fn ways(ready: &[Ready]) -> Vec<(Way, PickerRow)> {
    let mut ways: Vec<(Way, String, String)> = Vec::new();
    for found in ready {
        match found {
            Ready::Key { provider, model } => ways.push((
                Way::Key { model: model.clone() },
                format!("Use {model}"),
                format!("a key for {provider} is there"),
            )),
            Ready::Server { base_url, models } => {
                let way = |model: &String| {
                    let way = Way::Server { base_url: base_url.clone(), model: model.clone() };
                    (way, format!("Use {model}"), format!("served at {base_url}"))
                };
                ways.extend(models.iter().map(way));
            }
        }
    }
    for provider in KEYED {
        let about = "checked with the provider, kept in auth.yaml for your eyes only".to_owned();
        ways.push((Way::Login(provider), format!("Enter a key for {provider}"), about));
    }
    ways.push((
        Way::Gguf,
        "Use a GGUF file".to_owned(),
        "how to serve one on this machine, with no key and no network".to_owned(),
    ));
    ways.push((
        Way::Demo,
        "Watch the demo".to_owned(),
        "a scripted model mends a small repository; no key, no network".to_owned(),
    ));
    let row = |(at, (way, what, about)): (usize, (Way, String, String))| {
        (way, PickerRow::new(at.to_string(), [what, about]))
    };
    ways.into_iter().enumerate().map(row).collect()
}

/// What to do with a file of weights, until this program loads them itself.
pub(super) const GGUF: &str = "Serve the file with llama.cpp, then start iosm again; it finds the server by itself:\n\
    \n    llama-server -m FILE.gguf --port 8080 --jinja -c 32768\n";

/// Keeps a way for good. The ones that need a word more are asked about elsewhere.
pub(super) fn keep(ground: &Ground, way: &Way) -> Result<(), Report> {
    match way {
        Way::Key { model } => keep_setting(ground, "model", Some(model)),
        Way::Server { base_url, model } => {
            keep_setting(ground, "base_url", Some(base_url))?;
            keep_setting(ground, "model", Some(&format!("openai_compatible/{model}")))
        }
        Way::Login(_) | Way::Gguf | Way::Demo => Ok(()),
    }
}

/// Keeps a key that was checked, and the provider's first model with it when none is set.
pub(super) fn keep_login(ground: &Ground, provider: &str, key: &str) -> Result<(), Report> {
    keep_key(ground, provider, key)?;
    match first_model(ground, provider)? {
        Some(model) if ground.settings.settings.model.is_none() => {
            keep_setting(ground, "model", Some(&model))
        }
        _ => Ok(()),
    }
}

/// What the project brings that would count if it were trusted; `None` where nothing waits for an answer.
pub(super) fn untrusted(ground: &Ground) -> Option<Vec<String>> {
    let ProjectTrust::Untrusted(files, changes) = &ground.trust else { return None };
    if let Some(changes) = changes {
        return Some(changes.iter().map(ToString::to_string).collect());
    }
    let root = &ground.workspace.root;
    let shown = |file: &std::path::PathBuf| file.strip_prefix(root).unwrap_or(file).display().to_string();
    Some(files.files.iter().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_comes_before_what_must_be_typed() {
        let ready = [
            Ready::Key { provider: "openai", model: "openai/x".into() },
            Ready::Server {
                base_url: "http://127.0.0.1:8080/v1".into(),
                models: vec!["a".into(), "b".into()],
            },
        ];
        let all = ways(&ready);
        let names: Vec<&str> = all.iter().map(|(_, row)| row.columns[0].as_str()).collect();
        assert_eq!(
            names,
            [
                "Use openai/x",
                "Use a",
                "Use b",
                "Enter a key for anthropic",
                "Enter a key for openai",
                "Use a GGUF file",
                "Watch the demo"
            ]
        );
        assert!(ways(&[]).iter().any(|(way, _)| *way == Way::Demo));
    }
}
