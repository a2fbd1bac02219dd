//! The process that stands above one command from its start until nothing of it is left.

use std::io::{Read, Seek};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use nix::libc;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

use super::child::{Standard, become_command};
use super::frame::{Answer, Failure, KILL, MOST_ANSWER, Order, Step};
use super::helper::Means;
use super::init::{self, LastWords};
use super::namespaces::{self, Entered};
use super::report::{Ended, Exit, Status};
use super::tree::{Killed, Usage};
use super::watch::Mended;
use super::{files, sys, tree};

/// Between asking processes to end and killing them.
const GRACE: Duration = Duration::from_millis(300);

/// Between two looks at the size of the tree.
const WATCH: Duration = Duration::from_millis(100);

/// The first look comes sooner: a fork bomb doubles every millisecond.
const FIRST_WATCH: Duration = Duration::from_millis(20);

/// How long killed processes may take to go before the end is reported without them.
const PATIENCE: Duration = Duration::from_secs(2);

/// What came with a launch request.
pub struct Parcel {
    pub payload: OwnedFd,
    pub control: OwnedFd,
    pub output: OwnedFd,
    pub errors: OwnedFd,
    pub input: Option<OwnedFd>,
    pub script: Option<OwnedFd>,
    /// Open as long as we live.
    pub alive: Option<OwnedFd>,
}

/// Runs one command to its end. `helper` is the parent's process id.
pub fn supervise(parcel: Parcel, means: &Means, helper: i32) {
    let Parcel { payload, control, output, errors, input, script, alive: _alive } = parcel;
    let files = [Some(output), Some(errors), input, script];
    // Whoever started this may not be there to hear it any more.
    match Supervisor::start(payload, control.as_raw_fd(), files, means, helper) {
        Ok(supervisor) => {
            let mut exit = supervisor.run();
            let order = &supervisor.order;
            let Mended { restored, damaged } = order.baseline.mend(&order.write, &order.protected);
            (exit.restored, exit.damaged) = (restored, damaged);
            let left = exit.left;
            say(supervisor.control, &Answer::Ended(exit));
            // Not waited for, but not given up either.
            if left > 0 {
                tree::kill_all(supervisor.alone, supervisor.command, Duration::MAX);
            }
        }
        Err(failure) => say(control.as_raw_fd(), &Answer::Failed(failure)),
    }
}

fn say(control: RawFd, answer: &Answer) {
    sys::write_fd(control, &answer.encode());
}

fn say_with(control: RawFd, answer: &Answer, fd: &OwnedFd) {
    let _ = sys::send_with_fds(control, &answer.encode(), &[fd.as_raw_fd()]);
}

struct Supervisor {
    control: RawFd,
    signals: SignalFd,
    order: Order,
    command: i32,
    /// Signals of this process reach its descendants only.
    alone: bool,
    /// With namespaces, the way to their init, which is then what `command` names.
    leash: Option<OwnedFd>,
}

impl Supervisor {
    /// Starts the command and lets go of the files that are its own: their ends are to be seen when
    /// the last of its processes is gone.
    fn start(
        payload: OwnedFd,
        control: RawFd,
        files: [Option<OwnedFd>; 4],
        means: &Means,
        helper: i32,
    ) -> Result<Self, Failure> {
        let setup = |what: &'static str| move |error: std::io::Error| Failure::new(Step::Setup, &error, what);
        let order = read_order(payload).map_err(setup("request"))?;
        nix::sys::prctl::set_child_subreaper(true).map_err(|errno| setup("subreaper")(errno.into()))?;
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        mask.thread_block().map_err(|errno| setup("signals")(errno.into()))?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        let signals = SignalFd::with_flags(&mask, flags).map_err(|errno| setup("signals")(errno.into()))?;
        let filters = means.filters.as_ref().ok();
        let entered = if order.layers.namespaces { Some(enter(&order, means)?) } else { None };
        let alone = entered.is_none() && order.layers.landlock && stand_alone(helper)?;
        let leash = entered.as_ref().map(|_| leash()).transpose().map_err(setup("leash"))?;
        let (told, tell) =
            nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).map_err(|errno| setup("pipe")(errno.into()))?;
        let number = |index: usize| files[index].as_ref().map(AsRawFd::as_raw_fd);
        let standard = Standard {
            output: number(0).unwrap_or(1),
            errors: number(1).unwrap_or(2),
            input: number(2),
            script: number(3),
            status: tell.as_raw_fd(),
        };
        let command = sys::fork(|| {
            if let Some((_, theirs)) = &leash {
                return init::live(&order, filters, standard, theirs.as_raw_fd());
            }
            let (failure, status) = become_command(&order, filters, standard);
            sys::write_fd(status, &Answer::Failed(failure).encode());
            127
        });
        let command = command.map_err(|error| Failure::new(Step::Fork, &error, ""))?;
        drop(tell);
        let mut last_words = Vec::with_capacity(MOST_ANSWER);
        std::fs::File::from(told).read_to_end(&mut last_words).map_err(setup("start"))?;
        match Answer::decode(&last_words) {
            Some(Answer::Failed(failure)) => {
                let _ = sys::wait_for(command);
                Err(failure)
            }
            _ => {
                let started = Answer::Started { pid: command };
                match entered.and_then(|entered| entered.proxy) {
                    Some(proxy) => say_with(control, &started, &proxy),
                    None => say(control, &started),
                }
                let leash = leash.map(|(ours, _)| ours);
                Ok(Self { control, signals, order, command, alone, leash })
            }
        }
    }

    /// Waits for the command's end or a reason to end it, and leaves nothing behind.
    fn run(&self) -> Exit {
        let limits = self.order.limits;
        let watched = limits.processes.is_some() || limits.memory_bytes.is_some();
        let mut next_look = watched.then(|| Instant::now() + FIRST_WATCH);
        // The system overlooks a negative number.
        let leash = self.leash.as_ref().map_or(-1, AsRawFd::as_raw_fd);
        loop {
            let timeout = next_look.map_or(-1, millis_until);
            let [asked, child, said] =
                sys::wait_readable([self.control, self.signals.as_raw_fd(), leash], timeout);
            if said {
                return self.finish(None, None);
            }
            if child {
                self.drain_signals();
                // An init says so itself, before it ends.
                if self.leash.is_none()
                    && let Some(status) = self.reap()
                {
                    return self.finish(Some(status), None);
                }
            }
            if asked {
                let status = if self.asked_kindly() { self.terminate() } else { None };
                return self.finish(status, Some(Ended::Request));
            }
            if next_look.is_some_and(|at| at <= Instant::now()) {
                if let Some((reason, seen)) = self.over_limit() {
                    let mut exit = self.finish(None, Some(reason));
                    // Of processes that die together, a parent may bury a child before it dies itself.
                    exit.strays = exit.strays.max(seen);
                    return exit;
                }
                next_look = Some(Instant::now() + WATCH);
            }
        }
    }

    fn drain_signals(&self) {
        while let Ok(Some(_)) = self.signals.read_signal() {}
    }

    /// Takes in everybody that ended; the command's status if it was among them.
    fn reap(&self) -> Option<i32> {
        let mut status = None;
        while let Ok(Some(child)) = sys::reap() {
            if child.pid == self.command {
                status = Some(child.status);
            }
        }
        status
    }

    /// Whether the control socket asks to end; otherwise it was closed, and nobody waits any more.
    fn asked_kindly(&self) -> bool {
        let mut byte = [0];
        matches!(sys::receive_with_fds(self.control, &mut byte), Ok((1, _)) if byte[0] == KILL)
    }

    /// Asks all to end and gives them a moment.
    fn terminate(&self) -> Option<i32> {
        tree::terminate();
        let deadline = Instant::now() + GRACE;
        if let Some(leash) = &self.leash {
            sys::wait_readable([leash.as_raw_fd()], millis_until(deadline));
            return None;
        }
        let mut status = None;
        loop {
            match sys::reap() {
                Ok(Some(child)) if child.pid == self.command => status = Some(child.status),
                Ok(Some(_)) => {}
                Err(_) => return status,
                Ok(None) if Instant::now() >= deadline => return status,
                Ok(None) => {
                    let signals = self.signals.as_raw_fd();
                    sys::wait_readable([signals, signals], millis_until(deadline));
                    self.drain_signals();
                }
            }
        }
    }

    /// Which limit is passed, and how many processes besides the command itself there are.
    fn over_limit(&self) -> Option<(Ended, u32)> {
        let limits = self.order.limits;
        // An init is ours and counts for nobody.
        let ours = usize::from(self.leash.is_some());
        let most = limits.processes.map_or(usize::MAX, |most| most as usize + 1 + ours);
        let pids = tree::descendants(most);
        let seen = pids.len().saturating_sub(1 + ours) as u32;
        if pids.len() >= most {
            return Some((Ended::Processes, seen));
        }
        let over = limits.memory_bytes.is_some_and(|most| tree::resident(&pids) > most);
        over.then_some((Ended::Memory, seen))
    }

    fn finish(&self, status: Option<i32>, ended_by: Option<Ended>) -> Exit {
        let words = match &self.leash {
            Some(leash) => self.end_namespace(leash),
            None => {
                let Killed { killed, left, watched } = tree::kill_all(self.alone, self.command, PATIENCE);
                let status = status.or(watched);
                LastWords { status, strays: killed, left, usage: Usage::of_children() }
            }
        };
        let status = words.status.unwrap_or(libc::SIGKILL);
        Exit {
            status: if libc::WIFEXITED(status) {
                Status::Code(libc::WEXITSTATUS(status))
            } else {
                Status::Signal(libc::WTERMSIG(status))
            },
            ended_by,
            cpu_ms: words.usage.cpu_ms,
            max_rss_kb: words.usage.max_rss_kb,
            strays: words.strays,
            left: words.left,
            restored: Vec::new(),
            damaged: Vec::new(),
        }
    }

    /// Has the init end everything, or ends it with everything.
    fn end_namespace(&self, leash: &OwnedFd) -> LastWords {
        let leash = leash.as_raw_fd();
        let mut bytes = [0; 64];
        let mut hear = || {
            let (length, _) = sys::receive_now(leash, &mut bytes).ok()?;
            LastWords::decode(&bytes[..length])
        };
        // To ask who has already said so and gone is an error, which comes before the last words.
        let words = hear().or_else(|| {
            sys::write_fd(leash, init::END);
            sys::wait_readable([leash], PATIENCE.as_millis() as i32);
            hear().or_else(&mut hear)
        });
        if let Some(words) = words {
            return words;
        }
        let killed = tree::kill_all(false, self.command, PATIENCE);
        LastWords { left: killed.left, usage: Usage::of_children(), ..LastWords::default() }
    }
}

/// The namespaces an order asks for.
fn enter(order: &Order, means: &Means) -> Result<Entered, Failure> {
    let absent = || Failure::new(Step::Namespaces, &std::io::Error::from_raw_os_error(libc::ENOSYS), "make");
    match &means.session {
        Some(Ok(session)) => namespaces::enter(order, session, &means.views),
        Some(Err(failure)) => Err(failure.clone()),
        None => Err(absent()),
    }
}

/// Ours and the init's end.
fn leash() -> std::io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?)
}

fn millis_until(at: Instant) -> i32 {
    at.saturating_duration_since(Instant::now()).as_millis() as i32 + 1
}

fn read_order(payload: OwnedFd) -> std::io::Result<Order> {
    let mut file = std::fs::File::from(payload);
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Order::decode(&bytes).ok_or_else(|| std::io::Error::from_raw_os_error(libc::EBADMSG))
}

/// Confines the signals of this process to its descendants, and makes sure of it: the helper, which
/// could be reached before, must be out of reach after. Only then is a signal to "everybody" safe.
fn stand_alone(helper: i32) -> Result<bool, Failure> {
    let before = sys::kill(helper, 0).is_ok();
    if !files::scope_signals()? {
        return Ok(false);
    }
    let after = sys::kill(helper, 0);
    Ok(before && after.is_err_and(|error| error.raw_os_error() == Some(libc::EPERM)))
}
