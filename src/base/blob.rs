//! The content store: bytes by their digest, so that what was elided can be opened again in full.

use super::digest::sha256_hex;
use super::store::{StateDir, StoreError};

/// Length of a handle: enough hexadecimal characters that two blobs of one project do not share it.
const HANDLE_CHARS: usize = 16;

#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("no stored output {0}; handles look like out_ followed by 16 hexadecimal characters")]
    Unknown(String),
    #[error("stored output {0} is damaged: its bytes no longer have its digest")]
    Damaged(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Blobs of one project, written once and never changed.
#[derive(Debug, Clone)]
pub struct BlobStore(StateDir);

impl BlobStore {
    pub fn new(dir: StateDir) -> Self {
        Self(dir)
    }

    /// A folder beside the blobs whose contents no handle opens.
    pub fn private(&self) -> Result<StateDir, StoreError> {
        self.0.sub("private")
    }

    /// Keeps `bytes` and returns their handle, such as `out_9f86d081884c7d65`.
    pub fn put(&self, bytes: &[u8]) -> Result<String, BlobError> {
        let digest = sha256_hex(bytes);
        if !self.0.exists(&digest) {
            self.0.replace(&digest, bytes)?;
        }
        Ok(format!("out_{}", &digest[..HANDLE_CHARS]))
    }

    /// The bytes behind a handle, checked against their digest.
    pub fn get(&self, handle: &str) -> Result<Vec<u8>, BlobError> {
        let unknown = || BlobError::Unknown(handle.to_owned());
        let short = handle.strip_prefix("out_").filter(|h| Self::is_hex(h)).ok_or_else(unknown)?;
        let name = self.0.names()?.into_iter().find(|name| name.starts_with(short)).ok_or_else(unknown)?;
        let bytes = self.0.read(&name)?;
        if sha256_hex(&bytes) != name {
            return Err(BlobError::Damaged(handle.to_owned()));
        }
        Ok(bytes)
    }

    /// Whether `text` has the shape of a handle.
    pub fn is_handle(text: &str) -> bool {
        text.strip_prefix("out_").is_some_and(Self::is_hex)
    }

    fn is_hex(text: &str) -> bool {
        text.len() == HANDLE_CHARS && text.bytes().all(|b| b.is_ascii_hexdigit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_by_handle_and_damage_is_seen() {
        let root = tempfile::tempdir().unwrap();
        let dir = StateDir::open(root.path().to_owned()).unwrap();
        let store = BlobStore::new(dir.clone());
        let handle = store.put(b"all of it").unwrap();
        assert!(BlobStore::is_handle(&handle));
        assert_eq!(store.get(&handle).unwrap(), b"all of it");
        let name = dir.names().unwrap().remove(0);
        dir.replace(&name, b"other").unwrap();
        assert!(matches!(store.get(&handle), Err(BlobError::Damaged(_))));
        assert!(matches!(store.get("out_0000000000000000"), Err(BlobError::Unknown(_))));
        assert!(matches!(store.get("../etc/passwd"), Err(BlobError::Unknown(_))));
    }
}
