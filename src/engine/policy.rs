//! Policies looked at: what is in force and where it comes from, what a file would change, what it would
//! have said of a past session, what journals say.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::Serialize;

use super::ground::{Ground, config, state};
use super::inspect::journals_of;
use super::lawbook;
use super::options::Options;
use super::wiring::judge_only;
use crate::config::{Approval, CallLimits, Policy, Preset, Rule, RuleAction, Tightened, rule_yaml};
use crate::kernel::{Past, Replayed, Stats};
use crate::protocol::{Block, Item, Report, ReportKind, ToolCall, ToolStatus, VerdictKind};
use crate::session::{self, Payload};

/// One layer, as people are shown it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LayerShown {
    pub layer: &'static str,
    pub source: String,
    pub rules: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<&'static str>,
}

/// One rule, as people are shown it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleShown {
    pub name: String,
    /// `allow`, `ask`, `deny` or `require`.
    pub action: &'static str,
    pub layer: &'static str,
    pub origin: String,
    pub examples: usize,
    pub yaml: String,
}

/// The policy in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InForce {
    pub preset: &'static str,
    pub layers: Vec<LayerShown>,
    pub rules: Vec<RuleShown>,
    pub limits: CallLimits,
    pub digest: String,
}

impl InForce {
    pub(super) fn new(policy: &Policy, layers: &[Tightened]) -> Self {
        let layer = |read: &Tightened| LayerShown {
            layer: read.layer.name(),
            source: read.source.clone(),
            rules: read.rules,
            preset: read.preset.map(Preset::name),
        };
        Self {
            preset: policy.preset.name(),
            layers: layers.iter().map(layer).collect(),
            rules: policy.rules.iter().map(shown).collect(),
            limits: policy.limits,
            digest: policy.digest(),
        }
    }
}

fn shown(rule: &Rule) -> RuleShown {
    let action = match (rule.action, &rule.check) {
        (_, Some(_)) => "require",
        (RuleAction::Allow, None) => "allow",
        (RuleAction::Ask, None) => "ask",
        (RuleAction::Deny, None) => "deny",
    };
    RuleShown {
        name: rule.name.clone(),
        action,
        layer: rule.origin.layer.name(),
        origin: rule.origin.to_string(),
        examples: rule.matches.len() + rule.not_matches.len(),
        yaml: rule_yaml(rule),
    }
}

/// The policy that a session would begin with here.
pub fn policy_in_force(ground: &Ground, options: Options) -> Result<InForce, Report> {
    let (kernel, layers, _temp) = judge_only(ground, options, None)?;
    Ok(InForce::new(&kernel.policy(), layers.read()))
}

/// What a policy file would do in the place of the user's own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    pub policy: InForce,
    /// Examples that were tried, all of them as the rules say.
    pub examples: usize,
    pub added: Vec<RuleShown>,
    pub removed: Vec<RuleShown>,
    /// Before and after, where it changes.
    pub preset: Option<(&'static str, &'static str)>,
    pub limits_change: bool,
}

/// Reads a policy file, tries its rules on their examples, and compares it with what is in force. A file
/// that is not valid is a check that says no.
pub fn check_policy(ground: &Ground, options: Options, file: &Path) -> Result<Checked, Report> {
    if !file.is_file() {
        return Err(Report::new(ReportKind::Usage, format!("there is no file {}", file.display())));
    }
    let says_no = |report: Report| Report { kind: ReportKind::Check, ..report };
    let (kernel, layers, _temp) = judge_only(ground, options.clone(), Some(file)).map_err(says_no)?;
    let after = kernel.policy();
    // What stands there now may itself be bad: then everything in the file is new.
    let before = judge_only(ground, options, None).map(|(kernel, ..)| kernel.policy()).unwrap_or_default();
    let only_in = |one: &Policy, other: &Policy| {
        let new = one.rules.iter().filter(|rule| !other.rules.iter().any(|held| rule.same_as(held)));
        new.map(shown).collect::<Vec<_>>()
    };
    Ok(Checked {
        examples: after.rules.iter().map(|rule| rule.matches.len() + rule.not_matches.len()).sum(),
        added: only_in(&after, &before),
        removed: only_in(&before, &after),
        preset: (before.preset != after.preset).then(|| (before.preset.name(), after.preset.name())),
        limits_change: before.limits != after.limits,
        policy: InForce::new(&after, layers.read()),
    })
}

/// A past session under another policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    pub session: String,
    pub calls: Vec<Replayed>,
    /// The place, among the calls, of the first that would have led elsewhere.
    pub first_divergence: Option<usize>,
}

/// What a policy file would have said of a session's calls.
pub fn replay(ground: &Ground, options: Options, given: &str, file: &Path) -> Result<Replay, Report> {
    if !file.is_file() {
        return Err(Report::new(ReportKind::Usage, format!("there is no file {}", file.display())));
    }
    let dir = ground.state()?.sub("sessions").map_err(state)?;
    let usage = |error: session::SessionError| Report::from_error(ReportKind::Usage, &error);
    let session = session::find(&dir, given).map_err(usage)?;
    let entries = session::entries(&dir, &session).map_err(usage)?;
    let past = past(entries.into_iter().map(|entry| entry.payload));
    let (kernel, _, _temp) = judge_only(ground, options, Some(file))?;
    let calls = kernel.replay(&past).map_err(state)?;
    let first_divergence = calls.iter().position(|call| call.diverges);
    Ok(Replay { session, calls, first_divergence })
}

/// The calls of a session with their first verdicts, in the order in which they were judged.
fn past(payloads: impl Iterator<Item = Payload>) -> Vec<Past> {
    let mut written: HashMap<String, ToolCall> = HashMap::new();
    let mut past: Vec<Past> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for payload in payloads {
        match payload {
            Payload::Item { item: Item::Assistant { blocks, .. } } => {
                written.extend(blocks.into_iter().filter_map(|block| match block {
                    Block::ToolCall(call) => Some((call.id.clone(), call)),
                    _ => None,
                }));
            }
            Payload::Item { item: Item::ToolResult(result) } => {
                if let Some(at) = places.get(&result.call_id) {
                    past[*at].ok = result.status == ToolStatus::Ok;
                }
            }
            Payload::Call(record) => {
                let ran = matches!(record.verdict.kind, VerdictKind::Allow | VerdictKind::Transform);
                match places.get(&record.call_id) {
                    // A question was answered, and the call judged again.
                    Some(at) => past[*at].ran |= ran,
                    None => {
                        let Some(call) = written.get(&record.call_id).cloned() else { continue };
                        places.insert(record.call_id, past.len());
                        let (effects, then) = (record.effects, record.verdict);
                        past.push(Past { call, effects, then, ran, ok: false });
                    }
                }
            }
            _ => {}
        }
    }
    past
}

/// Journals counted: of one session, or of all of this project.
pub fn stats(ground: &Ground, given: Option<&str>) -> Result<Stats, Report> {
    let mut stats = Stats::default();
    for (dir, name) in journals_of(ground, given)? {
        stats.add(&String::from_utf8_lossy(&dir.read(&name).map_err(state)?));
    }
    Ok(stats.finish())
}

/// The standing answers, numbered in the order shown: those for every project, then this one's.
pub fn approvals(ground: &Ground) -> Result<Vec<(bool, Approval)>, Report> {
    let [everywhere, here] = lawbook::approvals(ground)?;
    let all = everywhere.list().map_err(config)?.into_iter().map(|approval| (true, approval));
    Ok(all.chain(here.list().map_err(config)?.into_iter().map(|approval| (false, approval))).collect())
}

/// Takes the answer with this number (counted from 1, as listed) back.
pub fn remove_approval(ground: &Ground, number: usize) -> Result<Approval, Report> {
    let [everywhere, here] = lawbook::approvals(ground)?;
    let first = everywhere.list().map_err(config)?.len();
    let (store, number) = if number <= first { (everywhere, number) } else { (here, number - first) };
    let removed = store.remove(number).map_err(config)?;
    removed.ok_or_else(|| {
        Report::new(ReportKind::Usage, "there is no answer with this number")
            .hint("iosm config approvals lists them")
    })
}
