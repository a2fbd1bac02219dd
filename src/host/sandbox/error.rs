//! What can go wrong before a command runs, or with the processes that watch over it.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error(
        "the process helper must be started before any thread, but {threads} threads run already; \
         call Helper::start first in main"
    )]
    Threads { threads: usize },
    #[error("cannot start the process helper: {0}")]
    Start(#[source] io::Error),
    #[error("the process helper is gone ({0}); no command can be started, restart iosm")]
    HelperGone(#[source] io::Error),
    #[error("cannot {what} for the command: {source}")]
    Prepare { what: &'static str, source: io::Error },
    #[error("{0} holds a NUL byte, which no program can receive")]
    Nul(&'static str),
    #[error("the command is empty")]
    Empty,
    #[error("program not found: {program} (looked in PATH={path})")]
    ProgramNotFound { program: String, path: String },
    #[error("cannot run {program}: {source}; is it executable, and below a path the command may read?")]
    Exec { program: String, source: io::Error },
    #[error("cannot enter the working folder {path}: {source}")]
    Cwd { path: PathBuf, source: io::Error },
    #[error("cannot open {path} to the command: {source}; roots are absolute real paths without links")]
    Root { path: PathBuf, source: io::Error },
    #[error("cannot set {what} for the command: {source}; it was not run")]
    Setup { what: String, source: io::Error },
    #[error("the sandbox layer namespaces did not load (cannot {what}: {source}); the command was not run")]
    Namespaces { what: String, source: io::Error },
    #[error(
        "a network of some hosts only needs namespaces, which this machine keeps from us; see `iosm doctor`"
    )]
    NeedsNamespaces,
    #[error("the sandbox layer {layer} did not load ({source}); the command was not run")]
    Layer { layer: &'static str, source: io::Error },
    #[error("the supervisor of the command ended without a report; the command was killed")]
    Lost,
    #[error("the process helper sent a report this build cannot read; restart iosm")]
    Garbled,
    #[error("no sandbox exists on this platform yet; commands cannot be started")]
    Unsupported,
}
