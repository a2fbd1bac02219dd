//! The process is killed outright, or its session file torn, at many moments: the session goes on.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::check_conversation;
use crate::world::{World, wait_until, with_mark};

/// About 600 ms of everything: talk, reads side by side, a write, an edit, commands.
fn script(mark: &str) -> String {
    format!(
        "rules:
  - when: {{user: {{text: go on}}}}
    reply: [{{text: went on}}]
  - when: {{turn: 1}}
    reply:
      - text: 'word '
        repeat: 10
        chunk: 5
        every_ms: 10
      - tool_call: {{tool: read, args: {{path: a.txt}}}}
      - tool_call: {{tool: read, args: {{path: src/b.txt}}}}
      - tool_call: {{tool: bash, args: {{command: 'sleep 0.1{mark}; echo x >> log.txt'}}}}
  - when: {{turn: 2}}
    reply:
      - delay_ms: 50
      - tool_call: {{tool: write, args: {{path: whole.txt, content: \"{whole}\"}}}}
      - tool_call: {{tool: edit, args: {{path: a.txt, edits: [{{old: two, new: TWO}}]}}}}
      - tool_call: {{tool: bash, args: {{command: 'sleep 0.1{mark}; echo y >> log.txt'}}}}
  - reply:
      - text: 'end '
        repeat: 10
        chunk: 4
        every_ms: 10
",
        whole = WHOLE.repeat(400)
    )
}

const WHOLE: &str = "all or nothing. ";

/// Whether the last thing said is not the model's.
fn conversation_is_open(world: &World) -> bool {
    let text = std::fs::read_to_string(world.session_files().pop().unwrap()).unwrap();
    // A torn last line does not count.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let mut entries = whole.lines().rev().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let last = entries.find(|entry| entry["type"] == "item").unwrap();
    let blocks = last["item"]["blocks"].as_array();
    blocks.is_none_or(|blocks| blocks.iter().any(|block| block["type"] == "tool_call"))
}

fn check_files(world: &World, at: Duration) {
    let whole = std::fs::read_to_string(world.repo().join("whole.txt"));
    assert!(whole.is_err() || whole.unwrap() == WHOLE.repeat(400), "whole.txt is half-written at {at:?}");
    let edited = world.read("a.txt");
    assert!(["one\ntwo\n", "one\nTWO\n"].contains(&edited.as_str()), "{edited:?} at {at:?}");
    let log = std::fs::read_to_string(world.repo().join("log.txt")).unwrap_or_default();
    // A first command that was cut short is not repeated by the script; neither may run twice.
    assert!(["", "x\n", "y\n", "x\ny\n"].contains(&log.as_str()), "{log:?} at {at:?}");
    let known = [".git", "a.txt", "src", "whole.txt", "log.txt"];
    let names = std::fs::read_dir(world.repo()).unwrap().flatten().map(|entry| entry.file_name());
    let strays: Vec<_> = names.filter(|name| !known.contains(&name.to_str().unwrap())).collect();
    assert!(strays.len() <= 1, "more than the one temporary file of a killed write: {strays:?}");
}

#[test]
fn killed_at_any_moment_it_goes_on() {
    let mut cut_short = 0;
    for round in 0..18_u64 {
        let at = Duration::from_millis(15 + round * 30);
        let world = World::new();
        // As digits of a number, so that it is an argument of `sleep` and harms nobody.
        let mark = format!("{:09}", std::process::id() as u64 * 100 + round);
        let model = world.script(&script(&mark));
        let running = world.iosm(&["-p", "-m", &model, "begin"]).start();
        std::thread::sleep(at);
        running.signal(Signal::SIGKILL);
        let killed = running.wait();
        cut_short += usize::from(killed.status.code().is_none());
        wait_until(&format!("nothing lives on after {at:?}"), || with_mark(&mark).is_empty());
        check_files(&world, at);
        if world.session_files().is_empty() || !world.session_holds("begin") {
            continue;
        }
        let before = world.tree();
        // Without a word first: a conversation that waits for the model goes on from where it was.
        if round % 2 == 0 {
            let open = conversation_is_open(&world);
            let ended = world.text(&model, &["-c"]).expect(if open { 0 } else { 2 });
            assert!(!open || ended.out.contains("end end"), "killed at {at:?}: {ended:?}");
            check_conversation(&world);
            check_files(&world, at);
        } else {
            let ended = world.text(&model, &["-c", "go on"]).expect(0);
            assert_eq!(ended.out, "went on\n", "killed at {at:?}");
            assert_eq!(world.tree(), before, "going on ran something again, killed at {at:?}");
            check_conversation(&world);
        }
        world.iosm(&["kernel", "verify"]).run().expect(0);
    }
    assert!(cut_short >= 12, "only {cut_short} runs were cut short");
}

#[test]
fn a_session_file_torn_anywhere_goes_on() {
    let world = World::new();
    let model = world.script(&script("1"));
    world.text(&model, &["begin"]).expect(0);
    let file = world.session_files().pop().unwrap();
    let whole = std::fs::read(&file).unwrap();
    let first_line = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    // Evenly spread with a step that falls into lines as well as between them.
    let step = (whole.len() - first_line) / 17 + 1;
    for keep in (first_line..=whole.len()).rev().step_by(step).chain([first_line]) {
        std::fs::write(&file, &whole[..keep]).unwrap();
        let ended = world.text(&model, &["-c", "go on"]);
        assert_eq!(ended.code(), 0, "torn at {keep} of {}: {ended:?}", whole.len());
        assert_eq!(ended.out, "went on\n", "torn at {keep}");
        check_conversation(&world);
    }
    // Within its first line it is no session any more, and is said to be damaged, not passed over.
    std::fs::write(&file, &whole[..first_line / 2]).unwrap();
    let listed = world.iosm(&["sessions"]).run().expect(0);
    world.text(&model, &["-c", "go on"]).expect(2);
    assert!(!listed.out.contains("panicked"));
}
