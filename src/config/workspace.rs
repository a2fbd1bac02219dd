//! The workspace: the git toplevel around a folder, else that folder.

use std::path::{Path, PathBuf};

use super::dirs::project_id;

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
    /// Real path of the git directory shared by all worktrees, where there is one.
    pub git_common: Option<PathBuf>,
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
        let git_common = toplevel.and_then(git_common_dir);
        Ok(Self { root, cwd: cwd_real, git_common })
    }

    pub fn project_id(&self) -> String {
        project_id(self.git_common.as_deref().unwrap_or(&self.root))
    }
}

/// `.git` is a folder, or (in a worktree) a file `gitdir: PATH` whose folder has a `commondir`.
fn git_common_dir(toplevel: &Path) -> Option<PathBuf> {
    let dot_git = toplevel.join(".git");
    if dot_git.is_dir() {
        return dot_git.canonicalize().ok();
    }
    let text = crate::base::read_text(&dot_git).ok()?;
    let gitdir = toplevel.join(text.strip_prefix("gitdir:")?.trim());
    let common = match crate::base::read_text(&gitdir.join("commondir")) {
        Ok(common) => gitdir.join(common.trim()),
        Err(_) => gitdir,
    };
    common.canonicalize().ok()
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
        fs::write(main.join(".git/worktrees/tree/commondir"), "../..\n").unwrap();
        fs::write(tree.join(".git"), format!("gitdir: {}/.git/worktrees/tree\n", main.display())).unwrap();
        let home = base.join("home");
        let from_src = Workspace::find(&main.join("src"), &home).unwrap();
        assert_eq!((from_src.root.clone(), from_src.cwd.clone()), (main.clone(), main.join("src")));
        let from_tree = Workspace::find(&tree, &home).unwrap();
        assert_eq!(from_tree.root, tree);
        assert_eq!(from_tree.project_id(), from_src.project_id());
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
