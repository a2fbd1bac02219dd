//! Commands that go on by themselves: servers, watchers.

use std::sync::{Arc, Mutex};

use tokio::io::AsyncReadExt;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::run::over_limit;
use crate::host::net::Proxy;
use crate::host::sandbox::{Exit, Running, SandboxError};

/// Output kept between two looks, in bytes; the oldest goes first.
const MOST_HELD: usize = 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackgroundState {
    Running,
    Ended(Exit),
    /// It cannot be told how it ended.
    Lost(String),
}

/// One look at a background command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glimpse {
    /// New output since the last look.
    pub output: Vec<u8>,
    /// Bytes of it that were dropped because nobody looked.
    pub dropped: usize,
    pub state: BackgroundState,
    /// What its network has refused so far, a line each.
    pub network: Vec<String>,
}

/// A background command that was told to end.
#[derive(Debug)]
pub struct Killed(Arc<Mutex<Held>>);

impl Killed {
    /// How it stands by now; its output waits for the next look.
    pub fn state(&self) -> BackgroundState {
        self.0.lock().expect("never poisoned").tell_state()
    }
}

#[derive(Debug)]
struct Held {
    output: Vec<u8>,
    dropped: usize,
    state: BackgroundState,
    /// Whether somebody knows that it has ended, or wanted it.
    told: bool,
    /// Its way out, as long as it runs; then what that had refused.
    proxy: Option<Proxy>,
    refused: Vec<String>,
}

/// A running command and the task that reads it. Dropping it ends the command.
#[derive(Debug)]
pub(super) struct Background {
    held: Arc<Mutex<Held>>,
    stop: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Drop for Background {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Background {
    /// `ended` is told when it has.
    pub(super) fn watch(running: Running, proxy: Option<Proxy>, ended: Arc<Notify>) -> Self {
        let (state, refused) = (BackgroundState::Running, Vec::new());
        let held = Held { output: Vec::new(), dropped: 0, state, told: false, proxy, refused };
        let held = Arc::new(Mutex::new(held));
        let stop = Arc::new(Notify::new());
        let following = follow(running, held.clone(), stop.clone());
        let task = tokio::spawn(async move {
            following.await;
            ended.notify_one();
        });
        Self { held, stop, task }
    }

    pub(super) fn glimpse(&self) -> Glimpse {
        let mut held = self.held.lock().expect("never poisoned");
        let state = held.tell_state();
        held.told |= state != BackgroundState::Running;
        Glimpse {
            output: std::mem::take(&mut held.output),
            dropped: std::mem::take(&mut held.dropped),
            state,
            network: held.proxy.as_ref().map_or_else(|| held.refused.clone(), Proxy::notes),
        }
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.held.lock().expect("never poisoned").state, BackgroundState::Running)
    }

    /// How it ended, once, if nobody knows yet.
    pub(super) fn take_end(&self) -> Option<BackgroundState> {
        let mut held = self.held.lock().expect("never poisoned");
        if held.told || held.state == BackgroundState::Running {
            return None;
        }
        held.told = true;
        Some(held.state.clone())
    }

    pub(super) fn kill(&self) -> Killed {
        self.held.lock().expect("never poisoned").told = true;
        self.stop.notify_one();
        Killed(self.held.clone())
    }
}

async fn follow(running: Running, held: Arc<Mutex<Held>>, stop: Arc<Notify>) {
    let Running { mut output, process, .. } = running;
    let mut chunk = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = output.read(&mut chunk) => read,
            () = stop.notified() => {
                process.kill();
                continue;
            }
        };
        match read {
            Ok(0) | Err(_) => break,
            Ok(length) => held.lock().expect("never poisoned").keep(&chunk[..length]),
        }
    }
    let exit: Result<Exit, SandboxError> = process.wait().await;
    let state = exit.map_or_else(|error| BackgroundState::Lost(error.to_string()), BackgroundState::Ended);
    let mut held = held.lock().expect("never poisoned");
    held.refused = held.proxy.take().map_or_else(Vec::new, |proxy| proxy.notes());
    held.state = state;
}

impl BackgroundState {
    /// How it stands, in words.
    pub fn words(&self) -> String {
        match self {
            Self::Running => "still running".to_owned(),
            Self::Ended(exit) => {
                let ending = over_limit(exit).map_or_else(|| exit.status.to_string(), str::to_owned);
                format!("ended: {ending}")
            }
            Self::Lost(why) => format!("lost: {why}"),
        }
    }
}

impl Held {
    /// What protected files it changed is told once, as output is: every telling is a row of the journal.
    fn tell_state(&mut self) -> BackgroundState {
        let state = self.state.clone();
        if let BackgroundState::Ended(exit) = &mut self.state {
            exit.restored.clear();
            exit.damaged.clear();
        }
        state
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
        let over = self.output.len().saturating_sub(MOST_HELD);
        self.output.drain(..over);
        self.dropped += over;
    }
}
