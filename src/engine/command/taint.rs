//! `/taint`: whose untrusted words the agent has read, and a person's word that one need not count.

use super::{Answer, Call, Command, Place, missing, no_such_word};
use crate::protocol::{Event, Report, ReportKind};

pub(super) const COMMAND: Command = Command {
    name: "taint",
    aliases: &[],
    args: "[clear SOURCE|all]",
    about: "Show what untrusted text the agent has read, or clear a mark",
    place: Place::Engine,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let path = call.agent.path().to_owned();
    let marks = call.desk.kernel.taint(&path);
    const USAGE: &str = "/taint, or /taint clear SOURCE, or /taint clear all";
    let (verb, wanted) = call.args.split_once(char::is_whitespace).unwrap_or((call.args, ""));
    let wanted = match (verb, wanted.trim()) {
        ("", _) => return Ok(Answer::Markdown(listed(&marks))),
        ("clear", "") => return Err(missing("taint clear", "a source, or `all`,").hint(USAGE)),
        ("clear", wanted) => wanted,
        _ => return Err(no_such_word("taint", call.args).hint(USAGE)),
    };
    let standing = marks.iter().filter(|mark| mark.cleared.is_none());
    let chosen: Vec<_> = standing.filter(|mark| wanted == "all" || mark.to_string() == wanted).collect();
    if chosen.is_empty() {
        return Err(Report::new(ReportKind::Usage, format!("no standing mark is called `{wanted}`"))
            .hint("/taint lists them"));
    }
    for mark in chosen {
        let cleared = call
            .desk
            .kernel
            .clear_taint(&path, mark, "user")
            .map_err(|error| Report::from_error(ReportKind::State, &error))?;
        if let Some(mark) = cleared {
            call.agent.keep_mark(&mark);
            call.agent.emit(Event::Taint { mark }).await;
        }
    }
    Ok(Answer::Done)
}

fn listed(marks: &[crate::protocol::TaintMark]) -> String {
    if marks.is_empty() {
        return "The agent has read no untrusted text.".to_owned();
    }
    let line = |mark: &crate::protocol::TaintMark| {
        let cleared = mark.cleared.as_ref().map_or(String::new(), |who| format!(", cleared by {who}"));
        format!("- `{mark}` (call {}){cleared}\n", mark.call)
    };
    marks.iter().map(line).collect()
}
