//! A folder as a value, to be compared before and after.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// By path below the root: mode, and the bytes of a file, the target of a link, nothing of a folder.
pub type Tree = BTreeMap<String, (u32, Option<Vec<u8>>)>;

/// Everything below `root`, the insides of `.git` too.
pub fn tree(root: &Path) -> Tree {
    let mut found = Tree::new();
    walk(root, root, &mut found);
    found
}

fn walk(root: &Path, at: &Path, found: &mut Tree) {
    for entry in std::fs::read_dir(at).unwrap().flatten() {
        let path = entry.path();
        let meta = path.symlink_metadata().unwrap();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        let bytes = if meta.is_symlink() {
            Some(std::fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes())
        } else if meta.is_file() {
            Some(std::fs::read(&path).unwrap())
        } else {
            None
        };
        found.insert(name, (meta.permissions().mode(), bytes));
        if meta.is_dir() {
            walk(root, &path, found);
        }
    }
}
