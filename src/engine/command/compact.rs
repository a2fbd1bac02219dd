//! `/compact`: folds the conversation now; the words after it stay before the model.

use super::{Answer, Call, Command, Place};
use crate::protocol::Report;

pub(super) const COMMAND: Command = Command {
    name: "compact",
    aliases: &[],
    args: "[FOCUS]",
    about: "Fold older messages now; FOCUS stays word for word",
    place: Place::Idle,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let focus = Some(call.args).filter(|focus| !focus.is_empty());
    if call.agent.compact(focus).await? {
        return Ok(Answer::Done);
    }
    Ok(Answer::Markdown("There is nothing that folding would make smaller.".to_owned()))
}
