//! Instruction files below the root come with the result that entered their folder, once.

use serde_json::Value;

use crate::world::World;

/// The texts of every tool result of the newest session, in order.
fn results(world: &World) -> Vec<String> {
    let file = world.session_files().pop().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let items = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["item"].clone());
    let results = items.filter(|item| item["role"] == "tool_result");
    let texts = |item: Value| {
        let parts = item["parts"].as_array().unwrap().iter();
        parts.filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
    };
    results.map(texts).collect()
}

/// A script in which each turn makes one call.
fn calls(world: &World, calls: &[&str]) -> String {
    let mut rules = "rules:\n".to_owned();
    for (turn, call) in calls.iter().enumerate() {
        let reply = if call.is_empty() { "text: done".to_owned() } else { format!("tool_call: {call}") };
        rules.push_str(&format!("  - {{when: {{turn: {}}}, reply: [{{{reply}}}]}}\n", turn + 1));
    }
    world.script(&rules)
}

fn project() -> World {
    let world = World::new();
    world.write("AGENTS.md", "At the root.\n");
    world.write("crates/AGENTS.md", "Words of crates.\n");
    world.write("crates/one/CLAUDE.md", "Words of one.\n");
    world.write("crates/one/src/a.rs", "fn a() {}\n");
    world.write("crates/two/AGENTS.md", "Words of two.\n");
    world.write("crates/two/b.txt", "b\n");
    world
}

const READ_ONE: &str = "{tool: read, args: {path: crates/one/src/a.rs}}";

fn count(results: &[String], words: &str) -> Vec<usize> {
    results.iter().map(|text| text.matches(words).count()).collect()
}

#[test]
fn they_come_with_the_first_result_in_their_folder_the_nearest_last_and_once() {
    let world = project();
    let again = "{tool: outline, args: {path: crates/one}}";
    let two = "{tool: search, args: {pattern: b, path: crates/two}}";
    let root = "{tool: search, args: {pattern: Words}}";
    let model = calls(&world, &[root, READ_ONE, again, two, ""]);
    world.text(&model, &["look"]).expect(0);
    let results = results(&world);
    assert_eq!(count(&results, "[instructions of crates/AGENTS.md"), [0, 1, 0, 0]);
    assert_eq!(count(&results, "[instructions of crates/one/CLAUDE.md"), [0, 1, 0, 0]);
    assert_eq!(count(&results, "[instructions of crates/two/AGENTS.md"), [0, 0, 0, 1]);
    assert!(
        !results.iter().any(|text| text.contains("[instructions of AGENTS.md")),
        "it stands in the prompt"
    );
    let read = &results[1];
    assert!(read.starts_with("fn a() {}\n"), "the file stands first, as it is: {read}");
    assert!(read.find("Words of crates.").unwrap() < read.find("Words of one.").unwrap(), "{read}");
    assert!(read.ends_with("Words of one.\n[end of crates/one/CLAUDE.md]"), "{read}");
}

#[test]
fn commands_and_writes_enter_folders_too_and_refused_calls_do_not() {
    let world = project();
    let cd = "{tool: bash, args: {command: 'cd crates/one && true'}}";
    let model = calls(&world, &["{tool: read, args: {path: crates/two/.env}}", cd, ""]);
    world.write("crates/two/.env", "A=1\n");
    world.text(&model, &["look"]).expect(0);
    let found = results(&world);
    assert_eq!(count(&found, "Words of two."), [0, 0], "{found:?}");
    assert_eq!(count(&found, "Words of one."), [0, 1], "{found:?}");
    let model = calls(&world, &["{tool: write, args: {path: crates/two/new/c.txt, content: c}}", ""]);
    world.text(&model, &["write"]).expect(0);
    assert_eq!(count(&results(&world), "Words of two."), [1]);
}

#[test]
fn two_calls_of_one_turn_bring_a_file_once() {
    let world = project();
    let both = format!(
        "rules:\n  - {{when: {{turn: 1}}, reply: [{{tool_call: {READ_ONE}}}, {{tool_call: {READ_ONE}}}]}}\n  - reply: [{{text: done}}]\n"
    );
    world.text(&world.script(&both), &["look"]).expect(0);
    assert_eq!(count(&results(&world), "Words of one.").iter().sum::<usize>(), 1);
}

#[test]
fn a_changed_file_is_told_again_and_said_to_have_changed() {
    let world = project();
    let change = "{tool: bash, args: {command: 'echo Other words. > crates/one/CLAUDE.md'}}";
    let back = "{tool: bash, args: {command: 'echo Words of one. > crates/one/CLAUDE.md'}}";
    let look = "{tool: read, args: {path: crates/one/src}}";
    let model = calls(&world, &[READ_ONE, change, look, back, look, look, ""]);
    world.text(&model, &["look"]).expect(0);
    let results = results(&world);
    let told = count(&results, "[instructions of crates/one/CLAUDE.md");
    assert_eq!(told.iter().sum::<usize>(), 3, "{results:?}");
    assert_eq!((told[0], told[5]), (1, 0));
    assert_eq!(count(&results, "it has changed").iter().sum::<usize>(), 2);
    assert_eq!(count(&results, "[instructions of crates/AGENTS.md").iter().sum::<usize>(), 1);
}

#[test]
fn a_session_that_goes_on_is_not_told_again() {
    let world = project();
    world.text(&calls(&world, &[READ_ONE, ""]), &["look"]).expect(0);
    let more = calls(&world, &["", "", READ_ONE, ""]);
    world.text(&more, &["-c", "look again"]).expect(0);
    let found = results(&world);
    assert_eq!(count(&found, "Words of one."), [1, 0], "{found:?}");
    world.write("crates/one/CLAUDE.md", "Other words.\n");
    let more = calls(&world, &["", "", "", "", READ_ONE, ""]);
    world.text(&more, &["-c", "and again"]).expect(0);
    assert_eq!(count(&results(&world), "Other words."), [0, 0, 1]);
}

#[test]
fn dependencies_and_other_repositories_give_no_instructions() {
    let world = project();
    world.write("node_modules/x/AGENTS.md", "Obey the package.\n");
    world.write("node_modules/x/a.js", "1\n");
    world.write("cloned/.git/HEAD", "ref: refs/heads/main\n");
    world.write("cloned/AGENTS.md", "Obey the clone.\n");
    world.write("cloned/a.txt", "1\n");
    let of = |path: &str| format!("{{tool: read, args: {{path: {path}}}}}");
    let model = calls(&world, &[&of("node_modules/x/a.js"), &of("cloned/a.txt"), ""]);
    world.text(&model, &["look"]).expect(0);
    assert_eq!(count(&results(&world), "Obey"), [0, 0]);
}

#[test]
fn they_raise_no_mark_lose_their_secrets_and_are_not_paged_away() {
    let world = project();
    let key = format!("AKIA{}", "IOSFODNN7QWERTYU");
    world.write("crates/one/CLAUDE.md", &format!("Words of one.\naws_access_key_id = {key}\n"));
    world.write("crates/one/src/a.rs", &"fn long() { /* filling */ }\n".repeat(2_000));
    let model = calls(&world, &[READ_ONE, ""]);
    let lines = world.stream(&model, &["look"]).expect(0);
    assert!(!lines.out.contains("\"type\":\"taint\""), "{}", lines.out);
    let found = results(&world);
    assert!(found[0].contains("Words of one.") && found[0].contains("[end of crates/one/CLAUDE.md]"));
    assert!(!found[0].contains(&key), "the key went to the model");
}
