//! The workspace: the git toplevel around a folder, else that folder.

use std::path::{Path, PathBuf};

use super::dirs::project_id;
use super::git_home::GitHome;

#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{0} is not a folder")]
    NotADirectory(PathBuf),
    #[error(
        "{0} cannot be a workspace: everything below it would be writable. Go into a project's folder, or name one with -C"
    )]
    TooWide(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Real path of the root.
    pub root: PathBuf,
    /// Real path of the folder the user stood in.
    pub cwd: PathBuf,
    /// Where its repository keeps its things.
    pub git: GitHome,
}

impl Workspace {
    /// Finds the workspace around `cwd`. `home` and `/` are refused as roots.
    pub fn find(cwd: &Path, home: &Path) -> Result<Self, WorkspaceError> {
        let io = |source| WorkspaceError::Io { path: cwd.to_owned(), source };
        let cwd_real = cwd.canonicalize().map_err(io)?;
        if !cwd_real.is_dir() {
            return Err(WorkspaceError::NotADirectory(cwd_real));
        }
        let toplevel = cwd_real.ancestors().find(|dir| dir.join(".git").exists());
        let root = toplevel.unwrap_or(&cwd_real).to_owned();
        let home = home.canonicalize().unwrap_or_else(|_| home.to_owned());
        if root == Path::new("/") || root == home {
            return Err(WorkspaceError::TooWide(root));
        }
        let git = if toplevel.is_some() { GitHome::of(&root) } else { GitHome::None };
        Ok(Self { root, cwd: cwd_real, git })
    }

    /// Names the project: the same in all work trees of a repository. A git directory elsewhere counts only
    /// when it is proved, or a stranger's `.git` could take on another project's trust and rules.
    pub fn project_id(&self) -> String {
        project_id(self.git.found().map_or(&*self.root, |dirs| &dirs.common))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_git_toplevel_is_the_root_and_worktrees_share_an_id() {
        let temp = tempfile::tempdir().unwrap();
        let base = temp.path().canonicalize().unwrap();
        let (main, tree) = (base.join("main"), base.join("tree"));
        fs::create_dir_all(main.join(".git/worktrees/tree")).unwrap();
        fs::create_dir_all(main.join("src")).unwrap();
        fs::create_dir_all(&tree).unwrap();
        for folder in [".git/objects", ".git/refs"] {
            fs::create_dir_all(main.join(folder)).unwrap();
        }
        for head in [".git/HEAD", ".git/worktrees/tree/HEAD"] {
            fs::write(main.join(head), "ref: refs/heads/main\n").unwrap();
        }
        let private = main.join(".git/worktrees/tree");
        fs::write(private.join("commondir"), "../..\n").unwrap();
        fs::write(private.join("gitdir"), tree.join(".git").as_os_str().as_encoded_bytes()).unwrap();
        fs::write(tree.join(".git"), format!("gitdir: {}\n", private.display())).unwrap();
        let home = base.join("home");
        let from_src = Workspace::find(&main.join("src"), &home).unwrap();
        assert_eq!((from_src.root.clone(), from_src.cwd.clone()), (main.clone(), main.join("src")));
        let from_tree = Workspace::find(&tree, &home).unwrap();
        assert_eq!(from_tree.root, tree);
        assert_eq!(from_tree.project_id(), from_src.project_id());
        // Whoever only says so is somebody else.
        let liar = base.join("liar");
        fs::create_dir_all(&liar).unwrap();
        fs::copy(tree.join(".git"), liar.join(".git")).unwrap();
        let from_liar = Workspace::find(&liar, &home).unwrap();
        assert_eq!(from_liar.project_id(), project_id(&liar));
    }

    #[test]
    fn home_and_root_are_too_wide() {
        let temp = tempfile::tempdir().unwrap();
        assert!(matches!(Workspace::find(temp.path(), temp.path()), Err(WorkspaceError::TooWide(_))));
        assert!(matches!(Workspace::find(Path::new("/"), temp.path()), Err(WorkspaceError::TooWide(_))));
        assert!(matches!(
            Workspace::find(&temp.path().join("x"), temp.path()),
            Err(WorkspaceError::Io { .. })
        ));
    }
}
