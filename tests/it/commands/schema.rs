//! `--output-schema`.

use serde_json::json;

use crate::world::World;

const SCHEMA: &str = r#"{"type": "object", "required": ["name"], "additionalProperties": false, "properties": {"name": {"type": "string"}}}"#;

fn world() -> World {
    let world = World::new();
    world.write("shape.json", SCHEMA);
    world
}

/// A script with one reply a turn.
fn replies(world: &World, texts: &[&str]) -> String {
    let rules = texts
        .iter()
        .enumerate()
        .map(|(at, text)| format!("  - when: {{turn: {}}}\n    reply: [{{text: {text:?}}}]\n", at + 1));
    world.script(&format!("rules:\n{}", rules.collect::<String>()))
}

const ARGS: [&str; 3] = ["--output-schema", "shape.json", "who?"];

#[test]
fn a_valid_answer_is_structured_in_every_format() {
    let world = world();
    let model = replies(&world, &["Here:\n```json\n{\"name\": \"x\"}\n```\n"]);
    let result = world.json(&model, &ARGS).expect(0).result();
    assert_eq!((&result["structured"], &result["turns"]), (&json!({"name": "x"}), &json!(1)));
    let events = world.stream(&model, &ARGS).expect(0).events();
    assert_eq!(events.last().unwrap()["structured"], json!({"name": "x"}));
    // Nothing but the JSON.
    assert_eq!(world.text(&model, &ARGS).expect(0).out, "{\n  \"name\": \"x\"\n}\n");
    let plain = world.stream(&model, &["who?"]).expect(0).events();
    assert_eq!(plain.last().unwrap()["structured"], json!(null));
}

#[test]
fn one_repair_names_the_faults_and_a_second_fault_is_1() {
    let world = world();
    let rules = "rules:\n  - when: {turn: 1, prompt: {regex: '(?s)^who\\?\\n.*JSON Schema:\\n\\{.*\"required\":\\[\"name\"\\]'}}\n    reply: [{text: '{\"nam\": 1}'}]\n  - when: {turn: 2, prompt: {regex: '(?s)\"name\" is a required property.*Answer again'}}\n    reply: [{text: '{\"name\": \"x\"}'}]\n";
    let model = world.script(rules);
    let result = world.json(&model, &ARGS).expect(0).result();
    assert_eq!((&result["structured"], &result["turns"]), (&json!({"name": "x"}), &json!(2)));
    let model = replies(&world, &["It is x.", "[1]", "{\"name\": \"x\"}"]);
    let ended = world.json(&model, &ARGS).expect(1);
    let result = ended.result();
    assert_eq!((&result["structured"], &result["turns"]), (&json!(null), &json!(2)));
    assert_eq!(result["errors"][0]["kind"], "answer");
    assert!(result["errors"][0]["causes"][0].as_str().unwrap().contains("object"), "{result}");
    let ended = world.text(&model, &ARGS).expect(1);
    assert_eq!(ended.out, "");
    ended.says("not valid against the schema");
    // No request is left for a repair.
    let ended = world.json(&model, &[&["--max-turns", "1"][..], &ARGS].concat()).expect(1);
    assert_eq!(ended.result()["turns"], 1);
}

#[test]
fn work_comes_before_the_answer_and_a_refusal_counts_as_one() {
    let world = world();
    let model = world.script(
        "rules:\n  - when: {turn: 1}\n    reply: [{text: looking}, {tool_call: {tool: read, args: {path: a.txt}}}]\n  - reply: [{text: '{\"name\": \"x\"}'}]\n",
    );
    let result = world.json(&model, &ARGS).expect(0).result();
    assert_eq!((&result["structured"], &result["turns"]), (&json!({"name": "x"}), &json!(2)));
    let model = world.script(
        "rules:\n  - when: {turn: 1}\n    reply: [{tool_call: {tool: write, args: {path: .git/config, content: x}}}]\n  - reply: [{text: 'I could not.'}]\n",
    );
    world.json(&model, &ARGS).expect(6);
}

#[test]
fn a_bad_schema_is_2_with_its_place() {
    let world = world();
    world.write("torn.json", "{\n  \"type\": \n");
    world.write("odd.json", "{\"properties\": {\"a\": {\"type\": \"objekt\"}}}");
    for (file, place) in
        [("nowhere.json", "nowhere.json"), ("torn.json", "torn.json:3:"), ("odd.json", "/properties/a/type")]
    {
        let ended = world.text("scripted/hello", &["--output-schema", file, "x"]).expect(2);
        ended.says("--output-schema").says(place);
    }
    world.iosm(&["--output-schema", "shape.json", "x"]).run().expect(2).says("--print");
}
