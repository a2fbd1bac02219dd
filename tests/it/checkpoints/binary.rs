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

    world.iosm(&["checkpoints", "restore", id, "notes/only.txt"]).run().expect(0);
    let typo = world.iosm(&["checkpoints", "restore", id, "typo.rs"]).run().expect(1);
    typo.prints("- not restored: typo.rs: this checkpoint does not hold it");
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

fn bash(command: &str) -> String {
    format!("{{tool: bash, args: {{command: '{command}'}}}}")
}

#[test]
fn ignored_files_that_a_line_takes_away_are_held_and_come_back() {
    let world = World::new();
    world.write(".gitignore", "*.db\n/data\n/.env.test\ntarget/\n");
    for (path, text) in
        [("data/rows", "of years\n"), ("app.db", "1\n"), ("second.db", "2\n"), ("target/x", "x")]
    {
        world.write(path, text);
    }
    let lines =
        [bash("rm -rf data target"), bash("echo gone > app.db"), bash("find . -name second.db -delete")];
    let model = world.script(&script(&lines.each_ref().map(String::as_str)));
    let before = world.tree();
    let ended = world.stream(&model, &["go"]).expect(0);
    assert_eq!(taken(&ended), 1, "{}", ended.out);
    assert!(!world.repo().join("data").exists() && !world.repo().join("second.db").exists(), "{}", ended.out);
    assert_eq!(world.read("app.db"), "gone\n");
    world.iosm(&["checkpoints", "restore", "1"]).run().expect(0).prints("4 paths written");
    let mut after = world.tree();
    // What tools make again is held by nobody.
    assert!(after.remove("target").is_none());
    let before: crate::world::Tree =
        before.into_iter().filter(|(path, _)| !path.starts_with("target")).collect();
    assert_eq!(after, before);
    world.iosm(&["checkpoints", "restore", "redo"]).run().expect(0);
    assert_eq!(world.read("app.db"), "gone\n");
}

#[test]
fn what_a_checkpoint_leaves_out_is_asked_about_and_daily_cleaning_is_not() {
    let world = World::new();
    world.write(".gitignore", "*.pyc\ntarget/\nnode_modules/\n.venv/\n/data\n*.log\n");
    for path in
        ["target/x", "node_modules/y/z", ".venv/v", "m/a.pyc", "run.log", "nested/README", "bare/HEAD"]
    {
        world.write(path, "x");
    }
    for path in
        ["nested/.git/HEAD", "nested/.git/objects/o", "bare/objects/o", "bare/refs/r", "nested/.git/refs/r"]
    {
        world.write(path, "x");
    }
    let sparse = |path: &str, size: u64| {
        std::fs::create_dir_all(world.repo().join(path).parent().unwrap()).unwrap();
        std::fs::File::create(world.repo().join(path)).unwrap().set_len(size).unwrap();
    };
    sparse("big.bin", iosm::host::git::snapshot::MOST_FILE + 1);
    sparse("data/large.db", 17 << 20);
    for (line, words) in [
        ("rm big.bin", "big.bin is too large for a checkpoint to hold"),
        ("truncate -s 0 big.bin", "big.bin is too large for a checkpoint to hold"),
        ("mv a.txt big.bin", "big.bin is too large for a checkpoint to hold"),
        ("rm -rf data", "data/large.db is ignored by git"),
        ("rm -rf nested", "nested is a repository"),
        ("find . -name nested -exec rm -rf {} +", "nested is a repository"),
        ("rm -rf bare", "bare is a repository"),
    ] {
        let model = world.script(&script(&[&bash(line)]));
        world.text(&model, &["go"]).expect(6).says(words);
    }
    for path in ["big.bin", "data/large.db", "nested/.git/HEAD", "bare/HEAD"] {
        assert!(world.repo().join(path).exists(), "{path}");
    }
    let daily = bash("rm -rf target node_modules dist build __pycache__ .venv m/*.pyc *.log src");
    let model = world.script(&script(&[&daily]));
    let result = world.json(&model, &["go"]).expect(0).result();
    assert!(!world.repo().join("target").exists() && !world.repo().join("src").exists(), "{result}");
}

#[test]
fn without_checkpoints_overwriting_asks_as_deleting_does() {
    let world = World::new();
    world.write("u", "nothing else holds this\n");
    for line in [
        "rm u",
        "find . -name u -delete",
        "find . -name u -exec rm {} +",
        "echo > u",
        "cp a.txt u",
        "mv a.txt u",
        "truncate -s 0 u",
        "echo x | tee u",
        "sed -i s/this/that/ u",
    ] {
        let model = world.script(&script(&[&bash(line)]));
        world.text(&model, &["--no-session", "go"]).expect(6).says("u is in no commit");
        assert_eq!(world.read("u"), "nothing else holds this\n", "{line}");
    }
    // A day's work without a session: new files, the tools' own edits, what the session made, builds.
    let lines = [
        "{tool: write, args: {path: new.rs, content: text}}".to_owned(),
        EDIT.to_owned(),
        bash("echo 1 > made.txt && echo 2 > made.txt && echo 3 >> made.txt && sed -i s/2/4/ made.txt"),
        bash("cp a.txt copy.txt && mv copy.txt moved.txt && cp u v && rm v"),
        bash("mkdir -p target && echo o > target/o && echo p > target/o && rm -rf target"),
        bash("touch u && echo more >> u && chmod +x u && grep -c x a.txt > count.txt || true"),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let result = world.json(&world.script(&script(&lines)), &["--no-session", "go"]).expect(0).result();
    assert_eq!(result["tool_calls"]["denied"], 0, "{result}");
    assert_eq!(world.read("made.txt"), "1\n".replace('1', "4") + "3\n");
}
