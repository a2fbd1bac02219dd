//! The user's own shell lines, and commands that are sent to the background.

use iosm::protocol::{Event, Op, ToolStatus};

use super::face::{Face, each_time, script};
use crate::sandbox::launcher;
use crate::world::World;

/// The next result of a call, with what was shown of it before.
async fn result(face: &mut Face) -> (String, ToolStatus, String) {
    let mut shown = String::new();
    loop {
        match face.event().await {
            Event::ToolOutput { delta, .. } => shown.push_str(&delta),
            Event::ToolResult { call_id, status, .. } => return (call_id, status, shown),
            Event::Notice { report } => panic!("{report}: {:?}", report.causes),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_line_of_the_users_runs_without_a_question_and_the_model_reads_it_where_it_shall() {
    let world = World::new();
    let model = script(&world, &[]);
    let mut face = Face::open_with_commands(&world, &model, launcher()).await;
    face.say(Op::Shell { line: "echo told-$((40+2))".into(), told: true }).await;
    assert_eq!(result(&mut face).await, ("u1".into(), ToolStatus::Ok, "told-42\n".into()));
    face.say(Op::Shell { line: "echo hidden-$((50+1)); rm -f new.txt".into(), told: false }).await;
    assert_eq!(result(&mut face).await.0, "u2");
    face.prompt().await;
    face.end().await;
    assert!(world.session_holds("told-42") && !world.session_holds("hidden-51"));
}

#[tokio::test]
async fn the_floor_stands_above_the_users_own_lines() {
    let world = World::new();
    let mut face = Face::open_with_commands(&world, &script(&world, &[]), launcher()).await;
    face.say(Op::Shell { line: "cat ~/.ssh/id_ed25519; rm -rf ~".into(), told: true }).await;
    loop {
        if let Event::Verdict { verdict, .. } = face.event().await {
            assert_eq!(verdict.kind, iosm::protocol::VerdictKind::Deny, "{verdict:?}");
            break;
        }
    }
    assert_eq!(result(&mut face).await, ("u1".into(), ToolStatus::Denied, String::new()));
}

/// Events until both have come: the end of the run, and of the line.
async fn run_and_line(face: &mut Face) -> (iosm::protocol::Status, ToolStatus, String) {
    let (mut run, mut line, mut shown) = (None, None, String::new());
    while run.is_none() || line.is_none() {
        match face.event().await {
            Event::ToolOutput { delta, .. } => shown.push_str(&delta),
            Event::ToolResult { call_id, status, .. } if call_id == "u1" => line = Some(status),
            Event::Finished(outcome) => run = Some(outcome.status),
            _ => {}
        }
    }
    (run.unwrap(), line.unwrap(), shown)
}

#[tokio::test]
async fn a_line_outlives_the_run_that_it_began_in() {
    let world = World::new();
    let model = world.script("rules: [{reply: [{delay_ms: 300}, {text: done}]}]");
    let mut face = Face::open_with_commands(&world, &model, launcher()).await;
    face.prompt().await;
    while !matches!(face.event().await, Event::TurnStart { .. }) {}
    face.say(Op::Shell { line: "sleep 1; echo to-the-end".into(), told: false }).await;
    let (run, line, shown) = run_and_line(&mut face).await;
    assert_eq!((run, line), (iosm::protocol::Status::Success, ToolStatus::Ok));
    assert_eq!(shown, "to-the-end\n");
    // The session still answers.
    face.say(Op::Shell { line: "true".into(), told: false }).await;
    assert_eq!(result(&mut face).await.0, "u2");
    face.prompt().await;
    face.end().await;
}

#[tokio::test]
async fn a_stop_ends_the_run_and_the_users_line_and_tells_both() {
    let world = World::new();
    let model = each_time(&world, "{tool: bash, args: {command: 'echo model; sleep 60'}}");
    let mut face = Face::open_with_commands(&world, &model, launcher()).await;
    face.prompt().await;
    while !matches!(face.event().await, Event::ToolOutput { .. }) {}
    face.say(Op::Shell { line: "echo mine; sleep 60".into(), told: true }).await;
    while !matches!(face.event().await, Event::ToolOutput { call_id, .. } if call_id == "u1") {}
    face.say(Op::Cancel).await;
    let (run, line, _) = run_and_line(&mut face).await;
    assert_eq!((run, line), (iosm::protocol::Status::Interrupted, ToolStatus::Cancelled));
    face.say(Op::Shell { line: "true".into(), told: false }).await;
    assert_eq!(result(&mut face).await.0, "u2");
}

#[tokio::test]
async fn a_line_that_takes_long_can_be_stopped() {
    let world = World::new();
    let mut face = Face::open_with_commands(&world, &script(&world, &[]), launcher()).await;
    face.say(Op::Shell { line: "echo begun; sleep 60".into(), told: true }).await;
    while !matches!(face.event().await, Event::ToolOutput { .. }) {}
    face.say(Op::Cancel).await;
    assert_eq!(result(&mut face).await.1, ToolStatus::Cancelled);
    face.prompt().await;
    face.end().await;
}

#[tokio::test]
async fn a_command_goes_on_in_the_background_when_the_user_says_so() {
    let world = World::new();
    let model = each_time(&world, "{tool: bash, args: {command: 'echo begun; sleep 20; echo never'}}");
    let mut face = Face::open_with_commands(&world, &model, launcher()).await;
    face.prompt().await;
    while !matches!(face.event().await, Event::ToolOutput { .. }) {}
    face.say(Op::Detach { call_id: "t1".into() }).await;
    let (mut running, mut status) = (0, None);
    let outcome = loop {
        match face.event().await {
            Event::Background { running: now } => running = now,
            Event::ToolResult { status: of, .. } => status = Some(of),
            Event::Finished(outcome) => break outcome,
            _ => {}
        }
    };
    assert_eq!((running, status, outcome.text.as_str()), (1, Some(ToolStatus::Ok), "done"));
    assert!(world.session_holds("sent it to the background as b1"));
}
