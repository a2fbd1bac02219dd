//! Hosts that a grant names, and the question whether a request may go there.
//!
//! A name is judged before anybody looks it up, so a name that was not granted is never sent to a
//! name server. Its addresses are judged after: a public name that leads to a private address is
//! refused, unless that address was granted too.

use std::fmt;
use std::net::IpAddr;

use super::address::AddressKind;

/// Longest name that the domain name system knows, in bytes.
const LONGEST_NAME: usize = 253;
/// Ports that a host's name opens by itself.
const PLAIN_PORTS: [u16; 2] = [80, 443];

/// A name in lower case without a final dot, or an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    Name(String),
    Address(IpAddr),
}

impl Host {
    /// `None` for what is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(address) = bare {
            return address.parse().ok().map(|address| Self::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse() {
            return Some(Self::Address(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        (name.len() <= LONGEST_NAME && name.split('.').all(label)).then_some(Self::Name(name))
    }

    /// Names that mean this machine without being looked up (RFC 6761).
    pub fn is_localhost(&self) -> bool {
        matches!(self, Self::Name(name) if name == "localhost" || name.ends_with(".localhost"))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
        }
    }
}

/// Where a request wants to go.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    pub host: Host,
    pub port: u16,
}

impl Target {
    /// `host:port`; without a port, `default`. User names, paths and the like are not taken.
    pub fn parse(authority: &str, default: Option<u16>) -> Option<Self> {
        let colon = match authority.rfind(']') {
            Some(end) => authority[end..].find(':').map(|at| end + at),
            None => authority.find(':'),
        };
        let (host, port) = match colon {
            Some(at) => {
                let digits = &authority[at + 1..];
                let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                (&authority[..at], plain.then(|| digits.parse().ok())??)
            }
            None => (authority, default?),
        };
        (port != 0).then_some(Self { host: Host::parse(host)?, port })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Exact(Host),
    /// Any name below this one; `.example.com`.
    Below(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    name: Name,
    /// `None` opens 80 and 443.
    port: Option<u16>,
    /// Written by the user for good, who knows where it leads: it may have a private address.
    trusted: bool,
}

/// Hosts that may be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Vec<Rule>);

/// Why a request may not go where it wants to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The host is not among those granted.
    Host(Target),
    /// The host is, this port is not.
    Port(Target),
    /// The name leads to an address that a name must not lead to.
    Address(Target, IpAddr),
    /// The encrypted connection asks for another host than the one it was opened for.
    Fronting(Target, String),
    /// The encrypted connection does not say whom it asks for.
    Nameless(Target),
    /// Something else than TLS on port 443.
    NotTls(Target),
}

impl Refusal {
    pub fn target(&self) -> &Target {
        match self {
            Self::Host(target)
            | Self::Port(target)
            | Self::Address(target, _)
            | Self::Fronting(target, _)
            | Self::Nameless(target)
            | Self::NotTls(target) => target,
        }
    }

    /// What opens the way, where something does.
    pub fn way(&self) -> Option<String> {
        match self {
            Self::Host(target) | Self::Port(target) => Some(format!(
                "a command that names {target} asks for it; `sandbox.expose.hosts: [\"{target}\"]` in the user's settings opens it for good"
            )),
            Self::Address(target, _) => Some(format!(
                "`sandbox.expose.hosts: [\"{target}\"]` in the user's settings opens it, if it is meant to be there"
            )),
            Self::Fronting(..) | Self::Nameless(_) | Self::NotTls(_) => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(target) => write!(f, "{target} is not among the hosts granted"),
            Self::Port(target) => write!(f, "{target}: the host is granted, this port is not"),
            Self::Address(Target { host: Host::Address(_), .. }, address) => {
                write!(f, "{address} is {} and was not granted as such", AddressKind::of(*address).noun())
            }
            Self::Address(target, address) => {
                write!(f, "{target} leads to {address}, {}", AddressKind::of(*address).noun())
            }
            Self::Fronting(target, name) => {
                write!(f, "a connection opened for {target} asked for {name} within")
            }
            Self::Nameless(target) => {
                write!(f, "a connection to {target} hid whom it asks for (no server name in its greeting)")
            }
            Self::NotTls(target) => write!(f, "a connection to {target} did not speak TLS"),
        }
    }
}

impl Hosts {
    /// From entries as [`crate::kernel::host_entry`] writes them, or `*.suffix`. An entry that is none
    /// opens nothing.
    pub fn new<'a>(granted: impl IntoIterator<Item = &'a str>) -> Self {
        Self(granted.into_iter().filter_map(|entry| rule(entry, false)).collect())
    }

    /// With hosts of the user's own settings besides, which may have private addresses.
    pub fn trusting<'a>(mut self, entries: impl IntoIterator<Item = &'a str>) -> Self {
        self.0.extend(entries.into_iter().filter_map(|entry| rule(entry, true)));
        self
    }

    /// Judges the name and the port.
    pub fn admit(&self, target: &Target) -> Result<(), Refusal> {
        let mut named = self.0.iter().filter(|rule| rule.names(&target.host)).peekable();
        if named.peek().is_none() {
            return Err(Refusal::Host(target.clone()));
        }
        if !named.any(|rule| rule.opens(target.port)) {
            return Err(Refusal::Port(target.clone()));
        }
        Ok(())
    }

    /// Judges the addresses that an admitted name has. One wrong address is enough: a name that leads
    /// to two places is not to be trusted with either.
    pub fn admit_addresses(&self, target: &Target, addresses: &[IpAddr]) -> Result<(), Refusal> {
        let trusted = || {
            let fits = |rule: &&Rule| rule.names(&target.host) && rule.opens(target.port);
            self.0.iter().filter(fits).any(|rule| rule.trusted)
        };
        let fine = |address: &IpAddr| {
            let kind = AddressKind::of(*address);
            let itself = Target { host: Host::Address(*address), port: target.port };
            kind == AddressKind::Public
                || kind == AddressKind::Loopback && target.host.is_localhost()
                || self.admit(&itself).is_ok()
                || kind != AddressKind::Metadata && trusted()
        };
        match addresses.iter().find(|address| !fine(address)) {
            Some(wrong) => Err(Refusal::Address(target.clone(), *wrong)),
            None => Ok(()),
        }
    }
}

impl Rule {
    fn names(&self, host: &Host) -> bool {
        match (&self.name, host) {
            (Name::Exact(known), host) => known == host,
            (Name::Below(suffix), Host::Name(name)) => {
                name.strip_suffix(suffix.as_str()).is_some_and(|rest| !rest.is_empty())
            }
            (Name::Below(_), Host::Address(_)) => false,
        }
    }

    fn opens(&self, port: u16) -> bool {
        self.port.map_or_else(|| PLAIN_PORTS.contains(&port), |own| own == port)
    }
}

fn rule(entry: &str, trusted: bool) -> Option<Rule> {
    // An IPv6 address alone is full of colons.
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Some(Rule { name: Name::Exact(Host::Address(address)), port: None, trusted });
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port != 0)?)),
        None => (entry, None),
    };
    let name = match host.strip_prefix("*.") {
        // `*.com` would be everything.
        Some(suffix) => match Host::parse(suffix)? {
            Host::Name(name) if name.contains('.') => Name::Below(format!(".{name}")),
            _ => return None,
        },
        None => Name::Exact(Host::parse(host)?),
    };
    Some(Rule { name, port, trusted })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        Target::parse(text, Some(443)).unwrap()
    }

    #[test]
    fn only_an_authority_is_a_target() {
        for (text, shown) in [
            ("Example.COM:443", "example.com:443"),
            ("example.com.:80", "example.com:80"),
            ("[::1]:8080", "[::1]:8080"),
            ("[2001:DB8::1]", "[2001:db8::1]:443"),
            ("10.0.0.1", "10.0.0.1:443"),
            ("a_b.test:1", "a_b.test:1"),
        ] {
            assert_eq!(target(text).to_string(), shown, "{text}");
        }
        for bad in [
            "",
            ":443",
            "a.test:",
            "a.test:0",
            "a.test:65536",
            "a.test:+80",
            "me@a.test:443",
            "a.test:443/x",
            "a.test:443:443",
            "::1",
            "[::1",
            "[a.test]:443",
            "a..test:443",
            "a b.test:443",
            "a.test%00.b:443",
            &format!("{}.test:443", "x".repeat(64)),
        ] {
            assert_eq!(Target::parse(bad, Some(443)), None, "{bad}");
        }
    }

    #[test]
    fn hosts_and_ports_are_opened_as_granted_and_no_further() {
        let hosts =
            Hosts::new(["a.test", "b.test:8443", "*.cdn.test", "10.0.0.1", "[::1]:3000", "*.com", "*"]);
        for (text, open) in [
            ("a.test:443", Ok(())),
            ("A.TEST.:80", Ok(())),
            ("a.test:8080", Err("port")),
            ("x.a.test:443", Err("host")),
            ("a.test.evil.test:443", Err("host")),
            ("b.test:8443", Ok(())),
            ("b.test:443", Err("port")),
            ("x.cdn.test:443", Ok(())),
            ("x.y.cdn.test:80", Ok(())),
            ("cdn.test:443", Err("host")),
            ("evilcdn.test:443", Err("host")),
            ("10.0.0.1:443", Ok(())),
            ("10.0.0.2:443", Err("host")),
            ("[::1]:3000", Ok(())),
            ("[::1]:443", Err("port")),
            ("x.com:443", Err("host")),
            ("8.8.8.8:443", Err("host")),
        ] {
            let got = hosts.admit(&target(text)).map_err(|refusal| match refusal {
                Refusal::Host(_) => "host",
                Refusal::Port(_) => "port",
                _ => "other",
            });
            assert_eq!(got, open, "{text}");
        }
    }

    #[test]
    fn a_name_leads_to_an_inner_address_only_where_that_was_granted_as_such() {
        let plain = Hosts::new(["a.test", "localhost:3000", "*.cdn.test"]);
        let with_address = Hosts::new(["a.test", "10.0.0.1"]);
        let trusted = Hosts::new(["b.test"]).trusting(["a.test"]);
        let [public, private, other] = ["8.8.8.8", "10.0.0.1", "10.0.0.2"].map(|a| a.parse().unwrap());
        let local: IpAddr = "127.0.0.1".parse().unwrap();
        let metadata: IpAddr = "169.254.169.254".parse().unwrap();
        for (hosts, name, addresses, open) in [
            (&plain, "a.test", vec![public], true),
            (&plain, "a.test", vec![private], false),
            (&plain, "a.test", vec![public, private], false),
            (&plain, "a.test", vec![local], false),
            (&plain, "x.cdn.test", vec![local], false),
            (&plain, "localhost:3000", vec![local, "::1".parse().unwrap()], true),
            (&plain, "localhost:3000", vec![private], false),
            (&with_address, "a.test", vec![private], true),
            (&with_address, "a.test", vec![other], false),
            (&trusted, "a.test", vec![private], true),
            (&trusted, "a.test", vec![metadata], false),
            (&trusted, "b.test", vec![private], false),
        ] {
            let got = hosts.admit_addresses(&target(name), &addresses);
            assert_eq!(got.is_ok(), open, "{name} {addresses:?}");
        }
    }
}
