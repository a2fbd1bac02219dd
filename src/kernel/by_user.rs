//! Calls of the user's own: a key they pressed is their approval, and the floor still stands above it.

use std::path::Path;

use super::error::KernelError;
use super::grant::{Grant, Reach};
use super::journal::Row;
use super::judge::Kernel;
use super::judgement::Judgement;
use crate::protocol::{Actor, ToolCall, VerdictKind};

/// The agent of whom the user's own calls are, on record and in admission.
pub const USER: &str = "user";

/// A question may name more once the first is answered; the world does not change more often than this.
const MOST_QUESTIONS: usize = 3;

impl Kernel {
    /// Judges a call that the user typed. What a model would be asked about they have agreed to; what no
    /// person may allow is refused.
    pub fn user_call(&self, call: &ToolCall) -> Result<Judgement, KernelError> {
        let mut judgement = self.judge(USER, call)?;
        for _ in 0..MOST_QUESTIONS {
            match judgement {
                Judgement::Asked(question) => judgement = self.approve(question, USER, false)?,
                settled => return Ok(settled),
            }
        }
        Ok(judgement)
    }

    /// The user opens `file`, one of our own temporary ones, in their editor: on record, then granted.
    pub fn user_editor(&self, file: &Path) -> Result<Grant, KernelError> {
        self.record(Row {
            agent: Some(USER.to_owned()),
            tool: Some("user_editor".to_owned()),
            verdict: Some(VerdictKind::Allow),
            rung: Some(USER.to_owned()),
            rule: Some("editor".to_owned()),
            ..Row::by(Actor::User)
        })?;
        Ok(Grant::new("user_editor".to_owned(), Reach::Editor(file.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::kernel::testing::World;
    use crate::kernel::{Judgement, USER};
    use crate::protocol::{Reason, ToolCall};

    fn judged(world: &World, line: &str) -> Judgement {
        let call = ToolCall { id: "u1".into(), tool: "bash".into(), args: json!({"command": line}) };
        world.kernel().user_call(&call).unwrap()
    }

    #[test]
    fn what_a_model_is_asked_about_the_user_just_does_and_the_floor_stays() {
        let mut world = World::new();
        assert!(matches!(judged(&world, "curl https://example.com"), Judgement::Granted(_)));
        // A profile holds the agent back, not its user.
        world.charter.capability.tools.remove("bash");
        assert!(matches!(judged(&world, "echo hi > a.txt"), Judgement::Granted(_)));
        match judged(&world, "rm -rf ~/.ssh") {
            Judgement::Refused(refused) => assert_ne!(refused.verdict.reason, Some(Reason::Malformed)),
            _ => panic!("the floor gave way"),
        }
        assert_eq!(USER, "user");
    }
}
