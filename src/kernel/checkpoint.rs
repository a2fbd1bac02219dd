//! What the kernel knows of checkpoints: whether they work, and who may put one back.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use super::charter::Charter;
use super::effects::user_restore;
use super::error::KernelError;
use super::grant::Grant;
use super::journal::Row;
use super::judge::Kernel;
use super::law::Law;
use super::mint::judge_user_restore;
use super::rung::UNKEPT;
use crate::protocol::{Actor, ToolCall};

impl Kernel {
    /// Putting the checkpoint `id` back into the workspace: only ever a person's own act. No tool reaches
    /// this, and no rule opens it to one.
    pub fn user_restore(&self, id: &str) -> Result<Grant, KernelError> {
        let judged = judge_user_restore(user_restore(&self.charter));
        self.grant_own(Actor::User, "user_restore", Path::new(id), judged)
    }

    /// Says whether checkpoints work. While they do not, deleting what nothing else holds is asked about
    /// again. On record before it counts; does nothing in a session that takes none.
    pub fn checkpoints_work(&self, work: bool) -> Result<(), KernelError> {
        let before = self.law();
        if !self.charter.checkpoints || before.charter.checkpoints == work {
            return Ok(());
        }
        let law = Law::new(Charter { checkpoints: work, ..before.charter.clone() }, &self.tools)?;
        self.record(Row {
            rung: Some("policy".to_owned()),
            rule: Some(if work { "checkpoints_back" } else { "checkpoints_lost" }.to_owned()),
            ..Row::by(Actor::System)
        })?;
        *self.law.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(law);
        Ok(())
    }

    /// Whether, as things stand now, a call would lose something for good.
    pub fn loses(&self, call: &ToolCall) -> Result<bool, KernelError> {
        let steps = self.explain(call)?.steps;
        Ok(steps.iter().any(|step| step.name == UNKEPT && !step.said.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use crate::kernel::testing::World;
    use crate::kernel::{Doomed, Judgement, Kept, Lost, Reach, Weighed, Why};

    struct Everything;

    impl Kept for Everything {
        fn weigh(&self, doomed: &[Doomed], checkpoints: bool) -> Weighed {
            let lost = doomed.iter().enumerate().filter(|_| !checkpoints);
            let lost = lost.map(|(at, one)| (at, Lost::new(&one.path, Why::Untracked))).collect();
            Weighed { lost, hold: Vec::new() }
        }
    }

    #[test]
    fn while_none_can_be_taken_deleting_asks_again() {
        let mut world = World::new();
        let call = world.call("bash", "rm -rf src");
        for takes_any in [true, false] {
            world.charter.checkpoints = takes_any;
            let kernel = world.kernel().with_kept(Box::new(|_| Some(Box::new(Everything))));
            for (work, asks) in [(true, !takes_any), (false, true), (true, !takes_any)] {
                kernel.checkpoints_work(work).unwrap();
                assert_eq!(kernel.loses(&call).unwrap(), asks, "{takes_any} {work}");
                let judged = kernel.judge("main", &call).unwrap();
                assert_eq!(matches!(judged, Judgement::Asked(_)), asks, "{takes_any} {work}: {judged:?}");
            }
        }
    }

    #[test]
    fn restoring_opens_the_workspace_and_nothing_else() {
        let world = World::new();
        let grant = world.kernel().user_restore("c_1").unwrap();
        let Reach::RestoreTree(handle) = grant.into_reach() else { panic!("another reach") };
        assert_eq!(handle.real(), world.charter.workspace);
    }
}
