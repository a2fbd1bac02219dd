//! `/plan`: look and think, change nothing; and the user's yes to the plan that came of it.

use super::model::only_between_turns;
use super::{Answer, Call, Command, Place, no_such_word, profile};
use crate::protocol::{Block, Item, Report, ReportKind};

/// The profile that only plans, and the one that carries a plan out.
const PLAN: &str = "plan";
const FULL: &str = "full";

const ACCEPTED: &str = "I accept the plan. Carry it out now, step by step, and check each step as the plan says. Say so before you depart from it.";

pub(super) const COMMAND: Command = Command {
    name: "plan",
    aliases: &[],
    args: "[accept]",
    about: "Only look and plan, or accept the plan and have it carried out",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let is_planning = call.agent.in_force().profile == PLAN;
    match call.args {
        "" if is_planning => Ok(Answer::Markdown(
            "Planning already. `/plan accept` carries the plan out, `/profile full` leaves without.".into(),
        )),
        "" => {
            profile::take(call.desk, call.agent, PLAN).await?;
            Ok(Answer::Markdown(
                "Nothing is changed from here on; the kernel sees to it. `/plan accept` carries the plan out.".into(),
            ))
        }
        "accept" => accept(call, is_planning).await,
        other => Err(no_such_word("plan", other).hint("/plan, or /plan accept")),
    }
}

async fn accept(call: Call<'_>, is_planning: bool) -> Result<Answer, Report> {
    if !is_planning {
        return Err(Report::new(ReportKind::Usage, "there is no plan to accept: the profile is not `plan`")
            .hint("/plan begins one"));
    }
    only_between_turns(&call, "profile")?;
    let said = |item: &Item| {
        let Item::Assistant { blocks, .. } = item else { return false };
        blocks.iter().any(|block| matches!(block, Block::Text { .. }))
    };
    if !call.agent.items().iter().any(said) {
        return Err(Report::new(ReportKind::Usage, "there is no plan to accept yet")
            .hint("say what should be planned"));
    }
    profile::take(call.desk, call.agent, FULL).await?;
    Ok(Answer::Prompt(ACCEPTED.to_owned()))
}
