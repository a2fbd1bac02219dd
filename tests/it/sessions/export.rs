//! A conversation as a file, however hostile it is.

use iosm::engine::SessionChoice;
use serde_json::Value;

use super::{COUNTS, Open};
use crate::world::World;

const HOSTILE: &str =
    "</title><script>alert(1)</script><img src=x onerror=alert(2)> \u{1b}]0;owned\u{7} &amp; \"q\"";

fn hostile(world: &World) -> String {
    world.write("a.txt", "````\n</pre><script>alert(3)</script>\n````\n\u{1b}[2J\n");
    let text = "text: \"see <b>this</b>\\n```html\\n<script>4</script>\\n```\\nend\"";
    let call = "{tool: read, args: {path: a.txt}}";
    world.script(&format!(
        "rules:\n  - when: {{turn: 1}}\n    reply: [{{{text}}}, {{tool_call: {call}}}]\n  - reply: [{{text: done}}]\n"
    ))
}

#[test]
fn every_format_says_the_whole_conversation_and_nothing_in_it_acts() {
    let world = World::new();
    let model = hostile(&world);
    let result = world.json(&model, &[HOSTILE]).expect(0).result();
    let id = result["session_id"].as_str().unwrap();
    let export =
        |format: &str| world.iosm(&["sessions", "export", id, "--format", format]).run().expect(0).out;

    let html = export("html");
    let mut rest = html.as_str();
    let mut tags = Vec::new();
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').expect("every tag ends") + at;
        tags.push(rest[at + 1..end].to_owned());
        rest = &rest[end + 1..];
    }
    let ours = [
        "!doctype", "html", "head", "meta", "title", "style", "body", "h1", "h2", "dl", "dt", "dd", "div",
        "time", "details", "summary", "pre", "b", "p",
    ];
    for tag in &tags {
        let name = tag.trim_start_matches('/').split(' ').next().unwrap();
        assert!(ours.contains(&name), "<{tag}>");
        assert!(!tag.contains("onerror") && !tag.contains("src="), "<{tag}>");
    }
    assert!(html.contains("default-src 'none'") && html.contains("prefers-color-scheme:dark"));
    assert!(html.contains("&lt;script&gt;alert(1)") && html.contains("&lt;script&gt;alert(3)"), "{html}");
    assert!(html.contains("<details><summary>t1 <b>read</b>"), "{html}");
    assert!(html.contains("<pre>&lt;script&gt;4&lt;/script&gt;</pre>"), "{html}");
    assert!(!html.contains('\u{1b}'));

    let markdown = export("md");
    assert!(!markdown.contains('\u{1b}') && markdown.contains("**t1 read**"), "{markdown}");
    assert!(markdown.contains("`````text"), "the fence is longer than the one it holds: {markdown}");
    let shown = world.iosm(&["sessions", "show", id]).run().expect(0).out;
    assert_eq!(shown, markdown);

    let json: Value = serde_json::from_str(&export("json")).unwrap();
    assert_eq!((&json["session"], &json["version"]), (&id.into(), &1.into()));
    assert_eq!(json["messages"][0]["text"], HOSTILE);
    let call = &json["messages"][1]["pieces"][1];
    assert_eq!(
        (&call["tool"], &call["status"], &call["verdict"]),
        (&"read".into(), &"ok".into(), &"allow".into())
    );
    let schema = world.iosm(&["config", "schema", "session"]).run().expect(0).out;
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    assert!(schema.is_valid(&json), "{:?}", schema.iter_errors(&json).next());
    assert!(!schema.is_valid(&serde_json::json!({"version": 1})));
}

#[test]
fn a_file_that_is_there_stays_unless_told_otherwise() {
    let world = World::new();
    let model = world.script(COUNTS);
    world.text(&model, &["fix the parser"]).expect(0);
    world.iosm(&["sessions", "export", "parser", "-o", "talk.md"]).run().expect(0).prints("talk.md");
    let written = world.read("talk.md");
    assert!(written.contains("fix the parser"));
    world.write("talk.md", "mine\n");
    let again = world.iosm(&["sessions", "export", "parser", "-o", "talk.md"]).run();
    again.expect(2).says("is there already").says("--force");
    assert_eq!(world.read("talk.md"), "mine\n");
    world.iosm(&["sessions", "export", "parser", "-o", "talk.md", "--force"]).run().expect(0);
    assert_eq!(world.read("talk.md"), written);
    world.iosm(&["sessions", "export", "parser", "--force"]).run().expect(2).says("--output");
    world.iosm(&["sessions", "export", "parser", "-o", ".git/config", "--force"]).run().expect(1);
    world.iosm(&["sessions", "export", "parser", "--format", "pdf"]).run().expect(2).says("html");
}

#[tokio::test]
async fn the_command_writes_where_it_is_told_and_nothing_over() {
    let world = World::new();
    let model = world.script(COUNTS);
    let mut open = Open::new(&world, &model, SessionChoice::New).await;
    open.say("one").await;
    let answer = open.answer("export html out/talk.html").await.unwrap();
    assert!(answer.contains("talk.html"), "{answer}");
    assert!(world.read("out/talk.html").starts_with("<!doctype html>"));
    let refused = open.answer("export out/talk.html").await.unwrap_err();
    assert!(refused.contains("is there already"), "{refused}");
    open.answer("export out/talk.html --force").await.unwrap();
    open.answer("export").await.unwrap();
    let id = open.session.id.clone().unwrap();
    assert!(world.read(&format!("{id}.md")).contains("one"));
    open.close().await;
}
