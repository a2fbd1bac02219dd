//! What to run, where, with what, and within which bounds.

use std::ffi::OsString;
use std::path::PathBuf;

use super::protect::Protected;

/// One command to start. Nothing is inherited from `iosm`: the environment is exactly `env`, open
/// files are exactly the three standard ones.
#[derive(Debug, Clone)]
pub struct Launch {
    pub command: Command,
    /// Must exist. Being below `read` or `write` is the caller's concern.
    pub cwd: PathBuf,
    pub env: Vec<(String, String)>,
    /// Files and folders that may be read and executed besides the system's own. Absolute real paths
    /// (no links); what does not exist is left out.
    pub read: Vec<PathBuf>,
    /// Files and folders that may be changed, too. Absolute real paths; each must exist.
    pub write: Vec<PathBuf>,
    /// Below `write`, and not to be changed all the same; see [`protected`](super::protected()).
    pub protected: Protected,
    /// Files below `read` or `write` that may not even be read. With namespaces an empty file that nobody
    /// may open lies over each; with Landlock alone they are held only below what is not in `write`.
    pub closed: Vec<PathBuf>,
    /// Sockets of other programs that may be talked to. Only with namespaces; what does not exist is
    /// left out.
    pub sockets: Vec<PathBuf>,
    pub network: Network,
    pub limits: Limits,
    pub layers: Layers,
    pub input: Input,
    pub errors: Errors,
}

impl Launch {
    /// A shell line, run by `bash` where there is one, else `sh`.
    pub fn shell(line: impl Into<String>, cwd: impl Into<PathBuf>) -> Self {
        Self::new(Command::Shell(line.into()), cwd.into())
    }

    /// A program and its arguments. A name without a slash is looked up in the `PATH` of `env`.
    pub fn argv<A: Into<OsString>>(argv: impl IntoIterator<Item = A>, cwd: impl Into<PathBuf>) -> Self {
        Self::new(Command::Argv(argv.into_iter().map(Into::into).collect()), cwd.into())
    }

    fn new(command: Command, cwd: PathBuf) -> Self {
        Self {
            command,
            cwd,
            env: Vec::new(),
            read: Vec::new(),
            write: Vec::new(),
            protected: Protected::default(),
            closed: Vec::new(),
            sockets: Vec::new(),
            network: Network::None,
            limits: Limits::default(),
            layers: Layers::ALL,
            input: Input::Nothing,
            errors: Errors::Merged,
        }
    }
}

/// Which network a command finds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Network {
    /// None at all; with namespaces, a loopback of its own.
    #[default]
    None,
    /// A loopback of its own, on which something of ours listens as its only way out. Needs namespaces.
    Proxied,
    /// The machine's.
    All,
}

#[derive(Debug, Clone)]
pub enum Command {
    Shell(String),
    Argv(Vec<OsString>),
}

/// What the command finds on its standard input.
#[derive(Debug, Clone)]
pub enum Input {
    /// `/dev/null`.
    Nothing,
    Bytes(Vec<u8>),
    /// A pipe, handed back as `Running::input`.
    Pipe,
}

/// Where standard error goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errors {
    /// Into the same pipe as standard output, in order.
    Merged,
    /// Into a pipe of its own, `Running::errors`.
    Apart,
    Discarded,
}

/// Bounds of one command and everything it starts. Wall time is the caller's: call `kill`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Seconds of processor time, of each process.
    pub cpu_s: Option<u64>,
    /// Bytes, of each file written.
    pub file_size: Option<u64>,
    /// Processes alive at one time in the whole tree.
    pub processes: Option<u32>,
    /// Bytes resident in the whole tree. Measured a few times a second, never by `RLIMIT_AS`, which
    /// breaks whatever reserves address space (Go, Java, sanitizers).
    pub memory_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { cpu_s: None, file_size: None, processes: Some(1024), memory_bytes: None }
    }
}

/// The layers a command must run under. Each is a demand: if one does not load, nothing runs. Ask
/// for less only when the user said so, or when [`Strength`](super::Strength) says a layer is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layers {
    /// Users, mounts, processes, network and messages of its own: a tree of files that holds only what
    /// was granted, and a loopback shared with the other commands of this `iosm`.
    pub namespaces: bool,
    pub landlock: bool,
    pub seccomp: bool,
}

impl Layers {
    pub const ALL: Self = Self { namespaces: true, landlock: true, seccomp: true };
    /// What a machine offers that keeps namespaces from ordinary users.
    pub const REDUCED: Self = Self { namespaces: false, landlock: true, seccomp: true };
    pub const NONE: Self = Self { namespaces: false, landlock: false, seccomp: false };

    pub fn any(self) -> bool {
        self.namespaces || self.landlock || self.seccomp
    }
}
