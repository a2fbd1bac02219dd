//! What a command may not change although it lies below a writable root.
//!
//! Two kinds: what makes git run programs outside the sandbox later (hooks, configuration, whatever
//! leads git to another configuration), and what governs or records our own work. The rest of `.git`
//! stays writable: commits, branches and worktrees are everyday work. Where there is no repository
//! yet, one can be made. What is private to a work tree out of a command's sight is not the command's:
//! another `HEAD` there is somebody's work lost, and `git worktree prune` removes what it cannot see.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::nested::Nested;

/// Below a git folder. `commondir` sends git to the configuration of another one.
const GIT: [&str; 5] = ["config", "config.worktree", "hooks", "info/attributes", "commondir"];

/// Below the folder of a linked worktree in `.git/worktrees`. They go when it is removed.
const WORKTREE: [&str; 3] = ["config.worktree", "commondir", "gitdir"];

/// Below the git folder of a main work tree that is out of sight. Its reflog is not among them: `git gc`
/// trims those of all.
const MAIN: [&str; 7] =
    ["HEAD", "index", "ORIG_HEAD", "MERGE_HEAD", "CHERRY_PICK_HEAD", "rebase-merge", "rebase-apply"];

/// A file that names a git folder is smaller.
const MOST_BYTES: u64 = 16 * 1024;

/// Below `.iosm`, besides every YAML file.
const GOVERNING: [&str; 7] =
    ["cycles", "hooks", "profiles", "commands", "skills", "mcp", "metrics-history.jsonl"];

/// Watched even where they do not exist yet.
const POLICY: [&str; 7] = [
    "policy.yaml",
    "settings.yaml",
    "invariants.yaml",
    "contracts.yaml",
    "waivers.yaml",
    "glossary.yaml",
    "constraints.yaml",
];

/// Worktrees and submodules of a repository looked at.
const MOST_ENTRIES: usize = 400;

/// Submodules in submodules followed.
const MOST_DEPTH: usize = 4;

/// Paths to protect below some writable roots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protected {
    /// Not to be changed, removed or made.
    pub firm: Vec<PathBuf>,
    /// Not to be changed or made; may go together with the folder they lie in.
    pub loose: Vec<PathBuf>,
    /// Git folders: may go, and must not be replaced by anything else than a folder.
    pub folders: Vec<PathBuf>,
    /// Not to be changed where mounts can see to it, and not looked after elsewhere: others may work there
    /// at the same time, and putting back would undo that.
    pub held: Vec<PathBuf>,
}

struct Found<'a> {
    /// What commands see and may write.
    roots: Vec<&'a Path>,
    firm: BTreeSet<PathBuf>,
    loose: BTreeSet<PathBuf>,
    folders: BTreeSet<PathBuf>,
    held: BTreeSet<PathBuf>,
}

/// What is protected below `roots` as things are now; repositories below them as they were last found.
/// Below `own` nothing is, though commands may write there too.
pub fn protected(roots: &[PathBuf], own: &[PathBuf], repositories: &Nested) -> Protected {
    let mut found = Found::of(roots.iter().chain(own).map(PathBuf::as_path).collect());
    for root in roots {
        if is_git_folder(root) {
            found.git_folder(root, 0);
            // Thousands of folders of objects, and no repository among them.
            if root.iter().any(|name| name == ".git") {
                continue;
            }
        }
        found.firm.extend(governing(root));
        found.firm.extend(POLICY.iter().map(|name| root.join(".iosm").join(name)));
        found.firm.insert(root.join("iosm.yaml"));
        found.repository(root);
        for nested in repositories.below(root).into_iter().chain(submodules(root)) {
            let mut inside = Found::of(found.roots.clone());
            inside.repository(&nested);
            // Clones and worktrees come and go, whole.
            found.loose.extend(inside.firm.into_iter().chain(inside.loose));
            found.folders.extend(inside.folders);
            found.held.extend(inside.held);
        }
    }
    let Found { firm, mut loose, folders, mut held, .. } = found;
    loose.retain(|path| !firm.contains(path));
    held.retain(|path| std::fs::symlink_metadata(path).is_ok_and(|kind| !kind.is_symlink()));
    Protected {
        firm: firm.into_iter().collect(),
        loose: loose.into_iter().collect(),
        folders: folders.into_iter().collect(),
        held: held.into_iter().collect(),
    }
}

fn is_git_folder(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && (folder.join("objects").is_dir() || folder.join("commondir").is_file())
}

/// The path in a small file that holds one, with what stands before it left out.
fn path_in(file: &Path, before: &str) -> Option<PathBuf> {
    std::fs::symlink_metadata(file).ok().filter(|kind| kind.is_file() && kind.len() <= MOST_BYTES)?;
    let text = std::fs::read_to_string(file).ok()?;
    let path = text.trim_end_matches(['\n', '\r']).strip_prefix(before)?.trim_start();
    (!path.is_empty()).then(|| file.parent().unwrap_or(file).join(path))
}

/// What governs or records below one root and exists.
pub fn governing(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["iosm.yaml", "iosm.yml"]
        .map(|name| root.join(name))
        .into_iter()
        .filter(|path| exists(path))
        .collect();
    let entries = std::fs::read_dir(root.join(".iosm")).into_iter().flatten().flatten();
    found.extend(entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        name.ends_with(".yaml") || name.ends_with(".yml") || GOVERNING.contains(&name.as_str())
    }));
    found
}

fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// Submodules that are named, however deep.
fn submodules(root: &Path) -> impl Iterator<Item = PathBuf> {
    let modules = std::fs::read_to_string(root.join(".gitmodules")).unwrap_or_default();
    let named = modules.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "path").then(|| root.join(value.trim()))
    });
    let named: Vec<PathBuf> = named.collect();
    named.into_iter().filter(|path| !path.components().any(|part| part.as_os_str() == ".."))
}

impl<'a> Found<'a> {
    fn of(roots: Vec<&'a Path>) -> Self {
        let (firm, loose, folders, held) = Default::default();
        Self { roots, firm, loose, folders, held }
    }

    fn sees(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| path.starts_with(root))
    }

    fn repository(&mut self, folder: &Path) {
        let git = folder.join(".git");
        match std::fs::symlink_metadata(&git) {
            Ok(kind) if kind.is_dir() => {
                self.git_folder(&git, 0);
                self.folders.insert(git);
            }
            Ok(kind) => {
                self.firm.insert(git.clone());
                let named = if kind.is_symlink() { Some(git) } else { path_in(&git, "gitdir:") };
                if let Some(real) = named.and_then(|named| named.canonicalize().ok()) {
                    self.elsewhere(&real);
                }
            }
            Err(_) => {}
        }
    }

    /// A git folder that a `.git` leads to. What commands cannot write needs no protection.
    fn elsewhere(&mut self, git: &Path) {
        if !self.sees(git) || !is_git_folder(git) {
            return;
        }
        self.git_folder(git, 0);
        self.folders.insert(git.to_owned());
        let commondir = git.join("commondir");
        let common = path_in(&commondir, "").and_then(|common| common.canonicalize().ok());
        if let Some(common) =
            common.filter(|common| common != git && self.sees(common) && is_git_folder(common))
        {
            self.firm.extend(WORKTREE.iter().map(|name| git.join(name)));
            self.git_folder(&common, 0);
        }
    }

    fn git_folder(&mut self, git: &Path, depth: usize) {
        self.firm.extend(GIT.iter().map(|name| git.join(name)));
        let folders = |name: &str| {
            let entries = std::fs::read_dir(git.join(name)).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).take(MOST_ENTRIES)
        };
        if git.file_name().is_some_and(|name| name == ".git")
            && git.parent().is_some_and(|tree| !self.sees(tree))
        {
            self.held.extend(MAIN.iter().map(|name| git.join(name)));
        }
        for worktree in folders("worktrees") {
            self.loose.extend(WORKTREE.iter().map(|name| worktree.join(name)));
            let tree = path_in(&worktree.join("gitdir"), "").and_then(|back| back.canonicalize().ok());
            if tree.is_some_and(|tree| !self.sees(&tree)) {
                self.held.insert(worktree);
            }
        }
        for module in folders("modules") {
            self.module(&module, depth + 1);
        }
    }

    /// A submodule's name may hold slashes.
    fn module(&mut self, folder: &Path, depth: usize) {
        if folder.join("HEAD").is_file() {
            self.git_folder(folder, depth);
        } else if depth < MOST_DEPTH {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().take(MOST_ENTRIES) {
                self.module(&entry.path(), depth + 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(root: &Path, paths: &[&str]) {
        for path in paths {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            if path.extension().is_some_and(|end| end == "d") {
                std::fs::create_dir_all(&path).unwrap();
            } else {
                std::fs::write(&path, "").unwrap();
            }
        }
    }

    #[test]
    fn what_leads_git_astray_and_what_governs_is_found() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        make(
            root,
            &[".git/HEAD", ".git/worktrees/w/HEAD", ".git/modules/a/b/HEAD", "lib/.git", ".iosm/extra.yml"],
        );
        make(root, &["deep/er/.git/HEAD", ".iosm/notes.md", "iosm.yaml"]);
        std::fs::write(root.join(".gitmodules"), "[submodule \"x\"]\n\tpath = deep/er\n\turl = ../y\n")
            .unwrap();
        let found = protected(&[root.to_owned()], &[], &Nested::default());
        for path in [
            ".git/config",
            ".git/hooks",
            ".git/commondir",
            ".git/modules/a/b/hooks",
            ".iosm/extra.yml",
            ".iosm/policy.yaml",
            "iosm.yaml",
        ] {
            assert!(found.firm.contains(&root.join(path)), "{path}: {found:?}");
        }
        for path in [".git/worktrees/w/gitdir", "lib/.git", "deep/er/.git/config"] {
            assert!(found.loose.contains(&root.join(path)), "{path}: {found:?}");
        }
        for free in [".git", ".git/HEAD", ".git/index", ".gitmodules", ".iosm/notes.md", ".iosm"] {
            assert!(!found.firm.contains(&root.join(free)), "{free}");
        }
    }

    #[test]
    fn without_a_repository_one_can_be_made() {
        let temp = tempfile::tempdir().unwrap();
        let found = protected(&[temp.path().to_owned()], &[], &Nested::default());
        assert!(!found.firm.iter().any(|path| path.starts_with(temp.path().join(".git"))), "{found:?}");
    }

    #[test]
    fn a_root_that_is_a_git_folder_is_one() {
        let temp = tempfile::tempdir().unwrap();
        make(temp.path(), &["HEAD", "commondir"]);
        assert!(
            protected(&[temp.path().to_owned()], &[], &Nested::default())
                .firm
                .contains(&temp.path().join("hooks"))
        );
    }
}
