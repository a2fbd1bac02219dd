//! A grant: the right to perform one judged call, once.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::base::PathHandle;

/// The right to perform exactly the effects that were judged. Only the kernel makes one; the host
/// function that performs the effects takes it by value, so it is used once. It cannot be cloned,
/// stored or sent back.
#[derive(Debug)]
pub struct Grant {
    call_id: String,
    reach: Reach,
}

/// What a grant opens. Paths are open handles, never strings to be looked up again.
#[derive(Debug)]
pub enum Reach {
    /// The session's own notes; nothing in the world.
    Nothing,
    ReadPath(PathHandle),
    ReadTree(PathHandle),
    /// A stored output, by its handle.
    ReadBlob(String),
    /// Read one file and replace or create it.
    RewriteFile(PathHandle),
    Run(RunScope),
    /// One call of a remote tool, on this server.
    Remote(String),
    /// A background command of this session, by its name.
    Background(String),
    Fetch(FetchScope),
    /// History and objects of the repository around this folder, to read. A path, because the library
    /// that reads them takes nothing else; no command can move the workspace's own root.
    Inspect(PathBuf),
    /// A file of ours, to be written in the user's own editor.
    Editor(PathBuf),
    /// The image on the user's clipboard.
    Clipboard,
    /// The workspace, to put a checkpoint back into: files below it are written, replaced and removed.
    RestoreTree(PathHandle),
}

/// One request to the web.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchScope {
    /// `http` or `https`, normalised, without user name, password and fragment.
    pub url: String,
    /// `GET` or `HEAD`.
    pub method: String,
    /// Hosts it may be answered by, redirects included; written as in [`NetScope::Hosts`].
    pub hosts: BTreeSet<String>,
}

/// How a command may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunScope {
    /// The shell line.
    pub command: String,
    pub cwd: PathBuf,
    /// Trees it may read, besides the system's own.
    pub read: Vec<PathBuf>,
    /// Trees it may write.
    pub write: Vec<PathBuf>,
    /// The workspace and its extra roots, where the line was judged to change nothing in them: they are
    /// not in `write`, so a miss of the judge does no harm.
    pub still: Vec<PathBuf>,
    /// Guarded files it may not read; `None` where what it runs decides by itself what it reads.
    pub shut: Option<Shut>,
    pub network: NetScope,
    /// Variables for this command alone, besides the session's.
    pub env: Vec<(String, String)>,
    /// False only where a person allowed a command to run without any sandbox layer.
    pub sandboxed: bool,
}

/// Guarded files (see [`may_hold_secrets`](super::may_hold_secrets)) that stay shut for one command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shut {
    /// Trees in which each of them is shut.
    pub trees: Vec<PathBuf>,
    /// Files that the call named, and trees in which it named some by a pattern: these stay open.
    pub named: Vec<PathBuf>,
    /// The line runs git, which must find tracked files as they are; what they hold is in the history too.
    pub tracked_open: bool,
}

/// Which network a command has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NetScope {
    /// None but its own loopback.
    #[default]
    None,
    /// These hosts, through a proxy that knows them by name. Only where the sandbox has a network
    /// namespace to put the command in. Written by [`host_entry`].
    Hosts(BTreeSet<String>),
    /// All of it: what a person opened where hosts cannot be told apart.
    All,
}

/// A host as grants name it: `host`, which opens its ports 80 and 443, or `host:port`, which opens that
/// one. An IPv6 address with a port stands in brackets.
pub fn host_entry(host: &str, port: Option<u16>) -> String {
    match port {
        None | Some(80 | 443) => host.to_owned(),
        Some(port) if host.contains(':') => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
    }
}

impl Grant {
    pub(super) fn new(call_id: String, reach: Reach) -> Self {
        Self { call_id, reach }
    }

    /// A grant out of nowhere, for unit tests of the rooms that use them. Absent from every build
    /// that is not a test of this crate.
    #[cfg(test)]
    pub(crate) fn for_tests(call_id: &str, reach: Reach) -> Self {
        Self::new(call_id.to_owned(), reach)
    }

    /// The call this was granted for.
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// What it opens. Uses the grant up.
    pub fn into_reach(self) -> Reach {
        self.reach
    }
}
