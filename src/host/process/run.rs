//! One command in the foreground.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::Notify;

use super::background::{Background, BackgroundState, Glimpse, Killed};
use super::shut::{Guarded, Walls};
use crate::base::Stopwatch;
use crate::host::net::{Outward, Proxy, ProxyLimits};
use crate::host::sandbox::{
    Ended, Environment, Exit, Launch, Launcher, Layers, Limits, Nested, Network, Output, Running,
    SandboxError, Status, protected,
};
use crate::kernel::{Grant, NetScope, Reach, RunScope};

/// Output kept of one command, in bytes; what comes after is read and dropped.
const MOST_OUTPUT: usize = 20 * 1024 * 1024;
const CHUNK: usize = 16 * 1024;

/// What the system sends at its limits; the numbers of signal(7) on Linux and of macOS.
const SIGXCPU: i32 = 24;
const SIGXFSZ: i32 = 25;

#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("a command needs a grant to run, and got one to {0}")]
    WrongGrant(&'static str),
    #[error("commands cannot be started here: there is no launcher on this platform")]
    NoLauncher,
    #[error(
        "the command was granted some hosts, and its way to them could not be opened: {0}; nothing ran on"
    )]
    Proxy(std::io::Error),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("the output of the command cannot be read: {0}")]
    Output(#[from] std::io::Error),
    #[error("no background command `{name}`{}", known_hint(.known))]
    UnknownBackground { name: String, known: Vec<String> },
}

fn known_hint(known: &[String]) -> String {
    if known.is_empty() {
        "; none was started".to_owned()
    } else {
        format!("; there are {}", known.join(", "))
    }
}

/// How a foreground command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Standard output and error in order; not necessarily UTF-8.
    pub output: Vec<u8>,
    /// Bytes that did not fit into `output`.
    pub dropped: usize,
    pub exit: Exit,
    pub timed_out: bool,
    pub millis: u64,
    /// Whether a proxy was its way out.
    pub proxied: bool,
    /// What its network refused, a line each.
    pub network: Vec<String>,
    /// What it found shut.
    pub walls: Walls,
}

/// What became of a command that was waited for.
#[derive(Debug)]
pub enum Ran {
    Finished(Box<Finished>),
    /// It goes on in the background under this name; what it had written by then.
    Detached {
        name: String,
        output: Vec<u8>,
        dropped: usize,
    },
}

/// Starts the commands of one session.
#[derive(Clone)]
pub struct Processes {
    inner: Arc<Inner>,
}

struct Inner {
    launcher: Option<Launcher>,
    environment: Environment,
    layers: Layers,
    limits: Limits,
    outward: Outward,
    nested: Nested,
    guarded: Guarded,
    background: Mutex<Vec<(String, Background)>>,
    /// Told whenever one of those has ended.
    ended: Arc<Notify>,
}

impl Processes {
    /// `layers` are demanded of every command: those that were probed as present.
    pub fn new(launcher: Option<Launcher>, environment: Environment, layers: Layers) -> Self {
        Self::bounded(launcher, environment, layers, Limits::default(), Outward::default())
    }

    /// With bounds for each command, those in the background too, and the way out of those that were
    /// granted hosts.
    pub fn bounded(
        launcher: Option<Launcher>,
        environment: Environment,
        layers: Layers,
        limits: Limits,
        outward: Outward,
    ) -> Self {
        let inner = Inner {
            launcher,
            environment,
            layers,
            limits,
            outward,
            nested: Nested::default(),
            guarded: Guarded::default(),
            background: Mutex::default(),
            ended: Arc::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Runs a granted shell line to its end, or until `timeout`. `on_output` sees output as it comes.
    /// Dropping the future ends the command and all it started.
    pub async fn run(
        &self,
        grant: Grant,
        timeout: Duration,
        on_output: impl Fn(&str),
    ) -> Result<Finished, ProcessError> {
        match self.run_until(grant, timeout, on_output, std::future::pending()).await? {
            Ran::Finished(finished) => Ok(*finished),
            Ran::Detached { .. } => unreachable!("nothing detaches it"),
        }
    }

    /// As `run`, but once `detach` resolves the command goes on in the background.
    pub async fn run_until(
        &self,
        grant: Grant,
        timeout: Duration,
        on_output: impl Fn(&str),
        detach: impl Future<Output = ()>,
    ) -> Result<Ran, ProcessError> {
        let watch = Stopwatch::start();
        let (mut running, proxy, walls) = self.spawn(grant).await?;
        let mut kept = Vec::new();
        let mut dropped = 0;
        let ending = {
            let reading = read_all(&mut running.output, &mut kept, &mut dropped, &on_output);
            tokio::select! {
                read = tokio::time::timeout(timeout, reading) => read.ok(),
                () = detach => {
                    let name = self.hold(running, proxy);
                    return Ok(Ran::Detached { name, output: kept, dropped });
                }
            }
        };
        let Running { mut output, process, .. } = running;
        let timed_out = ending.is_none();
        match ending {
            Some(read) => read?,
            None => {
                process.kill();
                // What it wrote before it was killed still counts; the tree is gone soon.
                read_all(&mut output, &mut kept, &mut dropped, &on_output).await?;
            }
        }
        let exit = process.wait().await?;
        let proxied = proxy.is_some();
        let network = proxy.map_or_else(Vec::new, |proxy| proxy.notes());
        let millis = watch.millis();
        let finished = Finished { output: kept, dropped, exit, timed_out, millis, proxied, network, walls };
        Ok(Ran::Finished(Box::new(finished)))
    }

    /// Commands in the background that still run.
    pub fn running(&self) -> usize {
        let background = self.inner.background.lock().expect("the list is never poisoned");
        background.iter().filter(|(_, command)| command.is_running()).count()
    }

    /// Waits until a command in the background has ended.
    pub async fn one_ended(&self) {
        self.inner.ended.notified().await;
    }

    /// Those that have ended by themselves and of which nobody knows yet, with how.
    pub fn take_ended(&self) -> Vec<(String, BackgroundState)> {
        let background = self.inner.background.lock().expect("the list is never poisoned");
        let end = |(name, command): &(String, Background)| Some((name.clone(), command.take_end()?));
        background.iter().filter_map(end).collect()
    }

    fn hold(&self, running: Running, proxy: Option<Proxy>) -> String {
        let mut background = self.inner.background.lock().expect("the list is never poisoned");
        let name = format!("b{}", background.len() + 1);
        background.push((name.clone(), Background::watch(running, proxy, self.inner.ended.clone())));
        name
    }

    /// Starts a granted shell line that goes on by itself; returns its name, `b1`, `b2` …
    pub async fn start(&self, grant: Grant) -> Result<String, ProcessError> {
        let (running, proxy, _) = self.spawn(grant).await?;
        Ok(self.hold(running, proxy))
    }

    /// What a background command has written since the last look, and whether it still runs.
    pub fn glimpse(&self, grant: Grant) -> Result<Glimpse, ProcessError> {
        self.with_background(grant, |background| background.glimpse())
    }

    /// Ends a background command.
    pub fn kill(&self, grant: Grant) -> Result<Killed, ProcessError> {
        self.with_background(grant, |background| background.kill())
    }

    fn with_background<T>(
        &self,
        grant: Grant,
        act: impl FnOnce(&Background) -> T,
    ) -> Result<T, ProcessError> {
        let Reach::Background(name) = grant.into_reach() else {
            return Err(ProcessError::WrongGrant("something else"));
        };
        let background = self.inner.background.lock().expect("the list is never poisoned");
        match background.iter().find(|(known, _)| *known == name) {
            Some((_, found)) => Ok(act(found)),
            None => {
                let known = background.iter().map(|(known, _)| known.clone()).collect();
                Err(ProcessError::UnknownBackground { name, known })
            }
        }
    }

    /// Starts the command, and the proxy that serves it for as long as it is held.
    async fn spawn(&self, grant: Grant) -> Result<(Running, Option<Proxy>, Walls), ProcessError> {
        let Reach::Run(scope) = grant.into_reach() else {
            return Err(ProcessError::WrongGrant("something else"));
        };
        let launcher = self.inner.launcher.as_ref().ok_or(ProcessError::NoLauncher)?;
        let hosts = match &scope.network {
            NetScope::Hosts(hosts) => Some(hosts.clone()),
            NetScope::None | NetScope::All => None,
        };
        let (launch, walls) = self.launch(scope);
        let mut running = launcher.spawn(launch).await?;
        let Some(hosts) = hosts else { return Ok((running, None, walls)) };
        let listener = running.proxy.take().ok_or_else(|| {
            ProcessError::Proxy(std::io::Error::other("the launcher handed out no socket for it"))
        })?;
        let hosts = hosts.iter().map(String::as_str);
        let proxy = Proxy::start(listener, hosts, &self.inner.outward, ProxyLimits::default());
        Ok((running, Some(proxy.map_err(ProcessError::Proxy)?), walls))
    }

    fn launch(&self, scope: RunScope) -> (Launch, Walls) {
        let mut walls = Walls { cwd: scope.cwd.clone(), ..Walls::default() };
        let mut launch = Launch::shell(scope.command, scope.cwd);
        let network = match scope.network {
            NetScope::None => Network::None,
            NetScope::Hosts(_) => Network::Proxied,
            NetScope::All => Network::All,
        };
        self.inner.environment.apply_with(&mut launch, network);
        launch.env.extend(scope.env);
        launch.read.extend(scope.read);
        if scope.sandboxed {
            // Our own cache and temporary folder hold nothing that anybody else runs.
            let own = &self.inner.environment.write;
            let roots: Vec<_> = scope.write.iter().filter(|root| !own.contains(root)).cloned().collect();
            launch.protected = protected(&roots, &self.inner.nested);
            walls.still = scope.still;
            if let Some(shut) = &scope.shut {
                self.inner.guarded.close(shut, &mut walls);
            }
            launch.closed.clone_from(&walls.closed);
        }
        launch.write.extend(scope.write);
        launch.limits = self.inner.limits;
        launch.layers = if scope.sandboxed { self.inner.layers } else { Layers::NONE };
        (launch, walls)
    }
}

async fn read_all(
    output: &mut Output,
    kept: &mut Vec<u8>,
    dropped: &mut usize,
    on_output: &impl Fn(&str),
) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = output.read(&mut chunk).await?;
        if length == 0 {
            return Ok(());
        }
        let room = MOST_OUTPUT.saturating_sub(kept.len()).min(length);
        kept.extend_from_slice(&chunk[..room]);
        *dropped += length - room;
        on_output(&String::from_utf8_lossy(&chunk[..length]));
    }
}

impl Finished {
    /// Why it ended, when it did not end by itself.
    pub fn ended_by(&self) -> Option<&'static str> {
        match self.exit.ended_by {
            _ if self.timed_out => Some("it ran past its timeout"),
            Some(Ended::Request) => Some("it was stopped"),
            _ => over_limit(&self.exit),
        }
    }
}

/// Which bound ended a command, and the setting that holds it.
pub fn over_limit(exit: &Exit) -> Option<&'static str> {
    // A shell ends as the last command that it waited for did, with 128 more.
    let signal = match exit.status {
        Status::Signal(signal) => signal,
        Status::Code(code) => code - 128,
    };
    match exit.ended_by {
        Some(Ended::Memory) => Some("it used more memory than it may (sandbox.limits.memory_mb)"),
        Some(Ended::Processes) => Some("it started more processes than it may (sandbox.limits.processes)"),
        Some(Ended::Request) => None,
        None if signal == SIGXCPU => Some("it used more processor time than it may (sandbox.limits.cpu_s)"),
        None if signal == SIGXFSZ => Some("it wrote a larger file than it may (sandbox.limits.file_mb)"),
        None => None,
    }
}
