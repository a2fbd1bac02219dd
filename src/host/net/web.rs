//! One request of our own to the web: every hop judged, nothing sent but the URL and who we are.
#![expect(clippy::disallowed_methods, reason = "the HTTP client for granted requests is built here")]

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use flate2::write::MultiGzDecoder;
use reqwest::header::{self, HeaderValue};
use reqwest::{Client, ClientBuilder, Method, Response, Url, dns, redirect};

use super::hosts::{Host, Hosts, Refusal, Target};
use super::outward::{NoWay, Outward, Way};
use crate::kernel::{Grant, Reach};

/// Redirects followed.
const MOST_REDIRECTS: usize = 5;
/// What we like best first; some sites keep a Markdown form of their pages.
const ACCEPT: &str = "text/markdown, text/html;q=0.9, text/*;q=0.8, application/json;q=0.8, */*;q=0.5";
/// Fields of the answer's head that are handed on.
const TOLD: [&str; 5] = ["content-type", "content-length", "last-modified", "etag", "location"];
/// Of such a field, in bytes.
const MOST_FIELD: usize = 500;

/// Bounds of one request.
#[derive(Debug, Clone, Copy)]
pub struct WebLimits {
    /// Of the body after decoding; what comes after is not read.
    pub bytes: usize,
    /// For everything, redirects included.
    pub total: Duration,
    /// Longest silence.
    pub idle: Duration,
}

impl Default for WebLimits {
    fn default() -> Self {
        Self { bytes: 5 * 1024 * 1024, total: Duration::from_secs(60), idle: Duration::from_secs(20) }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Where the last redirect led.
    pub url: String,
    pub status: u16,
    /// `Not Found`; empty for a status that has no name.
    pub reason: &'static str,
    /// In lower case, with its parameters; empty where none was sent.
    pub content_type: String,
    /// As announced.
    pub length: Option<u64>,
    /// A few fields of its head, in the order of `TOLD`.
    pub fields: Vec<(&'static str, String)>,
    /// Decoded; `None` where it was not asked for or not wanted.
    pub body: Option<Vec<u8>>,
    /// The body was longer.
    pub cut: bool,
    pub redirects: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("this call was granted something else than a request")]
    WrongGrant,
    #[error("{refusal}{}", way(.refusal))]
    Refused { refusal: Refusal },
    #[error(
        "{from} redirects to {to}, and {host} was not granted to this call; nothing was sent there: fetch that URL itself if it is the right one"
    )]
    Elsewhere { from: String, to: String, host: String },
    #[error("{from} redirects to `{to}`, which is no web address")]
    BadRedirect { from: String, to: String },
    #[error("more than {MOST_REDIRECTS} redirects; the last led to {0}")]
    TooManyRedirects(String),
    #[error("{0}")]
    NoWay(String),
    #[error("{url} cannot be reached: {why}")]
    Unreachable { url: String, why: String },
    #[error("{0} did not answer in time")]
    Slow(String),
    #[error("the answer of {url} broke off: {why}")]
    Broken { url: String, why: String },
    #[error("{url} answered in the encoding `{encoding}`, which was not asked for")]
    Encoding { url: String, encoding: String },
}

fn way(refusal: &Refusal) -> String {
    refusal.way().map_or(String::new(), |way| format!("; {way}"))
}

/// Performs a granted request. `wants` sees the status and the type of an answer and says whether its
/// body shall be read.
pub async fn fetch(
    grant: Grant,
    outward: &Outward,
    limits: WebLimits,
    wants: impl Fn(&Answer) -> bool,
) -> Result<Answer, FetchError> {
    let Reach::Fetch(scope) = grant.into_reach() else { return Err(FetchError::WrongGrant) };
    let hosts = outward.hosts(scope.hosts.iter().map(String::as_str));
    let method = if scope.method == "HEAD" { Method::HEAD } else { Method::GET };
    let asking = ask(&scope.url, method, &hosts, outward, limits, wants);
    tokio::time::timeout(limits.total, asking).await.map_err(|_| FetchError::Slow(scope.url.clone()))?
}

async fn ask(
    first: &str,
    method: Method,
    hosts: &Hosts,
    outward: &Outward,
    limits: WebLimits,
    wants: impl Fn(&Answer) -> bool,
) -> Result<Answer, FetchError> {
    let mut url = Url::parse(first).map_err(|error| FetchError::NoWay(error.to_string()))?;
    let mut from = String::new();
    for redirects in 0..=MOST_REDIRECTS {
        let target = tidy(&mut url).ok_or_else(|| FetchError::NoWay(format!("{url} names no host")))?;
        let way =
            outward.way(hosts, &target, url.scheme() == "https").await.map_err(|no_way| match no_way {
                NoWay::Refused(Refusal::Host(target) | Refusal::Port(target)) if redirects > 0 => {
                    FetchError::Elsewhere {
                        from: from.clone(),
                        to: url.to_string(),
                        host: target.to_string(),
                    }
                }
                NoWay::Refused(refusal) => FetchError::Refused { refusal },
                other => FetchError::NoWay(other.to_string()),
            })?;
        let unreachable = |why: String| FetchError::Unreachable { url: url.to_string(), why };
        let client = client(&url, &way, outward).await.map_err(unreachable)?;
        let request = client
            .request(method.clone(), url.clone())
            .header(header::ACCEPT, ACCEPT)
            .header(header::ACCEPT_ENCODING, "gzip");
        let response = tokio::time::timeout(limits.idle, request.send())
            .await
            .map_err(|_| FetchError::Slow(url.to_string()))?
            .map_err(|error| unreachable(root_cause(&error)))?;
        match next(&url, &response)? {
            Some(next) => {
                from = std::mem::replace(&mut url, next).to_string();
            }
            None => return answer(&url, response, redirects, &method, limits, wants).await,
        }
    }
    Err(FetchError::TooManyRedirects(url.to_string()))
}

/// Without user name, password and fragment, and with the host spelled as it is judged.
fn tidy(url: &mut Url) -> Option<Target> {
    // These fail only for URLs without a host, which end here anyway.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    if let Some(plain) = url.domain().and_then(|name| name.strip_suffix('.')).map(str::to_owned) {
        url.set_host(Some(&plain)).ok()?;
    }
    Some(Target { host: Host::parse(url.host_str()?)?, port: url.port_or_known_default()? })
}

/// Where an answer sends us, if it does.
fn next(url: &Url, response: &Response) -> Result<Option<Url>, FetchError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = response.headers().get(header::LOCATION) else { return Ok(None) };
    let text = String::from_utf8_lossy(location.as_bytes()).into_owned();
    match url.join(&text) {
        Ok(next) if matches!(next.scheme(), "http" | "https") => Ok(Some(next)),
        _ => Err(FetchError::BadRedirect { from: url.to_string(), to: clip(text) }),
    }
}

async fn answer(
    url: &Url,
    mut response: Response,
    redirects: usize,
    method: &Method,
    limits: WebLimits,
    wants: impl Fn(&Answer) -> bool,
) -> Result<Answer, FetchError> {
    let field = |name: &str| {
        let value = response.headers().get(name)?;
        Some(clip(String::from_utf8_lossy(value.as_bytes()).into_owned()))
    };
    let mut answer = Answer {
        url: url.to_string(),
        status: response.status().as_u16(),
        reason: response.status().canonical_reason().unwrap_or_default(),
        content_type: field("content-type").unwrap_or_default().to_ascii_lowercase(),
        length: field("content-length").and_then(|length| length.parse().ok()),
        fields: TOLD.iter().filter_map(|name| Some((*name, field(name)?))).collect(),
        body: None,
        cut: false,
        redirects,
    };
    if *method == Method::HEAD || !wants(&answer) {
        return Ok(answer);
    }
    let encoding = field("content-encoding").unwrap_or_default().to_ascii_lowercase();
    let mut sink = match encoding.trim() {
        "" | "identity" => Sink::Plain(Bounded::new(limits.bytes)),
        "gzip" | "x-gzip" => Sink::Gzip(MultiGzDecoder::new(Bounded::new(limits.bytes))),
        other => return Err(FetchError::Encoding { url: url.to_string(), encoding: other.to_owned() }),
    };
    let broken = |why: String| FetchError::Broken { url: url.to_string(), why };
    while !sink.is_full() {
        let chunk = tokio::time::timeout(limits.idle, response.chunk())
            .await
            .map_err(|_| FetchError::Slow(url.to_string()))?
            .map_err(|error| broken(root_cause(&error)))?;
        let Some(chunk) = chunk else { break };
        sink.write(&chunk).map_err(|error| broken(error.to_string()))?;
    }
    let Bounded { bytes, full, .. } = sink.finish().map_err(|error| broken(error.to_string()))?;
    answer.cut = full;
    answer.body = Some(bytes);
    Ok(answer)
}

/// Takes so many bytes and no more, so that a body that unpacks to a thousand times its size ends here.
struct Bounded {
    bytes: Vec<u8>,
    most: usize,
    full: bool,
}

impl Bounded {
    fn new(most: usize) -> Self {
        Self { bytes: Vec::new(), most, full: false }
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = bytes.len().min(self.most - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..room]);
        if room < bytes.len() {
            self.full = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(room)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Sink {
    Plain(Bounded),
    Gzip(MultiGzDecoder<Bounded>),
}

impl Sink {
    fn inner(&self) -> &Bounded {
        match self {
            Self::Plain(bounded) => bounded,
            Self::Gzip(decoder) => decoder.get_ref(),
        }
    }

    fn is_full(&self) -> bool {
        self.inner().full
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = match self {
            Self::Plain(bounded) => bounded.write_all(bytes),
            Self::Gzip(decoder) => decoder.write_all(bytes),
        };
        if self.is_full() { Ok(()) } else { written }
    }

    fn finish(self) -> io::Result<Bounded> {
        match self {
            Self::Plain(bounded) => Ok(bounded),
            Self::Gzip(mut decoder) => {
                let ended = decoder.try_finish();
                if !decoder.get_ref().full {
                    ended?;
                }
                let held = std::mem::replace(decoder.get_mut(), Bounded::new(0));
                Ok(held)
            }
        }
    }
}

/// A client for one hop. It knows the addresses that were judged and can look nothing else up.
async fn client(url: &Url, way: &Way, outward: &Outward) -> Result<Client, String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (name, addresses, proxy) = match way {
        Way::Straight(addresses) => (url.domain().map(str::to_owned), addresses.clone(), None),
        Way::Through(upstream) => {
            let addresses = outward.upstream_addresses(upstream).await.map_err(|error| error.to_string())?;
            let proxy = reqwest::Proxy::all(format!("http://{}", upstream.target));
            let mut proxy = proxy.map_err(|error| root_cause(&error))?;
            if let Some(value) = &upstream.authorization {
                let mut value = HeaderValue::from_str(value).map_err(|error| error.to_string())?;
                value.set_sensitive(true);
                proxy = proxy.custom_http_auth(value);
            }
            let name = match &upstream.target.host {
                Host::Name(name) => Some(name.clone()),
                Host::Address(_) => None,
            };
            (name, addresses, Some(proxy))
        }
    };
    let base = || -> ClientBuilder {
        let mut builder = Client::builder()
            .user_agent(concat!("iosm/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .dns_resolver(Arc::new(Nothing));
        if let Some(name) = &name {
            builder = builder.resolve_to_addrs(name, &addresses);
        }
        match &proxy {
            Some(proxy) => builder.proxy(proxy.clone()),
            None => builder,
        }
    };
    let built = if url.scheme() == "https" {
        // On a machine without CA certificates this fails instead of trusting nothing.
        base().build().or_else(|_| base().tls_certs_only(bundled_roots()).build())
    } else {
        base().tls_certs_only([]).build()
    };
    built.map_err(|error| root_cause(&error))
}

/// Knows no name at all: whatever was not judged cannot be looked up.
struct Nothing;

impl dns::Resolve for Nothing {
    fn resolve(&self, name: dns::Name) -> dns::Resolving {
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let none: Result<Box<dyn Iterator<Item = SocketAddr> + Send>, _> =
                Err(format!("{name} was not judged").into());
            none
        })
    }
}

fn bundled_roots() -> Vec<reqwest::Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter_map(|root| reqwest::Certificate::from_der(root).ok())
        .collect()
}

/// The innermost error, which says what happened.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn clip(text: String) -> String {
    match text.char_indices().nth(MOST_FIELD) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
