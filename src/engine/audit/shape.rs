//! What an audit says. These shapes are printed as JSON and published as a schema.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::protocol::{Cost, Reason, ToolStatus, VerdictKind};

/// What was done, by whose leave, and what proves it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Audit {
    /// What was asked for: a session, a run, or a range of commits.
    pub of: String,
    /// Whether every chain that is told of here holds. Where one does not, what follows it proves nothing.
    pub intact: bool,
    pub sessions: Vec<SessionAudit>,
    /// Of a range of commits: each, oldest first.
    pub commits: Vec<CommitAudit>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SessionAudit {
    pub session: String,
    /// Absent where no conversation was kept.
    pub workspace: Option<String>,
    pub profile: Option<String>,
    pub model: Option<String>,
    pub chain: ChainAudit,
    pub runs: Vec<RunAudit>,
}

/// The state of a session's journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ChainAudit {
    pub intact: bool,
    /// The first thing that is wrong.
    pub problem: Option<String>,
    pub rows: u64,
    pub sealed: u64,
    /// Rows after the last seal: a change of them could not be seen.
    pub unsealed: u64,
    /// Id of the key that signed the seal.
    pub signed_by: Option<String>,
    pub last_hash: String,
}

/// From a prompt to its result.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunAudit {
    /// Absent for rows from before runs were told apart.
    pub run: Option<String>,
    /// RFC 3339, UTC.
    pub started: String,
    pub asked: Option<Asked>,
    /// How it ended, as the session's log says.
    pub ended: Option<String>,
    pub cost: Option<Cost>,
    pub calls: Vec<CallAudit>,
    pub checks: Vec<CheckAudit>,
    /// Relative to the workspace: written by tools, or part of a commit.
    pub files_changed: Vec<String>,
    pub commits: Vec<String>,
    pub first_row: u64,
    pub last_row: u64,
}

/// A person, or what stood for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct By {
    /// `user`, `session` (agreed to before), `rule` (of the user's policy), or a name.
    pub by: String,
    /// Name in the operating system.
    pub user: Option<String>,
    /// `name <email>` as git was configured.
    pub git: Option<String>,
    /// Where they answered.
    pub face: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Asked {
    /// Absent where no conversation was kept, or the words there are not those that were journaled.
    pub text: Option<String>,
    /// SHA-256 of the words, from the journal.
    pub digest: Option<String>,
    pub by: Option<By>,
}

/// One call, from the journal, with the words from the session's log.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CallAudit {
    pub call: String,
    pub at: String,
    pub tool: String,
    /// The command, the path, or the arguments; absent where no conversation was kept.
    pub what: Option<String>,
    /// Whether those are the arguments that were judged. Absent where that cannot be told: no
    /// conversation, or arguments that were repaired.
    pub words_fit: Option<bool>,
    /// Whether its result is the one that was journaled. Absent where that cannot be told: no
    /// conversation, or a result that was shortened on its way to the model.
    pub result_fits: Option<bool>,
    pub effects: Vec<String>,
    /// What was decided in the end.
    pub verdict: Option<VerdictKind>,
    /// Of that decision; `SelfModify` of a call that ran and changed protected files.
    pub reason: Option<Reason>,
    /// Rung and rule that decided.
    pub decided_by: Option<String>,
    /// What a person, or the model, was told of a refusal.
    pub why: Option<String>,
    pub approver: Option<By>,
    pub status: Option<Status>,
    /// Of a command that ended by itself.
    pub exit_code: Option<i32>,
    /// Rows of the journal that speak of it.
    pub rows: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Ok,
    Error,
    Denied,
    Cancelled,
}

impl From<ToolStatus> for Status {
    fn from(status: ToolStatus) -> Self {
        match status {
            ToolStatus::Ok => Self::Ok,
            ToolStatus::Error => Self::Error,
            ToolStatus::Denied => Self::Denied,
            ToolStatus::Cancelled => Self::Cancelled,
        }
    }
}

/// A command that checks the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckAudit {
    /// Such as `cargo test`; never the whole line, which may hold anything.
    pub check: String,
    pub call: String,
    pub result: CheckResult,
    pub exit_code: Option<i32>,
    /// The row of its result.
    pub row: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckResult {
    Passed,
    Failed,
    /// It was stopped, or its exit code was hidden by what stood around it.
    Unknown,
}

/// A commit, and whether what it says of its making can be proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CommitAudit {
    pub commit: String,
    pub summary: String,
    pub author: String,
    pub run: Option<String>,
    pub task: Option<String>,
    pub model: Option<String>,
    pub proof: Proof,
}

/// What a commit's trailers are worth.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Proof {
    /// It says nothing of a run: a person made it, or another program, or the setting was off.
    NoTrailer,
    /// The trailers are not of the form that iosm writes.
    Malformed { why: String },
    /// The run is in no journal of this project on this machine.
    NotHere,
    /// The journal is there, and its chain does not hold.
    Broken { session: String, why: String },
    /// The journal's row has another hash than the commit says, or belongs to another run.
    Differs { session: String, why: String },
    /// The rows are there, with this hash.
    Verified {
        session: String,
        first_row: u64,
        last_row: u64,
        /// Whether the kernel itself saw the commit after the call that made it.
        seen: bool,
        /// Whether those rows are covered by a signature.
        sealed: bool,
    },
}
