//! Slash commands: declared once, from which completion, help and dispatch come. One file each.
//!
//! A command of the face (`/theme`, `/quit` …) is declared here too, and carried out there.

mod checkpoint;
mod compact;
mod context;
mod contract;
mod cost;
mod diff;
mod doctor;
mod export;
mod help;
mod init;
mod kernel;
mod model;
mod name;
mod permissions;
mod plan;
mod profile;
mod rewind;
mod rollback;
mod settings;
mod taint;
mod theirs;
mod thinking;
mod tree;
mod withheld;

pub use diff::{Changes, FileChange};
pub use profile::ProfileChoice;
pub use tree::entry as listed_entry;

use futures::future::BoxFuture;

use super::desk::FrontDesk;
use crate::agent::Agent;
use crate::base::nearest;
use crate::config::{Own, Whose};
use crate::protocol::{Report, ReportKind};

/// Who carries a command out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The face itself: it is about the screen, or about which session is shown.
    Face,
    /// The engine, at any time.
    Engine,
    /// The engine, while no turn runs.
    Idle,
}

/// One slash command.
#[derive(Clone, Copy)]
pub struct Command {
    /// Without the slash.
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// Its arguments as shown: `[name]`, `SOURCE|all`.
    pub args: &'static str,
    /// One line, without a full stop.
    pub about: &'static str,
    pub place: Place,
    run: Run,
}

/// What carries a command out; `None` for the face's own.
type Run = Option<for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<Answer, Report>>>;

/// A command under way.
pub(super) struct Call<'a> {
    pub desk: &'a FrontDesk,
    pub agent: &'a mut Agent,
    /// What stands after the name, trimmed.
    pub args: &'a str,
}

/// What a command came to.
pub(super) enum Answer {
    Markdown(String),
    /// The model is told this.
    Prompt(String),
    /// Its events have said it.
    Done,
}

/// Where a command comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandOrigin {
    BuiltIn,
    /// A prompt command: a Markdown file.
    Prompt(Whose),
    Skill(Whose),
}

/// A command as palettes and help show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandInfo {
    /// Without the slash; `project:NAME` where a nearer one has its name.
    pub name: String,
    pub args: String,
    pub about: String,
    pub origin: CommandOrigin,
}

/// Every command, as help lists them.
pub const COMMANDS: &[Command] = &[
    help::COMMAND,
    init::COMMAND,
    diff::COMMAND,
    doctor::COMMAND,
    permissions::COMMAND,
    contract::COMMAND,
    settings::COMMAND,
    kernel::COMMAND,
    taint::COMMAND,
    tree::COMMAND,
    rewind::COMMAND,
    name::COMMAND,
    export::COMMAND,
    face("fork", &[], "[ENTRY]", "Go on in a copy of this conversation; this one stays"),
    checkpoint::COMMAND,
    rollback::COMMAND,
    withheld::COMMAND,
    model::COMMAND,
    thinking::COMMAND,
    profile::COMMAND,
    plan::COMMAND,
    compact::COMMAND,
    context::COMMAND,
    cost::COMMAND,
    face("new", &["clear"], "", "Begin a new session here"),
    face("resume", &[], "[SESSION|WORDS]", "Go on with another session"),
    face("theme", &[], "[NAME]", "Change the colours"),
    face("login", &[], "[PROVIDER]", "Keep a key for a provider, checked first"),
    face("logout", &[], "PROVIDER", "Forget a key"),
    face("keys", &[], "", "Show every key"),
    face("copy", &[], "", "Copy the last answer"),
    face("quit", &["exit", "q"], "", "Leave; the session is kept"),
];

const fn face(
    name: &'static str,
    aliases: &'static [&'static str],
    args: &'static str,
    about: &'static str,
) -> Command {
    Command { name, aliases, args, about, place: Place::Face, run: None }
}

/// The command that a name or an alias means.
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name || command.aliases.contains(&name))
}

/// Every command there is: built in, then prompt commands, then skills.
pub(super) fn all(own: &Own) -> Vec<CommandInfo> {
    let built_in = COMMANDS.iter().map(|command| CommandInfo {
        name: command.name.to_owned(),
        args: command.args.to_owned(),
        about: command.about.to_owned(),
        origin: CommandOrigin::BuiltIn,
    });
    built_in.chain(theirs::listed(own)).collect()
}

/// A name that is no command, with the nearest that is.
pub(super) fn unknown(own: &Own, name: &str) -> Report {
    let theirs = theirs::listed(own);
    let names = COMMANDS.iter().flat_map(|c| std::iter::once(&c.name).chain(c.aliases)).copied();
    let names = names.chain(theirs.iter().map(|command| command.name.as_str()));
    let report = Report::new(ReportKind::Usage, format!("there is no command /{name}"));
    match nearest(name, names) {
        Some(near) => report.hint(format!("did you mean /{near}?")),
        None => report.hint("/help lists them all"),
    }
}

/// A name that is none of the commands that are built in, with the nearest of them.
pub fn unknown_built_in(name: &str) -> Report {
    unknown(&Own::default(), name)
}

/// Words behind a command that takes none.
pub fn extra_words(command: &Command, args: &str) -> Option<Report> {
    let report = || {
        Report::new(ReportKind::Usage, format!("/{} takes no words: `{}`", command.name, args.trim()))
            .hint(format!("/{} alone", command.name))
    };
    (command.args.is_empty() && !args.trim().is_empty()).then(report)
}

/// Something behind a command is missing, such as `a number`.
fn missing(command: &str, what: &str) -> Report {
    Report::new(ReportKind::Usage, format!("/{command}: {what} is missing"))
}

/// A word behind a command that is none of its own.
fn no_such_word(command: &str, word: &str) -> Report {
    Report::new(ReportKind::Usage, format!("/{command}: no such word: {word}"))
}

/// Carries out `line`, which begins with a command's name; gives the name besides.
pub(super) async fn carry_out(
    desk: &FrontDesk,
    agent: &mut Agent,
    line: &str,
) -> (String, Result<Answer, Report>) {
    let line = line.trim();
    let (name, args) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let Some(command) = find(name) else {
        let told = theirs::called(&desk.own, &desk.ground.workspace.root, name, args.trim());
        return (name.to_owned(), told.map(Answer::Prompt).ok_or_else(|| unknown(&desk.own, name)));
    };
    let answered = match command.run {
        None => Err(Report::new(ReportKind::Usage, format!("/{} is the screen's own", command.name))),
        Some(_) if command.place == Place::Idle && agent.is_running() => {
            Err(Report::new(ReportKind::Usage, format!("/{} waits until the turn has ended", command.name))
                .hint("stop the turn first, or wait for its end"))
        }
        Some(run) => match extra_words(command, args) {
            Some(report) => Err(report),
            None => run(Call { desk, agent, args: args.trim() }).await,
        },
    };
    (command.name.to_owned(), answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_aliases_are_told_apart() {
        let mut names: Vec<&str> =
            COMMANDS.iter().flat_map(|c| std::iter::once(&c.name).chain(c.aliases)).copied().collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
        for command in COMMANDS {
            assert_eq!(command.run.is_none(), command.place == Place::Face, "{}", command.name);
            assert!(!command.about.ends_with('.') && command.about.len() < 70, "{}", command.name);
        }
    }
}
