//! What a call would do to the world, in types. Rules speak of these, never of strings.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One effect of a call. Paths are real paths: absolute, every link followed.
/// What a git command does, from a closed list. A flag that makes a command dangerous makes it another
/// operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GitOp {
    /// Looks at state, history or content.
    Look,
    Status,
    Diff,
    Add,
    Commit,
    Amend,
    Fetch,
    Pull,
    Push,
    ForcePush,
    Clone,
    Init,
    Switch,
    Branch,
    BranchDelete,
    Tag,
    TagDelete,
    Merge,
    CherryPick,
    Rebase,
    Filter,
    Reset,
    ResetHard,
    Clean,
    /// Files are taken from the index or a commit.
    Checkout,
    CheckoutTree,
    Restore,
    RestoreTree,
    Stash,
    StashDrop,
    Apply,
    Remove,
    Move,
    Config,
    /// Configuration that names a program to run, a signing key or another address.
    Hooks,
    Remote,
    WorktreeAdd,
    WorktreeRemove,
    Submodule,
    Bisect,
    Notes,
    /// References and objects below the ordinary commands.
    Plumbing,
    Maintain,
    /// Drops what only the reflog or loose objects still hold.
    Prune,
    /// Writes a file of its own: an archive, a patch, a bundle.
    Export,
    /// Not known: an alias, or a program of another maker.
    Other,
}

impl GitOp {
    pub fn reads_only(self) -> bool {
        matches!(self, Self::Look | Self::Status | Self::Diff)
    }

    /// As effects and reports spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Status => "status",
            Self::Diff => "diff",
            Self::Add => "add",
            Self::Commit => "commit",
            Self::Amend => "amend",
            Self::Fetch => "fetch",
            Self::Pull => "pull",
            Self::Push => "push",
            Self::ForcePush => "force_push",
            Self::Clone => "clone",
            Self::Init => "init",
            Self::Switch => "switch",
            Self::Branch => "branch",
            Self::BranchDelete => "branch_delete",
            Self::Tag => "tag",
            Self::TagDelete => "tag_delete",
            Self::Merge => "merge",
            Self::CherryPick => "cherry_pick",
            Self::Rebase => "rebase",
            Self::Filter => "filter",
            Self::Reset => "reset",
            Self::ResetHard => "reset_hard",
            Self::Clean => "clean",
            Self::Checkout => "checkout",
            Self::CheckoutTree => "checkout_tree",
            Self::Restore => "restore",
            Self::RestoreTree => "restore_tree",
            Self::Stash => "stash",
            Self::StashDrop => "stash_drop",
            Self::Apply => "apply",
            Self::Remove => "remove",
            Self::Move => "move",
            Self::Config => "config",
            Self::Hooks => "hooks",
            Self::Remote => "remote",
            Self::WorktreeAdd => "worktree_add",
            Self::WorktreeRemove => "worktree_remove",
            Self::Submodule => "submodule",
            Self::Bisect => "bisect",
            Self::Notes => "notes",
            Self::Plumbing => "plumbing",
            Self::Maintain => "maintain",
            Self::Prune => "prune",
            Self::Export => "export",
            Self::Other => "other",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    Read {
        path: PathBuf,
    },
    Write {
        path: PathBuf,
    },
    Delete {
        path: PathBuf,
    },
    /// A program whose behaviour is known well enough to name its argument list.
    Exec {
        program: String,
        argv: Vec<String>,
    },
    Net {
        /// A name in lower case, an address without brackets, or words where neither is known.
        host: String,
        port: Option<u16>,
        /// `GET` or `HEAD`, where the call sends exactly that; `None` for a command.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        method: Option<String>,
    },
    Git {
        op: GitOp,
        /// What it is done to, as shown: `origin main` for a push.
        about: String,
    },
    /// A sub-agent.
    Spawn {
        profile: String,
    },
    /// A question to the user.
    Ask,
    /// A change to our own notes of the session (task list, findings); nothing in the world moves.
    Note {
        key: String,
    },
    /// May do whatever its sandbox allows; `reach` says what that is in a few words.
    Contained {
        reach: String,
    },
    /// As `Contained`, and what it means to do cannot be read from it.
    Opaque {
        why: String,
    },
}

impl Effect {
    /// Reaching a host by whatever it is that a command sends.
    pub fn net(host: impl Into<String>, port: Option<u16>) -> Self {
        Self::Net { host: host.into(), port, method: None }
    }

    /// Whether something may be different on disk afterwards. A list of effects *says that a call writes
    /// nothing* when this is false for each of them. What git keeps for itself while it only looks (a
    /// refreshed index) does not count.
    pub fn may_write(&self) -> bool {
        match self {
            Self::Write { .. } | Self::Delete { .. } | Self::Spawn { .. } => true,
            Self::Contained { .. } | Self::Opaque { .. } => true,
            Self::Git { op, .. } => !op.reads_only(),
            Self::Read { .. } | Self::Exec { .. } | Self::Net { .. } | Self::Ask | Self::Note { .. } => false,
        }
    }

    /// The name of its kind, as profiles and policies spell it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Read { .. } => "read",
            Self::Write { .. } => "write",
            Self::Delete { .. } => "delete",
            Self::Exec { .. } => "exec",
            Self::Net { .. } => "net",
            Self::Git { .. } => "git",
            Self::Spawn { .. } => "spawn",
            Self::Ask => "ask",
            Self::Note { .. } => "note",
            Self::Contained { .. } => "contained",
            Self::Opaque { .. } => "opaque",
        }
    }

    /// Every kind, in the order of the documentation.
    pub const KINDS: [&'static str; 11] =
        ["read", "write", "delete", "exec", "net", "git", "spawn", "ask", "note", "contained", "opaque"];

    /// One line for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Read { path } => format!("read {}", path.display()),
            Self::Write { path } => format!("write {}", path.display()),
            Self::Delete { path } => format!("delete {}", path.display()),
            Self::Exec { argv, .. } => format!("run {}", argv.join(" ")),
            Self::Net { host, port: Some(port), .. } => format!("reach {host}:{port}"),
            Self::Net { host, port: None, .. } => format!("reach {host}"),
            Self::Git { op, about } if about.is_empty() => format!("git {}", op.name()),
            Self::Git { op, about } => format!("git {} {about}", op.name()),
            Self::Spawn { profile } => format!("start a sub-agent ({profile})"),
            Self::Ask => "ask the user".to_owned(),
            Self::Note { key } => format!("note {key}"),
            Self::Contained { reach } => format!("run in the sandbox ({reach})"),
            Self::Opaque { why } => format!("run in the sandbox, intent unknown: {why}"),
        }
    }
}
