//! What a command does to protected files behind the judge's back: undone, told and on record.

use serde_json::Value;

use crate::world::World;

/// Rows of the only journal.
fn rows(world: &World) -> Vec<Value> {
    let mut open = vec![world.state().join("state/projects")];
    let mut rows = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.parent().is_some_and(|parent| parent.ends_with("journal"))
                && path.extension().is_some_and(|extension| extension == "jsonl")
            {
                let text = std::fs::read_to_string(path).unwrap();
                rows.extend(text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()));
            }
        }
    }
    rows
}

fn restored(world: &World) -> Vec<Value> {
    rows(world).into_iter().filter(|row| row["rule"] == "restored").collect()
}

/// A hook, written by a script that the judge does not read.
fn world() -> World {
    let world = World::new();
    // No hooks yet: what is not there cannot be mounted read-only, so the full mode too has to put it back.
    world.write("helper.sh", "mkdir -p .git/hooks\necho evil > .git/hooks/pre-commit\n");
    world
}

#[test]
fn a_hook_written_behind_the_judges_back_is_gone_told_and_on_record() {
    let world = world();
    let model = world.script(&super::script_of(&["{tool: bash, args: {command: sh helper.sh}}"]));
    let ended = world.stream(&model, &["x"]).expect(0);
    assert!(!world.repo().join(".git/hooks/pre-commit").exists());
    let events = ended.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let summary =
        events.filter(|event| event["type"] == "tool_result").map(|event| event["summary"].to_string());
    let summary: Vec<String> = summary.collect();
    assert!(summary.len() == 1 && summary[0].contains("SelfModify, put back: .git/hooks"), "{summary:?}");
    assert!(world.session_holds("protected files were changed and put back"), "the model is not told");

    let rows = restored(&world);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    for (field, value) in [
        ("verdict", "deny"),
        ("reason", "SelfModify"),
        ("rung", "self_protection"),
        ("actor", "agent"),
        ("agent", "main"),
        ("call", "t1"),
        ("tool", "bash"),
    ] {
        assert_eq!(rows[0][field], value, "{rows:#?}");
    }
    assert!(rows[0]["effects_digest"].as_str().is_some_and(|digest| digest.len() == 64), "{rows:#?}");
    assert!(!rows[0].to_string().contains("hooks"), "a row holds digests only: {rows:#?}");

    let stats: Value =
        serde_json::from_str(&world.iosm(&["kernel", "stats", "--json"]).run().expect(0).out).unwrap();
    assert_eq!((&stats["by_reason"]["SelfModify"], &stats["calls"]), (&1.into(), &1.into()), "{stats:#}");
    assert_eq!(stats["by_rung"]["self_protection"], 1, "{stats:#}");
    world.iosm(&["kernel", "verify"]).run().expect(0);
    // It ran, and this is what came of it.
    let session = stats["slowest"][0]["session"].as_str().unwrap();
    let audit: Value =
        serde_json::from_str(&world.iosm(&["audit", session, "--json"]).run().expect(0).out).unwrap();
    let call = &audit["sessions"][0]["runs"][0]["calls"][0];
    assert_eq!((&call["verdict"], &call["reason"]), (&"allow".into(), &"SelfModify".into()), "{call:#}");
}

#[test]
fn a_command_in_the_background_is_on_record_when_it_is_looked_at_and_once() {
    let world = world();
    let model = world.script(&super::script_of(&[
        "{tool: bash, args: {command: sh helper.sh, background: true}}",
        "{tool: bash, args: {command: sleep 2}}",
        "{tool: bash_output, args: {id: b1}}",
        "{tool: bash_output, args: {id: b1}}",
    ]));
    world.json(&model, &["x"]).expect(0);
    assert!(!world.repo().join(".git/hooks/pre-commit").exists());
    let rows = restored(&world);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!((&rows[0]["call"], &rows[0]["tool"]), (&"t3".into(), &"bash_output".into()));
}

#[test]
fn a_command_that_leaves_protected_files_alone_adds_no_row() {
    let world = world();
    let model = world.script(&super::script_of(&["{tool: bash, args: {command: echo fine > new.txt}}"]));
    world.json(&model, &["x"]).expect(0);
    assert_eq!(restored(&world), [] as [Value; 0]);
}

#[test]
fn a_command_that_is_killed_in_the_background_is_on_record_too() {
    let world = world();
    let model = world.script(&super::script_of(&[
        "{tool: bash, args: {command: sh helper.sh; sleep 60, background: true}}",
        "{tool: bash, args: {command: sleep 2}}",
        "{tool: bash_kill, args: {id: b1}}",
    ]));
    world.json(&model, &["x"]).expect(0);
    assert!(!world.repo().join(".git/hooks/pre-commit").exists());
    let rows = restored(&world);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0]["tool"], "bash_kill");
}
