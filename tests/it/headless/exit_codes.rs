//! Every published exit code, from both sides where there are two.

use serde_json::json;

use super::script_of;
use crate::world::World;

const READ: &str = "{tool: read, args: {path: a.txt}}";
/// Refused by every policy: the repository's own insides.
const FORBIDDEN: &str = "{tool: write, args: {path: .git/config, content: x}}";
const REPORT: &str = "{tool: report, args: {findings: [{path: a.txt, line: 1, severity: medium, title: odd, detail: it is odd}]}}";

#[test]
fn done_is_0_and_json_says_so() {
    let world = World::new();
    let model = world.script(&script_of(&[READ]));
    let result = world.json(&model, &["look"]).expect(0).result();
    assert_eq!((&result["status"], &result["result"]), (&json!("success"), &json!("done")));
    assert_eq!(result["tool_calls"]["allowed"], 1);
    assert_eq!(result["model"], model.as_str());
    let ended = world.text(&model, &["look"]).expect(0);
    assert_eq!((ended.out.as_str(), ended.err.as_str()), ("done\n", ""));
}

#[test]
fn an_output_that_cannot_be_written_is_1() {
    let world = World::new();
    let model = world.script(&script_of(&[READ]));
    for format in ["text", "json", "stream-json"] {
        let run = world.iosm(&["-p", "-m", &model, "--output-format", format, "look"]);
        run.after("exec >/dev/full").run().expect(1).says("standard output cannot be written");
    }
}

#[test]
fn bad_usage_is_2_and_names_the_nearest() {
    let world = World::new();
    let cases: &[(&[&str], &str)] = &[
        (&["-p", "--ouput-format", "json", "x"], "--output-format"),
        (&["-p", "--output-format", "jsn", "x"], "json"),
        (&["-p", "-m", "scripted/helo", "x"], "scripted/hello"),
        (&["-p", "-m", "scripted/hello", "--profile", "ful", "x"], "full"),
        (&["-p", "-m", "scripted/hello", "--tools", "raed", "x"], "did you mean `read`"),
        (&["-p", "-m", "scripted/hello", "--fail-on", "findings:grave", "x"], "critical"),
        (&["-p", "-m", "scripted/hello", "--max-turns", "0", "x"], "--max-turns"),
        (&["-p", "-m", "scripted/hello", "--max-minutes", "-1", "x"], "--max-minutes"),
        (&["-p", "-m", "openai_compatible/x", "x"], "--base-url"),
        (&["-p", "-m", "scripted/./nowhere.yaml", "x"], "cannot read the script"),
        (&["-p", "-m", "scripted/hello", "@nowhere.txt"], "@nowhere.txt cannot be read"),
        (&["-p", "-m", "scripted/hello"], "there is no prompt"),
        (&["-p", "x"], "no model is configured"),
        (&["-p", "-c", "-m", "scripted/hello", "x"], "no session to continue"),
        (&["-C", "nowhere", "-p", "-m", "scripted/hello", "x"], "nowhere"),
        (&["doctr", "-p"], "no model is configured"),
        (&["sessions", "shw"], "show"),
    ];
    let before = world.tree();
    for (args, words) in cases {
        let ended = world.iosm(args).run();
        assert_eq!(ended.code(), 2, "{args:?}\n{}{}", ended.out, ended.err);
        assert!(ended.err.contains(words), "{args:?} does not say {words:?}:\n{}", ended.err);
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
    }
    assert_eq!(world.tree(), before);
}

#[test]
fn a_run_that_cannot_begin_still_prints_its_object() {
    let world = World::new();
    let cases: &[(&[&str], i32, &str)] = &[
        (&["-m", "anthropic/claude-haiku-5-5", "x"], 3, "authentication"),
        (&["-m", "scripted/helo", "x"], 2, "config"),
        (&["-m", "scripted/hello"], 2, "usage"),
        (&["-m", "scripted/hello", "-c", "x"], 2, "usage"),
        (&["x"], 2, "config"),
    ];
    for (args, code, kind) in cases {
        for format in ["json", "stream-json"] {
            let ended = world.iosm(&[&["-p", "--output-format", format], *args].concat()).run().expect(*code);
            let result = if format == "json" { ended.result() } else { ended.events().remove(0) };
            assert_eq!((&result["status"], &result["errors"][0]["kind"]), (&json!("error"), &json!(kind)));
            let message = result["errors"][0]["message"].as_str().unwrap().to_owned();
            ended.says(&message);
        }
    }
}

#[test]
fn a_bad_script_names_line_and_nearest_key() {
    let world = World::new();
    let model = world.script("rules:\n  - repyl:\n      - text: x\n");
    world.text(&model, &["x"]).expect(2).says("script.yaml:2:5").says("`reply`");
    let model = world.script("rules:\n  - when: {turn: 7}\n    reply: [{text: x}]\n");
    world.text(&model, &["x"]).expect(2).says("no rule of the script");
}

#[test]
fn a_bad_settings_file_names_line_and_nearest_key() {
    let world = World::new();
    world.settings("model: scripted/hello\nprofil: full\n");
    let ended = world.iosm(&["-p", "x"]).run().expect(2);
    ended.says("settings.yaml").says("2").says("profile");
    world.settings("model: scripted/hello\n");
    world.iosm(&["-p", "x"]).run().expect(0);
}

#[test]
fn no_key_is_3() {
    let world = World::new();
    let ended = world.text("anthropic/claude-haiku-5-5", &["x"]).expect(3);
    ended.says("no API key").says("ANTHROPIC_API_KEY").says("iosm demo");
}

#[test]
fn limits_are_4() {
    let world = World::new();
    let forever = world.script(&format!("rules:\n  - reply: [{{tool_call: {READ}}}]\n"));
    let result = world.json(&forever, &["--max-turns", "3", "x"]).expect(4).result();
    assert_eq!((&result["turns"], &result["status"]), (&json!(3), &json!("limit")));
    let ended = world.text(&forever, &["--max-turns", "1", "x"]).expect(4);
    ended.says("the limit of 1 turns was reached").says("--max-turns");

    let slow = world.script("rules:\n  - reply: [{delay_ms: 60000}, {text: late}]\n");
    let ended = world.text(&slow, &["--max-minutes", "0.005", "x"]).expect(4).says("time limit");
    assert!(ended.took.as_secs() < 10, "{:?}", ended.took);
}

#[test]
fn a_budget_is_4_and_needs_a_price() {
    let world = World::new();
    let dear = world.script(&format!(
        "rules:\n  - reply: [{{tool_call: {READ}}}]\n    usage: {{input_tokens: 100, output_tokens: 10, cost_usd: 0.4}}\n"
    ));
    let result = world.json(&dear, &["--max-budget-usd", "1", "x"]).expect(4).result();
    assert_eq!(result["turns"], 3, "0.4 + 0.4 is below 1, the third request is the last: {result}");
    assert!((result["cost"]["usd"].as_f64().unwrap() - 1.2).abs() < 1e-9);
    let unknown = ["--base-url", "http://127.0.0.1:9/v1", "--max-budget-usd", "1", "x"];
    world.text("openai/unheard-of", &unknown).expect(2).says("the price of");
}

#[test]
fn a_check_that_says_no_is_5_and_on_the_other_side_0() {
    let world = World::new();
    let model = world.script(&script_of(&[REPORT]));
    for (gate, code) in [("findings", 5), ("findings:medium", 5), ("findings:low", 5), ("findings:high", 0)] {
        let result = world.json(&model, &["--fail-on", gate, "x"]).expect(code).result();
        assert_eq!(
            (result["findings"].as_array().unwrap().len(), &result["findings_reported"]),
            (1, &json!(true))
        );
    }
    // Worked round: a refusal first, then something that is allowed.
    let steps = format!(
        "rules:\n  - when: {{turn: 1}}\n    reply: [{{tool_call: {FORBIDDEN}}}]\n  - when: {{turn: 2}}\n    reply: [{{tool_call: {READ}}}]\n  - reply: [{{text: done}}]\n"
    );
    let model = world.script(&steps);
    let before = world.tree();
    let result = world.json(&model, &["x"]).expect(0).result();
    assert_eq!(result["tool_calls"]["denied"], 1);
    world.text(&model, &["--fail-on", "denied", "x"]).expect(5).says("refused: write");
    world.text(&world.script(&script_of(&[READ])), &["--fail-on", "denied", "x"]).expect(0);
    assert_eq!(world.tree(), before);
}

#[test]
fn a_run_that_ends_on_a_refusal_is_6() {
    let world = World::new();
    let before = world.tree();
    let model = world.script(&script_of(&[FORBIDDEN]));
    let result = world.json(&model, &["x"]).expect(6).result();
    assert_eq!((&result["status"], &result["tool_calls"]["denied"]), (&json!("refused"), &json!(1)));
    let unknown = world.script(&script_of(&["{tool: launch_missiles, args: {}}"]));
    world.text(&unknown, &["x"]).expect(6).says("launch_missiles");
    // The same thing over and over ends by itself.
    let stubborn = world.script(&format!("rules:\n  - reply: [{{tool_call: {FORBIDDEN}}}]\n"));
    let result = world.json(&stubborn, &["x"]).expect(6).result();
    assert_eq!(result["turns"], 3);
    assert_eq!(world.tree(), before);
}

#[test]
fn a_required_tool_that_was_refused_is_6() {
    let world = World::new();
    let steps = format!(
        "rules:\n  - when: {{turn: 1}}\n    reply: [{{tool_call: {FORBIDDEN}}}]\n  - when: {{turn: 2}}\n    reply: [{{tool_call: {READ}}}]\n  - reply: [{{text: done}}]\n"
    );
    let model = world.script(&steps);
    world.json(&model, &["--require-tools", "read,write", "x"]).expect(6).result();
    world.json(&model, &["--require-tools", "read", "x"]).expect(0).result();
}

#[test]
fn an_agents_own_command_may_look_but_not_start_or_trust() {
    let world = World::new();
    for args in [&["-p", "-m", "scripted/hello", "hi"][..], &["demo"], &["config", "trust"]] {
        world.iosm(args).var("IOSM_SANDBOX", "1").run().expect(6).says("a command of an agent may not");
    }
    world.iosm(&["paths"]).var("IOSM_SANDBOX", "1").run().expect(0);
}

#[test]
fn arguments_that_are_none_are_told_in_json_too() {
    let world = World::new();
    for args in [&["--max-turns", "0"][..], &["--max-turn", "3"], &["--nonsense"]] {
        let result =
            world.iosm(&[&["-p", "--output-format=json"], args, &["x"]].concat()).run().expect(2).result();
        assert_eq!((&result["status"], &result["errors"][0]["kind"]), (&json!("error"), &json!("usage")));
    }
    world.iosm(&["-p", "--help", "--output-format", "json"]).run().expect(0).prints("Usage:");
}

#[test]
fn what_is_no_regular_file_is_not_waited_for() {
    let world = World::new();
    let pipe = world.base().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.to_str().unwrap();
    let model = world.script("rules:\n  - reply: [{text: done}]\n");
    for args in [&["@/dev/zero", "x"][..], &[&format!("@{pipe}"), "x"], &["--output-schema", pipe, "x"]] {
        world.text(&model, args).expect(2).says("it is no regular file");
    }
    world.text(&format!("scripted/{pipe}"), &["x"]).expect(2).says("it is no regular file");
    let settings = world.state().join("config/settings.yaml");
    std::fs::create_dir_all(settings.parent().unwrap()).unwrap();
    let _ = std::fs::remove_file(&settings);
    assert!(std::process::Command::new("mkfifo").arg(&settings).status().unwrap().success());
    world.text(&model, &["x"]).expect(2).says("it is no regular file");
}

#[test]
fn limits_of_settings_and_environment_are_held_to_what_flags_are() {
    let world = World::new();
    let model = world.script("rules:\n  - reply: [{text: done}]\n");
    for (text, key) in [
        ("{turns: 0}", "limits.turns"),
        ("{budget_usd: 0}", "limits.budget_usd"),
        ("{minutes: -1}", "limits.minutes"),
    ] {
        world.settings(&format!("limits: {text}\n"));
        world.text(&model, &["x"]).expect(2).says(&format!("{key} must be"));
    }
    world.settings("");
    world.iosm(&["-p", "-m", &model, "x"]).var("IOSM_MAX_TURNS", "0").run().expect(2).says("IOSM_MAX_TURNS");
    world.iosm(&["-p", "-m", &model, "x"]).var("IOSM_MAX_TURNS", "1").run().expect(0);
}

#[test]
fn words_beside_the_result_end_nothing() {
    let world = World::new();
    let model = world.script(&script_of(&[FORBIDDEN, READ]));
    let iosm = env!("CARGO_BIN_EXE_iosm");
    world.shell(&format!("{iosm} -p -m {model} x 2>/dev/full")).expect(0);
    let cut = format!("{{ {iosm} demo; echo \"ended $?\" >&2; }} | head -1 >/dev/null");
    world.shell(&cut).expect(0).says("ended 0");
}

#[test]
fn a_tool_that_is_not_there_is_named_wherever_a_flag_names_it() {
    let world = World::new();
    let model = world.script(&script_of(&[READ]));
    for (flag, value) in
        [("--tools", "raed"), ("--deny", "raed"), ("--allow", "raed(a.txt)"), ("--require-tools", "raed")]
    {
        world
            .text(&model, &[flag, value, "x"])
            .expect(2)
            .says(&format!("{flag}: there is no tool `raed`"))
            .says("`read`");
    }
    world
        .text(&model, &["--deny", "mcp__web__get", "--deny", "wri*", "--require-tools", "read", "x"])
        .expect(0);
    assert_eq!(world.session_files().len(), 1, "what cannot begin leaves no session");
}
