//! The index: every head that was ever written in a project, chained and signed.
//!
//! Processes share nothing for calls; only to add an entry do they take a short lock.

use serde::{Deserialize, Serialize};

use super::key::{PublicKey, Signer};
use super::row::NO_HASH;
use crate::base::{StateDir, StoreError, now_ms, rfc3339, sha256_hex};

pub(super) const INDEX: &str = "index.jsonl";
const LOCK: &str = "index.lock";
const DOMAIN: &[u8] = b"iosm journal index\n";
const HASH_FIELD: &str = ",\"hash\":\"";

/// One sealing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// Counted from 1 over all sessions.
    pub seq: u64,
    pub ts: String,
    pub session: String,
    /// Rows that were sealed.
    pub count: u64,
    pub last_hash: String,
    /// The public key, in hexadecimal.
    pub key: String,
    /// Hash of the entry before; 64 zeros in the first.
    pub prev: String,
    /// In base64, over the entry without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Entry {
    fn body(&self) -> Vec<u8> {
        let unsigned = Self { signature: None, ..self.clone() };
        let bytes = serde_json::to_vec(&unsigned).expect("an entry is plain data");
        [DOMAIN, &bytes].concat()
    }

    /// The line to write, and its hash.
    fn line(&self) -> (String, String) {
        let mut line = serde_json::to_string(self).expect("an entry is plain data");
        let hash = sha256_hex(line.as_bytes());
        line.pop();
        line.push_str(HASH_FIELD);
        line.push_str(&hash);
        line.push_str("\"}");
        (line, hash)
    }

    fn unhash(line: &str) -> Result<(Self, String), String> {
        let (body, rest) = line.rsplit_once(HASH_FIELD).ok_or("it has no hash")?;
        let hash = rest.strip_suffix("\"}").ok_or("its end is not that of an entry")?;
        let body = format!("{body}}}");
        if sha256_hex(body.as_bytes()) != hash {
            return Err("its hash does not fit its contents".to_owned());
        }
        let entry: Self = serde_json::from_str(&body).map_err(|error| format!("it is no entry: {error}"))?;
        Ok((entry, hash.to_owned()))
    }

    fn signer(&self) -> Result<PublicKey, String> {
        let key = PublicKey::parse(&self.key)?;
        match &self.signature {
            Some(signature) if key.verifies(&self.body(), signature) => Ok(key),
            Some(_) => Err("its signature does not fit".to_owned()),
            None => Err("it is not signed".to_owned()),
        }
    }
}

/// The index as it stands, held against other writers until dropped.
pub(super) struct Index {
    file: crate::base::AppendFile,
    _lock: crate::base::AppendFile,
    pub count: u64,
    pub last_hash: String,
}

impl Index {
    /// Takes the lock and reads where the chain stands.
    pub fn open(dir: &StateDir) -> Result<Self, StoreError> {
        let lock = dir.lock(LOCK)?;
        // Opening cuts half an entry that a killed writer left.
        let file = dir.append(INDEX)?;
        let (mut count, mut last_hash) = (0, NO_HASH.to_owned());
        if let Some(line) = file.last_line()? {
            let text = String::from_utf8_lossy(&line);
            let (entry, hash) = Entry::unhash(&text).map_err(|why| file.fault(why))?;
            (count, last_hash) = (entry.seq, hash);
        }
        Ok(Self { file, _lock: lock, count, last_hash })
    }

    /// Adds a sealing and flushes it.
    pub fn add(
        &mut self,
        session: &str,
        count: u64,
        last_hash: &str,
        signer: &Signer,
    ) -> Result<(), StoreError> {
        let mut entry = Entry {
            seq: self.count + 1,
            ts: rfc3339(now_ms()),
            session: session.to_owned(),
            count,
            last_hash: last_hash.to_owned(),
            key: signer.public().hex(),
            prev: self.last_hash.clone(),
            signature: None,
        };
        entry.signature = Some(signer.sign(&entry.body()));
        let (line, hash) = entry.line();
        self.file.line(line.as_bytes())?;
        self.file.sync()?;
        self.count += 1;
        self.last_hash = hash;
        Ok(())
    }
}

/// The newest entry of `session`, found without reading the whole chain; its signature must be by one
/// of `trusted`.
pub(super) fn newest(text: &[u8], session: &str, trusted: &[PublicKey]) -> Result<Option<Entry>, String> {
    let mark = format!("\"session\":{}", serde_json::Value::from(session));
    let text = String::from_utf8_lossy(text);
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let Some((at, line)) = whole.lines().enumerate().filter(|(_, line)| line.contains(&mark)).last() else {
        return Ok(None);
    };
    let told = |why: String| format!("entry {} of the index: {why}", at + 1);
    let (entry, _) = Entry::unhash(line).map_err(told)?;
    let key = entry.signer().map_err(told)?;
    if !trusted.contains(&key) {
        return Err(told(format!("it was signed by another key ({})", key.id())));
    }
    Ok(Some(entry))
}

/// A chain that holds.
#[derive(Debug)]
pub(super) struct Chain {
    pub entries: Vec<Entry>,
    /// Of each entry.
    pub hashes: Vec<String>,
}

impl Chain {
    /// Checks the whole index: hashes, order, signatures, and that no session ever went back. `Err` is
    /// the first entry that is wrong, counted from 1.
    pub fn check(text: &[u8], trusted: &[PublicKey]) -> Result<Self, (u64, String)> {
        let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let mut chain = Self { entries: Vec::new(), hashes: Vec::new() };
        let mut counts = std::collections::HashMap::<String, u64>::new();
        for line in text[..whole].split_inclusive(|byte| *byte == b'\n') {
            let at = chain.entries.len() as u64 + 1;
            let read = || -> Result<(Entry, String), String> {
                let line = std::str::from_utf8(&line[..line.len() - 1]).map_err(|_| "it is not text")?;
                let (entry, hash) = Entry::unhash(line)?;
                let key = entry.signer()?;
                if !trusted.contains(&key) {
                    return Err(format!("it was signed by another key ({})", key.id()));
                }
                if entry.seq != at {
                    return Err(format!("it carries the number {}", entry.seq));
                }
                if entry.prev != *chain.hashes.last().map_or(NO_HASH, |hash| hash) {
                    return Err("it does not follow the entry before it".to_owned());
                }
                if counts.get(&entry.session).is_some_and(|count| *count > entry.count) {
                    return Err(format!("session {} went back", entry.session));
                }
                Ok((entry, hash))
            };
            let (entry, hash) = read().map_err(|why| (at, why))?;
            counts.insert(entry.session.clone(), entry.count);
            chain.entries.push(entry);
            chain.hashes.push(hash);
        }
        Ok(chain)
    }

    pub fn newest(&self, session: &str) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.session == session)
    }

    /// Hash of the entry numbered `count`; that of an empty chain for 0, `None` beyond the end.
    pub fn hash_at(&self, count: u64) -> Option<&str> {
        match usize::try_from(count).ok()?.checked_sub(1) {
            None => Some(NO_HASH),
            Some(at) => self.hashes.get(at).map(String::as_str),
        }
    }
}
