//! Private temporary folders of our own: a session's `TMPDIR`, the demo's repository.
#![expect(clippy::disallowed_methods, reason = "writes only below the folder it made itself")]

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::base::{StateDir, StoreError};

/// A folder that only this user can enter; gone when dropped.
#[derive(Debug)]
pub struct PrivateTemp(Option<tempfile::TempDir>, PathBuf);

impl PrivateTemp {
    /// Makes one below the system's temporary folder. Its path holds no links.
    pub fn new(prefix: &str) -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix(prefix).tempdir()?;
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700))?;
        let real = dir.path().canonicalize()?;
        Ok(Self(Some(dir), real))
    }

    pub fn path(&self) -> &Path {
        &self.1
    }

    /// Puts a file below it, making folders as needed. `name` is one of our own constants.
    pub fn put(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.1.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)
    }

    /// Makes a folder below it.
    pub fn folder(&self, name: &str) -> io::Result<()> {
        std::fs::create_dir_all(self.1.join(name))
    }

    /// It as a place for state that is thrown away.
    pub fn state(&self) -> Result<StateDir, StoreError> {
        StateDir::open(self.1.join("state"))
    }

    /// Leaves it behind for the user.
    pub fn keep(mut self) -> PathBuf {
        if let Some(dir) = self.0.take() {
            let _ = dir.keep();
        }
        self.1.clone()
    }
}
