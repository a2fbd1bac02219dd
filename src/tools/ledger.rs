//! What an agent has seen of each file, so that it does not write over what it never saw.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::sha256_hex;

/// How the bytes on disk stand to what the agent saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    Never,
    Same,
    Changed,
}

/// Digests of files by real path, as one agent last read or wrote them. Times and sizes are not
/// enough: a clock may tick too slowly to tell two writes apart. Clones share one ledger.
#[derive(Debug, Clone, Default)]
pub struct ReadLedger(Arc<Mutex<HashMap<PathBuf, String>>>);

impl ReadLedger {
    /// The agent has seen `bytes` (or a part of them) at `real`.
    pub fn saw(&self, real: &Path, bytes: &[u8]) {
        let digest = sha256_hex(bytes);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(real.to_owned(), digest);
    }

    /// Whether `bytes`, found at `real`, are what the agent saw.
    pub fn knows(&self, real: &Path, bytes: &[u8]) -> Known {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(real).cloned();
        match seen {
            None => Known::Never,
            Some(digest) if digest == sha256_hex(bytes) => Known::Same,
            Some(_) => Known::Changed,
        }
    }
}
