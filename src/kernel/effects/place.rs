//! Where a real path lies, as far as rules care.

use std::path::Path;

use crate::kernel::charter::{Charter, SandboxStrength};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernel) enum Place {
    /// The workspace, or a root added to it.
    Workspace,
    Temp,
    ProjectCache,
    /// A dependency cache or toolchain: to be read, not written.
    Readable,
    /// The system's public part.
    System,
    /// Our own configuration, state and keys.
    OwnDir,
    Outside,
}

impl Place {
    pub fn is_writable(self) -> bool {
        matches!(self, Self::Workspace | Self::Temp | Self::ProjectCache)
    }

    pub fn is_readable(self) -> bool {
        !matches!(self, Self::Outside | Self::OwnDir)
    }
}

/// Public trees of a Unix system: programs, libraries, and configuration without secrets (the
/// exceptions are guarded by name).
const SYSTEM: &[&str] = &[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc",
    "/opt",
    "/nix/store",
    "/System",
    "/Library",
];

/// The class of the root that lies deepest above `real`: a worktree in our state folder is a
/// workspace, our state folder below a workspace is ours.
pub(in crate::kernel) fn place_of(charter: &Charter, real: &Path) -> Place {
    let mut best = (0, Place::Outside);
    let mut consider = |root: &Path, place: Place| {
        // A root that is not set would lie above everything.
        let depth = root.as_os_str().len();
        if depth > best.0 && real.starts_with(root) {
            best = (depth, place);
        }
    };
    consider(&charter.workspace, Place::Workspace);
    for root in &charter.extra_roots {
        consider(root, Place::Workspace);
    }
    consider(&charter.temp, Place::Temp);
    consider(&charter.cache, Place::ProjectCache);
    for root in &charter.own_dirs {
        consider(root, Place::OwnDir);
    }
    for root in &charter.readable {
        consider(root, Place::Readable);
    }
    for root in SYSTEM {
        consider(Path::new(root), Place::System);
    }
    if charter.sandbox == SandboxStrength::Full {
        // Namespaces give every command a `/tmp` of its own.
        for root in ["/tmp", "/var/tmp"] {
            consider(Path::new(root), Place::Temp);
        }
    }
    best.1
}
