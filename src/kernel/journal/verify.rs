//! Checking journals against themselves, their heads and the index.

use std::io::ErrorKind;
use std::path::Path;

use super::head::Head;
use super::index::{Chain, Entry, INDEX};
use super::key::PublicKey;
use super::row::{NO_HASH, Row};
use crate::base::is_locked;

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
    /// Id of the key that signed the head; `None` where nothing is sealed, or by a head of version 1,
    /// which had no signature.
    pub signed_by: Option<String>,
    /// Whether a process has it open and may add to it.
    pub open: bool,
}

impl Verified {
    /// Nobody sealed a row of it, and nobody is left to do so. Every turn's end seals, and so does the end
    /// of a session: it was killed before the first, or somebody cut it and took the seal away.
    pub fn ended_unsealed(&self) -> bool {
        self.rows > 0 && self.sealed == 0 && !self.open
    }
}

/// The first row that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{why}", place(*.row))]
pub struct Broken {
    /// Counted from 1; 0 when it is no row of the journal but its head, its file or the index.
    pub row: u64,
    pub why: String,
}

fn place(row: u64) -> String {
    if row == 0 { String::new() } else { format!("row {row}: ") }
}

impl Broken {
    fn whole(why: impl Into<String>) -> Self {
        Self { row: 0, why: why.into() }
    }
}

/// All journals of a project, and the index over them.
#[derive(Debug)]
pub struct ProjectCheck {
    /// Entries of the index; `None` where no head was ever signed.
    pub index: Result<Option<u64>, Broken>,
    /// By session, in order of time. A journal that the index names and that is gone is among them.
    pub journals: Vec<(String, Result<Verified, Broken>)>,
}

/// Name of the head beside the journal file `name`.
pub(super) fn head_name(name: &str) -> String {
    format!("{}.head.json", name.strip_suffix(".jsonl").unwrap_or(name))
}

/// What a journal is checked against.
#[derive(Default)]
pub(super) struct Against<'a> {
    pub head: Option<&'a [u8]>,
    /// The newest entry of its session in the index.
    pub index: Option<&'a Entry>,
    /// Keys that count.
    pub trusted: &'a [PublicKey],
}

/// Verifies the journal file at `path` against the head and the index beside it, signed by one of
/// `trusted`.
pub fn verify(path: &Path, trusted: &[PublicKey]) -> Result<Verified, Broken> {
    // The index first and the rows last, as a writer goes the other way.
    let index = read(&path.with_file_name(INDEX))?;
    let chain = chain(index.as_deref(), trusted)?;
    verify_in(path, index.is_some().then_some(&chain), trusted)
}

/// Verifies every journal in `folder`, and the index.
pub fn verify_all(folder: &Path, trusted: &[PublicKey]) -> Result<ProjectCheck, Broken> {
    let index = read(&folder.join(INDEX))?;
    let checked = chain(index.as_deref(), trusted);
    let chain = checked.as_ref().ok();
    let mut sessions = journals(folder)?;
    for entry in chain.iter().flat_map(|chain| &chain.entries) {
        if !sessions.contains(&entry.session) {
            sessions.push(entry.session.clone());
        }
    }
    sessions.sort();
    let check = |session: String| {
        let path = folder.join(format!("{session}.jsonl"));
        let verified = if path.symlink_metadata().is_err() {
            Err(Broken::whole("it is gone: the index has its seal, the file was deleted"))
        } else {
            verify_in(&path, chain, trusted)
        };
        (session, verified)
    };
    let journals = sessions.into_iter().map(check).collect();
    let entries = checked.map(|chain| index.is_some().then_some(chain.entries.len() as u64));
    Ok(ProjectCheck { index: entries, journals })
}

/// Sessions that have a journal in `folder`, in order of time.
pub(super) fn journals(folder: &Path) -> Result<Vec<String>, Broken> {
    let listed = match std::fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Broken::whole(format!("{} cannot be read: {error}", folder.display()))),
    };
    let names = listed.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    let mut names: Vec<String> = names
        .filter(|name| name != INDEX)
        .filter_map(|name| name.strip_suffix(".jsonl").map(str::to_owned))
        .collect();
    names.sort();
    Ok(names)
}

fn chain(index: Option<&[u8]>, trusted: &[PublicKey]) -> Result<Chain, Broken> {
    Chain::check(index.unwrap_or_default(), trusted)
        .map_err(|(at, why)| Broken::whole(format!("entry {at} of the index: {why}")))
}

/// `None` when there is no such file.
fn read(path: &Path) -> Result<Option<Vec<u8>>, Broken> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Broken::whole(format!("{} cannot be read: {error}", path.display()))),
    }
}

fn verify_in(path: &Path, chain: Option<&Chain>, trusted: &[PublicKey]) -> Result<Verified, Broken> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let head = read(&path.with_file_name(head_name(name)))?;
    let rows = read(path)?.ok_or_else(|| Broken::whole(format!("there is no {}", path.display())))?;
    let session = name.strip_suffix(".jsonl").unwrap_or(name);
    let index = chain.and_then(|chain| chain.newest(session));
    let mut verified = check(&rows, &Against { head: head.as_deref(), index, trusted })?;
    verified.open = is_locked(&path.with_extension("lock"));
    if let (Some(chain), Some(head)) = (chain, head)
        && let Ok((Head { index: Some(place), session: named, .. }, _)) = Head::read(&head)
    {
        if named != session {
            return Err(Broken::whole(format!("its head is that of session {named}")));
        }
        match chain.hash_at(place.count) {
            Some(hash) if hash == place.last_hash => {}
            Some(_) => return Err(Broken::whole("the index was written anew since its head was sealed")),
            None => return Err(Broken::whole("the index was cut since its head was sealed")),
        }
    }
    Ok(verified)
}

/// Reads the rows of a journal, checked against `against`.
pub(super) fn check(text: &[u8], against: &Against<'_>) -> Result<Verified, Broken> {
    rows(text, against, |_, _| {})
}

/// As [`check`], handing each row and its line to `each`.
pub(super) fn rows(
    text: &[u8],
    against: &Against<'_>,
    mut each: impl FnMut(Row, &str),
) -> Result<Verified, Broken> {
    let head = against.head.map(|bytes| Head::read(bytes).map_err(Broken::whole)).transpose()?;
    let signer = head.as_ref().and_then(|(_, key)| *key);
    if let Some(key) = signer
        && !against.trusted.contains(&key)
    {
        return Err(Broken::whole(format!(
            "it was sealed with another key ({}); `iosm kernel key` tells about keys",
            key.id()
        )));
    }
    let head = head.map(|(head, _)| head);
    let marks: Vec<(u64, &str)> = head
        .iter()
        .map(|head| (head.count, head.last_hash.as_str()))
        .chain(against.index.map(|entry| (entry.count, entry.last_hash.as_str())))
        .collect();
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
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
        if let Some(head) = &head
            && head.session != row.session
        {
            return Err(broken(format!("it is of session {}, its head of {}", row.session, head.session)));
        }
        last = hash;
        if marks.iter().any(|(at, hash)| *at == count && *hash != last) {
            return Err(broken("it was rewritten after it was sealed".to_owned()));
        }
        each(row, line);
    }
    if let Some(entry) = against.index
        && let Some(why) = went_back(head.as_ref(), signer.is_some(), entry)
    {
        return Err(Broken { row: head.as_ref().map_or(1, |head| head.count + 1), why });
    }
    let sealed = head.as_ref().map_or(0, |head| head.count);
    let most = marks.iter().map(|(count, _)| *count).max().unwrap_or(0);
    if most > count {
        return Err(Broken {
            row: count + 1,
            why: format!("it is gone: {most} rows were sealed, {count} are here"),
        });
    }
    Ok(Verified {
        rows: count,
        sealed,
        unsealed: count - sealed,
        last_hash: last,
        torn: whole < text.len(),
        signed_by: signer.map(|key| key.id()),
        open: false,
    })
}

/// What the index knows better than the head.
fn went_back(head: Option<&Head>, signed: bool, newest: &Entry) -> Option<String> {
    match head {
        None => Some(format!("{} rows were sealed, and the head is gone", newest.count)),
        Some(_) if !signed => {
            Some("the head has no signature, and the index says that it was signed".to_owned())
        }
        Some(head) if head.count < newest.count => Some(format!(
            "the head went back: the index says that {} rows were sealed, the head says {}",
            newest.count, head.count
        )),
        Some(_) => None,
    }
}
