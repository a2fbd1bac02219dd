//! `/help`: every command in one line.

use super::{Answer, COMMANDS, Call, Command, Place, find, unknown};

pub(super) const COMMAND: Command = Command {
    name: "help",
    aliases: &["?"],
    args: "[COMMAND]",
    about: "List the commands, or explain one",
    place: Place::Engine,
    run: Some(|call: Call<'_>| {
        let answer = text(call.args);
        Box::pin(async move { answer })
    }),
};

fn text(wanted: &str) -> Result<Answer, crate::protocol::Report> {
    let line = |command: &Command| {
        let aliases = command.aliases.iter().map(|alias| format!(", /{alias}")).collect::<String>();
        let args = if command.args.is_empty() { String::new() } else { format!(" {}", command.args) };
        format!("| `/{}{args}`{aliases} | {} |\n", command.name, command.about)
    };
    if wanted.is_empty() {
        let rows: String = COMMANDS.iter().map(line).collect();
        return Ok(Answer::Markdown(format!("| command | |\n|---|---|\n{rows}")));
    }
    let name = wanted.trim_start_matches('/');
    let command = find(name).ok_or_else(|| unknown(name))?;
    Ok(Answer::Markdown(format!("| command | |\n|---|---|\n{}", line(command))))
}
