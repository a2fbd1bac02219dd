//! The store: several at once, damage, and pruning that really frees room.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use iosm::agent::Moment;
use iosm::base::StateDir;
use iosm::host::git::snapshot::{Bounds, Reason, SnapshotError, Store};

use super::field::Field;

#[test]
fn several_at_once_wait_for_each_other() {
    let field = Field::new();
    for at in 0..200 {
        field.put(&format!("f{at}"), format!("{at}"));
    }
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let checkpoints = field.checkpoints.clone();
            scope.spawn(move || checkpoints.take(Reason::Asked, None, Moment::default()).unwrap());
        }
    });
    let (all, damaged) = field.checkpoints.list().unwrap();
    assert_eq!((all.len(), damaged), (4, 0));
    assert!(all.iter().all(|one| one.files == 200));
}

#[test]
fn what_could_not_be_read_in_time_is_read_by_the_next() {
    let field = Field::new();
    for at in 0..300 {
        field.put(&format!("f{at}"), format!("{at}"));
    }
    std::thread::sleep(Duration::from_millis(120));
    let never = AtomicBool::new(false);
    let scan = |longest: u64, stop: &AtomicBool| {
        let dir = StateDir::open(field.state()).unwrap();
        let store = Store::open(&dir, Duration::from_secs(5), &never).unwrap();
        let longest = Duration::from_micros(longest);
        let bounds = Bounds { apart: &[], also: &[], longest, stop };
        store.scan(field.kernel.system_tree().unwrap(), &bounds)
    };
    let mut lefts = Vec::new();
    let done = loop {
        match scan(3000, &never) {
            Ok(scan) => break scan,
            Err(SnapshotError::OutOfTime { left, .. }) => lefts.push(left),
            Err(error) => panic!("{error}"),
        }
        assert!(lefts.len() < 2000, "no end: {lefts:?}");
    };
    assert_eq!(done.files, 300);
    assert!(
        !lefts.is_empty() && lefts.is_sorted_by(|a, b| a >= b),
        "each goes on where the last ended: {lefts:?}"
    );
    let stop = AtomicBool::new(true);
    assert!(matches!(scan(1_000_000, &stop), Err(SnapshotError::Cancelled)));
}

#[test]
fn another_grant_opens_nothing() {
    let field = Field::new();
    field.put("a", "1");
    let never = AtomicBool::new(false);
    let dir = StateDir::open(field.state()).unwrap();
    let store = Store::open(&dir, Duration::from_secs(5), &never).unwrap();
    let bounds = Bounds { apart: &[], also: &[], longest: Duration::from_secs(9), stop: &never };
    assert!(store.scan(field.kernel.user_restore("c_1").unwrap(), &bounds).is_err());
    let scan = store.scan(field.kernel.system_tree().unwrap(), &bounds).unwrap();
    drop(store);
    let taken = field.take("it");
    let store = Store::open(&dir, Duration::from_secs(5), &never).unwrap();
    let (about, flat) = store.flat(&taken.id).unwrap();
    let to_read = field.kernel.system_tree().unwrap();
    assert!(store.restore(to_read, &scan, (&about, &flat), &[], &[]).is_err());
}

#[test]
fn pruning_frees_what_only_the_old_held() {
    let field = Field::new();
    let noise = |seed: u32| {
        let mut state = seed;
        let step = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        std::iter::repeat_with(step).take(400_000).collect::<Vec<u8>>()
    };
    field.put("big", noise(1));
    field.put("both", "same");
    let old = field.take("old");
    field.put("big", noise(2));
    field.take("new");
    let size = || iosm::base::folder_size(&field.state());
    let full = size();
    let dry = field.checkpoints.prune(30, true).unwrap();
    assert_eq!((dry.removed.len(), dry.objects, size()), (0, 0, full), "nothing is old yet");
    // Everything is older than no days at all; a dry run says so and does nothing.
    assert_eq!(field.checkpoints.prune(0, true).unwrap().removed.len(), 2);
    assert_eq!((size(), field.checkpoints.list().unwrap().0.len()), (full, 2));
    // As after a crash between the reference and the objects.
    std::fs::remove_file(field.state().join(format!("store.git/refs/checkpoints/{}", old.id))).unwrap();
    let swept = field.checkpoints.prune(30, false).unwrap();
    assert!(swept.bytes > 300_000 && size() < full - 300_000, "{swept:?}: {full} before, {} after", size());
    field.put("big", "gone");
    field.put("both", "gone");
    field.restore("new");
    assert_eq!(std::fs::read(field.root().join("big")).unwrap(), noise(2));
    assert_eq!(field.read("both").as_deref(), Some("same"));
    // What was swept is stored anew when it is needed, whatever the cache of times says.
    field.put("big", noise(1));
    field.take("again");
    field.put("big", "gone");
    field.restore("again");
    assert_eq!(std::fs::read(field.root().join("big")).unwrap(), noise(1));
    let all = field.checkpoints.prune(0, false).unwrap();
    assert!(all.removed.len() >= 3);
    assert!(size() < 50_000, "{}", size());
}

#[test]
fn content_that_is_damaged_is_refused_and_the_rest_restored() {
    let field = Field::new();
    field.put("a", "content of a");
    field.put("b", "content of b");
    field.take("it");
    field.shell("rm a b");
    // `git hash-object` of "content of a", found by name.
    let object = git_blob("content of a");
    let path = field.state().join("store.git/objects").join(&object[..2]).join(&object[2..]);
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
    std::fs::set_permissions(&path, permissions).unwrap();
    std::fs::write(&path, "").unwrap();
    let rolled = field.roll("it", &[]);
    assert_eq!(rolled.failed.len(), 1, "{rolled:?}");
    assert_eq!(rolled.failed[0].path, "a");
    assert_eq!((field.read("a"), field.read("b").as_deref()), (None, Some("content of b")));
}

fn git_blob(text: &str) -> String {
    let mut child = std::process::Command::new("git")
        .args(["hash-object", "--stdin"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}
