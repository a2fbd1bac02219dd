//! `/diff`: what is different in the work tree since this session was opened.

use super::{Answer, Call, Command, Place};
use crate::engine::desk::FrontDesk;
use crate::engine::ground::state;
use crate::host::git::{GitError, Repository, WorkDiff};
use crate::protocol::{Report, ReportKind};

/// Bytes of the changes that are shown; the list of files is whole.
const MOST_BYTES: usize = 48 * 1024;
/// The same on a page of its own.
const MOST_PAGE_BYTES: usize = 1024 * 1024;

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

/// What is different in the work tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The commit that it is compared with, shortened; `None` before the first.
    pub since: Option<String>,
    pub files: Vec<FileChange>,
    /// Lines of all files.
    pub added: usize,
    pub removed: usize,
    /// Not every file has all of its patch.
    pub cut: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// `new`, `deleted` or `changed`.
    pub mark: &'static str,
    /// Relative to the root.
    pub path: String,
    /// Its hunks, or what git says where there are none.
    pub patch: String,
}

impl FrontDesk {
    /// The work tree against `revision`, or where that is empty against what `HEAD` was when the session was opened.
    pub fn changes(&self, revision: &str) -> Result<Changes, Report> {
        let (diff, since) = compared(self, revision, MOST_PAGE_BYTES)?;
        let since = since.map(|id| id[..id.len().min(10)].to_owned());
        let mut patches = patches(&diff.text).into_iter();
        let file = |(mark, path)| FileChange { mark, path, patch: patches.next().unwrap_or_default() };
        let files = diff.files.into_iter().map(file).collect();
        Ok(Changes { since, files, added: diff.added, removed: diff.removed, cut: diff.cut })
    }
}

/// The patch of each file, without the lines that name it.
fn patches(text: &str) -> Vec<String> {
    let mut patches: Vec<String> = Vec::new();
    let mut in_hunks = false;
    for line in text.split_inclusive('\n') {
        // Lines of a file have a sign before them.
        if line.starts_with("diff --git ") {
            patches.push(String::new());
            in_hunks = false;
            continue;
        }
        in_hunks |= line.starts_with("@@");
        let names_it = ["index ", "--- ", "+++ "].iter().any(|start| line.starts_with(start));
        if let Some(patch) = patches.last_mut().filter(|_| in_hunks || !names_it) {
            patch.push_str(line);
        }
    }
    patches
}

fn compared(desk: &FrontDesk, revision: &str, most: usize) -> Result<(WorkDiff, Option<String>), Report> {
    let usage = |error: GitError| Report::from_error(ReportKind::Usage, &error);
    let git = desk.ground.git();
    if git.dirs.is_none() {
        let report =
            Report::new(ReportKind::Usage, "/diff compares with a commit, and this is no git repository");
        return Err(git.line().into_iter().fold(report, Report::cause));
    }
    let grant = desk.kernel.system_git().map_err(state)?;
    let repository = Repository::open(grant).map_err(usage)?;
    let since = match revision {
        "" => desk.began_at.clone(),
        given => Some(repository.commit(given).map_err(usage)?.id),
    };
    Ok((repository.work_diff(since.as_deref(), most).map_err(usage)?, since))
}

fn answer(call: &Call<'_>) -> Result<String, Report> {
    let (diff, since) = compared(call.desk, call.args, MOST_BYTES)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_its_own_hunks() {
        let text = "diff --git a/a b/a\nindex 1..2 100644\n--- a/a\n+++ b/a\n@@ -1 +1,2 @@\n-x\n--- y\n++++ z\n\
                    diff --git a/b b/b\nnew file mode 100644\nindex 0..1\nBinary files differ\n";
        assert_eq!(
            patches(text),
            ["@@ -1 +1,2 @@\n-x\n--- y\n++++ z\n", "new file mode 100644\nBinary files differ\n"]
        );
    }
}
