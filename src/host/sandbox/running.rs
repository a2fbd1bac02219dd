//! A command that runs: its output, its end, and the way to end it.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Mutex;

use nix::sys::socket::{MsgFlags, send};
use tokio::io::AsyncReadExt;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;

use super::error::SandboxError;
use super::frame::{Answer, KILL, MOST_ANSWER};
use super::report::Exit;
use super::sys;

/// The reading end of a command's output.
pub type Output = pipe::Receiver;

/// A command that runs. Read `output` while waiting: a command whose pipe is full waits for you.
#[derive(Debug)]
pub struct Running {
    /// Standard output, with standard error unless that goes elsewhere. Ends when the last process
    /// of the command is gone.
    pub output: Output,
    /// With `Errors::Apart`.
    pub errors: Option<Output>,
    /// With `Input::Pipe`.
    pub input: Option<pipe::Sender>,
    /// With `Network::Proxied`: a socket that listens on `127.0.0.1:8118` of the command's own network.
    /// Whoever accepts on it answers the command, and connects onwards from our network.
    pub proxy: Option<OwnedFd>,
    pub process: Process,
}

impl Running {
    /// See [`Process::kill`].
    pub fn kill(&self) {
        self.process.kill();
    }

    /// See [`Process::wait`].
    pub async fn wait(&self) -> Result<Exit, SandboxError> {
        self.process.wait().await
    }

    /// Reads to the end and waits. Output beyond `most` bytes is read and dropped. Standard error kept
    /// apart is dropped, input is closed.
    pub async fn finish(self, most: usize) -> Result<(Vec<u8>, Exit), SandboxError> {
        let Self { mut output, errors, input, proxy: _proxy, process } = self;
        drop(input);
        let drain = async {
            match errors {
                Some(mut errors) => collect(&mut errors, 0).await.map(drop),
                None => Ok(()),
            }
        };
        let (bytes, (), exit) = tokio::try_join!(collect(&mut output, most), drain, process.wait())?;
        Ok((bytes, exit))
    }
}

async fn collect(output: &mut Output, most: usize) -> Result<Vec<u8>, SandboxError> {
    let mut kept = Vec::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        let read = output.read(&mut chunk).await;
        match read.map_err(|source| SandboxError::Prepare { what: "read the output", source })? {
            0 => return Ok(kept),
            length => {
                let room = most.saturating_sub(kept.len());
                kept.extend_from_slice(&chunk[..length.min(room)]);
            }
        }
    }
}

/// The control of one command. Dropping it kills the command and everything it started, at once.
#[derive(Debug)]
pub struct Process {
    control: AsyncFd<OwnedFd>,
    pid: i32,
    exit: Mutex<Option<Exit>>,
}

impl Process {
    pub(super) fn watch(control: OwnedFd) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::Prepare { what: "watch the control socket", source };
        let control = sys::watch_readable(control).map_err(failed)?;
        Ok(Self { control, pid: 0, exit: Mutex::new(None) })
    }

    pub(super) fn started(&mut self, pid: i32) {
        self.pid = pid;
    }

    /// The process id of the command, which is also its process group and session. With namespaces,
    /// that of the init above it, as seen from outside.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Asks everything the command started to end, and kills after 300 ms what has not. Returns at
    /// once; [`wait`](Self::wait) tells when it is done.
    pub fn kill(&self) {
        // Fails only when the supervisor is gone, and the command with it.
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        let _ = send(self.control.as_raw_fd(), &[KILL], flags);
    }

    /// Waits until the command and everything it started are gone. May be called again.
    pub async fn wait(&self) -> Result<Exit, SandboxError> {
        if let Some(exit) = self.known() {
            return Ok(exit);
        }
        match self.answer().await {
            Ok((Answer::Ended(exit), _)) => {
                *self.exit.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(exit.clone());
                Ok(exit)
            }
            Ok(_) => Err(SandboxError::Garbled),
            // Another task that waited has had the answer.
            Err(error) => self.known().ok_or(error),
        }
    }

    fn known(&self) -> Option<Exit> {
        self.exit.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    pub(super) async fn answer(&self) -> Result<(Answer, Option<OwnedFd>), SandboxError> {
        let mut bytes = vec![0; MOST_ANSWER];
        let (length, fds) = self.receive(&mut bytes).await?;
        let answer = Answer::decode(&bytes[..length]).ok_or(SandboxError::Garbled)?;
        Ok((answer, fds.into_iter().next()))
    }

    /// One packet of the supervisor and what came with it.
    pub(super) async fn receive(&self, bytes: &mut [u8]) -> Result<(usize, Vec<OwnedFd>), SandboxError> {
        loop {
            let mut guard = self.control.readable().await.map_err(|_| SandboxError::Lost)?;
            match guard.try_io(|control| sys::receive_now(control.as_raw_fd(), bytes)) {
                Ok(Ok((0, _))) => return Err(SandboxError::Lost),
                Ok(Ok(packet)) => return Ok(packet),
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(_)) => return Err(SandboxError::Lost),
                Err(_not_ready) => {}
            }
        }
    }
}
