//! One of our own files, read in place. It never writes, takes no lock and cuts nothing.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::store::{StateDir, StoreError, failed};

/// How far back is looked for a line end at a time, in bytes.
const BLOCK: u64 = 64 * 1024;

/// An open file and what it was when it was opened; it may grow meanwhile.
#[derive(Debug)]
pub struct Stored {
    file: File,
    path: PathBuf,
    /// Bytes.
    pub len: u64,
    /// Which file it is, also after it was renamed.
    pub inode: u64,
    /// Of its last change, in Unix nanoseconds.
    pub modified_ns: i128,
}

impl Stored {
    pub fn open(dir: &StateDir, name: &str) -> Result<Self, StoreError> {
        let path = dir.path().join(name);
        let file = File::open(&path).map_err(failed("read", &path))?;
        let meta = file.metadata().map_err(failed("read", &path))?;
        let modified_ns = i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec());
        Ok(Self { file, path, len: meta.len(), inode: meta.ino(), modified_ns })
    }

    /// The bytes from `offset` on; an error where there are fewer than `len`.
    pub fn read(&self, offset: u64, len: u64) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; len as usize];
        self.file.read_exact_at(&mut bytes, offset).map_err(failed("read", &self.path))?;
        Ok(bytes)
    }

    /// Where the last whole line ends.
    pub fn whole(&self) -> Result<u64, StoreError> {
        let mut end = self.len;
        while end > 0 {
            let from = end.saturating_sub(BLOCK);
            let block = self.read(from, end - from)?;
            if let Some(at) = block.iter().rposition(|byte| *byte == b'\n') {
                return Ok(from + at as u64 + 1);
            }
            end = from;
        }
        Ok(0)
    }
}

/// Bytes of a file that somebody wrote by hand, at most.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// The bytes of a small regular file. A pipe or a device, on which one could wait for ever, is an error, and
/// so is a file of more than 8 MiB.
pub fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidInput, what.to_owned());
    // Before it is opened: opening a pipe waits for its other end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(wrong("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MOST_BYTES {
        true => Err(wrong("it has more than 8 MiB")),
        false => Ok(bytes),
    }
}

/// The same as text.
pub fn read_text(path: &Path) -> io::Result<String> {
    let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no UTF-8 text");
    String::from_utf8(read_bytes(path)?).map_err(not_text)
}
