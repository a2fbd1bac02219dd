//! Where untrusted text came from, and since when an agent has it.

use serde::{Deserialize, Serialize};

/// A kind of source whose text somebody else may have written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TaintSource {
    /// A host on the network.
    Web,
    /// A remote tool server.
    Mcp,
    /// A file outside the workspace, the toolchain and the dependency caches.
    OutsideFile,
    /// An output kept by another session.
    StoredOutput,
}

impl TaintSource {
    pub fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Mcp => "mcp",
            Self::OutsideFile => "outside_file",
            Self::StoredOutput => "stored_output",
        }
    }
}

/// An agent has read text from a source that is not trusted. The kernel makes it from what a call was judged to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaintMark {
    pub source: TaintSource,
    /// The host, the server, the path or the handle.
    pub what: String,
    /// The call that brought it.
    pub call: String,
    /// Row of the journal that recorded it.
    pub since_seq: u64,
    /// Who cleared it, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared: Option<String>,
}

impl std::fmt::Display for TaintMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.source.name(), self.what)
    }
}
