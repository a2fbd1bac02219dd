//! Interrupts in the middle of whatever goes on, and readers that go away.

use nix::sys::signal::Signal;

use crate::world::{World, wait_until, with_mark};

/// Talks for a minute, a word at a time.
const TALKS: &str = "rules:\n  - {when: {user: {text: go on}}, reply: [{text: went on}]}\n  - when: {turn: 1}\n    reply: [{text: \"word \", repeat: 2000, chunk: 5, every_ms: 30}]\n";

/// A number that no other process has in its arguments.
fn marker() -> String {
    let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    format!("4{}", nanos % 1_000_000_000_000)
}

#[test]
fn a_signal_in_a_stream_ends_in_order() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        for format in ["json", "stream-json", "text"] {
            let world = World::new();
            let model = world.script(TALKS);
            let running = world.iosm(&["-p", "-m", &model, "--output-format", format, "talk"]).start();
            wait_until("the session has begun", || world.session_holds("talk"));
            std::thread::sleep(std::time::Duration::from_millis(100));
            running.signal(signal);
            let ended = running.wait().expect(code);
            match format {
                "json" | "stream-json" => {
                    let last = ended.out.lines().last().unwrap();
                    let result: serde_json::Value = serde_json::from_str(last).unwrap();
                    assert_eq!(result["errors"][0]["kind"], "interrupted", "{last}");
                    assert_eq!(result["exit_code"], code, "{last}");
                }
                _ => drop(ended.says("interrupted")),
            }
            let ended = world.iosm(&["-p", "-c", "-m", &model, "go on"]).run().expect(0);
            assert_eq!(ended.out, "went on\n");
            super::check_conversation(&world);
        }
    }
}

#[test]
fn a_signal_in_a_command_leaves_no_process_behind() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let (world, mark) = (World::new(), marker());
        let command = format!("setsid sleep {mark} & sleep {mark}; echo late > late.txt");
        let call = format!("{{tool: bash, args: {{command: \"{command}\"}}}}");
        let model = world.script(&super::script_of(&[&call, "{tool: read, args: {path: a.txt}}"]));
        let running = world.iosm(&["-p", "-m", &model, "--output-format", "stream-json", "x"]).start();
        wait_until("both sleep", || with_mark(&format!("sleep {mark}")).len() >= 2);
        running.signal(signal);
        let ended = running.wait().expect(code);
        let results: Vec<_> =
            ended.out.lines().filter(|line| line.contains(r#""type":"tool_result""#)).collect();
        assert_eq!(results.len(), 2, "every call has a result: {}", ended.out);
        assert!(results.iter().all(|line| line.contains("cancelled")), "{results:?}");
        wait_until("nothing is left", || with_mark(&mark).is_empty());
        assert!(!world.repo().join("late.txt").exists());
        super::check_conversation(&world);
        world.iosm(&["-p", "-c", "-m", &model, "go on"]).run().expect(0);
    }
}

#[test]
fn a_background_command_ends_with_the_session() {
    let (world, mark) = (World::new(), marker());
    let call = format!("{{tool: bash, args: {{command: \"sleep {mark}\", background: true}}}}");
    let model = world.script(&super::script_of(&[&call]));
    world.text(&model, &["x"]).expect(0);
    wait_until("nothing is left", || with_mark(&mark).is_empty());
}

#[test]
fn a_reader_that_goes_away_is_a_quiet_success() {
    let world = World::new();
    let long =
        world.script("rules:\n  - reply: [{text: \"a line\\n\", repeat: 40000, chunk: 1000, every_ms: 1}]\n");
    for format in ["text", "stream-json"] {
        let line = format!(
            "set -e; {{ \"$IOSM\" -p -m '{long}' --output-format {format} x; echo \"code $?\" >&2; }} | head -1"
        );
        let ended = world.shell(&line).expect(0);
        assert_eq!(ended.out.lines().count(), 1, "{}", ended.out);
        assert_eq!(ended.err, "code 0\n", "{format}");
        assert!(ended.took.as_secs() < 10, "it goes on talking to nobody: {:?}", ended.took);
    }
    for args in ["--help", "models", "config schema settings", "--version"] {
        let ended = world.shell(&format!("{{ \"$IOSM\" {args}; echo \"code $?\" >&2; }} | true")).expect(0);
        assert_eq!(ended.err, "code 0\n", "{args}");
    }
}

#[test]
fn a_run_whose_output_nobody_reads_still_ends_when_told_to() {
    let world = World::new();
    // More text than a pipe holds, into a pipe that stays open and unread.
    let model = world.script("rules:\n  - reply: [{text: unread, fill: 1000000, chunk: 1000}]\n");
    let line = format!(
        "bash -c '\"$IOSM\" -p -m {model} x </dev/null > >(exec sleep 25 >/dev/null 2>&1) & \
         pid=$!; sleep 1.5; kill -TERM $pid; wait $pid; echo ended with $?'"
    );
    let ended = world.shell(&line);
    assert!(ended.out.contains("ended with 143"), "{} {}", ended.out, ended.err);
    assert!(ended.took < std::time::Duration::from_secs(20), "{:?}", ended.took);
}
