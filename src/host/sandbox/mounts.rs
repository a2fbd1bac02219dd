//! The system calls of mounts and namespaces.
//!
//! Mounts are handled by descriptor (the interface of Linux 5.2 and 5.12), never by path: what was
//! looked at is what is mounted, whatever is renamed in between.
#![allow(unsafe_code, reason = "these calls have no safe wrapper")]

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::libc;

/// Attributes of a mount; see mount_setattr(2).
pub const READ_ONLY: u64 = libc::MOUNT_ATTR_RDONLY;
pub const NO_SETUID: u64 = libc::MOUNT_ATTR_NOSUID;
pub const NO_DEVICES: u64 = libc::MOUNT_ATTR_NODEV;
pub const NO_PROGRAMS: u64 = libc::MOUNT_ATTR_NOEXEC;

/// From linux/mount.h; the binding makes a type of them that does not fit the call.
const SET_STRING: libc::c_uint = 1;
const CREATE: libc::c_uint = 6;

fn check(result: libc::c_long) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as libc::c_int) }
}

fn own(result: libc::c_long) -> io::Result<OwnedFd> {
    // SAFETY: callers pass what a call just returned; nothing else owns the number.
    check(result).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// A copy of the mounts at and below an open place, attached nowhere.
pub fn copy_tree(place: BorrowedFd) -> io::Result<OwnedFd> {
    let flags =
        libc::OPEN_TREE_CLONE as libc::c_int | libc::O_CLOEXEC | libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
    // SAFETY: an open descriptor and an empty string.
    own(unsafe { libc::syscall(libc::SYS_open_tree, place.as_raw_fd(), c"".as_ptr(), flags) })
}

/// Puts an unattached tree on top of an open place.
pub fn attach(tree: BorrowedFd, place: BorrowedFd) -> io::Result<()> {
    let flags = libc::MOVE_MOUNT_F_EMPTY_PATH | libc::MOVE_MOUNT_T_EMPTY_PATH;
    let (tree, place, nothing) = (tree.as_raw_fd(), place.as_raw_fd(), c"".as_ptr());
    // SAFETY: open descriptors and empty strings.
    check(unsafe { libc::syscall(libc::SYS_move_mount, tree, nothing, place, nothing, flags) }).map(drop)
}

/// A new file system of a kind, attached nowhere.
pub fn make(kind: &CStr, options: &[(&CStr, &CStr)], attributes: u64) -> io::Result<OwnedFd> {
    // SAFETY: strings that end with NUL.
    let context = own(unsafe { libc::syscall(libc::SYS_fsopen, kind.as_ptr(), libc::FSOPEN_CLOEXEC) })?;
    let configure = |command: libc::c_uint, name: *const libc::c_char, value: *const libc::c_char| {
        // SAFETY: the strings outlive the call, or are null where the command takes none.
        check(unsafe { libc::syscall(libc::SYS_fsconfig, context.as_raw_fd(), command, name, value, 0) })
    };
    for (name, value) in options {
        configure(SET_STRING, name.as_ptr(), value.as_ptr())?;
    }
    configure(CREATE, std::ptr::null(), std::ptr::null())?;
    // SAFETY: plain numbers.
    own(unsafe {
        libc::syscall(
            libc::SYS_fsmount,
            context.as_raw_fd(),
            libc::FSMOUNT_CLOEXEC,
            attributes as libc::c_uint,
        )
    })
}

/// Adds attributes to a mount, and to all below it.
pub fn restrict(mount: BorrowedFd, attributes: u64, all_below: bool) -> io::Result<()> {
    set(mount.as_raw_fd(), c"", attributes, 0, all_below)
}

/// What is mounted outside from now on appears here; nothing that is mounted here appears outside.
pub fn only_receive() -> io::Result<()> {
    set(libc::AT_FDCWD, c"/", 0, libc::MS_SLAVE, true)
}

fn set(
    folder: libc::c_int,
    path: &CStr,
    attributes: u64,
    propagation: libc::c_ulong,
    all: bool,
) -> io::Result<()> {
    // SAFETY: all-zero is a valid mount_attr.
    let mut wanted: libc::mount_attr = unsafe { std::mem::zeroed() };
    wanted.attr_set = attributes;
    wanted.propagation = propagation;
    let flags = libc::AT_EMPTY_PATH | if all { libc::AT_RECURSIVE } else { 0 };
    // SAFETY: the structure and its size are given together.
    check(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            folder,
            path.as_ptr(),
            flags,
            &raw const wanted,
            std::mem::size_of::<libc::mount_attr>(),
        )
    })
    .map(drop)
}

/// Makes an open place, the root of a mount, the root of this mount namespace, and lets go of all that
/// was there before.
pub fn change_root(place: BorrowedFd) -> io::Result<()> {
    nix::unistd::fchdir(place)?;
    // The old root comes to lie on top of the new one, where it is taken off again.
    // SAFETY: strings that end with NUL.
    check(unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr()) })?;
    // SAFETY: the same.
    check(libc::c_long::from(unsafe { libc::umount2(c".".as_ptr(), libc::MNT_DETACH) }))?;
    nix::unistd::chdir("/")?;
    Ok(())
}

/// Makes an open place the root, and keeps the old one at `below`, a folder in it.
pub fn change_root_keeping(place: BorrowedFd, below: &CStr) -> io::Result<()> {
    nix::unistd::fchdir(place)?;
    // SAFETY: strings that end with NUL.
    check(unsafe { libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), below.as_ptr()) })?;
    nix::unistd::chdir("/")?;
    Ok(())
}

/// Switches the loopback of this process's network on.
pub fn loopback_up() -> io::Result<()> {
    // SAFETY: plain numbers.
    let socket = own(libc::c_long::from(unsafe {
        libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0)
    }))?;
    // SAFETY: all-zero is a valid ifreq.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the structure is the one this request takes.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request) };
    check(libc::c_long::from(result)).map(drop)
}
