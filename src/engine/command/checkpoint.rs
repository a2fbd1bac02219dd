//! `/checkpoint`: a snapshot of the work tree now, under a name if the user gives one.

use super::{Answer, Call, Command, Place};
use crate::base::{Stopwatch, plural};
use crate::host::git::snapshot::Reason;
use crate::protocol::{Event, Report, ReportKind};

pub(super) const COMMAND: Command = Command {
    name: "checkpoint",
    aliases: &[],
    args: "[NAME]",
    about: "Keep the work tree as it is now, to come back to",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let name = (!call.args.is_empty()).then(|| call.args.to_owned());
    if matches!(name.as_deref(), Some("redo")) {
        return Err(Report::new(ReportKind::Usage, "`redo` names the state before the last rollback")
            .hint("choose another name"));
    }
    let (checkpoints, at) = (call.desk.checkpoints()?, call.agent.moment());
    let request = at.request;
    let watch = Stopwatch::start();
    let taken = tokio::task::spawn_blocking(move || checkpoints.take(Reason::Asked, name, at)).await;
    let taken = taken.map_err(|error| {
        Report::new(ReportKind::Internal, "taking a checkpoint broke off").cause(error.to_string())
    })??;
    let event = Event::Checkpoint {
        id: taken.id.clone(),
        name: taken.name.clone(),
        turn: request,
        ms: watch.millis(),
    };
    call.agent.emit(event).await;
    let mut text = format!("Checkpoint `{}`: {}.", taken.id, plural(taken.files as usize, "file"));
    for left in &taken.left_out {
        text.push_str(&format!("\n- not held: {}: {}", left.path, left.why));
    }
    Ok(Answer::Markdown(text))
}
