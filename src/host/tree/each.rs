//! Looking into files with a function of the caller's, two at a time, in path order.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::granted;
use super::grep::Skipped;
use super::walk::Tree;
use crate::base::FileKind;
use crate::host::file::{HostError, open_file, std_error};
use crate::kernel::{Grant, may_hold_secrets};

const THREADS: usize = 2;

/// What was made of the files of a tree.
#[derive(Debug)]
pub struct Each<T> {
    /// Relative to the root, in path order. One granted file has an empty path.
    pub files: Vec<(PathBuf, T)>,
    /// Wanted files beyond the limit.
    pub left_out: usize,
    /// Names of the files that were not wanted.
    pub others: Vec<PathBuf>,
    pub skipped: Skipped,
}

/// What of a tree is looked into.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// By the name alone. Of one granted file it is not asked.
    pub names: &'a (dyn Fn(&Path) -> bool + Sync),
    /// Files; the first in path order are taken.
    pub most_files: usize,
    /// Larger files are passed over.
    pub most_bytes: u64,
}

enum Looked<T> {
    At(T),
    Large,
    Unreadable,
    Guarded,
}

/// Looks into the wanted files below a granted folder, or into one granted file. Stops soon after `cancel`
/// is set.
pub fn each<T: Send>(
    grant: Grant,
    wanted: Wanted<'_>,
    look: &(dyn Fn(&Path, &[u8]) -> T + Sync),
    cancel: &AtomicBool,
) -> Result<Each<T>, HostError> {
    let handle = granted(grant)?;
    let mut each = Each { files: Vec::new(), left_out: 0, others: Vec::new(), skipped: Skipped::default() };
    if handle.kind() != FileKind::Directory {
        let mut file = open_file(&handle)?;
        let bytes = bounded(&mut file, wanted.most_bytes).map_err(std_error("read", handle.real()))?;
        match bytes {
            Some(bytes) => each.files.push((PathBuf::new(), look(handle.real(), &bytes))),
            None => each.skipped.large = 1,
        }
        return Ok(each);
    }
    let tree = Tree::open(&handle)?;
    let listed = tree.files(None, usize::MAX, cancel)?.paths;
    let (mut paths, others): (Vec<PathBuf>, Vec<PathBuf>) =
        listed.into_iter().partition(|path| (wanted.names)(path));
    each.others = others;
    each.left_out = paths.len().saturating_sub(wanted.most_files);
    paths.truncate(wanted.most_files);

    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let work = || {
        let mut mine = Vec::new();
        while !cancel.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::SeqCst);
            let Some(path) = paths.get(index) else { break };
            mine.push((index, look_at(&tree, path, wanted.most_bytes, look)));
        }
        found.lock().unwrap_or_else(PoisonError::into_inner).extend(mine);
    };
    let threads = THREADS.min(1 + paths.len() / 8);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    if cancel.load(Ordering::Relaxed) {
        return Err(HostError::Cancelled);
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by_key(|(index, _)| *index);
    for (index, looked) in found {
        match looked {
            Looked::At(made) => each.files.push((paths[index].clone(), made)),
            Looked::Large => each.skipped.large += 1,
            Looked::Unreadable => each.skipped.unreadable += 1,
            Looked::Guarded => each.skipped.guarded += 1,
        }
    }
    Ok(each)
}

fn look_at<T>(tree: &Tree, path: &Path, most: u64, look: &(dyn Fn(&Path, &[u8]) -> T + Sync)) -> Looked<T> {
    // Gone, swapped for a link, or closed to us: passed over and counted.
    if may_hold_secrets(path) {
        return Looked::Guarded;
    }
    let Ok(mut file) = tree.open_file(path) else { return Looked::Unreadable };
    if !file.metadata().is_ok_and(|facts| facts.is_file()) {
        return Looked::Unreadable;
    }
    match bounded(&mut file, most) {
        Ok(Some(bytes)) => Looked::At(look(path, &bytes)),
        Ok(None) => Looked::Large,
        Err(_) => Looked::Unreadable,
    }
}

/// The whole file; `None` when it is larger than `most`.
fn bounded(file: &mut std::fs::File, most: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}
