//! What the tree of files of a command is made of, decided while the machine's own tree is in sight.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use nix::libc;

use super::frame::{Failure, Order, Step};
use super::places::{DEVICES, OWN, OWN_TERMINALS, READ, TERMINALS};
use crate::base::Digest;

/// Links every program may count on.
const LINKS: [(&str, &str); 5] = [
    (TERMINALS, "pts/ptmx"),
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
];

/// More links in one path than this are a circle.
const MOST_LINKS: usize = 40;

/// One place of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    Link(PathBuf),
    /// Made for commands with these roots, kept from one to the next.
    Own,
    Terminals,
    /// Empty but for what is granted below.
    Hidden,
    /// The machine's, to be read. What is granted and absent is left out.
    Read,
    Device,
    /// The machine's, to be changed. Must be there.
    Write,
}

#[derive(Debug, Default)]
pub struct Plan {
    /// Parents before children, as paths are ordered.
    pub parts: BTreeMap<PathBuf, Part>,
    /// Places below a writable root that must stay where they are; whether they are read-only, too.
    pub pins: BTreeMap<PathBuf, bool>,
    /// Files over which one lies that nobody may open.
    pub closed: BTreeSet<PathBuf>,
    /// Names what is kept from one command to the next.
    pub own: String,
}

/// Names a tree: two orders with one key get the same. Every place is looked at, since what is mounted
/// stays what it was when somebody outside puts a new file or folder in its stead.
pub fn key(order: &Order) -> String {
    let system = READ.iter().chain(DEVICES).map(Path::new);
    let granted = [&order.read, &order.write, &order.protected, &order.sockets];
    let lists = std::iter::once(system.collect::<Vec<_>>())
        .chain(granted.map(|list| list.iter().map(PathBuf::as_path).collect()));
    let mut bytes = Vec::with_capacity(8 * 1024);
    bytes.extend(
        order
            .env
            .iter()
            .filter(|line| line.to_bytes().starts_with(b"HOME="))
            .flat_map(|line| line.to_bytes_with_nul()),
    );
    for list in lists {
        for path in list {
            bytes.extend_from_slice(path.as_os_str().as_encoded_bytes());
            let found = std::fs::metadata(path).map_or([0; 2], |found| [found.dev(), found.ino()]);
            bytes.push(0);
            bytes.extend(found.into_iter().flat_map(u64::to_le_bytes));
        }
        bytes.push(1);
    }
    // What covers a file goes when another takes its name; that one may get the same number.
    for path in &order.closed {
        let found = std::fs::symlink_metadata(path);
        let found = found.map_or([0; 4], |found| {
            [found.dev(), found.ino(), found.ctime() as u64, found.ctime_nsec() as u64]
        });
        bytes.extend_from_slice(path.as_os_str().as_encoded_bytes());
        bytes.push(0);
        bytes.extend(found.into_iter().flat_map(u64::to_le_bytes));
    }
    Digest::default().field(&bytes).hex()
}

impl Plan {
    pub fn of(order: &Order) -> Result<Self, Failure> {
        let mut plan = Self::default();
        let mut known = BTreeMap::new();
        for path in READ.iter().chain(DEVICES) {
            // The system's own paths may be links; only its owner can change them.
            plan.follow(Path::new(path), &mut known)
                .map_err(|error| Failure::new(Step::Namespaces, &error, path))?;
        }
        for (path, part) in order
            .read
            .iter()
            .map(|path| (path, Part::Read))
            .chain(order.write.iter().map(|path| (path, Part::Write)))
        {
            let plain = path.components().skip(1).all(|part| matches!(part, Component::Normal(_)));
            if !path.is_absolute() || !plain || path.parent().is_none() {
                let error = io::Error::from_raw_os_error(libc::EINVAL);
                return Err(Failure::new(Step::Root, &error, path));
            }
            plan.put(path.clone(), if path.starts_with("/dev") { Part::Device } else { part });
        }
        for path in &order.sockets {
            plan.follow(path, &mut known).map_err(|error| Failure::new(Step::Root, &error, path))?;
        }
        for path in OWN {
            plan.parts.entry(path.into()).or_insert(Part::Own);
        }
        plan.parts.insert(OWN_TERMINALS.into(), Part::Terminals);
        for (path, target) in LINKS {
            plan.parts.insert(path.into(), Part::Link(target.into()));
        }
        // A home among the system's own places (a service's, below /opt) holds logins like any other.
        let home = order.env.iter().find_map(|line| line.to_bytes().strip_prefix(b"HOME="));
        let home = Path::new(OsStr::from_bytes(home.unwrap_or_default()));
        if matches!(Self::cover(&plan.parts, home), Some(Part::Read)) && home.is_dir() {
            plan.parts.entry(home.to_owned()).or_insert(Part::Hidden);
        }
        plan.pin(order);
        plan.closed = order.closed.iter().cloned().collect();
        // Whether a root may be written does not count: what a line puts into `/tmp`, the next one finds.
        let roots: BTreeSet<&PathBuf> = order.read.iter().chain(&order.write).collect();
        let roots = roots
            .into_iter()
            .fold(Digest::default(), |digest, path| digest.field(path.as_os_str().as_encoded_bytes()));
        plan.own = roots.hex();
        Ok(plan)
    }

    fn put(&mut self, path: PathBuf, part: Part) {
        let place = self.parts.entry(path).or_insert_with(|| part.clone());
        if part == Part::Write {
            *place = part;
        }
    }

    /// The place a path leads to, and every link on the way.
    fn follow(&mut self, path: &Path, known: &mut BTreeMap<PathBuf, Option<PathBuf>>) -> io::Result<()> {
        let mut rest: Vec<PathBuf> = path.components().rev().map(|part| part.as_os_str().into()).collect();
        let (mut at, mut links) = (PathBuf::new(), 0);
        while let Some(part) = rest.pop() {
            if part.as_os_str() == ".." {
                at.pop();
                continue;
            }
            let next = at.join(&part);
            let link = match known.get(&next) {
                Some(link) => link.clone(),
                None => match std::fs::symlink_metadata(&next) {
                    Ok(found) if found.is_symlink() => Some(std::fs::read_link(&next)?),
                    Ok(_) => None,
                    Err(_) => return Ok(()),
                },
            };
            known.insert(next.clone(), link.clone());
            let Some(target) = link else {
                at = next;
                continue;
            };
            links += 1;
            if links > MOST_LINKS {
                return Err(io::Error::from_raw_os_error(libc::ELOOP));
            }
            rest.extend(target.components().rev().map(|part| part.as_os_str().into()));
            self.put(next, Part::Link(target));
        }
        let part = if at.starts_with("/dev") { Part::Device } else { Part::Read };
        self.put(at, part);
        Ok(())
    }

    /// What is protected is pinned with every folder between it and its writable root: a folder that
    /// can be renamed takes what is mounted in it along, and another can be put in its place.
    fn pin(&mut self, order: &Order) {
        let mut protected: BTreeSet<&PathBuf> = BTreeSet::new();
        for path in &order.protected {
            let Some(root) = order.write.iter().find(|root| path.starts_with(root)) else { continue };
            // Links cannot be mounted on; like what is absent, they are looked after when all is over.
            if !std::fs::symlink_metadata(path).is_ok_and(|found| !found.is_symlink()) {
                continue;
            }
            protected.insert(path);
            for folder in path.ancestors().skip(1).take_while(|folder| *folder != root.as_path()) {
                self.pins.entry(folder.to_owned()).or_insert(false);
            }
        }
        for path in protected {
            self.pins.insert(path.clone(), true);
        }
    }

    /// The part that already holds `path`, of those in `done`.
    pub fn cover<'a>(done: &'a BTreeMap<PathBuf, Part>, path: &Path) -> Option<&'a Part> {
        path.ancestors().skip(1).find_map(|folder| done.get(folder))
    }
}
