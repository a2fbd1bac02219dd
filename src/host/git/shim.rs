//! The `git` that commands find first: it puts trailers on commits, and hands on everything else.

use std::io;
use std::path::PathBuf;

use crate::host::temp::PrivateTemp;

const SHIM: &str = include_str!("../../../templates/git.sh");

/// Whether there is a git to hand on to.
pub fn is_there(path: &str) -> bool {
    std::env::split_paths(path).any(|folder| folder.is_absolute() && folder.join("git").is_file())
}

/// Puts it into a private folder, from which commands may run it and which none may write; returns the
/// folder for their `PATH`.
pub fn install(temp: &PrivateTemp) -> io::Result<PathBuf> {
    temp.put_program("bin/git", SHIM)?;
    Ok(temp.path().join("bin"))
}
