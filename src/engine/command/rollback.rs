//! `/rollback`: which checkpoints there are, what changed since one, and bringing its files back.

use super::{Answer, Call, Command, Place};
use crate::agent::Moment;
use crate::base::local_minute;
use crate::engine::checkpoint::{Checkpoints, Comparison, Listed};
use crate::host::git::snapshot::{Checkpoint, Reason};
use crate::protocol::{Report, ReportKind};

/// Rows of the table.
const MOST_ROWS: usize = 30;

pub(super) const COMMAND: Command = Command {
    name: "rollback",
    aliases: &["undo"],
    args: "[NAME|TURN|ID|redo [files|conversation|both]]",
    about: "List checkpoints, show what changed since one, or restore it",
    place: Place::Idle,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let (target, act) = match call.args.rsplit_once(char::is_whitespace) {
        Some((target, word @ ("files" | "conversation" | "both"))) => {
            (target.trim().to_owned(), word.to_owned())
        }
        _ => (call.args.to_owned(), String::new()),
    };
    let (checkpoints, at) = (call.desk.checkpoints()?, call.agent.moment());
    let back = matches!(act.as_str(), "conversation" | "both");
    // Before any file is touched: what it shall go back to must be in this session.
    let point = if back { Some(point(&checkpoints.find(&target)?, call.desk.session())?) } else { None };
    let answered = tokio::task::spawn_blocking(move || match (target.as_str(), act.as_str()) {
        ("", _) => list(&checkpoints),
        (_, "conversation") => Ok(String::new()),
        // Asking for redo is asking for it to be done.
        ("redo", _) | (_, "files" | "both") => restored(&checkpoints, &target, at, act == "both"),
        _ => Ok(compared(&checkpoints.compare(&checkpoints.find(&target)?, &[])?)),
    });
    let answered = answered.await.map_err(|error| broken(&error))??;
    match point {
        Some(Point::Before(entry)) => drop(call.agent.rewind(entry).await?),
        Some(Point::At(entry)) => call.agent.go_to(entry).await?,
        None => {}
    }
    Ok(if answered.is_empty() { Answer::Done } else { Answer::Markdown(answered) })
}

/// Restores the files of a checkpoint, and says so.
pub(super) async fn bring_back(
    checkpoints: Checkpoints,
    id: String,
    at: Moment,
    both: bool,
) -> Result<String, Report> {
    let work = tokio::task::spawn_blocking(move || restored(&checkpoints, &id, at, both));
    work.await.map_err(|error| broken(&error))?
}

/// `both`: the conversation goes back too, and redo must know where it stood, files or not.
fn restored(checkpoints: &Checkpoints, target: &str, at: Moment, both: bool) -> Result<String, Report> {
    let rolled = checkpoints.restore(&checkpoints.find(target)?, &[], at)?;
    if rolled.redo.is_none() {
        if both {
            checkpoints.take(Reason::Restore, None, at)?;
        } else {
            return Ok(rolled.text());
        }
    }
    let redo = if both { "redo both" } else { "redo" };
    Ok(format!("{}\n`/rollback {redo}` goes back.", rolled.text()))
}

fn broken(error: &tokio::task::JoinError) -> Report {
    Report::new(ReportKind::Internal, "the rollback broke off").cause(error.to_string())
}

/// Where the conversation stood when a checkpoint was taken.
enum Point {
    /// Before what the user said at this entry: the turn that the checkpoint was taken in.
    Before(u64),
    /// Between turns: after this entry.
    At(u64),
}

fn point(one: &Checkpoint, session: Option<&str>) -> Result<Point, Report> {
    let elsewhere = || {
        Report::new(ReportKind::Usage, format!("{} was not taken in this conversation", one.id))
            .hint(format!("/rollback {} files brings its files back", one.id))
    };
    if session.is_none() || one.session.as_deref() != session {
        return Err(elsewhere());
    }
    match (one.said, one.entry) {
        (0, 0) => Err(elsewhere()),
        (0, entry) => Ok(Point::At(entry)),
        (said, _) => Ok(Point::Before(said)),
    }
}

fn list(checkpoints: &Checkpoints) -> Result<String, Report> {
    let (all, damaged) = checkpoints.list()?;
    if all.is_empty() {
        return Ok("There is no checkpoint of this work tree yet. One is taken before a turn first writes."
            .to_owned());
    }
    let mut text = "| id | what | turn | taken | files |\n|---|---|---|---|---|\n".to_owned();
    for one in all.iter().rev().take(MOST_ROWS).map(Listed::from) {
        let label = one.label().replace('|', "\\|");
        let taken = local_minute(&one.at);
        text.push_str(&format!("| `{}` | {label} | {} | {taken} | {} |\n", one.id, one.turn, one.files));
    }
    if all.len() > MOST_ROWS {
        text.push_str(&format!("\n{} older: `iosm checkpoints list`\n", all.len() - MOST_ROWS));
    }
    if damaged > 0 {
        text.push_str(&format!("\n{damaged} cannot be read; `iosm checkpoints prune` removes them\n"));
    }
    text.push_str("\n`/rollback ID` shows what changed since; `/rollback ID files` restores, `conversation` and `both` go back to what was said.");
    Ok(text)
}

fn compared(compared: &Comparison) -> String {
    let one = &compared.checkpoint;
    if compared.changes.is_empty() {
        return format!("Nothing differs from `{}` ({}).", one.id, one.label());
    }
    // A fence longer than any inside.
    let fence = "`".repeat(compared.diff.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1);
    let mut text = format!(
        "Restoring `{}` ({}) would change:\n\n```\n{}```\n",
        one.id,
        one.label(),
        compared.paths_text()
    );
    if !compared.diff.is_empty() {
        text.push_str(&format!("\n{fence}diff\n{}{fence}\n", compared.diff));
    }
    if compared.more > 0 {
        text.push_str(&format!("\n{} more files differ.\n", compared.more));
    }
    text.push_str(&format!("\n`/rollback {} files` does it.", one.id));
    text
}
