//! The git directory behind a work tree: its own `.git`, or one elsewhere that proves to be its.
//!
//! Somebody else wrote the `.git` of a repository that was unpacked, so where it leads is a claim. A claim
//! that leads out of the work tree is believed when what lies there names the work tree in turn, as git
//! itself writes it: `worktrees/NAME/gitdir` of a linked work tree (gitrepository-layout(5)),
//! `core.worktree` of a submodule. Whoever could forge that may write there already.

use std::fmt;
use std::fs::symlink_metadata;
use std::path::{Component, Path, PathBuf};

use super::remotes::configured;
use crate::base::is_ours;

/// A `.git` file holds one path. A longer one is none.
const MOST_BYTES: u64 = 16 * 1024;

/// Where a work tree's repository keeps its things. Real paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitDirs {
    /// What is this work tree's alone: `HEAD`, the index.
    pub own: PathBuf,
    /// What all work trees of the repository share; the same as `own` where there is one only.
    pub common: PathBuf,
}

impl GitDirs {
    /// The folders that hold all of it.
    pub fn tops(&self) -> Vec<PathBuf> {
        let mut tops = vec![self.common.clone()];
        if !self.own.starts_with(&self.common) {
            tops.push(self.own.clone());
        }
        tops
    }

    fn within(&self, root: &Path) -> bool {
        [&self.own, &self.common].iter().all(|dir| dir.starts_with(root) && *dir != root)
    }
}

/// What stands behind a work tree's `.git`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitHome {
    /// It is in no repository.
    None,
    /// Below the work tree, or elsewhere and proved.
    Found(GitDirs),
    /// It leads elsewhere, and nothing there says that it may.
    Doubtful(GitDirs, Doubt),
    /// It leads to nothing that is a git directory.
    Broken(PathBuf),
}

/// Why a `.git` that leads elsewhere is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    NotNamed,
    Foreign,
    Around,
    ThroughLink,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotNamed => "nothing in it names this work tree",
            Self::Foreign => "it belongs to another user",
            Self::Around => "this work tree lies in it, so that its other work trees would be open too",
            Self::ThroughLink => "the path to it goes through a link, which is not there in the sandbox",
        })
    }
}

impl GitHome {
    /// Follows the `.git` of `root`, a real path.
    pub fn of(root: &Path) -> Self {
        let dot_git = root.join(".git");
        let Ok(kind) = symlink_metadata(&dot_git) else { return Self::None };
        if kind.is_dir() {
            return Self::Found(GitDirs { own: dot_git.clone(), common: dot_git });
        }
        let spelled = if kind.is_symlink() { Some(dot_git.clone()) } else { named(&dot_git, root) };
        let Some(spelled) = spelled else { return Self::Broken(dot_git) };
        let Some(dirs) = spelled.canonicalize().ok().and_then(dirs) else {
            return Self::Broken(spelled);
        };
        if dirs.within(root) {
            return Self::Found(dirs);
        }
        match doubt(root, &dot_git, &spelled, &dirs) {
            None => Self::Found(dirs),
            Some(doubt) => Self::Doubtful(dirs, doubt),
        }
    }

    /// The proved directories.
    pub fn found(&self) -> Option<&GitDirs> {
        match self {
            Self::Found(dirs) => Some(dirs),
            _ => None,
        }
    }
}

/// The path that a `.git` file names, as it is spelled.
fn named(file: &Path, base: &Path) -> Option<PathBuf> {
    let text = line(file)?;
    Some(base.join(text.strip_prefix("gitdir:")?.trim_start()))
}

/// The one line of a small regular file.
fn line(file: &Path) -> Option<String> {
    let meta = symlink_metadata(file).ok().filter(|meta| meta.is_file() && meta.len() <= MOST_BYTES)?;
    let text = std::fs::read_to_string(file).ok().filter(|_| meta.len() > 0)?;
    let text = text.trim_end_matches(['\n', '\r']);
    (!text.is_empty() && !text.contains(['\n', '\0'])).then(|| text.to_owned())
}

/// The git directories at `own`, a real path; `None` where there is none.
fn dirs(own: PathBuf) -> Option<GitDirs> {
    let commondir = own.join("commondir");
    let common = match symlink_metadata(&commondir) {
        Ok(_) => own.join(line(&commondir)?).canonicalize().ok()?,
        Err(_) => own.clone(),
    };
    let real = |path: PathBuf, folder: bool| {
        symlink_metadata(path).is_ok_and(|meta| if folder { meta.is_dir() } else { meta.is_file() })
    };
    let whole = real(own.join("HEAD"), false)
        && real(common.join("HEAD"), false)
        && real(common.join("objects"), true)
        && real(common.join("refs"), true);
    whole.then_some(GitDirs { own, common })
}

fn doubt(root: &Path, dot_git: &Path, spelled: &Path, dirs: &GitDirs) -> Option<Doubt> {
    let ours = |path: &Path| symlink_metadata(path).is_ok_and(|meta| is_ours(&meta));
    if !names_back(root, dot_git, dirs) {
        return Some(Doubt::NotNamed);
    }
    if ![&dirs.own, &dirs.common].into_iter().all(|dir| ours(dir)) {
        return Some(Doubt::Foreign);
    }
    if dirs.tops().iter().any(|top| root.starts_with(top)) {
        return Some(Doubt::Around);
    }
    (plain(spelled) != dirs.own).then_some(Doubt::ThroughLink)
}

/// Whether the git directory says of itself that it is this work tree's.
fn names_back(root: &Path, dot_git: &Path, dirs: &GitDirs) -> bool {
    let is = |named: PathBuf, path: &Path| named.canonicalize().is_ok_and(|real| real == path);
    if symlink_metadata(dot_git).is_ok_and(|meta| meta.is_symlink()) {
        return false;
    }
    if dirs.own == dirs.common {
        // A submodule's. A main work tree may be named so as well, by whoever made it.
        let files = ["config.worktree", "config"].map(|name| dirs.own.join(name));
        let worktree = files.iter().find_map(|file| configured(file, "core", "worktree"));
        return worktree.is_some_and(|worktree| is(dirs.own.join(worktree), root));
    }
    // `COMMON/worktrees/NAME`, and nothing else: `commondir` could name any repository.
    let place = dirs.own.parent() == Some(&dirs.common.join("worktrees"));
    place && line(&dirs.own.join("gitdir")).is_some_and(|back| is(dirs.own.join(back), dot_git))
}

/// Without `.` and `..`, links not followed.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use std::fs::{create_dir_all, remove_dir_all, remove_file, rename, write};
    use std::os::unix::fs::symlink;

    use super::*;

    struct World(tempfile::TempDir);

    impl World {
        /// A repository `main` with a linked work tree `tree` and a submodule `main/sub`; a repository
        /// apart, `apart.git` of `lone`; another person's project, `other`.
        fn new() -> Self {
            let world = Self(tempfile::tempdir().unwrap());
            for git in ["main/.git", "main/.git/modules/sub", "apart.git", "other/.git"] {
                world.git(git);
            }
            world.put("main/.git/worktrees/tree/HEAD", "ref: refs/heads/t\n");
            world.put("main/.git/worktrees/tree/commondir", "../..\n");
            let at = |path: &str| world.at(path).display().to_string();
            world.put("tree/.git", &format!("gitdir: {}\n", at("main/.git/worktrees/tree")));
            world.put("main/.git/worktrees/tree/gitdir", &format!("{}\n", at("tree/.git")));
            world.put("main/sub/.git", "gitdir: ../.git/modules/sub\n");
            world.put("main/.git/modules/sub/config", "[core]\n\tworktree = ../../../sub\n");
            world.put("lone/.git", &format!("gitdir: {}\n", at("apart.git")));
            world
        }

        fn at(&self, path: &str) -> PathBuf {
            self.0.path().canonicalize().unwrap().join(path)
        }

        fn put(&self, path: &str, text: &str) {
            create_dir_all(self.at(path).parent().unwrap()).unwrap();
            write(self.at(path), text).unwrap();
        }

        fn git(&self, path: &str) {
            self.put(&format!("{path}/HEAD"), "ref: refs/heads/main\n");
            self.put(&format!("{path}/config"), "[core]\n\tbare = false\n");
            for folder in ["objects", "refs"] {
                create_dir_all(self.at(path).join(folder)).unwrap();
            }
        }

        fn home(&self, root: &str) -> GitHome {
            GitHome::of(&self.at(root))
        }

        fn found(&self, own: &str, common: &str) -> GitHome {
            GitHome::Found(GitDirs { own: self.at(own), common: self.at(common) })
        }

        /// The work tree's doubt, after its `.git` was made to hold `text`.
        fn doubts(&self, text: &str) -> Option<Doubt> {
            self.put("tree/.git", text);
            match self.home("tree") {
                GitHome::Doubtful(_, doubt) => Some(doubt),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_git_makes_is_found() {
        let world = World::new();
        assert_eq!(world.home("main"), world.found("main/.git", "main/.git"));
        let tree = world.found("main/.git/worktrees/tree", "main/.git");
        assert_eq!(world.home("tree"), tree);
        assert_eq!(world.home("main/sub"), world.found("main/.git/modules/sub", "main/.git/modules/sub"));
        assert_eq!(world.home("nowhere"), GitHome::None);
        // Relative, both ways (git 2.48, `worktree.useRelativePaths`).
        world.put("tree/.git", "gitdir: ../main/.git/worktrees/tree\n");
        world.put("main/.git/worktrees/tree/gitdir", "../../../../tree/.git\n");
        assert_eq!(world.home("tree"), tree);
        // Within the work tree nothing is opened that was not open.
        rename(world.at("apart.git"), world.at("lone/.bare")).unwrap();
        world.put("lone/.git", "gitdir: ./.bare");
        assert_eq!(world.home("lone"), world.found("lone/.bare", "lone/.bare"));
    }

    #[test]
    fn a_claim_that_nothing_answers_is_not_believed() {
        let world = World::new();
        let at = |path: &str| world.at(path).display().to_string();
        assert!(matches!(world.home("lone"), GitHome::Doubtful(_, Doubt::NotNamed)));
        for target in ["other/.git", "apart.git", "main/.git", "main/.git/modules/sub"] {
            assert_eq!(world.doubts(&format!("gitdir: {}\n", at(target))), Some(Doubt::NotNamed), "{target}");
        }
        // Another work tree's, and its own that names another.
        world.put("second/.git", &format!("gitdir: {}\n", at("main/.git/worktrees/tree")));
        assert!(matches!(world.home("second"), GitHome::Doubtful(_, Doubt::NotNamed)));
        // A git directory of their own that sends on to somebody else's.
        world.put("evil/HEAD", "ref: refs/heads/main\n");
        world.put("evil/commondir", &at("other/.git"));
        world.put("evil/gitdir", &at("tree/.git"));
        assert_eq!(world.doubts(&format!("gitdir: {}\n", at("evil"))), Some(Doubt::NotNamed));
        // A link is no claim that can be answered.
        remove_file(world.at("tree/.git")).unwrap();
        symlink(world.at("main/.git/worktrees/tree"), world.at("tree/.git")).unwrap();
        assert!(matches!(world.home("tree"), GitHome::Doubtful(_, Doubt::NotNamed)));
    }

    #[test]
    fn what_is_no_git_directory_is_broken() {
        let world = World::new();
        create_dir_all(world.at("home/.ssh")).unwrap();
        let long = format!("gitdir: /{}", "x".repeat(20_000));
        for text in ["", "gitdir:", "gitdir: /", "gitdir: ../home/.ssh", "nonsense", "gitdir: ../no", &long] {
            world.put("tree/.git", text);
            assert!(matches!(world.home("tree"), GitHome::Broken(_)), "{text:.20}: {:?}", world.home("tree"));
        }
        // One whose parts are links leads out of itself.
        let world = World::new();
        remove_dir_all(world.at("main/.git/objects")).unwrap();
        symlink(world.at("other"), world.at("main/.git/objects")).unwrap();
        assert!(matches!(world.home("tree"), GitHome::Broken(_)));
    }

    #[test]
    fn a_directory_around_the_tree_or_behind_a_link_says_so() {
        let world = World::new();
        world.git("bare.git");
        world.put("bare.git/worktrees/in/HEAD", "ref: refs/heads/t\n");
        world.put("bare.git/worktrees/in/commondir", "../..");
        world.put("bare.git/worktrees/in/gitdir", &world.at("bare.git/in/.git").display().to_string());
        world.put("bare.git/in/.git", "gitdir: ../worktrees/in");
        assert!(matches!(world.home("bare.git/in"), GitHome::Doubtful(_, Doubt::Around)));
        symlink(world.at("main"), world.at("linked")).unwrap();
        let through = world.at("linked/.git/worktrees/tree").display().to_string();
        assert_eq!(world.doubts(&format!("gitdir: {through}")), Some(Doubt::ThroughLink));
    }
}
