//! Commands that go on by themselves, and what a foreground one leaves behind.

use serde_json::Value;

use crate::world::{World, wait_until, with_mark};

fn result_texts(world: &World) -> Vec<String> {
    let newest = world.session_files().pop().unwrap();
    let lines = std::fs::read_to_string(newest).unwrap();
    let entries = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    entries
        .filter(|entry| entry["item"]["role"] == "tool_result")
        .map(|entry| entry["item"]["parts"][0]["text"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_background_command_is_looked_at_ended_and_gone_at_the_end() {
    let world = World::new();
    let mark = format!("77{}", std::process::id());
    let model = world.script(&super::script_of(&[
        &format!("{{tool: bash, args: {{command: 'echo up; sleep {mark}', background: true}}}}"),
        &format!("{{tool: bash, args: {{command: 'sleep {mark}1', background: true}}}}"),
        "{tool: bash, args: {command: sleep 0.5}}",
        "{tool: bash_output, args: {id: b1}}",
        "{tool: bash_kill, args: {id: b1}}",
        "{tool: bash_output, args: {id: b1}}",
        "{tool: bash_output, args: {id: b9}}",
    ]));
    world.json(&model, &["x"]).expect(0);
    let texts = result_texts(&world);
    assert!(texts[0].contains("b1") && texts[1].contains("b2"), "{texts:?}");
    assert_eq!(texts[3], "up\n[still running]");
    assert!(texts[5].contains("[ended: killed by signal"), "{texts:?}");
    assert!(texts[6].contains("no background command `b9`") && texts[6].contains("b1, b2"), "{texts:?}");
    wait_until("nothing is left of it", || with_mark(&mark).is_empty());
}

#[test]
fn a_command_that_runs_too_long_is_ended_and_keeps_its_output() {
    let world = World::new();
    let model = world.script(&super::script_of(&[
        "{tool: bash, args: {command: 'echo before; sleep 60', timeout_s: 1}}",
        "{tool: bash, args: {command: 'sleep 61 & echo left'}}",
    ]));
    world.json(&model, &["x"]).expect(0);
    let texts = result_texts(&world);
    assert!(texts[0].starts_with("before\n") && texts[0].contains("past its timeout"), "{texts:?}");
    assert!(texts[1].contains("1 process left behind"), "{texts:?}");
}

#[test]
fn a_project_bounds_what_commands_use_in_the_foreground_and_the_background() {
    let world = World::new();
    let greedy = "head -c 200000000 /dev/zero | tail; sleep 20";
    let model = world.script(&super::script_of(&[
        &format!("{{tool: bash, args: {{command: '{greedy}'}}}}"),
        &format!("{{tool: bash, args: {{command: '{greedy}', background: true}}}}"),
        "{tool: bash, args: {command: sleep 3}}",
        "{tool: bash_output, args: {id: b1}}",
        "{tool: bash, args: {command: 'head -c 3000000 /dev/zero > big; false'}}",
        "{tool: bash, args: {command: 'head -c 3000000 /dev/zero > big'}}",
        "{tool: bash, args: {command: 'while :; do :; done'}}",
        "{tool: bash, args: {command: 'head -c 900000 /dev/zero > small; echo fits'}}",
    ]));
    let project = "sandbox: {limits: {memory_mb: 64, file_mb: 1, cpu_s: 1, processes: 99999}}\n";
    world.write(".iosm/settings.yaml", project);
    world.iosm(&["config", "trust"]).run().expect(0);
    let shown = world.iosm(&["config", "show", "--origin"]).run().expect(0).out;
    let row = |key: &str| shown.lines().find(|line| line.contains(key)).unwrap_or_default().to_owned();
    assert!(row("limits.memory_mb").contains("64") && row("limits.memory_mb").contains(".iosm"), "{shown}");
    assert!(
        row("limits.processes").contains("1024") && row("limits.processes").contains("built in"),
        "{shown}"
    );
    world.json(&model, &["x"]).expect(0);
    let texts = result_texts(&world);
    for (at, sign) in [
        (0, "it used more memory than it may (sandbox.limits.memory_mb)"),
        (3, "it used more memory than it may (sandbox.limits.memory_mb)"),
        (4, "sandbox.limits.file_mb"),
        (5, "it wrote a larger file than it may (sandbox.limits.file_mb)"),
        (6, "it used more processor time than it may (sandbox.limits.cpu_s)"),
        (7, "fits\n[exit code 0]"),
    ] {
        assert!(texts[at].contains(sign), "{at}: {texts:?}");
    }
}

#[test]
fn the_end_of_a_background_command_is_told_to_the_model_and_the_user_once() {
    let world = World::new();
    let start = |line: &str| format!("{{tool: bash, args: {{command: '{line}', background: true}}}}");
    let model = world.script(&super::script_of(&[
        &start("exit 3"),
        &start("sleep 60"),
        "{tool: bash_kill, args: {id: b2}}",
        "{tool: bash, args: {command: sleep 0.5}}",
        "{tool: bash_output, args: {id: b1}}",
    ]));
    world.text(&model, &["x"]).expect(0).says("note: the background command b1 ended: exit code 3");
    assert!(
        world.session_holds(
            "[iosm: the background command b1 ended: exit code 3; bash_output shows its output]"
        )
    );
    assert!(!world.session_holds("background command b2"), "the model ended it itself");
}
