//! The format of a script, and its strict reading.

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::model::error::ModelError;
use crate::model::yaml;
use crate::protocol::ToolStatus;

/// A script as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// For people only.
    #[serde(rename = "about")]
    _about: Option<String>,
    rules: Vec<WrittenRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    name: Option<String>,
    #[serde(default)]
    when: WrittenWhen,
    #[serde(default)]
    once: bool,
    times: Option<u32>,
    reply: Vec<Step>,
    usage: Option<GivenUsage>,
    stop: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenWhen {
    agent: Option<String>,
    turn: Option<usize>,
    user: Option<WrittenPattern>,
    prompt: Option<WrittenPattern>,
    result: Option<WrittenResult>,
    system: Option<WrittenPattern>,
    offers: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPattern {
    text: Option<String>,
    regex: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenResult {
    tool: Option<String>,
    status: Option<ToolStatus>,
    text: Option<String>,
    regex: Option<String>,
}

/// One step of a reply: exactly one of text, thinking, tool_call, delay_ms, error and cut.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Step {
    pub text: Option<String>,
    pub thinking: Option<String>,
    /// With text and thinking: the text so many times over.
    pub repeat: Option<usize>,
    /// With text and thinking: the text over and over, up to so many bytes.
    pub fill: Option<usize>,
    /// With text and thinking: at most so many bytes a delta.
    pub chunk: Option<usize>,
    /// With `chunk`: milliseconds between deltas.
    pub every_ms: Option<u64>,
    pub tool_call: Option<GivenCall>,
    pub delay_ms: Option<u64>,
    pub error: Option<GivenError>,
    #[serde(default)]
    pub cut: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenCall {
    pub tool: String,
    /// A string stands for arguments that do not parse.
    #[serde(default)]
    pub args: Value,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenError {
    pub status: u16,
    #[serde(default)]
    pub message: String,
    pub retry_after_s: Option<u64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GivenUsage {
    #[serde(default)]
    pub input_tokens: u64,
    #[serde(default)]
    pub output_tokens: u64,
    #[serde(default)]
    pub cache_read_tokens: u64,
    #[serde(default)]
    pub cache_write_tokens: u64,
    pub cost_usd: Option<f64>,
}

/// A script that has been checked.
pub(super) struct Script {
    /// The name or path it came from.
    pub origin: String,
    pub rules: Vec<Rule>,
}

pub(super) struct Rule {
    pub when: When,
    /// How often it may answer; `None` is without end.
    pub times: Option<u32>,
    pub reply: Vec<Step>,
    pub usage: Option<GivenUsage>,
    pub stop: Option<String>,
}

impl Rule {
    /// Whether its answer ends in an error, so that no conversation ever holds it.
    pub(super) fn fails(&self) -> bool {
        self.reply.iter().any(|step| step.error.is_some() || step.cut)
    }
}

/// Every condition that is given must hold.
#[derive(Default)]
pub(super) struct When {
    pub agent: Option<String>,
    pub turn: Option<usize>,
    pub user: Option<Pattern>,
    pub prompt: Option<Pattern>,
    pub result: Option<ResultPattern>,
    pub system: Option<Pattern>,
    pub offers: Option<String>,
}

/// Both must hold where both are given.
#[derive(Default)]
pub(super) struct Pattern {
    pub text: Option<String>,
    pub regex: Option<Regex>,
}

pub(super) struct ResultPattern {
    pub tool: Option<String>,
    pub status: Option<ToolStatus>,
    pub pattern: Pattern,
}

impl Script {
    pub(super) fn parse(text: &str, origin: &str) -> Result<Self, ModelError> {
        let written: Written = yaml::parse(text, origin)?;
        let mut rules = Vec::with_capacity(written.rules.len());
        for (at, rule) in written.rules.into_iter().enumerate() {
            let name = match &rule.name {
                Some(name) => format!("rule {} ({name})", at + 1),
                None => format!("rule {}", at + 1),
            };
            let wrong = |what: String| ModelError::Config {
                message: format!("{origin}: {name}: {what}"),
                hints: vec!["docs/MODELS.md describes the format".into()],
            };
            rules.push(check(rule).map_err(wrong)?);
        }
        Ok(Self { origin: origin.to_owned(), rules })
    }

    /// Whether it matters how often rules have answered before.
    pub(super) fn counts(&self) -> bool {
        self.rules.iter().any(|rule| rule.times.is_some())
    }
}

fn check(rule: WrittenRule) -> Result<Rule, String> {
    let WrittenRule { when, once, times, reply, usage, stop, .. } = rule;
    let times = match (once, times) {
        (true, Some(_)) => return Err("`once` and `times` say the same thing; keep one".into()),
        (true, None) => Some(1),
        (false, times) => times,
    };
    for (at, step) in reply.iter().enumerate() {
        check_step(step).map_err(|what| format!("step {}: {what}", at + 1))?;
    }
    let result = match when.result {
        None => None,
        Some(result) => Some(ResultPattern {
            tool: result.tool,
            status: result.status,
            pattern: pattern(result.text, result.regex)?,
        }),
    };
    let optional = |written: Option<WrittenPattern>| -> Result<Option<Pattern>, String> {
        written.map(|written| pattern(written.text, written.regex)).transpose()
    };
    let when = When {
        agent: when.agent,
        turn: when.turn,
        user: optional(when.user)?,
        prompt: optional(when.prompt)?,
        result,
        system: optional(when.system)?,
        offers: when.offers,
    };
    if when.user.is_some() && when.result.is_some() {
        return Err("the newest message cannot be both a `user` message and a `result`".into());
    }
    Ok(Rule { when, times, reply, usage, stop })
}

fn pattern(text: Option<String>, regex: Option<String>) -> Result<Pattern, String> {
    let regex = regex.map(|source| Regex::new(&source)).transpose().map_err(|error| {
        let reason = error.to_string();
        format!("bad regex: {}", reason.lines().last().unwrap_or_default())
    })?;
    Ok(Pattern { text, regex })
}

fn check_step(step: &Step) -> Result<(), String> {
    let kinds = [
        step.text.is_some(),
        step.thinking.is_some(),
        step.tool_call.is_some(),
        step.delay_ms.is_some(),
        step.error.is_some(),
        step.cut,
    ];
    if kinds.iter().filter(|given| **given).count() != 1 {
        return Err("give exactly one of text, thinking, tool_call, delay_ms, error and cut: true".into());
    }
    let shaped = [step.repeat.is_some(), step.fill.is_some(), step.chunk.is_some(), step.every_ms.is_some()];
    if shaped.contains(&true) && step.text.is_none() && step.thinking.is_none() {
        return Err("repeat, fill, chunk and every_ms belong to text or thinking".into());
    }
    if step.chunk == Some(0) || (step.every_ms.is_some() && step.chunk.is_none()) {
        return Err("every_ms needs a chunk of at least 1".into());
    }
    if step.error.as_ref().is_some_and(|error| !(400..600).contains(&error.status)) {
        return Err("the status of an error lies between 400 and 599".into());
    }
    let args = step.tool_call.as_ref().map(|call| &call.args);
    if args.is_some_and(|args| !(args.is_object() || args.is_string() || args.is_null())) {
        return Err("args are a map, or a string that stands for arguments that do not parse".into());
    }
    Ok(())
}
