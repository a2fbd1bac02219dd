//! Trees of before a session, and what would be lost of them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use git2::Repository;

use super::*;
use crate::host::git::snapshot::MOST_FILE;
use crate::kernel::{Fate, Why};

/// A tree of before the session, and some files made in it.
struct Tree {
    _temp: tempfile::TempDir,
    kept: KeptFiles,
}

const OLD: &[&str] = &[
    "src/a.rs",
    "src/changed.rs",
    "app/[id]/page.tsx",
    "notes/mine.txt",
    "secret.local",
    "data/app.db",
    "data/log/x.log",
    "generated/z",
    "target/x",
    "pkg/node_modules/y",
    "m/a.pyc",
    "m/old.bak",
    "out/tracked.txt",
    "out/mine.txt",
    "env/pyvenv.cfg",
    "env/lib/x.py",
    "php/composer.json",
    "php/vendor/lib.php",
    "plain/vendor/lib.c",
    "nested/README",
    "nested/.git/HEAD",
    "bare.git/HEAD",
    "bare.git/objects/pack/p",
    "bare.git/refs/heads/main",
    "dist/index.html",
    "dist/.git/HEAD",
    "linked/x",
    "linked/.git",
    "elsewhere.txt",
];

impl Tree {
    fn new(repository: bool) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        let put = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        OLD.iter().for_each(|path| put(path, "x"));
        put("empty/.keep", "");
        put(
            ".gitignore",
            "*.local\n*.log\n*.pyc\n*.bak\n/data\ngenerated/\ntarget/\nnode_modules/\n/env\n/php/vendor\n/plain/vendor\n/dist\n/out\n/made.local\n",
        );
        if repository {
            let opened = Repository::init(&root).unwrap();
            let mut index = opened.index().unwrap();
            for path in ["src/a.rs", "src/changed.rs", "out/tracked.txt", "app/[id]/page.tsx"] {
                index.add_path(Path::new(path)).unwrap();
            }
            index.write().unwrap();
        }
        put("src/changed.rs", "changed by the user");
        // Times of files are those of a clock that ticks: what follows is later beyond doubt.
        let aged = SystemTime::now() - Duration::from_secs(5);
        std::fs::File::options()
            .append(true)
            .open(root.join("src/changed.rs"))
            .unwrap()
            .set_modified(aged)
            .unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let began = SystemTime::now();
        std::thread::sleep(Duration::from_millis(20));
        for path in ["later.txt", "notes2/later.txt", "made.local", "cloned/.git/HEAD", "cloned/x"] {
            put(path, "x");
        }
        Self { _temp: temp, kept: KeptFiles::at(root, began) }
    }

    fn ask(
        &self,
        path: &str,
        fate: Fate,
        names: &[&str],
        checkpoints: bool,
    ) -> (Option<(String, Why)>, Vec<String>) {
        let root = &self.kept.root;
        let below = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let weighed = self
            .kept
            .weigh(&[Doomed { path: root.join(path).components().collect(), fate, names }], checkpoints);
        let lost = weighed.lost.first().map(|(_, lost)| (below(&lost.path), lost.why));
        let mut hold: Vec<String> = weighed.hold.iter().map(|path| below(path)).collect();
        hold.sort();
        (lost, hold)
    }

    fn why(&self, path: &str, fate: Fate, checkpoints: bool) -> Option<Why> {
        self.ask(path, fate, &[], checkpoints).0.map(|(_, why)| why)
    }
}

#[test]
fn without_a_checkpoint_only_commits_builds_and_the_session_hold_anything() {
    let tree = Tree::new(true);
    for (path, deleted, overwritten) in [
        ("notes", Some(Why::Untracked), None),
        ("notes/mine.txt", Some(Why::Untracked), Some(Why::Untracked)),
        ("no*/*.txt", Some(Why::Untracked), Some(Why::Untracked)),
        ("notes/*", Some(Why::Untracked), Some(Why::Untracked)),
        ("secret.local", Some(Why::Ignored), Some(Why::Ignored)),
        ("data", Some(Why::Ignored), None),
        ("generated", Some(Why::Ignored), None),
        ("plain/vendor", Some(Why::Ignored), None),
        // Committed once, so people work in it.
        ("out", Some(Why::Ignored), None),
        ("out/mine.txt", Some(Why::Ignored), Some(Why::Ignored)),
        ("src/changed.rs", Some(Why::Uncommitted), Some(Why::Uncommitted)),
        ("nested", Some(Why::Repository), None),
        ("bare.git", Some(Why::Repository), None),
        ("dist", Some(Why::Repository), None),
        ("src/a.rs", None, None),
        ("app/[id]/page.tsx", None, None),
        ("app", None, None),
        ("target", None, None),
        ("target/x", None, None),
        ("pkg/node_modules", None, None),
        ("env", None, None),
        ("php/vendor", None, None),
        ("m", None, None),
        ("m/*.pyc", None, None),
        ("m/old.bak", None, None),
        ("later.txt", None, None),
        ("notes2", None, None),
        ("cloned", None, None),
        ("empty", None, None),
        ("absent", None, None),
        ("src/*.orig", None, None),
        ("*.log", None, None),
    ] {
        assert_eq!(tree.why(path, Fate::Deleted, false), deleted, "delete {path}");
        assert_eq!(tree.why(path, Fate::Overwritten, false), overwritten, "overwrite {path}");
    }
    assert!(tree.why(".", Fate::Deleted, false).is_some());
}

#[test]
fn with_a_checkpoint_what_it_leaves_out_is_held_besides_or_lost() {
    let tree = Tree::new(true);
    for (path, lost, hold) in [
        ("notes", None, &[][..]),
        ("src", None, &[]),
        ("target", None, &[]),
        ("pkg/node_modules", None, &[]),
        ("env", None, &[]),
        ("php/vendor", None, &[]),
        ("linked", None, &[]),
        ("cloned", None, &[]),
        ("made.local", None, &[]),
        ("secret.local", None, &["secret.local"]),
        ("data", None, &["data/app.db", "data/log/x.log"]),
        ("generated", None, &["generated/z"]),
        ("plain", None, &["plain/vendor/lib.c"]),
        ("out", None, &["out/mine.txt"]),
        ("m", None, &["m/old.bak"]),
        ("nested", Some(Why::Repository), &[]),
        ("dist", Some(Why::Repository), &[]),
        ("bare.git", Some(Why::Repository), &[]),
    ] {
        let (found, held) = tree.ask(path, Fate::Deleted, &[], true);
        assert_eq!(
            (found.map(|(_, why)| why), held.as_slice()),
            (lost, hold.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>().as_slice()),
            "{path}"
        );
    }
    assert_eq!(tree.ask("data/app.db", Fate::Overwritten, &[], true), (None, vec!["data/app.db".to_owned()]));
}

#[test]
fn what_is_found_by_name_is_all_that_counts() {
    let tree = Tree::new(true);
    for (names, lost) in [
        (&["mine.txt"][..], Some(Why::Untracked)),
        (&["MINE.*"], Some(Why::Untracked)),
        (&["*.pyc"], None),
        (&["a.rs"], None),
        (&["nowhere"], None),
        (&["nested"], Some(Why::Repository)),
        (&["*.pyc", "*.db"], Some(Why::Ignored)),
    ] {
        assert_eq!(tree.ask(".", Fate::Deleted, names, false).0.map(|(_, why)| why), lost, "{names:?}");
    }
    assert_eq!(tree.ask(".", Fate::Deleted, &["*.db"], true), (None, vec!["data/app.db".to_owned()]));
}

#[test]
fn sizes_and_numbers_on_both_sides_of_what_a_checkpoint_holds() {
    let tree = Tree::new(true);
    // The session begins after these.
    let kept = KeptFiles::at(tree.kept.root.clone(), SystemTime::now() + Duration::from_secs(3600));
    let tree = Tree { kept, ..tree };
    let sparse = |path: &str, size: u64| {
        let path = tree.kept.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().set_len(size).unwrap();
    };
    sparse("video.mp4", MOST_FILE);
    sparse("big.bin", MOST_FILE + 1);
    sparse("data/fits.db", 16 << 20);
    sparse("data2.local", (16 << 20) + 1);
    sparse("huge.log", (16 << 20) + 1);
    for (path, lost) in [
        ("video.mp4", None),
        ("big.bin", Some(Why::Large)),
        ("big.*", Some(Why::Large)),
        ("data/fits.db", None),
        ("data", Some(Why::Ignored)),
        ("data2.local", Some(Why::Ignored)),
        // Nobody is asked about what tools leave behind.
        ("huge.log", None),
    ] {
        assert_eq!(tree.why(path, Fate::Deleted, true), lost, "{path}");
    }
    assert_eq!(tree.why("big.bin", Fate::Overwritten, true), Some(Why::Large));
    for at in 0..1001 {
        sparse(&format!("generated/many/{at}"), 1);
    }
    assert_eq!(tree.why("generated/many", Fate::Deleted, true), Some(Why::Ignored));
    std::fs::remove_file(tree.kept.root.join("generated/many/7")).unwrap();
    assert_eq!(tree.why("generated/many", Fate::Deleted, true), None);
    let closed = tree.kept.root.join("closed.txt");
    std::fs::write(&closed, "x").unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let readable = std::fs::read(&closed).is_ok();
    assert_eq!(tree.why("closed.txt", Fate::Deleted, true), (!readable).then_some(Why::Unreadable));
}

#[test]
fn outside_a_repository_it_is_the_same() {
    let tree = Tree::new(false);
    for (path, lost) in
        [("src/a.rs", true), ("notes", true), ("data", true), ("target", false), ("later.txt", false)]
    {
        assert_eq!(tree.why(path, Fate::Deleted, false).is_some(), lost, "{path}");
    }
    assert_eq!(tree.ask("data", Fate::Deleted, &[], true).1, ["data/app.db", "data/log/x.log"]);
    assert_eq!(tree.ask("notes", Fate::Deleted, &[], true), (None, Vec::new()));
}

#[test]
fn a_folder_added_to_the_workspace_has_its_own_repository_and_no_checkpoint() {
    // What is older than the session is there first.
    let other = Tree::new(true);
    let tree = Tree::new(true);
    for (path, lost) in [
        ("src/a.rs", None),
        ("notes/mine.txt", Some(Why::Untracked)),
        ("secret.local", Some(Why::Ignored)),
        ("target", None),
    ] {
        let path = other.kept.root.join(path);
        let doomed = [Doomed { path: path.clone(), fate: Fate::Deleted, names: Vec::new() }];
        let weighed = tree.kept.weigh(&doomed, true);
        assert_eq!(weighed.lost.first().map(|(_, lost)| lost.why), lost, "{}", path.display());
        assert!(weighed.hold.is_empty());
    }
}
