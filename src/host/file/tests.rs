//! Small worlds in temporary folders.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::base::{StateDir, resolve};

struct World {
    _temp: tempfile::TempDir,
    root: PathBuf,
    blobs: BlobStore,
}

impl World {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path().canonicalize().unwrap();
        let blobs = BlobStore::new(StateDir::open(top.join("state")).unwrap());
        let root = top.join("work");
        fs::create_dir(&root).unwrap();
        Self { _temp: temp, root, blobs }
    }

    fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        fs::write(self.root.join(name), text).unwrap();
        self.root.join(name)
    }

    fn may_read(&self, text: &str) -> Grant {
        Grant::for_tests("t1", Reach::ReadPath(resolve(&self.root, text, None).unwrap()))
    }

    fn may_write(&self, text: &str) -> Grant {
        may_write(&self.root, text)
    }

    fn read(&self, text: &str) -> Result<Opened, HostError> {
        read(self.may_read(text), &self.blobs)
    }

    fn names(&self) -> Vec<String> {
        names(&self.root)
    }
}

fn may_write(root: &Path, text: &str) -> Grant {
    Grant::for_tests("t1", Reach::RewriteFile(resolve(root, text, None).unwrap()))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn give(bytes: &[u8]) -> impl FnOnce(Option<&Content>) -> Result<Vec<u8>, ()> {
    let bytes = bytes.to_vec();
    move |_| Ok(bytes)
}

fn host_error<E: std::fmt::Debug>(result: Result<Rewritten, RewriteError<E>>) -> HostError {
    match result.unwrap_err() {
        RewriteError::Host(error) => error,
        RewriteError::Refused(refused) => panic!("refused by the caller: {refused:?}"),
    }
}

#[test]
fn a_file_comes_back_byte_for_byte_with_its_stamp() {
    let world = World::new();
    let path = world.put("a.bin", b"\xff\0\r\nend");
    let Opened::File(content) = world.read("a.bin").unwrap() else { panic!("not a file") };
    assert_eq!(content.bytes, b"\xff\0\r\nend");
    assert_eq!((content.real.as_path(), content.stamp.size), (path.as_path(), 7));
    assert!(matches!(world.read("gone"), Err(HostError::Missing(_))));
    let handle = world.blobs.put(b"stored").unwrap();
    let grant = Grant::for_tests("t1", Reach::ReadBlob(handle.clone()));
    let Opened::Stored { bytes, .. } = read(grant, &world.blobs).unwrap() else { panic!("not stored") };
    assert_eq!(bytes, b"stored");
}

#[test]
fn a_grant_of_another_kind_opens_nothing() {
    let world = World::new();
    let path = world.put("a", "a");
    assert!(matches!(read(world.may_write("a"), &world.blobs), Err(HostError::WrongGrant { .. })));
    let error = host_error(rewrite(world.may_read("a"), give(b"b")));
    assert!(matches!(error, HostError::WrongGrant { .. }), "{error}");
    let error = host_error(rewrite(Grant::for_tests("t1", Reach::Nothing), give(b"b")));
    assert!(error.to_string().contains("nothing in the world"), "{error}");
    assert_eq!(fs::read(path).unwrap(), b"a");
}

#[test]
fn pipes_devices_and_sockets_are_named_and_never_opened() {
    let world = World::new();
    assert!(Command::new("mkfifo").arg(world.root.join("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(world.root.join("sock")).unwrap();
    for (name, what) in [("pipe", "a named pipe"), ("sock", "a socket"), ("/dev/null", "a device")] {
        let error = world.read(name).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
        let error = host_error(rewrite(world.may_write(name), give(b"x"))).to_string();
        assert!(error.contains(what), "{error}");
    }
    let error = host_error(rewrite(world.may_write("."), give(b"x"))).to_string();
    assert!(error.contains("a folder"), "{error}");
}

#[test]
fn what_took_the_place_of_a_judged_file_is_not_opened() {
    let world = World::new();
    let secret = world.put("secret", "s");
    let path = world.put("a", "a");
    type Swap = fn(&Path, &Path);
    let swaps: [Swap; 3] = [
        |secret, path| symlink(secret, path).unwrap(),
        |secret, path| fs::hard_link(secret, path).unwrap(),
        |_, path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
    ];
    for swap in swaps {
        let (to_read, to_write) = (world.may_read("a"), world.may_write("a"));
        fs::remove_file(&path).unwrap();
        swap(&secret, &path);
        assert!(matches!(read(to_read, &world.blobs), Err(HostError::Swapped(_))));
        assert!(matches!(host_error(rewrite(to_write, give(b"x"))), HostError::Swapped(_)));
        assert_eq!(fs::read(&secret).unwrap(), b"s");
        fs::remove_file(&path).unwrap();
        world.put("a", "a");
    }
}

#[test]
fn a_huge_file_is_refused_with_its_size() {
    let world = World::new();
    fs::File::create(world.root.join("big")).unwrap().set_len(MOST_BYTES + 1).unwrap();
    let error = world.read("big").unwrap_err().to_string();
    assert!(error.contains("52428801 bytes") && error.contains("search it"), "{error}");
}

#[test]
fn a_folder_is_listed_in_order_with_kinds() {
    let world = World::new();
    world.put("b.txt", "12345");
    let run = world.put("run", "");
    fs::set_permissions(run, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(world.root.join("a")).unwrap();
    symlink("b.txt", world.root.join("link")).unwrap();
    let Opened::Folder(listing) = world.read(".").unwrap() else { panic!("not a folder") };
    let seen: Vec<_> = listing.entries.iter().map(|e| (e.name.as_str(), e.kind.clone())).collect();
    let file = |executable| EntryKind::File { executable };
    let link = EntryKind::Link("b.txt".to_owned());
    let due = [("a", EntryKind::Folder), ("b.txt", file(false)), ("link", link), ("run", file(true))];
    assert_eq!(seen, due);
    assert_eq!((listing.entries[1].size, listing.left_out), (5, 0));
}

#[test]
fn a_rewrite_replaces_the_file_and_keeps_its_mode() {
    let world = World::new();
    let path = world.put("a.sh", "old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o751)).unwrap();
    let before = fs::metadata(&path).unwrap().ino();
    let done = rewrite(world.may_write("a.sh"), |old| {
        assert_eq!(old.unwrap().bytes, b"old");
        Ok::<_, ()>(b"new!".to_vec())
    });
    let done = done.unwrap();
    assert_eq!(
        (done.how, done.real.as_path(), done.bytes.as_slice()),
        (How::Replaced, path.as_path(), &b"new!"[..])
    );
    assert_eq!(fs::read(&path).unwrap(), b"new!");
    let now = fs::metadata(&path).unwrap();
    assert_eq!(now.mode() & 0o7777, 0o751);
    assert_ne!(now.ino(), before);
    assert_eq!(world.names(), ["a.sh"]);
}

#[test]
fn equal_bytes_are_not_written() {
    let world = World::new();
    let path = world.put("a", "same");
    let before = fs::metadata(&path).unwrap();
    assert_eq!(rewrite(world.may_write("a"), give(b"same")).unwrap().how, How::Unchanged);
    let after = fs::metadata(&path).unwrap();
    assert_eq!((before.ino(), before.mtime_nsec()), (after.ino(), after.mtime_nsec()));
}

#[test]
fn missing_folders_are_made_and_taken_back_after_an_error() {
    let world = World::new();
    let done = rewrite(world.may_write("a/b/c.txt"), give(b"c")).unwrap();
    assert_eq!((done.how, done.folders), (How::Created, 2));
    assert_eq!(fs::read(world.root.join("a/b/c.txt")).unwrap(), b"c");
    let long = format!("x/y/{}", "n".repeat(256));
    let error = host_error(rewrite(world.may_write(&long), give(b"c")));
    assert!(matches!(error, HostError::Io { .. }), "{error}");
    assert_eq!(world.names(), ["a"]);
    // A link that appeared where a folder was to be made leads nowhere.
    let grant = world.may_write("n/m/new");
    let outside = world.root.join("../outside");
    fs::create_dir(&outside).unwrap();
    symlink(&outside, world.root.join("n")).unwrap();
    assert!(matches!(host_error(rewrite(grant, give(b"c"))), HostError::Swapped(_)));
    assert!(names(&outside).is_empty());
}

#[test]
fn the_callers_refusal_leaves_no_trace() {
    let world = World::new();
    let refuse = |_: Option<&Content>| Err::<Vec<u8>, _>("no");
    let result = rewrite(world.may_write("x/y"), refuse);
    assert!(matches!(result, Err(RewriteError::Refused("no"))));
    assert!(world.names().is_empty());
}

#[test]
fn a_writer_in_the_middle_is_noticed() {
    let world = World::new();
    let path = world.put("a", "one");
    let meddle: [fn(&Path); 4] = [
        |path| fs::write(path, "two").unwrap(),
        |path| {
            fs::write(path.with_extension("t"), "one").unwrap();
            fs::rename(path.with_extension("t"), path).unwrap();
        },
        |path| fs::remove_file(path).unwrap(),
        |path| fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap(),
    ];
    for meddle in meddle {
        fs::write(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let done = rewrite(world.may_write("a"), |_| {
            meddle(&path);
            Ok::<_, ()>(b"mine".to_vec())
        });
        let error = host_error(done);
        assert!(matches!(error, HostError::Changed(_)), "{error}");
        assert_ne!(fs::read(&path).unwrap_or_default(), b"mine");
        assert!(world.names().len() <= 1, "{:?}", world.names());
    }
    fs::write(&path, "kept").unwrap();
    let grant = Grant::for_tests("t1", Reach::RewriteFile(resolve(&world.root, "new", None).unwrap()));
    let done = rewrite(grant, |_| {
        fs::write(world.root.join("new"), "theirs").unwrap();
        Ok::<_, ()>(b"mine".to_vec())
    });
    assert!(matches!(host_error(done), HostError::Changed(_)));
    assert_eq!(fs::read(world.root.join("new")).unwrap(), b"theirs");
}

#[test]
fn hard_links_stay_together_and_owners_stay() {
    let world = World::new();
    let path = world.put("a", "a longer text");
    fs::hard_link(&path, world.root.join("b")).unwrap();
    let done = rewrite(world.may_write("a"), give(b"short")).unwrap();
    assert_eq!(done.how, How::InPlace);
    assert_eq!(fs::read(world.root.join("b")).unwrap(), b"short");
    rewrite(world.may_write("b"), give(b"longer than it was before")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"longer than it was before");
    // Only root can give a file away.
    let owned = world.put("owned", "x");
    if chown(&owned, Some(4242), Some(4242)).is_ok() {
        assert_eq!(rewrite(world.may_write("owned"), give(b"y")).unwrap().how, How::InPlace);
        assert_eq!(fs::metadata(&owned).unwrap().uid(), 4242);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn group_and_attributes_outlive_a_rewrite() {
    use rustix::fs::{XattrFlags, getxattr, setxattr};
    let world = World::new();
    let path = world.put("a", "old");
    // Only root can give a file another group, and not every file system keeps attributes.
    let group = chown(&path, None, Some(4242)).is_ok();
    let kept = setxattr(&path, "user.mark", b"kept", XattrFlags::empty()).is_ok();
    assert_eq!(rewrite(world.may_write("a"), give(b"new")).unwrap().how, How::Replaced);
    assert!(!group || fs::metadata(&path).unwrap().gid() == 4242);
    let mut value = [0u8; 8];
    assert!(!kept || getxattr(&path, "user.mark", &mut value[..]) == Ok(4) && &value[..4] == b"kept");
}

#[test]
fn a_read_only_file_is_left_alone() {
    let world = World::new();
    let path = world.put("a", "a");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let error = host_error(rewrite(world.may_write("a"), give(b"b"))).to_string();
    assert!(error.contains("read-only (mode 0444)"), "{error}");
    assert_eq!(fs::read(path).unwrap(), b"a");
}

#[test]
fn a_write_through_a_link_replaces_its_target() {
    let world = World::new();
    world.put("target", "t");
    symlink("target", world.root.join("link")).unwrap();
    rewrite(world.may_write("link"), give(b"new")).unwrap();
    assert_eq!(fs::read(world.root.join("target")).unwrap(), b"new");
    assert!(fs::symlink_metadata(world.root.join("link")).unwrap().is_symlink());
}

/// Where the child of the next test works; set only there.
const SMALL_WORLD: &str = "IOSM_TEST_SMALL_WORLD";

/// Runs in a child process that is killed when a file grows over 64 KiB.
#[test]
fn child_dies_while_it_grows_a_linked_file() {
    let Some(root) = std::env::var_os(SMALL_WORLD).map(PathBuf::from) else { return };
    let _ = rewrite(may_write(&root, "linked"), give(&vec![b'x'; 200_000]));
}

/// Nothing can be put back by a process that is dead: not a byte of the original may be gone by then.
#[test]
fn a_death_while_a_linked_file_grows_costs_nothing_of_it() {
    let world = World::new();
    let old: Vec<u8> = (0..30_000u32).flat_map(u32::to_le_bytes).take(40_000).collect();
    let linked = world.put("linked", &old);
    fs::hard_link(&linked, world.root.join("other")).unwrap();
    let test = "host::file::tests::child_dies_while_it_grows_a_linked_file";
    let child = Command::new("bash")
        .args(["-c", r#"ulimit -c 0; ulimit -f 64; exec "$0" --exact "$1""#])
        .args([std::env::current_exe().unwrap().to_str().unwrap(), test])
        .env(SMALL_WORLD, &world.root)
        .output()
        .unwrap();
    assert!(!child.status.success(), "it was to be killed: {}", String::from_utf8_lossy(&child.stdout));
    assert!(fs::read(linked).unwrap().starts_with(&old), "the original was harmed");
}

/// Runs in a child process in which no file may grow over 64 KiB.
#[test]
fn child_writes_too_much() {
    let Some(root) = std::env::var_os(SMALL_WORLD).map(PathBuf::from) else { return };
    let big = vec![b'x'; 200_000];
    for name in ["plain", "linked", "new/folder/file"] {
        let error = host_error(rewrite(may_write(&root, name), give(&big)));
        assert!(matches!(error, HostError::Io { verb: "write", .. }), "{name}: {error}");
    }
}

#[test]
fn no_space_leaves_the_original_whole() {
    let world = World::new();
    let old: Vec<u8> = (0..30_000u32).flat_map(u32::to_le_bytes).take(40_000).collect();
    world.put("plain", &old);
    let linked = world.put("linked", &old);
    fs::hard_link(linked, world.root.join("other")).unwrap();
    let test = "host::file::tests::child_writes_too_much";
    let limited = r#"trap '' XFSZ; ulimit -f 64; exec "$0" --exact "$1""#;
    let child = Command::new("bash")
        .args(["-c", limited, std::env::current_exe().unwrap().to_str().unwrap(), test])
        .env(SMALL_WORLD, &world.root)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
    for name in ["plain", "linked", "other"] {
        assert!(fs::read(world.root.join(name)).unwrap() == old, "{name} was harmed");
    }
    assert_eq!(world.names(), ["linked", "other", "plain"]);
}

#[test]
fn writers_of_one_process_take_turns() {
    let world = World::new();
    let path = world.put("log", "");
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            let world = &world;
            scope.spawn(move || {
                for _ in 0..10 {
                    // A path judged before a neighbour's rename names a file that is gone: ask again.
                    while let Err(error) = rewrite(world.may_write("log"), |old| {
                        let mut bytes = old.unwrap().bytes.clone();
                        bytes.push(b'a' + thread);
                        Ok::<_, ()>(bytes)
                    }) {
                        let RewriteError::Host(HostError::Swapped(_) | HostError::Missing(_)) = error else {
                            panic!("{error:?}");
                        };
                    }
                }
            });
        }
    });
    assert_eq!(fs::read(path).unwrap().len(), 40);
}
