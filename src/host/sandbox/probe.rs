//! Finding out what the sandbox can do here, by doing it.
//!
//! That a call succeeds proves little in containers and under emulation: the probe loads each layer
//! in a process of its own and then tries what must be refused.

use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};

use nix::libc;

use super::frame::Order;
use super::helper::Means;
use super::launch::{Layers, Limits, Network};
use super::strength::Strength;
use super::syscalls::{Filters, Sockets};
use super::watch::Baseline;
use super::{files, init, namespaces, sys};

/// Refused behind the fence; in no list of `files`.
const REFUSED: &str = "/";

/// No reason to say no.
const FINE: &str = "fine";

/// Probes in this process, which is good for nothing else afterwards, and answers.
pub fn answer(fds: Vec<OwnedFd>, means: &Means, helper: i32) {
    let Some(control) = fds.first() else { return };
    // In a process of its own, since it leaves this one elsewhere.
    let namespaces = in_a_child(|| namespaces(means));
    let landlock = landlock(helper);
    let seccomp = seccomp(&means.filters);
    let mut lines = [String::new(), String::new(), String::new(), String::new()];
    match landlock {
        Ok(abi) => lines[0] = abi.to_string(),
        Err(why) => lines[1] = why,
    }
    lines[2] = seccomp.err().unwrap_or_default();
    lines[3] = namespaces.err().unwrap_or_default();
    sys::write_fd(control.as_raw_fd(), lines.join("\n").as_bytes());
}

/// Reads what [`answer`] wrote.
pub fn read(answer: &str) -> Option<Strength> {
    let mut lines = answer.splitn(4, '\n');
    let (abi, files, calls, names) = (lines.next()?, lines.next()?, lines.next()?, lines.next()?);
    let landlock = abi.parse().map_err(|_| files.to_owned());
    let held = |why: &str| if why.is_empty() { Ok(()) } else { Err(why.to_owned()) };
    Some(Strength::from_probe(held(names), landlock, held(calls)))
}

fn an_order(layers: Layers) -> Order {
    Order {
        argv: Vec::new(),
        env: Vec::new(),
        cwd: REFUSED.into(),
        read: Vec::new(),
        write: Vec::new(),
        protected: Vec::new(),
        closed: Vec::new(),
        sockets: Vec::new(),
        network: Network::None,
        limits: Limits::default(),
        layers,
        baseline: Baseline::default(),
    }
}

/// What `work` says, from a child of this process.
fn in_a_child(work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let (told, tell) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(|errno| one_line(&errno))?;
    let child = sys::fork(|| {
        sys::write_fd(tell.as_raw_fd(), work().err().unwrap_or_else(|| FINE.to_owned()).as_bytes());
        0
    });
    let child = child.map_err(|error| one_line(&error))?;
    drop(tell);
    let mut said = String::new();
    let _ = std::fs::File::from(told).read_to_string(&mut said);
    let _ = sys::wait_for(child);
    match said.as_str() {
        FINE => Ok(()),
        "" => Err("the process that tried them died".into()),
        why => Err(why.to_owned()),
    }
}

/// Goes all the way: a call that succeeds may still be followed by a mount that does not.
fn namespaces(means: &Means) -> Result<(), String> {
    let session = match &means.session {
        Some(Ok(session)) => session,
        Some(Err(failure)) => return Err(failure.brief()),
        None => return Err("not tried".into()),
    };
    let order = an_order(Layers::ALL);
    namespaces::enter(&order, session, &means.views).map_err(|failure| failure.brief())?;
    in_a_child(|| {
        init::settle().map_err(|failure| failure.brief())?;
        if std::process::id() != 1 {
            return Err("processes are not apart".into());
        }
        if sys::open_at(libc::AT_FDCWD, c"/iosm", libc::O_CREAT | libc::O_WRONLY, 0).is_ok() {
            return Err("files are not apart".into());
        }
        Ok(())
    })
}

fn landlock(helper: i32) -> Result<u32, String> {
    let abi = sys::landlock_abi().map_err(|error| one_line(&error))?;
    let order = an_order(Layers::REDUCED);
    files::restrict(&order).map_err(|failure| one_line(&failure.into_error()))?;
    if std::fs::read_dir(REFUSED).is_ok() {
        return Err("it loads and refuses nothing".into());
    }
    // Under an older fence of ours both were refused before, too: loading has to be proof enough there.
    if abi >= 6 && sys::kill(helper, 0).is_ok() {
        return Err("it loads and lets signals out".into());
    }
    Ok(abi)
}

fn seccomp(filters: &Result<Filters, String>) -> Result<(), String> {
    let filters = filters.as_ref().map_err(Clone::clone)?;
    nix::sys::prctl::set_no_new_privs().map_err(|errno| one_line(&io::Error::from(errno)))?;
    filters.apply(Sockets::None).map_err(|error| one_line(&error))?;
    match sys::can_open_socket() {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => Ok(()),
        Err(error) => Err(format!("a socket is refused by something else ({})", one_line(&error))),
        Ok(()) => Err("it loads and refuses nothing".into()),
    }
}

fn one_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().replace('\n', " ")
}
