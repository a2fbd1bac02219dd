//! `/rewind`: back to before something the user said.

use super::{Answer, Call, Command, Place};
use crate::protocol::{Report, ReportKind};

pub(super) const COMMAND: Command = Command {
    name: "rewind",
    aliases: &[],
    args: "[ENTRY]",
    about: "Go back to before your last message, or before one that /tree lists",
    place: Place::Idle,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let entry = match call.args {
        "" => match call.desk.tree()?.at {
            0 => {
                return Err(Report::new(ReportKind::Usage, "there is nothing to go back to")
                    .hint("a session that is kept has one as soon as something was said"));
            }
            entry => entry,
        },
        given => super::tree::entry(given)?,
    };
    call.agent.rewind(entry).await?;
    Ok(Answer::Done)
}
