//! The Landlock layer: which files a command may read, run and change.
//!
//! Landlock adds rights down a tree and cannot take any away, so reading is an allow-list that leaves
//! credentials out. It governs opening, making, removing, renaming and linking; it does not govern
//! `stat`, `chmod`, `chown` and times. A process under it can neither trace nor (from version 6 on)
//! signal processes outside.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};
use nix::libc;

use super::frame::{Failure, Order, Step};
use super::launch::Network;
use super::places::{DEVICES, OWN, OWN_TERMINALS, READ, TERMINALS};
use super::sys;

fn refused(error: RulesetError) -> Failure {
    let source = find_io(&error).unwrap_or(libc::EINVAL);
    Failure::new(Step::Landlock, &io::Error::from_raw_os_error(source), error.to_string())
}

fn last_error(what: &str) -> Failure {
    Failure::new(Step::Landlock, &io::Error::last_os_error(), what)
}

/// The system's own error somewhere below a library's.
fn find_io(error: &(dyn std::error::Error + 'static)) -> Option<i32> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(code) = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(code);
        }
        next = error.source();
    }
    None
}

/// Rights per kind of place, for one version of Landlock.
struct Rights {
    abi: ABI,
    read: BitFlags<AccessFs>,
    write: BitFlags<AccessFs>,
    device: BitFlags<AccessFs>,
}

impl Rights {
    fn of(abi: ABI) -> Self {
        let all = AccessFs::from_all(abi);
        let read = AccessFs::Execute | AccessFs::ReadFile | AccessFs::ReadDir;
        // As root, a device node made in the workspace would open the disk below every file.
        let write = all & !(AccessFs::MakeChar | AccessFs::MakeBlock);
        let device =
            all & (AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::Truncate | AccessFs::IoctlDev);
        Self { abi, read, write, device }
    }

    fn add(
        &self,
        rules: RulesetCreated,
        place: impl AsFd,
        rights: BitFlags<AccessFs>,
    ) -> Result<RulesetCreated, Failure> {
        let stat = nix::sys::stat::fstat(&place)
            .map_err(|errno| Failure::new(Step::Landlock, &errno.into(), "fstat"))?;
        let folder = stat.st_mode & libc::S_IFMT == libc::S_IFDIR;
        let rights = if folder { rights } else { rights & AccessFs::from_file(self.abi) };
        rules.add_rule(PathBeneath::new(place, rights)).map_err(refused)
    }

    /// A place to be read but for some files below it. Rights cannot be taken away further down, so they
    /// are given beside those files instead of above them: the folders on the way may be listed, and what
    /// else lies in them may be read. What appears there later may not.
    fn add_around(
        &self,
        rules: RulesetCreated,
        place: impl AsFd,
        path: &Path,
        closed: &[PathBuf],
    ) -> Result<RulesetCreated, Failure> {
        if !closed.iter().any(|file| file.starts_with(path)) {
            return self.add(rules, place, self.read);
        }
        if closed.iter().any(|file| file == path) {
            return Ok(rules);
        }
        let mut rules = self.add(rules, place, AccessFs::ReadDir.into())?;
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            let path = entry.path();
            // What a link leads to has a right of its own or none. What vanished needs none.
            if let Ok(place) = open_root(&path) {
                rules = self.add_around(rules, place, &path, closed)?;
            }
        }
        Ok(rules)
    }
}

/// Fences this process in, and everything it will start. Every right this system's Landlock knows is
/// handled, and each is demanded: a half-loaded layer is an error.
pub fn restrict(order: &Order) -> Result<(), Failure> {
    let abi = sys::landlock_abi().map_err(|error| Failure::new(Step::Landlock, &error, "absent"))?;
    let abi = ABI::from(abi as i32);
    let rights = Rights::of(abi);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(abi))
        .map_err(refused)?;
    // With namespaces the network is one of the command's own, or was granted.
    if abi >= ABI::V4 && order.network != Network::All && !order.layers.namespaces {
        rules = rules.handle_access(AccessNet::from_all(abi)).map_err(refused)?;
    }
    if abi >= ABI::V6 {
        rules = rules.scope(Scope::from_all(abi)).map_err(refused)?;
    }
    let mut rules = rules.create().map_err(refused)?;
    for path in READ {
        // The system's own paths may be links; only its owner can change them.
        if let Ok(place) = PathFd::new(path) {
            rules = rights.add_around(rules, place, Path::new(path), &order.closed)?;
        }
    }
    for path in DEVICES {
        if let Ok(place) = PathFd::new(path) {
            rules = rights.add(rules, place, rights.device)?;
        }
    }
    let (own, terminals) = if order.layers.namespaces { (OWN, OWN_TERMINALS) } else { (&[][..], TERMINALS) };
    for path in own {
        if let Ok(place) = PathFd::new(path) {
            rules = rights.add(rules, place, rights.write)?;
        }
    }
    if let Ok(place) = PathFd::new(terminals) {
        rules = rights.add(rules, place, rights.device | AccessFs::ReadDir)?;
    }
    for path in &order.read {
        match open_root(path) {
            Ok(place) => rules = rights.add_around(rules, place, path, &order.closed)?,
            Err(error) if is_absent(&error) => {}
            Err(error) => return Err(Failure::new(Step::Root, &error, path)),
        }
    }
    for path in &order.write {
        let place = open_root(path).map_err(|error| Failure::new(Step::Root, &error, path))?;
        rules = rights.add(rules, place, rights.write)?;
    }
    rules.restrict_self().map_err(refused).map(drop)
}

/// Roots were resolved when they were named. Following a link now would let a command that may write
/// above a root swap it for a link to `/` and have the next command fenced by nothing.
fn open_root(path: &Path) -> io::Result<OwnedFd> {
    if !path.is_absolute() {
        return Err(io::Error::from_raw_os_error(libc::EINVAL));
    }
    sys::open_without_links(&CString::new(path.as_os_str().as_bytes())?)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR | libc::EACCES))
}

/// Confines only the signals of this process: to itself and what it will start. The supervisor does
/// this, outside the fence of its command, so that it can kill "everybody" at one stroke and the
/// command cannot reach it. `Ok(false)` where Landlock is too old.
pub fn scope_signals() -> Result<bool, Failure> {
    if !sys::landlock_abi().is_ok_and(|abi| abi >= 6) {
        return Ok(false);
    }
    let everywhere = PathFd::new("/").map_err(|_| last_error("/"))?;
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .scope(Scope::Signal)
        // Any fence refuses moving files between folders unless it says otherwise.
        .and_then(|rules| rules.handle_access(AccessFs::Refer))
        .and_then(Ruleset::create)
        .and_then(|rules| rules.add_rule(PathBeneath::new(everywhere, AccessFs::Refer)))
        .map_err(refused)?;
    rules.restrict_self().map_err(refused)?;
    Ok(true)
}
