//! Which checks have passed on the tree as it is. The kernel sees calls, not contents: the tree's
//! state is a count of what may have changed it, and a check counts for the state in which it began.

use std::collections::BTreeMap;

use serde_json::Value;

use super::effects::{GitCall, Prepared, is_known_program};
use crate::protocol::{Effect, ToolCall};

/// Git that leaves the files of the work tree as they are.
const KEEPS_FILES: [&str; 10] =
    ["add", "commit", "push", "fetch", "tag", "branch", "notes", "remote", "config", "gc"];

/// Checks that have passed, and on which state of the tree.
#[derive(Debug, Clone, Default)]
pub(super) struct Witnesses {
    /// Calls so far that may have changed the tree.
    tree: u64,
    passed: BTreeMap<String, u64>,
    /// Checks under way, by call: the check, and the state it began in.
    running: BTreeMap<String, (String, u64)>,
}

impl Witnesses {
    pub fn has_passed(&self, check: &str) -> bool {
        self.passed.get(check) == Some(&self.tree)
    }

    pub fn ever_passed(&self, check: &str) -> bool {
        self.passed.contains_key(check)
    }

    /// A call was granted. `checks`: the commands that rules ask for.
    pub fn granted(&mut self, call: &ToolCall, prepared: &Prepared, checks: &[String]) {
        let background = call.args.get("background").and_then(Value::as_bool) == Some(true);
        let check = checks.iter().find(|check| prepared.shell.is_some() && **check == prepared.subject);
        match check {
            // In the background it ends some time, unseen.
            Some(check) if !background => {
                drop(self.running.insert(call.id.clone(), (check.clone(), self.tree)))
            }
            _ if changes(prepared) => self.tree += 1,
            _ => {}
        }
    }

    /// A call came back.
    pub fn ended(&mut self, id: &str, ok: bool) {
        if let Some((check, tree)) = self.running.remove(id)
            && ok
        {
            self.passed.insert(check, tree);
        }
    }
}

/// Whether a call may change files of the work tree: what it writes by name, or a program whose doing
/// is not known.
fn changes(prepared: &Prepared) -> bool {
    let git = |fact: &crate::kernel::effects::Fact| matches!(fact.effect, Effect::Git { .. });
    let Some(scan) = &prepared.shell else { return prepared.facts.iter().any(|fact| fact.changes()) };
    if scan.opaque.is_some() || scan.unseen {
        return true;
    }
    let keeps = |git: &GitCall<'_>| git.reads_only() || KEEPS_FILES.contains(&git.sub);
    let unknown = scan.commands.iter().any(|command| match GitCall::of(command) {
        Some(git) => !keeps(&git),
        None => !command.program.as_deref().is_some_and(is_known_program),
    });
    // Git's own writes are named as a write to the whole tree; which git it was is looked at above.
    let whole = prepared.facts.iter().any(git);
    let by_name = |fact: &crate::kernel::effects::Fact| {
        fact.changes() && !(whole && matches!(&fact.effect, Effect::Write { path } if path.is_dir()))
    };
    unknown || prepared.facts.iter().any(by_name)
}
