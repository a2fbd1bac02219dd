//! Constraints of the project over what a command changed unseen.

use crate::world::World;

#[test]
fn a_script_that_does_what_an_edit_is_refused_fails_the_run_with_its_clause() {
    let world = World::new();
    world.write(
        ".iosm/constraints.yaml",
        "constraints:\n  - {clause: never touch vendor/, never_touch: [vendor/]}\n",
    );
    world.write("vendor/a.txt", "theirs\n");
    world.write("gen.sh", "echo ours > vendor/a.txt\n");
    world.write("fine.sh", "echo ours > mine.txt\n");
    let run = |line: &str| {
        let rules = format!(
            "rules: [{{when: {{turn: 1}}, reply: [{{tool_call: {{tool: bash, args: {{command: '{line}'}}}}}}]}}, {{reply: [{{text: done}}]}}]"
        );
        world.json(&world.script(&rules), &["go"])
    };
    run("sh fine.sh").expect(0);
    let ended = run("sh gen.sh").expect(5);
    let result: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let error = &result["errors"][0];
    assert_eq!(
        (error["kind"].as_str(), result["status"].as_str()),
        (Some("check"), Some("error")),
        "{result}"
    );
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("never touch vendor/") && message.contains("vendor/a.txt"), "{message}");
}
