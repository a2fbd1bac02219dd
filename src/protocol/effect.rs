//! What a call would do to the world, in types. Rules speak of these, never of strings.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One effect of a call. Paths are real paths: absolute, every link followed.
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
        op: String,
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
            Self::Git { op } => format!("git {op}"),
            Self::Spawn { profile } => format!("start a sub-agent ({profile})"),
            Self::Ask => "ask the user".to_owned(),
            Self::Note { key } => format!("note {key}"),
            Self::Contained { reach } => format!("run in the sandbox ({reach})"),
            Self::Opaque { why } => format!("run in the sandbox, intent unknown: {why}"),
        }
    }
}
