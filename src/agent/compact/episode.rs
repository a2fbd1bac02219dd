//! A stretch of a conversation in types: what the user wanted, what was held back, which files and
//! commands it came to, what was said, and what is left open. Found in the record, never guessed.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::transcript::word;
use crate::agent::by_user::{OWN_WORD, told_line};
use crate::base::elide_middle;
use crate::protocol::{Block, Effect, Item, Part, ToolCall, ToolResult, ToolStatus};

/// Commands and words named in an episode; what else there was stands in its full text.
const MOST_NAMED: usize = 16;
/// Bytes of one saying of the agent's, and of its last.
const SAID: usize = 240;
const LAST_SAID: usize = 1_200;
/// How the kernel begins when it tells an agent that a person said no.
const DECLINED: &str = "The user declined this call";
/// Bytes of a command line.
const LINE: usize = 200;

#[derive(Debug, Default, PartialEq)]
pub(super) struct Episode {
    /// Place of its first message in the conversation.
    pub first: usize,
    pub len: usize,
    /// The user's own words, each message as it was written.
    pub wanted: Vec<String>,
    /// What the user declined, with their words.
    pub declined: Vec<String>,
    /// What the kernel refused.
    refused: Vec<String>,
    files: BTreeMap<String, Touched>,
    commands: Vec<String>,
    said: Vec<String>,
    open: Vec<String>,
}

#[derive(Debug, Default, PartialEq)]
struct Touched {
    read: u32,
    written: u32,
    deleted: u32,
}

/// What an episode is read from besides its messages.
pub(super) struct Record<'a> {
    /// What calls were judged to do, by call.
    pub effects: &'a BTreeMap<String, Vec<Effect>>,
    pub workspace: &'a Path,
}

/// The episodes of `items`: one from each message of the user's to the next that does not follow it at
/// once.
pub(super) fn episodes(items: &[Item], record: &Record<'_>) -> Vec<Episode> {
    let mut starts = vec![0];
    for (at, pair) in items.windows(2).enumerate() {
        if matches!(pair[1], Item::User { .. }) && !matches!(pair[0], Item::User { .. }) {
            starts.push(at + 1);
        }
    }
    let ends = starts.iter().skip(1).copied().chain([items.len()]);
    let mut todo = Vec::new();
    starts.iter().zip(ends).map(|(from, to)| read(&items[*from..to], *from, record, &mut todo)).collect()
}

fn read(items: &[Item], first: usize, record: &Record<'_>, todo: &mut Vec<String>) -> Episode {
    let mut episode = Episode { first, len: items.len(), ..Episode::default() };
    let mut calls: BTreeMap<&str, &ToolCall> = BTreeMap::new();
    let mut failed: BTreeMap<String, String> = BTreeMap::new();
    for item in items {
        match item {
            Item::User { parts } => {
                let words = words(parts);
                match told_line(&words) {
                    Some(line) => {
                        episode.commands.push(format!("`{}`: run by the user", one_line(line, LINE)))
                    }
                    None if words.starts_with(OWN_WORD) && !words.contains('\n') => {}
                    None => episode.wanted.push(words),
                }
            }
            Item::Assistant { blocks, .. } => {
                for block in blocks {
                    match block {
                        Block::Text { text } => episode.said.push(text.trim().to_owned()),
                        Block::ToolCall(call) => drop(calls.insert(&call.id, call)),
                        Block::Thinking { .. } => {}
                    }
                }
            }
            Item::ToolResult(result) => {
                if let Some(call) = calls.get(result.call_id.as_str()) {
                    episode.ended(call, result, record, &mut failed, todo);
                }
            }
        }
    }
    episode.open = todo.clone();
    episode.open.extend(failed.into_values());
    episode
}

impl Episode {
    fn ended(
        &mut self,
        call: &ToolCall,
        result: &ToolResult,
        record: &Record<'_>,
        failed: &mut BTreeMap<String, String>,
        todo: &mut Vec<String>,
    ) {
        let key = format!("{} {}", call.tool, call.args);
        if result.status == ToolStatus::Denied {
            let told = result.text();
            if told.starts_with(DECLINED) {
                self.declined.push(format!("`{}`: {told}", call.tool));
            } else {
                let told = one_line(&told, SAID);
                if !self.refused.contains(&told) {
                    self.refused.push(told);
                }
            }
            return;
        }
        let text = |name: &str| call.args.get(name).and_then(Value::as_str);
        if call.tool == "todo" && result.status == ToolStatus::Ok {
            *todo = unfinished(&call.args);
            return;
        }
        if let Some(line) = text("command") {
            let line = one_line(line, LINE);
            self.commands.push(format!("`{line}`: {}", ending(result)));
        }
        if result.status == ToolStatus::Ok {
            failed.remove(&key);
            let effects = record.effects.get(&call.id).map_or(&[][..], Vec::as_slice);
            for effect in effects.iter().filter(|_| call.tool != "search") {
                self.touch(effect, record.workspace);
            }
        } else {
            let about = text("path").or(text("command")).or(text("url")).unwrap_or_default();
            let about = one_line(about, LINE);
            failed.insert(key, format!("`{}` {about}: {}", call.tool, word(result.status)));
        }
    }

    fn touch(&mut self, effect: &Effect, workspace: &Path) {
        let (path, count): (_, fn(&mut Touched) -> &mut u32) = match effect {
            Effect::Read { path } => (path, |touched| &mut touched.read),
            Effect::Write { path } => (path, |touched| &mut touched.written),
            Effect::Delete { path } => (path, |touched| &mut touched.deleted),
            _ => return,
        };
        let shown = one_line(&path.strip_prefix(workspace).unwrap_or(path).to_string_lossy(), LINE);
        if !shown.is_empty() {
            *count(self.files.entry(shown).or_default()) += 1;
        }
    }

    /// What may be shortened when room is scarce.
    pub(super) fn detail(&self) -> String {
        let mut out = String::new();
        if !self.files.is_empty() {
            let files: Vec<String> = self.files.iter().map(|(path, touched)| touched.say(path)).collect();
            out.push_str(&format!("Files: {}\n", files.join("; ")));
        }
        list(&mut out, "Commands", &self.commands);
        let (last, before) = match self.said.split_last() {
            Some((last, before)) => (Some(last), before),
            None => (None, &[][..]),
        };
        let before: Vec<String> = before.iter().map(|said| one_line(said, SAID)).collect();
        list(&mut out, "Said by the agent on the way", &before);
        if let Some(last) = last {
            let cut = elide_middle(last, LAST_SAID * 2 / 3, LAST_SAID / 3).text;
            out.push_str(&format!("The agent's last words:\n{cut}\n"));
        }
        list(&mut out, "Refused by the kernel", &self.refused);
        list(&mut out, "Left open", &self.open);
        out
    }
}

impl Touched {
    fn say(&self, path: &str) -> String {
        let times = |count: u32| if count > 1 { format!(" {count} times") } else { String::new() };
        let mut how = Vec::new();
        // A change reads what it changes.
        if self.read > self.written {
            how.push(format!("read{}", times(self.read - self.written)));
        }
        if self.written > 0 {
            how.push(format!("changed{}", times(self.written)));
        }
        if self.deleted > 0 {
            how.push("deleted".to_owned());
        }
        if how.is_empty() { path.to_owned() } else { format!("{path} ({})", how.join(", ")) }
    }
}

/// The newest few, in order.
fn list(out: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    out.push_str(title);
    let left_out = lines.len().saturating_sub(MOST_NAMED);
    if left_out > 0 {
        out.push_str(&format!(" ({left_out} earlier ones left out)"));
    }
    out.push_str(":\n");
    for line in &lines[left_out..] {
        out.push_str(&format!("- {line}\n"));
    }
}

/// What the user wrote. Images are named.
fn words(parts: &[Part]) -> String {
    let texts = parts.iter().map(|part| match part {
        Part::Text { text } => text.clone(),
        Part::Image { media_type, .. } => format!("[an image, {media_type}]"),
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// Tasks of the list that are not done.
fn unfinished(args: &Value) -> Vec<String> {
    let items = args.get("items").and_then(Value::as_array).into_iter().flatten();
    let open = items.filter(|item| item.get("status").and_then(Value::as_str) != Some("done"));
    open.filter_map(|item| Some(format!("task: {}", item.get("text")?.as_str()?))).collect()
}

/// How a command ended: the line that `bash` puts after its output, where there is one.
fn ending(result: &ToolResult) -> String {
    let text = result.text();
    let mut notes = text.lines().rev().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let said = notes.find(|note| {
        ["exit code ", "killed by signal ", "ended after "].iter().any(|start| note.starts_with(start))
    });
    said.map_or_else(|| word(result.status).to_owned(), |said| one_line(said, LINE))
}

fn one_line(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.len() > most {
        true => format!("{}…", &line[..line.floor_char_boundary(most)]),
        false => line,
    }
}
