//! The launcher: every process `iosm` starts, starts here.
//!
//! ```text
//! iosm ──seqpacket──▶ helper ──fork──▶ supervisor ──fork──▶ [init ──fork──▶] command
//!   └────────── control socket, one per command ──┘
//! ```
//!
//! The *helper* is forked before threads and heaps exist, so starting a process costs the same however
//! large `iosm` has grown. A *supervisor* per command adopts whatever the command leaves behind, and
//! ends it all when the command ends, when asked to, or when `iosm` is gone. The *command* runs under
//! Landlock (an allow-list of files) and seccomp (no way around Landlock). In the *full* mode the
//! supervisor starts an *init* in namespaces, and that the command: a tree of files that holds only what
//! was granted, processes and a network of its own. Without namespaces the mode is called *reduced*.
//! Files below a writable root that must not change are pinned by mounts where that is possible, and
//! put back when the command has ended everywhere else.
//!
//! This room never decides what a command may do: paths, network, limits and layers come in a
//! [`Launch`]. A layer that was asked for and does not load means that the command does not run.

mod env;
mod error;
mod launch;
mod memory;
mod nested;
mod protect;
mod report;
mod strength;
mod toolchain;

#[cfg(target_os = "linux")]
mod child;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod frame;
#[cfg(target_os = "linux")]
mod helper;
#[cfg(target_os = "linux")]
mod init;
#[cfg(target_os = "linux")]
mod launcher;
#[cfg(target_os = "linux")]
mod mounts;
#[cfg(target_os = "linux")]
mod moved;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(target_os = "linux")]
mod places;
#[cfg(target_os = "linux")]
mod plan;
#[cfg(target_os = "linux")]
mod probe;
#[cfg(target_os = "linux")]
mod running;
#[cfg(target_os = "linux")]
mod supervisor;
#[cfg(target_os = "linux")]
mod sys;
#[cfg(target_os = "linux")]
mod syscalls;
#[cfg(target_os = "linux")]
mod tree;
#[cfg(target_os = "linux")]
mod view;
#[cfg(target_os = "linux")]
mod watch;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{Helper, Launcher, Output, Process, Running};

#[cfg(target_os = "linux")]
pub use helper::Helper;
#[cfg(target_os = "linux")]
pub use launcher::Launcher;
#[cfg(target_os = "linux")]
pub use running::{Output, Process, Running};

pub use env::{Environment, MARKER, PROXY, Surroundings, inside_sandbox};
pub use error::SandboxError;
pub use launch::{Command, Errors, Input, Launch, Layers, Limits, Network};
pub use memory::most_memory_mb;
pub use nested::Nested;
pub use protect::{Protected, protected};
pub use report::{Ended, Exit, Status};
pub use strength::Strength;
pub use toolchain::{Toolchain, ToolchainError, Toolchains};
