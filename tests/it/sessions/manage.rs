//! Names, search, removal, pruning, and the index beside a log.

use serde_json::Value;

use super::COUNTS;
use crate::world::{World, wait_until};

fn list(world: &World, args: &[&str]) -> Vec<Value> {
    let out = world.iosm(&[&["sessions", "--json"], args].concat()).run().expect(0).out;
    serde_json::from_str(&out).unwrap()
}

#[test]
fn sessions_are_named_searched_and_removed() {
    let world = World::new();
    let model = world.script(COUNTS);
    world.text(&model, &["fix the parser\nwith great care"]).expect(0);
    world.text(&model, &["write the docs"]).expect(0);
    world.iosm(&["sessions", "name", "parser", "Grammar work"]).run().expect(0).prints("Grammar work");
    let titles = |args: &[&str]| {
        list(&world, args).iter().map(|s| s["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles(&["--search", "CARE great"]), ["Grammar work"], "in what was said, small or large");
    assert_eq!(titles(&["--search", "first"]).len(), 2, "in what was answered");
    assert!(titles(&["--search", "great docs"]).is_empty());
    world.iosm(&["sessions", "--search", "nowhere"]).run().expect(0).says("says `nowhere`");
    for bad in ["", "two\nlines", &"x".repeat(81)] {
        world.iosm(&["sessions", "name", "docs", bad]).run().expect(2).says("cannot be called so");
    }
    assert_eq!(titles(&[]), ["write the docs", "Grammar work"]);

    world.iosm(&["sessions", "rm", "docs"]).run().expect(2).says("--yes").prints("write the docs");
    world.iosm(&["sessions", "rm", "docs", "nowhere", "--yes"]).run().expect(2).says("no session nowhere");
    assert_eq!(world.session_files().len(), 2, "all or none");
    world.iosm(&["sessions", "rm", "docs", "--yes"]).run().expect(0).prints("removed s_");
    assert_eq!(titles(&[]), ["Grammar work"]);
    let folder = world.session_files()[0].parent().unwrap().to_owned();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2, "a log and its index");
    world.iosm(&["kernel", "verify"]).run().expect(0);
}

#[test]
fn a_session_in_use_is_not_removed() {
    let world = World::new();
    let slow = world.script("rules:\n  - reply: [{text: begun}, {delay_ms: 60000}, {text: late}]\n");
    let running = world.iosm(&["-p", "-m", &slow, "wait"]).start();
    wait_until("the session has begun", || world.session_holds("wait"));
    world.iosm(&["sessions", "rm", "wait", "--yes"]).run().expect(1).says("is in use");
    world.iosm(&["sessions", "name", "wait", "x"]).run().expect(2).says("is in use");
    assert_eq!(list(&world, &[])[0]["title"], "wait");
    running.signal(nix::sys::signal::Signal::SIGTERM);
    running.wait().expect(143);
    world.iosm(&["sessions", "rm", "wait", "--yes"]).run().expect(0);
}

#[test]
fn pruning_lets_old_sessions_go_and_named_ones_stay() {
    let world = World::new();
    let model = world.script(COUNTS);
    for words in ["old one", "old and named", "new"] {
        world.text(&model, &[words]).expect(0);
    }
    world.iosm(&["sessions", "name", "named", "for ever"]).run().expect(0);
    for file in &world.session_files()[..2] {
        let text = std::fs::read_to_string(file).unwrap();
        let aged: String = text
            .lines()
            .map(|line| {
                let mut entry: Value = serde_json::from_str(line).unwrap();
                entry["ts"] = "2020-01-01T00:00:00.000Z".into();
                format!("{entry}\n")
            })
            .collect();
        std::fs::write(file, aged).unwrap();
    }
    let dry = world.iosm(&["sessions", "prune", "--dry-run"]).run().expect(0);
    assert!(dry.out.contains("1 session would be removed"), "{}", dry.out);
    assert_eq!(world.session_files().len(), 3);
    let done = world.iosm(&["sessions", "prune", "--json"]).run().expect(0).out;
    let done: Value = serde_json::from_str(&done).unwrap();
    assert_eq!((&done["removed"][0]["title"], &done["dry_run"]), (&"old one".into(), &false.into()));
    let left: Vec<Value> = list(&world, &[]).iter().map(|s| s["title"].clone()).collect();
    assert_eq!(left, ["new", "for ever"]);
    world.iosm(&["sessions", "prune"]).run().expect(0).prints("0 sessions removed");
}

#[test]
fn an_index_that_is_missing_torn_or_of_another_log_is_made_anew() {
    let world = World::new();
    let model = world.script(COUNTS);
    world.text(&model, &["one"]).expect(0);
    let log = world.session_files().remove(0);
    let index = log.with_extension("idx");
    let whole = std::fs::read(&index).unwrap();
    assert!(!whole.is_empty());
    let wanted = list(&world, &[]);
    let garbled = String::from_utf8(whole.clone()).unwrap().replace("one", "two");
    for bytes in
        [&b""[..], b"iosm-session-index 1\n", b"\xff\xfe\n", &whole[..whole.len() / 2], garbled.as_bytes()]
    {
        std::fs::write(&index, bytes).unwrap();
        assert_eq!(list(&world, &[]), wanted);
    }
    std::fs::remove_file(&index).unwrap();
    assert_eq!(list(&world, &[]), wanted);
    assert!(!index.exists(), "a list leaves small logs as they are");
    assert_eq!(world.text(&model, &["-c", "two"]).expect(0).out, "second\n");
    assert!(index.exists());
    // Somebody edits the log, later than one tick of the clock that stamps files (10 ms at the most): what
    // the index says is believed no more.
    std::thread::sleep(std::time::Duration::from_millis(20));
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replacen("\"one\"", "\"won\"", 1)).unwrap();
    assert_eq!(list(&world, &[])[0]["title"], "won");
}
