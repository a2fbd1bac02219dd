//! `iosm doctor`: what works here, what does not, and how to mend it.

use std::time::Duration;

use serde::Serialize;

use super::ground::{Ground, ProjectTrust};
use super::model::{address, catalog, no_model};
use super::options::Options;
use crate::base::plural;
use crate::host::sandbox::Strength;
use crate::model::{
    AUTH_FILE, Connect, EnvLookup, ModelError, Provider, connect, find_key, key_variable, local_servers,
    parse_model, served_models,
};
use crate::protocol::Report;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    Ok,
    /// It works, with less than it could.
    Warning,
    Failed,
}

/// One thing looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    pub status: CheckStatus,
    pub detail: String,
    /// How to mend it; empty when there is nothing to mend.
    pub mend: Vec<String>,
}

impl Check {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, status: CheckStatus::Ok, detail: detail.into(), mend: Vec::new() }
    }

    fn with(name: &'static str, status: CheckStatus, report: &Report) -> Self {
        let detail = std::iter::once(report.message.clone()).chain(report.causes.iter().cloned());
        Self { name, status, detail: detail.collect::<Vec<_>>().join("; "), mend: report.hints.clone() }
    }
}

/// Looks at everything; changes nothing but our own empty state folders. `model` is the one in force, where
/// that is known; else the one of the settings is looked at.
pub async fn doctor(ground: &Ground, options: &Options, model: Option<&str>) -> Vec<Check> {
    let [model, key] = model_and_key(ground, options, model).await;
    vec![
        model,
        key,
        servers().await,
        workspace(ground),
        trust(ground),
        sandbox(options),
        state(ground),
        index(ground),
        terminal(options),
        programs(options),
    ]
}

/// How long a server may take to say what it serves.
const PATIENCE: Duration = Duration::from_secs(3);

async fn model_and_key(ground: &Ground, options: &Options, in_force: Option<&str>) -> [Check; 2] {
    let unknown = |detail: &str| Check {
        name: "key",
        status: CheckStatus::Warning,
        detail: detail.to_owned(),
        mend: Vec::new(),
    };
    let failed = |report: &Report| Check::with("model", CheckStatus::Failed, report);
    let Some(model) = in_force.or(ground.settings.settings.model.as_deref()) else {
        return [failed(&no_model()), unknown("no model, so it is not known which")];
    };
    let catalog = match catalog(ground) {
        Ok(catalog) => catalog,
        Err(report) => return [failed(&report), unknown("the catalogue of models cannot be read")],
    };
    let env = &*options.env;
    let connected = connect(&Connect {
        model,
        base_url: address(ground, model),
        api_key: None,
        config_dir: Some(&ground.dirs.config),
        env: &|name| env(name),
        catalog: &catalog,
    });
    match connected {
        Ok(provider) => {
            let from = match ground.settings.settings.model.as_deref() == Some(model) {
                true => ground.settings.origin("model"),
                false => "this session".to_owned(),
            };
            let key = key(ground, env, provider.name(), provider.address().is_some());
            [served(ground, options, &*provider, &from).await, key]
        }
        Err(error @ ModelError::NoKey { .. }) => {
            let report = error.report();
            [
                Check::ok("model", format!("{model}, once there is a key")),
                Check::with("key", CheckStatus::Failed, &report),
            ]
        }
        Err(error) => [failed(&error.report()), unknown("not looked for: the model must be mended first")],
    }
}

/// Whether the model is served where it is asked, as far as that can be found out for nothing.
async fn served(ground: &Ground, options: &Options, provider: &dyn Provider, from: &str) -> Check {
    let env = &*options.env;
    let address = provider.address().map_or(String::new(), |address| format!(" at {address}"));
    let found = format!("{}{address} (from {from})", provider.name());
    // A server of one's own is asked; a provider's is believed, its key unchecked.
    let Some(server) = address_given(ground, env, provider.name()) else { return Check::ok("model", found) };
    let (kind, name) = parse_model(provider.name()).unwrap_or(("openai_compatible", provider.name()));
    let key = find_key(kind, None, &|name| env(name), Some(&ground.dirs.config)).ok();
    match tokio::time::timeout(PATIENCE, served_models(kind, key.as_ref(), Some(&server))).await {
        Ok(Ok(models)) if models.is_empty() || models.iter().any(|served| served == name) => {
            Check::ok("model", found)
        }
        Ok(Ok(models)) => Check {
            name: "model",
            status: CheckStatus::Warning,
            detail: format!("{found}: the server does not list `{name}`"),
            mend: vec![format!("it serves {}", models.join(", "))],
        },
        // Servers exist that answer and list nothing.
        Ok(Err(ModelError::Rejected { .. } | ModelError::Garbage { .. })) => Check::ok("model", found),
        Ok(Err(error)) => Check::with("model", CheckStatus::Failed, &error.report()),
        Err(_) => Check {
            name: "model",
            status: CheckStatus::Failed,
            detail: format!("{found}: the server said nothing for {} s", PATIENCE.as_secs()),
            mend: vec!["is it the right address, and is the server up?".into()],
        },
    }
}

/// The root of the API, where settings or the environment name one.
fn address_given(ground: &Ground, env: EnvLookup<'_>, model: &str) -> Option<String> {
    let variable = match parse_model(model).ok()?.0 {
        "scripted" => return None,
        "anthropic" => "ANTHROPIC_BASE_URL",
        _ => "OPENAI_BASE_URL",
    };
    address(ground, model).map(str::to_owned).or_else(|| env(variable).filter(|url| !url.trim().is_empty()))
}

/// The key of a model that can be asked.
fn key(ground: &Ground, env: &dyn Fn(&str) -> Option<String>, model: &str, sends: bool) -> Check {
    let provider = model.split('/').next().unwrap_or_default();
    if !sends {
        return Check::ok("key", format!("{provider} needs none"));
    }
    let variable = key_variable(provider);
    let found = find_key(provider, None, &|name| env(name), Some(&ground.dirs.config));
    let place = match env(variable).filter(|value| !value.trim().is_empty()) {
        Some(_) => format!("the variable {variable}"),
        None => ground.dirs.config.join(AUTH_FILE).display().to_string(),
    };
    match found {
        Ok(_) => Check::ok("key", format!("for {provider}, from {place}")),
        Err(_) => Check::ok("key", format!("none for {provider}; its server is asked without one")),
    }
}

/// The index beside each session, which saves reading it.
fn index(ground: &Ground) -> Check {
    let sessions = match super::inspect::sessions(ground) {
        Ok(sessions) => sessions,
        Err(report) => return Check::with("index", CheckStatus::Failed, &report),
    };
    let damaged: Vec<&str> =
        sessions.iter().filter(|one| one.damage.is_some()).map(|one| one.id.as_str()).collect();
    if damaged.is_empty() {
        return Check::ok("index", format!("of {}, whole", plural(sessions.len(), "session")));
    }
    Check {
        name: "index",
        status: CheckStatus::Warning,
        detail: format!("{} cannot be read: {}", plural(damaged.len(), "session"), damaged.join(", ")),
        mend: vec!["`iosm sessions` says what is wrong with each; `iosm sessions rm ID` removes one".into()],
    }
}

/// What the variables say of the terminal.
fn terminal(options: &Options) -> Check {
    let env = |name: &str| (options.env)(name).filter(|value| !value.is_empty());
    let warns = |detail: String, mend: &str| Check {
        name: "terminal",
        status: CheckStatus::Warning,
        detail,
        mend: vec![mend.to_owned()],
    };
    let term = match env("TERM") {
        Some(term) if term != "dumb" => term,
        Some(_) => {
            return warns(
                "`dumb`: no screen can be drawn".into(),
                "start iosm in a terminal; headless runs (-p) need none",
            );
        }
        None => {
            return warns("TERM is not set".into(), "start iosm in a terminal; headless runs (-p) need none");
        }
    };
    let colours = match env("COLORTERM").as_deref() {
        _ if env("NO_COLOR").is_some() => "no colours (NO_COLOR)",
        Some("truecolor" | "24bit") => "16 million colours",
        _ if term.contains("256color") => "256 colours",
        _ => "16 colours",
    };
    let within = if env("TMUX").is_some() { ", in tmux" } else { "" };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(env).unwrap_or_default();
    let known = locale.to_lowercase().replace('-', "");
    if !known.ends_with("utf8") {
        let locale = if locale.is_empty() { "none" } else { &locale };
        return warns(
            format!("{term}, {colours}{within}; the locale is no UTF-8 one: {locale}"),
            "export LANG=C.UTF-8, else letters and marks may be shown wrong",
        );
    }
    Check::ok("terminal", format!("{term}, {colours}{within}, {locale}"))
}

async fn servers() -> Check {
    let found = local_servers().await;
    if found.is_empty() {
        return Check::ok("local servers", "none on loopback (11434, 1234, 8080, 8000)");
    }
    let mut check = Check::ok("local servers", found.join(", "));
    check.mend = vec![format!("use one: iosm -m openai_compatible/NAME --base-url {} -p …", found[0])];
    check
}

fn workspace(ground: &Ground) -> Check {
    let root = ground.workspace.root.display();
    let git = ground.git();
    if let Some(fault) = &git.fault {
        return Check::with("workspace", CheckStatus::Warning, fault);
    }
    match &git.dirs {
        Some(dirs) if !dirs.own.starts_with(&ground.workspace.root) => {
            Check::ok("workspace", format!("{root} (git, in {})", dirs.own.display()))
        }
        Some(_) => Check::ok("workspace", format!("{root} (git)")),
        None => Check {
            name: "workspace",
            status: CheckStatus::Warning,
            detail: format!("{root} is in no git repository"),
            mend: vec!["`git init` makes changes easy to look at and to undo".into()],
        },
    }
}

fn trust(ground: &Ground) -> Check {
    match &ground.trust {
        ProjectTrust::Nothing => Check::ok("project settings", "the project brings none"),
        ProjectTrust::Trusted(files) => {
            Check::ok("project settings", format!("{} files, trusted as they are", files.files.len()))
        }
        ProjectTrust::Untrusted(files, _) => Check {
            name: "project settings",
            status: CheckStatus::Warning,
            detail: format!("{} files that do nothing until you trust them", files.files.len()),
            mend: vec!["read them below .iosm/, then `iosm config trust`".into()],
        },
    }
}

/// What would turn a reduced sandbox into a full one.
const FULL: &str = "for the full mode, allow user namespaces: `sysctl user.max_user_namespaces` above 0, on Debian \
                    `kernel.unprivileged_userns_clone=1`, on Ubuntu `kernel.apparmor_restrict_unprivileged_userns=0` \
                    or an AppArmor profile for iosm; in a container, a seccomp profile that lets `unshare` and `mount` \
                    through and an unmasked /proc";

fn sandbox(options: &Options) -> Check {
    let rule = "until then headless runs refuse commands; --no-sandbox with --allow 'bash(…)' runs them without a fence";
    let (status, mend) = match &options.sandbox {
        Some(Strength::Full { .. }) => (CheckStatus::Ok, Vec::new()),
        Some(Strength::Reduced { .. }) => (CheckStatus::Ok, vec![FULL.to_owned()]),
        Some(Strength::Partial { .. }) => (CheckStatus::Warning, vec![rule.to_owned()]),
        Some(Strength::None { .. }) | None => (
            CheckStatus::Failed,
            vec![
                "run a Linux kernel of 5.13 or newer with Landlock (lsm=landlock,…) and seccomp".into(),
                rule.to_owned(),
            ],
        ),
    };
    let detail = options.sandbox.as_ref().map_or("no launcher on this platform".into(), ToString::to_string);
    Check { name: "sandbox", status, detail, mend }
}

fn state(ground: &Ground) -> Check {
    let tried = ground.state().and_then(|dir| {
        dir.replace("doctor", b"ok").and_then(|()| dir.remove("doctor")).map_err(super::ground::state)
    });
    match tried {
        Ok(()) => Check::ok("state", format!("{} can be written", ground.dirs.state.display())),
        Err(report) => Check::with("state", CheckStatus::Failed, &report),
    }
}

/// Programs that commands of agents are likely to want.
fn programs(options: &Options) -> Check {
    let path = (options.env)("PATH").unwrap_or_default();
    let found = |name: &str| std::env::split_paths(&path).any(|folder| folder.join(name).is_file());
    let (have, lack): (Vec<&str>, Vec<&str>) =
        ["sh", "bash", "git"].into_iter().partition(|name| found(name));
    if lack.is_empty() {
        return Check::ok("programs", have.join(", "));
    }
    Check {
        name: "programs",
        status: if lack.contains(&"sh") { CheckStatus::Failed } else { CheckStatus::Warning },
        detail: format!("missing: {}", lack.join(", ")),
        mend: vec![format!("install {} with your system's package manager", lack.join(" and "))],
    }
}
