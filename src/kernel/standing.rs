//! What an agent is at while it calls: on every row of its journal, and in the trailers of its commits.

use super::error::KernelError;
use super::grant::RunScope;
use super::journal::{Approver, Row};
use super::judge::Kernel;
use crate::base::sha256_hex;
use crate::protocol::{Actor, VerdictKind};

/// The variable that hands trailers to the `git` that stands first in a command's `PATH`: one
/// `Name=value` a line.
pub const TRAILERS: &str = "IOSM_TRAILERS";

/// The run an agent is in: from a prompt to its result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    pub id: String,
    /// `provider/model`.
    pub model: String,
    /// The task of a plan that it works on.
    pub task: Option<String>,
    /// Whether its commits say what made them.
    pub trailers: bool,
}

/// Who answers for the session: on record with every prompt and every approval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// Name in the operating system.
    pub user: Option<String>,
    /// `name <email>` as git is configured.
    pub git: Option<String>,
    /// Which face they sit at: `print`, `tui` …
    pub face: Option<String>,
}

impl Identity {
    pub(super) fn answers(&self, by: &str) -> Approver {
        Approver {
            by: by.to_owned(),
            user: self.user.clone(),
            git: self.git.clone(),
            face: self.face.clone(),
        }
    }
}

/// Where one agent stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    run: Run,
    /// The first row of the run.
    first_row: u64,
    entry: Option<u64>,
    commit: Option<String>,
}

impl Standing {
    /// Adds to a row what it does not say itself.
    pub(super) fn mark(&self, row: &mut Row) {
        if row.run.is_none() && !self.run.id.is_empty() {
            row.run = Some(self.run.id.clone());
        }
        row.entry = row.entry.or(self.entry);
        if row.commit.is_none() {
            row.commit.clone_from(&self.commit);
        }
    }

    /// Hands a command the trailers for its commits: the rows of the run up to its own.
    pub(super) fn hand_trailers(&self, scope: &mut RunScope, row: u64, hash: &str) {
        if !self.run.trailers || self.run.id.is_empty() {
            return;
        }
        let mut lines = vec![format!("Iosm-Run={}", self.run.id)];
        lines.extend(self.run.task.as_ref().map(|task| format!("Iosm-Task={task}")));
        lines.push(format!("Iosm-Model={}", self.run.model));
        lines.push(format!("Iosm-Journal={}-{row}:{hash}", self.first_row));
        let clean =
            |line: String| line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
        let lines: Vec<String> = lines.into_iter().map(clean).collect();
        scope.env.push((TRAILERS.to_owned(), lines.join("\n")));
    }
}

impl Kernel {
    /// Says who answers for this session.
    pub fn answered_by(mut self, identity: Identity) -> Self {
        self.identity = identity;
        self
    }

    /// Puts on record that a run of `agent` begins, with the digest of what was asked. Its rows carry
    /// the run from here on, and what earlier ones used up no longer counts.
    pub fn begin_run(&self, agent: &str, run: Run, prompt: Option<&str>) -> Result<(), KernelError> {
        let mut state = self.state();
        // Those of sub-agents count towards the run that started them.
        if !agent.contains('/') {
            state.accounts = Default::default();
        }
        let standing = state.standing.entry(agent.to_owned()).or_default();
        standing.run = run;
        let row = Row {
            agent: Some(agent.to_owned()),
            args_digest: prompt.map(|text| sha256_hex(text.as_bytes())),
            verdict: Some(VerdictKind::Allow),
            rung: Some("run".to_owned()),
            rule: Some(if prompt.is_some() { "prompt" } else { "resume" }.to_owned()),
            approver: Some(self.identity.answers("user")),
            ..Row::by(Actor::User)
        };
        let first = state.append(row)?;
        if let Some(standing) = state.standing.get_mut(agent) {
            standing.first_row = first;
        }
        Ok(())
    }

    /// The session's log has reached this entry: what `agent` does next belongs to it.
    pub fn at_entry(&self, agent: &str, entry: u64) {
        self.state().standing.entry(agent.to_owned()).or_default().entry = Some(entry);
    }

    /// What `HEAD` names where `agent` works, as last looked up.
    pub fn at_commit(&self, agent: &str, commit: Option<String>) {
        self.state().standing.entry(agent.to_owned()).or_default().commit = commit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::testing::World;
    use crate::kernel::{Granted, Judgement, Reach};

    fn run(trailers: bool, task: Option<&str>) -> Run {
        Run { id: "r_1".into(), model: "a/b\nc".into(), task: task.map(str::to_owned), trailers }
    }

    fn trailers(kernel: &Kernel, world: &World) -> Option<String> {
        let judged = kernel.judge("main", &world.call("bash", "git commit -m x")).unwrap();
        let Judgement::Granted(Granted { grant, .. }) = judged else { panic!("{judged:?}") };
        let Reach::Run(scope) = grant.into_reach() else { panic!("a command") };
        scope.env.into_iter().find(|(name, _)| name == TRAILERS).map(|(_, value)| value)
    }

    #[test]
    fn a_command_is_handed_the_rows_of_its_run_up_to_its_own() {
        let world = World::new();
        let kernel = world.kernel();
        assert_eq!(trailers(&kernel, &world), None, "no run, no trailers");
        kernel.begin_run("main", run(true, None), Some("do it")).unwrap();
        drop(kernel.judge("main", &world.call("read", "src/a.rs")).unwrap());
        let lines = trailers(&kernel, &world).unwrap();
        let hash = kernel.state().journal.last_hash().to_owned();
        assert_eq!(lines, format!("Iosm-Run=r_1\nIosm-Model=a/b c\nIosm-Journal=2-4:{hash}"));
        kernel.begin_run("main", run(true, Some("T3")), None).unwrap();
        let lines = trailers(&kernel, &world).unwrap();
        assert!(lines.contains("\nIosm-Task=T3\n") && lines.contains("Journal=5-6:"), "{lines}");
        kernel.begin_run("main", run(false, None), None).unwrap();
        assert_eq!(trailers(&kernel, &world), None, "switched off");
    }

    #[test]
    fn rows_say_run_entry_commit_and_who() {
        let world = World::new();
        let who =
            Identity { user: Some("ann".into()), git: Some("Ann <a@b>".into()), face: Some("print".into()) };
        let kernel = world.kernel().answered_by(who);
        kernel.begin_run("main", run(true, None), Some("do it")).unwrap();
        kernel.at_entry("main", 7);
        kernel.at_commit("main", Some("c0ffee".into()));
        drop(kernel.judge("main", &world.call("read", "src/a.rs")).unwrap());
        drop(kernel.judge("other", &world.call("read", "src/a.rs")).unwrap());
        let path = kernel.state().journal.path().to_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let rows: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows[0]["args_digest"], sha256_hex(b"do it").as_str());
        assert_eq!(
            (&rows[0]["approver"]["user"], &rows[0]["approver"]["face"]),
            (&"ann".into(), &"print".into())
        );
        assert_eq!(
            (&rows[1]["run"], &rows[1]["entry"], &rows[1]["commit"]),
            (&"r_1".into(), &7.into(), &"c0ffee".into())
        );
        assert!(rows[2]["run"].is_null() && rows[2]["entry"].is_null(), "another agent has its own");
    }
}
