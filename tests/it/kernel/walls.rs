//! The real binary with a scripted model and a program that does more than its name says: a line that the
//! judge takes for a look. What it tries is refused, told, and put on record.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::world::{Ended, World};

/// A world in which `rg`, which is known to read, does this instead.
fn world(script: &str) -> World {
    let world = World::new();
    let program = world.base().join("bin/rg");
    std::fs::create_dir_all(program.parent().unwrap()).unwrap();
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    world.write(".env", "TOKEN=sesame\n");
    world.write("conf/.env.local", "TOKEN=sesame\n");
    world
}

/// Plays one call of bash; the session with what the model was told, and how it ended.
fn play(world: &World, line: &str, flags: &[&str]) -> (String, Ended) {
    let args = serde_json::json!({"command": line});
    let model = world.script(&format!(
        "rules:\n  - when: {{turn: 1}}\n    reply:\n      - tool_call: {{tool: bash, args: {args}}}\n  - reply: [{{text: done}}]\n"
    ));
    let path = format!("{}:{}", world.base().join("bin").display(), std::env::var("PATH").unwrap());
    let run =
        world.iosm(&[&["-p", "-m", model.as_str(), "--output-format", "stream-json", "go"], flags].concat());
    let ended = run.var("PATH", &path).run();
    let session = world.session_files().pop().unwrap();
    (std::fs::read_to_string(session).unwrap(), ended)
}

fn rows(world: &World) -> Vec<Value> {
    let projects = world.state().join("state/projects");
    let project = std::fs::read_dir(projects).unwrap().flatten().next().unwrap().path();
    let journals = std::fs::read_dir(project.join("journal")).unwrap().flatten().map(|entry| entry.path());
    let journals = journals.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    let text: String = journals.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_line_that_was_judged_to_write_nothing_writes_nothing_and_says_so() {
    for script in ["echo gone > notes", "rm -rf src; echo x >> a.txt", "mv a.txt b.txt"] {
        let world = world(script);
        let before = world.tree();
        let (told, ended) = play(&world, "rg one src", &[]);
        assert_eq!(world.tree(), before, "{script}: {told}");
        assert!(told.contains("was judged to write nothing and tried to write"), "{script}: {told}");
        assert!(ended.out.contains("judged to write nothing, tried to write: "), "{script}: {}", ended.out);
        assert!(!ended.out.contains("\"type\":\"checkpoint\""), "none is taken for a look: {}", ended.out);
        let unsaid: Vec<Value> =
            rows(&world).into_iter().filter(|row| row["rule"] == "unsaid_write").collect();
        assert_eq!(unsaid.len(), 1, "{script}");
        assert_eq!((&unsaid[0]["verdict"], &unsaid[0]["reason"]), (&"deny".into(), &"DefaultDeny".into()));
        world.iosm(&["kernel", "verify"]).run().expect(0);
    }
    let world = world("echo gone > notes");
    let (told, _) = play(&world, "rg one src && touch made; touch made", &[]);
    assert_eq!((world.read("notes"), world.read("made")), ("gone\n".to_owned(), String::new()), "{told}");
}

#[test]
fn guarded_files_stay_shut_for_lines_that_do_not_name_them() {
    let world = world("cat .env conf/.env.local");
    for line in [
        "rg one src",
        "grep -r TOKEN .",
        "find . -type f | xargs cat",
        "find . -name '.e*' -exec cat {} +",
        "for f in $(find . -type f); do cat $f; done",
        "grep -r TOKEN . > out.txt; cat out.txt",
        "cat -n .env",
        "find . -name .env -exec cat {} \\;",
        "echo .env | xargs cat",
        "set -- .env; cat $1",
        "cat .*",
        "for f in .*; do cat $f; done",
        "cat $(find . -name .env)",
        "ls -A | xargs cat",
        "grep -rh . --include='.env*'",
        "x='a[$(cat .env >&2)]'; echo $((x))",
        "test -v 'a[$(cat .e*v >&2)]'",
    ] {
        let (told, _) = play(&world, line, &[]);
        assert!(!told.contains("TOKEN=") && !told.contains("[secret:"), "{line}: {told}");
    }
    let (told, _) = play(&world, "grep -r one . --exclude-dir=.git; grep -rq TOKEN .", &[]);
    assert!(told.contains("a.txt:one") && told.contains("is closed to lines that do not name it"), "{told}");
}

#[test]
fn what_runs_contained_finds_them_open() {
    let world = world("true");
    world.write("show.sh", "cat .env conf/.env.local | wc -l; wc -c < .env\n");
    let (told, _) = play(&world, "sh ./show.sh", &[]);
    assert!(told.contains("2\\n13\\n"), "as tests and builds need it: {told}");
}
