//! Our own state files: append with a torn-tail guard, and atomic replacement.
#![expect(clippy::disallowed_methods, reason = "the one door through which our own state is written")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// What went wrong with one of our own files.
#[derive(Debug, thiserror::Error)]
#[error("cannot {verb} {path}: {source}")]
pub struct StoreError {
    verb: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

impl StoreError {
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

pub(super) fn failed(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError { verb, path, source }
}

/// One of our own directories, 0700, never inside a workspace. Only `config::dirs` opens roots; the
/// house test holds it to that.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// Opens `path`, making it (and its parents) when missing.
    pub fn open(path: PathBuf) -> Result<Self, StoreError> {
        make_dir(&path)?;
        Ok(Self(path))
    }

    /// A directory below this one.
    pub fn sub(&self, name: &str) -> Result<Self, StoreError> {
        Self::open(self.0.join(name))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn read(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let path = self.0.join(name);
        fs::read(&path).map_err(failed("read", &path))
    }

    /// Reads a file that must be the user's alone: a regular file of theirs that nobody else may open.
    pub fn read_private(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        read_private(&self.0.join(name))
    }

    /// Waits for an exclusive advisory lock on `name`, held until what comes back is dropped. Somebody
    /// who holds it for seconds is stuck: then it is an error.
    pub fn lock(&self, name: &str) -> Result<AppendFile, StoreError> {
        let file = self.append(name)?;
        let since = std::time::Instant::now();
        while !file.try_lock()? {
            if since.elapsed() > LONGEST_LOCK {
                let source = io::Error::new(io::ErrorKind::TimedOut, "another process holds it");
                return Err(failed("lock", &file.path)(source));
            }
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        Ok(file)
    }

    pub fn exists(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }

    /// Replaces `name` in one step: temporary file, fsync, rename, fsync of the directory. Mode 0600.
    pub fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let path = self.0.join(name);
        let temp = self.0.join(format!(".{name}.{}.tmp", std::process::id()));
        let write = || -> io::Result<()> {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temp)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temp, &path)?;
            File::open(&self.0)?.sync_all()
        };
        write().map_err(|source| {
            let _ = fs::remove_file(&temp);
            failed("write", &path)(source)
        })
    }

    pub fn remove(&self, name: &str) -> Result<(), StoreError> {
        let path = self.0.join(name);
        fs::remove_file(&path).map_err(failed("remove", &path))
    }

    /// Opens `name` for appending whole lines. A torn last line (no line end) is cut off first.
    pub fn append(&self, name: &str) -> Result<AppendFile, StoreError> {
        AppendFile::open(self.0.join(name))
    }

    /// Opens `name` for appending as the only process that does; `None` when another has it. The torn tail
    /// is cut only then: what looks torn may be a line that the other is writing. A file that was removed
    /// meanwhile counts as somebody else's.
    pub fn append_alone(&self, name: &str) -> Result<Option<AppendFile>, StoreError> {
        let mut file = AppendFile::open_uncut(self.0.join(name))?;
        if !file.try_lock()? || file.has_name().is_err() {
            return Ok(None);
        }
        file.cut_torn_tail()?;
        Ok(Some(file))
    }

    /// Names of the files here, sorted; directories left out.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let mut names: Vec<String> = fs::read_dir(&self.0)
            .map_err(failed("list", &self.0))?
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }
}

/// Longest wait for a lock that is held for some milliseconds at a time.
const LONGEST_LOCK: std::time::Duration = std::time::Duration::from_secs(10);

/// Whether another process holds the lock on a file ([`AppendFile::try_lock`]); false where there is none.
pub fn is_locked(path: &Path) -> bool {
    let held = fs::File::open(path).map(|file| file.try_lock_shared());
    matches!(held, Ok(Err(fs::TryLockError::WouldBlock)))
}

/// Whether a file or folder belongs to the user that `iosm` runs as.
pub fn is_ours(meta: &std::fs::Metadata) -> bool {
    meta.uid() == rustix::process::geteuid().as_raw()
}

/// Reads a file that holds a secret of the user's: a regular file, no link, theirs, closed to others.
pub fn read_private(path: &Path) -> Result<Vec<u8>, StoreError> {
    let read = || -> io::Result<Vec<u8>> {
        let flags = rustix::fs::OFlags::NOFOLLOW.bits() as i32;
        let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let meta = file.metadata()?;
        let fault = if !meta.is_file() {
            Some("it is no regular file".to_owned())
        } else if !is_ours(&meta) {
            Some(format!("it belongs to user {}, not to you", meta.uid()))
        } else if meta.mode() & 0o077 != 0 {
            Some(format!("others may open it (mode {:o}): chmod 600", meta.mode() & 0o777))
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, fault));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(failed("read", path))
}

/// Writes a new file that only the user may open; one that is there already is an error.
pub fn create_private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(failed("write", path))
}

/// Bytes of all files below a folder; 0 where there is none. Looks and makes nothing, so it may be
/// asked about any folder.
pub fn folder_size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => folder_size(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

fn make_dir(path: &Path) -> Result<(), StoreError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed("create", path))
}

/// A file that only grows, line by line.
#[derive(Debug)]
pub struct AppendFile {
    file: File,
    path: PathBuf,
    /// Bytes in the file: all of them whole lines.
    len: u64,
}

impl AppendFile {
    fn open(path: PathBuf) -> Result<Self, StoreError> {
        let mut opened = Self::open_uncut(path)?;
        opened.cut_torn_tail()?;
        Ok(opened)
    }

    fn open_uncut(path: PathBuf) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed("open", &path))?;
        Ok(Self { file, path, len: 0 })
    }

    fn cut_torn_tail(&mut self) -> Result<(), StoreError> {
        use std::os::unix::fs::FileExt;
        let end = self.file.metadata().map_err(failed("read", &self.path))?.len();
        let mut keep = end;
        let mut byte = [0u8; 4096];
        'search: while keep > 0 {
            let start = keep.saturating_sub(byte.len() as u64);
            let chunk = &mut byte[..(keep - start) as usize];
            self.file.read_exact_at(chunk, start).map_err(failed("read", &self.path))?;
            for (at, value) in chunk.iter().enumerate().rev() {
                if *value == b'\n' {
                    keep = start + at as u64 + 1;
                    break 'search;
                }
            }
            keep = start;
        }
        if keep < end {
            self.file.set_len(keep).map_err(failed("mend", &self.path))?;
        }
        self.len = keep;
        Ok(())
    }

    /// Appends one line (without its line end) in a single write. A write that fails half-way, as on
    /// a full disk, is taken back, so the file still ends with a whole line.
    pub fn line(&mut self, line: &[u8]) -> Result<(), StoreError> {
        debug_assert!(!line.contains(&b'\n'));
        let mut whole = Vec::with_capacity(line.len() + 1);
        whole.extend_from_slice(line);
        whole.push(b'\n');
        self.lines(&whole)
    }

    /// Appends lines, each with its line end, as [`AppendFile::line`] does one.
    pub fn lines(&mut self, whole: &[u8]) -> Result<(), StoreError> {
        debug_assert!(whole.ends_with(b"\n"));
        if let Err(source) = self.file.write_all(whole) {
            let _ = self.file.set_len(self.len);
            return Err(failed("append to", &self.path)(source));
        }
        self.len += whole.len() as u64;
        Ok(())
    }

    /// Flushes what was appended to the disk.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(failed("flush", &self.path))
    }

    /// Takes an exclusive advisory lock for as long as this file is open; false when another
    /// process holds it.
    pub fn try_lock(&self) -> Result<bool, StoreError> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(fs::TryLockError::WouldBlock) => Ok(false),
            Err(fs::TryLockError::Error(source)) => Err(failed("lock", &self.path)(source)),
        }
    }

    /// The last whole line, without its line end; `None` in an empty file.
    pub fn last_line(&self) -> Result<Option<Vec<u8>>, StoreError> {
        use std::os::unix::fs::FileExt;
        let mut tail = Vec::new();
        let mut start = self.len;
        while start > 0 {
            let from = start.saturating_sub(4096);
            let mut chunk = vec![0; (start - from) as usize];
            self.file.read_exact_at(&mut chunk, from).map_err(failed("read", &self.path))?;
            tail.splice(0..0, chunk);
            start = from;
            let body = &tail[..tail.len() - 1];
            if let Some(at) = body.iter().rposition(|byte| *byte == b'\n') {
                return Ok(Some(body[at + 1..].to_vec()));
            }
        }
        Ok((!tail.is_empty()).then(|| tail[..tail.len() - 1].to_vec()))
    }

    /// An error about what this file holds.
    pub fn fault(&self, why: String) -> StoreError {
        failed("use", &self.path)(io::Error::new(io::ErrorKind::InvalidData, why))
    }

    /// Whether the file still has a name: after it was deleted, what is appended is lost.
    pub fn has_name(&self) -> Result<(), StoreError> {
        match self.file.metadata().map(|meta| meta.nlink()) {
            Ok(0) => Err(failed("append to", &self.path)(io::Error::new(
                io::ErrorKind::NotFound,
                "it was deleted while it was open",
            ))),
            Ok(_) => Ok(()),
            Err(source) => Err(failed("look at", &self.path)(source)),
        }
    }

    /// A handle that flushes this file, for another thread.
    pub fn sync_handle(&self) -> Result<SyncHandle, StoreError> {
        let file = self.file.try_clone().map_err(failed("share", &self.path))?;
        Ok(SyncHandle { file, path: self.path.clone() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

/// Flushes a file that somebody else appends to.
#[derive(Debug)]
pub struct SyncHandle {
    file: File,
    path: PathBuf,
}

impl SyncHandle {
    /// Flushes what was appended to the disk so far. A file that no longer stands at its path is an
    /// error: what was flushed could not be found again.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(failed("flush", &self.path))?;
        let identity = |meta: fs::Metadata| (meta.dev(), meta.ino());
        let open = self.file.metadata().map(identity).map_err(failed("look at", &self.path))?;
        match fs::symlink_metadata(&self.path).map(identity) {
            Ok(named) if named == open => Ok(()),
            Ok(_) => {
                let source = io::Error::other("another file was put in its place");
                Err(failed("keep", &self.path)(source))
            }
            Err(source) => Err(failed("keep", &self.path)(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> (tempfile::TempDir, StateDir) {
        let root = tempfile::tempdir().unwrap();
        let dir = StateDir::open(root.path().join("state")).unwrap();
        (root, dir)
    }

    #[test]
    fn a_torn_tail_is_cut_and_whole_lines_stay() {
        let (_root, dir) = state();
        fs::write(dir.path().join("log"), b"one\ntwo\nthr").unwrap();
        let mut log = dir.append("log").unwrap();
        log.line(b"three").unwrap();
        assert_eq!(dir.read("log").unwrap(), b"one\ntwo\nthree\n");
    }

    #[test]
    fn a_tail_longer_than_one_block_is_cut() {
        let (_root, dir) = state();
        fs::write(dir.path().join("log"), [b"one\n".as_slice(), &[b'x'; 10_000]].concat()).unwrap();
        drop(dir.append("log").unwrap());
        assert_eq!(dir.read("log").unwrap(), b"one\n");
    }

    #[test]
    fn replacing_leaves_no_temporary_file() {
        let (_root, dir) = state();
        dir.replace("head", b"1").unwrap();
        dir.replace("head", b"2").unwrap();
        assert_eq!(dir.read("head").unwrap(), b"2");
        assert_eq!(dir.names().unwrap(), ["head"]);
    }

    #[test]
    fn measuring_a_folder_makes_none() {
        let (_root, dir) = state();
        dir.replace("a", b"12345").unwrap();
        dir.sub("deep").unwrap().replace("b", b"678").unwrap();
        assert_eq!(folder_size(dir.path()), 8);
        assert_eq!(folder_size(&dir.path().join("missing")), 0);
        assert!(!dir.exists("missing"));
    }

    #[test]
    fn what_looks_torn_is_cut_by_the_one_that_holds_the_file_alone() {
        let (_root, dir) = state();
        let mut first = dir.append_alone("log").unwrap().unwrap();
        first.line(b"one").unwrap();
        // A line that is half written.
        fs::write(dir.path().join("log"), b"one\ntw").unwrap();
        assert!(dir.append_alone("log").unwrap().is_none());
        assert_eq!(dir.read("log").unwrap(), b"one\ntw");
        drop(first);
        assert!(dir.append_alone("log").unwrap().is_some());
        assert_eq!(dir.read("log").unwrap(), b"one\n");
    }

    #[test]
    fn a_second_opener_does_not_get_the_lock() {
        let (_root, dir) = state();
        let first = dir.append("log").unwrap();
        assert!(first.try_lock().unwrap());
        assert!(!dir.append("log").unwrap().try_lock().unwrap());
    }
}
