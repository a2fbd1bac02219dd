//! The tree of files a command sees: what it was granted, mounted where it is outside, and nothing else.
//!
//! A tree is made for the first command that needs it and kept by the helper; later commands with the
//! same grant join it, which is a good deal faster. Each command still has a mount namespace of its
//! own, copied from it, for its own `/proc`.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::libc;
use nix::sched::{CloneFlags, setns, unshare};

use super::frame::{Failure, Order, Step};
use super::mounts::{self, NO_DEVICES, NO_PROGRAMS, NO_SETUID, READ_ONLY};
use super::namespaces::failed;
use super::plan::{self, Part, Plan};
use super::sys;

/// Where the machine's tree lies while trees are made. Gone in all of them.
pub const HOST: &str = "/host";
const SCRATCH: &str = "/scratch";
const NEW: &str = "/new";

/// Below [`SCRATCH`]; names of others there are digests.
const COVER: &std::ffi::CStr = c"cover";

/// Trees kept. Each holds its mounts, some kilobytes; an orchestra of agents has one or two per agent.
const MOST_VIEWS: usize = 64;

/// Bytes that all private `/tmp` of one `iosm` may hold together, in memory.
const MOST_SCRATCH: &std::ffi::CStr = c"2g";

/// The trees made so far. Lives in the helper; supervisors have a copy as old as they are.
pub struct Views {
    /// The oldest first.
    known: Vec<(String, OwnedFd)>,
    tell: OwnedFd,
    told: OwnedFd,
}

impl Views {
    pub fn new() -> io::Result<Self> {
        use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let (tell, told) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?;
        Ok(Self { known: Vec::new(), tell, told })
    }

    /// Readable when a supervisor has made a tree.
    pub fn news(&self) -> i32 {
        self.told.as_raw_fd()
    }

    /// Takes in what supervisors have made.
    pub fn learn(&mut self) {
        let mut key = [0; 128];
        while let Ok((length, fds)) = sys::receive_with_fds(self.told.as_raw_fd(), &mut key) {
            let (Ok(key), Some(view)) = (std::str::from_utf8(&key[..length]), fds.into_iter().next()) else {
                return;
            };
            self.known.retain(|(known, _)| known != key);
            self.known.push((key.to_owned(), view));
            if self.known.len() > MOST_VIEWS {
                self.known.remove(0);
            }
        }
    }

    fn find(&self, key: &str) -> Option<BorrowedFd<'_>> {
        self.known.iter().rev().find(|(known, _)| known == key).map(|(_, view)| view.as_fd())
    }
}

/// The tree an order asks for.
pub enum Wanted<'a> {
    Known(BorrowedFd<'a>),
    New { key: String, plan: Plan },
}

impl<'a> Wanted<'a> {
    /// To be called while the machine's own tree is in sight.
    pub fn of(order: &Order, views: &'a Views) -> Result<Self, Failure> {
        let key = plan::key(order);
        match views.find(&key) {
            Some(view) => Ok(Self::Known(view)),
            None => Ok(Self::New { plan: Plan::of(order)?, key }),
        }
    }

    /// Goes there, with capabilities in the namespaces' own user namespace.
    pub fn enter(self, ground: &OwnedFd, views: &Views) -> Result<(), Failure> {
        let join = |place: BorrowedFd| {
            setns(place, CloneFlags::CLONE_NEWNS).map_err(|errno| failed("join the files")(errno.into()))
        };
        match self {
            Self::Known(view) => join(view),
            Self::New { key, plan } => {
                join(ground.as_fd())?;
                unshare(CloneFlags::CLONE_NEWNS)
                    .map_err(|errno| failed("make a mount namespace")(errno.into()))?;
                build(&plan)?;
                // Kept for the next; if that fails, the next makes its own.
                if let Ok(made) = File::open("/proc/self/ns/mnt") {
                    let _ = sys::send_with_fds(views.tell.as_raw_fd(), key.as_bytes(), &[made.as_raw_fd()]);
                }
                Ok(())
            }
        }
    }
}

/// Makes what trees are made from: the machine's tree at [`HOST`], and room for what is ours. Called
/// once, in a mount namespace of its own.
pub fn make_ground() -> Result<(), Failure> {
    let setup = || -> io::Result<()> {
        mounts::only_receive()?;
        let options = [(c"mode", c"0755"), (c"size", MOST_SCRATCH)];
        let ground = mounts::make(c"tmpfs", &options, NO_SETUID | NO_DEVICES)?;
        for path in [HOST, SCRATCH, NEW] {
            make_folder(ground.as_fd(), OsStr::new(&path[1..]))?;
        }
        // Any folder will do: it is free again as soon as the root has changed.
        let place = open(None, Path::new("/usr"))?;
        mounts::attach(ground.as_fd(), place.as_fd())?;
        mounts::change_root_keeping(ground.as_fd(), &relative(Path::new(HOST))?)
    };
    setup().map_err(failed("mount"))
}

/// Makes a tree and changes to it.
fn build(plan: &Plan) -> Result<(), Failure> {
    let mount = failed("mount");
    let host = open(None, Path::new(HOST)).map_err(&mount)?;
    let own = own_folders(&plan.own).map_err(&mount)?;
    let root = mounts::make(c"tmpfs", &[(c"mode", c"0755")], NO_SETUID | NO_DEVICES).map_err(&mount)?;
    let place = open(None, Path::new(NEW)).map_err(&mount)?;
    mounts::attach(root.as_fd(), place.as_fd()).map_err(&mount)?;
    let mut done = BTreeMap::new();
    for (path, part) in &plan.parts {
        let placed = place_part(path, part, &mut done, host.as_fd(), own.as_fd(), root.as_fd());
        placed.map_err(|error| match part {
            Part::Read | Part::Write => Failure::new(Step::Root, &error, path),
            _ => Failure::new(Step::Namespaces, &error, path),
        })?;
    }
    for (path, read_only) in &plan.pins {
        pin(root.as_fd(), path, *read_only).map_err(|error| Failure::new(Step::Root, &error, path))?;
    }
    if !plan.closed.is_empty() {
        let cover = cover().map_err(&mount)?;
        for path in &plan.closed {
            close(root.as_fd(), path, cover.as_fd())
                .map_err(|error| Failure::new(Step::Root, &error, path))?;
        }
    }
    mounts::restrict(root.as_fd(), READ_ONLY, false).map_err(&mount)?;
    mounts::change_root(root.as_fd()).map_err(&mount)
}

/// The folder below which what commands with the same roots share lies.
fn own_folders(name: &str) -> io::Result<OwnedFd> {
    let scratch = open(None, Path::new(SCRATCH))?;
    make_folder(scratch.as_fd(), OsStr::new(name))?;
    open(Some(scratch.as_fd()), &Path::new("/").join(name))
}

fn place_part(
    path: &Path,
    part: &Part,
    done: &mut BTreeMap<std::path::PathBuf, Part>,
    host: BorrowedFd,
    own: BorrowedFd,
    root: BorrowedFd,
) -> io::Result<()> {
    let cover = Plan::cover(done, path);
    let readable = matches!(part, Part::Read | Part::Link(_));
    let there_already = match cover {
        Some(Part::Write) => readable || *part == Part::Write,
        Some(Part::Read) => readable,
        _ => false,
    };
    if there_already {
        return Ok(());
    }
    let ours = matches!(cover, None | Some(Part::Own | Part::Hidden));
    if let Part::Link(target) = part {
        let (folder, name) = folder_of(root, path, ours)?;
        return match nix::unistd::symlinkat(target, &folder, name) {
            Ok(()) | Err(nix::Error::EEXIST) => Ok(()),
            Err(errno) => Err(errno.into()),
        };
    }
    let tree = match part {
        Part::Own => {
            let name = path.to_string_lossy().replace('/', "-");
            make_folder(own, OsStr::new(&name))?;
            let place = open(Some(own), &Path::new("/").join(name))?;
            let tree = mounts::copy_tree(place.as_fd())?;
            mounts::restrict(tree.as_fd(), NO_SETUID | NO_DEVICES, false)?;
            tree
        }
        Part::Hidden => {
            mounts::make(c"tmpfs", &[(c"mode", c"0755"), (c"size", c"1m")], NO_SETUID | NO_DEVICES)?
        }
        Part::Terminals => {
            let options = [(c"ptmxmode", c"0666"), (c"mode", c"0620")];
            mounts::make(c"devpts", &options, NO_SETUID | NO_PROGRAMS)?
        }
        _ => {
            let place = match open(Some(host), path) {
                Ok(place) => place,
                Err(error) if *part != Part::Write && is_absent(&error) => return Ok(()),
                Err(error) => return Err(error),
            };
            let tree = mounts::copy_tree(place.as_fd())?;
            let attributes = match part {
                Part::Write => NO_SETUID | NO_DEVICES,
                Part::Device => READ_ONLY | NO_SETUID | NO_PROGRAMS,
                _ => READ_ONLY | NO_SETUID | NO_DEVICES,
            };
            mounts::restrict(tree.as_fd(), attributes, true)?;
            tree
        }
    };
    let is_folder = nix::sys::stat::fstat(&tree)?.st_mode & libc::S_IFMT == libc::S_IFDIR;
    if ours {
        let (folder, name) = folder_of(root, path, true)?;
        if is_folder {
            make_folder(folder.as_fd(), name)?;
        } else {
            let name = CString::new(name.as_bytes())?;
            sys::open_at(
                folder.as_raw_fd(),
                &name,
                libc::O_CREAT | libc::O_RDONLY,
                libc::RESOLVE_NO_SYMLINKS,
            )?;
        }
    }
    let place = open(Some(root), path)?;
    mounts::attach(tree.as_fd(), place.as_fd())?;
    done.insert(path.to_owned(), part.clone());
    Ok(())
}

/// Mounts a place on itself: it can be neither renamed nor removed, nor changed if it is read-only.
fn pin(root: BorrowedFd, path: &Path, read_only: bool) -> io::Result<()> {
    let place = match open(Some(root), path) {
        Ok(place) => place,
        Err(error) if is_absent(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    let tree = mounts::copy_tree(place.as_fd())?;
    if read_only {
        mounts::restrict(tree.as_fd(), READ_ONLY, true)?;
    }
    mounts::attach(tree.as_fd(), place.as_fd())
}

/// An empty file that nobody may open.
fn cover() -> io::Result<OwnedFd> {
    let scratch = open(None, Path::new(SCRATCH))?;
    let flags = libc::O_CREAT | libc::O_RDONLY;
    let made = sys::open_at(scratch.as_raw_fd(), COVER, flags, libc::RESOLVE_NO_SYMLINKS);
    match made {
        Ok(file) => nix::sys::stat::fchmod(&file, nix::sys::stat::Mode::empty())?,
        // Made by an earlier tree.
        Err(error) if error.raw_os_error() == Some(libc::EACCES) => {}
        Err(error) => return Err(error),
    }
    sys::open_at(scratch.as_raw_fd(), COVER, libc::O_PATH, libc::RESOLVE_NO_SYMLINKS)
}

/// Lays the cover over a file. One that is gone by now needs none.
fn close(root: BorrowedFd, path: &Path, cover: BorrowedFd) -> io::Result<()> {
    let place = match open(Some(root), path) {
        Ok(place) => place,
        Err(error) if is_absent(&error) || error.raw_os_error() == Some(libc::ELOOP) => return Ok(()),
        Err(error) => return Err(error),
    };
    let tree = mounts::copy_tree(cover)?;
    mounts::restrict(tree.as_fd(), READ_ONLY | NO_SETUID | NO_DEVICES | NO_PROGRAMS, false)?;
    mounts::attach(tree.as_fd(), place.as_fd())
}

/// The folder a path lies in, made as needed where it is `ours`, and its last name.
fn folder_of<'a>(root: BorrowedFd, path: &'a Path, ours: bool) -> io::Result<(OwnedFd, &'a OsStr)> {
    let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
    let (parent, name) = (path.parent().ok_or_else(invalid)?, path.file_name().ok_or_else(invalid)?);
    let mut folder = root.try_clone_to_owned()?;
    for part in parent.components().skip(1) {
        if ours {
            make_folder(folder.as_fd(), part.as_os_str())?;
        }
        folder = open(Some(folder.as_fd()), &Path::new("/").join(part))?;
    }
    Ok((folder, name))
}

fn make_folder(at: BorrowedFd, name: &OsStr) -> io::Result<()> {
    match nix::sys::stat::mkdirat(at, name, nix::sys::stat::Mode::from_bits_truncate(0o755)) {
        Ok(()) | Err(nix::Error::EEXIST) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Opens an absolute path for naming it, as seen from a folder or from the root, following no link.
fn open(from: Option<BorrowedFd>, path: &Path) -> io::Result<OwnedFd> {
    match from {
        None => sys::open_without_links(&CString::new(path.as_os_str().as_bytes())?),
        Some(folder) => {
            sys::open_at(folder.as_raw_fd(), &relative(path)?, libc::O_PATH, libc::RESOLVE_NO_SYMLINKS)
        }
    }
}

fn relative(path: &Path) -> io::Result<CString> {
    let bytes = path.as_os_str().as_bytes();
    Ok(CString::new(bytes.strip_prefix(b"/").unwrap_or(bytes))?)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR | libc::EACCES))
}
