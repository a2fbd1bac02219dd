//! `/help`: every command in one line.

use super::{Answer, Call, Command, CommandInfo, CommandOrigin, Place, all, find, unknown};
use crate::config::{Own, Whose};
use crate::protocol::Report;

pub(super) const COMMAND: Command = Command {
    name: "help",
    aliases: &["?"],
    args: "[COMMAND]",
    about: "List the commands, or explain one",
    place: Place::Engine,
    run: Some(|call: Call<'_>| {
        let answer = text(&call.desk.own, call.args);
        Box::pin(async move { answer })
    }),
};

fn text(own: &Own, wanted: &str) -> Result<Answer, Report> {
    let name = wanted.trim_start_matches('/');
    // An alias is explained as what it stands for.
    let name = find(name).map_or(name, |command| command.name);
    let all = all(own);
    let shown: Vec<&CommandInfo> =
        all.iter().filter(|command| name.is_empty() || command.name == name).collect();
    if shown.is_empty() {
        return Err(unknown(own, name));
    }
    let rows: String = shown.into_iter().map(line).collect();
    Ok(Answer::Markdown(format!("| command | |\n|---|---|\n{rows}")))
}

fn line(command: &CommandInfo) -> String {
    let aliases = find(&command.name).map_or(&[][..], |known| known.aliases);
    let aliases: String = aliases.iter().map(|alias| format!(", /{alias}")).collect();
    let args = if command.args.is_empty() { String::new() } else { format!(" {}", command.args) };
    let from = match command.origin {
        CommandOrigin::BuiltIn => "",
        CommandOrigin::Prompt(Whose::Project) => " (this project's)",
        CommandOrigin::Prompt(Whose::User) => " (yours)",
        CommandOrigin::Skill(Whose::Project) => " (skill of this project)",
        CommandOrigin::Skill(Whose::User) => " (skill of yours)",
    };
    // What stands in somebody's file must not end a row of the table.
    let cell = |text: &str| text.replace('|', "\\|");
    format!("| `/{}{}`{aliases} | {}{from} |\n", command.name, cell(&args), cell(&command.about))
}
