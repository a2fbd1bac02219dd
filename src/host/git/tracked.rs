//! Which files git keeps track of, by the index alone.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use git2::Index;

/// Those of `files` that the index of their repository lists. An index that cannot be read may list any.
pub fn tracked<'f>(files: &[&'f Path]) -> Vec<&'f Path> {
    let mut read: HashMap<PathBuf, Option<Index>> = HashMap::new();
    let mut listed = |file: &Path| {
        let Some((root, git)) =
            file.ancestors().skip(1).find_map(|folder| Some((folder, git_folder(folder)?)))
        else {
            return false;
        };
        let Ok(below) = file.strip_prefix(root) else { return false };
        let index = read.entry(root.to_owned()).or_insert_with(|| Index::open(&git.join("index")).ok());
        index.as_ref().is_none_or(|index| index.get_path(below, 0).is_some())
    };
    files.iter().copied().filter(|file| listed(file)).collect()
}

/// The git folder of a repository or linked worktree at `folder`.
fn git_folder(folder: &Path) -> Option<PathBuf> {
    let git = folder.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let text = std::fs::read_to_string(git).ok()?;
    Some(folder.join(text.strip_prefix("gitdir:")?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_index_lists_is_tracked_in_a_linked_worktree_too() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path();
        for path in [".npmrc", ".env", "w/.npmrc", "w/.env"] {
            std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            std::fs::write(root.join(path), "x").unwrap();
        }
        let files = [".npmrc", ".env", "w/.npmrc", "w/.env"].map(|path| root.join(path));
        let files = files.each_ref().map(PathBuf::as_path);
        assert_eq!(tracked(&files), [] as [&Path; 0], "no repository");
        let repository = git2::Repository::init(root).unwrap();
        let mut index = repository.index().unwrap();
        index.add_path(Path::new(".npmrc")).unwrap();
        index.write().unwrap();
        assert_eq!(tracked(&files), [files[0]]);
        std::fs::write(root.join("w/.git"), "gitdir: ../.git\n").unwrap();
        assert_eq!(tracked(&files), [files[0], files[2]]);
        std::fs::write(root.join(".git/index"), "no index").unwrap();
        assert_eq!(tracked(&files), files, "whatever it lists");
    }
}
