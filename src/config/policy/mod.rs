//! Policy as data: a preset, rules, limits. What they mean is the kernel's business.
//!
//! Layers, the lowest first: what is built in, the user's `policy.yaml` and the answers they gave for
//! always, the project's (when trusted), the profile's, the flags of a run. Any layer may tighten;
//! only the user's own words may loosen.

mod approvals;
mod file;
mod layers;
mod limits;
mod preset;
#[cfg(test)]
mod round_trip;
mod rule;
mod text;

use std::path::PathBuf;

pub use approvals::{Approval, ApprovalError, Approvals};
pub use file::{PolicyFile, Reading, read_rules, rule_yaml};
pub use layers::{PolicyLayers, Tightened};
pub use limits::{CallLimits, Cap};
pub use preset::Preset;
pub use rule::{Example, HostClass, Layer, Rule, RuleAction, RuleOrigin};
pub use text::RuleText;

use super::strict::YamlError;
use crate::base::sha256_hex;

#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("unknown policy preset `{name}`{}; presets: coding, strict, contained, ci, read_only",
        hint.as_ref().map_or(String::new(), |h| format!(" (did you mean `{h}`?)")))]
    UnknownPreset { name: String, hint: Option<String> },
    #[error("bad rule `{text}`: {why}; a rule is `tool` or `tool(glob)`, such as bash(cargo test*)")]
    BadRule { text: String, why: String },
    #[error(transparent)]
    Yaml(#[from] YamlError),
    #[error("{}{line}: {what}", place(.file))]
    At { file: Option<PathBuf>, line: u64, what: String },
    #[error("{}{line}: {what}, but {layer} rules may only tighten; move it to your own policy.yaml", place(.file))]
    Loosens { file: Option<PathBuf>, line: u64, what: String, layer: &'static str },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

fn place(file: &Option<PathBuf>) -> String {
    file.as_ref().map_or_else(|| "line ".to_owned(), |file| format!("{}:", file.display()))
}

/// The policy in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    pub preset: Preset,
    /// In the order given; the most restrictive that matches wins.
    pub rules: Vec<Rule>,
    pub limits: CallLimits,
}

impl Policy {
    /// A preset and rules, without limits.
    pub fn of(preset: Preset, rules: Vec<Rule>) -> Self {
        Self { preset, rules, limits: CallLimits::default() }
    }

    /// The whole policy as one file.
    pub fn to_yaml(&self) -> String {
        PolicyFile { preset: Some(self.preset), rules: self.rules.clone(), limits: self.limits }.to_yaml()
    }

    /// What tells two policies apart, for the journal.
    pub fn digest(&self) -> String {
        sha256_hex(self.to_yaml().as_bytes())
    }
}
