//! How a command ended.

use std::fmt;
use std::path::PathBuf;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Code(i32),
    Signal(i32),
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "killed by signal {signal}"),
        }
    }
}

/// Why we ended a command; `None` in [`Exit::ended_by`] when it ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Somebody called `kill`.
    Request,
    /// More processes than `Limits::processes`.
    Processes,
    /// More memory than `Limits::memory_bytes`.
    Memory,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    pub status: Status,
    pub ended_by: Option<Ended>,
    /// User and system time of all processes of the command, in milliseconds.
    pub cpu_ms: u64,
    /// The largest resident size any one process of it reached, in KiB.
    pub max_rss_kb: u64,
    /// Processes still alive when the command itself had ended (or was killed), killed by us.
    pub strays: u32,
    /// Processes that did not go away when killed (stuck in the operating system).
    pub left: u32,
    /// Protected places that the command, or somebody else meanwhile, had changed, and that were put
    /// back. What was found there lies beside them as `NAME.set-aside-…`. At most a hundred are named.
    pub restored: Vec<PathBuf>,
    /// The same, where putting back failed.
    pub damaged: Vec<PathBuf>,
}

impl Exit {
    pub fn success(&self) -> bool {
        self.status == Status::Code(0) && self.ended_by.is_none()
    }
}
