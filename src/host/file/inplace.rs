//! Rewriting a file where it lies, for files that must keep their identity.
//!
//! Not atomic for other readers, but ordered so that a full disk is noticed before a byte of the
//! original is lost: growth first, then the part that was there, then the cut.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Replaces `old` by `new` in `file`, which is open for writing. After an error the file holds `old`
/// again as far as the system lets us.
pub(super) fn overwrite(file: &File, old: &[u8], new: &[u8]) -> io::Result<()> {
    let shared = old.len().min(new.len());
    let write = || -> io::Result<()> {
        file.write_all_at(&new[shared..], shared as u64)?;
        file.write_all_at(&new[..shared], 0)?;
        file.set_len(new.len() as u64)?;
        file.sync_all()
    };
    write().inspect_err(|_| {
        let _ = file.set_len(old.len() as u64);
        let _ = file.write_all_at(old, 0);
        let _ = file.sync_all();
    })
}
