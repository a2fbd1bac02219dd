//! `/rollback`: which checkpoints there are, what changed since one, and bringing its files back.

use super::{Answer, Call, Command, Place};
use crate::engine::checkpoint::{Checkpoints, Comparison, Listed};
use crate::protocol::{Report, ReportKind};

/// Rows of the table.
const MOST_ROWS: usize = 30;

pub(super) const COMMAND: Command = Command {
    name: "rollback",
    aliases: &["undo"],
    args: "[NAME|TURN|ID|redo [files]]",
    about: "List checkpoints, show what changed since one, or restore it",
    place: Place::Idle,
    run: Some(|call| Box::pin(run(call))),
};

async fn run(call: Call<'_>) -> Result<Answer, Report> {
    let (checkpoints, at) = (call.desk.checkpoints()?, call.agent.moment());
    let args = call.args.to_owned();
    let answered = tokio::task::spawn_blocking(move || {
        let (target, act) = match args.rsplit_once(char::is_whitespace) {
            Some((target, word @ ("files" | "conversation" | "both"))) => (target.trim(), word),
            _ => (args.as_str(), ""),
        };
        match (target, act) {
            ("", _) => list(&checkpoints),
            // Asking for redo is asking for it to be done.
            ("redo", "" | "files") | (_, "files") => {
                let rolled = checkpoints.restore(&checkpoints.find(target)?, &[], at)?;
                Ok(format!("{}\n`/rollback redo` goes back.", rolled.text()))
            }
            (_, "") => Ok(compared(&checkpoints.compare(&checkpoints.find(target)?, &[])?)),
            (target, _) => {
                Err(Report::new(ReportKind::Usage, "a checkpoint brings files back, not the conversation")
                    .hint(format!("/rollback {target} files")))
            }
        }
    });
    let answered = answered.await.map_err(|error| {
        Report::new(ReportKind::Internal, "the rollback broke off").cause(error.to_string())
    })?;
    answered.map(Answer::Markdown)
}

fn list(checkpoints: &Checkpoints) -> Result<String, Report> {
    let (all, damaged) = checkpoints.list()?;
    if all.is_empty() {
        return Ok("There is no checkpoint of this work tree yet. One is taken before a turn first writes."
            .to_owned());
    }
    let mut text = "| id | what | turn | taken (UTC) | files |\n|---|---|---|---|---|\n".to_owned();
    for one in all.iter().rev().take(MOST_ROWS).map(Listed::from) {
        let label = one.label().replace('|', "\\|");
        let taken = one.at.get(..16).unwrap_or(&one.at).replace('T', " ");
        text.push_str(&format!("| `{}` | {label} | {} | {taken} | {} |\n", one.id, one.turn, one.files));
    }
    if all.len() > MOST_ROWS {
        text.push_str(&format!("\n{} older: `iosm checkpoints list`\n", all.len() - MOST_ROWS));
    }
    if damaged > 0 {
        text.push_str(&format!("\n{damaged} cannot be read; `iosm checkpoints prune` removes them\n"));
    }
    text.push_str("\n`/rollback ID` shows what changed since; `/rollback ID files` restores.");
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
