//! Effects of a request to the web: one host, one method, one normalised URL.

use url::{Host, Url};

use super::{Fact, Prepared, Via};
use crate::kernel::grant::{FetchScope, Reach, host_entry};
use crate::kernel::rung::Finding;
use crate::protocol::{Effect, Reason};

/// A longer URL is no address but a parcel, in bytes.
const LONGEST_URL: usize = 8 * 1024;

pub(super) fn prepare(written: &str, method: Option<&str>) -> Result<Prepared, Box<Finding>> {
    let method = match method {
        None => "GET",
        Some(method) if method.eq_ignore_ascii_case("get") => "GET",
        Some(method) if method.eq_ignore_ascii_case("head") => "HEAD",
        Some(other) => return Err(unusable(written, format!("`{other}` is neither GET nor HEAD"))),
    };
    let mut url = parse(written.trim()).map_err(|why| unusable(written, why))?;
    url.set_fragment(None);
    let host = host_of(&url).ok_or_else(|| unusable(written, "it names no host".to_owned()))?;
    let port = url.port_or_known_default();
    let effect = Effect::Net { host: host.clone(), port, method: Some(method.to_owned()) };
    let scope = FetchScope {
        url: url.to_string(),
        method: method.to_owned(),
        hosts: [host_entry(&host, port)].into(),
    };
    let subject = scope.url.clone();
    let written = (written != subject).then(|| written.to_owned());
    let facts = vec![Fact::bare(effect, Via::Argument)];
    Ok(Prepared { facts, shell: None, doomed: Vec::new(), subject, written, reach: Reach::Fetch(scope) })
}

/// By the rules of browsers, so that no other spelling of an address (`0x7f.1`, full-width digits,
/// a name beyond ASCII) reaches a rule as anything but the host that would be asked.
fn parse(text: &str) -> Result<Url, String> {
    if text.len() > LONGEST_URL {
        return Err(format!("it has {} bytes; at most {LONGEST_URL} are taken", text.len()));
    }
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => "it must begin with https:// or http://".to_owned(),
        error => error.to_string(),
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{}` is neither http nor https", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a user name or password, which are never sent; leave them out".to_owned());
    }
    match url.port() {
        Some(0) => Err("port 0 is no port".to_owned()),
        _ => Ok(url),
    }
}

fn host_of(url: &Url) -> Option<String> {
    Some(match url.host()? {
        Host::Domain(name) => name.trim_end_matches('.').to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    })
    .filter(|host| !host.is_empty())
}

fn unusable(url: &str, why: String) -> Box<Finding> {
    let shown: String = url.chars().take(200).collect();
    let finding = Finding::deny("effects", "url", Reason::Malformed).retryable().about(shown.clone());
    let model = format!("`{shown}` cannot be fetched: {why}.");
    Box::new(finding.says(format!("`{shown}` cannot be fetched: {why}"), model))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(url: &str) -> (String, String, Option<u16>, String) {
        let prepared = prepare(url, None).unwrap();
        let Effect::Net { host, port, method } = &prepared.facts[0].effect else { panic!("net") };
        assert_eq!(method.as_deref(), Some("GET"));
        let Reach::Fetch(scope) = prepared.reach else { panic!("fetch") };
        let entry = scope.hosts.into_iter().next().unwrap();
        (host.clone(), scope.url, *port, entry)
    }

    #[test]
    fn every_spelling_of_a_host_is_the_host_that_would_be_asked() {
        for (written, host, port, entry) in [
            ("https://Example.COM/a#part", "example.com", 443, "example.com"),
            ("http://example.com.:8080/", "example.com", 8080, "example.com:8080"),
            ("http://0x7f.1/", "127.0.0.1", 80, "127.0.0.1"),
            ("http://2130706433:81/", "127.0.0.1", 81, "127.0.0.1:81"),
            ("http://１２７.0.0.1/", "127.0.0.1", 80, "127.0.0.1"),
            ("http://[::ffff:127.0.0.1]:3000/", "::ffff:127.0.0.1", 3000, "[::ffff:127.0.0.1]:3000"),
            ("https://bücher.example/", "xn--bcher-kva.example", 443, "xn--bcher-kva.example"),
            ("https:\\\\evil.test\\@good.test/", "evil.test", 443, "evil.test"),
            ("  http://a.test\t/x ", "a.test", 80, "a.test"),
        ] {
            let got = scope(written);
            assert_eq!((got.0.as_str(), got.2, got.3.as_str()), (host, Some(port), entry), "{written}");
            assert!(!got.1.contains('#'));
        }
    }

    #[test]
    fn what_is_no_plain_web_address_is_malformed() {
        for (written, why) in [
            ("example.com/x", "https://"),
            ("ftp://example.com/", "neither http"),
            ("file:///etc/passwd", "neither http"),
            ("https://me:pw@example.com/", "password"),
            ("https://me@example.com/", "user name"),
            ("http://:80/", "empty host"),
            ("http://a.test:0/", "port 0"),
            ("http://a b.test/", "invalid"),
            (&format!("https://a.test/{}", "x".repeat(LONGEST_URL)), "at most"),
        ] {
            let finding = prepare(written, None).unwrap_err();
            assert_eq!(finding.reason, Reason::Malformed);
            assert!(finding.model.contains(why), "{written}: {}", finding.model);
            assert!(finding.model.len() < 400);
        }
        assert!(prepare("https://a.test/", Some("POST")).is_err());
        assert!(prepare("https://a.test/", Some("head")).is_ok());
    }
}
