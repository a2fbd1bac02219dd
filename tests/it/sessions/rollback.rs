//! `/checkpoint` and `/rollback`: files and conversation go back, alone or together.

use iosm::engine::SessionChoice;
use iosm::protocol::Event;

use super::Open;
use crate::world::World;

const WRITES: &str = "rules:
  - {when: {turn: 1}, reply: [{text: hello}]}
  - {when: {turn: 2}, reply: [{tool_call: {tool: write, args: {path: new.txt, content: made}}}]}
  - reply: [{text: done}]
";

#[tokio::test]
async fn files_and_conversation_go_back_alone_or_together() {
    let world = World::new();
    let model = world.script(WRITES);
    let mut open = Open::new(&world, &model, SessionChoice::New).await;
    let made = || world.repo().join("new.txt").exists();
    assert!(open.answer("rollback").await.unwrap().contains("no checkpoint"));
    open.say("one").await;
    assert!(open.answer("checkpoint my mark").await.unwrap().contains("files"));
    let (two, _) = open.say("two").await;
    assert!(made());

    let listed = open.answer("rollback").await.unwrap();
    assert!(listed.contains("my mark") && listed.contains("before turn 2"), "{listed}");
    let shown = open.answer("rollback my mark").await.unwrap();
    assert!(shown.contains("- new.txt") && shown.contains("-made") && made(), "{shown}");
    let restored = open.answer("rollback 2 files").await.unwrap();
    assert!(restored.contains("1 removed") && !made(), "{restored}");
    open.answer("rollback redo").await.unwrap();
    assert!(made());
    assert_eq!(open.session.desk.tree().unwrap().at, two, "the conversation stayed");

    open.answer("rollback 2 both").await.unwrap();
    assert!(
        open.events.contains(&Event::Rewound { entry: two, text: "two".into() }) || {
            open.until(|event| matches!(event, Event::Rewound { .. })).await
                == Event::Rewound { entry: two, text: "two".into() }
        }
    );
    assert!(!made());
    let (again, outcome) = open.say("again").await;
    assert_eq!(outcome.text, "done", "the model wrote once more: its second message is the second again");
    assert!(made());

    open.command("rollback my mark conversation").await;
    open.until(|event| matches!(event, Event::Switched { .. })).await;
    assert!(made(), "files stay");
    assert_ne!(open.session.desk.tree().unwrap().at, again);
    assert!(open.answer("rollback nothing files").await.unwrap_err().contains("no checkpoint `nothing`"));
    open.close().await;

    // From another conversation the files can be had, and nothing else.
    let mut other = Open::new(&world, &model, SessionChoice::New).await;
    assert!(
        other.answer("rollback my mark both").await.unwrap_err().contains("not taken in this conversation")
    );
    assert!(made(), "and nothing was touched");
    other.answer("rollback my mark files").await.unwrap();
    assert!(!made());
    other.close().await;
}

const TWICE: &str = "rules:
  - {when: {turn: 1}, reply: [{tool_call: {tool: write, args: {path: one.txt, content: '1'}}}]}
  - {when: {turn: 3}, reply: [{tool_call: {tool: write, args: {path: two.txt, content: '2'}}}]}
  - reply: [{text: done}]
";

#[tokio::test]
async fn a_turn_is_one_message_of_the_user_also_after_a_resume() {
    let world = World::new();
    let model = world.script(TWICE);
    let there = |name: &str| world.repo().join(name).exists();
    let mut open = Open::new(&world, &model, SessionChoice::New).await;
    let (first, _) = open.say("first").await;
    open.close().await;

    // Two requests lie behind, and one turn.
    let mut open = Open::new(&world, &model, SessionChoice::Last).await;
    open.answer("checkpoint m1").await.unwrap();
    let (second, _) = open.say("second").await;
    assert!(there("one.txt") && there("two.txt"));
    let listed = open.answer("rollback").await.unwrap();
    assert!(listed.contains("before turn 1") && listed.contains("before turn 2"), "{listed}");
    assert!(!listed.contains("before turn 3"), "{listed}");
    open.answer("rollback m1 both").await.unwrap();
    assert!(there("one.txt") && !there("two.txt"));
    let at = |open: &Open| open.session.desk.tree().unwrap().at;
    assert_eq!(at(&open), first, "the conversation stands where it stood");
    open.close().await;

    let mut open = Open::new(&world, &model, SessionChoice::Last).await;
    let redone = open.answer("rollback redo both").await.unwrap();
    assert!(redone.contains("`/rollback redo both` goes back"), "{redone}");
    assert!(there("two.txt"));
    assert_eq!(at(&open), second, "and goes on again from where it was left");
    open.answer("rollback 2 both").await.unwrap();
    assert!(!there("two.txt"));
    assert_eq!(at(&open), first);
    open.close().await;
}

#[tokio::test]
async fn without_a_screen_too_the_conversation_goes_back_and_comes_again() {
    let world = World::new();
    let model = world.script(TWICE);
    world.text(&model, &["first"]).expect(0);
    world.text(&model, &["-c", "second"]).expect(0);
    world.text(&model, &["-c", "/rollback 2 both"]).expect(0).prints("`/rollback redo both` goes back");
    assert!(!world.repo().join("two.txt").exists());
    world.text(&model, &["-c", "/rollback redo both"]).expect(0);
    assert!(world.repo().join("two.txt").exists());
    // Nothing of the files differs: the conversation goes back all the same, and comes again.
    world.text(&model, &["-c", "/checkpoint here"]).expect(0);
    world.text(&model, &["-c", "only words"]).expect(0);
    world.text(&model, &["-c", "/rollback here both"]).expect(0).prints("nothing was touched");
    world.text(&model, &["-c", "/rollback redo both"]).expect(0);
    let tree = world.text(&model, &["-c", "/tree"]).expect(0);
    tree.prints("only words");
}
