//! The one door to providers: builds the HTTP client, sends a request, hands out the bytes.
#![expect(clippy::disallowed_methods, reason = "the model room's own HTTP client is built here")]

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, Url, redirect};

use super::error::ModelError;
use super::status::{self, Answer};
use crate::base::now_ms;

/// A connection that takes longer than this will not come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest silence within an answer.
const IDLE: Duration = Duration::from_secs(120);
/// A local server may read a long prompt for minutes before the first token.
const LOOPBACK_FIRST_BYTE: Duration = Duration::from_secs(600);
/// How long to look for the end of a body whose answer is complete: it usually lies there already,
/// and only a body read to its end leaves a connection that the next request can use.
const DRAIN: Duration = Duration::from_millis(100);
/// So long the answer itself may be held back for it; a server that sends the end apart, or a proxy
/// that keeps it, takes tens of milliseconds, which every turn would pay.
const DRAIN_IN_PLACE: Duration = Duration::from_millis(2);
/// Longest wait for a list of models.
const LOOKUP: Duration = Duration::from_secs(10);
/// Of such a list, no more than this is read.
const MAX_LOOKUP_BODY: usize = 4 << 20;
/// Of an error body, no more than this is read.
const MAX_ERROR_BODY: usize = 256 << 10;

/// Longest waits for a byte; replaced in tests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub first_byte: Duration,
    pub idle: Duration,
}

/// One provider's address, its headers, and the connection that its requests share.
pub(super) struct Http {
    provider: String,
    url: Url,
    headers: HeaderMap,
    /// Never to appear in a message.
    secret: Option<String>,
    patience: Patience,
    client: OnceLock<Result<Client, String>>,
}

impl Http {
    /// `headers` are sent with every request; `secret` is kept out of every message.
    pub(super) fn new(
        provider: &str,
        url: Url,
        headers: &[(&'static str, String)],
        secret: Option<&str>,
    ) -> Result<Self, ModelError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let mut value = HeaderValue::from_str(value).map_err(|_| ModelError::Config {
                message: format!("the API key for {provider} holds characters that no HTTP header may hold"),
                hints: vec!["a line break at its end, or a quotation mark copied along?".into()],
            })?;
            value.set_sensitive(secret.is_some_and(|secret| value.as_bytes().ends_with(secret.as_bytes())));
            map.insert(HeaderName::from_static(name), value);
        }
        let first_byte = if is_loopback(&url) { LOOPBACK_FIRST_BYTE } else { IDLE };
        Ok(Self {
            provider: provider.to_owned(),
            url,
            headers: map,
            secret: secret.map(str::to_owned),
            patience: Patience { first_byte, idle: IDLE },
            client: OnceLock::new(),
        })
    }

    pub(super) fn provider(&self) -> &str {
        &self.provider
    }

    /// Where requests go, without user name, password and query.
    pub(super) fn address(&self) -> String {
        let mut url = self.url.clone();
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.to_string()
    }

    #[cfg(test)]
    pub(super) fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Sends `body` and waits for the head of the answer. An answer other than 2xx is an error.
    pub(super) async fn post(self: &Arc<Self>, body: Vec<u8>) -> Result<Body, ModelError> {
        let request = self.client()?.post(self.url.clone()).body(body);
        self.send(request, self.patience.first_byte).await
    }

    /// Asks for what lies at the address: a small JSON value, which comes at once or not at all.
    pub(super) async fn get(self: &Arc<Self>) -> Result<Vec<u8>, ModelError> {
        let request = self.client()?.get(self.url.clone());
        let mut body = self.send(request, LOOKUP).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = body.chunk().await? {
            bytes.extend_from_slice(chunk.as_ref());
            if bytes.len() > MAX_LOOKUP_BODY {
                let message = format!("more than {MAX_LOOKUP_BODY} bytes");
                return Err(ModelError::Cut { provider: self.provider.clone(), message });
            }
        }
        Ok(bytes)
    }

    fn client(&self) -> Result<&Client, ModelError> {
        let built = self.client.get_or_init(|| build(&self.url));
        built.as_ref().map_err(|message| self.unreachable(message.clone()))
    }

    async fn send(self: &Arc<Self>, request: RequestBuilder, wait: Duration) -> Result<Body, ModelError> {
        let request = request.headers(self.headers.clone()).send();
        let response = tokio::time::timeout(wait, request)
            .await
            .map_err(|_| self.silent(wait))?
            .map_err(|error| self.broken(&error))?;
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        let content_type = header(&response, "content-type").unwrap_or_default().to_ascii_lowercase();
        Ok(Body { http: Arc::clone(self), response, content_type, begun: false })
    }

    async fn refusal(&self, mut response: Response) -> ModelError {
        let mut body = Vec::new();
        while let Ok(Ok(Some(chunk))) = tokio::time::timeout(self.patience.idle, response.chunk()).await {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ERROR_BODY {
                break;
            }
        }
        let text = self.without_secret(&String::from_utf8_lossy(&body));
        let answer = Answer {
            status: response.status().as_u16(),
            retry_after: header(&response, "retry-after"),
            retry_after_ms: header(&response, "retry-after-ms"),
            location: header(&response, "location"),
            body: text.as_bytes(),
        };
        status::error_of(&self.provider, &answer, now_ms() / 1000)
    }

    /// Providers have been seen to quote the key they refuse.
    pub(super) fn without_secret(&self, text: &str) -> String {
        match self.secret.as_deref().filter(|secret| !secret.is_empty()) {
            Some(secret) => text.replace(secret, "[key]"),
            None => text.to_owned(),
        }
    }

    fn broken(&self, error: &reqwest::Error) -> ModelError {
        let message = root_cause(error);
        if error.is_connect() || error.is_timeout() || error.is_builder() {
            return self.unreachable(message);
        }
        ModelError::Cut { provider: self.provider.clone(), message }
    }

    fn unreachable(&self, message: String) -> ModelError {
        ModelError::Unreachable { provider: self.provider.clone(), url: self.address(), message }
    }

    fn silent(&self, wait: Duration) -> ModelError {
        ModelError::Silent { provider: self.provider.clone(), seconds: wait.as_secs() }
    }
}

/// The body of an answer as it comes.
pub(super) struct Body {
    http: Arc<Http>,
    response: Response,
    content_type: String,
    begun: bool,
}

impl Body {
    /// In lower case, with its parameters; empty where none was sent.
    pub(super) fn content_type(&self) -> &str {
        &self.content_type
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, ModelError> {
        let patience = self.http.patience;
        let wait = if self.begun { patience.idle } else { patience.first_byte };
        let chunk = tokio::time::timeout(wait, self.response.chunk())
            .await
            .map_err(|_| self.http.silent(wait))?
            .map_err(|error| self.http.broken(&error))?;
        self.begun = true;
        Ok(chunk)
    }

    /// Reads what little should be left, so that the connection can be used again; what does not come
    /// at once is read beside what goes on.
    pub(super) async fn drain(mut self) {
        let mut rest = Box::pin(async move { while let Ok(Some(_)) = self.response.chunk().await {} });
        if tokio::time::timeout(DRAIN_IN_PLACE, &mut rest).await.is_err() {
            tokio::spawn(async move { tokio::time::timeout(DRAIN, rest).await });
        }
    }
}

/// The innermost error, which says what happened; the outer ones say that something did.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// Whether `url` names this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let name = host.trim_end_matches('.');
    name == "localhost"
        || name.ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn build(url: &Url) -> Result<Client, String> {
    // Only the first caller of the process wins, and all of ours install the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let base = || -> ClientBuilder {
        let builder = Client::builder()
            .user_agent(concat!("iosm/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(same_origin());
        // A proxy cannot know which machine "localhost" means here.
        if is_loopback(url) { builder.no_proxy() } else { builder }
    };
    let built = if url.scheme() == "https" {
        // On a machine without CA certificates this fails instead of trusting nothing.
        base().build().or_else(|_| base().tls_certs_only(bundled_roots()).build())
    } else {
        // Reading a system's roots costs more than the rest of a local request.
        base().tls_certs_only([]).build()
    };
    built.map_err(|error| root_cause(&error))
}

fn bundled_roots() -> Vec<reqwest::Certificate> {
    webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .filter_map(|root| reqwest::Certificate::from_der(root).ok())
        .collect()
}

/// The key goes to the origin it was meant for and to no other.
fn same_origin() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let from = attempt.previous().last().map(Url::origin);
        if from == Some(attempt.url().origin()) && attempt.previous().len() < 4 {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_has_many_names() {
        for yes in ["http://localhost:1/v1", "http://127.0.0.9", "http://[::1]:80", "http://a.localhost."] {
            assert!(is_loopback(&Url::parse(yes).unwrap()), "{yes}");
        }
        for no in ["https://api.openai.com", "http://10.0.0.1", "http://localhost.example.com"] {
            assert!(!is_loopback(&Url::parse(no).unwrap()), "{no}");
        }
    }

    /// A server that says `words` to every connection, and then nothing more.
    fn mute(words: &'static [u8]) -> Url {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            // An answer before the request would be a fault of the server's.
            let _ = std::io::Read::read(&mut socket, &mut [0; 4096]);
            std::io::Write::write_all(&mut socket, words).unwrap();
            std::thread::sleep(Duration::from_secs(5));
        });
        url
    }

    #[tokio::test]
    async fn silence_ends_a_request_before_and_within_the_answer() {
        let open = |url, first, idle| {
            let patience =
                Patience { first_byte: Duration::from_millis(first), idle: Duration::from_millis(idle) };
            Arc::new(Http::new("p", url, &[], None).unwrap().with_patience(patience))
        };
        let outcome = open(mute(b""), 60, 10_000).post(vec![]).await;
        assert!(matches!(outcome.err(), Some(ModelError::Silent { .. })));
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nbegin";
        let mut body = open(mute(head), 10_000, 60).post(vec![]).await.unwrap();
        assert_eq!(body.chunk().await.unwrap().unwrap().as_ref(), b"begin");
        assert!(matches!(body.chunk().await.err(), Some(ModelError::Silent { .. })));
    }

    #[test]
    fn the_bundled_roots_make_a_client() {
        assert!(bundled_roots().len() > 50);
        let _ = rustls::crypto::ring::default_provider().install_default();
        assert!(Client::builder().tls_certs_only(bundled_roots()).build().is_ok());
    }

    #[test]
    fn an_address_shows_no_password() {
        let url = Url::parse("https://me:pass@host/v1/x?key=1").unwrap();
        let http = Http::new("p", url, &[], None).unwrap();
        assert_eq!(http.address(), "https://host/v1/x");
    }

    #[test]
    fn a_key_with_a_line_break_is_explained() {
        let url = Url::parse("https://host/").unwrap();
        let error = Http::new("p", url, &[("x-api-key", "a\nb".into())], Some("a\nb")).err();
        assert!(matches!(error, Some(ModelError::Config { .. })));
    }
}
