//! The first process of a command's own process namespace.
//!
//! It starts the command, takes in whatever loses its parent, and when the command ends, kills the rest
//! at one stroke and tells the supervisor. When it ends itself, for whatever reason, the system ends
//! everything in the namespace with it. Nothing inside can signal, trace or look into it.

use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::child::{Standard, become_command};
use super::frame::{Answer, Failure, Order};
use super::mounts::{self, NO_DEVICES, NO_PROGRAMS, NO_SETUID, READ_ONLY};
use super::namespaces::failed;
use super::syscalls::Filters;
use super::tree::{Killed, Usage};
use super::{child, sys, tree};

/// What the supervisor writes to have everything ended; closing the leash does the same.
pub const END: &[u8] = b"e";

/// Where an init keeps its end of the socket to its supervisor.
const LEASH: RawFd = 3;

/// How long killed processes may take to go. The supervisor waits longer, then kills this one.
const PATIENCE: Duration = Duration::from_secs(1);

/// What an init tells its supervisor last, when all others are gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LastWords {
    /// As `waitpid` gives it; none when the command was killed with the rest before it could be seen.
    pub status: Option<i32>,
    pub strays: u32,
    pub left: u32,
    pub usage: Usage,
}

impl LastWords {
    fn encode(self) -> Vec<u8> {
        let Self { status, strays, left, usage } = self;
        let status = [u64::from(status.is_some()), status.unwrap_or(0) as u64];
        let others = [u64::from(strays), u64::from(left), usage.cpu_ms, usage.max_rss_kb];
        status.into_iter().chain(others).flat_map(u64::to_le_bytes).collect()
    }

    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (numbers, []) = bytes.as_chunks::<8>() else { return None };
        let numbers: Vec<u64> = numbers.iter().copied().map(u64::from_le_bytes).collect();
        let [some, status, strays, left, cpu_ms, max_rss_kb] = numbers[..] else { return None };
        Some(Self {
            status: (some == 1).then_some(status as i32),
            strays: strays as u32,
            left: left as u32,
            usage: Usage { cpu_ms, max_rss_kb },
        })
    }
}

/// Lives the life of an init; the exit code. Failures before the command runs go to `standard.status`.
pub fn live(order: &Order, filters: Option<&Filters>, standard: Standard, leash: RawFd) -> i32 {
    match start(order, filters, standard, leash) {
        Ok((command, signals)) => {
            let words = watch(command, &signals);
            sys::write_fd(LEASH, &words.encode());
            0
        }
        Err(failure) => {
            sys::write_fd(standard.status, &Answer::Failed(failure).encode());
            127
        }
    }
}

fn start(
    order: &Order,
    filters: Option<&Filters>,
    standard: Standard,
    leash: RawFd,
) -> Result<(i32, SignalFd), Failure> {
    let errno = |what: &'static str| move |errno: nix::Error| failed(what)(errno.into());
    settle()?;
    // Blocked here before the command can end, set free again in the command.
    let mut mask = SigSet::empty();
    mask.add(Signal::SIGCHLD);
    mask.thread_block().map_err(errno("block signals"))?;
    let command = sys::fork(|| {
        let (failure, status) = become_command(order, filters, standard);
        sys::write_fd(status, &Answer::Failed(failure).encode());
        127
    });
    let command = command.map_err(failed("fork"))?;
    // Whoever reads what the command writes is to see its end and not ours; and the supervisor's end
    // of the leash must be the supervisor's alone.
    let keep = || -> std::io::Result<()> {
        sys::place(sys::copy_above(leash, 16)?, LEASH, false)?;
        sys::close_from(LEASH + 1)
    };
    keep().map_err(failed("close files"))?;
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    let signals = SignalFd::with_flags(&mask, flags).map_err(errno("watch signals"))?;
    sys::drop_all_capabilities().map_err(failed("give up capabilities"))?;
    nix::sys::prctl::set_pdeathsig(Signal::SIGKILL).map_err(errno("set a death signal"))?;
    Ok((command, signals))
}

/// Namespaces and a `/proc` of this command alone.
pub fn settle() -> Result<(), Failure> {
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC)
        .map_err(|errno| failed("make namespaces")(errno.into()))?;
    own_processes().map_err(failed("mount /proc"))
}

/// A `/proc` that shows this namespace only. It lies on top of the machine's, which a new one cannot be
/// mounted without, and which nobody can reach below it.
fn own_processes() -> std::io::Result<()> {
    let processes = mounts::make(c"proc", &[], NO_SETUID | NO_DEVICES | NO_PROGRAMS)?;
    let place = sys::open_without_links(c"/proc")?;
    mounts::attach(processes.as_fd(), place.as_fd())?;
    // Inherited by all that will run here; afterwards nothing in there is to be written.
    let _ = child::raise_oom_score();
    mounts::restrict(processes.as_fd(), READ_ONLY, false)
}

fn watch(command: i32, signals: &SignalFd) -> LastWords {
    loop {
        let [asked, ended] = sys::wait_readable([LEASH, signals.as_raw_fd()], -1);
        if ended {
            while let Ok(Some(_)) = signals.read_signal() {}
            let mut status = None;
            while let Ok(Some(child)) = sys::reap() {
                if child.pid == command {
                    status = Some(child.status);
                }
            }
            if status.is_some() {
                return end(command, status);
            }
        }
        if asked {
            return end(command, None);
        }
    }
}

fn end(command: i32, status: Option<i32>) -> LastWords {
    let Killed { killed, left, watched } = tree::kill_all(true, command, PATIENCE);
    LastWords { status: status.or(watched), strays: killed, left, usage: Usage::of_children() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_words_come_back_as_they_were() {
        for status in [None, Some(9), Some(-1)] {
            let usage = Usage { cpu_ms: 5, max_rss_kb: 6 };
            let words = LastWords { status, strays: 3, left: 4, usage };
            assert_eq!(LastWords::decode(&words.encode()), Some(words));
        }
        assert_eq!(LastWords::decode(&[0; 11]), None);
        assert_eq!(LastWords::decode(&[]), None);
    }
}
