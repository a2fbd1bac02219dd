//! The commands that look: doctor, paths, config, models.

use serde_json::{Value, json};

use super::args::{ModelArgs, Place};
use super::policy;
use super::say::{say, say_json};
use super::stand::{bare_ground, environment, ground};
use super::style::{bytes, table};
use super::verbs::ConfigVerb;
use crate::config::ENVIRONMENT;
use crate::engine::{self, CheckStatus, Ground, Options, ProjectTrust, SessionChoice};
use crate::host::sandbox::{Helper, Launcher};
use crate::model::Rates;
use crate::protocol::{Report, ReportKind};
use crate::wire;

pub(super) fn doctor(as_json: bool, model: &ModelArgs, place: &Place) -> Result<u8, Report> {
    let launcher = Helper::start().ok().map(Launcher::new);
    let ground = ground(model, place, Vec::new())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Report::new(ReportKind::Internal, "no runtime").cause(error.to_string()))?;
    let checks = runtime.block_on(async {
        let mut options = looking();
        if let Some(launcher) = launcher {
            options.sandbox = launcher.strength().await.ok();
            options.launcher = Some(launcher);
        }
        engine::doctor(&ground, &options, None).await
    });
    let failed = checks.iter().any(|check| check.status == CheckStatus::Failed);
    if as_json {
        say_json(&checks)?;
    } else {
        let mut out = String::new();
        for check in &checks {
            let mark = match check.status {
                CheckStatus::Ok => "ok  ",
                CheckStatus::Warning => "warn",
                CheckStatus::Failed => "FAIL",
            };
            out.push_str(&format!("{mark}  {:<16}  {}\n", check.name, check.detail));
            out.extend(check.mend.iter().map(|mend| format!("{:24}try: {mend}\n", "")));
        }
        say(&out)?;
    }
    Ok(if failed { 5 } else { 0 })
}

/// Options for a command that opens no session.
pub(super) fn looking() -> Options {
    Options { session: SessionChoice::Unkept, ..Options::of(environment()) }
}

pub(super) fn paths(as_json: bool, place: &Place) -> Result<u8, Report> {
    let places = engine::paths(&bare_ground(place)?);
    if as_json {
        say_json(&places)?;
    } else {
        let rows = places.iter().map(|place| {
            let size = if place.exists { bytes(place.bytes) } else { "absent".to_owned() };
            vec![place.what.to_owned(), size, place.path.display().to_string()]
        });
        say(&table(&rows.collect::<Vec<_>>()))?;
    }
    Ok(0)
}

pub(super) fn config(verb: &ConfigVerb, place: &Place) -> Result<u8, Report> {
    match verb {
        ConfigVerb::Schema { name } => {
            let file = format!("{}.schema.json", name.trim_end_matches(".schema.json"));
            let text = wire::schema_text(&file).ok_or_else(|| {
                Report::new(ReportKind::Usage, format!("there is no schema `{name}`"))
                    .hint("settings, profile, result, stream, session, audit or why")
            })?;
            say(&text)?;
        }
        ConfigVerb::Show { origin, json } => show(&bare_ground(place)?, *origin, *json)?,
        ConfigVerb::Check => check(&bare_ground(place)?)?,
        ConfigVerb::Approvals { verb, json } => {
            policy::approvals(verb.as_ref(), *json, &bare_ground(place)?)?
        }
        ConfigVerb::Trust => {
            let done = bare_ground(place)?.trust_project()?;
            say(if done {
                "trusted, as the files are now\n"
            } else {
                "the project brings no settings or profiles\n"
            })?;
        }
        ConfigVerb::Untrust => {
            let done = bare_ground(place)?.untrust_project()?;
            say(if done { "no longer trusted\n" } else { "it was not trusted\n" })?;
        }
    }
    Ok(0)
}

fn show(ground: &Ground, origin: bool, as_json: bool) -> Result<(), Report> {
    let settings = serde_json::to_value(&ground.settings.settings)
        .map_err(|error| Report::from_error(ReportKind::Internal, &error))?;
    if as_json && !origin {
        return say_json(&settings);
    }
    let mut flat = Vec::new();
    flatten("", &settings, &mut flat);
    if as_json {
        let rows: Vec<Value> = flat
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value, "origin": ground.settings.origin(key)}))
            .chain(policy::rule_rows(ground)?.into_iter().map(
                |[name, action, origin]| json!({"key": format!("policy rule: {name}"), "value": action, "origin": origin}),
            ))
            .collect();
        return say_json(&rows);
    }
    let rows = flat.iter().map(|(key, value)| {
        let shown = if value.is_null() { "unset".to_owned() } else { value.to_string() };
        let mut row = vec![key.clone(), shown];
        row.extend(origin.then(|| ground.settings.origin(key)));
        row
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    rows.extend(policy::rule_rows(ground)?.into_iter().map(|[name, action, from]| {
        let mut row = vec![format!("policy rule: {name}"), action];
        row.extend(origin.then_some(from));
        row
    }));
    say(&table(&rows))
}

fn flatten(prefix: &str, value: &Value, out: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let dotted = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                flatten(&dotted, inner, out);
            }
        }
        other => out.push((prefix.to_owned(), other.clone())),
    }
}

/// Reaching this point means that every settings layer was read; profiles are read here.
fn check(ground: &Ground) -> Result<(), Report> {
    let mut lines = vec![format!("settings: ok ({})", ground.dirs.config.join("settings.yaml").display())];
    let name = ground.settings.settings.profile.clone().unwrap_or_default();
    for folder in ground.profile_folders() {
        for file in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = file.path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                ground.profile(&stem)?;
                lines.push(format!("profile {stem}: ok ({})", path.display()));
            }
        }
    }
    ground.profile(&name)?;
    lines.push(format!("profile in use: {name}"));
    let in_force = engine::policy_in_force(ground, looking())?;
    lines.push(format!("policy: ok (preset {}, {} rules)", in_force.preset, in_force.rules.len()));
    if let ProjectTrust::Untrusted(files, _) = &ground.trust {
        lines.push(format!("{} project files are not trusted, and were not read", files.files.len()));
    }
    let set = ENVIRONMENT.iter().filter(|(name, _)| std::env::var_os(name).is_some());
    lines.extend(set.map(|(name, key)| format!("environment {name} sets {key}")));
    say(&(lines.join("\n") + "\n"))
}

pub(super) fn models(as_json: bool) -> Result<u8, Report> {
    let ground = bare_ground(&Place { directory: None })?;
    let catalog = engine::models(&ground)?;
    if as_json {
        let list: Vec<Value> = catalog
            .models()
            .map(|(name, info)| {
                json!({"model": name, "context": info.context, "max_output": info.max_output,
                       "images": info.images, "usd_per_million": info.rates()})
            })
            .collect();
        say_json(&list)?;
        return Ok(0);
    }
    let head = ["MODEL", "CONTEXT", "ANSWER", "IN", "OUT", "CACHED"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(catalog.models().map(|(name, info)| {
        let dollars = |of: fn(&Rates) -> f64| {
            info.rates().map_or("?".to_owned(), |rates| format!("${:.2}", of(&rates)))
        };
        let (context, answer) = (info.context.to_string(), info.max_output.to_string());
        let cached = dollars(|rates| rates.cache_read);
        vec![name.to_owned(), context, answer, dollars(|it| it.input), dollars(|it| it.output), cached]
    }));
    let (as_of, source) = catalog.provenance();
    say(&format!("{}\nprices in US dollars a million tokens, as of {as_of}: {source}\n", table(&rows)))?;
    Ok(0)
}
