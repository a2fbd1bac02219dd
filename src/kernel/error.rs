//! What can go wrong in the kernel itself; a refused call is not an error but a verdict.

use std::path::PathBuf;

use crate::base::{BlobError, StoreError};
use crate::protocol::Verdict;

#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// Nothing may run that is not on record: the caller must stop execution.
    #[error("the journal cannot be written, so nothing may run: {0}")]
    Journal(#[source] StoreError),
    #[error("another process holds the journal of session {session}; close it, or start a new session")]
    Locked { session: String },
    #[error(
        "the journal {path} is not what was written (row {row}: {why}); move it away to go on, and look at it with `iosm kernel verify`"
    )]
    Damaged { path: PathBuf, row: u64, why: String },
    #[error("the output cannot be kept: {0}")]
    Blob(#[from] BlobError),
    #[error("what was taken out of a result cannot be kept: {0}")]
    Store(#[from] StoreError),
    #[error("the arguments schema of tool `{tool}` is not valid: {why}")]
    Schema { tool: String, why: String },
    #[error("the policy rule `{rule}` is not valid: {why}")]
    Rule { rule: String, why: String },
    /// A rule does not do what it says of itself.
    #[error("{origin}: the rule `{rule}` {should} match its example `{example}`, and does{}",
        if *.should == "must" { " not" } else { "" })]
    Example { rule: String, origin: String, example: String, should: &'static str },
    /// A request of our own (not a model's) that the floor forbids.
    #[error("refused: {}", .0.user_line)]
    Refused(Box<Verdict>),
}
