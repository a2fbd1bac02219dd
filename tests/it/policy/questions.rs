//! The approval protocol through the engine's own door.

use iosm::engine::SessionChoice;
use iosm::protocol::{Choice, Closed, Event, Op, Seen, Status};
use serde_json::Value;

use super::face::{Face, each_time, script, seen, write_call};
use crate::world::World;

fn journal(world: &World) -> Vec<Value> {
    let projects = std::fs::read_dir(world.state().join("state/projects")).unwrap().flatten();
    let files = projects.flat_map(|p| std::fs::read_dir(p.path().join("journal")).unwrap().flatten());
    let mut files: Vec<_> =
        files.map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "jsonl")).collect();
    files.retain(|path| !path.ends_with("index.jsonl"));
    files.sort();
    let text = std::fs::read_to_string(files.last().unwrap()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn approvers(world: &World) -> Vec<String> {
    let rows = journal(world);
    rows.iter()
        .filter(|row| !row["tool"].is_null())
        .filter_map(|row| row["approver"]["by"].as_str().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn a_question_shows_what_would_happen_and_a_yes_holds_once() {
    let world = World::new();
    let outside = world.base().join("outside.txt");
    let call = write_call("../outside.txt");
    let mut face = Face::open(&world, &script(&world, &[&call, &call])).await;
    face.prompt().await;
    let first = face.question().await;
    assert_eq!(first.call.tool, "write");
    assert!(first.diff.as_deref().unwrap().contains("+new"), "{first:?}");
    assert_eq!(first.reasons.len(), 1);
    assert_eq!((first.reasons[0].rung.as_str(), first.reasons[0].rule.as_str()), ("scope", "write_outside"));
    let rule = first.rule.clone().unwrap();
    assert!(
        rule.contains("action: allow") && rule.contains("effect: write") && rule.contains("outside.txt"),
        "{rule}"
    );
    use Choice::{AlwaysEverywhere, AlwaysHere, Once, Session};
    assert_eq!(first.choices, [Once, Session, AlwaysHere, AlwaysEverywhere]);
    assert!(!outside.exists());
    face.yes(&first, Once).await;
    let second = face.question().await;
    assert!(outside.exists());
    assert_ne!(first.id, second.id);
    assert_eq!(face.closed, [(first.id, Closed::Approved)]);
    face.no(&second, "use the workspace").await;
    let outcome = face.end().await;
    assert_eq!((outcome.calls.asked, outcome.calls.denied), (2, 1));
    assert_eq!(face.closed.last().unwrap().1, Closed::Declined);
    assert!(world.session_holds("use the workspace"));
    assert_eq!(approvers(&world), ["user", "user"]);
}

#[tokio::test]
async fn a_yes_for_the_session_is_not_asked_again_and_ends_with_it() {
    let world = World::new();
    let call = write_call("../outside.txt");
    let model = script(&world, &[&call, &call]);
    for _ in 0..2 {
        let mut face = Face::open(&world, &model).await;
        face.prompt().await;
        let question = face.question().await;
        face.yes(&question, Choice::Session).await;
        face.end().await;
        std::fs::remove_file(world.base().join("outside.txt")).unwrap();
    }
    assert_eq!(approvers(&world), ["user:session", "session"]);
}

#[tokio::test]
async fn what_was_not_on_the_screen_or_is_not_open_is_no_answer() {
    let world = World::new();
    let mut face = Face::open(&world, &script(&world, &[&write_call("../outside.txt")])).await;
    face.prompt().await;
    let question = face.question().await;
    let asked = question.asked_at_ms;
    let yes = |id: &str, seen| Op::Approve { id: id.to_owned(), choice: Choice::Once, confirm: None, seen };
    for seen in [
        Seen { shown_at_ms: asked + 5, answered_at_ms: asked + 5 },
        Seen { shown_at_ms: asked + 5, answered_at_ms: asked + 1 },
        Seen { shown_at_ms: asked - 5, answered_at_ms: asked + 5 },
    ] {
        face.say(yes(&question.id, seen)).await;
        assert!(face.notice().await.contains("before its question was shown"));
    }
    for id in ["t1", "q_00000000000000000000000000000000", ""] {
        face.say(yes(id, seen(&question))).await;
        assert!(face.notice().await.contains("no such question is open"), "{id}");
    }
    assert!(!world.base().join("outside.txt").exists());
    face.yes(&question, Choice::Once).await;
    face.end().await;
    assert!(world.base().join("outside.txt").exists());
    // An answer that comes twice finds nothing open.
    assert_eq!(face.closed.len(), 1);
}

#[tokio::test]
async fn always_is_kept_for_this_project_and_can_be_taken_back() {
    let world = World::new();
    let model = script(&world, &[&write_call("../outside.txt")]);
    let mut face = Face::open(&world, &model).await;
    face.prompt().await;
    let question = face.question().await;
    face.yes(&question, Choice::AlwaysHere).await;
    face.end().await;
    assert_eq!(approvers(&world), ["user:always_here"]);
    // A later session of the project is not asked, headless or not.
    world.text(&model, &["x"]).expect(0);
    let listed = world.iosm(&["config", "approvals", "--json"]).run().expect(0);
    let listed: Value = serde_json::from_str(&listed.out).unwrap();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["where"]), (1, &Value::from("this project")));
    assert_eq!(listed[0]["rule"].as_str(), question.rule.as_deref());
    world.iosm(&["config", "approvals", "remove", "2"]).run().expect(2).says("no answer with this number");
    world.iosm(&["config", "approvals", "remove", "1"]).var("IOSM_SANDBOX", "1").run().expect(6);
    world.iosm(&["config", "approvals", "remove", "1"]).run().expect(0);
    world.text(&model, &["x"]).expect(6).says("outside the workspace");
}

#[tokio::test]
async fn everywhere_needs_a_second_yes_with_its_own_word() {
    let world = World::new();
    let model = script(&world, &[&write_call("../outside.txt")]);
    let mut face = Face::open(&world, &model).await;
    face.prompt().await;
    let question = face.question().await;
    let say = |confirm: Option<&str>| Op::Approve {
        id: question.id.clone(),
        choice: Choice::AlwaysEverywhere,
        confirm: confirm.map(str::to_owned),
        seen: seen(&question),
    };
    let mut words = Vec::new();
    for confirm in [None, Some("yes"), Some("")] {
        face.say(say(confirm)).await;
        let word = loop {
            match face.event().await {
                Event::ApprovalConfirm { id, confirm, rule } => {
                    assert_eq!((&id, Some(&rule)), (&question.id, question.rule.as_ref()));
                    break confirm;
                }
                Event::ApprovalClosed { .. } => panic!("one yes was enough"),
                _ => {}
            }
        };
        words.push(word);
    }
    // Only the last word counts.
    face.say(say(Some(&words[0]))).await;
    let Event::ApprovalConfirm { confirm: word, .. } = face.event().await else {
        panic!("an old word counted")
    };
    face.say(say(Some(&word))).await;
    face.end().await;
    let kept = std::fs::read_to_string(world.state().join("state/approvals.yaml")).unwrap();
    assert!(kept.contains("outside.txt"), "{kept}");
}

#[tokio::test]
async fn a_question_that_nobody_answers_is_declined() {
    let world = World::new();
    let model = script(&world, &[&write_call("../outside.txt")]);
    for stop in [Some(Op::Cancel), Some(Op::Shutdown), None] {
        let mut face = Face::open(&world, &model).await;
        face.prompt().await;
        face.question().await;
        match stop {
            Some(op) => face.say(op).await,
            // The face is gone: its operations end, its events are still read.
            None => face.session.ops = tokio::sync::mpsc::channel(1).0,
        }
        let outcome = face.end().await;
        assert_ne!(outcome.status, Status::Success);
        assert_eq!(face.closed.last().unwrap().1, Closed::Withdrawn);
        drop(face);
        let rows = journal(&world);
        assert!(
            rows.iter().any(|row| row["verdict"] == "deny" && row["approver"]["by"] == "user"),
            "{rows:#?}"
        );
        assert!(!world.base().join("outside.txt").exists());
    }
}

#[tokio::test]
async fn what_a_rule_may_not_answer_offers_no_always() {
    let world = World::new();
    world.write(".env", "KEY=1\n");
    let mut face = Face::open(&world, &script(&world, &["{tool: read, args: {path: .env}}"])).await;
    face.prompt().await;
    let question = face.question().await;
    assert_eq!(
        (question.rule.clone(), question.choices.clone()),
        (None, vec![Choice::Once, Choice::Session])
    );
    face.yes(&question, Choice::AlwaysHere).await;
    assert!(face.notice().await.contains("cannot be answered in that way"));
    face.no(&question, "").await;
    face.end().await;
    assert!(!world.state().join("state/approvals.yaml").exists());
}

#[tokio::test]
async fn a_model_cannot_answer_for_itself() {
    let world = World::new();
    // Whatever a model writes becomes text or a call; the question's name never reaches it.
    let calls = [write_call("../outside.txt"), write_call("../outside.txt")];
    let mut face = Face::open(&world, &script(&world, &[&calls[0], &calls[1]])).await;
    face.prompt().await;
    let question = face.question().await;
    face.no(&question, "").await;
    let again = face.question().await;
    assert!(!world.session_holds(&question.id) && !world.session_holds(&again.id));
    face.no(&again, "").await;
    face.end().await;
    assert!(!world.session_holds(&question.id) && !world.session_holds(&again.id));
}

#[tokio::test]
async fn a_yes_for_the_session_holds_in_a_copy_of_it_and_in_no_other() {
    let world = World::new();
    let model = each_time(&world, &write_call("../outside.txt"));
    let mut face = Face::open(&world, &model).await;
    let setup = face.setup().await;
    face.prompt().await;
    let first = face.question().await;
    face.yes(&first, Choice::Session).await;
    face.end().await;

    let given = face.session.id.clone();
    let mut copy = face.next(&world, &setup, SessionChoice::Fork { given, entry: None }).await;
    copy.prompt().await;
    copy.end().await;
    let mut new = face.next(&world, &setup, SessionChoice::New).await;
    new.prompt().await;
    let asked = new.question().await;
    new.no(&asked, "").await;
    new.end().await;
}

#[tokio::test]
async fn an_address_is_named_only_where_the_model_is_served() {
    let world = World::new();
    world.settings("base_url: http://127.0.0.1:9/v1\n");
    let mut face = Face::open(&world, "scripted/hello").await;
    assert_eq!(face.setup().await.base_url, None);
    let mut face = Face::open(&world, "openai_compatible/x").await;
    assert_eq!(face.setup().await.base_url.as_deref(), Some("http://127.0.0.1:9/v1"));
}
