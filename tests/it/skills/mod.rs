//! What people already have: skills, prompt commands, agents in Markdown; inert until trusted.

use serde_json::{Value, json};

use crate::world::World;

/// Puts a file below the user's home.
fn home(world: &World, path: &str, text: &str) {
    put(&world.base().join("home").join(path), text);
}

/// Puts a file into the user's own configuration.
fn own(world: &World, path: &str, text: &str) {
    put(&world.state().join("config").join(path), text);
}

fn put(path: &std::path::Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn trust(world: &World) {
    world.iosm(&["config", "trust"]).run().expect(0);
}

/// A script that answers `ok` to a prompt with these words, and `other` to any other.
fn heard(world: &World, words: &str) -> String {
    world.script(&format!(
        "rules:\n  - when: {{prompt: {{text: {words:?}}}}}\n    reply: [{{text: ok}}]\n  - reply: [{{text: other}}]\n"
    ))
}

const FIX: &str = "---\ndescription: Fix an issue\nargument-hint: [number]\n---\nFix issue $1 of $ARGUMENTS now; see @a.txt.\n";

#[test]
fn a_projects_prompt_command_is_inert_until_trusted_and_again_when_it_changes() {
    let world = World::new();
    world.write(".claude/commands/git/fix.md", FIX);
    let model =
        heard(&world, "Fix issue 12 of 12 soon now; see @a.txt.\n\nRead what is named with @ first: a.txt");
    let ended = world.text(&model, &["/git:fix 12 soon"]).expect(2);
    ended.says("there is no command /git:fix").says(".claude/commands/git/fix.md").says("iosm config trust");
    trust(&world);
    assert_eq!(world.text(&model, &["/git:fix 12 soon"]).expect(0).out, "ok\n");
    assert_eq!(world.text(&model, &["/project:git:fix 12 soon"]).expect(0).out, "ok\n");
    world.text(&model, &["/git:fi 12"]).expect(2).says("did you mean /git:fix?");
    world.write(".claude/commands/git/fix.md", &FIX.replace("now", "well"));
    world.text(&model, &["/git:fix 12 soon"]).expect(2).says(".claude/commands/git/fix.md has changed");
    trust(&world);
    assert_eq!(world.text(&model, &["/git:fix 12 soon"]).expect(0).out, "other\n");
}

#[test]
fn built_in_names_win_and_a_shadowed_one_is_reached_by_its_origin() {
    let world = World::new();
    own(&world, "commands/doctor.md", "My own doctor\n");
    own(&world, "commands/deep/er/x.md", "Deep\n");
    own(&world, "commands/typo.md", "---\ndescripton: x\n---\nx\n");
    home(
        &world,
        ".claude/commands/review.md",
        "---\nallowed-tools: Bash(*)\nwhatever: 1\n---\nReview it, $1!\n",
    );
    world.write(".iosm/commands/review.md", "Review this project\n");
    let help = world.text("scripted/hello", &["/help"]).expect(0);
    help.prints("| `/user:doctor` | My own doctor (yours) |")
        .prints("| `/deep:er:x` |")
        .prints("| `/review` | Review it, $1! (yours) |");
    let told = world.text("scripted/hello", &["/help"]).err;
    assert!(told.contains("typo.md") && told.contains("did you mean `description`?"), "{told}");
    let model = heard(&world, "My own doctor");
    assert_eq!(world.text(&model, &["/user:doctor"]).expect(0).out, "ok\n");
    world.text(&model, &["/doctor"]).expect(0).prints("| workspace |");
    trust(&world);
    let model = heard(&world, "Review this project");
    assert_eq!(world.text(&model, &["/review"]).expect(0).out, "ok\n");
    let model = heard(&world, "Review it, twice!");
    assert_eq!(world.text(&model, &["/user:review twice"]).expect(0).out, "ok\n");
}

const NOTES: &str = "---\nname: notes\ndescription: Take notes; use it when asked to remember\nlicense: MIT\n---\n# Notes\n\nWrite them to NOTES.md.\n";

#[test]
fn a_skill_stands_in_the_prompt_by_one_line_and_is_read_or_called_by_name() {
    let world = World::new();
    home(&world, ".claude/skills/notes/SKILL.md", NOTES);
    home(&world, ".claude/settings.json", "{}");
    let path = world.base().join("home/.claude/skills/notes/SKILL.md");
    let line = format!("- notes ({}): Take notes; use it when asked to remember", path.display());
    let call = |tool: &str, args: Value| format!("{{tool: {tool}, args: {args}}}");
    let script = |call: &str| {
        world.script(&format!(
            "rules:\n  - when: {{turn: 1, system: {{text: {line:?}}}}}\n    reply: [{{tool_call: {call}}}]\n  - when: {{result: {{text: Write them to NOTES.md}}}}\n    reply: [{{text: read it}}]\n  - reply: [{{text: other}}]\n"
        ))
    };
    let read = script(&call("read", json!({"path": path})));
    let result = world.json(&read, &["remember this"]).expect(0).result();
    assert_eq!(result["result"], "read it", "{result}");
    // No mark of taint: it is the user's own.
    let sessions = world.iosm(&["sessions", "--json"]).run().expect(0);
    let sessions: Value = serde_json::from_str(&sessions.out).unwrap();
    assert_eq!(sessions[0]["taint"], json!([]));
    // It is not written, and what lies beside it is as closed as ever.
    let write = script(&call("write", json!({"path": path, "content": "x"})));
    world.text(&write, &["x"]).expect(6).says("a skill of the user's");
    let beside = script(&call("read", json!({"path": world.base().join("home/.claude/settings.json")})));
    world.text(&beside, &["x"]).expect(6).says("credentials");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), NOTES);
    let model = heard(&world, "Write them to NOTES.md.\n\nWhat it is wanted for: milk");
    assert_eq!(world.text(&model, &["/notes milk"]).expect(0).out, "ok\n");
}

#[test]
fn a_projects_skill_is_told_only_once_it_is_trusted_and_a_link_opens_nothing_wide() {
    let world = World::new();
    world.write(".agents/skills/build/SKILL.md", "---\nname: build\ndescription: Build it\n---\nmake\n");
    std::fs::create_dir_all(world.base().join("home/.claude/skills")).unwrap();
    std::os::unix::fs::symlink(world.base().join("home"), world.base().join("home/.claude/skills/all"))
        .unwrap();
    home(&world, "SKILL.md", "---\nname: all\ndescription: Everything\n---\nx\n");
    home(&world, "private.txt", "x");
    let rules = |text: &str| {
        format!(
            "rules:\n  - when: {{system: {{text: {text:?}}}}}\n    reply: [{{text: told}}]\n  - reply: [{{text: untold}}]\n"
        )
    };
    let model = world.script(&rules("- build (.agents/skills/build/SKILL.md): Build it"));
    assert_eq!(world.text(&model, &["x"]).expect(0).out, "untold\n");
    trust(&world);
    assert_eq!(world.text(&model, &["x"]).expect(0).out, "told\n");
    // A script of a skill counts like its text.
    world.write(".agents/skills/build/run.sh", "make\n");
    assert_eq!(world.text(&model, &["x"]).expect(0).says("run.sh is new").out, "untold\n");
    let wide = format!("{{tool: read, args: {{path: {}}}}}", world.base().join("home/private.txt").display());
    let model = world.script(&format!(
        "rules:\n  - when: {{turn: 1}}\n    reply: [{{tool_call: {wide}}}]\n  - reply: [{{text: x}}]\n"
    ));
    world.text(&model, &["x"]).expect(6).says("outside the workspace");
}

#[test]
fn an_agent_in_markdown_is_a_profile_with_the_tools_it_names() {
    let world = World::new();
    world.write(
        ".claude/agents/looker.md",
        "---\nname: looker\ndescription: Looks\ntools: Read, Grep\n---\nOnly look.\n",
    );
    let model = world.script(
        "rules:\n  - when: {turn: 1, system: {text: Only look.}}\n    reply: [{tool_call: {tool: write, args: {path: x, content: text}}}]\n  - reply: [{text: done}]\n",
    );
    world.text(&model, &["--profile", "looker", "x"]).expect(2).says("no profile `looker`");
    trust(&world);
    let events = world.stream(&model, &["--profile", "looker", "x"]).expect(6).events();
    assert_eq!(events[0]["tools"], json!(["read", "search", "todo", "report"]));
    assert!(!world.repo().join("x").exists());
}
