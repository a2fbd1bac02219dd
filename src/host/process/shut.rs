//! Guarded files that a command is not to read: found by a walk that ends somewhere.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::host::git::tracked;
use crate::kernel::{Shut, may_hold_secrets};

/// Names seen in one tree.
const MOST_NAMES: usize = 20_000;

const MOST_TIME: Duration = Duration::from_millis(50);

/// A walk that took less is made for every command that asks.
const CHEAP: Duration = Duration::from_millis(1);

/// A dearer one rests so many times as long as it took: a twentieth of the time at most.
const REST: u32 = 20;

/// What others put there, by the thousand.
const SKIPPED: [&str; 3] = [".git", "node_modules", "target"];

/// Guarded files below the trees of one session, as the last walk found them.
#[derive(Debug, Default)]
pub struct Guarded(Mutex<HashMap<PathBuf, Walk>>);

#[derive(Debug)]
struct Walk {
    found: Vec<PathBuf>,
    whole: bool,
    took: Duration,
    ended: Instant,
}

/// What one command finds shut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walls {
    /// Where it starts.
    pub cwd: PathBuf,
    /// Trees it may only read, because it was judged to change nothing there.
    pub still: Vec<PathBuf>,
    /// Guarded files it may not read, as real paths.
    pub closed: Vec<PathBuf>,
    /// A tree that was not looked through to its end; told once a session.
    pub partly: Option<PathBuf>,
}

impl Guarded {
    /// Adds to `walls` what `shut` says for the trees as they are now.
    pub fn close(&self, shut: &Shut, walls: &mut Walls) {
        let mut known_walks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files = BTreeSet::new();
        for tree in &shut.trees {
            let known = known_walks.get(tree);
            let rests =
                |walk: &Walk| walk.took > CHEAP && walk.ended.elapsed() < walk.took.saturating_mul(REST);
            if !known.is_some_and(rests) {
                let told = known.is_some_and(|walk| !walk.whole);
                let walk = walk(tree, MOST_NAMES, MOST_TIME);
                if !walk.whole && !told {
                    walls.partly = Some(tree.clone());
                }
                known_walks.insert(tree.clone(), walk);
            }
            files.extend(known_walks.get(tree).into_iter().flat_map(|walk| walk.found.iter().cloned()));
        }
        drop(known_walks);
        files.retain(|file| !shut.named.iter().any(|named| file.starts_with(named)));
        if shut.tracked_open && !files.is_empty() {
            let paths: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
            let open: Vec<PathBuf> = tracked(&paths).into_iter().map(Path::to_owned).collect();
            files.retain(|file| !open.contains(file));
        }
        walls.closed = files.into_iter().collect();
    }
}

/// The shallow first.
fn walk(tree: &Path, most_names: usize, most_time: Duration) -> Walk {
    let begun = Instant::now();
    let (mut found, mut names, mut whole) = (Vec::new(), 0, true);
    let mut open = VecDeque::from([tree.to_owned()]);
    while let Some(folder) = open.pop_front() {
        if names >= most_names || begun.elapsed() >= most_time {
            whole = false;
            break;
        }
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            names += 1;
            let (name, Ok(kind)) = (entry.file_name(), entry.file_type()) else { continue };
            if kind.is_dir() {
                if !SKIPPED.iter().any(|skipped| name == *skipped) {
                    open.push_back(folder.join(name));
                }
            } else if may_hold_secrets(Path::new(&name)) {
                found.extend(guarded_file(&folder.join(name), tree));
            }
        }
    }
    Walk { found, whole, took: begun.elapsed(), ended: Instant::now() }
}

/// The file that a guarded name leads to, if that lies in the tree.
fn guarded_file(path: &Path, tree: &Path) -> Option<PathBuf> {
    let real = path.canonicalize().ok()?;
    (real.starts_with(tree) && real.is_file()).then_some(real)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(paths: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        for path in paths {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), "x").unwrap();
        }
        (temp, root)
    }

    fn shut(root: &Path, named: &[&str]) -> Shut {
        let named = named.iter().map(|name| root.join(name)).collect();
        Shut { trees: vec![root.to_owned()], named, tracked_open: false }
    }

    #[test]
    fn guarded_files_are_found_but_for_those_that_were_named() {
        let (_temp, root) = world(&[
            ".env",
            "a/b/.env.local",
            "a/id_rsa",
            "a/.env.example",
            "a/main.rs",
            "node_modules/x/.npmrc",
            ".env.d/x",
            "conf/dev",
        ]);
        std::os::unix::fs::symlink("../conf/dev", root.join("a/.envrc")).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", root.join("a/.netrc")).unwrap();
        let found = |named: &[&str]| -> Vec<String> {
            let mut walls = Walls::default();
            Guarded::default().close(&shut(&root, named), &mut walls);
            assert_eq!(walls.partly, None);
            let below = |path: &PathBuf| path.strip_prefix(&root).unwrap().display().to_string();
            walls.closed.iter().map(below).collect()
        };
        assert_eq!(found(&[]), [".env", "a/b/.env.local", "a/id_rsa", "conf/dev"]);
        assert_eq!(found(&[".env", "a/b"]), ["a/id_rsa", "conf/dev"]);
    }

    #[test]
    fn a_walk_ends_and_says_once_that_it_did_not_see_all() {
        let (_temp, root) = world(&["b/1", "b/2", "b/3", "b/4", "b/5/.env", ".env"]);
        for (most, whole, found) in [(6, false, 1), (7, false, 1), (8, true, 2)] {
            let walk = walk(&root, most, MOST_TIME);
            assert_eq!((walk.whole, walk.found.len()), (whole, found), "{most}");
        }
        assert!(!walk(&root, MOST_NAMES, Duration::ZERO).whole);
        let guarded = Guarded::default();
        let old = Walk { found: Vec::new(), whole: true, took: Duration::ZERO, ended: Instant::now() };
        guarded.0.lock().unwrap().insert(root.clone(), old);
        let mut walls = Walls::default();
        guarded.close(&shut(&root, &[]), &mut walls);
        assert_eq!(walls.closed.len(), 2, "a cheap walk does not rest");
    }
}
