//! `iosm kernel …`: verify a journal, explain a verdict, handle the key.

use serde_json::{Value, json};

use super::args::{KernelVerb, KeyVerb, ModelArgs, Place};
use super::look::looking;
use super::say::{say, say_json, tell};
use super::stand::{bare_ground, environment, ground};
use super::style::table;
use crate::engine::{self, FlagSetting, Ground};
use crate::host::sandbox::{Helper, Launcher};
use crate::kernel::{Explanation, Verified};
use crate::protocol::Report;

pub(super) fn kernel(verb: &KernelVerb, place: &Place) -> Result<u8, Report> {
    match verb {
        KernelVerb::Verify { journal } => verify(&bare_ground(place)?, journal.as_deref()),
        KernelVerb::Key { verb } => key(verb, &bare_ground(place)?),
        KernelVerb::Explain { tool, args, profile, policy, json } => {
            let launcher = Helper::start().ok().map(Launcher::new);
            let mut flags: Vec<FlagSetting> = Vec::new();
            flags.extend(profile.as_ref().map(|name| ("--profile", "profile", name.clone().into())));
            flags.extend(policy.as_ref().map(|name| ("--policy", "policy", name.clone().into())));
            let none = ModelArgs { model: None, base_url: None, thinking: None };
            let ground = ground(&none, place, flags)?;
            let mut options = looking();
            if let Some(launcher) = launcher {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let probed = runtime.ok().and_then(|runtime| runtime.block_on(launcher.strength()).ok());
                options.sandbox = probed;
            }
            let explanation = engine::explain(&ground, options, tool, args)?;
            if *json {
                say_json(&explanation_json(&explanation))?
            } else {
                say(&explanation_text(&explanation))?
            }
            Ok(0)
        }
    }
}

fn explanation_json(explanation: &Explanation) -> Value {
    let steps: Vec<Value> = explanation
        .steps
        .iter()
        .map(|step| json!({"name": step.name, "said": step.said, "micros": step.micros}))
        .collect();
    json!({"call": explanation.call, "effects": explanation.effects, "steps": steps, "verdict": explanation.verdict})
}

fn explanation_text(explanation: &Explanation) -> String {
    let verdict = &explanation.verdict;
    let mut rows = Vec::new();
    for step in &explanation.steps {
        let said = if step.said.is_empty() { "-".to_owned() } else { step.said.join("; ") };
        rows.push(vec![step.name.clone(), format!("{:.1} µs", step.micros), said]);
    }
    let reason = verdict.reason.map_or(String::new(), |reason| format!(" ({reason:?})"));
    let mut out = format!("{} {}\n\n{}\n", explanation.call.tool, explanation.call.args, table(&rows));
    out.push_str(&format!("{:?}{reason} by {}/{}\n", verdict.kind, verdict.rung, verdict.rule));
    for (who, line) in [("user", &verdict.user_line), ("model", &verdict.model_line)] {
        if !line.is_empty() {
            out.push_str(&format!("{who}: {line}\n"));
        }
    }
    out
}

fn verify(ground: &Ground, journal: Option<&str>) -> Result<u8, Report> {
    let checked = engine::verify(ground, &environment(), journal)?;
    if checked.journals.is_empty() {
        tell(&Report::note("no journals in this project yet"));
    }
    let mut out = String::new();
    for (path, verified) in &checked.journals {
        out.push_str(&format!("{}: {}\n", path.display(), in_words(verified)));
    }
    if let Some(entries) = checked.index {
        out.push_str(&format!("index: {entries} entries, whole and signed\n"));
    }
    say(&out)?;
    Ok(0)
}

fn in_words(verified: &Verified) -> String {
    let signed = match &verified.signed_by {
        Some(key) => format!("signed by {key}"),
        None if verified.sealed > 0 => "unsigned (written before heads were signed)".to_owned(),
        None => "no seal yet".to_owned(),
    };
    let torn = if verified.torn { "; the last line is torn, as after a crash" } else { "" };
    format!(
        "{} rows, {} sealed, {} unsealed, {signed}{torn}; last hash {}",
        verified.rows, verified.sealed, verified.unsealed, verified.last_hash
    )
}

fn key(verb: &KeyVerb, ground: &Ground) -> Result<u8, Report> {
    let env = environment();
    match verb {
        KeyVerb::Show { json } => {
            let info = engine::key_show(ground, &env)?;
            if *json {
                say_json(&info)?;
            } else {
                let former = if info.former.is_empty() { "none".to_owned() } else { info.former.join(", ") };
                say(&format!(
                    "key     {}\npublic  {}\nfrom    {}\nformer  {former}\n",
                    info.id, info.public, info.from
                ))?;
            }
        }
        KeyVerb::Export { private: None } => say(&engine::key_public(ground, &env)?)?,
        KeyVerb::Export { private: Some(file) } => {
            engine::key_private(ground, &env, file)?;
            tell(&Report::note(format!("the private key is in {}, closed to others", file.display())));
        }
        KeyVerb::Import { file } => {
            let id = engine::key_import(ground, file)?.id();
            say(&format!("{id} seals from now on; what the key before it sealed goes on to count\n"))?;
        }
    }
    Ok(0)
}
