//! A policy file: strict YAML; what is wrong is told with its line and the nearest valid name.

use std::path::Path;

use globset::Glob;
use serde::{Deserialize, Serialize};
use serde_yaml::Spanned;

use super::limits::CallLimits;
use super::rule::{Layer, RuleOrigin};
use super::text::RuleText;
use super::{PolicyError, Preset, Rule, RuleAction};
use crate::base::nearest;
use crate::config::strict::parse;
use crate::protocol::Effect;

/// Subcommands of git that rules may speak of.
const GIT: [&str; 52] = [
    "add",
    "am",
    "apply",
    "archive",
    "bisect",
    "blame",
    "branch",
    "checkout",
    "cherry-pick",
    "clean",
    "clone",
    "commit",
    "config",
    "describe",
    "diff",
    "fetch",
    "filter-branch",
    "filter-repo",
    "gc",
    "grep",
    "init",
    "lfs",
    "log",
    "ls-files",
    "ls-remote",
    "ls-tree",
    "merge",
    "mv",
    "notes",
    "prune",
    "pull",
    "push",
    "rebase",
    "reflog",
    "remote",
    "replace",
    "reset",
    "restore",
    "revert",
    "rev-list",
    "rev-parse",
    "rm",
    "send-email",
    "show",
    "stash",
    "status",
    "submodule",
    "switch",
    "tag",
    "update-ref",
    "version",
    "worktree",
];

/// One file of one layer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PolicyFile {
    pub preset: Option<Preset>,
    pub rules: Vec<Rule>,
    pub limits: CallLimits,
}

/// As written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    preset: Option<Spanned<String>>,
    #[serde(default)]
    rules: Vec<Spanned<RuleText>>,
    #[serde(default)]
    hosts: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    limits: CallLimits,
}

/// What is written back.
#[derive(Debug, Serialize)]
struct Dump {
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<RuleText>,
    #[serde(skip_serializing_if = "CallLimits::is_empty")]
    limits: CallLimits,
}

/// Where a text stands and what it may name.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    pub layer: Layer,
    pub file: Option<&'a Path>,
    /// Every tool there is.
    pub tools: &'a [&'a str],
}

impl PolicyFile {
    /// Reads a file's text. A layer that may only tighten is refused when it would loosen: a rule
    /// that is passed over in silence would be believed to be in force.
    pub fn read(text: &str, reading: Reading<'_>) -> Result<Self, PolicyError> {
        let at =
            |line: u64, what: String| PolicyError::At { file: reading.file.map(Path::to_owned), line, what };
        let read: Text = parse(text, reading.file)?;
        let preset = match &read.preset {
            None => None,
            Some(name) => Some(
                name.value
                    .parse()
                    .map_err(|error: PolicyError| at(name.referenced.line(), error.to_string()))?,
            ),
        };
        let mut rules: Vec<Rule> = Vec::new();
        for written in read.rules {
            let line = written.referenced.line();
            let rule = rule(written.value, line, reading, text)?;
            if rules.iter().any(|other| other.name == rule.name) {
                return Err(at(line, format!("two rules are called `{}`", rule.name)));
            }
            rules.push(rule);
        }
        if let Some(hosts) = read.hosts {
            let line = hosts.referenced.line();
            let mut rule = Rule::new("hosts", RuleAction::Allow, origin(reading, line));
            rule.effects = vec!["net".to_owned()];
            rule.hosts = hosts.value;
            if rule.hosts.is_empty() {
                return Err(at(line, "`hosts` names no host; leave it out, or name some".to_owned()));
            }
            check(&rule, line, reading, text)?;
            rules.push(rule);
        }
        if let Some(fault) = read.limits.fault() {
            return Err(at(1, fault));
        }
        Ok(Self { preset, rules, limits: read.limits })
    }

    /// The file as YAML; reading it again gives the same policy.
    pub fn to_yaml(&self) -> String {
        let dump = Dump {
            preset: self.preset.map(Preset::name),
            rules: self.rules.iter().map(RuleText::from).collect(),
            limits: self.limits,
        };
        serde_yaml::to_string(&dump).expect("texts, numbers and lists serialise")
    }
}

/// One rule as YAML, as an entry of `rules`.
pub fn rule_yaml(rule: &Rule) -> String {
    serde_yaml::to_string(&[RuleText::from(rule)]).expect("texts and lists serialise")
}

/// Reads rules that stand in another file of ours, such as a profile.
pub fn read_rules(rules: Vec<RuleText>, reading: Reading<'_>) -> Result<Vec<Rule>, PolicyError> {
    rules.into_iter().map(|text| rule(text, 1, reading, "")).collect()
}

fn origin(reading: Reading<'_>, line: u64) -> RuleOrigin {
    RuleOrigin { layer: reading.layer, file: reading.file.map(Path::to_owned), line: Some(line) }
}

fn rule(text: RuleText, line: u64, reading: Reading<'_>, source: &str) -> Result<Rule, PolicyError> {
    let bad = |what: String| PolicyError::At { file: reading.file.map(Path::to_owned), line, what };
    let name = text.name.trim().to_owned();
    if name.is_empty() {
        return Err(bad("a rule needs a name".to_owned()));
    }
    let action = match (text.action, &text.require) {
        (Some(action), None) => action,
        (None, Some(_)) => RuleAction::Ask,
        (None, None) => {
            return Err(bad(format!("rule `{name}` needs `action` (allow, ask or deny) or `require`")));
        }
        (Some(_), Some(_)) => {
            return Err(bad(format!("rule `{name}` has both `action` and `require`; one is enough")));
        }
    };
    let mut rule = Rule::new(name.clone(), action, origin(reading, line));
    rule.check = text.require.map(|require| require.check.trim().to_owned());
    if rule.check.as_deref() == Some("") {
        return Err(bad(format!("rule `{name}` requires a check without a command")));
    }
    match text.call {
        Some(_) if !text.tool.0.is_empty() => {
            return Err(bad(format!("rule `{name}` has both `tool` and `call`; `call` names the tool")));
        }
        Some(call) => rule.set_call(&call).map_err(|error| bad(format!("rule `{name}`: {error}")))?,
        None => rule.tools = text.tool.0,
    }
    rule.effects = text.effect.0;
    rule.paths = text.path.0;
    rule.hosts = text.host.0;
    rule.class = text.class;
    rule.commands = text.command.0;
    rule.git = text.git.0;
    rule.reason = text.reason;
    rule.message = text.message;
    rule.matches = text.matches;
    rule.not_matches = text.not_matches;
    check(&rule, line, reading, source)?;
    Ok(rule)
}

/// Names and globs of a rule, and whether its layer may say such a thing.
fn check(rule: &Rule, line: u64, reading: Reading<'_>, source: &str) -> Result<(), PolicyError> {
    let name = &rule.name;
    let bad = |word: &str, what: String| PolicyError::At {
        file: reading.file.map(Path::to_owned),
        line: line_of(source, line, word),
        what: format!("rule `{name}`: {what}"),
    };
    let slip = |what: &str, word: &str, known: &mut dyn Iterator<Item = &str>| {
        let near = nearest(word, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        bad(word, format!("there is no {what} `{word}`{near}"))
    };
    if rule.loosens() && !reading.layer.may_loosen() {
        return Err(PolicyError::Loosens {
            file: reading.file.map(Path::to_owned),
            line,
            what: format!("rule `{name}` allows"),
            layer: reading.layer.name(),
        });
    }
    let examples = rule.matches.iter().chain(&rule.not_matches).map(|example| example.tool.as_str());
    let plain = |tool: &&str| !tool.contains(['*', '?', '[', '{']) && !tool.starts_with("mcp__");
    for tool in rule.tools.iter().map(String::as_str).chain(examples).filter(plain) {
        if !reading.tools.contains(&tool) {
            return Err(slip("tool", tool, &mut reading.tools.iter().copied()));
        }
    }
    for effect in &rule.effects {
        if !Effect::KINDS.contains(&effect.as_str()) {
            return Err(slip("effect", effect, &mut Effect::KINDS.iter().copied()));
        }
    }
    for git in &rule.git {
        let sub = git.split_whitespace().next().unwrap_or_default();
        if !sub.contains('*') && !GIT.contains(&sub) {
            return Err(slip("git command", sub, &mut GIT.iter().copied()));
        }
    }
    let globs = [&rule.tools, &rule.paths, &rule.hosts, &rule.commands, &rule.git];
    for glob in globs.into_iter().flatten() {
        if glob.trim().is_empty() {
            return Err(bad("", "an empty text matches nothing; leave it out".to_owned()));
        }
        Glob::new(glob).map_err(|error| bad(glob, format!("`{glob}` is no glob: {}", error.kind())))?;
    }
    let by_command = !rule.commands.is_empty() || !rule.git.is_empty();
    let by_effect = !rule.effects.is_empty() || !rule.paths.is_empty() || !rule.hosts.is_empty();
    if rule.argument.is_some() && (by_command || by_effect) {
        let what = "`call` stands alone; give the rest as `tool`, `command`, `path` …".to_owned();
        return Err(bad("call", what));
    }
    if rule.loosens() && by_command && by_effect {
        let what =
            "an `allow` is either by `command` or `git`, or by `effect`, `path` and `host`; write two rules";
        return Err(bad("allow", what.to_owned()));
    }
    if rule.class.is_some() && rule.hosts.is_empty() {
        return Err(bad("class", "`class` says more about a `host`; name one".to_owned()));
    }
    if !rule.paths.is_empty() && !rule.hosts.is_empty() {
        return Err(bad("host", "nothing has both a path and a host; write two rules".to_owned()));
    }
    Ok(())
}

/// The line, from `from` on, in which a word stands.
fn line_of(source: &str, from: u64, word: &str) -> u64 {
    let skip = from.saturating_sub(1) as usize;
    let found = source.lines().skip(skip).position(|line| !word.is_empty() && line.contains(word));
    found.map_or(from, |at| from + at as u64)
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
