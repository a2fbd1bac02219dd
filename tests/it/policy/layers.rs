//! Who may say what: user, project, profile, constraints, flags.

use serde_json::Value;

use super::face::{script, write_call};
use crate::world::World;

fn config(world: &World, name: &str, text: &str) {
    let path = world.state().join("config").join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn calls(world: &World, model: &str, args: &[&str], code: i32) -> Value {
    world.json(model, &[args, &["x"]].concat()).expect(code).result()["tool_calls"].clone()
}

#[test]
fn a_projects_policy_is_inert_until_trusted_and_never_loosens() {
    let world = World::new();
    let model = script(&world, &["{tool: read, args: {path: a.txt}}"]);
    world.write(".iosm/policy.yaml", "rules: [{name: blind, action: deny, tool: read}]\n");
    assert_eq!(calls(&world, &model, &[], 0)["denied"], 0);
    world.iosm(&["config", "trust"]).run().expect(0);
    assert_eq!(calls(&world, &model, &[], 6)["denied"], 1);
    // The user's own words cannot open what a layer below holds back.
    config(&world, "policy.yaml", "rules: [{name: open, action: allow, tool: read}]\n");
    assert_eq!(calls(&world, &model, &["--allow", "read"], 6)["denied"], 1);
    // Changed: inert again, and told which file.
    world.write(".iosm/policy.yaml", "rules: [{name: open, action: allow, tool: bash}]\n");
    world.text(&model, &["x"]).expect(0).says(".iosm/policy.yaml has changed");
    // Trusted all the same, it is refused whole: nothing runs under half a policy.
    world.iosm(&["config", "trust"]).run().expect(0);
    let told = world.text(&model, &["x"]).expect(2);
    told.says("rule `open` allows").says("may only tighten");
    world.write(".iosm/policy.yaml", "preset: coding\n");
    world.iosm(&["config", "trust"]).run().expect(0);
    config(&world, "policy.yaml", "preset: strict\n");
    world.text(&model, &["x"]).expect(2).says("`coding` is looser than `strict`");
}

#[test]
fn hooks_servers_and_commands_are_bound_to_trust_too() {
    let world = World::new();
    let model = script(&world, &["{tool: read, args: {path: a.txt}}"]);
    world.write(".iosm/settings.yaml", "limits: {turns: 50}\n");
    world.iosm(&["config", "trust"]).run().expect(0);
    for (file, told) in [
        (".iosm/hooks.yaml", ".iosm/hooks.yaml is new"),
        (".iosm/mcp.yaml", ".iosm/mcp.yaml is new"),
        (".iosm/commands/deploy.md", ".iosm/commands/deploy.md is new"),
        (".iosm/profiles/own.yaml", ".iosm/profiles/own.yaml is new"),
    ] {
        world.write(file, "x: 1\n");
        world.text(&model, &["x"]).expect(0).says(told);
        std::fs::remove_file(world.repo().join(file)).unwrap();
        let quiet = world.text(&model, &["x"]).expect(0);
        assert!(!quiet.err.contains("trust"), "{}", quiet.err);
    }
}

#[test]
fn constraints_hold_without_trust_and_cite_their_clause() {
    let world = World::new();
    world.write(".iosm/constraints.yaml", "constraints: [{clause: never touch src/, never_touch: [src/]}]\n");
    let model = script(&world, &[&write_call("src/new.txt")]);
    world
        .text(&model, &["--allow", "write", "x"])
        .expect(6)
        .says("breaks the constraint \"never touch src/\"");
    world.text(&script(&world, &[&write_call("new.txt")]), &["x"]).expect(0);
    world.write(".iosm/constraints.yaml", "constraint: []\n");
    world.text(&model, &["x"]).expect(2).says("did you mean `constraints`");
}

#[test]
fn a_profile_may_hold_back_and_not_open() {
    let world = World::new();
    let profile = |rule: &str| {
        format!(
            "description: mine\ntools: [read, write]\neffects: [read, write]\nrules: [{rule}]\nprompt: hi\n"
        )
    };
    let model = script(&world, &[&write_call("src/new.txt")]);
    config(
        &world,
        "profiles/own.yaml",
        &profile("{name: docs only, action: deny, effect: write, path: '!docs/'}"),
    );
    // What is not in docs/ is held back: a negated path is a scope.
    world.text(&model, &["--profile", "own", "x"]).expect(6).says("docs only");
    config(&world, "profiles/own.yaml", &profile("{name: open, action: allow, tool: write}"));
    world.text(&model, &["--profile", "own", "x"]).expect(2).says("profile rules may only tighten");
}

#[test]
fn deleting_what_nothing_else_holds_asks_and_what_the_session_made_does_not() {
    let world = World::new();
    let bash = |command: &str| format!("{{tool: bash, args: {{command: '{command}'}}}}");
    let model = script(&world, &[&bash("rm -f src/b.txt")]);
    // A checkpoint holds it, and it comes back.
    world.text(&model, &["x"]).expect(0);
    assert!(!world.repo().join("src/b.txt").exists());
    world.iosm(&["checkpoints", "restore", "1"]).run().expect(0);
    config(&world, "settings.yaml", "checkpoints: false\n");
    world.text(&model, &["x"]).expect(6).says("src/b.txt is in no commit");
    assert!(world.repo().join("src/b.txt").exists());
    world.write("target/debug/old", "built");
    world.write(".gitignore", "*.local\n");
    world.write("my.local", "x");
    for lines in [
        &["rm -rf target", "ls"][..],
        &["mkdir made; echo x > made/y; ls > z.txt", "rm -rf made z.txt"],
        &["mv src/b.txt src/c.txt", "ls"],
    ] {
        let calls: Vec<String> = lines.iter().map(|line| bash(line)).collect();
        let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
        let result = world.json(&script(&world, &calls), &["x"]).expect(0).result();
        assert_eq!(result["tool_calls"]["denied"], 0, "{lines:?}");
    }
    assert!(!world.repo().join("target").exists() && !world.repo().join("made").exists());
    let ignored = script(&world, &[&bash("rm my.local")]);
    world.text(&ignored, &["x"]).expect(6).says("my.local is ignored by git");
}

#[test]
fn flags_are_the_users_own_words() {
    let world = World::new();
    let model = script(&world, &[&write_call("../outside.txt")]);
    calls(&world, &model, &[], 6);
    let file = world.base().join("run.yaml");
    let outside = world.base().join("outside.txt");
    let allow =
        format!("rules: [{{name: o, action: allow, effect: write, path: '{}'}}]\n", outside.display());
    std::fs::write(&file, allow).unwrap();
    assert_eq!(calls(&world, &model, &["--policy", file.to_str().unwrap()], 0)["denied"], 0);
    assert!(outside.exists());
    config(&world, "policy.yaml", "rules: [{name: mine, action: deny, path: '../*.txt'}]\n");
    calls(&world, &model, &["--policy", file.to_str().unwrap()], 6);
    world.text(&model, &["--policy", "./absent.yaml", "x"]).expect(2).says("there is no file");
    world.text(&model, &["--policy", "strickt", "x"]).expect(2).says("did you mean `strict`");
    config(&world, "policy.yaml", "rules: [{name: mine, action: dney}]\n");
    world.text(&model, &["x"]).expect(2).says("config/policy.yaml").says("did you mean `deny`");
}
