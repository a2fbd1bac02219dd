//! The small process that starts all others.
//!
//! Forking copies a process's page tables, so from a large `iosm` every start would cost more, and
//! among threads the copy may find locks held for ever. The helper is forked first thing in `main`,
//! does nothing but wait for packets, fork supervisors and bury them, and ends with `iosm`.

use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};

use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

use super::error::SandboxError;
use super::frame::{Failure, LAUNCH, PROBE, WITH_INPUT, WITH_NAMESPACES, WITH_SCRIPT, WITH_WATCH};
use super::namespaces::Session;
use super::supervisor::{Parcel, supervise};
use super::syscalls::Filters;
use super::view::Views;
use super::{probe, sys, tree};

/// Our end of the helper, which ends when this is dropped or `iosm` is gone. Commands end with their
/// own `Process`.
#[derive(Debug)]
pub struct Helper {
    socket: OwnedFd,
    pid: i32,
}

impl Helper {
    /// Forks the helper. To be called before any thread (hence before any runtime) and while the heap
    /// is small: first thing in `main`.
    pub fn start() -> Result<Self, SandboxError> {
        let threads = std::fs::read_dir("/proc/self/task").map_err(SandboxError::Start)?.count();
        if threads > 1 {
            return Err(SandboxError::Threads { threads });
        }
        let iosm = std::process::id() as i32;
        let (ours, theirs) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
                .map_err(|errno| SandboxError::Start(errno.into()))?;
        let number = theirs.as_raw_fd();
        let pid = sys::fork(|| match settle(number, iosm) {
            Ok(signals) => serve(&signals),
            Err(_) => 1,
        });
        Ok(Self { socket: ours, pid: pid.map_err(SandboxError::Start)? })
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // It would end with the socket, too, which closes only after this.
        let _ = sys::kill(self.pid, libc::SIGKILL);
        let _ = sys::wait_for(self.pid);
    }
}

/// What supervisors fence their commands with.
pub struct Means {
    pub filters: Result<Filters, String>,
    /// Made when first asked for.
    pub session: Option<Result<Session, Failure>>,
    pub views: Views,
}

/// Milliseconds between two goes at processes a killed supervisor left.
const AGAIN_MS: i32 = 2;

/// Where the helper keeps its socket.
const SOCKET: RawFd = 3;

/// Lets go of everything that is `iosm`'s: terminal, open files, signals.
fn settle(socket: RawFd, iosm: i32) -> io::Result<SignalFd> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL)?;
    if nix::unistd::getppid().as_raw() != iosm {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // Our memory holds a copy of the environment `iosm` was started with, keys and all.
    nix::sys::prctl::set_dumpable(false)?;
    nix::sys::prctl::set_child_subreaper(true)?;
    nix::unistd::setsid()?;
    sys::reset_signals();
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGQUIT, libc::SIGHUP, libc::SIGPIPE, libc::SIGTSTP] {
        sys::ignore_signal(signal);
    }
    let socket = sys::copy_above(socket, 16)?;
    let null = nix::fcntl::open(c"/dev/null", nix::fcntl::OFlag::O_RDWR, nix::sys::stat::Mode::empty())?;
    // From here on every number is closed or taken over; an owner would close it a second time.
    let null = sys::copy_above(null.into_raw_fd(), 16)?;
    for number in 0..3 {
        sys::place(null, number, true)?;
    }
    sys::place(socket, SOCKET, false)?;
    sys::close_from(SOCKET + 1)?;
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    mask.thread_block()?;
    Ok(SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?)
}

/// Serves until `iosm` is gone; the exit code.
fn serve(signals: &SignalFd) -> i32 {
    let Ok(views) = Views::new() else { return 1 };
    let mut means = Means { filters: Filters::compile(), session: None, views };
    let mut supervisors = HashSet::new();
    let mut strangers = false;
    loop {
        let timeout = if strangers { AGAIN_MS } else { -1 };
        let watched = [SOCKET, signals.as_raw_fd(), means.views.news()];
        let [asked, ended, news] = sys::wait_readable(watched, timeout);
        if ended || strangers {
            while let Ok(Some(_)) = signals.read_signal() {}
            strangers = bury(&mut supervisors);
        }
        if news {
            means.views.learn();
        }
        if !asked {
            continue;
        }
        let mut packet = [0; 2];
        match sys::receive_with_fds(SOCKET, &mut packet) {
            Ok((0, _)) => return 0,
            Ok((2, fds)) => accept(packet, fds, &mut means, &mut supervisors),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return 1,
        }
    }
}

/// Forks whoever is to handle a packet. A packet that makes no sense, or a fork that fails, closes the
/// control socket it brought, which its sender sees.
fn accept(packet: [u8; 2], fds: Vec<OwnedFd>, means: &mut Means, supervisors: &mut HashSet<i32>) {
    if packet[1] & WITH_NAMESPACES != 0 && !matches!(means.session, Some(Ok(_))) {
        // What failed may have been for want of something that is there now.
        means.session = Some(Session::make());
    }
    let helper = std::process::id() as i32;
    let supervisor = sys::fork(|| {
        // The helper's own end must not keep its socket open.
        let _ = nix::unistd::close(SOCKET);
        match packet[0] {
            LAUNCH => {
                if let Some(parcel) = unpack(packet[1], fds) {
                    supervise(parcel, means, helper);
                }
            }
            PROBE => probe::answer(fds, means, helper),
            _ => {}
        }
        0
    });
    supervisors.extend(supervisor.ok());
}

fn unpack(flags: u8, fds: Vec<OwnedFd>) -> Option<Parcel> {
    let mut fds = fds.into_iter();
    Some(Parcel {
        payload: fds.next()?,
        control: fds.next()?,
        output: fds.next()?,
        errors: fds.next()?,
        input: if flags & WITH_INPUT != 0 { Some(fds.next()?) } else { None },
        script: if flags & WITH_SCRIPT != 0 { Some(fds.next()?) } else { None },
        alive: if flags & WITH_WATCH != 0 { Some(fds.next()?) } else { None },
    })
}

/// Takes in supervisors that ended. What a killed one leaves behind comes to us and is ended here;
/// whether there was any.
fn bury(supervisors: &mut HashSet<i32>) -> bool {
    while let Ok(Some(child)) = sys::reap() {
        supervisors.remove(&child.pid);
    }
    tree::kill_strangers(supervisors)
}
