//! The project's constraints over what has really changed: a command can do unseen what an edit is refused.

use std::path::{Path, PathBuf};

use super::error::KernelError;
use super::journal::Row;
use super::judge::Kernel;
use crate::config::Layer;
use crate::protocol::{Actor, Reason, VerdictKind};

/// A constraint that does not hold any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Its sentence.
    pub clause: String,
    /// Where it is written.
    pub origin: String,
    /// The files whose change breaks it, real paths.
    pub files: Vec<PathBuf>,
}

impl Kernel {
    /// Constraints that forbid what `agent` has changed, each on record. `changed` are real paths in the
    /// workspace.
    pub fn broken_constraints(
        &self,
        agent: &str,
        changed: &[PathBuf],
    ) -> Result<Vec<Violation>, KernelError> {
        let law = self.law();
        let mut broken = Vec::new();
        for compiled in law.rules.iter().filter(|compiled| compiled.rule.origin.layer == Layer::Constraints) {
            let inside = |path: &&PathBuf| path.starts_with(&law.charter.workspace);
            let forbidden = |path: &&PathBuf| compiled.forbids_change(Path::new(path));
            let files: Vec<PathBuf> = changed.iter().filter(inside).filter(forbidden).cloned().collect();
            if files.is_empty() {
                continue;
            }
            self.record(Row {
                agent: Some(agent.to_owned()),
                rung: Some("contract".to_owned()),
                rule: Some("after_turn".to_owned()),
                verdict: Some(VerdictKind::Deny),
                reason: Some(Reason::Contract),
                ..Row::by(Actor::System)
            })?;
            let rule = &compiled.rule;
            broken.push(Violation { clause: rule.name.clone(), origin: rule.origin.to_string(), files });
        }
        Ok(broken)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Contract;
    use crate::kernel::testing::World;

    #[test]
    fn what_a_command_changed_unseen_is_held_against_the_constraints() {
        let mut world = World::new();
        let root = world.charter.workspace.clone();
        let path = root.join(".iosm/constraints.yaml");
        let text = "scope: {include: [src/]}\nconstraints:\n  - {clause: never touch vendor/, never_touch: [vendor/]}\n  - {clause: nobody publishes, never_run: [x]}\n";
        std::fs::write(&path, text).unwrap();
        world.charter.policy.rules = Contract::load(&path).unwrap().unwrap().rules();
        let kernel = world.kernel();
        let changed = [root.join("src/a.rs"), root.join("vendor/deep/a.rs"), world.charter.temp.join("x")];
        let broken = kernel.broken_constraints("main", &changed).unwrap();
        let told: Vec<_> = broken.iter().map(|broken| (broken.clause.as_str(), broken.files.len())).collect();
        assert_eq!(told, [("only within the scope: src/", 1), ("never touch vendor/", 1)]);
        assert!(kernel.broken_constraints("main", &changed[..1]).unwrap().is_empty());
    }
}
