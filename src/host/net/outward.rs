//! The way out: judges a target, looks its name up once, and connects to exactly what was judged.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::hosts::{Host, Hosts, Refusal, Target};
use super::resolve::{Resolve, SystemResolver};
use super::upstream::{Upstream, Upstreams};

/// For each address; a machine that takes longer is not there.
const CONNECT: Duration = Duration::from_secs(10);
/// Addresses of one name that are tried.
const MOST_TRIED: usize = 4;
/// With a proxy of the user's, our own name server may know nothing of the world outside.
const GLANCE: Duration = Duration::from_secs(2);

/// How requests of this session leave the machine.
#[derive(Clone)]
pub struct Outward {
    resolver: Arc<dyn Resolve>,
    upstreams: Arc<Upstreams>,
    trusted: Arc<[String]>,
}

impl Default for Outward {
    fn default() -> Self {
        Self { resolver: Arc::new(SystemResolver), upstreams: Arc::default(), trusted: Arc::new([]) }
    }
}

/// Where a judged request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Never empty.
    Straight(Vec<SocketAddr>),
    Through(Upstream),
}

#[derive(Debug, thiserror::Error)]
pub(super) enum NoWay {
    #[error("{0}")]
    Refused(Refusal),
    #[error("{host} cannot be looked up: {why}")]
    Unknown { host: Host, why: io::Error },
    #[error("{0}")]
    Upstream(String),
}

impl Outward {
    /// With the proxies of `env`, and the hosts that the user's settings open for every command.
    pub fn new(env: &dyn Fn(&str) -> Option<String>, trusted: &[String]) -> Self {
        Self { upstreams: Arc::new(Upstreams::from_env(env)), trusted: trusted.into(), ..Self::default() }
    }

    /// With names looked up elsewhere.
    pub fn with_resolver(mut self, resolver: impl Resolve + 'static) -> Self {
        self.resolver = Arc::new(resolver);
        self
    }

    /// What a grant opens, and the user's settings besides.
    pub(super) fn hosts<'a>(&self, granted: impl IntoIterator<Item = &'a str>) -> Hosts {
        Hosts::new(granted).trusting(self.trusted.iter().map(String::as_str))
    }

    /// Judges name, port and addresses. Nothing but the address in the answer may be connected to: a
    /// second look at the name could find another.
    pub(super) async fn way(&self, hosts: &Hosts, target: &Target, secure: bool) -> Result<Way, NoWay> {
        hosts.admit(target).map_err(NoWay::Refused)?;
        let upstream = self.upstreams.of(target, secure).map_err(|why| NoWay::Upstream(why.to_owned()))?;
        let looked = match (&target.host, upstream) {
            (Host::Address(address), _) => Ok(vec![*address]),
            (host, _) if host.is_localhost() => {
                Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)])
            }
            (Host::Name(name), None) => self.resolver.resolve(name).await,
            (Host::Name(name), Some(_)) => {
                let looked = tokio::time::timeout(GLANCE, self.resolver.resolve(name)).await;
                looked.unwrap_or_else(|_| Ok(Vec::new())).or_else(|_| Ok(Vec::new()))
            }
        };
        let unknown = |why| NoWay::Unknown { host: target.host.clone(), why };
        let addresses = looked.map_err(unknown)?;
        hosts.admit_addresses(target, &addresses).map_err(NoWay::Refused)?;
        if let Some(upstream) = upstream {
            return Ok(Way::Through(upstream.clone()));
        }
        if addresses.is_empty() {
            return Err(unknown(io::Error::new(io::ErrorKind::NotFound, "it has no address")));
        }
        let ports =
            addresses.into_iter().take(MOST_TRIED).map(|address| SocketAddr::new(address, target.port));
        Ok(Way::Straight(ports.collect()))
    }

    pub(super) async fn connect(&self, way: &Way) -> io::Result<TcpStream> {
        let addresses = match way {
            Way::Straight(addresses) => addresses.clone(),
            Way::Through(upstream) => self.upstream_addresses(upstream).await?,
        };
        let mut last = io::Error::new(io::ErrorKind::NotFound, "it has no address");
        for address in addresses {
            match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Small writes of a handshake are not worth waiting for more.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "no answer"),
            }
        }
        Err(last)
    }

    /// The user's own proxy may stand wherever they say.
    pub(super) async fn upstream_addresses(&self, upstream: &Upstream) -> io::Result<Vec<SocketAddr>> {
        let port = upstream.target.port;
        let addresses = match &upstream.target.host {
            Host::Address(address) => vec![*address],
            host if host.is_localhost() => vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            Host::Name(name) => self.resolver.resolve(name).await?,
        };
        Ok(addresses.into_iter().take(MOST_TRIED).map(|address| SocketAddr::new(address, port)).collect())
    }
}
