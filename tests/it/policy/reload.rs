//! Policy files that change while a session runs.

use iosm::protocol::{Op, ToolStatus};

use super::face::{Face, each_time, script, write_call};
use crate::world::World;

const READS: &str = "{tool: read, args: {path: a.txt}}";

fn policy(world: &World, text: &str) {
    let path = world.state().join("config/policy.yaml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// Runs one more prompt and says whether its one call was refused.
async fn refused(face: &mut Face) -> bool {
    face.prompt().await;
    face.end().await.calls.denied > 0
}

#[tokio::test]
async fn a_changed_file_is_taken_up_whole_or_not_at_all() {
    let world = World::new();
    let mut face = Face::open(&world, &each_time(&world, READS)).await;
    assert!(!refused(&mut face).await);
    policy(&world, "rules: [{name: blind, action: deny, tool: read}]\n");
    assert!(refused(&mut face).await);
    assert!(face.notices.last().unwrap().contains("1 rule in force now"), "{:?}", face.notices);
    // Bad: an example that fails, then a slip. The old one stays.
    for (bad, told) in [
        ("rules: [{name: a, action: deny, tool: write, match: ['read: a.txt']}]\n", "must match its example"),
        ("rules: [{name: a, action: alow, tool: read}]\n", "did you mean `allow`"),
    ] {
        policy(&world, bad);
        assert!(refused(&mut face).await, "{bad}");
        let notice = face.notices.last().unwrap();
        assert!(notice.contains("the old policy stays in force") && notice.contains(told), "{notice}");
    }
    policy(&world, "preset: strict\n");
    assert!(!refused(&mut face).await);
    let before = face.notices.len();
    assert!(!refused(&mut face).await);
    assert_eq!(face.notices.len(), before, "what has not changed is not told: {:?}", face.notices);
    drop(face);
    let stats = world.iosm(&["kernel", "stats", "--json"]).run().expect(0);
    let stats: serde_json::Value = serde_json::from_str(&stats.out).unwrap();
    assert_eq!(stats["policy_changes"], 2);
}

#[tokio::test]
async fn it_can_be_asked_for_and_answers_given_stay() {
    let world = World::new();
    let call = write_call("../outside.txt");
    let model = each_time(&world, &call);
    let mut face = Face::open(&world, &model).await;
    face.prompt().await;
    let question = face.question().await;
    face.yes(&question, iosm::protocol::Choice::Session).await;
    face.end().await;
    policy(&world, "rules: [{name: v, action: deny, path: vendor/}]\n");
    face.say(Op::ReloadPolicy).await;
    assert!(face.notice().await.contains("1 rule in force now"));
    face.prompt().await;
    let outcome = face.end().await;
    assert_eq!((outcome.calls.asked, outcome.calls.denied), (0, 0));
}

#[tokio::test]
async fn a_project_that_changes_after_it_was_trusted_does_not_lose_its_rules() {
    let world = World::new();
    world.write(".iosm/policy.yaml", "rules: [{name: blind, action: deny, tool: read}]\n");
    world.iosm(&["config", "trust"]).run().expect(0);
    let mut face = Face::open(&world, &each_time(&world, READS)).await;
    assert!(refused(&mut face).await);
    world.write(".iosm/policy.yaml", "rules: []\n");
    assert!(refused(&mut face).await);
    let notice = face.notices.last().unwrap();
    assert!(
        notice.contains("old policy stays") && notice.contains(".iosm/policy.yaml has changed"),
        "{notice}"
    );
    world.iosm(&["config", "trust"]).run().expect(0);
    assert!(!refused(&mut face).await);
}

#[tokio::test]
async fn waiting_and_missing_witnesses_reach_the_model_as_refusals() {
    let world = World::new();
    policy(&world, "limits: {calls_per_minute: 1}\n");
    let mut face = Face::open(&world, &script(&world, &[READS, READS])).await;
    face.prompt().await;
    let outcome = face.end().await;
    assert_eq!((outcome.calls.allowed, outcome.calls.denied), (1, 1));
    drop(face);
    assert!(world.session_holds("Not now: 1 calls were made within a minute"));
    let text = std::fs::read_to_string(world.session_files().pop().unwrap()).unwrap();
    let denied = serde_json::to_value(ToolStatus::Denied).unwrap();
    assert!(text.contains(&format!("\"status\":{denied}")), "{text}");
}
