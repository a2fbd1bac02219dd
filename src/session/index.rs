//! Where every line of a session's log lies, who follows whom, and the totals: all that can be said of a
//! session without reading its texts again.

use serde::{Deserialize, Serialize};

use super::entry::{Entry, Holds, Payload, Start};
use super::log::{SessionError, damaged};
use crate::base::Stored;
use crate::protocol::{AgentPath, Block, Item, Part, TaintMark};

/// Bytes of the log that are looked at together.
const BLOCK: u64 = 1024 * 1024;
/// Longest title, in characters.
const LONGEST_WORDS: usize = 80;

/// What a line of the log is, as one letter of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Start,
    User,
    Assistant,
    Result,
    Call,
    Usage,
    Taint,
    TurnEnd,
    Name,
    Rewind,
    Switch,
    Compacted,
    Holds,
}

impl Kind {
    const LETTERS: [(Self, char); 13] = [
        (Self::Start, 's'),
        (Self::User, 'u'),
        (Self::Assistant, 'a'),
        (Self::Result, 'r'),
        (Self::Call, 'c'),
        (Self::Usage, 'g'),
        (Self::Taint, 'm'),
        (Self::TurnEnd, 'e'),
        (Self::Name, 'n'),
        (Self::Rewind, 'w'),
        (Self::Switch, 'x'),
        (Self::Compacted, 'k'),
        (Self::Holds, 'h'),
    ];

    pub fn of(payload: &Payload) -> Self {
        match payload {
            Payload::Start(_) => Self::Start,
            Payload::Item { item: Item::User { .. } } => Self::User,
            Payload::Item { item: Item::Assistant { .. } } => Self::Assistant,
            Payload::Item { item: Item::ToolResult(_) } => Self::Result,
            Payload::Call(_) => Self::Call,
            Payload::Usage { .. } => Self::Usage,
            Payload::Taint { .. } => Self::Taint,
            Payload::TurnEnd { .. } => Self::TurnEnd,
            Payload::Name { .. } => Self::Name,
            Payload::Rewind { .. } => Self::Rewind,
            Payload::Switch { .. } => Self::Switch,
            Payload::Compacted(_) => Self::Compacted,
            Payload::Holds(_) => Self::Holds,
        }
    }

    pub fn letter(self) -> char {
        let known = Self::LETTERS.iter().find(|(kind, _)| *kind == self);
        known.expect("every kind has a letter").1
    }

    pub fn from_letter(letter: &str) -> Option<Self> {
        Self::LETTERS
            .iter()
            .find(|(_, known)| letter.len() == 1 && letter.starts_with(*known))
            .map(|(k, _)| *k)
    }

    /// Whether a resume reads it where it is on the branch.
    pub fn is_read(self) -> bool {
        self.is_conversation() || matches!(self, Self::Call | Self::Usage | Self::Compacted)
    }

    /// Whether it is a message: part of what the model is shown.
    pub fn is_conversation(self) -> bool {
        matches!(self, Self::User | Self::Assistant | Self::Result)
    }
}

/// One line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub id: u64,
    pub parent: u64,
    /// Where the line begins, and its bytes with the line end.
    pub offset: u64,
    pub len: u64,
    pub kind: Kind,
    /// The nearest message of the user on the way back, itself included; 0 before the first.
    pub node: u64,
}

/// A message of the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub id: u64,
    /// The message before it on its branch; 0 for a first one.
    pub after: u64,
    pub at: String,
    pub words: String,
    /// Whether another message follows it on some branch.
    pub followed: bool,
}

/// What is known of a session as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Totals {
    /// Bytes of the log that were looked at, and which file that was.
    pub covered: u64,
    pub inode: u64,
    pub start: Option<Start>,
    /// RFC 3339 of the first entry and of the latest.
    pub first_at: String,
    pub last_at: String,
    pub name: Option<String>,
    /// The first words that the user said.
    pub words: Option<String>,
    /// The model that answered last.
    pub model: Option<String>,
    /// What was put in force last, where it was ever changed; of every branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Holds>,
    /// Answers, and those among them that were more than thinking.
    pub answers: u32,
    pub turns: u32,
    /// The highest number that a call has.
    pub calls: u64,
    /// Branches: messages of the user that no other follows.
    pub branches: u32,
    /// In the order in which they were raised and cleared, of every branch.
    pub taint: Vec<(AgentPath, TaintMark)>,
}

impl Totals {
    fn take(&mut self, entry: &Entry) {
        if self.first_at.is_empty() {
            self.first_at.clone_from(&entry.ts);
        }
        // Copies in a fork are older than the fork.
        if entry.ts > self.last_at {
            self.last_at.clone_from(&entry.ts);
        }
        match &entry.payload {
            Payload::Start(start) => {
                self.calls = self.calls.max(start.origin.as_ref().map_or(0, |origin| origin.calls));
                self.start = Some(start.clone());
            }
            Payload::Taint { agent, mark } => self.taint.push((agent.clone(), mark.clone())),
            Payload::Name { name } => self.name = Some(name.clone()),
            Payload::Holds(holds) => self.holds = Some(holds.clone()),
            Payload::Item { item: Item::User { parts } } if self.words.is_none() => {
                self.words = Some(first_words(parts));
            }
            Payload::Item { item: Item::Assistant { blocks, model } } => {
                self.answers += 1;
                self.turns += u32::from(!blocks.iter().all(|b| matches!(b, Block::Thinking { .. })));
                self.model = Some(model.clone());
                for block in blocks {
                    if let Block::ToolCall(call) = block {
                        let number = call.id.strip_prefix('t').and_then(|number| number.parse().ok());
                        self.calls = self.calls.max(number.unwrap_or(0));
                    }
                }
            }
            _ => {}
        }
    }

    /// Its name, else the first words the user said.
    pub fn title(&self) -> String {
        self.name.clone().or_else(|| self.words.clone()).unwrap_or_default()
    }
}

/// The first line of a message that says something.
fn first_words(parts: &[Part]) -> String {
    let line = parts.iter().find_map(|part| match part {
        Part::Text { text } => text.lines().map(str::trim).find(|line| !line.is_empty()),
        Part::Image { .. } => None,
    });
    line.unwrap_or_default().chars().take(LONGEST_WORDS).collect()
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Index {
    pub rows: Vec<Row>,
    pub said: Vec<Said>,
    pub totals: Totals,
}

impl Index {
    /// Reads the whole lines of a log from where this index ends.
    pub fn extend(&mut self, id: &str, log: &Stored) -> Result<(), SessionError> {
        self.totals.inode = log.inode;
        let end = log.whole()?;
        let mut line_number = self.rows.len();
        while self.totals.covered < end {
            let mut at = self.totals.covered;
            let bytes = whole_lines(log, at, end)?;
            for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                line_number += 1;
                let len = line.len() as u64;
                if len > 1 {
                    let entry: Entry = serde_json::from_slice(line)
                        .map_err(|error| damaged(id, line_number, &error.to_string()))?;
                    if !self.take(&entry, at, len) {
                        return Err(damaged(id, line_number, "its id is not above the one before it"));
                    }
                }
                at += len;
            }
            self.totals.covered = at;
        }
        Ok(())
    }

    /// Adds one entry that lies at `offset`; false when its id does not grow.
    pub fn take(&mut self, entry: &Entry, offset: u64, len: u64) -> bool {
        let kind = Kind::of(&entry.payload);
        let row = Row { id: entry.id, parent: entry.parent, offset, len, kind, node: 0 };
        let words = match &entry.payload {
            Payload::Item { item: Item::User { parts } } => Some((entry.ts.clone(), first_words(parts))),
            _ => None,
        };
        // A message that nothing followed yet is continued; any other place begins a branch.
        let before = self.row(row.parent).and_then(|parent| self.said(parent.node));
        let begins = kind == Kind::User && before.is_none_or(|said| said.followed);
        if !self.place(row, words) {
            return false;
        }
        self.totals.take(entry);
        self.totals.branches += u32::from(begins);
        self.totals.covered = offset + len;
        true
    }

    /// Adds a row alone, with time and words where it is a message of the user.
    pub fn place(&mut self, mut row: Row, words: Option<(String, String)>) -> bool {
        if self.rows.last().is_some_and(|last| last.id >= row.id) || row.parent >= row.id {
            return false;
        }
        row.node = self.row(row.parent).map_or(0, |parent| parent.node);
        if let Some((at, words)) = words {
            if let Some(before) = self.said_at(row.node) {
                self.said[before].followed = true;
            }
            self.said.push(Said { id: row.id, after: row.node, at, words, followed: false });
            row.node = row.id;
        }
        self.rows.push(row);
        true
    }

    pub fn row(&self, id: u64) -> Option<&Row> {
        // Ids count from 1 without a gap, but in a fork.
        let likely = self.rows.get((id as usize).wrapping_sub(1)).filter(|row| row.id == id);
        likely.or_else(|| self.rows.binary_search_by_key(&id, |row| row.id).ok().map(|at| &self.rows[at]))
    }

    fn said_at(&self, id: u64) -> Option<usize> {
        self.said.binary_search_by_key(&id, |said| said.id).ok()
    }

    pub fn said(&self, id: u64) -> Option<&Said> {
        self.said_at(id).map(|at| &self.said[at])
    }

    /// Which line of the log a row is, counted from 1.
    pub fn line_of(&self, row: &Row) -> usize {
        self.rows.partition_point(|other| other.id < row.id) + 1
    }

    /// The entry that the next one follows.
    pub fn tip(&self) -> u64 {
        self.rows.last().map_or(0, |row| row.id)
    }

    /// Turns of the user on the branch that ends here: a message with all that follows until its end. What is
    /// said meanwhile belongs to the same turn.
    pub fn turns(&self) -> u32 {
        let (mut turns, mut open) = (0, false);
        for row in self.branch(self.tip()) {
            match row.kind {
                Kind::User => {
                    turns += u32::from(!open);
                    open = true;
                }
                Kind::Start | Kind::TurnEnd | Kind::Rewind | Kind::Switch => open = false,
                _ => {}
            }
        }
        turns
    }

    /// From the first entry to `tip`, along parents.
    pub fn branch(&self, tip: u64) -> Vec<Row> {
        let mut branch = Vec::new();
        let mut at = self.row(tip);
        while let Some(row) = at {
            branch.push(*row);
            at = self.row(row.parent);
        }
        branch.reverse();
        branch
    }

    /// Where the exchange ends that a message of the user began: with the last that answered it, before
    /// another message. Any other entry ends where it stands.
    pub fn end_of(&self, entry: u64) -> Option<u64> {
        let row = self.row(entry)?;
        if row.kind != Kind::User {
            return Some(row.id);
        }
        let last = self.rows.iter().rev().find(|other| other.node == entry && other.kind.is_conversation());
        last.map(|row| row.id)
    }
}

/// Some whole lines from `at` on; there is a line end before `end`.
fn whole_lines(log: &Stored, at: u64, end: u64) -> Result<Vec<u8>, SessionError> {
    let mut len = BLOCK.min(end - at);
    loop {
        let mut bytes = log.read(at, len)?;
        if let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') {
            bytes.truncate(last + 1);
            return Ok(bytes);
        }
        len = (len * 2).min(end - at);
    }
}
