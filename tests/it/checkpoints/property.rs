//! Any tree comes back bit for bit, whatever was done to it, and so does what was done to it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::field::{Field, same};

const NAMES: [&[u8]; 12] = [
    b"a",
    b"b",
    b"b.txt",
    b"c d",
    b".hidden",
    b"\xff\xfe",
    b"new\nline",
    b"100%",
    b"a-",
    b"a0",
    b"git~1",
    b"-rf",
];

#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>, u32),
    Link(usize),
    Folder(u32),
}

#[derive(Debug, Clone)]
enum Step {
    Put(Vec<usize>, Node),
    Remove(Vec<usize>),
    Move(Vec<usize>, Vec<usize>),
    Mode(Vec<usize>, u32),
    Shell(usize),
}

const LINES: [&str; 5] = [
    "find . -name 'a*' -delete",
    "rm -rf -- ./b",
    "for f in $(find . -type f -name b.txt); do echo more >> $f; done",
    "mkdir -p deep/er/est && touch deep/er/file",
    "find . -type f -name '.h*' -exec chmod 600 {} +",
];

fn path() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..NAMES.len(), 1..4)
}

fn node() -> impl Strategy<Value = Node> {
    let content = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..40),
        1 => Just(b"line\r\nline\n".to_vec()),
        1 => Just(vec![0u8; 9000]),
    ];
    let mode = prop::sample::select(vec![0o644, 0o755, 0o600, 0o444]);
    prop_oneof![
        6 => (content, mode).prop_map(|(content, mode)| Node::File(content, mode)),
        1 => (0..NAMES.len()).prop_map(Node::Link),
        2 => prop::sample::select(vec![0o755, 0o700]).prop_map(Node::Folder),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (path(), node()).prop_map(|(path, node)| Step::Put(path, node)),
        3 => path().prop_map(Step::Remove),
        2 => (path(), path()).prop_map(|(from, to)| Step::Move(from, to)),
        1 => (path(), prop::sample::select(vec![0o755, 0o640])).prop_map(|(path, mode)| Step::Mode(path, mode)),
        1 => (0..LINES.len()).prop_map(Step::Shell),
    ]
}

fn at(root: &Path, path: &[usize]) -> PathBuf {
    path.iter().fold(root.to_owned(), |at, name| at.join(OsStr::from_bytes(NAMES[*name])))
}

/// What cannot be done is not done.
fn act(field: &Field, step: &Step) {
    let root = field.root();
    match step {
        Step::Put(path, node) => {
            let path = at(&root, path);
            let _ = std::fs::create_dir_all(path.parent().unwrap());
            match node {
                Node::File(content, mode) => {
                    if std::fs::write(&path, content).is_ok() && !path.is_symlink() {
                        let _ = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(*mode));
                    }
                }
                Node::Link(target) => {
                    let _ = symlink(OsStr::from_bytes(NAMES[*target]), &path);
                }
                Node::Folder(mode) => {
                    if std::fs::create_dir(&path).is_ok() {
                        let _ = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(*mode));
                    }
                }
            }
        }
        Step::Remove(path) => {
            let path = at(&root, path);
            if path.is_dir() && !path.is_symlink() {
                let _ = std::fs::remove_dir_all(&path);
            } else {
                let _ = std::fs::remove_file(&path);
            }
        }
        Step::Move(from, to) => drop(std::fs::rename(at(&root, from), at(&root, to))),
        Step::Mode(path, mode) => {
            let path = at(&root, path);
            if !path.is_symlink() {
                let _ = std::fs::set_permissions(&path, std::fs::Permissions::from_mode(*mode | 0o100));
            }
        }
        Step::Shell(line) => field.shell(&format!("{{ {}; }} 2>/dev/null || true", LINES[*line])),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_comes_back_and_so_does_what_was_made_of_it(
        made in prop::collection::vec((path(), node()), 0..24),
        done in prop::collection::vec(step(), 0..16),
    ) {
        let field = Field::new();
        for (path, node) in &made {
            act(&field, &Step::Put(path.clone(), node.clone()));
        }
        let before = field.shape();
        field.take("before");
        prop_assert_eq!(&field.shape(), &before, "taking one touches nothing");
        for step in &done {
            act(&field, step);
        }
        let after = field.shape();
        let rolled = field.restore("before");
        let restored = field.shape();
        same(&restored, &before);
        for (path, (mode, content, at)) in &after {
            let is_folder = mode & 0o170_000 == 0o040_000;
            if !is_folder && before.get(path).is_some_and(|(m, c, _)| (m, c) == (mode, content)) {
                prop_assert_eq!(restored[path].2, *at, "an untouched file was touched: {:?}", path);
            }
        }
        if rolled.redo.is_some() {
            field.restore("redo");
            same(&field.shape(), &after);
        } else {
            same(&after, &before);
        }
        // And back once more, with a cache that has seen all of it.
        field.restore("before");
        same(&field.shape(), &before);
    }
}
