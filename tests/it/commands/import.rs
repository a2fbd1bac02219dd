//! `iosm import`: rules of other agents in the user's policy.

use serde_json::Value;

use crate::world::World;

const SETTINGS: &str = r#"{
  "env": {"A": "b"},
  "permissions": {
    "defaultMode": "acceptEdits",
    "allow": ["Bash(npm publish --dry-run:*)", "Bash", "WebFetch(domain:docs.rs)", "mcp__x__y", "Read(~/notes/**)"],
    "ask": ["Bash(git push:*)"],
    "deny": ["Read(.env)", "Edit(vendor/**)", "Bash(npm publish)", "Bash(a; b)"]
  }
}"#;

fn policy(world: &World) -> String {
    std::fs::read_to_string(world.state().join("config/policy.yaml")).unwrap_or_default()
}

fn put(world: &World, path: &str, text: &str) {
    let path = world.base().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What the policy in force says of a command.
fn verdict(world: &World, line: &str) -> String {
    let args = serde_json::json!({"command": line}).to_string();
    let ended =
        world.iosm(&["kernel", "explain", "--tool", "bash", "--args", &args, "--json"]).run().expect(0);
    let value: Value = serde_json::from_str(&ended.out).unwrap();
    format!(
        "{} {}",
        value["verdict"]["kind"].as_str().unwrap(),
        value["verdict"]["user_line"].as_str().unwrap()
    )
}

#[test]
fn rules_of_claude_are_taken_over_with_examples_and_hold() {
    let world = World::new();
    put(&world, "home/.claude/settings.json", SETTINGS);
    let mine = "# mine\npreset: coding\nrules:\n  # the first\n  - name: no docs\n    action: deny\n    path: docs/\n";
    put(&world, "iosm/config/policy.yaml", mine);
    let dry = world.iosm(&["import", "claude", "--dry-run"]).run().expect(0);
    assert_eq!(policy(&world), mine);
    let dry =
        dry.prints("+  - name: \"claude: ask Bash(git push:*)\"").prints("not written (--dry-run): 7 rules");
    let dry = dry
        .prints("left out allow Bash\n")
        .prints("left out deny Bash(a; b)")
        .prints("left out allow mcp__x__y");
    dry.prints("left out defaultMode: \"acceptEdits\"");
    world.iosm(&["import", "claude"]).run().expect(0).prints("written: 7 rules");
    let first = policy(&world);
    assert!(first.starts_with("# mine\npreset: coding\nrules:\n  # >>> iosm import claude"), "{first}");
    assert!(
        first.ends_with("  # the first\n  - name: no docs\n    action: deny\n    path: docs/\n"),
        "{first}"
    );
    world.iosm(&["kernel", "check", "../iosm/config/policy.yaml"]).run().expect(0);
    let said = verdict(&world, "npm publish");
    assert!(said.starts_with("deny") && said.contains("`claude: deny Bash(npm publish)`"), "{said}");
    assert!(verdict(&world, "git push origin x").contains("claude: ask Bash(git push:*)"));
    assert!(!verdict(&world, "npm publisher").contains("claude"));
    // Again: nothing changes. With a rule less: it goes.
    world.iosm(&["import", "claude"]).run().expect(0).prints("nothing would change");
    put(&world, "home/.claude/settings.json", &SETTINGS.replace("\"Bash(git push:*)\"", ""));
    world.iosm(&["import", "claude"]).run().expect(0).prints("written: 6 rules");
    assert!(!policy(&world).contains("git push"));
    put(&world, "home/.claude/settings.json", "{}");
    world.iosm(&["import", "claude"]).run().expect(0);
    assert_eq!(policy(&world), mine);
}

#[test]
fn a_project_may_tighten_and_opens_nothing_unless_the_user_says_so() {
    let world = World::new();
    world.write(
        ".claude/settings.json",
        r#"{"permissions": {"allow": ["Bash(git push:*)"], "deny": ["Bash(make deploy:*)"]}}"#,
    );
    world.write(".claude/settings.local.json", r#"{"permissions": {"allow": ["WebFetch(domain:docs.rs)"]}}"#);
    let ended = world.iosm(&["import", "claude"]).run().expect(0).prints("written: 1 rule;");
    let ended = ended.prints("left out allow Bash(git push:*)").prints("--project-allows");
    ended.prints("left out allow WebFetch(domain:docs.rs)");
    assert!(policy(&world).contains("make deploy") && !policy(&world).contains("action: allow"));
    world.iosm(&["import", "claude", "--project-allows"]).run().expect(0).prints("written: 3 rules");
    assert!(verdict(&world, "git push origin main").starts_with("allow"));
    world.iosm(&["import", "claude"]).var("IOSM_SANDBOX", "1").run().expect(6).says("change the policy");
}

#[test]
fn a_posture_of_codex_becomes_a_preset_and_the_rest_is_told() {
    let world = World::new();
    put(
        &world,
        "home/.codex/config.toml",
        "model = \"o3\"\napproval_policy = \"untrusted\"\nsandbox_mode = \"workspace-write\"\n[sandbox_workspace_write]\nnetwork_access = true\n[projects.\"/x\"]\ntrust_level = \"trusted\"\n",
    );
    let ended = world.iosm(&["import", "codex"]).run().expect(0);
    ended
        .prints("+preset: strict")
        .prints("left out sandbox_workspace_write.network_access = true")
        .prints("left out projects./x.trust_level");
    assert_eq!(policy(&world), "preset: strict  # iosm import codex\n");
    put(
        &world,
        "home/.codex/config.toml",
        "sandbox_mode = \"danger-full-access\"\napproval_policy = \"never\"\n",
    );
    world.iosm(&["import", "codex"]).run().expect(0).prints("left out sandbox_mode = \"danger-full-access\"");
    assert_eq!(policy(&world), "", "nothing is loosened");
    // The user's own word stays.
    put(&world, "iosm/config/policy.yaml", "preset: contained\n");
    put(&world, "home/.codex/config.toml", "sandbox_mode = \"read-only\"\n");
    world.iosm(&["import", "codex"]).run().expect(0).prints("you have named the preset contained yourself");
    assert_eq!(policy(&world), "preset: contained\n");
}

#[test]
fn what_cannot_be_read_or_added_is_2_and_changes_nothing() {
    let world = World::new();
    world.iosm(&["import", "claude"]).run().expect(2).says("~/.claude/settings.json");
    world.iosm(&["import", "codex"]).run().expect(2).says("config.toml");
    world.iosm(&["import", "cladue"]).run().expect(2).says("claude");
    put(&world, "home/.claude/settings.json", "{");
    world.iosm(&["import", "claude"]).run().expect(2).says("settings.json cannot be read");
    put(&world, "home/.claude/settings.json", SETTINGS);
    for bad in ["rules: [{name: a, action: deny, tool: bash}]\n", "rulez: []\n"] {
        put(&world, "iosm/config/policy.yaml", bad);
        world.iosm(&["import", "claude"]).run().expect(2);
        assert_eq!(policy(&world), bad);
    }
    std::fs::remove_file(world.state().join("config/policy.yaml")).unwrap();
    put(&world, "dotfiles/policy.yaml", "");
    std::os::unix::fs::symlink(
        world.base().join("dotfiles/policy.yaml"),
        world.state().join("config/policy.yaml"),
    )
    .unwrap();
    world.iosm(&["import", "claude"]).run().expect(2).says("is a link");
}
