//! What a running tool may use besides its grant.

use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use super::ledger::ReadLedger;
use crate::base::BlobStore;
use crate::protocol::Finding;

/// Where the live output of a running command goes, piece by piece.
pub type OutputSink = Arc<dyn Fn(&str) + Send + Sync>;

/// One line of the visible task list.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TodoItem {
    pub text: String,
    pub status: TodoStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TodoStatus {
    Pending,
    Doing,
    Done,
}

/// What an agent has noted: its task list and what it reported.
#[derive(Debug, Default)]
pub struct Notes {
    pub todo: Vec<TodoItem>,
    pub findings: Vec<Finding>,
    /// Whether `report` was called at all.
    pub reported: bool,
}

/// Shared by the calls of one agent; cheap to clone.
#[derive(Clone)]
pub struct ToolContext {
    pub call_id: String,
    pub blobs: BlobStore,
    pub notes: Arc<Mutex<Notes>>,
    pub output: OutputSink,
    /// Notified when the user wants a running command to go on in the background.
    pub detach: Arc<Notify>,
    /// What this agent has read; one per agent, like its notes.
    pub ledger: ReadLedger,
}

impl ToolContext {
    /// A context for an agent that has read and noted nothing yet; live output goes nowhere.
    pub fn new(blobs: BlobStore) -> Self {
        Self {
            call_id: String::new(),
            blobs,
            notes: Arc::default(),
            output: Arc::new(|_| {}),
            detach: Arc::default(),
            ledger: ReadLedger::default(),
        }
    }

    /// The same agent's context for one call.
    pub fn for_call(&self, call_id: impl Into<String>, output: OutputSink) -> Self {
        Self { call_id: call_id.into(), output, ..self.clone() }
    }
}
