//! `/permissions`: the policy in force, and the answers that stand.

use super::{Answer, Call, Command, Place, missing, no_such_word};
use crate::engine::desk::FrontDesk;
use crate::engine::policy::{approvals, remove_approval};
use crate::protocol::{Report, ReportKind};

pub(super) const COMMAND: Command = Command {
    name: "permissions",
    aliases: &[],
    args: "[remove N]",
    about: "Show the policy and the answers that stand, or take one back",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    const USAGE: &str = "/permissions, or /permissions remove N";
    let (verb, rest) = call.args.split_once(char::is_whitespace).unwrap_or((call.args, ""));
    match (verb, rest.trim()) {
        ("", _) => Ok(Answer::Markdown(shown(call.desk)?)),
        ("remove", "") => Err(missing("permissions remove", "the number of an answer").hint(USAGE)),
        ("remove", number) => {
            let number = number.parse().map_err(|_| {
                Report::new(ReportKind::Usage, format!("/permissions remove: `{number}` is no number"))
                    .hint("/permissions lists the answers that stand, with their numbers")
            })?;
            let gone = remove_approval(&call.desk.ground, number).map_err(|mut report| {
                report.hints = vec!["/permissions lists them".to_owned()];
                report
            })?;
            // The yes that made the rule counted for the session too.
            call.desk.kernel.ask_again();
            call.agent.reload_policy().await;
            Ok(Answer::Markdown(format!(
                "Taken back: `{}`. It will be asked again, and so will be what you agreed to for this session.",
                gone.rule.name
            )))
        }
        _ => Err(no_such_word("permissions", call.args).hint(USAGE)),
    }
}

fn shown(desk: &FrontDesk) -> Result<String, Report> {
    let policy = desk.kernel.policy();
    let mut out = format!("Preset `{}`, sandbox {}.\n", policy.preset.name(), desk.kernel.sandbox_strength());
    if !policy.rules.is_empty() {
        out.push_str("\n| rule | | from |\n|---|---|---|\n");
        for rule in &policy.rules {
            let action = if rule.check.is_some() {
                "require".to_owned()
            } else {
                format!("{:?}", rule.action).to_lowercase()
            };
            out.push_str(&format!("| {} | {action} | {} |\n", rule.name.replace('|', "\\|"), rule.origin));
        }
    }
    let kept = approvals(&desk.ground)?;
    if kept.is_empty() {
        out.push_str("\nNo question was answered for always.\n");
        return Ok(out);
    }
    out.push_str("\nAnswered for always:\n\n| | rule | where | since |\n|---|---|---|---|\n");
    for (at, (everywhere, approval)) in kept.iter().enumerate() {
        let place = if *everywhere { "everywhere" } else { "this project" };
        let day = approval.at.split('T').next().unwrap_or_default();
        out.push_str(&format!(
            "| {} | {} | {place} | {day} |\n",
            at + 1,
            approval.rule.name.replace('|', "\\|")
        ));
    }
    Ok(out)
}
