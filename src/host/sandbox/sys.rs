//! The few system calls no safe wrapper offers, each behind a function that is safe to call in the
//! helper's own processes (one thread, no runtime).
#![allow(unsafe_code, reason = "fork, exec and the calls around them have no safe wrapper")]

use std::ffi::{CStr, CString};
use std::io::{self, Write};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};

use nix::libc;
use nix::sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Runs `child` in a copy of this process, which ends with the code it gives, and by no other way: a
/// panic must not unwind into what the parent was doing.
pub fn fork(child: impl FnOnce() -> i32) -> io::Result<i32> {
    // SAFETY: callers run on the only thread of their process (`Helper::start` checks that), so the
    // child finds every lock free.
    match check(unsafe { libc::fork() })? {
        0 => exit(catch_unwind(AssertUnwindSafe(child)).unwrap_or(1)),
        pid => Ok(pid),
    }
}

/// Ends this process at once: no destructors, no exit handlers, which belong to `iosm`.
fn exit(code: i32) -> ! {
    // SAFETY: never returns and touches nothing of ours.
    unsafe { libc::_exit(code) }
}

/// Replaces this process; returns only the reason why it could not.
pub fn exec(program: &CStr, argv: &[CString], env: &[CString]) -> io::Error {
    let pointers = |list: &[CString]| -> Vec<*const libc::c_char> {
        list.iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect()
    };
    let (argv, env) = (pointers(argv), pointers(env));
    // SAFETY: both arrays end with a null pointer and their strings outlive the call.
    unsafe { libc::execve(program.as_ptr(), argv.as_ptr(), env.as_ptr()) };
    io::Error::last_os_error()
}

/// Puts a copy of `from` at the number `to`, closing what was there. The two must differ.
pub fn place(from: RawFd, to: RawFd, survives_exec: bool) -> io::Result<()> {
    let flags = if survives_exec { 0 } else { libc::O_CLOEXEC };
    // SAFETY: plain numbers; nothing in these processes owns the low descriptors but by number.
    check(unsafe { libc::dup3(from, to, flags) }).map(drop)
}

/// A copy of `fd` numbered `at_least` or more, closed by exec.
pub fn copy_above(fd: RawFd, at_least: RawFd) -> io::Result<RawFd> {
    // SAFETY: plain numbers; a closed number is an error.
    check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, at_least) })
}

/// Closes every descriptor from `first` on.
pub fn close_from(first: RawFd) -> io::Result<()> {
    // SAFETY: called right before exec or right after fork, where nothing above is used again.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    check(result as libc::c_int).map(drop)
}

/// Writes without caring who reads; for last words before `exit`.
pub fn write_fd(fd: RawFd, bytes: &[u8]) {
    // SAFETY: the buffer is valid for its length.
    unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
}

/// Default actions and an empty mask, as a fresh program expects. Rust ignores SIGPIPE and exec would
/// hand that on.
pub fn reset_signals() {
    for signal in 1..=64 {
        // SAFETY: SIG_DFL is valid for every signal; the two that cannot be set say so and stay.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let _ = nix::sys::signal::SigSet::empty().thread_set_mask();
}

pub fn ignore_signal(signal: libc::c_int) {
    // SAFETY: SIG_IGN is valid for the signals callers name.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// Takes capabilities from every program run after this one. Root in a container keeps what ordinary
/// builds use (owning and changing files of others, changing user) and loses what could undo the
/// sandbox: devices, modules, mounts, tracing.
pub fn drop_capabilities() {
    // chown, dac_override, fowner, fsetid, kill, setgid, setuid
    const KEPT: [libc::c_ulong; 7] = [0, 1, 3, 4, 5, 6, 7];
    for capability in (0..=40).filter(|number| !KEPT.contains(number)) {
        // SAFETY: takes numbers only; an unknown one is an error that changes nothing.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
    }
}

/// Gives up every capability, for this process and every program run after it.
pub fn drop_all_capabilities() -> io::Result<()> {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    // `_LINUX_CAPABILITY_VERSION_3` of linux/capability.h; two words for each of three sets.
    const VERSION: u32 = 0x2008_0522;
    for capability in 0..=63 {
        // SAFETY: takes numbers only; an unknown one is an error that changes nothing.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability as libc::c_ulong, 0, 0, 0) };
    }
    let (header, none) = (Header { version: VERSION, pid: 0 }, [0u32; 6]);
    // SAFETY: both structures are as the call wants them and outlive it.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) };
    check(result as libc::c_int).map(drop)
}

/// A child that ended.
pub struct Reaped {
    pub pid: i32,
    /// As `waitpid` gives it.
    pub status: i32,
}

/// A child that has ended already; `Ok(None)` when all still run, `ECHILD` when there is none.
pub fn reap() -> io::Result<Option<Reaped>> {
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    match check(unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG | libc::__WALL) })? {
        0 => Ok(None),
        pid => Ok(Some(Reaped { pid, status })),
    }
}

/// Waits for one child.
pub fn wait_for(pid: i32) -> io::Result<i32> {
    let mut status = 0;
    loop {
        // SAFETY: `status` outlives the call.
        match check(unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) }) {
            Ok(_) => return Ok(status),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Sends a signal (0 only asks whether one could).
pub fn kill(pid: i32, signal: libc::c_int) -> io::Result<()> {
    // SAFETY: plain numbers.
    check(unsafe { libc::kill(pid, signal) }).map(drop)
}

/// Waits until one of some descriptors can be read (or is closed at the other end), at most
/// `timeout_ms` milliseconds (-1: for ever).
pub fn wait_readable<const N: usize>(fds: [RawFd; N], timeout_ms: i32) -> [bool; N] {
    let mut polls = fds.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    // SAFETY: the array outlives the call and its length is given.
    let ready = unsafe { libc::poll(polls.as_mut_ptr(), N as libc::nfds_t, timeout_ms) };
    polls.map(|poll| ready > 0 && poll.revents != 0)
}

/// The Landlock version of this system, or why there is none.
pub fn landlock_abi() -> io::Result<u32> {
    const VERSION: libc::c_ulong = 1;
    // SAFETY: with this flag the call reads no attributes and answers with a number.
    let abi =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0usize, VERSION) };
    check(abi as libc::c_int).map(|abi| abi as u32)
}

/// Opens a place for naming it (no right to read or write), following no link on the way.
pub fn open_without_links(path: &CStr) -> io::Result<OwnedFd> {
    open_at(libc::AT_FDCWD, path, libc::O_PATH, libc::RESOLVE_NO_SYMLINKS)
}

/// `openat2`: `resolve` says what a path may not do on its way (`RESOLVE_*`). Files made are private.
pub fn open_at(folder: RawFd, path: &CStr, flags: libc::c_int, resolve: u64) -> io::Result<OwnedFd> {
    // SAFETY: all-zero is a valid open_how.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = (flags | libc::O_CLOEXEC) as u64;
    how.mode = if flags & libc::O_CREAT != 0 { 0o600 } else { 0 };
    how.resolve = resolve;
    // SAFETY: the string ends with NUL, the structure and its size are given together.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_openat2,
            folder,
            path.as_ptr(),
            &raw const how,
            std::mem::size_of::<libc::open_how>(),
        )
    };
    let fd = check(fd as libc::c_int)?;
    // SAFETY: the number was just returned and nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Gives a name in a folder another one, in the same folder.
pub fn rename_at(folder: RawFd, from: &CStr, to: &CStr) -> io::Result<()> {
    // SAFETY: both strings end with NUL.
    check(unsafe { libc::renameat(folder, from.as_ptr(), folder, to.as_ptr()) }).map(drop)
}

/// Writes to a file of the system that is there already.
pub fn write_existing(path: &CStr, bytes: &[u8]) -> io::Result<()> {
    std::fs::File::from(open_at(libc::AT_FDCWD, path, libc::O_WRONLY, 0)?).write_all(bytes)
}

/// Whether an internet socket can be made.
pub fn can_open_socket() -> io::Result<()> {
    // SAFETY: plain numbers.
    let fd = check(unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) })?;
    // SAFETY: the number was just returned and nothing else owns it.
    drop(unsafe { OwnedFd::from_raw_fd(fd) });
    Ok(())
}

pub fn send_with_fds(socket: RawFd, bytes: &[u8], fds: &[RawFd]) -> io::Result<()> {
    let rights = [ControlMessage::ScmRights(fds)];
    let parts = [io::IoSlice::new(bytes)];
    sendmsg::<()>(socket, &parts, &rights, MsgFlags::MSG_NOSIGNAL, None)?;
    Ok(())
}

/// One packet and the descriptors that came with it; no bytes means that the other end is gone.
pub fn receive_with_fds(socket: RawFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    receive(socket, buffer, MsgFlags::empty())
}

/// The same without waiting.
pub fn receive_now(socket: RawFd, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    receive(socket, buffer, MsgFlags::MSG_DONTWAIT)
}

fn receive(socket: RawFd, buffer: &mut [u8], flags: MsgFlags) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = nix::cmsg_space!([RawFd; 8]);
    let mut parts = [io::IoSliceMut::new(buffer)];
    let message = recvmsg::<()>(socket, &mut parts, Some(&mut space), flags | MsgFlags::MSG_CMSG_CLOEXEC)?;
    let mut fds = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(received) = control {
            // SAFETY: the system made these descriptors for us with this message.
            fds.extend(received.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }));
        }
    }
    Ok((message.bytes, fds))
}

/// Has the runtime of this thread tell when `fd` can be read.
pub fn watch_readable(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an owned descriptor is open and stays the same until it is dropped, which only the
    // watcher does.
    Ok(unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?)
}
