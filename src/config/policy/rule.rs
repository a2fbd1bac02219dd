//! One rule of a policy, as plain data: from a file, a flag, or an approval.

use std::path::PathBuf;

use globset::Glob;
use serde::{Deserialize, Serialize};

use super::PolicyError;
use crate::protocol::Reason;

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RuleAction {
    Allow,
    Ask,
    Deny,
}

/// Where a rule comes from; the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    User,
    /// What the user answered with "always".
    Approvals,
    Project,
    /// The project's hard constraints.
    Constraints,
    Profile,
    /// Flags of this run.
    Run,
}

impl Layer {
    /// Only the user's own words may open anything.
    pub fn may_loosen(self) -> bool {
        matches!(self, Self::User | Self::Approvals | Self::Run)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Approvals => "approvals",
            Self::Project => "project",
            Self::Constraints => "constraints",
            Self::Profile => "profile",
            Self::Run => "run",
        }
    }
}

/// The place a rule was written at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleOrigin {
    pub layer: Layer,
    pub file: Option<PathBuf>,
    /// Counted from 1; for an approval its number.
    pub line: Option<u64>,
}

impl RuleOrigin {
    /// A flag of this run.
    pub const FLAG: Self = Self { layer: Layer::Run, file: None, line: None };
}

impl std::fmt::Display for RuleOrigin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.layer.name())?;
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, " ({}:{line})", file.display()),
            (Some(file), None) => write!(f, " ({})", file.display()),
            (None, Some(line)) => write!(f, " (line {line})"),
            (None, None) => Ok(()),
        }
    }
}

/// A call that a rule must, or must not, match: a tool and its main argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub tool: String,
    pub argument: String,
}

impl std::fmt::Display for Example {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.tool, self.argument)
    }
}

/// What a rule about hosts means besides the host: who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostClass {
    /// A package manager that fetches from the registry it is set up with.
    Registry,
    /// Git that fetches from a configured remote.
    Remote,
}

/// One rule. Every list that is not empty must match; within a list one entry is enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub name: String,
    pub action: RuleAction,
    /// With a check, the rule (an `ask` otherwise) wants it passed on this very tree.
    pub check: Option<String>,
    /// Globs over tool names; none means every tool.
    pub tools: Vec<String>,
    /// The glob of `tool(glob)`: over the call's main argument, such as the shell line of `bash` or
    /// the path of a file tool.
    pub argument: Option<String>,
    /// Kinds of [`crate::protocol::Effect`].
    pub effects: Vec<String>,
    /// Globs over paths: relative to the workspace, `~/…`, or absolute.
    pub paths: Vec<String>,
    /// Globs over hosts.
    pub hosts: Vec<String>,
    /// Only reaching a host in this way; none means any way.
    pub class: Option<HostClass>,
    /// Globs over one simple command of a shell line, its words joined by one space.
    pub commands: Vec<String>,
    /// Subcommands of git, or globs over a subcommand and its words.
    pub git: Vec<String>,
    /// What the verdict says instead of `PolicyBlock`.
    pub reason: Option<Reason>,
    /// Shown to people, and to the model as what to do instead.
    pub message: Option<String>,
    pub matches: Vec<Example>,
    pub not_matches: Vec<Example>,
    pub origin: RuleOrigin,
}

impl Rule {
    /// A rule that matches every call, to be narrowed.
    pub fn new(name: impl Into<String>, action: RuleAction, origin: RuleOrigin) -> Self {
        Self {
            name: name.into(),
            action,
            check: None,
            tools: Vec::new(),
            argument: None,
            effects: Vec::new(),
            paths: Vec::new(),
            hosts: Vec::new(),
            class: None,
            commands: Vec::new(),
            git: Vec::new(),
            reason: None,
            message: None,
            matches: Vec::new(),
            not_matches: Vec::new(),
            origin,
        }
    }

    /// Reads `tool` or `tool(glob)`, the form of `--allow` and `--deny`.
    pub fn parse(action: RuleAction, text: &str) -> Result<Self, PolicyError> {
        let mut rule = Self::new(text.trim(), action, RuleOrigin::FLAG);
        rule.set_call(text)?;
        Ok(rule)
    }

    /// Takes tool and argument from `tool` or `tool(glob)`.
    pub(super) fn set_call(&mut self, text: &str) -> Result<(), PolicyError> {
        let bad = |why: &str| PolicyError::BadRule { text: text.to_owned(), why: why.to_owned() };
        let trimmed = text.trim();
        let (tool, argument) = match trimmed.split_once('(') {
            None => (trimmed, None),
            Some((tool, rest)) => {
                let inner = rest.strip_suffix(')').ok_or_else(|| bad("the closing `)` is missing"))?;
                if inner.is_empty() {
                    return Err(bad("the parentheses are empty"));
                }
                (tool, Some(inner.to_owned()))
            }
        };
        let named = !tool.is_empty() && tool.chars().all(|c| c.is_ascii_alphanumeric() || "_*".contains(c));
        if !named {
            return Err(bad("the tool's name is missing or has odd characters"));
        }
        if let Some(glob) = &argument {
            Glob::new(glob).map_err(|error| bad(&error.to_string()))?;
        }
        self.tools = vec![tool.to_owned()];
        self.argument = argument;
        Ok(())
    }

    /// Whether the rule can only open, never hold back.
    pub fn loosens(&self) -> bool {
        self.action == RuleAction::Allow && self.check.is_none()
    }

    /// The rule without the place it stands at: what two layers may have in common.
    pub fn same_as(&self, other: &Self) -> bool {
        Self { origin: other.origin.clone(), ..self.clone() } == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_of_flags_are_read_or_say_what_is_wrong() {
        let rule = Rule::parse(RuleAction::Allow, "bash(cargo test*)").unwrap();
        assert_eq!((rule.tools[0].as_str(), rule.argument.as_deref()), ("bash", Some("cargo test*")));
        assert_eq!(Rule::parse(RuleAction::Deny, "write").unwrap().argument, None);
        for bad in ["", "bash(", "bash()", "ba sh", "bash([)"] {
            assert!(Rule::parse(RuleAction::Deny, bad).is_err(), "{bad}");
        }
    }
}
