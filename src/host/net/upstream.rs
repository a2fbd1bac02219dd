//! The user's own proxy, from the variables that every program reads.

use std::net::IpAddr;

use base64::Engine;
use url::Url;

use super::hosts::{Host, Target};

/// A proxy outside, spoken to in plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    pub target: Target,
    /// The value of `Proxy-Authorization`.
    pub authorization: Option<String>,
}

/// Which proxy serves which requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upstreams {
    plain: Option<Result<Upstream, String>>,
    secure: Option<Result<Upstream, String>>,
    none: Vec<Except>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Except {
    All,
    /// A host and everything below it, on every port or on one.
    Host(Host, Option<u16>),
    Block(IpAddr, u8),
}

impl Upstreams {
    /// From `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; lower case comes first, as with curl.
    pub fn from_env(env: &dyn Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| {
            let value = env(&name.to_ascii_lowercase()).or_else(|| env(name))?;
            let value = value.trim().to_owned();
            (!value.is_empty()).then_some(value)
        };
        let proxy = |name: &str| Some((name.to_owned(), get(name)?));
        let pick = |name: &str| {
            let (name, value) = proxy(name).or_else(|| proxy("ALL_PROXY"))?;
            Some(parse(&value).map_err(|why| format!("{name} cannot be used: {why}")))
        };
        let none = get("NO_PROXY").unwrap_or_default();
        let none = none.split([',', ' ']).filter_map(|entry| except(entry.trim())).collect();
        Self { plain: pick("HTTP_PROXY"), secure: pick("HTTPS_PROXY"), none }
    }

    /// The proxy for a request; `None` is straight out. `Err` says why the one that is set cannot serve.
    pub fn of(&self, target: &Target, secure: bool) -> Result<Option<&Upstream>, &str> {
        let local = match &target.host {
            Host::Address(address) => address.is_loopback(),
            name => name.is_localhost(),
        };
        if local || self.none.iter().any(|except| except.means(target)) {
            return Ok(None);
        }
        match if secure { &self.secure } else { &self.plain } {
            None => Ok(None),
            Some(Ok(upstream)) => Ok(Some(upstream)),
            Some(Err(why)) => Err(why),
        }
    }
}

fn parse(value: &str) -> Result<Upstream, String> {
    let address = if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    // The value may hold a password, so no message shows it.
    let url = Url::parse(&address).map_err(|error| error.to_string())?;
    if url.scheme() != "http" {
        return Err(format!("`{}://` is not supported, http:// is", url.scheme()));
    }
    let host = url.host_str().and_then(Host::parse).ok_or("it names no host")?;
    let port = url.port_or_known_default().ok_or("it names no port")?;
    let plain = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let authorization = (!url.username().is_empty()).then(|| {
        let pair = [plain(url.username()), plain(url.password().unwrap_or_default())].join(&b':');
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    });
    Ok(Upstream { target: Target { host, port }, authorization })
}

fn except(entry: &str) -> Option<Except> {
    if entry == "*" {
        return Some(Except::All);
    }
    if let Some((address, bits)) = entry.split_once('/') {
        let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
        let most = if address.is_ipv4() { 32 } else { 128 };
        return (bits <= most).then_some(Except::Block(address, bits));
    }
    if let Ok(address) = entry.parse() {
        return Some(Except::Host(Host::Address(address), None));
    }
    let (host, port) = match entry.rsplit_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (entry, None),
    };
    let host = host.strip_prefix("*.").or(host.strip_prefix('.')).unwrap_or(host);
    Some(Except::Host(Host::parse(host)?, port))
}

impl Except {
    fn means(&self, target: &Target) -> bool {
        match (self, &target.host) {
            (Self::All, _) => true,
            (Self::Host(host, port), asked) => {
                let below = match (host, asked) {
                    (Host::Name(suffix), Host::Name(name)) => {
                        name.strip_suffix(suffix.as_str()).is_some_and(|rest| rest.ends_with('.'))
                    }
                    _ => false,
                };
                (host == asked || below) && port.is_none_or(|port| port == target.port)
            }
            (Self::Block(IpAddr::V4(net), bits), Host::Address(IpAddr::V4(address))) => {
                (u32::from(*net) ^ u32::from(*address)).leading_zeros() >= u32::from(*bits)
            }
            (Self::Block(IpAddr::V6(net), bits), Host::Address(IpAddr::V6(address))) => {
                (u128::from(*net) ^ u128::from(*address)).leading_zeros() >= u32::from(*bits)
            }
            (Self::Block(..), _) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(vars: &[(&str, &str)], target: &str, secure: bool) -> Result<Option<String>, String> {
        let env =
            |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let upstreams = Upstreams::from_env(&env);
        let target = Target::parse(target, Some(443)).unwrap();
        let found = upstreams.of(&target, secure);
        found.map(|found| found.map(|it| it.target.to_string())).map_err(str::to_owned)
    }

    #[test]
    fn the_variables_mean_what_they_mean_to_curl() {
        let all =
            [("ALL_PROXY", "http://all.test:1"), ("https_proxy", "low.test:2"), ("HTTPS_PROXY", "up.test:3")];
        assert_eq!(of(&all, "a.test", true).unwrap().as_deref(), Some("low.test:2"));
        assert_eq!(of(&all, "a.test", false).unwrap().as_deref(), Some("all.test:1"));
        assert_eq!(of(&[], "a.test", true).unwrap(), None);
        assert_eq!(of(&[("HTTPS_PROXY", " ")], "a.test", true).unwrap(), None);
        assert_eq!(of(&all, "localhost:3000", false).unwrap(), None);
        let error = of(&[("HTTPS_PROXY", "socks5://me:pw@s.test")], "a.test", true).unwrap_err();
        assert!(
            error.contains("HTTPS_PROXY") && error.contains("socks5") && !error.contains("pw"),
            "{error}"
        );
    }

    #[test]
    fn no_proxy_takes_names_suffixes_ports_and_blocks() {
        let none = "a.test, .b.test,*.c.test,d.test:8443,10.0.0.0/8,fd00::/8,192.168.1.1";
        for (target, straight) in [
            ("a.test", true),
            ("x.a.test", true),
            ("xa.test", false),
            ("x.b.test", true),
            ("b.test", true),
            ("x.c.test", true),
            ("d.test:8443", true),
            ("d.test:443", false),
            ("10.9.8.7", true),
            ("11.0.0.1", false),
            ("[fd12::1]", true),
            ("[fe00::1]", false),
            ("192.168.1.1", true),
            ("192.168.1.2", false),
        ] {
            let got = of(&[("HTTPS_PROXY", "p.test:1"), ("NO_PROXY", none)], target, true).unwrap();
            assert_eq!(got.is_none(), straight, "{target}");
        }
        assert_eq!(of(&[("HTTPS_PROXY", "p.test:1"), ("no_proxy", "*")], "a.test", true).unwrap(), None);
    }

    #[test]
    fn a_login_is_decoded_before_it_is_sent() {
        let parsed = parse("http://me:p%40ss@p.test").unwrap();
        assert_eq!(parsed.authorization.as_deref(), Some("Basic bWU6cEBzcw=="));
        assert_eq!(parsed.target.to_string(), "p.test:80");
    }
}
