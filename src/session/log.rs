//! Appending to a session and reading one back.

use std::collections::HashSet;

use super::entry::{Entry, Payload, Start};
use super::index::{Index, Kind, Row};
use super::kept::{self, Keeper};
use super::list::Held;
use super::past::Past;
use super::tree::Tree;
use crate::base::{AppendFile, StateDir, StoreError, Stored, now_ms, rfc3339};
use crate::protocol::{AgentPath, Block, Item, Part, TaintMark, ToolResult, ToolStatus};

/// Longest name of a session, in characters.
const LONGEST_NAME: usize = 80;

/// Bytes from which on threads are worth starting, and the most of them.
const WORTH_THREADS: u64 = 4 * 1024 * 1024;
const MOST_THREADS: usize = 4;

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
    #[error("entry {entry} is no message of yours; /tree lists them")]
    NoMessage { entry: u64 },
    #[error("a session cannot be called so: {fault}")]
    Name { fault: String },
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
    id: String,
    file: AppendFile,
    /// The same file, to read from.
    log: Stored,
    index: Index,
    keeper: Keeper,
}

/// A session as read back.
#[derive(Debug)]
pub struct Loaded {
    pub log: SessionLog,
    pub start: Start,
    /// The conversation on the current branch; every tool call has a result.
    pub items: Vec<Item>,
    /// The highest number of a tool call on any branch.
    pub calls: u64,
    /// Requests to the model so far, on every branch.
    pub turns: u32,
    /// Marks of taint by agent, oldest first; one that was cleared comes again with who did it. Of every
    /// branch: what was read once may have been acted on.
    pub taint: Vec<(AgentPath, TaintMark)>,
    /// Calls that had no result: the process ended in their middle.
    pub orphans: usize,
    pub past: Past,
}

/// A conversation that stands elsewhere than before.
#[derive(Debug, Clone, PartialEq)]
pub struct Moved {
    pub items: Vec<Item>,
    pub past: Past,
    /// What the user had said at the entry.
    pub text: String,
}

/// Name of a session's file.
pub(super) fn file_name(id: &str) -> String {
    format!("{id}.jsonl")
}

impl SessionLog {
    /// Begins a session.
    pub fn create(dir: &StateDir, start: Start) -> Result<Self, SessionError> {
        let id = start.session.clone();
        let file = open_alone(dir, &id)?;
        let log = Stored::open(dir, &file_name(&id))?;
        let mut index = Index::default();
        index.totals.inode = log.inode;
        let keeper = Keeper::begin(dir, &id);
        let mut opened = Self { id, file, log, index, keeper };
        opened.append(Payload::Start(start))?;
        opened.keeper.keep(&opened.index);
        Ok(opened)
    }

    /// Opens a session to go on with it. A torn last line is cut; calls without a result get one that
    /// says so, so that every provider accepts the conversation.
    ///
    /// What is read is the index and the current branch. An index that turns out not to fit is made anew.
    pub fn resume(dir: &StateDir, id: &str) -> Result<Loaded, SessionError> {
        // As it was left: cutting a torn tail would make the log look newer than its index.
        let left = Stored::open(dir, &file_name(id))?;
        let file = open_alone(dir, id)?;
        let log = Stored::open(dir, &file_name(id))?;
        let mut known = kept::known_since(dir, id, &log, &left)?;
        let (mut items, past) = match conversation(id, &log, &known.index, known.index.tip()) {
            Err(SessionError::Damaged { .. }) => {
                known = kept::scanned(id, &log)?;
                conversation(id, &log, &known.index, known.index.tip())?
            }
            read => read?,
        };
        let Some(start) = known.index.totals.start.clone() else {
            return Err(damaged(id, 1, "the first line does not open a session"));
        };
        let keeper = Keeper::open(dir, id, &known);
        let mut opened = Self { id: id.to_owned(), file, log, index: known.index, keeper };
        let orphans = opened.answer(&mut items)?;
        opened.keeper.keep(&opened.index);
        let totals = &opened.index.totals;
        let (calls, turns, taint) = (totals.calls, totals.answers, totals.taint.clone());
        Ok(Loaded { log: opened, start, items, calls, turns, taint, orphans, past })
    }

    /// Appends one entry after the last. Not yet flushed to the disk.
    pub fn append(&mut self, payload: Payload) -> Result<u64, SessionError> {
        self.append_after(self.index.tip(), payload)
    }

    fn append_after(&mut self, parent: u64, payload: Payload) -> Result<u64, SessionError> {
        let entry = Entry { id: self.index.tip() + 1, parent, ts: rfc3339(now_ms()), payload };
        let line = serde_json::to_vec(&entry).expect("an entry has only string keys");
        let offset = self.file.len();
        self.file.line(&line)?;
        self.index.take(&entry, offset, line.len() as u64 + 1);
        Ok(entry.id)
    }

    /// Goes back to before what the user said at `entry`, on whichever branch that is. Nothing is removed:
    /// what comes next begins another branch.
    pub fn rewind(&mut self, entry: u64) -> Result<Moved, SessionError> {
        let Some(row) = self.index.row(entry).copied().filter(|row| row.kind == Kind::User) else {
            return Err(SessionError::NoMessage { entry });
        };
        self.go(row.parent, entry, Payload::Rewind { before: entry })
    }

    /// Goes to the end of the branch that ends with what followed `entry`: for a message of the user, with
    /// the last that answered it.
    pub fn switch(&mut self, entry: u64) -> Result<Moved, SessionError> {
        let to = self.index.end_of(entry).ok_or(SessionError::NoMessage { entry })?;
        self.go(to, entry, Payload::Switch { to })
    }

    /// Reads first and writes then: a conversation that cannot be read is not gone to.
    fn go(&mut self, tip: u64, entry: u64, payload: Payload) -> Result<Moved, SessionError> {
        let (mut items, past) = conversation(&self.id, &self.log, &self.index, tip)?;
        let text = match self.index.row(entry) {
            Some(row) if row.kind == Kind::User => said(&read(&self.id, &self.log, &self.index, row)?),
            _ => String::new(),
        };
        self.append_after(tip, payload)?;
        self.answer(&mut items)?;
        Ok(Moved { items, past, text })
    }

    /// Appends results for the calls that never got one, and says how many.
    fn answer(&mut self, items: &mut Vec<Item>) -> Result<usize, SessionError> {
        let missing = unanswered(items);
        let orphans = missing.len();
        for result in missing {
            let item = Item::ToolResult(result);
            self.append(Payload::Item { item: item.clone() })?;
            items.push(item);
        }
        Ok(orphans)
    }

    /// What holds in it by now.
    pub fn held(&self) -> Held {
        Held::of(self.index.totals.clone())
    }

    /// The last entry: where the conversation stands.
    pub fn at(&self) -> u64 {
        self.index.tip()
    }

    /// Turns of the user in the conversation as it stands, the one that goes on among them.
    pub fn turns(&self) -> u32 {
        self.index.turns()
    }

    /// The messages of the user and the branches they make.
    pub fn tree(&self) -> Tree {
        Tree::of(&self.index)
    }

    /// Flushes to the disk; called at turn ends.
    pub fn sync(&mut self) -> Result<(), SessionError> {
        self.file.sync()?;
        self.keeper.keep(&self.index);
        Ok(())
    }
}

impl Drop for SessionLog {
    fn drop(&mut self) {
        self.keeper.keep(&self.index);
    }
}

pub(super) fn open_alone(dir: &StateDir, id: &str) -> Result<AppendFile, SessionError> {
    dir.append_alone(&file_name(id))?.ok_or_else(|| SessionError::InUse(id.to_owned()))
}

/// The conversation that ends with the entry `tip`, and what the log tells of it besides.
fn conversation(id: &str, log: &Stored, index: &Index, tip: u64) -> Result<(Vec<Item>, Past), SessionError> {
    let spent: Vec<Row> = index.rows.iter().filter(|row| row.kind == Kind::Usage).copied().collect();
    let spent = read_all(id, log, index, &spent)?;
    let mut branch = index.branch(tip);
    branch.retain(|row| row.kind.is_read());
    let branch = read_all(id, log, index, &branch)?;
    let past = Past::read(&spent, &branch.iter().collect::<Vec<_>>());
    let items = branch.into_iter().filter_map(|entry| match entry.payload {
        Payload::Item { item } => Some(item),
        _ => None,
    });
    Ok((items.collect(), past))
}

/// The entries of these rows. Many bytes are parsed by several threads: that is what opening a large session
/// costs.
fn read_all(id: &str, log: &Stored, index: &Index, rows: &[Row]) -> Result<Vec<Entry>, SessionError> {
    let one = |row: &Row| read(id, log, index, row);
    let bytes: u64 = rows.iter().map(|row| row.len).sum();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    if bytes < WORTH_THREADS || threads < 2 {
        return rows.iter().map(one).collect();
    }
    let one = &one;
    std::thread::scope(|scope| {
        let shares = rows.chunks(rows.len().div_ceil(threads));
        let running: Vec<_> = shares
            .map(|share| scope.spawn(move || share.iter().map(one).collect::<Result<Vec<Entry>, _>>()))
            .collect();
        let mut entries = Vec::with_capacity(rows.len());
        for thread in running {
            entries.append(&mut thread.join().expect("parsing does not panic")?);
        }
        Ok(entries)
    })
}

/// The entry of a row.
fn read(id: &str, log: &Stored, index: &Index, row: &Row) -> Result<Entry, SessionError> {
    kept::entry(log, row).ok_or_else(|| damaged(id, index.line_of(row), "it is not what the index says"))
}

fn said(entry: &Entry) -> String {
    match &entry.payload {
        Payload::Item { item: Item::User { parts } } => {
            let texts = parts.iter().filter_map(|part| match part {
                Part::Text { text } => Some(text.as_str()),
                Part::Image { .. } => None,
            });
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

pub(super) fn damaged(id: &str, line: usize, message: &str) -> SessionError {
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

/// Every entry of the conversation as it stands, oldest first, in use or not.
pub fn branch(dir: &StateDir, id: &str) -> Result<Vec<Entry>, SessionError> {
    let log = Stored::open(dir, &file_name(id))?;
    let read_with = |index: &Index| {
        let branch = index.branch(index.tip());
        branch.iter().map(|row| read(id, &log, index, row)).collect::<Result<Vec<Entry>, _>>()
    };
    match read_with(&kept::known(dir, id, &log)?.index) {
        Err(SessionError::Damaged { .. }) => read_with(&kept::scanned(id, &log)?.index),
        read => read,
    }
}

/// What a session may be called: one line that a list has room for.
pub fn valid_name(text: &str) -> Result<String, SessionError> {
    let name = text.trim();
    let fault = match name.chars().count() {
        0 => "it is empty".to_owned(),
        long if long > LONGEST_NAME => format!("it has {long} characters, at most {LONGEST_NAME} fit"),
        _ if name.chars().any(char::is_control) => "it is more than one line".to_owned(),
        _ => return Ok(name.to_owned()),
    };
    Err(SessionError::Name { fault })
}

/// The name of a copy: cut where it would be too long.
pub fn name_of_fork(name: &str) -> String {
    const MARK: &str = " (fork)";
    let room = LONGEST_NAME - MARK.len();
    let name = name.strip_suffix(MARK).unwrap_or(name);
    let short: String = name.chars().take(room).collect();
    format!("{}{MARK}", short.trim_end())
}

/// Results for calls that never got one.
fn unanswered(items: &[Item]) -> Vec<ToolResult> {
    let answered: HashSet<&str> = items
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
            Block::ToolCall(call) if !answered.contains(call.id.as_str()) => Some(call),
            _ => None,
        })
        .map(|call| ToolResult {
            call_id: call.id.clone(),
            tool: call.tool.clone(),
            status: ToolStatus::Cancelled,
            parts: vec![Part::text(
                "iosm ended before this call did. It may have run in part: look before you repeat it.",
            )],
        })
        .collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

#[cfg(test)]
#[path = "laws.rs"]
mod laws;
