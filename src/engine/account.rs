//! Getting started: keys and servers that are there, a key that is checked and kept, a model that is kept.

use super::ground::{Ground, config, state};
use super::model::catalog;
use super::options::SharedEnv;
use crate::base::StateDir;
use crate::config::{Layers, with_nested_setting, with_setting};
use crate::model::{AUTH_FILE, Secret, find_key, key_variable, local_servers, served_models, with_key};
use crate::protocol::{Report, ReportKind};

/// Providers of which a key can be kept.
pub const KEYED: [&str; 2] = ["anthropic", "openai"];
/// The alias that a provider's first model is taken from.
const FIRST_MODEL: &str = "standard";

/// Something that could answer at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// A key was found.
    Key { provider: &'static str, model: String },
    /// A server listens on this machine.
    Server { base_url: String, models: Vec<String> },
}

/// What could answer without being set up: keys first, then servers on loopback with what they serve.
pub async fn ready(ground: &Ground, env: &SharedEnv) -> Result<Vec<Ready>, Report> {
    let mut found = Vec::new();
    for provider in KEYED {
        let key = find_key(provider, None, &|name| env(name), Some(&ground.dirs.config));
        if key.is_ok()
            && let Some(model) = first_model(ground, provider)?
        {
            found.push(Ready::Key { provider, model });
        }
    }
    for base_url in local_servers().await {
        // A port may be anybody's: only what lists models is offered.
        if let Ok(models) = served_models("openai_compatible", None, Some(&base_url)).await
            && !models.is_empty()
        {
            found.push(Ready::Server { base_url, models });
        }
    }
    Ok(found)
}

/// The model of `provider` that is taken when nobody chose one.
pub fn first_model(ground: &Ground, provider: &str) -> Result<Option<String>, Report> {
    let catalog = catalog(ground)?;
    let own = |name: &&&str| name.split('/').next() == Some(provider);
    Ok(catalog.candidates(FIRST_MODEL).iter().find(own).map(|name| (*name).to_owned()))
}

/// Asks the provider whether the key is good; how many models it opens.
pub async fn check_key(provider: &str, key: &str, env: &SharedEnv) -> Result<usize, Report> {
    let variable = if provider == "anthropic" { "ANTHROPIC_BASE_URL" } else { "OPENAI_BASE_URL" };
    let base = env(variable).filter(|value| !value.trim().is_empty());
    let key = Secret::new(key.trim());
    let models = served_models(provider, Some(&key), base.as_deref()).await;
    models.map(|models| models.len()).map_err(|error| error.report())
}

/// Keeps a key in `auth.yaml`, for its owner's eyes only.
pub fn keep_key(ground: &Ground, provider: &str, key: &str) -> Result<(), Report> {
    known(provider)?;
    edit(ground, AUTH_FILE, |text| with_key(text, provider, Some(&Secret::new(key))))
}

/// Takes a key out of `auth.yaml`. One in the environment stays, and is named.
pub fn forget_key(ground: &Ground, provider: &str, env: &SharedEnv) -> Result<String, Report> {
    known(provider)?;
    edit(ground, AUTH_FILE, |text| with_key(text, provider, None))?;
    let variable = key_variable(provider);
    Ok(match env(variable).filter(|value| !value.is_empty()) {
        Some(_) => format!("The key of {provider} is forgotten; {variable} still holds one."),
        None => format!("The key of {provider} is forgotten."),
    })
}

/// Keeps a choice in the user's settings; `None` takes it back.
pub fn keep_setting(ground: &Ground, key: &str, value: Option<&str>) -> Result<(), Report> {
    let text = |text: &str| with_setting(text, key, value);
    edit(ground, "settings.yaml", text)?;
    // What was written must be what is read.
    Layers::default().user_file(&ground.dirs.config.join("settings.yaml")).map_err(config)
}

/// Sets one key of the user's own `settings.yaml` by its dotted name, or takes it out. A value that would not be
/// read is refused before anything is written, and so is a group that stands on one line.
pub fn change_setting(ground: &Ground, key: &str, value: Option<&str>) -> Result<(), Report> {
    if let Some(value) = value {
        let read = serde_json::from_str(value).ok().filter(serde_json::Value::is_number);
        let mut layers = Layers::default();
        layers.flag(key, key, read.unwrap_or_else(|| value.into())).map_err(config)?;
        layers.resolve().map_err(config)?;
    }
    let Some((group, name)) = key.split_once('.') else { return keep_setting(ground, key, value) };
    let path = ground.dirs.config.join("settings.yaml");
    let mut whole = false;
    edit(ground, "settings.yaml", |text| {
        let changed = with_nested_setting(text, group, name, value);
        whole = changed.is_some();
        changed.unwrap_or_else(|| text.to_owned())
    })?;
    if !whole {
        let message =
            format!("{}: `{group}` stands on one line; it is not changed from here", path.display());
        return Err(Report::new(ReportKind::Config, message).hint(format!("set `{name}` in that line")));
    }
    Layers::default().user_file(&path).map_err(config)
}

fn known(provider: &str) -> Result<(), Report> {
    if KEYED.contains(&provider) {
        return Ok(());
    }
    Err(Report::new(ReportKind::Usage, format!("no key can be kept for `{provider}`"))
        .hint(format!("one of: {}", KEYED.join(", "))))
}

fn edit(ground: &Ground, name: &str, change: impl FnOnce(&str) -> String) -> Result<(), Report> {
    let dir: StateDir = ground.dirs.own_config().map_err(state)?;
    let path = dir.path().join(name);
    if path.is_symlink() {
        return Err(Report::new(
            ReportKind::Config,
            format!("{} is a link; it is not replaced", path.display()),
        )
        .hint("make the change in the file that it points to"));
    }
    let before = if dir.exists(name) { dir.read(name).map_err(state)? } else { Vec::new() };
    let before = String::from_utf8(before).map_err(|_| {
        Report::new(ReportKind::Config, format!("{} is no UTF-8 text", path.display()))
            .hint("mend it by hand; nothing was changed")
    })?;
    dir.replace(name, change(&before).as_bytes()).map_err(state)
}
