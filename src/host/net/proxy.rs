//! The way out of one command: an HTTP proxy that knows the hosts its grant names.
//!
//! It takes `CONNECT host:port` and requests for `http://` in absolute form. TLS is not opened: the host
//! is judged by the name in `CONNECT`, which must be the name that the TLS greeting asks for too. What a
//! request says within the encryption is not seen, so a host that serves others under its own name
//! (a shared CDN, asked for one customer and told another within) is opened with all it serves.

use std::collections::HashMap;
use std::io;
use std::net::TcpListener as StdListener;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::connection::serve;
use super::hosts::{Hosts, Refusal, Target};
use super::outward::Outward;
use super::relay::Meter;

/// Different refusals remembered; later ones are counted together.
const MOST_REFUSALS: usize = 32;
/// Refusals named in the notes.
const MOST_NOTES: usize = 5;

/// Bounds of one proxy.
#[derive(Debug, Clone, Copy)]
pub struct ProxyLimits {
    /// Bytes of the head of a request.
    pub head_bytes: usize,
    /// For a whole head, and for the greeting within a tunnel.
    pub head_time: Duration,
    /// Longest silence of a connection in both directions.
    pub idle: Duration,
    /// At one time; more wait to be accepted.
    pub connections: usize,
    /// Moved by all connections together, in both directions.
    pub bytes: u64,
}

impl Default for ProxyLimits {
    fn default() -> Self {
        Self {
            head_bytes: 32 * 1024,
            head_time: Duration::from_secs(15),
            idle: Duration::from_secs(180),
            connections: 128,
            // A toolchain and its packages fit several times over.
            bytes: 8 << 30,
        }
    }
}

/// A proxy that serves until it is dropped; its connections end with it.
#[derive(Debug)]
pub struct Proxy {
    task: JoinHandle<()>,
    log: Log,
}

/// What connections share.
pub(super) struct Shared {
    pub hosts: Hosts,
    pub outward: Outward,
    pub limits: ProxyLimits,
    pub meter: Meter,
    pub log: Log,
}

/// What went wrong, for the result of the command.
#[derive(Debug, Clone, Default)]
pub(super) struct Log(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    /// In the order of their first time.
    refusals: Vec<Refusal>,
    times: HashMap<Refusal, usize>,
    /// Refusals beyond those remembered.
    more: usize,
    /// Why the user's own proxy did not serve.
    upstream: Option<String>,
    used_up: bool,
}

impl Proxy {
    /// Serves on a socket that listens already. `granted` are entries of a grant.
    pub fn start<'a>(
        listener: OwnedFd,
        granted: impl IntoIterator<Item = &'a str>,
        outward: &Outward,
        limits: ProxyLimits,
    ) -> io::Result<Self> {
        let listener = StdListener::from(listener);
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let log = Log::default();
        let shared = Shared {
            hosts: outward.hosts(granted),
            outward: outward.clone(),
            limits,
            meter: Meter::new(limits.bytes),
            log: log.clone(),
        };
        Ok(Self { task: tokio::spawn(accept(listener, Arc::new(shared))), log })
    }

    /// One line for each thing that was refused so far, with what opens the way.
    pub fn notes(&self) -> Vec<String> {
        self.log.notes()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= shared.limits.connections {
            connections.join_next().await;
        }
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&shared)))),
            // Out of descriptors, or a client that was gone at once: the next may be better.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

impl Log {
    pub(super) fn refuse(&self, refusal: &Refusal) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = seen.times.get_mut(refusal) {
            *times += 1;
        } else if seen.refusals.len() < MOST_REFUSALS {
            seen.refusals.push(refusal.clone());
            seen.times.insert(refusal.clone(), 1);
        } else {
            seen.more += 1;
        }
    }

    pub(super) fn upstream_failed(&self, target: &Target, why: &str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.upstream.get_or_insert_with(|| format!("{target} was not reached through your proxy: {why}"));
    }

    pub(super) fn used_up(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).used_up = true;
    }

    fn notes(&self) -> Vec<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notes: Vec<String> = Vec::new();
        for refusal in seen.refusals.iter().take(MOST_NOTES) {
            let times = match seen.times.get(refusal) {
                Some(1) | None => String::new(),
                Some(times) => format!(" ({times} times)"),
            };
            let way = refusal.way().map_or(String::new(), |way| format!("; {way}"));
            notes.push(format!("refused: {refusal}{times}{way}"));
        }
        let more = seen.refusals.len().saturating_sub(MOST_NOTES) + seen.more;
        if more > 0 {
            notes.push(format!("refused: {more} more"));
        }
        notes.extend(seen.upstream.clone());
        if seen.used_up {
            notes.push(
                "the network of this command has moved all the bytes it may, and was closed".to_owned(),
            );
        }
        notes
    }
}
