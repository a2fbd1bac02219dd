//! Private temporary folders of our own: a session's `TMPDIR`, the demo's repository.
#![expect(clippy::disallowed_methods, reason = "writes only below the folder it made itself")]

use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::base::{StateDir, StoreError};

/// A folder that only this user can enter; gone when dropped.
#[derive(Debug)]
pub struct PrivateTemp(Option<tempfile::TempDir>, PathBuf);

impl PrivateTemp {
    /// Makes one below the system's temporary folder, named after this process so that a later one can
    /// tell when it was left behind. Its path holds no links.
    pub fn new(prefix: &str) -> io::Result<Self> {
        sweep(&std::env::temp_dir(), prefix);
        let prefix = format!("{prefix}{}-", std::process::id());
        let dir = tempfile::Builder::new().prefix(&prefix).tempdir()?;
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

    /// As [`put`](Self::put), for a program.
    pub fn put_program(&self, name: &str, text: &str) -> io::Result<()> {
        self.put(name, text)?;
        std::fs::set_permissions(self.1.join(name), std::fs::Permissions::from_mode(0o755))
    }

    /// Puts bytes below it as the next file of this name that is not there, such as `pasted-1.png`, for the user
    /// alone; its path. A link that a command made there is not followed.
    pub fn put_next(&self, stem: &str, ending: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let mut how = std::fs::OpenOptions::new();
        how.write(true).create_new(true).mode(0o600);
        for number in 1u64.. {
            let path = self.1.join(format!("{stem}-{number}.{ending}"));
            match how.open(&path) {
                Ok(mut file) => return file.write_all(bytes).map(|()| path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("no name is left"))
    }

    /// Makes a folder below it.
    pub fn folder(&self, name: &str) -> io::Result<()> {
        std::fs::create_dir_all(self.1.join(name))
    }

    /// It as a place for state that is thrown away.
    pub fn state(&self) -> Result<StateDir, StoreError> {
        StateDir::open(self.1.join("state"))
    }

    /// Leaves it behind for the user, under a name that no later sweep takes for a leftover.
    pub fn keep(mut self) -> PathBuf {
        let Some(dir) = self.0.take() else { return self.1 };
        let path = dir.keep();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let kept = path.with_file_name(format!("kept-{name}"));
        if std::fs::rename(&path, &kept).is_ok() { kept } else { path }
    }
}

/// Removes folders of ours that a killed process left behind. What cannot be removed stays.
fn sweep(parent: &Path, prefix: &str) {
    let me = nix::unistd::geteuid().as_raw();
    for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid =
            name.to_str().and_then(|name| name.strip_prefix(prefix)?.split_once('-')?.0.parse::<i32>().ok());
        let ours = entry.metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == me);
        if pid.is_some_and(|pid| ours && !is_alive(pid)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn is_alive(pid: i32) -> bool {
    // Only "no such process" says that it is gone.
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None) != Err(nix::errno::Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_swept_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let mut gone = std::process::Command::new("true").spawn().unwrap();
        let gone_pid = gone.id();
        gone.wait().unwrap();
        let mine = std::process::id();
        for name in
            [format!("iosm-{gone_pid}-a"), format!("iosm-{mine}-b"), "iosm-c".into(), "other-1-d".into()]
        {
            std::fs::create_dir_all(parent.path().join(name).join("inside")).unwrap();
        }
        sweep(parent.path(), "iosm-");
        let mut left: Vec<_> = std::fs::read_dir(parent.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let mut due = vec![format!("iosm-{mine}-b"), "iosm-c".into(), "other-1-d".into()];
        due.sort();
        assert_eq!(left, due);
    }

    #[test]
    fn the_next_file_takes_the_place_of_no_other_and_follows_no_link() {
        let temp = PrivateTemp::new("iosm-test-").unwrap();
        let beside = tempfile::tempdir().unwrap();
        let target = beside.path().join("elsewhere");
        std::os::unix::fs::symlink(&target, temp.path().join("pasted-2.png")).unwrap();
        let put = |bytes: &[u8]| temp.put_next("pasted", "png", bytes).unwrap();
        assert_eq!(put(b"a"), temp.path().join("pasted-1.png"));
        let third = put(b"b");
        assert_eq!((third.as_path(), target.exists()), (temp.path().join("pasted-3.png").as_path(), false));
        assert_eq!(std::fs::metadata(&third).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read(&third).unwrap(), b"b");
    }

    #[test]
    fn what_is_kept_is_never_swept() {
        let temp = PrivateTemp::new("iosm-test-").unwrap();
        temp.put("a/b", "text").unwrap();
        let kept = temp.keep();
        sweep(kept.parent().unwrap(), "iosm-test-");
        assert_eq!(std::fs::read_to_string(kept.join("a/b")).unwrap(), "text");
        assert!(!kept.file_name().unwrap().to_str().unwrap().starts_with("iosm-"));
        std::fs::remove_dir_all(kept).unwrap();
    }
}
