//! Whether a snapshot passes a path over: by the same rules as [`every`](super::every), asked of one path.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Ignore files of one tree, read when a path below them is first asked about.
pub(in crate::host) struct Ignored {
    root: PathBuf,
    global: Gitignore,
    exclude: Gitignore,
    files: HashMap<PathBuf, Gitignore>,
    folders: HashMap<PathBuf, bool>,
}

impl Ignored {
    /// `exclude`: the file of the repository's own rules, where there is a repository.
    pub(in crate::host) fn new(root: &Path, exclude: Option<&Path>) -> Self {
        Self {
            root: root.to_owned(),
            global: Gitignore::global().0,
            exclude: exclude.map_or_else(Gitignore::empty, |file| read(root, file)),
            files: HashMap::new(),
            folders: HashMap::new(),
        }
    }

    /// Whether this path below the root, or a folder that it lies in, is ignored.
    pub(in crate::host) fn has(&mut self, path: &Path, is_dir: bool) -> bool {
        if path == self.root || !path.starts_with(&self.root) {
            return false;
        }
        if let Some(known) = self.folders.get(path).filter(|_| is_dir) {
            return *known;
        }
        let above = path.parent().is_some_and(|parent| self.has(parent, true));
        let ignored = above || self.alone(path, is_dir);
        if is_dir {
            self.folders.insert(path.to_owned(), ignored);
        }
        ignored
    }

    /// By the nearest file that has a word on it.
    fn alone(&mut self, path: &Path, is_dir: bool) -> bool {
        let above: Vec<PathBuf> = path.ancestors().skip(1).map(Path::to_owned).collect();
        for folder in above.iter().take_while(|folder| folder.starts_with(&self.root)) {
            let file =
                self.files.entry(folder.clone()).or_insert_with(|| read(folder, &folder.join(".gitignore")));
            match file.matched(path, is_dir) {
                Match::None => {}
                found => return found.is_ignore(),
            }
        }
        match self.exclude.matched(path, is_dir) {
            Match::None => self.global.matched(path, is_dir).is_ignore(),
            found => found.is_ignore(),
        }
    }
}

fn read(folder: &Path, file: &Path) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    // A file that is not there, or a line that is no pattern, ignores nothing.
    let _ = builder.add(file);
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

#[cfg(test)]
mod tests {
    use super::super::every;
    use super::Ignored;
    use crate::base::resolve;

    #[test]
    fn it_says_what_the_walk_passes_over() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put(".gitignore", "*.log\n/data/\nlocal/*\n!local/keep\n# words\n");
        put("sub/.gitignore", "!a.log\nb\n");
        put(".git/info/exclude", "mine\n");
        let files = [
            "a.log",
            "a.txt",
            "data/x",
            "sub/data/x",
            "local/x",
            "local/keep",
            "sub/a.log",
            "sub/b",
            "sub/c/b",
            "sub/c/a.log",
            "b",
            "mine",
            "sub/mine",
        ];
        files.iter().for_each(|file| put(file, "x"));
        let handle = resolve(&root, ".", None).unwrap();
        let found = every(&handle, &[], &|_| false).unwrap().unwrap().found;
        let mut ignored = Ignored::new(&root, Some(&root.join(".git/info/exclude")));
        for file in files {
            let seen = found.iter().any(|found| found.path.to_str() == Some(file));
            assert_eq!(ignored.has(&root.join(file), false), !seen, "{file}");
        }
        assert!(ignored.has(&root.join("data"), true) && !ignored.has(&root.join("sub"), true));
        assert!(!ignored.has(&root, true));
    }
}
