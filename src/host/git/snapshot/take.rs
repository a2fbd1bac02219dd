//! Taking a snapshot: who stands there, what is known of them, and what must be read.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use git2::{ObjectType, Odb, Oid, Repository};

use super::below::Below;
use super::cache::{Cache, Stamp};
use super::spell::path as as_path;
use super::{
    Entry, Flat, Large, LeftOut, MOST_FILE, MOST_NAMES, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, SnapshotError,
    Store, object, spell,
};
use crate::base::{FileKind, PathHandle, sha256_hex};
use crate::host::file::HostError;
use crate::host::tree::{Every, every};
use crate::kernel::{Grant, Reach};

/// Only one file above this is in memory at a time, in bytes.
const MUCH: u64 = 4 * 1024 * 1024;
/// Files are read and packed by so many threads.
const MOST_WORKERS: usize = 4;

/// How far a snapshot may go.
pub struct Bounds<'a> {
    /// Folders that are passed over: our own, where they lie in the tree.
    pub apart: &'a [PathBuf],
    /// Paths that are taken although they are ignored, where they exist.
    pub also: &'a [Vec<u8>],
    /// Reading stops after so long; what was read by then is not read again.
    pub longest: Duration,
    pub stop: &'a AtomicBool,
}

/// What stands in a tree.
#[derive(Debug, Default)]
pub struct Scan {
    pub flat: Flat,
    pub left_out: Vec<LeftOut>,
    pub large: Vec<Large>,
    pub files: u64,
    /// Of all files.
    pub bytes: u64,
}

/// A file whose content is not known yet.
struct Unread {
    path: Vec<u8>,
    size: u64,
}

enum Got {
    Content {
        id: Oid,
        mode: u32,
        stamp: Option<Stamp>,
    },
    /// It went away meanwhile.
    Gone,
    Unreadable(String),
}

impl Store {
    /// Looks at every file of the granted tree that git would not ignore, and stores the contents that
    /// are not stored yet. Keeps no checkpoint: [`keep`](Self::keep) does.
    pub fn scan(&self, grant: Grant, bounds: &Bounds<'_>) -> Result<Scan, SnapshotError> {
        let handle = match grant.into_reach() {
            Reach::ReadTree(handle) if handle.kind() == FileKind::Directory => handle,
            other => return Err(HostError::wrong_grant("a tree to look at", &other).into()),
        };
        let stopped = || bounds.stop.load(Ordering::Relaxed);
        let walked = every(&handle, bounds.apart, &|found| found > MOST_NAMES || stopped())?;
        let Some(Every { found, unread }) = walked else {
            return Err(if stopped() { SnapshotError::Cancelled } else { SnapshotError::TooMany });
        };
        let mut hidden = tracked(handle.real());
        hidden.extend_from_slice(bounds.also);
        let (scan, kept) = self.gather(&handle, Every { found, unread }, &hidden, bounds)?;
        kept.save(&self.dir, &cache_name(handle.real()))?;
        scan.whole(bounds)
    }

    /// As [`scan`](Self::scan), of the paths `also` alone and the folders they lie in.
    pub fn scan_only(&self, grant: Grant, bounds: &Bounds<'_>) -> Result<Scan, SnapshotError> {
        let handle = match grant.into_reach() {
            Reach::ReadTree(handle) if handle.kind() == FileKind::Directory => handle,
            other => return Err(HostError::wrong_grant("a tree to look at", &other).into()),
        };
        let (scan, _) = self.gather(&handle, Every::default(), bounds.also, bounds)?;
        scan.whole(bounds)
    }

    fn gather(
        &self,
        handle: &PathHandle,
        Every { found, unread }: Every,
        hidden: &[Vec<u8>],
        bounds: &Bounds<'_>,
    ) -> Result<(Looked, Cache), SnapshotError> {
        let stopped = || bounds.stop.load(Ordering::Relaxed);
        // However long the walk took, some files are read.
        let until = Instant::now() + bounds.longest;
        let late = || stopped() || Instant::now() > until;
        let below = Below::open(handle)?;
        let odb = self.repository.odb()?;
        let known = Cache::load(&self.dir, &cache_name(handle.real()));
        let mut sorter = Sorter {
            store: self,
            below: &below,
            odb: &odb,
            known,
            kept: Cache::default(),
            scan: Scan::default(),
            unread: Vec::new(),
            seen: HashSet::new(),
        };
        sorter.scan.left_out =
            unread.into_iter().map(|(path, why)| LeftOut { path: spell(path), why }).collect();
        for found in found {
            sorter.sort(found.path.into_os_string().into_vec(), &found.meta)?;
        }
        for path in hidden {
            sorter.sort_hidden(handle.real(), path)?;
        }
        let Sorter { mut kept, mut scan, unread, .. } = sorter;
        let got = read_all(&self.repository, &below, &unread, &late)?;
        let left = unread.len() - got.len();
        for (at, got) in got {
            let path = unread[at].path.clone();
            match got {
                Got::Content { id, mode, stamp } => {
                    if let Some(stamp) = stamp {
                        kept.put(path.clone(), stamp, id);
                    }
                    scan.files += 1;
                    scan.bytes += unread[at].size;
                    scan.flat.insert(path, Entry { mode, id, large: false });
                }
                Got::Gone => {}
                Got::Unreadable(why) => scan.left_out.push(LeftOut { path: spell(as_path(&path)), why }),
            }
        }
        Ok((Looked { scan, left }, kept))
    }
}

/// A scan, and how many of its files were not read.
struct Looked {
    scan: Scan,
    left: usize,
}

impl Looked {
    fn whole(self, bounds: &Bounds<'_>) -> Result<Scan, SnapshotError> {
        if bounds.stop.load(Ordering::Relaxed) {
            return Err(SnapshotError::Cancelled);
        }
        if self.left > 0 {
            let seconds = bounds.longest.as_secs();
            return Err(SnapshotError::OutOfTime { seconds, left: self.left });
        }
        Ok(self.scan)
    }
}

/// Tells what is known from what must be read.
struct Sorter<'a> {
    store: &'a Store,
    below: &'a Below,
    odb: &'a Odb<'a>,
    known: Cache,
    /// What is known of the files that are still there.
    kept: Cache,
    scan: Scan,
    unread: Vec<Unread>,
    seen: HashSet<Vec<u8>>,
}

impl Sorter<'_> {
    fn sort(&mut self, path: Vec<u8>, meta: &std::fs::Metadata) -> Result<(), SnapshotError> {
        use std::os::unix::fs::MetadataExt;
        let mode = meta.mode();
        self.seen.insert(path.clone());
        match mode & S_IFMT {
            S_IFDIR => drop(self.scan.flat.insert(path, Entry { mode, id: Oid::ZERO_SHA1, large: false })),
            S_IFLNK => match self.below.link(&path) {
                Ok(target) => {
                    let id = object::write(self.odb, ObjectType::Blob, &target)?;
                    self.scan.files += 1;
                    self.scan.flat.insert(path, Entry { mode, id, large: false });
                }
                Err(error) => self.leave_out(&path, error.to_string()),
            },
            S_IFREG => {
                let stamp = Stamp::of(meta);
                if meta.len() > MOST_FILE {
                    return self.share(path, meta, &stamp);
                }
                match self.known.get(&path, &stamp).filter(|id| self.odb.exists(*id)) {
                    Some(id) => {
                        self.scan.files += 1;
                        self.scan.bytes += meta.len();
                        self.kept.put(path.clone(), stamp, id);
                        self.scan.flat.insert(path, Entry { mode, id, large: false });
                    }
                    None => self.unread.push(Unread { path, size: meta.len() }),
                }
            }
            // A pipe, socket or device has no content.
            _ => {}
        }
        Ok(())
    }

    /// One that the walk passed over: in the user's index, or wanted, although it is ignored.
    fn sort_hidden(&mut self, root: &Path, path: &[u8]) -> Result<(), SnapshotError> {
        if self.seen.contains(path) {
            return Ok(());
        }
        // Through no link, and with the folders that it lies in.
        if self.below.look(path).is_err() {
            return Ok(());
        }
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        for end in slashes.chain([path.len()]) {
            let part = &path[..end];
            if self.seen.contains(part) {
                continue;
            }
            if let Ok(meta) = root.join(as_path(part)).symlink_metadata() {
                self.sort(part.to_vec(), &meta)?;
            }
        }
        Ok(())
    }

    /// Lets a large file's blocks be shared, where the file system can.
    fn share(&mut self, path: Vec<u8>, meta: &std::fs::Metadata, stamp: &Stamp) -> Result<(), SnapshotError> {
        use std::os::unix::fs::MetadataExt;
        let key = stamp.key()?;
        let folder = self.store.large();
        let target = folder.join(key.to_string());
        if !target.exists() && !self.clone_blocks(&path, &folder, &target) {
            self.leave_out(&path, format!("{} bytes, and this file system cannot share them", meta.len()));
            return Ok(());
        }
        let (mode, size) = (meta.mode(), meta.len());
        self.scan.files += 1;
        self.scan.bytes += size;
        self.scan.large.push(Large { path: spell(as_path(&path)), mode, size, key: key.to_string() });
        self.scan.flat.insert(path, Entry { mode, id: key, large: true });
        Ok(())
    }

    fn clone_blocks(&self, path: &[u8], folder: &Path, target: &Path) -> bool {
        #[cfg(target_os = "linux")]
        {
            let temp = folder.join("new");
            let cloned = || -> std::io::Result<()> {
                std::fs::create_dir_all(folder)?;
                let (from, to) = (self.below.file(path)?, std::fs::File::create(&temp)?);
                rustix::fs::ioctl_ficlone(&to, &from)?;
                std::fs::rename(&temp, target)
            };
            let done = cloned().is_ok();
            if !done {
                let _ = std::fs::remove_file(&temp);
            }
            done
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (path, folder, target);
            false
        }
    }

    fn leave_out(&mut self, path: &[u8], why: String) {
        self.scan.left_out.push(LeftOut { path: spell(as_path(path)), why });
    }
}

/// The files that the user's index names: they count although a rule ignores them. Reads the index only.
pub(super) fn tracked(root: &Path) -> Vec<Vec<u8>> {
    let index = Repository::open(root).and_then(|repository| repository.index());
    index.map_or_else(|_| Vec::new(), |index| index.iter().map(|entry| entry.path).collect())
}

/// The name of the cache of one work tree: those of a repository share a store.
pub(super) fn cache_name(root: &Path) -> String {
    format!("stat-{}", &sha256_hex(root.as_os_str().as_bytes())[..16])
}

/// Reads and stores contents side by side. Stops early when it is late: what is not in the answer was not
/// read. An error only when storing fails.
fn read_all(
    repository: &Repository,
    below: &Below,
    unread: &[Unread],
    late: &(dyn Fn() -> bool + Sync),
) -> Result<Vec<(usize, Got)>, SnapshotError> {
    let next = AtomicUsize::new(0);
    let much = Mutex::new(());
    let path = repository.path();
    let work = || -> Result<Vec<(usize, Got)>, SnapshotError> {
        let repository = Repository::open_bare(path)?;
        let odb = repository.odb()?;
        let mut got = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = unread.get(at).filter(|_| !late()) else { return Ok(got) };
            let _alone = (one.size > MUCH).then(|| much.lock().unwrap_or_else(PoisonError::into_inner));
            match read_one(&odb, below, &one.path) {
                Ok(one) => got.push((at, one)),
                Err(error) => {
                    // Nobody else need go on.
                    next.store(unread.len(), Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, |n| n.get().min(MOST_WORKERS));
    if unread.len() < 64 || workers == 1 {
        return work();
    }
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut all = Vec::new();
        for worker in started {
            match worker.join() {
                Ok(got) => all.extend(got?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    })
}

fn read_one(odb: &Odb<'_>, below: &Below, path: &[u8]) -> Result<Got, SnapshotError> {
    use std::os::unix::fs::MetadataExt;
    let began = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64);
    let read = || -> std::io::Result<(Vec<u8>, u32, Option<Stamp>)> {
        let mut file = below.file(path)?;
        let before = file.metadata()?;
        let mut bytes = Vec::with_capacity(before.len() as usize + 1);
        (&mut file).take(MOST_FILE + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MOST_FILE {
            return Err(std::io::Error::other("it grows while it is read"));
        }
        let (stamp, after) = (Stamp::of(&before), Stamp::of(&file.metadata()?));
        Ok((bytes, before.mode(), (stamp == after && stamp.is_settled(began)).then_some(stamp)))
    };
    match read() {
        Ok((bytes, mode, stamp)) => {
            let id = object::write(odb, ObjectType::Blob, &bytes)?;
            Ok(Got::Content { id, mode, stamp })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Got::Gone),
        Err(error) => Ok(Got::Unreadable(error.to_string())),
    }
}

/// The paths of a tree that git would not ignore now, or that its index names.
pub(super) fn visible(handle: &PathHandle, apart: &[PathBuf]) -> Result<BTreeSet<Vec<u8>>, SnapshotError> {
    let found = every(handle, apart, &|n| n > MOST_NAMES)?.ok_or(SnapshotError::TooMany)?.found;
    let names = found.into_iter().map(|found| OsString::from(found.path).into_vec());
    Ok(names.chain(tracked(handle.real())).collect())
}
