//! Finding out what the sandbox can do here, by doing it.
//!
//! That a call succeeds proves little in containers and under emulation: the probe loads each layer
//! in a process of its own and then tries what must be refused.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::libc;

use super::frame::Order;
use super::launch::{Layers, Limits, Network};
use super::strength::Strength;
use super::syscalls::Filters;
use super::{files, sys};

/// Refused behind the fence; in no list of `files`.
const REFUSED: &str = "/";

/// Probes in this process, which is good for nothing else afterwards, and answers.
pub fn answer(fds: Vec<OwnedFd>, filters: &Result<Filters, String>, helper: i32) {
    let Some(control) = fds.first() else { return };
    let landlock = landlock(helper);
    let seccomp = seccomp(filters);
    let lines = match (&landlock, &seccomp) {
        (Ok(abi), Ok(())) => format!("{abi}\n\n"),
        (Ok(abi), Err(why)) => format!("{abi}\n\n{why}"),
        (Err(files), Ok(())) => format!("\n{files}\n"),
        (Err(files), Err(calls)) => format!("\n{files}\n{calls}"),
    };
    sys::write_fd(control.as_raw_fd(), lines.as_bytes());
}

/// Reads what [`answer`] wrote.
pub fn read(answer: &str) -> Option<Strength> {
    let mut lines = answer.splitn(3, '\n');
    let (abi, files, calls) = (lines.next()?, lines.next()?, lines.next()?);
    let landlock = abi.parse().map_err(|_| files.to_owned());
    let seccomp = if calls.is_empty() { Ok(()) } else { Err(calls.to_owned()) };
    Some(Strength::from_probe(landlock, seccomp))
}

fn landlock(helper: i32) -> Result<u32, String> {
    let abi = sys::landlock_abi().map_err(|error| one_line(&error))?;
    let order = Order {
        argv: Vec::new(),
        env: Vec::new(),
        cwd: REFUSED.into(),
        read: Vec::new(),
        write: Vec::new(),
        network: Network::None,
        limits: Limits::default(),
        layers: Layers::ALL,
    };
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
    filters.apply(false).map_err(|error| one_line(&error))?;
    match sys::can_open_socket() {
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => Ok(()),
        Err(error) => Err(format!("a socket is refused by something else ({})", one_line(&error))),
        Ok(()) => Err("it loads and refuses nothing".into()),
    }
}

fn one_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().replace('\n', " ")
}
