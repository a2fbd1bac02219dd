//! `/model`: which model answers, what there is, and another one from the next request on.

use super::{Answer, Call, Command, Place};
use crate::engine::model::{ModelChoice, catalog, limits, ready};
use crate::protocol::{Report, ReportKind};

pub(super) const COMMAND: Command = Command {
    name: "model",
    aliases: &[],
    args: "[PROVIDER/MODEL]",
    about: "Show the models there are, or go on with another one",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    if call.args.is_empty() {
        let in_force = call.agent.in_force();
        return Ok(Answer::Markdown(listed(&in_force.model, &call.desk.models()?)));
    }
    only_between_turns(&call, "model")?;
    let catalog = catalog(&call.desk.ground)?;
    let to = ready(&call.desk.ground, &call.desk.options, &catalog, call.args)?;
    // A budget that could not be held any more would be no budget.
    limits(&call.desk.ground, &catalog, to.provider.name())?;
    call.agent.change_model(to).await?;
    Ok(Answer::Markdown(format!("`{}` answers from here on.", call.agent.in_force().model)))
}

/// What an answer under way was asked with must not change beneath it.
pub(super) fn only_between_turns(call: &Call<'_>, what: &str) -> Result<(), Report> {
    if !call.agent.is_running() {
        return Ok(());
    }
    let report = Report::new(ReportKind::Usage, format!("the {what} can be changed once the turn has ended"));
    Err(report.hint("stop the turn first, or wait for its end"))
}

fn listed(now: &str, choices: &[ModelChoice]) -> String {
    let mut out = format!("Now: `{now}`\n\n| model | window | thinks | key |\n|---|---|---|---|\n");
    for choice in choices {
        let name = match choice.stands_for.as_slice() {
            [] => format!("`{}`", choice.name),
            models => format!("`{}` ({})", choice.name, models.join(", ")),
        };
        let window = choice.context.map_or_else(|| "unknown".to_owned(), |tokens| tokens.to_string());
        let word = |yes: bool| if yes { "yes" } else { "no" };
        out.push_str(&format!("| {name} | {window} | {} | {} |\n", word(choice.thinks), word(choice.ready)));
    }
    out.push_str("\n`/model PROVIDER/MODEL` changes it; a model that is not listed is asked all the same.");
    out
}
