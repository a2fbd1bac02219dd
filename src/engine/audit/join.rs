//! Joins a session's journal (what is proved) with its log (the words).

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use serde_json::Value;

use super::checks;
use super::shape::{Asked, By, CallAudit, CheckAudit, RunAudit, SessionAudit, Status};
use super::sources::Known;
use crate::base::{Digest, sha256_hex, unix_seconds};
use crate::host::git::Repository;
use crate::kernel::{Approver, Row, is_aftermath};
use crate::protocol::{Block, Cost, Effect, Item, Part, ToolCall, ToolResult, VerdictKind};
use crate::session::{CallRecord, Entry, Payload, Start};

/// Longest argument shown of a call, in characters.
const LONGEST_WHAT: usize = 400;

/// What the log says, by call.
#[derive(Default)]
struct Words<'a> {
    start: Option<&'a Start>,
    calls: HashMap<&'a str, &'a ToolCall>,
    records: HashMap<&'a str, &'a CallRecord>,
    results: HashMap<&'a str, &'a ToolResult>,
    stretches: Vec<Stretch>,
}

/// What lies between a prompt and the end of its turn.
struct Stretch {
    first: u64,
    last: u64,
    prompt: Option<String>,
    ended: Option<String>,
    cost: Option<Cost>,
}

/// The audit of one session; of one run of it where `only` names one.
pub(super) fn session(known: &Known, only: Option<&str>, repository: Option<&Repository>) -> SessionAudit {
    let words = Words::read(&known.entries);
    let rows = known.journal.as_ref().map_or(&[][..], |sealed| &sealed.rows);
    let mut runs: Vec<(Option<String>, Vec<&Row>)> = Vec::new();
    for row in rows {
        // Looks of our own between runs belong to none.
        if row.run.is_none() && row.call.as_deref().is_none_or(|call| call.starts_with("system_")) {
            continue;
        }
        match runs.iter_mut().find(|(run, _)| *run == row.run) {
            Some((_, of_it)) => of_it.push(row),
            None => runs.push((row.run.clone(), vec![row])),
        }
    }
    runs.retain(|(run, _)| only.is_none() || run.as_deref() == only);
    let mut used = BTreeSet::new();
    let runs = runs.iter().map(|(run, rows)| one_run(run.clone(), rows, &words, &mut used, repository));
    SessionAudit {
        session: known.session.clone(),
        workspace: words.start.map(|start| start.workspace.clone()),
        profile: words.start.map(|start| start.profile.clone()),
        model: words.start.map(|start| start.model.clone()),
        chain: known.chain(),
        runs: runs.collect(),
    }
}

impl<'a> Words<'a> {
    fn read(entries: &'a [Entry]) -> Self {
        let mut words = Self::default();
        for entry in entries {
            let open = words.stretches.last_mut().filter(|stretch| stretch.ended.is_none());
            if let Some(stretch) = open {
                stretch.last = entry.id;
            }
            match &entry.payload {
                Payload::Start(start) => words.start = Some(start),
                Payload::Item { item: Item::User { parts } } => {
                    let prompt = text(parts);
                    let (first, last) = (entry.id, entry.id);
                    words.stretches.push(Stretch {
                        first,
                        last,
                        prompt: Some(prompt),
                        ended: None,
                        cost: None,
                    });
                }
                Payload::Item { item: Item::Assistant { blocks, .. } } => {
                    for block in blocks {
                        if let Block::ToolCall(call) = block {
                            words.calls.insert(&call.id, call);
                        }
                    }
                }
                Payload::Item { item: Item::ToolResult(result) } => {
                    words.results.insert(&result.call_id, result);
                }
                Payload::Call(record) => drop(words.records.insert(&record.call_id, record)),
                Payload::Usage { cost, .. } => {
                    if let Some(stretch) = words.stretches.last_mut() {
                        stretch.cost = Some(stretch.cost.map_or(*cost, |sum| sum.plus(*cost)));
                    }
                }
                Payload::TurnEnd { status } => {
                    if let Some(stretch) = words.stretches.last_mut() {
                        stretch.ended = Some(status.clone());
                    }
                }
                Payload::Taint { .. }
                | Payload::Name { .. }
                | Payload::Rewind { .. }
                | Payload::Switch { .. }
                | Payload::Holds(_)
                | Payload::Compacted(_) => {}
            }
        }
        words
    }

    /// The stretch of a run: the one with the words that were journaled, else the one its calls lie in.
    fn stretch(&self, rows: &[&Row], used: &mut BTreeSet<u64>) -> Option<&Stretch> {
        let digest = rows.iter().find(|row| is_prompt(row)).and_then(|row| row.args_digest.as_deref());
        let asked = |stretch: &&Stretch| {
            let prompt = stretch.prompt.as_deref().map(|text| sha256_hex(text.as_bytes()));
            digest.is_some() && prompt.as_deref() == digest && !used.contains(&stretch.first)
        };
        let entry = rows.iter().find_map(|row| row.entry);
        let holds = |stretch: &&Stretch| entry.is_some_and(|at| (stretch.first..=stretch.last).contains(&at));
        let found = self.stretches.iter().find(asked).or_else(|| self.stretches.iter().find(holds))?;
        used.insert(found.first);
        Some(found)
    }
}

fn is_prompt(row: &Row) -> bool {
    row.rung.as_deref() == Some("run")
}

fn text(parts: &[Part]) -> String {
    let texts = parts.iter().filter_map(|part| match part {
        Part::Text { text } => Some(text.as_str()),
        Part::Image { .. } => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}

fn one_run(
    run: Option<String>,
    rows: &[&Row],
    words: &Words<'_>,
    used: &mut BTreeSet<u64>,
    repository: Option<&Repository>,
) -> RunAudit {
    let stretch = words.stretch(rows, used);
    let asked = rows.iter().find(|row| is_prompt(row)).map(|row| {
        let fits = |text: &&String| row.args_digest.as_deref() == Some(&sha256_hex(text.as_bytes()));
        Asked {
            text: stretch.and_then(|stretch| stretch.prompt.as_ref()).filter(fits).cloned(),
            digest: row.args_digest.clone(),
            by: row.approver.as_ref().map(by),
        }
    });
    let mut calls: Vec<CallAudit> = Vec::new();
    for row in rows.iter().filter(|row| row.call.is_some() && row.agent.is_some()) {
        let id = row.call.as_deref().unwrap_or_default();
        if !calls.iter().any(|call| call.call == id) {
            calls.push(begin_call(row, words));
        }
        if let Some(call) = calls.iter_mut().find(|call| call.call == id) {
            add_row(call, row, words);
        }
    }
    let workspace = words.start.map(|start| Path::new(&start.workspace));
    let commits = commits(rows, run.as_deref(), repository);
    let mut files = written(&calls, words, workspace);
    for commit in &commits {
        let changed = repository.and_then(|repository| repository.changed_files(commit).ok());
        files.extend(changed.into_iter().flatten());
    }
    RunAudit {
        started: rows.first().map_or(String::new(), |row| row.ts.clone()),
        asked,
        ended: stretch.and_then(|stretch| stretch.ended.clone()),
        cost: stretch.and_then(|stretch| stretch.cost),
        checks: calls.iter().flat_map(|call| checks_of(call, words)).collect(),
        calls,
        files_changed: files.into_iter().collect(),
        commits,
        first_row: rows.first().map_or(0, |row| row.seq),
        last_row: rows.last().map_or(0, |row| row.seq),
        run,
    }
}

pub(super) fn by(approver: &Approver) -> By {
    let Approver { by, user, git, face } = approver.clone();
    By { by, user, git, face }
}

fn begin_call(row: &Row, words: &Words<'_>) -> CallAudit {
    let id = row.call.as_deref().unwrap_or_default();
    let call = words.calls.get(id);
    let record = words.records.get(id);
    let result = words.results.get(id);
    let refusal = record.map(|record| record.verdict.user_line.clone()).filter(|line| !line.is_empty());
    CallAudit {
        call: id.to_owned(),
        at: row.ts.clone(),
        tool: row.tool.clone().unwrap_or_default(),
        what: call.map(|call| shown(&call.args)),
        words_fit: call.and_then(|call| {
            let fits = row.args_digest.as_deref()? == sha256_hex(call.args.to_string().as_bytes());
            // Arguments that were repaired are journaled as they ran, and logged as they were written.
            (fits || row.verdict != Some(VerdictKind::Transform)).then_some(fits)
        }),
        result_fits: None,
        effects: record.map_or_else(Vec::new, |record| record.effects.iter().map(Effect::describe).collect()),
        verdict: None,
        reason: None,
        decided_by: None,
        why: refusal,
        approver: None,
        status: result.map(|result| Status::from(result.status)),
        exit_code: result.and_then(|result| exit_code(&result.text())),
        rows: Vec::new(),
    }
}

fn add_row(call: &mut CallAudit, row: &Row, words: &Words<'_>) {
    call.rows.push(row.seq);
    if let (Some(journaled), Some("as_is")) = (&row.result_digest, row.rule.as_deref()) {
        let logged = words.results.get(call.call.as_str());
        call.result_fits = logged.map(|result| digest(&result.parts) == *journaled);
    }
    let rung_and_rule = row.rung.as_deref().zip(row.rule.as_deref());
    if rung_and_rule.is_some_and(|(rung, rule)| is_aftermath(rung, rule)) {
        // It ran, as was decided; this is what came of it.
        call.reason = row.reason;
    } else if row.verdict.is_some() {
        call.verdict = row.verdict;
        call.reason = row.reason;
        call.decided_by =
            row.rung.as_ref().zip(row.rule.as_ref()).map(|(rung, rule)| format!("{rung}/{rule}"));
        call.approver = row.approver.as_ref().map(by).or(call.approver.take());
    }
}

/// As the kernel digests a result that it admits as it is.
fn digest(parts: &[Part]) -> String {
    let field = |digest: Digest, part: &Part| match part {
        Part::Text { text } => digest.field(b"text").field(text.as_bytes()),
        Part::Image { media_type, data } => digest.field(media_type.as_bytes()).field(data.as_bytes()),
    };
    parts.iter().fold(Digest::default(), field).hex()
}

/// The argument that says most.
fn shown(args: &Value) -> String {
    let main = ["command", "path", "pattern", "name", "id"].iter().find_map(|name| args.get(name)?.as_str());
    let text = main.map_or_else(|| args.to_string(), str::to_owned);
    match text.char_indices().nth(LONGEST_WHAT) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// From the last line in which `bash` says how a command ended: output can only come before it.
fn exit_code(result: &str) -> Option<i32> {
    let line = result.lines().rev().find(|line| line.starts_with("[exit code "))?;
    line.strip_prefix("[exit code ")?.strip_suffix(']')?.parse().ok()
}

fn checks_of(call: &CallAudit, words: &Words<'_>) -> Vec<CheckAudit> {
    let line = words.calls.get(call.call.as_str()).and_then(|found| found.args.get("command")?.as_str());
    let (Some(line), Some(Status::Ok | Status::Error)) = (line, call.status) else { return Vec::new() };
    // Words that are not those that were journaled prove nothing.
    let logged = call.words_fit != Some(false) && call.result_fits != Some(false);
    let found = checks::checks_in(line).into_iter().map(|(check, told)| CheckAudit {
        check,
        call: call.call.clone(),
        result: checks::result(told && logged, call.exit_code),
        exit_code: call.exit_code,
        row: call.rows.last().copied(),
    });
    found.collect()
}

/// Files that calls which succeeded were to write.
fn written(calls: &[CallAudit], words: &Words<'_>, workspace: Option<&Path>) -> BTreeSet<String> {
    let done = calls.iter().filter(|call| call.status == Some(Status::Ok));
    let records = done.filter_map(|call| words.records.get(call.call.as_str()));
    let paths = records.flat_map(|record| &record.effects).filter_map(|effect| match effect {
        Effect::Write { path } | Effect::Delete { path } => Some(path),
        _ => None,
    });
    let short = |path: &Path| {
        let below = workspace.and_then(|root| path.strip_prefix(root).ok());
        below.unwrap_or(path).display().to_string()
    };
    paths.map(|path| short(path)).collect()
}

/// Commits that calls of a run made: `HEAD` was another after them.
fn commits(rows: &[&Row], run: Option<&str>, repository: Option<&Repository>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for pair in rows.windows(2) {
        let (Some(after), before) = (&pair[1].commit, &pair[0].commit) else { continue };
        if before.as_ref() == Some(after) {
            continue;
        }
        let between = repository.and_then(|repository| match before {
            Some(before) => repository.range(before, after).ok(),
            None => repository.commit(after).ok().map(|commit| vec![commit]),
        });
        match between {
            // A branch that was switched to, or fetched, holds commits of others.
            Some(commits) => found.extend(commits.into_iter().filter_map(|commit| {
                let own = match commit.trailer("Iosm-Run") {
                    Some(named) => Some(named) == run,
                    None => unix_seconds(&pair[0].ts).is_some_and(|since| commit.time >= since),
                };
                own.then_some(commit.id)
            })),
            None => found.push(after.clone()),
        }
    }
    found.dedup();
    found
}
