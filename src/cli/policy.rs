//! The commands of the policy: check, explain, replay, stats, and the standing approvals.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{ModelArgs, Place};
use super::headless::names_file;
use super::look::looking;
use super::say::{say, say_json};
use super::stand::{bare_ground, directory, ground};
use super::style::table;
use super::verbs::ApprovalsVerb;
use crate::base::local_minute;
use crate::engine::{self, Checked, FlagSetting, Ground, InForce, Options, Replay, RuleShown};
use crate::host::sandbox::{Helper, Launcher};
use crate::kernel::{Explanation, Stats};
use crate::protocol::Report;

pub(super) fn check(file: &Path, as_json: bool, place: &Place) -> Result<u8, Report> {
    let ground = bare_ground(place)?;
    let checked = engine::check_policy(&ground, looking(), &directory(place)?.join(file))?;
    if as_json {
        say_json(&checked)?
    } else {
        say(&checked_text(&checked))?
    }
    Ok(0)
}

pub(super) fn replay(session: &str, policy: &Path, as_json: bool, place: &Place) -> Result<u8, Report> {
    let ground = bare_ground(place)?;
    let file = directory(place)?.join(policy);
    let replay = engine::replay(&ground, probing(), session, &file)?;
    if as_json {
        say_json(&replay_json(&replay))?
    } else {
        say(&replay_text(&replay))?
    }
    Ok(0)
}

pub(super) fn stats(session: Option<&str>, as_json: bool, place: &Place) -> Result<u8, Report> {
    let stats = engine::stats(&bare_ground(place)?, session)?;
    if as_json {
        say_json(&stats)?
    } else {
        say(&stats_text(&stats))?
    }
    Ok(0)
}

/// What a call is judged by, besides what settings say.
pub(super) struct Under<'a> {
    pub profile: Option<&'a str>,
    /// A preset or a file.
    pub policy: Option<&'a str>,
}

pub(super) fn explain(
    tool: &str,
    args: &str,
    under: &Under<'_>,
    as_json: bool,
    place: &Place,
) -> Result<u8, Report> {
    let (ground, options) = under_policy(under, place)?;
    let (explanation, in_force) = engine::explain(&ground, options, tool, args)?;
    if as_json {
        say_json(&explanation_json(&explanation, &in_force))?
    } else {
        say(&explanation_text(&explanation, &in_force))?
    }
    Ok(0)
}

/// The ground and the options of a kernel that only judges.
pub(super) fn under_policy(under: &Under<'_>, place: &Place) -> Result<(Ground, Options), Report> {
    let mut flags: Vec<FlagSetting> = Vec::new();
    flags.extend(under.profile.map(|name| ("--profile", "profile", name.into())));
    let preset = under.policy.filter(|policy| !names_file(policy));
    flags.extend(preset.map(|name| ("--policy", "policy", name.into())));
    let none = ModelArgs { model: None, base_url: None, thinking: None };
    let ground = ground(&none, place, flags)?;
    let mut options = probing();
    let file = under.policy.filter(|policy| names_file(policy));
    options.policy_file = file.map(|file| directory(place).map(|here| here.join(file))).transpose()?;
    Ok((ground, options))
}

fn explanation_json(explanation: &Explanation, in_force: &InForce) -> Value {
    let steps: Vec<Value> = explanation
        .steps
        .iter()
        .map(|step| json!({"name": step.name, "said": step.said, "micros": step.micros}))
        .collect();
    json!({"call": explanation.call, "effects": explanation.effects, "steps": steps, "fold_micros": explanation.fold_micros,
           "verdict": explanation.verdict,
           "policy": {"preset": in_force.preset, "layers": in_force.layers, "rules": in_force.rules}})
}

fn explanation_text(explanation: &Explanation, in_force: &InForce) -> String {
    let verdict = &explanation.verdict;
    let mut rows = Vec::new();
    for step in &explanation.steps {
        let said = if step.said.is_empty() { "-".to_owned() } else { step.said.join("; ") };
        rows.push(vec![step.name.clone(), format!("{:.1} µs", step.micros), said]);
    }
    let fold = format!("{:.1} µs", explanation.fold_micros);
    rows.push(vec!["fold".to_owned(), fold, "all rungs at one go".to_owned()]);
    let reason = verdict.reason.map_or(String::new(), |reason| format!(" ({reason})"));
    let mut out = format!("{} {}\n\n{}\n", explanation.call.tool, explanation.call.args, table(&rows));
    out.push_str(&format!("{}{reason} by {}/{}\n", verdict.kind, verdict.rung, verdict.rule));
    for (who, line) in [("user", &verdict.user_line), ("model", &verdict.model_line)] {
        if !line.is_empty() {
            out.push_str(&format!("{who}: {line}\n"));
        }
    }
    out.push('\n');
    out.push_str(&layers_text(in_force));
    out
}

/// Options for looking, with the sandbox as it is on this machine: verdicts depend on it.
fn probing() -> Options {
    let mut options = looking();
    if let Some(launcher) = Helper::start().ok().map(Launcher::new) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        options.sandbox = runtime.ok().and_then(|runtime| runtime.block_on(launcher.strength()).ok());
    }
    options
}

/// Name, action and origin of every rule in force.
pub(super) fn rule_rows(ground: &Ground) -> Result<Vec<[String; 3]>, Report> {
    let in_force = engine::policy_in_force(ground, looking())?;
    Ok(in_force.rules.into_iter().map(|rule| [rule.name, rule.action.to_owned(), rule.origin]).collect())
}

pub(super) fn approvals(verb: Option<&ApprovalsVerb>, as_json: bool, ground: &Ground) -> Result<(), Report> {
    if let Some(ApprovalsVerb::Remove { number }) = verb {
        let gone = engine::remove_approval(ground, *number)?;
        return say(&format!("removed: {}; it will be asked again\n", gone.rule.name));
    }
    let kept = engine::approvals(ground)?;
    let place = |everywhere: bool| if everywhere { "everywhere" } else { "this project" };
    if as_json {
        let list = kept.iter().enumerate().map(|(at, (everywhere, kept))| {
            json!({"number": at + 1, "where": place(*everywhere), "at": kept.at, "by": kept.by,
                   "rule": crate::config::rule_yaml(&kept.rule)})
        });
        return say_json(&list.collect::<Vec<_>>());
    }
    if kept.is_empty() {
        return say("no question was answered for always\n");
    }
    let rows = kept.iter().enumerate().map(|(at, (everywhere, kept))| {
        vec![
            (at + 1).to_string(),
            local_minute(&kept.at),
            place(*everywhere).to_owned(),
            kept.rule.name.clone(),
        ]
    });
    say(&table(&rows.collect::<Vec<_>>()))
}

fn layers_text(in_force: &InForce) -> String {
    let mut rows = vec![vec!["built in".to_owned(), "the floor; preset coding".to_owned(), String::new()]];
    rows.extend(in_force.layers.iter().map(|layer| {
        let preset = layer.preset.map_or(String::new(), |preset| format!("preset {preset}, "));
        vec![layer.layer.to_owned(), format!("{preset}{} rules", layer.rules), layer.source.clone()]
    }));
    let rules = in_force
        .rules
        .iter()
        .map(|rule| vec![rule.action.to_owned(), rule.name.clone(), rule.origin.clone()]);
    let rules = table(&rules.collect::<Vec<_>>());
    let limits = match in_force.limits.is_empty() {
        true => String::new(),
        false => format!("limits: {}\n", json!(in_force.limits)),
    };
    format!(
        "layers (preset in force: {})\n{}{}{limits}",
        in_force.preset,
        table(&rows),
        if rules.is_empty() { rules } else { format!("rules\n{rules}") }
    )
}

fn checked_text(checked: &Checked) -> String {
    let mut out =
        format!("ok: {} rules, {} examples as they say\n\n", checked.policy.rules.len(), checked.examples);
    out.push_str(&layers_text(&checked.policy));
    let mut changes = Vec::new();
    if let Some((before, after)) = checked.preset {
        changes.push(format!("  preset {before} becomes {after}\n"));
    }
    let line = |mark: char, rule: &RuleShown| format!("  {mark} {} `{}`\n", rule.action, rule.name);
    changes.extend(checked.added.iter().map(|rule| line('+', rule)));
    changes.extend(checked.removed.iter().map(|rule| line('-', rule)));
    if checked.limits_change {
        changes.push("  limits change\n".to_owned());
    }
    out.push_str(if changes.is_empty() { "\nnothing would change\n" } else { "\nwhat would change\n" });
    out.push_str(&changes.concat());
    out
}

/// What can be said of a replayed call: nothing is certain past the first that would have led elsewhere.
fn certain(replay: &Replay, at: usize) -> bool {
    replay.first_divergence.is_none_or(|first| at <= first)
}

fn replay_json(replay: &Replay) -> Value {
    let calls = replay.calls.iter().enumerate().map(|(at, call)| {
        json!({"call": call.call.id, "tool": call.call.tool, "then": call.then.kind,
               "now": call.now.as_ref().map(|now| now.kind), "differs": call.differs, "diverges": call.diverges,
               "certain": certain(replay, at), "rung": call.now.as_ref().map(|now| &now.rung),
               "line": call.now.as_ref().map(|now| &now.user_line)})
    });
    json!({"session": replay.session, "calls": calls.collect::<Vec<_>>(),
           "first_divergence": replay.first_divergence.map(|at| &replay.calls[at].call.id)})
}

fn replay_text(replay: &Replay) -> String {
    let claimed = replay.first_divergence.map_or(replay.calls.len(), |first| first + 1);
    let known = &replay.calls[..claimed];
    let rows = known.iter().filter_map(|call| {
        let line = call.now.as_ref().map(|now| now.user_line.clone()).unwrap_or_default();
        Some(vec![call.call.id.clone(), call.call.tool.clone(), call.differs?.to_owned(), line])
    });
    let rows: Vec<_> = rows.collect();
    let unjudged = known.iter().filter(|call| call.now.is_none()).count();
    let mut out =
        format!("{}: {} calls, {} verdicts differ\n", replay.session, replay.calls.len(), rows.len());
    out.push_str(&table(&rows));
    if unjudged > 0 {
        out.push_str(&format!(
            "{unjudged} refused before their effects were known: the same under any policy\n"
        ));
    }
    if let Some(first) = replay.first_divergence {
        let left = replay.calls.len() - claimed;
        out.push_str(&format!(
            "{} would have come out otherwise; what follows it ({left} calls) might not have been made, so nothing is said of it\n",
            replay.calls[first].call.id
        ));
    }
    out
}

fn stats_text(stats: &Stats) -> String {
    let mut rows = vec![
        vec!["sessions".to_owned(), stats.sessions.to_string()],
        vec!["calls".to_owned(), stats.calls.to_string()],
        vec![
            "questions".to_owned(),
            format!("{} ({:.1} per 100 calls)", stats.questions, stats.questions_per_100_calls),
        ],
        vec!["policy changes".to_owned(), stats.policy_changes.to_string()],
        vec![
            "time of a verdict".to_owned(),
            format!("median {} µs, 99 % {} µs", stats.median_us, stats.p99_us),
        ],
    ];
    let groups = [
        ("verdict", &stats.by_verdict),
        ("reason", &stats.by_reason),
        ("rung that held back", &stats.by_rung),
        ("tool", &stats.by_tool),
    ];
    for (group, counts) in groups {
        rows.extend(counts.iter().map(|(name, count)| vec![format!("{group}: {name}"), count.to_string()]));
    }
    rows.extend(stats.slowest.iter().map(|slow| {
        vec![
            format!("slow: {} µs", slow.micros),
            format!("{} ({}) in {} row {}", slow.tool, slow.verdict, slow.session, slow.seq),
        ]
    }));
    table(&rows)
}
