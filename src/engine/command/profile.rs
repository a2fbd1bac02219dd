//! `/profile`: what the agent may do and what it is told.

use super::{Answer, Call, Command, Place};
use crate::engine::desk::FrontDesk;
use crate::protocol::Report;

pub(super) const COMMAND: Command = Command {
    name: "profile",
    aliases: &[],
    args: "[NAME]",
    about: "Show the profiles there are, or work under another one",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

/// A profile as a picker shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileChoice {
    pub name: String,
    pub description: String,
    /// Kinds of effect, as profiles spell them.
    pub effects: Vec<String>,
}

impl FrontDesk {
    /// Every profile, the shipped ones first. One that cannot be read says so in its description.
    pub fn profiles(&self) -> Vec<ProfileChoice> {
        let folders = self.ground.profile_folders();
        let folders: Vec<_> = folders.iter().map(std::path::PathBuf::as_path).collect();
        let names = crate::config::profile_names(&folders);
        let one = |name: String| match self.ground.profile(&name) {
            Ok(profile) => ProfileChoice {
                name,
                description: profile.description,
                effects: profile.effects.into_iter().collect(),
            },
            Err(report) => ProfileChoice { name, description: report.message, effects: Vec::new() },
        };
        names.into_iter().map(one).collect()
    }
}

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    if call.args.is_empty() {
        let now = call.agent.in_force().profile.clone();
        return Ok(Answer::Markdown(listed(&now, &call.desk.profiles())));
    }
    take(call.desk, call.agent, call.args).await?;
    Ok(Answer::Markdown(format!("The profile `{}` holds from here on.", call.agent.in_force().profile)))
}

/// Puts a profile in force. What was granted before goes on.
pub(super) async fn take(
    desk: &FrontDesk,
    agent: &mut crate::agent::Agent,
    name: &str,
) -> Result<(), Report> {
    let profile = desk.ground.profile(name)?;
    agent.change_profile(&profile).await
}

fn listed(now: &str, choices: &[ProfileChoice]) -> String {
    let mut out = format!("Now: `{now}`\n\n| profile | | may |\n|---|---|---|\n");
    for choice in choices {
        let effects = choice.effects.join(" ");
        out.push_str(&format!("| `{}` | {} | {effects} |\n", choice.name, choice.description));
    }
    out
}
