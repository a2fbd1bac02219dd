//! Protected files that no layer can hold still: looked at before a command and put right after it.
//!
//! Landlock cannot take a right away below a writable root, and no mount can cover what does not exist
//! yet. So what protected places hold is kept while a command runs; when all its processes are gone,
//! what has changed is put back and reported. What was found instead is set aside beside it under
//! another name, never deleted: it may be the user's, who worked at the same time.
//!
//! Commands that overlap share what was kept at first: the second must not take the first one's
//! mischief for the rightful state.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::libc;
use nix::sys::stat::{FileStat, Mode};

use super::frame::{Eye, Pen};
use super::moved::{self, Identity, Stands};
use super::protect::{Protected, governing};
use super::sys;

/// Bytes kept of all protected files together. Beyond, a command is refused: what cannot be kept
/// cannot be put back.
const MOST_BYTES: u64 = 64 << 20;

/// Paths named in a report.
const MOST_NAMED: usize = 100;

/// What a place holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Absent,
    File {
        mode: u32,
        bytes: Vec<u8>,
    },
    Link(PathBuf),
    Folder {
        mode: u32,
        entries: BTreeMap<OsString, State>,
    },
    /// A socket, a device; not looked into.
    Other(u32),
}

/// One place and what it is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    path: PathBuf,
    /// May go with the folder it lies in.
    loose: bool,
    state: Arc<State>,
}

/// What protected places held when a command began.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    kept: Vec<Kept>,
    /// Git folders of repositories below the roots. What they hold is too much to be kept.
    folders: Vec<(PathBuf, Identity)>,
}

/// Commands that run, and what was kept for them. Lives in `iosm`.
#[derive(Debug, Default)]
pub struct Watches(Vec<(Baseline, OwnedFd)>);

/// What was found changed when a command had ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mended {
    pub restored: Vec<PathBuf>,
    /// Changed, and could not be put back.
    pub damaged: Vec<PathBuf>,
}

impl Watches {
    /// What protected places hold, or held when the first of the commands began that still run.
    /// `pinned` says that what exists is mounted so that it cannot change.
    pub fn baseline(
        &mut self,
        protected: &Protected,
        roots: &[PathBuf],
        pinned: bool,
    ) -> io::Result<Baseline> {
        // The other end closes when the supervisor ends, which is after it put things right.
        self.0.retain(|(_, alive)| {
            let [ended] = sys::wait_readable([alive.as_raw_fd()], 0);
            !ended
        });
        let mut left = MOST_BYTES;
        let mut kept = Vec::new();
        let firm = protected.firm.iter().map(|path| (path, false));
        for (path, loose) in firm.chain(protected.loose.iter().map(|path| (path, true))) {
            if !roots.iter().any(|root| path.starts_with(root)) {
                continue;
            }
            let known =
                self.0.iter().flat_map(|(baseline, _)| &baseline.kept).find(|kept| kept.path == *path);
            let state = match known {
                Some(kept) => kept.state.clone(),
                None => {
                    let found = std::fs::symlink_metadata(path);
                    if pinned && !loose && found.is_ok_and(|found| !found.is_symlink()) {
                        continue;
                    }
                    // A link on the way: it leads elsewhere, which is protected there if at all.
                    let Some(state) = look(path, &mut left)? else { continue };
                    Arc::new(state)
                }
            };
            kept.push(Kept { path: path.clone(), loose, state });
        }
        let below = |path: &&PathBuf| roots.iter().any(|root| path.starts_with(root));
        let folder = |path: &PathBuf| {
            let mut known = self.0.iter().flat_map(|(baseline, _)| &baseline.folders);
            let known = known.find(|(known, _)| known == path).map(|(_, identity)| *identity);
            let (name, above) = (path.file_name()?, path.parent()?);
            let now = || match moved::stands(moved::open(above).ok()?, name) {
                Ok(Stands::Folder(identity)) => Some(identity),
                _ => None,
            };
            Some((path.clone(), known.or_else(now)?))
        };
        let folders = protected.folders.iter().filter(below).filter_map(folder).collect();
        Ok(Baseline { kept, folders })
    }

    /// Remembers a command that begins. What comes back is held open by its supervisor.
    pub fn begin(&mut self, baseline: Baseline) -> io::Result<OwnedFd> {
        let (alive, held) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
        self.0.push((baseline, alive));
        Ok(held)
    }
}

impl Baseline {
    pub fn encode(&self, pen: &mut Pen) {
        pen.number(self.folders.len() as u64);
        for (path, Identity { device, number }) in &self.folders {
            pen.bytes(path.as_os_str().as_bytes());
            pen.number(*device);
            pen.number(*number);
        }
        pen.number(self.kept.len() as u64);
        for Kept { path, loose, state } in &self.kept {
            pen.bytes(path.as_os_str().as_bytes());
            pen.number(u64::from(*loose));
            state.encode(pen);
        }
    }

    pub fn decode(eye: &mut Eye) -> Option<Self> {
        let path = |eye: &mut Eye| Some(PathBuf::from(OsStr::from_bytes(eye.bytes()?)));
        let folders = (0..eye.number()?)
            .map(|_| Some((path(eye)?, Identity { device: eye.number()?, number: eye.number()? })))
            .collect::<Option<_>>()?;
        let kept = (0..eye.number()?).map(|_| {
            let path = path(eye)?;
            Some(Kept { path, loose: eye.number()? == 1, state: Arc::new(State::decode(eye)?) })
        });
        Some(Self { kept: kept.collect::<Option<_>>()?, folders })
    }

    /// Puts everything back. To be called when the command's processes are gone; others may still run,
    /// so no link is followed anywhere. `protected` are all firm paths, kept or pinned.
    pub fn mend(&self, roots: &[PathBuf], protected: &[PathBuf]) -> Mended {
        let mut mended = Mended::default();
        let mut known: BTreeSet<&Path> = protected.iter().map(PathBuf::as_path).collect();
        // First the folders, or there is nothing to put the rest into.
        let replaced =
            self.folders.iter().filter(|(path, identity)| mended.git_folder(roots, path, *identity));
        let lost: Vec<&Path> = replaced.map(|(path, _)| path.as_path()).collect();
        for Kept { path, loose, state } in &self.kept {
            known.insert(path);
            let Some(root) = roots.iter().find(|root| path.starts_with(root)) else { continue };
            let loose = *loose && !lost.iter().any(|lost| path.starts_with(lost));
            mended.place(root, path, loose, state);
        }
        if !known.is_empty() {
            for (root, path) in
                roots.iter().flat_map(|root| governing(root).into_iter().map(move |path| (root, path)))
            {
                if !known.contains(path.as_path()) {
                    mended.place(root, &path, false, &State::Absent);
                }
            }
        }
        mended
    }
}

impl Mended {
    fn note(&mut self, path: &Path, done: io::Result<()>) {
        let list = if done.is_ok() { &mut self.restored } else { &mut self.damaged };
        if list.len() < MOST_NAMED && !list.iter().any(|known| known == path) {
            list.push(path.to_owned());
        }
    }

    fn place(&mut self, root: &Path, path: &Path, loose: bool, before: &State) {
        let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else { return };
        let wanted = *before != State::Absent && !loose;
        match self.folder(root, folder, wanted) {
            Ok(Some(folder)) => self.compare(folder.as_raw_fd(), name, path, before),
            Ok(None) => {}
            Err(error) => self.note(path, Err(error)),
        }
    }

    /// Puts a git folder back that something else stands in for: a link or a file there would send git to
    /// another repository. One that is gone, or that another was made for, is a clone that went. Says
    /// whether it is lost.
    fn git_folder(&mut self, roots: &[PathBuf], path: &Path, identity: Identity) -> bool {
        let (Some(name), Some(above)) = (path.file_name(), path.parent()) else { return false };
        let Ok(folder) = moved::open(above) else { return false };
        if !matches!(moved::stands(&folder, name), Ok(Stands::Else)) {
            return false;
        }
        let back = set_aside(folder.as_raw_fd(), name)
            .and_then(|()| moved::bring_back(roots, identity, &folder, name))
            .and_then(|found| if found { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) });
        let lost = back.is_err();
        self.note(path, back);
        lost
    }

    /// Opens the folder of a place, having put back what is in its stead, and itself if it is `wanted`.
    fn folder(&mut self, root: &Path, folder: &Path, wanted: bool) -> io::Result<Option<OwnedFd>> {
        let mut at = open_folder(libc::AT_FDCWD, root.as_os_str())?;
        let mut path = root.to_owned();
        for name in folder.strip_prefix(root).unwrap_or(Path::new("")) {
            path.push(name);
            let next = match open_folder(at.as_raw_fd(), name) {
                Ok(next) => next,
                Err(error) => {
                    let replaced = error.raw_os_error() != Some(libc::ENOENT);
                    if replaced {
                        set_aside(at.as_raw_fd(), name)?;
                    }
                    if !wanted {
                        // Nothing stands in for it any more; what was there was not kept.
                        if replaced {
                            self.note(&path, Err(error));
                        }
                        return Ok(None);
                    }
                    nix::sys::stat::mkdirat(&at, name, Mode::from_bits_truncate(0o755))?;
                    if replaced {
                        self.note(&path, Ok(()));
                    }
                    open_folder(at.as_raw_fd(), name)?
                }
            };
            at = next;
        }
        Ok(Some(at))
    }

    fn compare(&mut self, at: RawFd, name: &OsStr, path: &Path, before: &State) {
        let mut left = MOST_BYTES;
        let now = look_at(at, name, &mut left);
        if now.as_ref().is_ok_and(|now| now == before) {
            return;
        }
        if let (State::Folder { mode, entries }, Ok(State::Folder { mode: found, entries: others })) =
            (before, &now)
        {
            let inside = match open_folder(at, name) {
                Ok(inside) => inside,
                Err(error) => return self.note(path, Err(error)),
            };
            if mode != found {
                self.note(path, set_mode(at, name, *mode));
            }
            for child in entries.keys().chain(others.keys()).collect::<BTreeSet<_>>() {
                let wanted = entries.get(child).unwrap_or(&State::Absent);
                self.compare(inside.as_raw_fd(), child, &path.join(child), wanted);
            }
            return;
        }
        let present = !matches!(now, Ok(State::Absent));
        let done = if present { set_aside(at, name) } else { Ok(()) };
        self.note(path, done.and_then(|()| before.make(at, name)));
    }
}

/// What a path holds; nothing when a link is on the way to it.
fn look(path: &Path, left: &mut u64) -> io::Result<Option<State>> {
    let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else { return Ok(None) };
    match open_folder(libc::AT_FDCWD, folder.as_os_str()) {
        Ok(folder) => look_at(folder.as_raw_fd(), name, left).map(Some),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(Some(State::Absent)),
        Err(_) => Ok(None),
    }
}

fn look_at(at: RawFd, name: &OsStr, left: &mut u64) -> io::Result<State> {
    let name_c = CString::new(name.as_bytes())?;
    let open = |flags| sys::open_at(at, &name_c, flags | libc::O_NOFOLLOW, 0);
    let place = match open(libc::O_PATH) {
        Ok(place) => place,
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => return Ok(State::Absent),
        Err(error) => return Err(error),
    };
    let stat = nix::sys::stat::fstat(&place)?;
    let mode = stat.st_mode & 0o7777;
    match stat.st_mode & libc::S_IFMT {
        libc::S_IFREG => {
            take(left, &stat)?;
            let mut bytes = Vec::new();
            File::from(open(libc::O_RDONLY)?).take(MOST_BYTES).read_to_end(&mut bytes)?;
            Ok(State::File { mode, bytes })
        }
        libc::S_IFLNK => Ok(State::Link(nix::fcntl::readlinkat(&place, "")?.into())),
        libc::S_IFDIR => {
            let mut entries = BTreeMap::new();
            for entry in std::fs::read_dir(format!("/proc/self/fd/{}", place.as_raw_fd()))? {
                let name = entry?.file_name();
                let state = look_at(place.as_raw_fd(), &name, left)?;
                entries.insert(name, state);
            }
            Ok(State::Folder { mode, entries })
        }
        kind => Ok(State::Other(kind)),
    }
}

fn take(left: &mut u64, stat: &FileStat) -> io::Result<()> {
    *left = left
        .checked_sub(stat.st_size as u64)
        .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "more than 64 MiB of protected files"))?;
    Ok(())
}

fn open_folder(at: RawFd, path: &OsStr) -> io::Result<OwnedFd> {
    let path = CString::new(path.as_bytes())?;
    sys::open_at(at, &path, libc::O_RDONLY | libc::O_DIRECTORY, libc::RESOLVE_NO_SYMLINKS)
}

/// Gives what lies at a place another name, which nobody looks for.
fn set_aside(at: RawFd, name: &OsStr) -> io::Result<()> {
    let mut aside = name.to_owned();
    aside.push(format!(".set-aside-{}", std::process::id()));
    sys::rename_at(at, &CString::new(name.as_bytes())?, &CString::new(aside.into_vec())?)
}

fn set_mode(at: RawFd, name: &OsStr, mode: u32) -> io::Result<()> {
    let place = open_at(at, name, libc::O_RDONLY | libc::O_NOFOLLOW)?;
    Ok(nix::sys::stat::fchmod(&place, Mode::from_bits_truncate(mode))?)
}

fn open_at(at: RawFd, name: &OsStr, flags: libc::c_int) -> io::Result<OwnedFd> {
    sys::open_at(at, &CString::new(name.as_bytes())?, flags, libc::RESOLVE_NO_SYMLINKS)
}

impl State {
    /// Makes it where nothing is.
    fn make(&self, at: RawFd, name: &OsStr) -> io::Result<()> {
        match self {
            Self::Absent | Self::Other(_) => Ok(()),
            Self::File { mode, bytes } => {
                let file = open_at(at, name, libc::O_CREAT | libc::O_EXCL | libc::O_WRONLY)?;
                let mut file = File::from(file);
                file.write_all(bytes)?;
                nix::sys::stat::fchmod(&file, Mode::from_bits_truncate(*mode))?;
                Ok(())
            }
            Self::Link(target) => {
                let folder = open_folder(at, OsStr::new("."))?;
                Ok(nix::unistd::symlinkat(target, &folder, name)?)
            }
            Self::Folder { mode, entries } => {
                let folder = open_folder(at, OsStr::new("."))?;
                nix::sys::stat::mkdirat(&folder, name, Mode::from_bits_truncate(0o700))?;
                let inside = open_folder(at, name)?;
                for (name, state) in entries {
                    state.make(inside.as_raw_fd(), name)?;
                }
                Ok(nix::sys::stat::fchmod(&inside, Mode::from_bits_truncate(*mode))?)
            }
        }
    }

    fn encode(&self, pen: &mut Pen) {
        match self {
            Self::Absent => pen.number(0),
            Self::File { mode, bytes } => {
                pen.number(1);
                pen.number(u64::from(*mode));
                pen.bytes(bytes);
            }
            Self::Link(target) => {
                pen.number(2);
                pen.bytes(target.as_os_str().as_bytes());
            }
            Self::Folder { mode, entries } => {
                pen.number(3);
                pen.number(u64::from(*mode));
                pen.number(entries.len() as u64);
                for (name, state) in entries {
                    pen.bytes(name.as_bytes());
                    state.encode(pen);
                }
            }
            Self::Other(kind) => {
                pen.number(4);
                pen.number(u64::from(*kind));
            }
        }
    }

    fn decode(eye: &mut Eye) -> Option<Self> {
        Some(match eye.number()? {
            0 => Self::Absent,
            1 => Self::File { mode: eye.number()? as u32, bytes: eye.bytes()?.to_vec() },
            2 => Self::Link(PathBuf::from(OsStr::from_bytes(eye.bytes()?))),
            3 => {
                let mode = eye.number()? as u32;
                let entries = (0..eye.number()?)
                    .map(|_| Some((OsString::from_vec(eye.bytes()?.to_vec()), Self::decode(eye)?)));
                Self::Folder { mode, entries: entries.collect::<Option<_>>()? }
            }
            4 => Self::Other(eye.number()? as u32),
            _ => return None,
        })
    }
}
