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
