//! Appending to a session and reading one back.

use std::collections::HashMap;

use super::entry::{Entry, Payload, Start};
use super::past::Past;
use crate::base::{AppendFile, StateDir, StoreError, now_ms, rfc3339};
use crate::protocol::{AgentPath, Block, Item, TaintMark, ToolResult, ToolStatus};

#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("session {0} is in use by another process; wait for it, or start a new session")]
    InUse(String),
    #[error("session file {file}, line {line}: {message}")]
    Damaged { file: String, line: usize, message: String },
    #[error("no session {given} here{}", list_hint(.known))]
    Unknown { given: String, known: Vec<String> },
    #[error("{given} fits more than one session: {}", .matches.join(", "))]
    Ambiguous { given: String, matches: Vec<String> },
}

fn list_hint(known: &[String]) -> String {
    match known {
        [] => "; there are none yet".to_owned(),
        _ => format!("; the newest are {}", known.iter().take(5).cloned().collect::<Vec<_>>().join(", ")),
    }
}

/// An open session. Held by one process at a time.
#[derive(Debug)]
pub struct SessionLog {
    file: AppendFile,
    next: u64,
    parent: u64,
}

/// A session as read back.
#[derive(Debug)]
pub struct Loaded {
    pub log: SessionLog,
    pub start: Start,
    /// The conversation on the current branch; every tool call has a result.
    pub items: Vec<Item>,
    /// Tool calls made so far, for numbering the next.
    pub calls: u64,
    /// Requests to the model so far.
    pub turns: u32,
    pub entries: Vec<Entry>,
    /// Marks of taint by agent, oldest first; one that was cleared comes again with who did it. Of every
    /// branch: what was read once may have been acted on.
    pub taint: Vec<(AgentPath, TaintMark)>,
    /// Calls that had no result: the process ended in their middle.
    pub orphans: usize,
    pub past: Past,
}

/// Name of a session's file.
pub(super) fn file_name(id: &str) -> String {
    format!("{id}.jsonl")
}

impl SessionLog {
    pub fn create(dir: &StateDir, start: Start) -> Result<Self, SessionError> {
        let file = open_locked(dir, &start.session)?;
        let mut log = Self { file, next: 1, parent: 0 };
        log.append(Payload::Start(start))?;
        Ok(log)
    }

    /// Opens a session to go on with it. A torn last line is cut; calls without a result get one that
    /// says so, so that every provider accepts the conversation.
    pub fn resume(dir: &StateDir, id: &str) -> Result<Loaded, SessionError> {
        let file = open_locked(dir, id)?;
        let entries = entries(dir, id)?;
        let branch = current_branch(&entries);
        let Some(Payload::Start(start)) = entries.first().map(|entry| &entry.payload) else {
            return Err(damaged(id, 1, "the first line does not open a session"));
        };
        let start = start.clone();
        let past = Past::read(&entries, &branch);
        let items: Vec<Item> = branch
            .iter()
            .filter_map(|entry| match &entry.payload {
                Payload::Item { item } => Some(item.clone()),
                _ => None,
            })
            .collect();
        let count = |wanted: fn(&Payload) -> bool| entries.iter().filter(|e| wanted(&e.payload)).count();
        let turns = count(|p| matches!(p, Payload::Item { item: Item::Assistant { .. } })) as u32;
        let calls = items.iter().map(calls_in).sum::<usize>() as u64;
        let last = entries.last().map_or(0, |entry| entry.id);
        let mut log = Self { file, next: last + 1, parent: last };
        let missing = unanswered(&items);
        let orphans = missing.len();
        let mut items = items;
        for result in missing {
            let item = Item::ToolResult(result);
            log.append(Payload::Item { item: item.clone() })?;
            items.push(item);
        }
        let taint = entries.iter().filter_map(|entry| match &entry.payload {
            Payload::Taint { agent, mark } => Some((agent.clone(), mark.clone())),
            _ => None,
        });
        let taint = taint.collect();
        Ok(Loaded { log, start, taint, items, calls, turns, entries, orphans, past })
    }

    /// Appends one entry after the last. Not yet flushed to the disk.
    pub fn append(&mut self, payload: Payload) -> Result<u64, SessionError> {
        let entry = Entry { id: self.next, parent: self.parent, ts: rfc3339(now_ms()), payload };
        let line = serde_json::to_vec(&entry).expect("an entry has only string keys");
        self.file.line(&line)?;
        self.parent = self.next;
        self.next += 1;
        Ok(self.parent)
    }

    /// Flushes to the disk; called at turn ends.
    pub fn sync(&self) -> Result<(), SessionError> {
        Ok(self.file.sync()?)
    }
}

fn open_locked(dir: &StateDir, id: &str) -> Result<AppendFile, SessionError> {
    let file = dir.append(&file_name(id))?;
    if !file.try_lock()? {
        return Err(SessionError::InUse(id.to_owned()));
    }
    Ok(file)
}

fn damaged(id: &str, line: usize, message: &str) -> SessionError {
    SessionError::Damaged { file: file_name(id), line, message: message.to_owned() }
}

/// Every whole line of a session.
pub fn entries(dir: &StateDir, id: &str) -> Result<Vec<Entry>, SessionError> {
    let bytes = dir.read(&file_name(id))?;
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    bytes[..whole]
        .split(|b| *b == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| {
            serde_json::from_slice(line).map_err(|error| damaged(id, at + 1, &error.to_string()))
        })
        .collect()
}

/// From the last entry back to the first, along parents.
fn current_branch(entries: &[Entry]) -> Vec<&Entry> {
    let by_id: HashMap<u64, &Entry> = entries.iter().map(|entry| (entry.id, entry)).collect();
    let mut branch = Vec::new();
    let mut at = entries.last();
    while let Some(entry) = at {
        branch.push(entry);
        // A parent is always older; anything else would not end.
        at = by_id.get(&entry.parent).copied().filter(|parent| parent.id < entry.id);
    }
    branch.reverse();
    branch
}

fn calls_in(item: &Item) -> usize {
    match item {
        Item::Assistant { blocks, .. } => {
            blocks.iter().filter(|block| matches!(block, Block::ToolCall(_))).count()
        }
        _ => 0,
    }
}

/// Results for calls that never got one.
fn unanswered(items: &[Item]) -> Vec<ToolResult> {
    let answered: Vec<&str> = items
        .iter()
        .filter_map(|item| match item {
            Item::ToolResult(result) => Some(result.call_id.as_str()),
            _ => None,
        })
        .collect();
    let calls = items.iter().flat_map(|item| match item {
        Item::Assistant { blocks, .. } => blocks.as_slice(),
        _ => &[],
    });
    calls
        .filter_map(|block| match block {
            Block::ToolCall(call) if !answered.contains(&call.id.as_str()) => Some(call),
            _ => None,
        })
        .map(|call| ToolResult {
            call_id: call.id.clone(),
            tool: call.tool.clone(),
            status: ToolStatus::Cancelled,
            parts: vec![crate::protocol::Part::text(
                "iosm ended before this call did. It may have run in part: look before you repeat it.",
            )],
        })
        .collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
