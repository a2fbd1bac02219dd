//! `/thinking`: how much the model thinks before it answers.

use super::model::only_between_turns;
use super::{Answer, Call, Command, Place};
use crate::base::nearest;
use crate::engine::model::{catalog, thinking_level};
use crate::protocol::{Report, ReportKind};

const LEVELS: [&str; 4] = ["off", "low", "medium", "high"];

pub(super) const COMMAND: Command = Command {
    name: "thinking",
    aliases: &[],
    args: "[off|low|medium|high]",
    about: "Show how much the model thinks, or change it",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let model = call.agent.in_force().model.clone();
    let catalog = catalog(&call.desk.ground)?;
    let cannot = catalog.get(&model).is_some_and(|info| !info.can_think());
    let note = if cannot {
        format!(" `{model}` does not take a level, so it means nothing to it.")
    } else {
        String::new()
    };
    if call.args.is_empty() {
        let now = &call.agent.in_force().thinking;
        return Ok(Answer::Markdown(format!("Thinking: **{now}**. Levels: {}.{note}", LEVELS.join(", "))));
    }
    let Some(level) = thinking_level(call.args) else {
        let report = Report::new(ReportKind::Usage, format!("/thinking: no such level: {}", call.args));
        let near = nearest(call.args, LEVELS).map(|near| format!("did you mean {near}?"));
        return Err(report.hint(near.unwrap_or_else(|| LEVELS.join(", "))));
    };
    only_between_turns(&call, "thinking level")?;
    call.agent.change_thinking(level).await;
    Ok(Answer::Markdown(format!("Thinking: **{}** from here on.{note}", level.name())))
}
