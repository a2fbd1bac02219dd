//! Checking a journal against itself and against its head.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::row::{NO_HASH, Row};

/// The layout of [`Head`]; a signature will make it 2.
pub(super) const HEAD_VERSION: u32 = 1;

/// What was sealed last: how many rows, and the hash of the last of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub version: u32,
    pub session: String,
    pub count: u64,
    pub last_hash: String,
    pub sealed_at: String,
}

/// A journal whose chain holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    pub rows: u64,
    /// Rows that cannot be changed or cut without being seen.
    pub sealed: u64,
    /// Rows after the head.
    pub unsealed: u64,
    /// Hash of the last row.
    pub last_hash: String,
    /// Whether the file ends in half a line, as after a crash; it is not counted.
    pub torn: bool,
}

/// The first row that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {row}: {why}")]
pub struct Broken {
    /// Counted from 1.
    pub row: u64,
    pub why: String,
}

/// Name of the head beside the journal file `name`.
pub(super) fn head_name(name: &str) -> String {
    format!("{}.head.json", name.strip_suffix(".jsonl").unwrap_or(name))
}

/// Verifies the journal file at `path` against the head beside it.
pub fn verify(path: &Path) -> Result<Verified, Broken> {
    let at_start = |why: String| Broken { row: 0, why };
    let text = std::fs::read(path).map_err(|error| at_start(format!("the file cannot be read: {error}")))?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let head = match std::fs::read(path.with_file_name(head_name(name))) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(at_start(format!("its head cannot be read: {error}"))),
    };
    check(&text, head.as_deref())
}

pub(super) fn check(text: &[u8], head: Option<&[u8]>) -> Result<Verified, Broken> {
    let head: Option<Head> = match head {
        None => None,
        Some(bytes) => Some(
            serde_json::from_slice(bytes)
                .map_err(|error| Broken { row: 0, why: format!("its head is not readable: {error}") })?,
        ),
    };
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let torn = whole < text.len();
    let mut last = NO_HASH.to_owned();
    let mut count = 0;
    for line in text[..whole].split_inclusive(|byte| *byte == b'\n') {
        count += 1;
        let broken = |why: String| Broken { row: count, why };
        let line =
            std::str::from_utf8(&line[..line.len() - 1]).map_err(|_| broken("it is not text".into()))?;
        let (row, hash) = Row::unseal(line).map_err(broken)?;
        if row.seq != count {
            return Err(broken(format!("it carries the number {}", row.seq)));
        }
        if row.prev != last {
            return Err(broken("it does not follow the row before it".to_owned()));
        }
        last = hash;
        if let Some(head) = &head
            && head.count == count
            && head.last_hash != last
        {
            return Err(broken("it was rewritten after it was sealed".to_owned()));
        }
    }
    let sealed = head.as_ref().map_or(0, |head| head.count);
    if sealed > count {
        return Err(Broken {
            row: count + 1,
            why: format!("it is gone: {sealed} rows were sealed, {count} are here"),
        });
    }
    Ok(Verified { rows: count, sealed, unsealed: count - sealed, last_hash: last, torn })
}
