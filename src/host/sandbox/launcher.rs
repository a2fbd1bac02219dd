//! Asking the helper for a process, from the async side.

use std::ffi::CString;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use tokio::net::unix::pipe;

use super::error::SandboxError;
use super::frame::{
    Answer, LAUNCH, MOST_ANSWER, Order, PROBE, WITH_INPUT, WITH_NAMESPACES, WITH_SCRIPT, WITH_WATCH,
};
use super::helper::Helper;
use super::launch::{Command, Errors, Input, Launch, Layers, Network};
use super::protect::Protected;
use super::running::{Process, Running};
use super::strength::Strength;
use super::watch::{Baseline, Watches};
use super::{probe, sys};

/// Longest shell line given as an argument. Linux takes 128 KiB in one; longer ones come as a file.
const LONGEST_ARGUMENT: usize = 100_000;

const BASH: &str = "/bin/bash";
const SH: &str = "/bin/sh";

/// Starts processes. Clones share one helper.
#[derive(Debug, Clone)]
pub struct Launcher(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    helper: Helper,
    strength: OnceLock<Strength>,
    watches: Mutex<Watches>,
}

impl Launcher {
    pub fn new(helper: Helper) -> Self {
        Self(Arc::new(Shared { helper, strength: OnceLock::new(), watches: Mutex::default() }))
    }

    /// What the sandbox can do on this machine. Tried out at the first call (some milliseconds).
    pub async fn strength(&self) -> Result<Strength, SandboxError> {
        if let Some(known) = self.0.strength.get() {
            return Ok(known.clone());
        }
        let (ours, theirs) = control_pair()?;
        self.send([PROBE, WITH_NAMESPACES], &[theirs.as_raw_fd()])?;
        drop(theirs);
        let control = Process::watch(ours)?;
        let mut answer = vec![0; MOST_ANSWER];
        let (length, _) = control.receive(&mut answer).await?;
        let text = String::from_utf8_lossy(&answer[..length]);
        let strength = probe::read(&text).ok_or(SandboxError::Garbled)?;
        Ok(self.0.strength.get_or_init(|| strength).clone())
    }

    /// Starts a command and waits until it runs or it is known why it cannot. Dropping what comes
    /// back, or this future, ends the command and all it started.
    pub async fn spawn(&self, launch: Launch) -> Result<Running, SandboxError> {
        let Launch {
            command,
            cwd,
            env,
            read,
            write,
            protected,
            closed,
            sockets,
            network,
            limits,
            layers,
            ..
        } = launch;
        let (input, errors) = (launch.input, launch.errors);
        if network == Network::Proxied && !layers.namespaces {
            return Err(SandboxError::NeedsNamespaces);
        }
        let (argv, script) = arguments(command)?;
        let env =
            env.into_iter().map(|(name, value)| terminated(format!("{name}={value}"), "the environment"));
        let env = env.collect::<Result<_, _>>()?;
        let (baseline, alive) = self.watch(&protected, &write, layers)?;
        let protected = protected.firm;
        let order = Order {
            argv,
            env,
            cwd,
            read,
            write,
            protected,
            closed,
            sockets,
            network,
            limits,
            layers,
            baseline,
        };
        let payload = memory_file(&order.encode())?;
        let (ours, theirs) = control_pair()?;

        let (output, output_end) = pipe_out()?;
        let (errors, errors_end) = match errors {
            Errors::Merged => (None, output_end.try_clone().map_err(prepare("share the output pipe"))?),
            Errors::Apart => pipe_out().map(|(read, write)| (Some(read), write))?,
            Errors::Discarded => (None, null()?),
        };
        let (input, input_end) = match input {
            Input::Nothing => (None, None),
            Input::Bytes(bytes) => (None, Some(memory_file(&bytes)?)),
            Input::Pipe => pipe_in().map(|(write, read)| (Some(write), Some(read)))?,
        };

        let mut flags = if layers.namespaces { WITH_NAMESPACES } else { 0 };
        let mut fds: Vec<RawFd> =
            [&payload, &theirs, &output_end, &errors_end].map(AsRawFd::as_raw_fd).to_vec();
        for (end, flag) in [(&input_end, WITH_INPUT), (&script, WITH_SCRIPT), (&alive, WITH_WATCH)] {
            if let Some(end) = end {
                flags |= flag;
                fds.push(end.as_raw_fd());
            }
        }
        self.send([LAUNCH, flags], &fds)?;
        // The other ends must be the command's alone, or nobody would ever see it close them.
        drop((theirs, output_end, errors_end, input_end, alive));

        let mut process = Process::watch(ours)?;
        let (answer, proxy) = process.answer().await?;
        match answer {
            Answer::Started { pid } => process.started(pid),
            Answer::Failed(failure) => return Err(failure.into_error()),
            Answer::Ended(_) => return Err(SandboxError::Garbled),
        }
        Ok(Running { output, errors, input, proxy, process })
    }

    /// What to put back after a command, and what tells that it has been.
    fn watch(
        &self,
        protected: &Protected,
        write: &[PathBuf],
        layers: Layers,
    ) -> Result<(Baseline, Option<OwnedFd>), SandboxError> {
        if *protected == Protected::default() {
            return Ok((Baseline::default(), None));
        }
        let keep = prepare("keep the protected files");
        let mut watches = self.0.watches.lock().unwrap_or_else(PoisonError::into_inner);
        let baseline = watches.baseline(protected, write, layers.namespaces).map_err(&keep)?;
        let alive = watches.begin(baseline.clone()).map_err(&keep)?;
        Ok((baseline, Some(alive)))
    }

    fn send(&self, packet: [u8; 2], fds: &[RawFd]) -> Result<(), SandboxError> {
        sys::send_with_fds(self.0.helper.socket().as_raw_fd(), &packet, fds).map_err(SandboxError::HelperGone)
    }
}

fn prepare(what: &'static str) -> impl Fn(io::Error) -> SandboxError {
    move |source| SandboxError::Prepare { what, source }
}

fn terminated(text: impl Into<Vec<u8>>, what: &'static str) -> Result<CString, SandboxError> {
    CString::new(text).map_err(|_| SandboxError::Nul(what))
}

/// The arguments as the system takes them, and the file a very long shell line lies in.
fn arguments(command: Command) -> Result<(Vec<CString>, Option<OwnedFd>), SandboxError> {
    let what = "the command";
    match command {
        Command::Argv(argv) if argv.is_empty() => Err(SandboxError::Empty),
        Command::Argv(argv) => {
            let argv = argv.into_iter().map(|text| terminated(text.into_vec(), what));
            Ok((argv.collect::<Result<_, _>>()?, None))
        }
        Command::Shell(line) => {
            let shell = if Path::new(BASH).exists() { BASH } else { SH };
            if line.len() <= LONGEST_ARGUMENT {
                return Ok((vec![terminated(shell, what)?, c"-c".into(), terminated(line, what)?], None));
            }
            // The child finds it as its file number 3.
            let script = memory_file(line.as_bytes())?;
            Ok((vec![terminated(shell, what)?, c"/proc/self/fd/3".into()], Some(script)))
        }
    }
}

fn memory_file(bytes: &[u8]) -> Result<OwnedFd, SandboxError> {
    let failed = prepare("make a file in memory");
    let fd = memfd_create(c"iosm", MFdFlags::MFD_CLOEXEC).map_err(|errno| failed(errno.into()))?;
    let mut file = std::fs::File::from(fd);
    file.write_all(bytes).map_err(&failed)?;
    io::Seek::rewind(&mut file).map_err(&failed)?;
    Ok(file.into())
}

fn control_pair() -> Result<(OwnedFd, OwnedFd), SandboxError> {
    socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)
        .map_err(|errno| prepare("make a control socket")(errno.into()))
}

fn pipe_pair() -> Result<(OwnedFd, OwnedFd), SandboxError> {
    nix::unistd::pipe2(OFlag::O_CLOEXEC).map_err(|errno| prepare("make a pipe")(errno.into()))
}

/// Our end alone: how the other end behaves belongs to the command.
fn unblock(fd: &OwnedFd) -> Result<(), SandboxError> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
        .map(drop)
        .map_err(|errno| prepare("set up a pipe")(errno.into()))
}

fn pipe_out() -> Result<(pipe::Receiver, OwnedFd), SandboxError> {
    let (read, write) = pipe_pair()?;
    unblock(&read)?;
    let read = pipe::Receiver::from_owned_fd_unchecked(read).map_err(prepare("watch a pipe"))?;
    Ok((read, write))
}

fn pipe_in() -> Result<(pipe::Sender, OwnedFd), SandboxError> {
    let (read, write) = pipe_pair()?;
    unblock(&write)?;
    let write = pipe::Sender::from_owned_fd_unchecked(write).map_err(prepare("watch a pipe"))?;
    Ok((write, read))
}

fn null() -> Result<OwnedFd, SandboxError> {
    let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
    nix::fcntl::open(c"/dev/null", flags, nix::sys::stat::Mode::empty())
        .map_err(|errno| prepare("open /dev/null")(errno.into()))
}
