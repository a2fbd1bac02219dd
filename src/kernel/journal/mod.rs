//! The journal: one file and one hash chain per session; a row is written before its grant exists.

mod bundle;
mod head;
mod index;
mod key;
mod keyring;
mod row;
mod seal;
mod verify;

pub use bundle::{Sealed, read};
pub use key::{PublicKey, Signer};
pub use keyring::{KEY_VARIABLE, KeyError, Keys, trusted_keys};
pub use row::{Approver, Row};
pub use verify::{Broken, ProjectCheck, Verified, verify, verify_all};

use std::sync::Arc;

use seal::Sealer;
use verify::{Against, check, head_name};

use super::error::KernelError;
use crate::base::{AppendFile, StateDir, now_ms, rfc3339};
use crate::protocol::Actor;

/// The head is written at least this often.
const SEAL_EVERY: u64 = 64;

/// An open journal. Dropping it seals it.
#[derive(Debug)]
pub struct Journal {
    session: String,
    file: AppendFile,
    sealer: Arc<Sealer>,
    /// Held for as long as the journal is open.
    _lock: AppendFile,
    rows: u64,
    /// Rows whose sealing was asked for.
    sealed: u64,
    last_hash: String,
}

impl Journal {
    /// Opens the journal of `session` in `dir`, making it or continuing its chain. A journal that is
    /// not what was written is refused; half a line at its end, left by a crash, is cut and noted.
    /// Its seals are signed by `keys`.
    pub fn open(dir: StateDir, session: &str, keys: &Keys) -> Result<Self, KernelError> {
        let lock = dir.append(&format!("{session}.lock")).map_err(KernelError::Journal)?;
        if !lock.try_lock().map_err(KernelError::Journal)? {
            return Err(KernelError::Locked { session: session.to_owned() });
        }
        let name = format!("{session}.jsonl");
        let read = |name: &str| match dir.exists(name) {
            true => dir.read(name).map(Some).map_err(KernelError::Journal),
            false => Ok(None),
        };
        let damaged = |name: &str, broken: verify::Broken| KernelError::Damaged {
            path: dir.path().join(name),
            row: broken.row,
            why: broken.why,
        };
        // The index first: another session may add to it meanwhile.
        let index = read(index::INDEX)?;
        let head = read(&head_name(&name))?;
        let text = read(&name)?.unwrap_or_default();
        let newest = index::newest(index.as_deref().unwrap_or_default(), session, keys.trusted());
        let newest = newest.map_err(|why| damaged(index::INDEX, verify::Broken { row: 0, why }))?;
        let against = Against { head: head.as_deref(), index: newest.as_ref(), trusted: keys.trusted() };
        let verified = check(&text, &against).map_err(|broken| damaged(&name, broken))?;
        let file = dir.append(&name).map_err(KernelError::Journal)?;
        let sealer = Sealer::new(dir, session.to_owned(), name, keys.signer().clone(), verified.sealed);
        let mut journal = Self {
            session: session.to_owned(),
            file,
            sealer: Arc::new(sealer),
            _lock: lock,
            rows: verified.rows,
            sealed: verified.sealed,
            last_hash: verified.last_hash,
        };
        if verified.torn {
            let mut row = Row::by(Actor::System);
            row.rung = Some("journal".to_owned());
            row.rule = Some("torn_tail".to_owned());
            journal.append(row)?;
        }
        Ok(journal)
    }

    /// Chains and writes a row; returns its number. On an error nothing was added.
    pub fn append(&mut self, mut row: Row) -> Result<u64, KernelError> {
        if let Some(failure) = self.sealer.failure() {
            return Err(KernelError::Journal(failure));
        }
        self.file.has_name().map_err(KernelError::Journal)?;
        row.seq = self.rows + 1;
        row.ts = rfc3339(now_ms());
        row.session.clone_from(&self.session);
        row.prev.clone_from(&self.last_hash);
        // Strings, numbers and closed lists always serialise.
        let (line, hash) = row.seal().expect("a row is plain data");
        self.file.line(line.as_bytes()).map_err(KernelError::Journal)?;
        self.rows += 1;
        self.last_hash = hash;
        if self.rows - self.sealed >= SEAL_EVERY && self.sealer.begin() {
            self.seal_aside()?;
        }
        Ok(self.rows)
    }

    /// Seals the rows so far without making the call wait for the disk.
    fn seal_aside(&mut self) -> Result<(), KernelError> {
        let rows = self.file.sync_handle().map_err(|error| {
            self.sealer.end();
            KernelError::Journal(error)
        })?;
        let (sealer, count, last_hash) = (self.sealer.clone(), self.rows, self.last_hash.clone());
        let thread = std::thread::Builder::new().name("journal".to_owned());
        match thread.spawn(move || sealer.seal_aside(&rows, count, &last_hash)) {
            Ok(_) => {
                self.sealed = count;
                Ok(())
            }
            // No thread to be had: the call waits after all.
            Err(_) => {
                self.sealer.end();
                self.seal()
            }
        }
    }

    /// Flushes the rows and replaces the head, so that a later change or cut of them is seen. Waits for
    /// a sealing that goes on beside.
    pub fn seal(&mut self) -> Result<(), KernelError> {
        let rows = self.file.sync_handle().map_err(KernelError::Journal)?;
        self.sealer.seal(&rows, self.rows, &self.last_hash).map_err(KernelError::Journal)?;
        self.sealed = self.rows;
        self.sealer.failure().map_or(Ok(()), |failure| Err(KernelError::Journal(failure)))
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Hash of the last row; 64 zeros where there is none.
    pub fn last_hash(&self) -> &str {
        &self.last_hash
    }

    pub fn path(&self) -> &std::path::Path {
        self.file.path()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Nobody is left to tell; the rows themselves are written, only unsealed.
        let _ = self.seal();
    }
}

#[cfg(test)]
mod tests;
