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
