//! What deleting a path would lose for good: files that are in no commit and no index, that git does not
//! ignore, that are no build output, and that were there before this session. Looks only; deletes
//! nothing.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use git2::Repository;
use globset::GlobBuilder;

use crate::host::HostError;
use crate::kernel::{Grant, Kept, Reach};

/// Files looked at below one path; a tree with more of them that nothing holds is worth a question.
const MOST_FILES: usize = 20_000;

/// Folders that tools fill and anybody may empty.
const BUILT_FOLDERS: [&str; 26] = [
    "target",
    "node_modules",
    "dist",
    "build",
    "out",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".tox",
    ".nox",
    ".venv",
    "venv",
    ".gradle",
    ".next",
    ".nuxt",
    ".turbo",
    ".parcel-cache",
    ".cache",
    "coverage",
    "htmlcov",
    ".nyc_output",
    ".eggs",
    "_build",
    "bazel-out",
    "DerivedData",
];
/// Endings of what tools leave behind.
const BUILT_ENDINGS: [&str; 16] = [
    "pyc", "pyo", "o", "obj", "a", "so", "class", "orig", "rej", "bak", "swp", "tmp", "log", "profraw",
    "gcda", "gcno",
];

/// Knows the repository of a workspace, or that there is none.
pub struct KeptFiles {
    root: PathBuf,
    repository: Option<Mutex<Repository>>,
    began: SystemTime,
}

impl KeptFiles {
    /// Opens the repository of the tree a grant names. `began`: what was made later is the session's own.
    pub fn open(grant: Grant, began: SystemTime) -> Result<Self, HostError> {
        let root = match grant.into_reach() {
            Reach::ReadTree(handle) => handle.real().to_owned(),
            other => return Err(HostError::wrong_grant("a tree to look at", &other)),
        };
        let repository = Repository::open(&root).ok().map(Mutex::new);
        Ok(Self { root, repository, began })
    }

    /// Whether nothing else holds this file.
    fn is_lost(&self, repository: Option<&Repository>, file: &Path) -> bool {
        let Ok(meta) = std::fs::symlink_metadata(file) else { return false };
        // A link's name is soon made again; a file system that keeps no birth times says nothing.
        let made_here = meta.created().is_ok_and(|born| born >= self.began);
        if !meta.is_file()
            || meta.len() == 0
            || made_here
            || is_built(file.strip_prefix(&self.root).unwrap_or(file))
        {
            return false;
        }
        let Some(repository) = repository else { return true };
        let Ok(relative) = file.strip_prefix(&self.root) else { return true };
        let tracked = repository.index().is_ok_and(|mut index| {
            // Another process may have added it since.
            let _ = index.read(false);
            index.get_path(relative, 0).is_some()
        });
        !tracked && !repository.is_path_ignored(relative).unwrap_or(false)
    }

    fn below(&self, repository: Option<&Repository>, path: &Path, left: &mut usize) -> Option<PathBuf> {
        let Ok(meta) = std::fs::symlink_metadata(path) else { return None };
        if !meta.is_dir() {
            return self.is_lost(repository, path).then(|| path.to_owned());
        }
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let ignored = || {
            let inside = !relative.as_os_str().is_empty();
            repository
                .is_some_and(|repository| inside && repository.is_path_ignored(relative).unwrap_or(false))
        };
        if is_built(relative) || path.ends_with(".git") || ignored() {
            return None;
        }
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            if *left == 0 {
                return Some(path.to_owned());
            }
            *left -= 1;
            if let Some(lost) = self.below(repository, &entry.path(), left) {
                return Some(lost);
            }
        }
        None
    }
}

impl Kept for KeptFiles {
    fn lost(&self, path: &Path) -> Option<PathBuf> {
        let held = self.repository.as_ref().map(|r| r.lock().unwrap_or_else(PoisonError::into_inner));
        let repository = held.as_deref();
        let mut left = MOST_FILES;
        let text = path.to_str()?;
        let Some(at) = text.find(['*', '?', '[', '{']) else {
            return self.below(repository, path, &mut left);
        };
        // A glob of a shell: its folder is listed, and what fits is looked at.
        let folder = Path::new(text[..at].rsplit_once('/').map_or("/", |(folder, _)| folder));
        let glob = GlobBuilder::new(text).literal_separator(true).build().ok()?.compile_matcher();
        let depth = path.components().count().saturating_sub(folder.components().count());
        let mut fitting = Vec::new();
        expand(folder, depth, &mut fitting, &mut left);
        let mut fitting = fitting.iter().filter(|found| glob.is_match(found));
        fitting.find_map(|found| self.below(repository, found, &mut left))
    }
}

/// Everything exactly `depth` below a folder.
fn expand(folder: &Path, depth: usize, found: &mut Vec<PathBuf>, left: &mut usize) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        match depth {
            0 | 1 => found.push(entry.path()),
            _ if entry.file_type().is_ok_and(|kind| kind.is_dir()) => {
                expand(&entry.path(), depth - 1, found, left)
            }
            _ => {}
        }
    }
}

fn is_built(relative: &Path) -> bool {
    let folder = |part: &std::ffi::OsStr| {
        let name = part.to_str().unwrap_or_default();
        BUILT_FOLDERS.contains(&name) || name.ends_with(".egg-info")
    };
    relative.iter().any(folder)
        || relative
            .extension()
            .and_then(|ending| ending.to_str())
            .is_some_and(|ending| BUILT_ENDINGS.contains(&ending))
        || relative
            .file_name()
            .is_some_and(|name| name == ".DS_Store" || name.to_string_lossy().ends_with('~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world(repository: bool) -> (tempfile::TempDir, KeptFiles) {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let put = |path: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        for path in [
            "src/a.rs",
            "notes/mine.txt",
            "secret.local",
            "target/x",
            "pkg/node_modules/y",
            "m/a.pyc",
            "empty/.keep",
        ] {
            put(path);
        }
        std::fs::write(root.join("empty/.keep"), "").unwrap();
        std::fs::write(root.join(".gitignore"), "*.local\ngenerated/\n").unwrap();
        put("generated/z");
        let opened = repository.then(|| {
            let opened = Repository::init(&root).unwrap();
            let mut index = opened.index().unwrap();
            index.add_path(Path::new("src/a.rs")).unwrap();
            index.write().unwrap();
            Mutex::new(opened)
        });
        let began = SystemTime::now();
        std::thread::sleep(std::time::Duration::from_millis(20));
        put("later.txt");
        put("notes2/later.txt");
        (temp, KeptFiles { root, repository: opened, began })
    }

    #[test]
    fn only_what_nothing_holds_is_lost() {
        let (_temp, kept) = world(true);
        let lost = |path: &str| {
            kept.lost(&kept.root.join(path)).map(|p| p.strip_prefix(&kept.root).unwrap().to_owned())
        };
        assert_eq!(lost("notes"), Some("notes/mine.txt".into()));
        assert_eq!(lost("notes/mine.txt"), Some("notes/mine.txt".into()));
        assert_eq!(lost("no*/*.txt"), Some("notes/mine.txt".into()));
        assert_eq!(lost("notes/*"), Some("notes/mine.txt".into()));
        assert!(lost(".").is_some());
        for path in [
            "src",
            "src/a.rs",
            "secret.local",
            "generated",
            "target",
            "pkg/node_modules",
            "m/a.pyc",
            "m/*.pyc",
            "later.txt",
            "notes2",
            "empty",
            "absent",
            "src/*.orig",
            "*.log",
        ] {
            assert_eq!(lost(path), None, "{path}");
        }
    }

    #[test]
    fn without_a_repository_only_sessions_and_builds_hold_anything() {
        let (_temp, kept) = world(false);
        for (path, lost) in [("src/a.rs", true), ("notes", true), ("target", false), ("later.txt", false)] {
            assert_eq!(kept.lost(&kept.root.join(path)).is_some(), lost, "{path}");
        }
    }
}
