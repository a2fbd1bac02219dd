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
    "/sys",
    "/dev/dri",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys",
    "/proc/uptime",
    "/proc/version",
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
    for root in charter.readable.iter().chain(&charter.skills) {
        consider(root, Place::Readable);
    }
    for root in SYSTEM {
        consider(Path::new(root), Place::System);
    }
    best.1
}

/// Namespaces give every command a `/tmp` of its own, so what a command writes there is gone with it.
/// Not so for the file tools, nor for what in `/tmp` holds the user's own things: with a workspace in
/// `/tmp/x/ws`, all of `/tmp/x`.
pub(in crate::kernel) fn place_for_command(charter: &Charter, real: &Path, deletes: bool) -> Place {
    let place = place_of(charter, real);
    let entry = |tmp: &Path, path: &Path| {
        path.strip_prefix(tmp).ok().map(|rest| rest.components().next().map(|first| tmp.join(first)))
    };
    let own_tmp = charter.sandbox == SandboxStrength::Full
        && [Path::new("/tmp"), Path::new("/var/tmp")].into_iter().any(|tmp| {
            let held = |own: &Path| entry(tmp, own).is_some_and(|held| held == entry(tmp, real).flatten());
            // The folder itself is private as well; what would go with it may be the user's.
            let whole = deletes
                && real == tmp
                && [&charter.workspace, &charter.home].iter().any(|own| own.starts_with(tmp));
            real.starts_with(tmp) && !whole && !held(&charter.workspace) && !held(&charter.home)
        });
    if place == Place::Outside && own_tmp { Place::Temp } else { place }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::testing::World;

    #[test]
    fn the_deepest_root_decides() {
        let mut world = World::new();
        let own = world.charter.own_dirs[0].clone();
        world.charter.temp = own.join("tmp");
        let worktree = own.join("worktrees/T01");
        world.charter.extra_roots.push(worktree.clone());
        let place = |path: &Path| place_of(&world.charter, path);
        assert_eq!(place(&worktree.join("a.rs")), Place::Workspace);
        assert_eq!(place(&own.join("worktrees/T02/a.rs")), Place::OwnDir);
        assert_eq!(place(&own.join("tmp/x")), Place::Temp);
        assert_eq!(place(&own.join("tmpx")), Place::OwnDir);
        assert_eq!(place(Path::new("/usr/bin/env")), Place::System);
        assert_eq!(place(Path::new("/proc/1/status")), Place::Outside);
        assert_eq!(place(Path::new("/proc/meminfo")), Place::System);
        assert_eq!(place(Path::new("/proc")), Place::Outside);
        assert_eq!(place(Path::new("/")), Place::Outside);
    }
}
