//! Calls of the user's own: a key they pressed is their approval, and the floor still stands above it.

use std::path::Path;

use super::effects::user_read;
use super::error::KernelError;
use super::grant::{Grant, Reach};
use super::journal::Row;
use super::judge::Kernel;
use super::judgement::Judgement;
use super::mint::judge_user_read;
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

    /// A read of a file that the user named for the model, such as an image of a message: their approval, which
    /// the floor still stands above. `path` as they wrote it; a relative one begins in the workspace.
    pub fn user_read(&self, path: &str) -> Result<Grant, KernelError> {
        let judged = judge_user_read(&self.charter, path, user_read(&self.charter, path));
        self.grant_own(Actor::User, "user_read", Path::new(path), judged)
    }

    /// The image on the user's clipboard, on their key: on record, then granted.
    pub fn user_clipboard(&self) -> Result<Grant, KernelError> {
        self.record(Row {
            agent: Some(USER.to_owned()),
            tool: Some("user_clipboard".to_owned()),
            verdict: Some(VerdictKind::Allow),
            rung: Some(USER.to_owned()),
            rule: Some("clipboard".to_owned()),
            ..Row::by(Actor::User)
        })?;
        Ok(Grant::new("user_clipboard".to_owned(), Reach::Clipboard))
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
    use std::os::unix::fs::symlink;

    use serde_json::json;

    use crate::kernel::testing::World;
    use crate::kernel::{Judgement, KernelError, Reach, USER};
    use crate::protocol::{Reason, ToolCall, VerdictKind};

    fn judged(world: &World, line: &str) -> Judgement {
        let call = ToolCall { id: "u1".into(), tool: "bash".into(), args: json!({"command": line}) };
        world.kernel().user_call(&call).unwrap()
    }

    #[test]
    fn a_file_that_the_user_names_is_read_unasked_on_record_and_the_floor_stays() {
        let world = World::new();
        let charter = &world.charter;
        for folder in [&charter.workspace, &charter.home, &charter.temp, &charter.home.join(".ssh")] {
            std::fs::write(folder.join("a.png"), "p").unwrap();
        }
        std::fs::write(charter.workspace.join(".env"), "p").unwrap();
        std::fs::write(charter.workspace.join("out_0123456789abcdef"), "p").unwrap();
        symlink(charter.home.join("a.png"), charter.temp.join("out.png")).unwrap();
        symlink(charter.home.join(".ssh/a.png"), charter.workspace.join("key.png")).unwrap();
        let kernel = world.kernel();
        let temp = |name: &str| charter.temp.join(name).display().to_string();
        let outside = charter.home.join("a.png");
        for (path, real) in [
            ("./a.png", charter.workspace.join("a.png")),
            ("~/a.png", outside.clone()),
            (outside.to_str().unwrap(), outside.clone()),
            (&temp("a.png"), charter.temp.join("a.png")),
            // A model would be asked about.
            (".env", charter.workspace.join(".env")),
            ("out_0123456789abcdef", charter.workspace.join("out_0123456789abcdef")),
        ] {
            let Reach::ReadPath(handle) = kernel.user_read(path).unwrap().into_reach() else {
                panic!("{path}")
            };
            assert_eq!(handle.real(), real, "{path}");
        }
        for path in ["~/.ssh/a.png", "key.png", &temp("out.png"), "~/own/a.png", "/proc/self/environ"] {
            match kernel.user_read(path) {
                Err(KernelError::Refused(verdict)) => assert_eq!(verdict.kind, VerdictKind::Deny),
                other => panic!("{path}: {other:?}"),
            }
        }
        assert!(!kernel.is_tainted("main"));
        let folder = std::fs::read_dir(charter.own_dirs[1].join("journal")).unwrap();
        let files = folder.flatten().filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
        let rows: Vec<String> =
            files.flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        let said = |row: &&String| row.contains(r#""tool":"user_read""#) && row.contains(r#""actor":"user""#);
        assert_eq!(rows.iter().filter(said).count(), 11, "{rows:?}");
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
