//! What a tree holds, and what is different between two looks at it.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// Kind, mode, content or target, and for files the time of the last change and the number.
type Entry = (char, u32, Vec<u8>, i64, u64);

pub type Snapshot = BTreeMap<PathBuf, Entry>;

/// The files that generated lines work on.
pub fn build(root: &Path) {
    for folder in ["d/deep", "e", "home", "empty"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    let files = [
        ("a.txt", "alpha\nbeta\ngamma\n"),
        ("b.txt", "beta\ndelta\n"),
        ("c d.txt", "with a blank\n"),
        ("list", "a.txt\nb.txt\nnew1\n"),
        ("num", "3\n1\n2\n"),
        ("x.o", "o"),
        ("y.o", "o"),
        ("d/x", "dx\n"),
        ("d/y.txt", "dy\n"),
        ("d/deep/z", "z\n"),
        ("e/w", "w\n"),
        ("home/h", "h\n"),
        ("hard1", "hard\n"),
        ("run.sh", "echo ran > ran.out\n"),
    ];
    for (name, text) in files {
        std::fs::write(root.join(name), text).unwrap();
    }
    std::fs::hard_link(root.join("hard1"), root.join("hard2")).unwrap();
    symlink("a.txt", root.join("linkf")).unwrap();
    symlink("d", root.join("linkd")).unwrap();
    symlink("nowhere", root.join("dangling")).unwrap();
    symlink("../e/w", root.join("d/up")).unwrap();
    std::fs::set_permissions(root.join("run.sh"), PermissionsExt::from_mode(0o755)).unwrap();
}

pub fn clear(root: &Path) {
    for entry in std::fs::read_dir(root).unwrap().flatten() {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            let _ = std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755));
            std::fs::remove_dir_all(&path).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
    }
}

pub fn look(roots: &[&Path]) -> Snapshot {
    let mut all = Snapshot::new();
    let mut folders: Vec<PathBuf> = roots.iter().map(|root| root.to_path_buf()).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(meta) = path.symlink_metadata() else { continue };
            let changed = meta.mtime() * 1_000_000_000 + meta.mtime_nsec();
            let value: Entry = if meta.is_dir() {
                folders.push(path.clone());
                ('d', meta.mode(), Vec::new(), 0, 0)
            } else if meta.is_symlink() {
                let target = std::fs::read_link(&path).unwrap();
                ('l', 0, target.to_string_lossy().into_owned().into_bytes(), 0, 0)
            } else if meta.is_file() {
                ('f', meta.mode(), std::fs::read(&path).unwrap_or_default(), changed, meta.ino())
            } else {
                ('o', meta.mode(), Vec::new(), changed, 0)
            };
            all.insert(path, value);
        }
    }
    all
}

/// Paths that were made, changed or removed.
pub fn changed(before: &Snapshot, after: &Snapshot) -> Vec<PathBuf> {
    let gone = before.keys().filter(|path| !after.contains_key(*path));
    let new = after.iter().filter(|(path, entry)| before.get(*path) != Some(entry)).map(|(path, _)| path);
    gone.chain(new).cloned().collect()
}
