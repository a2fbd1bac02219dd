//! `/rewind`: back to before something the user said.

use super::{Answer, Call, Command, Place};
use crate::protocol::{Report, ReportKind};

pub(super) const COMMAND: Command = Command {
    name: "rewind",
    aliases: &[],
    args: "[ENTRY [both|files]]",
    about: "Go back to before your last message, or one that /tree lists",
    place: Place::Idle,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let (given, act) = match call.args.rsplit_once(char::is_whitespace) {
        Some((given, act @ ("both" | "files"))) => (given.trim(), act),
        _ => (call.args, ""),
    };
    let entry = match given {
        "" => match call.desk.tree()?.at {
            0 => {
                return Err(Report::new(ReportKind::Usage, "there is nothing to go back to")
                    .hint("a session that is kept has one as soon as something was said"));
            }
            entry => entry,
        },
        given => super::tree::entry(given)?,
    };
    let mut answer = Answer::Done;
    if !act.is_empty() {
        // Before any file is touched: what it shall go back to must be in this conversation.
        let known = call.desk.tree()?.nodes.iter().any(|node| node.current && node.entry == entry);
        let held = call.desk.checkpoint_of(entry)?.filter(|_| known);
        let id = held.ok_or_else(|| {
            Report::new(
                ReportKind::Usage,
                format!("no checkpoint holds the files as they were before {entry}"),
            )
            .hint("/rollback lists those that were taken")
        })?;
        let back =
            super::rollback::bring_back(call.desk.checkpoints()?, id, call.agent.moment(), act == "both");
        answer = Answer::Markdown(back.await?);
    }
    if act != "files" {
        call.agent.rewind(entry).await?;
    }
    Ok(answer)
}
