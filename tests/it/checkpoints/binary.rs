//! The real binary with a scripted model: turns that write, and bringing their files back.

use std::path::PathBuf;

use serde_json::Value;

use crate::world::{Ended, World};

fn script(calls: &[&str]) -> String {
    let calls: String = calls.iter().map(|call| format!("      - tool_call: {call}\n")).collect();
    format!("rules:\n  - when: {{turn: 1}}\n    reply:\n{calls}  - reply: [{{text: done}}]\n")
}

const EDIT: &str = "{tool: edit, args: {path: a.txt, edits: [{old: one, new: ONE}]}}";

fn list(world: &World) -> Vec<Value> {
    let listed = world.iosm(&["checkpoints", "list", "--json"]).run().expect(0);
    serde_json::from_str::<Value>(&listed.out).unwrap().as_array().unwrap().clone()
}

fn taken(ended: &Ended) -> usize {
    ended.events().iter().filter(|event| event["type"] == "checkpoint").count()
}

/// Where the state of the one project lies.
fn project(world: &World) -> PathBuf {
    let projects = std::fs::read_dir(world.state().join("state/projects")).unwrap();
    projects.flatten().map(|entry| entry.path()).next().unwrap()
}

#[test]
fn an_edit_and_a_deletion_by_shell_are_undone_and_done_again() {
    let world = World::new();
    world.write("notes/only.txt", "nothing else holds this\n");
    let model = world
        .script(&script(&[EDIT, "{tool: bash, args: {command: 'rm -rf notes src && echo new > new.txt'}}"]));
    let before = world.tree();
    let ended = world.stream(&model, &["go"]).expect(0);
    assert_eq!(taken(&ended), 1, "one for the turn: {}", ended.out);
    let after = world.tree();
    assert!(!after.contains_key("notes") && after.contains_key("new.txt"), "{ended:?}");
    let one = list(&world)[0].clone();
    assert_eq!((&one["reason"], &one["turn"]), (&Value::from("turn"), &Value::from(1)));
    let id = one["id"].as_str().unwrap();

    let shown = world.iosm(&["checkpoints", "show", id]).run().expect(0);
    let shown = shown.prints("~ a.txt").prints("+ notes/only.txt").prints("- new.txt").prints("-ONE\n+one");
    drop(shown);
    world.iosm(&["checkpoints", "restore", id, "--dry-run"]).run().expect(0).prints("- new.txt");
    assert_eq!(world.tree(), after, "a dry run changes nothing");

    world.iosm(&["checkpoints", "restore", id, "notes"]).run().expect(0);
    assert!(world.repo().join("notes/only.txt").exists() && world.repo().join("new.txt").exists());
    let restored = world.iosm(&["checkpoints", "restore", id]).run().expect(0);
    let restored = restored.prints("The state before is c_");
    assert_eq!(world.tree(), before, "{restored:?}");
    world.iosm(&["checkpoints", "restore", "redo"]).run().expect(0);
    assert_eq!(world.read("new.txt"), "new\n");
    // Restoring is on record as the user's, and the journals hold.
    world.iosm(&["kernel", "verify"]).run().expect(0);
    let journals = project(&world).join("journal");
    let rows: String = std::fs::read_dir(journals)
        .unwrap()
        .flatten()
        .map(|entry| std::fs::read_to_string(entry.path()).unwrap())
        .collect();
    let restores: Vec<Value> = rows
        .lines()
        .filter(|line| line.contains("\"user_restore\""))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(restores.len(), 3, "one for each that touched something");
    for row in restores {
        assert_eq!(
            (&row["actor"], &row["approver"]["by"]),
            (&Value::from("user"), &Value::from("user")),
            "{row}"
        );
    }
}

#[test]
fn only_turns_that_may_write_take_one() {
    let world = World::new();
    for (calls, expected) in [
        (vec!["{tool: read, args: {path: a.txt}}"], 0),
        (vec!["{tool: bash, args: {command: cat a.txt}}"], 0),
        (vec![EDIT, "{tool: write, args: {path: new.rs, content: text}}"], 1),
        (vec!["{tool: bash, args: {command: touch t}}"], 1),
    ] {
        world.write("a.txt", "one\ntwo\n");
        let model = world.script(&script(&calls));
        assert_eq!(taken(&world.stream(&model, &["go"]).expect(0)), expected, "{calls:?}");
    }
    assert_eq!(list(&world).len(), 2);
}

#[test]
fn none_is_taken_where_none_is_wanted() {
    let world = World::new();
    let model = world.script(&script(&[EDIT]));
    assert_eq!(taken(&world.stream(&model, &["--no-session", "go"]).expect(0)), 0);
    world.write("a.txt", "one\ntwo\n");
    world.settings("checkpoints: false\n");
    assert_eq!(taken(&world.stream(&model, &["go"]).expect(0)), 0);
    assert!(list(&world).is_empty());
}

#[test]
fn without_a_checkpoint_what_cannot_be_undone_is_not_done() {
    let world = World::new();
    world.write("notes/only.txt", "nothing else holds this\n");
    let model = world.script(&script(&["{tool: write, args: {path: new.rs, content: text}}"]));
    world.text(&model, &["go"]).expect(0);
    // The store is broken from now on.
    let store = project(&world).join("checkpoints/store.git");
    std::fs::rename(&store, store.with_extension("away")).unwrap();
    std::fs::write(&store, "no repository").unwrap();

    let model = world.script(&script(&["{tool: bash, args: {command: rm -rf notes}}", EDIT]));
    let ended = world.stream(&model, &["go"]).expect(0);
    let events = ended.events();
    assert!(world.repo().join("notes/only.txt").exists(), "{}", ended.out);
    assert!(world.read("a.txt").starts_with("ONE"), "what can be undone goes on: {}", ended.out);
    let notices = events.iter().filter(|event| event["type"] == "notice");
    let told = notices.filter(|event| event.to_string().contains("no checkpoint was taken")).count();
    assert_eq!(told, 1, "once: {}", ended.out);
    assert!(world.session_holds("no checkpoint of the workspace could be taken"));

    std::fs::remove_file(&store).unwrap();
    std::fs::rename(store.with_extension("away"), &store).unwrap();
    world.text(&model, &["go on"]).expect(0);
    assert!(!world.repo().join("notes").exists(), "with one, nothing is in the way");
}

#[test]
fn an_agent_may_look_and_not_decide() {
    let world = World::new();
    let from_inside = |args: &[&str]| world.iosm(args).var("IOSM_SANDBOX", "full").run();
    from_inside(&["checkpoints", "list"]).expect(0);
    from_inside(&["checkpoints", "restore", "redo"]).expect(6);
    from_inside(&["checkpoints", "prune"]).expect(6);
    world
        .iosm(&["checkpoints", "restore", "nothing"])
        .run()
        .expect(2)
        .says("there is no checkpoint `nothing`");
    world
        .iosm(&["checkpoints", "prune", "--dry-run"])
        .run()
        .expect(0)
        .prints("0 checkpoints would be removed");
}
