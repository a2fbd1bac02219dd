//! The index of a session as a file beside its log: `ID.idx`. It saves reading and is never needed: what
//! does not fit the log, ends in the middle or is missing is made anew from the log.
//!
//! A first line with the version; then, whenever a run has ended, one line for each line of the log since
//! (`KIND ID PARENT OFFSET LENGTH`, with time and words behind a message of the user), and one with the
//! totals (`t SUM ROWS JSON`: sums of this line, and of every line of a row before it). Lines behind the
//! last totals do not count.

use super::entry::Entry;
use super::index::{Index, Kind, Row, Totals};
use super::log::{SessionError, file_name};
use crate::base::{AppendFile, StateDir, Stored};

const HEADER: &str = "iosm-session-index 1\n";
/// Bytes at the end of an index in which the totals are looked for first.
const TAIL: u64 = 8 * 1024;
/// Bytes of a log without an index from which on a list leaves one behind.
const WORTH_KEEPING: u64 = 1024 * 1024;

pub(super) fn index_name(id: &str) -> String {
    format!("{id}.idx")
}

/// An index, and how much of it is in its file.
#[derive(Debug)]
pub(super) struct Known {
    pub index: Index,
    /// Rows in the file and their sum; `None` when the file must be written anew.
    pub kept: Option<(usize, Sum)>,
}

/// FNV-1a, 64 bits: it finds what a disk or a kill did, not what somebody meant. Whoever can write the
/// index can write the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum(u64);

impl Sum {
    const NONE: Self = Self(0xcbf2_9ce4_8422_2325);

    fn with(self, bytes: &[u8]) -> Self {
        let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(self.0, step))
    }
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What is known of the whole lines of `log`: from the file beside it as far as that fits, else from the log.
pub(super) fn known(dir: &StateDir, id: &str, log: &Stored) -> Result<Known, SessionError> {
    known_since(dir, id, log, log)
}

/// The same of a log that was `left` otherwise: its torn tail was cut since, which makes it look changed.
pub(super) fn known_since(
    dir: &StateDir,
    id: &str,
    log: &Stored,
    left: &Stored,
) -> Result<Known, SessionError> {
    let mut known = read(dir, id, log, left).unwrap_or(Known { index: Index::default(), kept: None });
    known.index.extend(id, log)?;
    Ok(known)
}

/// What the log itself says.
pub(super) fn scanned(id: &str, log: &Stored) -> Result<Known, SessionError> {
    let mut index = Index::default();
    index.extend(id, log)?;
    Ok(Known { index, kept: None })
}

/// The totals alone, without the rows where the index covers the log to its end.
pub(super) fn totals(dir: &StateDir, id: &str) -> Result<(Totals, u64), SessionError> {
    let log = Stored::open(dir, &file_name(id))?;
    if let Some(totals) = last_totals(dir, id, &log) {
        return Ok((totals, log.len));
    }
    let known = known(dir, id, &log)?;
    if known.kept.is_none() && log.len >= WORTH_KEEPING {
        // Whoever holds the session goes on with the old file, and mends it at the next open.
        let _ = dir.replace(&index_name(id), text(&known.index, 0, Sum::NONE).0.as_bytes());
    }
    Ok((known.index.totals, log.len))
}

fn last_totals(dir: &StateDir, id: &str, log: &Stored) -> Option<Totals> {
    let file = Stored::open(dir, &index_name(id)).ok()?;
    let from = file.len.saturating_sub(TAIL);
    let bytes = file.read(from, file.len - from).ok()?;
    let line = bytes.strip_suffix(b"\n")?.rsplit(|byte| *byte == b'\n').next()?;
    let (totals, _) = totals_of(std::str::from_utf8(line).ok()?)?;
    (totals.covered == log.len && is_of(&totals, &file, log)).then_some(totals)
}

/// A line of totals, if it is what was written, with the sum of the rows before it.
fn totals_of(line: &str) -> Option<(Totals, &str)> {
    let (sum, summed) = line.strip_prefix("t ")?.split_once(' ')?;
    let (rows, totals) = summed.split_once(' ')?;
    let is_whole = Sum::NONE.with(summed.as_bytes()).to_string() == sum;
    is_whole.then(|| serde_json::from_str(totals).ok())?.map(|totals| (totals, rows))
}

/// Whether the totals are of this log as it is. A log of the same length that was changed after its index
/// was edited by somebody; within one tick of the clock that stamps files (10 ms at the most) that does not
/// show, and the old titles stand until the session goes on.
fn is_of(totals: &Totals, file: &Stored, log: &Stored) -> bool {
    totals.inode == log.inode
        && totals.covered <= log.len
        && (totals.covered < log.len || log.modified_ns <= file.modified_ns)
}

fn read(dir: &StateDir, id: &str, log: &Stored, left: &Stored) -> Option<Known> {
    let file = Stored::open(dir, &index_name(id)).ok()?;
    let bytes = file.read(0, file.len).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?.strip_prefix(HEADER)?;
    let whole = &text[..text.rfind('\n')? + 1];
    let at = whole.rfind("\nt ")? + 1;
    let line = whole[at..].lines().next()?;
    let (totals, rows) = totals_of(line)?;
    if !is_of(&totals, &file, left) || totals.covered > log.len {
        return None;
    }
    let mut index = Index { totals, ..Index::default() };
    let mut sum = Sum::NONE;
    for line in whole[..at].split_inclusive('\n').filter(|line| !line.starts_with("t ")) {
        sum = sum.with(line.as_bytes());
        let (row, words) = row(line.trim_end_matches('\n'))?;
        let end = index.rows.last().map_or(0, |last| last.offset + last.len);
        if row.offset < end || !index.place(row, words) {
            return None;
        }
    }
    let last = *index.rows.last()?;
    if sum.to_string() != rows || last.offset + last.len > index.totals.covered || entry(log, &last).is_none()
    {
        return None;
    }
    let ends_there = at + line.len() + 1 == text.len();
    let kept = ends_there.then_some((index.rows.len(), sum));
    Some(Known { index, kept })
}

/// The entry of a row, if the log has it there.
pub(super) fn entry(log: &Stored, row: &Row) -> Option<Entry> {
    let bytes = log.read(row.offset, row.len).ok()?;
    let line = bytes.strip_suffix(b"\n")?;
    let entry: Entry = serde_json::from_slice(line).ok()?;
    (entry.id == row.id && entry.parent == row.parent && Kind::of(&entry.payload) == row.kind)
        .then_some(entry)
}

fn row(line: &str) -> Option<(Row, Option<(String, String)>)> {
    let mut fields = line.splitn(7, ' ');
    let kind = Kind::from_letter(fields.next()?)?;
    let mut number = || fields.next()?.parse::<u64>().ok();
    let (id, parent, offset, len) = (number()?, number()?, number()?, number()?);
    let row = Row { id, parent, offset, len, kind, node: 0 };
    let words = match kind {
        Kind::User => Some((fields.next()?.to_owned(), serde_json::from_str(fields.next()?).ok()?)),
        _ if fields.next().is_some() => return None,
        _ => None,
    };
    Some((row, words))
}

/// The lines of the file for the rows from `from` on, with the totals; `sum` is that of the rows before.
fn text(index: &Index, from: usize, mut sum: Sum) -> (String, Sum) {
    use std::fmt::Write;
    let mut out = if from == 0 { HEADER.to_owned() } else { String::new() };
    for row in &index.rows[from..] {
        let begins = out.len();
        // Writing to a string does not fail.
        let _ = write!(out, "{} {} {} {} {}", row.kind.letter(), row.id, row.parent, row.offset, row.len);
        if let Some(said) = index.said(row.id) {
            let words = serde_json::Value::from(said.words.as_str());
            let _ = write!(out, " {} {words}", said.at);
        }
        out.push('\n');
        sum = sum.with(&out.as_bytes()[begins..]);
    }
    let totals = serde_json::to_string(&index.totals).expect("totals have only string keys");
    let summed = format!("{sum} {totals}");
    let _ = writeln!(out, "t {} {summed}", Sum::NONE.with(summed.as_bytes()));
    (out, sum)
}

/// The file as the process that holds the session writes it. What fails is passed over: the index is made
/// again when it is wanted.
#[derive(Debug)]
pub(super) struct Keeper {
    file: Option<AppendFile>,
    rows: usize,
    sum: Sum,
}

impl Keeper {
    /// Goes on with the file, or begins it anew.
    pub fn open(dir: &StateDir, id: &str, known: &Known) -> Self {
        let name = index_name(id);
        match known.kept {
            Some((rows, sum)) => Self { file: dir.append(&name).ok(), rows, sum },
            None => {
                let (text, sum) = text(&known.index, 0, Sum::NONE);
                let replaced = dir.replace(&name, text.as_bytes());
                let file = replaced.and_then(|()| dir.append(&name)).ok();
                Self { file, rows: known.index.rows.len(), sum }
            }
        }
    }

    /// The file of a session that begins: nothing needs to reach the disk.
    pub fn begin(dir: &StateDir, id: &str) -> Self {
        Self { file: dir.append(&index_name(id)).ok(), rows: 0, sum: Sum::NONE }
    }

    /// Writes what the file lacks.
    pub fn keep(&mut self, index: &Index) {
        let Some(file) = &mut self.file else { return };
        let (text, sum) = text(index, self.rows, self.sum);
        if file.lines(text.as_bytes()).is_err() {
            self.file = None;
        }
        (self.rows, self.sum) = (index.rows.len(), sum);
    }
}
