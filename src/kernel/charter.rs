//! What a kernel is set up with: roots, tools, capabilities, policy. Plain data, fixed for a session.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::config::Policy;
use crate::protocol::ToolSpec;

/// How strong the sandbox beneath us is on this machine, as probed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SandboxStrength {
    /// No layer loads.
    None,
    /// A layer that should be there is missing.
    Partial,
    /// Landlock and seccomp.
    Reduced,
    /// Namespaces too.
    Full,
}

/// What a profile allows at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    pub profile: String,
    pub tools: BTreeSet<String>,
    /// Kinds of [`crate::protocol::Effect`].
    pub effects: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct Charter {
    pub session: String,
    /// Real path of the workspace.
    pub workspace: PathBuf,
    /// Real paths added with `--add-dir`; as writable as the workspace.
    pub extra_roots: Vec<PathBuf>,
    /// The workspace's git directories, wherever they lie: commands may use them, nobody edits them.
    pub git: Vec<PathBuf>,
    /// Trees that may be read besides: dependency caches, toolchains, the system's own.
    pub readable: Vec<PathBuf>,
    /// Folders of the user's own skills: to be read although they lie among settings, never written.
    pub skills: Vec<PathBuf>,
    /// The session's private temporary folder; writable.
    pub temp: PathBuf,
    /// Cache folder of this project that commands may write.
    pub cache: PathBuf,
    pub home: PathBuf,
    /// Our own configuration, state and key folders: never touched by a call.
    pub own_dirs: Vec<PathBuf>,
    /// Package managers, and the hosts that theirs needs: `("cargo", ["index.crates.io", …])`.
    pub registries: Vec<(String, Vec<String>)>,
    /// The repository's remotes as they were configured when the session began: name and URL.
    pub remotes: Vec<(String, String)>,
    pub tools: Vec<ToolSpec>,
    pub capability: Capability,
    pub policy: Policy,
    pub sandbox: SandboxStrength,
    /// Whether the user themselves said that commands may run without a sandbox; a rule of theirs
    /// then allows what would ask.
    pub unsandboxed_by_user: bool,
    /// Whether somebody is there to answer a question.
    pub human: bool,
    /// Whether a snapshot of the workspace is taken before a turn's first write, so that what is
    /// deleted comes back.
    pub checkpoints: bool,
}
