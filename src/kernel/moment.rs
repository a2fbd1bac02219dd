//! What rungs must know that changes from call to call.

use std::sync::Arc;

use super::kept::Weighed;
use super::leases::Leases;
use super::spent::Standing;
use super::witness::Witnesses;

/// The state of a session and of the agent that calls, at the moment of judging.
#[derive(Debug, Clone, Default)]
pub(in crate::kernel) struct Moment {
    /// The agent has seen text from a source that is not trusted.
    pub tainted: bool,
    /// Where from, in a few words.
    pub taint: String,
    /// Of a call that leaves the machine while tainted: what in it no trusted word accounts for.
    pub alien: Option<String>,
    /// Of a call that leaves the machine: the kind of a secret in its arguments.
    pub leak: Option<String>,
    /// Who calls.
    pub agent: String,
    /// What has been used up before this call.
    pub spent: Standing,
    /// Which paths belong to which agent.
    pub leases: Option<Arc<Leases>>,
    /// Which checks have passed on the tree as it is.
    pub witnesses: Arc<Witnesses>,
    /// What its deletions and overwritings would lose, and what its checkpoint must hold besides.
    pub weighed: Weighed,
}
