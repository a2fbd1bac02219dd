//! One line of a session log.

use serde::{Deserialize, Serialize};

use super::past::Compaction;
use crate::protocol::{Cost, Effect, Item, TaintMark, Usage, Verdict};

/// What a session starts with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    pub session: String,
    /// Real path of the workspace.
    pub workspace: String,
    pub model: String,
    pub profile: String,
    /// `off`, `low`, `medium` or `high`; not in older logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<String>,
    /// Version of the format of this file.
    pub version: u32,
    /// Where its first entries were copied from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// The session that a fork began as a copy of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub session: String,
    /// The last entry of the conversation that was copied.
    pub entry: u64,
    /// Calls numbered in it so far: numbers of other branches are not given again.
    pub calls: u64,
    /// Entries of the fork up to this one are copies, or say that it is one.
    pub until: u64,
}

/// What holds for the requests to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// `provider/model`.
    pub model: String,
    pub profile: String,
    /// `off`, `low`, `medium` or `high`.
    pub thinking: String,
}

/// What the kernel said of a call, with the effects it resolved; replay needs both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    pub call_id: String,
    pub tool: String,
    pub effects: Vec<Effect>,
    pub verdict: Verdict,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Payload {
    Start(Start),
    Item {
        item: Item,
    },
    Call(CallRecord),
    /// One request to the model ended.
    Usage {
        usage: Usage,
        cost: Cost,
        /// `provider/model`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<String>,
    },
    /// From here on, requests show the older part of the conversation folded.
    Compacted(Compaction),
    /// An agent read text that is not trusted (written before the text itself), or a person cleared it.
    Taint {
        agent: String,
        mark: TaintMark,
    },
    /// Model, profile or thinking are others than the log says so far.
    Holds(Holds),
    /// A turn ended: everything before it is on the disk.
    TurnEnd {
        status: String,
    },
    Name {
        name: String,
    },
    /// The conversation went back to before the user's message `before`. The parent of this entry is what
    /// that message followed, so whatever comes next is another branch.
    Rewind {
        before: u64,
    },
    /// The conversation goes on where another branch had ended: after `to`, the parent of this entry.
    Switch {
        to: u64,
    },
}

/// `id` counts from 1 within the file; `parent` is the entry it follows (0 for the first).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub id: u64,
    pub parent: u64,
    /// RFC 3339, UTC.
    pub ts: String,
    #[serde(flatten)]
    pub payload: Payload,
}
