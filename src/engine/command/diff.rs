//! `/diff`: what is different in the work tree since this session was opened.

use super::{Answer, Call, Command, Place};
use crate::engine::ground::state;
use crate::host::git::{GitError, Repository, WorkDiff};
use crate::protocol::{Report, ReportKind};

/// Bytes of the changes that are shown; the list of files is whole.
const MOST_BYTES: usize = 48 * 1024;

pub(super) const COMMAND: Command = Command {
    name: "diff",
    aliases: &[],
    args: "[REVISION]",
    about: "Show what has changed in the work tree since the session began",
    place: Place::Engine,
    run: Some(|call: Call<'_>| {
        let answer = answer(&call);
        Box::pin(async move { answer.map(Answer::Markdown) })
    }),
};

fn answer(call: &Call<'_>) -> Result<String, Report> {
    let usage = |error: GitError| Report::from_error(ReportKind::Usage, &error);
    let git = call.desk.ground.git();
    if git.dirs.is_none() {
        let report =
            Report::new(ReportKind::Usage, "/diff compares with a commit, and this is no git repository");
        return Err(git.line().into_iter().fold(report, Report::cause));
    }
    let grant = call.desk.kernel.system_git().map_err(state)?;
    let repository = Repository::open(grant).map_err(usage)?;
    let since = match call.args {
        "" => call.desk.began_at.clone(),
        given => Some(repository.commit(given).map_err(usage)?.id),
    };
    let diff = repository.work_diff(since.as_deref(), MOST_BYTES).map_err(usage)?;
    Ok(shown(&diff, since.as_deref()))
}

fn shown(diff: &WorkDiff, since: Option<&str>) -> String {
    let since = since.map_or("the beginning".to_owned(), |id| format!("`{}`", &id[..id.len().min(10)]));
    if diff.files.is_empty() {
        return format!("Nothing is different from {since}.");
    }
    let mut out = format!("Since {since}: {} files, +{} −{}\n\n", diff.files.len(), diff.added, diff.removed);
    out.extend(diff.files.iter().map(|(mark, path)| format!("- {mark} `{path}`\n")));
    let longest = diff.text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    out.push_str(&format!("\n{fence}diff\n{}{fence}\n", diff.text));
    if diff.cut {
        out.push_str("\nThe changes are longer than what is shown; `git diff` shows them all.\n");
    }
    out
}
