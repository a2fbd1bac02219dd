//! What a command may not change although it lies below a writable root.
//!
//! Two kinds: what makes git run programs outside the sandbox later (hooks, configuration, whatever
//! leads git to another configuration), and what governs or records our own work. The rest of `.git`
//! stays writable: commits, branches and worktrees are everyday work. Where there is no repository
//! yet, one can be made.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::nested::Nested;

/// Below a git folder. `commondir` sends git to the configuration of another one.
const GIT: [&str; 5] = ["config", "config.worktree", "hooks", "info/attributes", "commondir"];

/// Below the folder of a linked worktree in `.git/worktrees`. They go when it is removed.
const WORKTREE: [&str; 3] = ["config.worktree", "commondir", "gitdir"];

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
}

#[derive(Default)]
struct Found {
    firm: BTreeSet<PathBuf>,
    loose: BTreeSet<PathBuf>,
}

/// What is protected below `roots` as things are now; repositories below them as they were last found.
pub fn protected(roots: &[PathBuf], repositories: &Nested) -> Protected {
    let mut found = Found::default();
    for root in roots {
        found.firm.extend(governing(root));
        found.firm.extend(POLICY.iter().map(|name| root.join(".iosm").join(name)));
        found.firm.insert(root.join("iosm.yaml"));
        if root.join("HEAD").is_file() && (root.join("objects").is_dir() || root.join("commondir").is_file())
        {
            found.git_folder(root, 0);
        }
        found.repository(root);
        for nested in repositories.below(root).into_iter().chain(submodules(root)) {
            let mut inside = Found::default();
            inside.repository(&nested);
            // Clones and worktrees come and go, whole.
            found.loose.extend(inside.firm.into_iter().chain(inside.loose));
        }
    }
    Protected { firm: found.firm.into_iter().collect(), loose: found.loose.into_iter().collect() }
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

impl Found {
    fn repository(&mut self, folder: &Path) {
        let git = folder.join(".git");
        match std::fs::symlink_metadata(&git) {
            Ok(kind) if kind.is_dir() => self.git_folder(&git, 0),
            Ok(kind) => {
                self.firm.insert(git.clone());
                if kind.is_symlink()
                    && let Ok(real) = git.canonicalize()
                {
                    self.git_folder(&real, 0);
                }
            }
            Err(_) => {}
        }
    }

    fn git_folder(&mut self, git: &Path, depth: usize) {
        self.firm.extend(GIT.iter().map(|name| git.join(name)));
        let folders = |name: &str| {
            let entries = std::fs::read_dir(git.join(name)).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).take(MOST_ENTRIES)
        };
        for worktree in folders("worktrees") {
            self.loose.extend(WORKTREE.iter().map(|name| worktree.join(name)));
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
        let found = protected(&[root.to_owned()], &Nested::default());
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
        let found = protected(&[temp.path().to_owned()], &Nested::default());
        assert!(!found.firm.iter().any(|path| path.starts_with(temp.path().join(".git"))), "{found:?}");
    }

    #[test]
    fn a_root_that_is_a_git_folder_is_one() {
        let temp = tempfile::tempdir().unwrap();
        make(temp.path(), &["HEAD", "commondir"]);
        assert!(
            protected(&[temp.path().to_owned()], &Nested::default())
                .firm
                .contains(&temp.path().join("hooks"))
        );
    }
}
