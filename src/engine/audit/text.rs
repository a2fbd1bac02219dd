//! An audit as Markdown, for people and for reviews.

use super::shape::{Audit, By, CallAudit, CheckResult, CommitAudit, RunAudit, SessionAudit, Status};
use crate::base::plural;
use crate::protocol::VerdictKind;

impl Audit {
    /// Markdown; whether the chains hold comes first.
    pub fn markdown(&self) -> String {
        let mut out = format!("# Audit of {}\n", self.of);
        if !self.intact {
            out.push_str("\n**NOT INTACT: what stands below is not all proved.**\n");
        }
        for session in &self.sessions {
            out.push_str(&session_text(session));
        }
        if !self.commits.is_empty() {
            out.push_str("\n## Commits\n\n");
            out.extend(self.commits.iter().map(commit_text));
        }
        out
    }
}

fn session_text(session: &SessionAudit) -> String {
    let chain = &session.chain;
    let state = match (&chain.problem, &chain.signed_by) {
        (Some(problem), _) if chain.rows > 0 => {
            format!("**NOT SEALED: {problem}** ({})", plural(chain.rows as usize, "row"))
        }
        (Some(problem), _) => format!("**BROKEN: {problem}**"),
        (None, Some(key)) => {
            let open = match chain.unsealed {
                0 => String::new(),
                more => format!("; the last {} are not sealed yet", plural(more as usize, "row")),
            };
            format!("intact, {}, signed by {key}{open}", plural(chain.rows as usize, "row"))
        }
        (None, None) if chain.sealed == 0 => {
            format!("open, {}, none sealed yet", plural(chain.rows as usize, "row"))
        }
        (None, None) => format!("intact, {}, unsigned", plural(chain.rows as usize, "row")),
    };
    let mut out = format!("\n## Session {}\n\nJournal: {state}\n", session.session);
    match (&session.model, &session.workspace) {
        (Some(model), Some(workspace)) => {
            let profile = session.profile.as_deref().unwrap_or("-");
            out.push_str(&format!("Model: {model} · profile: {profile} · workspace: {workspace}\n"));
        }
        _ => out.push_str("The conversation was not kept: only digests are known.\n"),
    }
    out.extend(session.runs.iter().map(run_text));
    out
}

fn run_text(run: &RunAudit) -> String {
    let name = run.run.as_deref().unwrap_or("(before runs were told apart)");
    let mut out = format!("\n### Run {name}\n\n{} · rows {}-{}", run.started, run.first_row, run.last_row);
    out.extend(run.ended.as_ref().map(|ended| format!(" · ended: {ended}")));
    out.extend(run.cost.and_then(|cost| cost.usd).map(|usd| format!(" · {usd:.4} USD")));
    out.push('\n');
    if let Some(asked) = &run.asked {
        let who = asked.by.as_ref().map_or_else(|| "unknown".to_owned(), person);
        out.push_str(&format!("\nAsked by {who}:\n\n"));
        match &asked.text {
            Some(text) => out.extend(text.lines().map(|line| format!("> {line}\n"))),
            None => out.push_str("> (the words are not kept, or not those that were journaled)\n"),
        }
    }
    let (refused, ran): (Vec<&CallAudit>, Vec<&CallAudit>) =
        run.calls.iter().partition(|call| matches!(call.verdict, Some(VerdictKind::Deny)));
    list(&mut out, "Ran", ran.iter().map(|call| call_text(call)));
    list(&mut out, "Refused", refused.iter().map(|call| call_text(call)));
    let allowed = ran.iter().filter_map(|call| {
        let by = call.approver.as_ref()?;
        Some(format!("{} `{}`: {}", call.call, what(call), person(by)))
    });
    list(&mut out, "Allowed by", allowed);
    let checks = run.checks.iter().map(|check| {
        let said = match (check.result, check.exit_code) {
            (CheckResult::Passed, _) => "passed".to_owned(),
            (CheckResult::Failed, Some(code)) => format!("FAILED (exit code {code})"),
            (CheckResult::Failed, None) => "FAILED".to_owned(),
            (CheckResult::Unknown, _) => "result not known".to_owned(),
        };
        format!("`{}`: {said} ({})", check.check, check.call)
    });
    list(&mut out, "Checks", checks);
    list(&mut out, "Files changed", run.files_changed.iter().map(|file| format!("`{file}`")));
    list(&mut out, "Commits", run.commits.iter().map(|commit| format!("`{commit}`")));
    out
}

fn list(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if !lines.is_empty() {
        out.push_str(&format!("\n{title}:\n\n"));
        out.extend(lines.iter().map(|line| format!("- {line}\n")));
    }
}

fn what(call: &CallAudit) -> String {
    let text = call.what.as_deref().unwrap_or(&call.tool).replace('\n', " ↵ ");
    text.replace('`', "'")
}

fn call_text(call: &CallAudit) -> String {
    let mut out = format!("{} {} `{}`", call.call, call.tool, what(call));
    match (call.status, call.exit_code) {
        (_, Some(code)) => out.push_str(&format!(" → exit code {code}")),
        (Some(Status::Ok), None) => out.push_str(" → ok"),
        (Some(Status::Error), None) => out.push_str(" → failed"),
        (Some(Status::Cancelled), None) => out.push_str(" → stopped"),
        (Some(Status::Denied) | None, None) => {}
    }
    if let (Some(VerdictKind::Deny | VerdictKind::RequireApproval), Some(by)) =
        (call.verdict, &call.decided_by)
    {
        let why = call.why.as_deref().unwrap_or_default();
        out.push_str(&format!(": refused by {by}: {why}"));
    }
    if call.words_fit == Some(false) {
        out.push_str(". **THESE ARE NOT THE ARGUMENTS THAT WERE JUDGED: the session's log was changed**");
    }
    if call.result_fits == Some(false) {
        out.push_str(". **Its result in the session's log is not the one that was journaled**");
    }
    out
}

pub(in crate::engine) fn person(by: &By) -> String {
    let mut out = by.user.clone().unwrap_or_else(|| by.by.clone());
    out.extend(by.git.as_ref().map(|git| format!(" ({git})")));
    out.extend(by.face.as_ref().map(|face| format!(", {face}")));
    match by.by.as_str() {
        "user" => out,
        "user:session" => format!("{out}, for the session"),
        "user:always_here" => format!("{out}, always in this project"),
        "user:always_everywhere" => format!("{out}, always"),
        "session" => format!("{out}, earlier in the session"),
        "rule" => format!("a rule of {out}"),
        name => format!("{name} as {out}"),
    }
}

fn commit_text(commit: &CommitAudit) -> String {
    let run = commit.run.as_ref().map_or(String::new(), |run| format!(", run {run}"));
    let model = commit.model.as_ref().map_or(String::new(), |model| format!(", {model}"));
    let short: String = commit.commit.chars().take(12).collect();
    format!("- `{short}` {} ({}{run}{model}): {}\n", commit.summary, commit.author, commit.proof.in_words())
}
