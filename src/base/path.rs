//! Resolving what somebody wrote as a path into an open handle of its parent directory and a leaf.
//!
//! Links are followed here, one component at a time, so that what was judged is what is opened: the
//! handle stays valid when a name above it is swapped for a link afterwards. Nothing is read but
//! names and metadata.
#![expect(clippy::disallowed_methods, reason = "opens folders without rights to read or write (O_PATH)")]

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::Errno;

/// Links followed before a path is called a loop, as in Linux.
const MOST_LINKS: usize = 40;

#[derive(Debug, thiserror::Error)]
pub enum PathError {
    #[error("the path is empty")]
    Empty,
    #[error("the path holds a NUL byte")]
    Nul,
    #[error("{0}: more than {MOST_LINKS} links in a row (a loop?)")]
    Loop(PathBuf),
    #[error("{0} is not a folder, so nothing can lie below it")]
    NotADirectory(PathBuf),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    File,
    Directory,
    /// Nothing is there yet.
    Missing,
    /// A device, socket or pipe.
    Other,
}

/// Identity and state of a file at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStamp {
    pub device: u64,
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since the epoch.
    pub modified_ns: i128,
    pub mode: u32,
    pub links: u64,
    pub owner: u32,
}

/// A resolved path. `dir` is the deepest folder that exists; `missing` are folders still to be made
/// below it; `leaf` is the last name (`.` for a root).
#[derive(Debug)]
pub struct PathHandle {
    dir: OwnedFd,
    missing: Vec<OsString>,
    leaf: OsString,
    real: PathBuf,
    kind: FileKind,
    stamp: Option<FileStamp>,
    through_link: bool,
}

impl PathHandle {
    /// The folder that is open.
    pub fn dir(&self) -> &OwnedFd {
        &self.dir
    }

    /// Folders between [`dir`](Self::dir) and the leaf that do not exist yet, outermost first.
    pub fn missing(&self) -> &[OsString] {
        &self.missing
    }

    pub fn leaf(&self) -> &OsStr {
        &self.leaf
    }

    /// The absolute path with every link followed.
    pub fn real(&self) -> &Path {
        &self.real
    }

    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// What stood there when the path was resolved; `None` when it was missing.
    pub fn stamp(&self) -> Option<FileStamp> {
        self.stamp
    }

    /// Whether a link was followed on the way.
    pub fn through_link(&self) -> bool {
        self.through_link
    }
}

/// Resolves `text` against the absolute folder `base`. A leading `~` is `home`.
pub fn resolve(base: &Path, text: &str, home: Option<&Path>) -> Result<PathHandle, PathError> {
    if text.is_empty() {
        return Err(PathError::Empty);
    }
    if text.contains('\0') {
        return Err(PathError::Nul);
    }
    let start = match (text.strip_prefix('~'), home) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            home.join(rest.trim_start_matches('/'))
        }
        _ => base.join(text),
    };
    Walk::new(&start)?.run()
}

/// One walk from the root: folders opened so far (`..` goes back to one of them) and names to come.
struct Walk {
    asked: PathBuf,
    opened: Vec<(OwnedFd, OsString)>,
    root: OwnedFd,
    names: VecDeque<OsString>,
    links: usize,
}

impl Walk {
    fn new(path: &Path) -> Result<Self, PathError> {
        let root = openat(rustix::fs::CWD, "/", open_flags(), Mode::empty())
            .map_err(|e| PathError::Io { path: PathBuf::from("/"), source: e.into() })?;
        let mut walk =
            Self { asked: path.to_owned(), opened: Vec::new(), root, names: VecDeque::new(), links: 0 };
        walk.push_front(path);
        Ok(walk)
    }

    fn push_front(&mut self, path: &Path) {
        for component in path.components().rev() {
            match component {
                Component::Normal(name) => self.names.push_front(name.to_owned()),
                Component::ParentDir => self.names.push_front("..".into()),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
    }

    fn here(&self) -> &OwnedFd {
        self.opened.last().map_or(&self.root, |(fd, _)| fd)
    }

    fn real(&self, extra: &[&OsStr]) -> PathBuf {
        let mut path = PathBuf::from("/");
        path.extend(self.opened.iter().map(|(_, name)| name.as_os_str()));
        path.extend(extra);
        path
    }

    fn io(&self, name: &OsStr, errno: Errno) -> PathError {
        PathError::Io { path: self.real(&[name]), source: errno.into() }
    }

    fn run(mut self) -> Result<PathHandle, PathError> {
        while let Some(name) = self.names.pop_front() {
            if name == ".." {
                self.opened.pop();
                continue;
            }
            let stat = match statat(self.here(), &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => return self.missing_from(name),
                Err(Errno::NOTDIR) => return Err(PathError::NotADirectory(self.real(&[]))),
                Err(errno) => return Err(self.io(&name, errno)),
            };
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink => self.follow(&name)?,
                FileType::Directory if !self.names.is_empty() => {
                    let fd = openat(self.here(), &name, open_flags(), Mode::empty())
                        .map_err(|errno| self.io(&name, errno))?;
                    self.opened.push((fd, name));
                }
                _ if !self.names.is_empty() => {
                    return Err(PathError::NotADirectory(self.real(&[&name])));
                }
                file_type => return self.found(name, file_type, &stat),
            }
        }
        // The path ended on a folder already entered: the root, or `a/..`.
        match self.opened.pop() {
            Some((fd, name)) => {
                let stat = rustix::fs::fstat(&fd).map_err(|errno| self.io(&name, errno))?;
                self.found(name, FileType::Directory, &stat)
            }
            None => {
                let stat = rustix::fs::fstat(&self.root).map_err(|e| self.io(OsStr::new("/"), e))?;
                self.found(".".into(), FileType::Directory, &stat)
            }
        }
    }

    fn follow(&mut self, name: &OsStr) -> Result<(), PathError> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(PathError::Loop(self.asked.clone()));
        }
        let target = readlinkat(self.here(), name, Vec::new()).map_err(|e| self.io(name, e))?;
        let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
        if target.is_absolute() {
            self.opened.clear();
        }
        self.push_front(&target);
        Ok(())
    }

    fn found(
        mut self,
        leaf: OsString,
        file_type: FileType,
        stat: &rustix::fs::Stat,
    ) -> Result<PathHandle, PathError> {
        let kind = match file_type {
            FileType::RegularFile => FileKind::File,
            FileType::Directory => FileKind::Directory,
            _ => FileKind::Other,
        };
        let real = if leaf == "." { self.real(&[]) } else { self.real(&[&leaf]) };
        let dir = self.opened.pop().map_or(self.root, |(fd, _)| fd);
        Ok(PathHandle {
            dir,
            missing: Vec::new(),
            leaf,
            real,
            kind,
            stamp: Some(stamp_of(stat)),
            through_link: self.links > 0,
        })
    }

    fn missing_from(mut self, first: OsString) -> Result<PathHandle, PathError> {
        let mut names = vec![first];
        while let Some(name) = self.names.pop_front() {
            if name != ".." {
                names.push(name);
                continue;
            }
            names.pop();
            if names.is_empty() {
                // `gone/..` is back in a folder that exists: go on from there.
                return self.run();
            }
        }
        let Some(leaf) = names.pop() else { return self.run() };
        let mut extra: Vec<&OsStr> = names.iter().map(OsString::as_os_str).collect();
        extra.push(&leaf);
        let real = self.real(&extra);
        let dir = self.opened.pop().map_or(self.root, |(fd, _)| fd);
        Ok(PathHandle {
            dir,
            missing: names,
            leaf,
            real,
            kind: FileKind::Missing,
            stamp: None,
            through_link: self.links > 0,
        })
    }
}

fn open_flags() -> OFlags {
    #[cfg(target_os = "linux")]
    return OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    #[cfg(not(target_os = "linux"))]
    return OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
}

#[allow(clippy::unnecessary_cast, reason = "the widths differ between Linux and macOS")]
fn stamp_of(stat: &rustix::fs::Stat) -> FileStamp {
    FileStamp {
        device: stat.st_dev as u64,
        inode: stat.st_ino as u64,
        size: stat.st_size as u64,
        modified_ns: i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec),
        mode: stat.st_mode as u32 & 0o7777,
        links: stat.st_nlink as u64,
        owner: stat.st_uid,
    }
}

impl FileStamp {
    /// The stamp of an open file.
    pub fn of_file(file: &impl std::os::fd::AsFd) -> std::io::Result<Self> {
        Ok(stamp_of(&rustix::fs::fstat(file)?))
    }
}

impl PathHandle {
    /// The leaf as bytes, for messages and comparisons.
    pub fn leaf_bytes(&self) -> &[u8] {
        self.leaf.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn tree() -> (tempfile::TempDir, PathBuf) {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("work/src")).unwrap();
        std::fs::create_dir_all(root.join("outside")).unwrap();
        std::fs::write(root.join("work/src/a.rs"), "a").unwrap();
        std::fs::write(root.join("outside/secret"), "s").unwrap();
        (temp, root)
    }

    fn real(root: &Path, text: &str) -> PathBuf {
        resolve(&root.join("work"), text, Some(&root.join("home"))).unwrap().real().to_owned()
    }

    #[test]
    fn plain_dotted_and_missing_paths() {
        let (_temp, root) = tree();
        assert_eq!(real(&root, "src/a.rs"), root.join("work/src/a.rs"));
        assert_eq!(real(&root, "src/../src/./a.rs"), root.join("work/src/a.rs"));
        assert_eq!(real(&root, "../outside/secret"), root.join("outside/secret"));
        assert_eq!(real(&root, "."), root.join("work"));
        assert_eq!(real(&root, "/"), PathBuf::from("/"));
        assert_eq!(real(&root, "~/x/y"), root.join("home/x/y"));
        let new = resolve(&root.join("work"), "a/b/new.rs", None).unwrap();
        assert_eq!(new.kind(), FileKind::Missing);
        assert_eq!(new.missing(), ["a", "b"]);
        assert_eq!(new.real(), root.join("work/a/b/new.rs"));
        assert_eq!(real(&root, "gone/../../outside/secret"), root.join("outside/secret"));
        assert_eq!(real(&root, "gone/../src/a.rs"), root.join("work/src/a.rs"));
    }

    #[test]
    fn links_are_followed_and_told() {
        let (_temp, root) = tree();
        symlink("../outside", root.join("work/out")).unwrap();
        symlink(root.join("outside/secret"), root.join("work/src/abs")).unwrap();
        symlink("loop", root.join("work/loop")).unwrap();
        symlink("nowhere", root.join("work/dangling")).unwrap();
        let through = resolve(&root.join("work"), "out/secret", None).unwrap();
        assert_eq!(through.real(), root.join("outside/secret"));
        assert!(through.through_link());
        assert_eq!(real(&root, "src/abs"), root.join("outside/secret"));
        // `..` after a link goes to the parent of the target, as in the kernel.
        assert_eq!(real(&root, "out/../work/src/a.rs"), root.join("work/src/a.rs"));
        let dangling = resolve(&root.join("work"), "dangling", None).unwrap();
        assert_eq!(
            (dangling.kind(), dangling.real().to_owned()),
            (FileKind::Missing, root.join("work/nowhere"))
        );
        assert!(matches!(resolve(&root.join("work"), "loop", None), Err(PathError::Loop(_))));
    }

    #[test]
    fn a_file_has_nothing_below_it() {
        let (_temp, root) = tree();
        let error = resolve(&root.join("work"), "src/a.rs/b", None).unwrap_err();
        assert!(matches!(error, PathError::NotADirectory(_)), "{error}");
        assert!(matches!(resolve(&root, "", None), Err(PathError::Empty)));
        assert!(matches!(resolve(&root, "a\0b", None), Err(PathError::Nul)));
    }

    #[test]
    fn a_handle_outlives_a_swapped_parent() {
        let (_temp, root) = tree();
        let handle = resolve(&root.join("work"), "src/a.rs", None).unwrap();
        std::fs::rename(root.join("work/src"), root.join("work/old")).unwrap();
        symlink(root.join("outside"), root.join("work/src")).unwrap();
        let fd = openat(handle.dir(), handle.leaf(), OFlags::RDONLY | OFlags::NOFOLLOW, Mode::empty());
        let stamp = FileStamp::of_file(&fd.unwrap()).unwrap();
        assert_eq!(Some(stamp.inode), handle.stamp().map(|s| s.inode));
    }
}
