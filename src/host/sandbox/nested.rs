//! Repositories that lie somewhere below a writable root: clones, submodules, worktrees.
//!
//! They are found by a walk that ends somewhere: the shallow first, so many folders, so deep. A walk
//! that took long rests before the next, since every command asks.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Folders looked into.
const MOST_FOLDERS: usize = 20_000;

/// Names seen in all of them.
const MOST_NAMES: usize = 200_000;

/// Folders between the root and a repository's own.
const MOST_DEPTH: usize = 8;

/// Repositories of one root. What each holds is kept while a command runs, which takes time.
const MOST_FOUND: usize = 200;

/// A walk that took less is made for every command.
const CHEAP: Duration = Duration::from_millis(1);

/// A dearer one rests so many times as long as it took: a hundredth of the time at most.
const REST: u32 = 100;

/// Repositories below the roots of one session, as the last walk found them.
#[derive(Debug, Default)]
pub struct Nested(Mutex<HashMap<PathBuf, Walk>>);

#[derive(Debug)]
struct Walk {
    found: Vec<PathBuf>,
    took: Duration,
    ended: Instant,
}

impl Nested {
    /// Folders below `root`, itself not among them, that have a `.git`.
    pub(super) fn below(&self, root: &Path) -> Vec<PathBuf> {
        let mut walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Walk { found, took, ended }) = walks.get(root)
            && *took > CHEAP
            && ended.elapsed() < *took * REST
        {
            return found.clone();
        }
        let begun = Instant::now();
        let found = walk(root);
        let walk = Walk { found: found.clone(), took: begun.elapsed(), ended: Instant::now() };
        walks.insert(root.to_owned(), walk);
        found
    }
}

fn walk(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut names = MOST_NAMES;
    let mut open = VecDeque::from([(root.to_owned(), 0)]);
    let mut left = MOST_FOLDERS;
    while let Some((folder, depth)) = open.pop_front() {
        if left == 0 || names == 0 || found.len() >= MOST_FOUND {
            break;
        }
        left -= 1;
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten().take(names) {
            names -= 1;
            if entry.file_name() == ".git" {
                if depth > 0 {
                    found.push(folder.clone());
                }
            } else if depth < MOST_DEPTH && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push_back((entry.path(), depth + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_found_as_deep_as_it_says() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        for path in [".git", "a/.git", "a/b/c/d/e/f/g/h/.git", "b/b/c/d/e/f/g/h/i/.git", "c/x"] {
            std::fs::create_dir_all(root.join(path)).unwrap();
        }
        std::fs::create_dir_all(root.join("w")).unwrap();
        std::fs::write(root.join("w/.git"), "gitdir: elsewhere").unwrap();
        std::os::unix::fs::symlink(root.join("a"), root.join("link")).unwrap();
        let mut found = Nested::default().below(root);
        found.sort();
        assert_eq!(found, ["a", "a/b/c/d/e/f/g/h", "w"].map(|path| root.join(path)));
    }

    #[test]
    fn a_dear_walk_rests_and_a_cheap_one_does_not() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        std::fs::create_dir_all(root.join("new/.git")).unwrap();
        for (took, age, fresh) in [
            (CHEAP, Duration::ZERO, true),
            (Duration::from_millis(50), Duration::from_secs(4), false),
            (Duration::from_millis(50), Duration::from_secs(6), true),
        ] {
            let Some(ended) = Instant::now().checked_sub(age) else { continue };
            let nested = Nested::default();
            let walk = Walk { found: Vec::new(), took, ended };
            nested.0.lock().unwrap().insert(root.to_owned(), walk);
            assert_eq!(!nested.below(root).is_empty(), fresh, "{took:?} {age:?}");
        }
    }
}
