//! Writing heads: one at a time, never an older one over a newer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::head::{HEAD_VERSION, Head, Place};
use super::index::Index;
use super::key::Signer;
use super::verify::head_name;
use crate::base::{StateDir, StoreError, SyncHandle, now_ms, rfc3339};

/// Seals the rows of one journal. Shared with the thread that seals beside the calls, because a flush
/// takes milliseconds and a call must not wait for it.
#[derive(Debug)]
pub(super) struct Sealer {
    dir: StateDir,
    session: String,
    /// Name of the journal's file.
    name: String,
    signer: Signer,
    /// A sealing goes on beside the calls: the next waits for its end, so that threads never pile up.
    busy: AtomicBool,
    state: Mutex<Sealed>,
}

#[derive(Debug, Default)]
struct Sealed {
    /// Rows that the head covers.
    count: u64,
    /// What went wrong beside the calls, for the next one to tell.
    failure: Option<StoreError>,
}

impl Sealer {
    pub(super) fn new(dir: StateDir, session: String, name: String, signer: Signer, count: u64) -> Self {
        Self {
            dir,
            session,
            name,
            signer,
            busy: AtomicBool::new(false),
            state: Mutex::new(Sealed { count, failure: None }),
        }
    }

    /// Flushes the rows, then replaces the head, then adds it to the index, so that a later change or
    /// cut of them is seen. The order matters: whoever is killed in between leaves a head that promises
    /// no row that is not there, and an index that promises no head.
    pub(super) fn seal(&self, rows: &SyncHandle, count: u64, last_hash: &str) -> Result<(), StoreError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.count >= count {
            return Ok(());
        }
        rows.sync()?;
        let mut index = Index::open(&self.dir)?;
        let head = Head {
            version: HEAD_VERSION,
            session: self.session.clone(),
            count,
            last_hash: last_hash.to_owned(),
            sealed_at: rfc3339(now_ms()),
            index: Some(Place { count: index.count, last_hash: index.last_hash.clone() }),
            signed: None,
        };
        self.dir.replace(&head_name(&self.name), &head.sign(&self.signer).to_bytes())?;
        index.add(&self.session, count, last_hash, &self.signer)?;
        state.count = count;
        Ok(())
    }

    /// Whether nobody seals beside the calls; from here on somebody does.
    pub(super) fn begin(&self) -> bool {
        !self.busy.swap(true, Ordering::AcqRel)
    }

    /// Somebody who began could not go on.
    pub(super) fn end(&self) {
        self.busy.store(false, Ordering::Release);
    }

    /// The same where nobody waits for it; a failure is kept for [`failure`](Self::failure).
    pub(super) fn seal_aside(&self, rows: &SyncHandle, count: u64, last_hash: &str) {
        if let Err(error) = self.seal(rows, count, last_hash) {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).failure = Some(error);
        }
        self.end();
    }

    /// What went wrong since it was last asked. Does not wait for a flush that goes on.
    pub(super) fn failure(&self) -> Option<StoreError> {
        self.state.try_lock().ok().and_then(|mut state| state.failure.take())
    }
}
