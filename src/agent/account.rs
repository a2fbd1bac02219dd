//! What a run did, counted.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::protocol::{CallCounts, Effect, ToolCall, ToolStatus};

#[derive(Debug, Default)]
pub(super) struct Account {
    counts: CallCounts,
    denied: BTreeSet<String>,
    /// Files that a granted call may write, until it is known whether it did.
    writing: HashMap<String, Vec<PathBuf>>,
    written: BTreeSet<PathBuf>,
    /// Whether a command ran: it may have changed files that no effect names.
    ran_command: bool,
}

impl Account {
    pub(super) fn granted(&mut self, call: &ToolCall, effects: &[Effect], repaired: bool) {
        self.counts.allowed += 1;
        self.counts.transformed += u32::from(repaired);
        let paths = effects.iter().filter_map(|effect| match effect {
            Effect::Write { path } | Effect::Delete { path } => Some(path.clone()),
            _ => None,
        });
        self.writing.insert(call.id.clone(), paths.collect());
        self.ran_command |= effects.iter().any(|effect| {
            matches!(effect, Effect::Contained { .. } | Effect::Opaque { .. } | Effect::Exec { .. })
        });
    }

    pub(super) fn asked(&mut self) {
        self.counts.asked += 1;
    }

    pub(super) fn denied(&mut self, call: &ToolCall) {
        self.counts.denied += 1;
        self.denied.insert(call.tool.clone());
    }

    pub(super) fn ran(&mut self, call: &ToolCall, status: ToolStatus) {
        let paths = self.writing.remove(&call.id).unwrap_or_default();
        if status == ToolStatus::Ok {
            self.written.extend(paths);
        }
    }

    pub(super) fn ran_command(&self) -> bool {
        self.ran_command
    }

    /// Adds what was found changed in the workspace.
    pub(super) fn found_changed(&mut self, root: &Path, relative: Vec<PathBuf>) {
        self.written.extend(relative.into_iter().map(|path| root.join(path)));
    }

    pub(super) fn counts(&self) -> CallCounts {
        self.counts
    }

    pub(super) fn denied_tools(&self) -> Vec<String> {
        self.denied.iter().cloned().collect()
    }

    /// Real paths, sorted.
    pub(super) fn files_changed(&self) -> Vec<String> {
        self.written.iter().map(|path| path.display().to_string()).collect()
    }
}
