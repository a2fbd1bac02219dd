//! Which paths belong to which agent for now. Whoever runs many agents hands this in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Paths by agent: the trees it declared, and may change. An agent that is not named may change
/// whatever no other holds; sub-agents share what those above them hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leases {
    held: BTreeMap<String, Vec<PathBuf>>,
}

impl Leases {
    /// `trees` are relative to the workspace, or absolute real paths.
    pub fn hold(&mut self, agent: &str, workspace: &Path, trees: &[&str]) {
        let trees = trees.iter().map(|tree| workspace.join(tree.trim_end_matches('/')));
        self.held.entry(agent.to_owned()).or_default().extend(trees);
    }

    /// Gives back all that an agent holds.
    pub fn release(&mut self, agent: &str) {
        self.held.remove(agent);
    }

    /// Who else holds a path, or (with `below`) something in it.
    pub(super) fn holder(&self, agent: &str, path: &Path, below: bool) -> Option<&str> {
        let others = self.held.iter().filter(|(other, _)| !related(agent, other));
        let holds = |tree: &PathBuf| path.starts_with(tree) || below && tree.starts_with(path);
        others.into_iter().find(|(_, trees)| trees.iter().any(holds)).map(|(other, _)| other.as_str())
    }

    /// Whether an agent that declared what it touches stays within it.
    pub(super) fn declared(&self, agent: &str, path: &Path) -> bool {
        let mut own = self
            .held
            .iter()
            .filter(|(other, _)| agent == other.as_str() || is_below(agent, other))
            .peekable();
        own.peek().is_none() || own.any(|(_, trees)| trees.iter().any(|tree| path.starts_with(tree)))
    }
}

fn is_below(agent: &str, other: &str) -> bool {
    agent.strip_prefix(other).is_some_and(|rest| rest.starts_with('/'))
}

fn related(agent: &str, other: &str) -> bool {
    agent == other || is_below(agent, other) || is_below(other, agent)
}
