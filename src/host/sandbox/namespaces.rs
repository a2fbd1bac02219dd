//! The namespaces layer: users, mounts, processes, network and messages of a command's own.
//!
//! What all commands of one `iosm` share is made once, by a process that ends at once and leaves only
//! descriptors: a user namespace (in it everybody is the user, and nobody has capabilities but our own
//! supervisors), an offline network with a loopback (so that a server that one command started answers
//! the next), and a mount namespace that views are made from. Joining what exists costs a fraction of
//! making it; a network takes milliseconds to make and to take down.

use std::io;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::libc;
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

use super::frame::{Answer, Failure, MOST_ANSWER, Order, Step};
use super::launch::Network;
use super::view::{self, Views};
use super::{mounts, sys};

/// Where a proxied command finds its way out.
pub const PROXY: &str = "127.0.0.1:8118";

/// Descriptors of what commands share.
pub struct Session {
    user: OwnedFd,
    network: OwnedFd,
    mounts: OwnedFd,
}

pub fn failed(what: &'static str) -> impl Fn(io::Error) -> Failure {
    move |error| Failure::new(Step::Namespaces, &error, what)
}

fn errno(what: &'static str) -> impl Fn(nix::Error) -> Failure {
    move |errno| Failure::new(Step::Namespaces, &errno.into(), what)
}

impl Session {
    /// Makes what commands share, in a process of its own. Called by the helper.
    pub fn make() -> Result<Self, Failure> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let (ours, theirs) = socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)
            .map_err(errno("make a socket"))?;
        let maker = sys::fork(|| {
            match make_shared() {
                Ok(made) => {
                    let fds = made.each_ref().map(AsRawFd::as_raw_fd);
                    let _ = sys::send_with_fds(theirs.as_raw_fd(), b"made", &fds);
                }
                Err(failure) => sys::write_fd(theirs.as_raw_fd(), &Answer::Failed(failure).encode()),
            }
            0
        });
        let maker = maker.map_err(failed("fork"))?;
        drop(theirs);
        let mut answer = [0; MOST_ANSWER];
        let told = sys::receive_with_fds(ours.as_raw_fd(), &mut answer);
        let _ = sys::wait_for(maker);
        let (length, fds) = told.map_err(failed("hear of the namespaces"))?;
        match (<[OwnedFd; 3]>::try_from(fds), Answer::decode(&answer[..length])) {
            (Ok([user, network, mounts]), _) => Ok(Self { user, network, mounts }),
            (_, Some(Answer::Failed(failure))) => Err(failure),
            _ => Err(failed("make namespaces")(io::Error::from_raw_os_error(libc::ECHILD))),
        }
    }
}

/// User, network and mounts, in this order.
fn make_shared() -> Result<[OwnedFd; 3], Failure> {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    unshare(CloneFlags::CLONE_NEWUSER).map_err(errno("make a user namespace"))?;
    // The files below belong to the system as long as nobody may look into this process.
    nix::sys::prctl::set_dumpable(true).map_err(errno("open this process to itself"))?;
    // Everybody is who they are outside, so files made inside are the user's.
    let write = |path: &std::ffi::CStr, text: String| sys::write_existing(path, text.as_bytes());
    write(c"/proc/self/setgroups", "deny".into()).map_err(failed("give up groups"))?;
    write(c"/proc/self/gid_map", format!("{group} {group} 1")).map_err(failed("map the group"))?;
    write(c"/proc/self/uid_map", format!("{user} {user} 1")).map_err(failed("map the user"))?;
    nix::sys::prctl::set_dumpable(false).map_err(errno("close this process"))?;
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET).map_err(errno("make namespaces"))?;
    mounts::loopback_up().map_err(failed("switch the loopback on"))?;
    let open = |path: &str| std::fs::File::open(path).map(OwnedFd::from).map_err(failed("open a namespace"));
    let (user, network) = (open("/proc/self/ns/user")?, open("/proc/self/ns/net")?);
    view::make_ground()?;
    let mounts = open(&format!("{}/proc/self/ns/mnt", view::HOST))?;
    Ok([user, network, mounts])
}

/// What entering brought along.
pub struct Entered {
    /// The socket of [`PROXY`].
    pub proxy: Option<OwnedFd>,
}

/// Takes this process, a supervisor, to where its command will live, with every capability there and
/// none outside. Processes it starts from now on are in a namespace of their own, the first of them its
/// init; it is itself not in it.
pub fn enter(order: &Order, session: &Session, views: &Views) -> Result<Entered, Failure> {
    let view = view::Wanted::of(order, views)?;
    setns(&session.user, CloneFlags::CLONE_NEWUSER).map_err(errno("join the user namespace"))?;
    let proxy = match order.network {
        Network::All => None,
        Network::None => {
            setns(&session.network, CloneFlags::CLONE_NEWNET).map_err(errno("join the network"))?;
            None
        }
        Network::Proxied => {
            unshare(CloneFlags::CLONE_NEWNET).map_err(errno("make a network"))?;
            mounts::loopback_up().map_err(failed("switch the loopback on"))?;
            // A socket belongs to the network it was made in, wherever it is handed.
            #[allow(clippy::disallowed_methods, reason = "it listens inside, for the proxy of host")]
            let listener = TcpListener::bind(PROXY).map_err(failed("listen for the proxy"))?;
            Some(listener.into())
        }
    };
    view.enter(&session.mounts, views)?;
    unshare(CloneFlags::CLONE_NEWPID).map_err(errno("make a process namespace"))?;
    Ok(Entered { proxy })
}
