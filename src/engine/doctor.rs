//! `iosm doctor`: what works here, what does not, and how to mend it.

use std::time::Duration;

use serde::Serialize;

use super::ground::{Ground, ProjectTrust};
use super::model::{address, catalog, no_model};
use super::options::Options;
use crate::host::sandbox::Strength;
use crate::model::{
    Connect, EnvLookup, ModelError, connect, find_key, local_servers, parse_model, served_models,
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

/// Looks at everything; changes nothing but our own empty state folders.
pub async fn doctor(ground: &Ground, options: &Options) -> Vec<Check> {
    vec![
        model(ground, options).await,
        servers().await,
        workspace(ground),
        trust(ground),
        sandbox(options),
        state(ground),
        programs(options),
    ]
}

/// How long a server may take to say what it serves.
const PATIENCE: Duration = Duration::from_secs(3);

async fn model(ground: &Ground, options: &Options) -> Check {
    let Some(model) = ground.settings.settings.model.clone() else {
        return Check::with("model", CheckStatus::Failed, &no_model());
    };
    let catalog = match catalog(ground) {
        Ok(catalog) => catalog,
        Err(report) => return Check::with("model", CheckStatus::Failed, &report),
    };
    let env = &*options.env;
    let connected = connect(&Connect {
        model: &model,
        base_url: address(ground, &model),
        api_key: None,
        config_dir: Some(&ground.dirs.config),
        env: &|name| env(name),
        catalog: &catalog,
    });
    let provider = match connected {
        Ok(provider) => provider,
        Err(error) => return Check::with("model", CheckStatus::Failed, &error.report()),
    };
    let address = provider.address().map_or(String::new(), |address| format!(" at {address}"));
    let found = format!("{}{address} (from {})", provider.name(), ground.settings.origin("model"));
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
