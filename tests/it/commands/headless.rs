//! A slash command without a screen: carried out by the engine, its answer printed.

use serde_json::json;

use crate::world::World;

#[test]
fn an_answer_is_printed_in_every_format_and_no_model_is_asked() {
    let world = World::new();
    // A model that would fail the run if it were asked.
    let model = world.script("rules:\n  - reply: [{error: {status: 401, message: no}}]\n");
    world.text(&model, &["/help taint"]).expect(0).prints("| `/taint [clear SOURCE\\|all]` |");
    let result = world.json(&model, &["/taint"]).expect(0).result();
    assert_eq!(result["result"], "The agent has read no untrusted text.");
    assert_eq!((&result["status"], &result["turns"]), (&json!("success"), &json!(0)));
    let events = world.stream(&model, &["/taint"]).expect(0).events();
    assert_eq!(events.last().unwrap()["result"], "The agent has read no untrusted text.");
    world.text(&model, &["/permissions"]).expect(0).prints("Preset `coding`");
    world.text(&model, &["/withheld"]).expect(0).prints("Nothing was withheld");
}

#[test]
fn a_wrong_command_is_2_and_a_path_is_a_prompt() {
    let world = World::new();
    let ended = world.text("scripted/hello", &["/permision"]).expect(2);
    ended.says("there is no command /permision").says("did you mean /permissions?");
    let result = world.json("scripted/hello", &["/permision"]).expect(2).result();
    assert_eq!(result["errors"][0]["kind"], "usage");
    world.text("scripted/hello", &["/theme dark"]).expect(2).says("the screen's own");
    world.text("scripted/hello", &["/taint claer"]).expect(2).says("/taint clear SOURCE");
    for prompt in ["/etc/hosts is empty", "/Users is full", "/ is full", " /help", "see /help"] {
        let events = world.stream("scripted/hello", &[prompt]).expect(0).events();
        assert_eq!(events.last().unwrap()["turns"], 1, "{prompt}");
    }
}

#[test]
fn what_needs_a_person_is_refused_without_one() {
    let world = World::new();
    world.text("scripted/hello", &["/withheld release kept_0"]).expect(2).says("nothing was withheld");
}

#[test]
fn a_command_that_is_a_prompt_runs_as_one() {
    let world = World::new();
    let model = world.script(
        "rules:\n  - when: {prompt: {regex: '(?s)^Write AGENTS.md .*Above all: the tests$'}}\n    reply: [{text: written}]\n  - reply: [{text: other}]\n",
    );
    let events = world.stream(&model, &["/init the tests"]).expect(0).events();
    let result = events.last().unwrap();
    assert_eq!((&result["result"], &result["turns"]), (&json!("written"), &json!(1)));
}
