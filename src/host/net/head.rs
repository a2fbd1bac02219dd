//! The head of an HTTP/1.1 request to the proxy: read within bounds, taken apart, written anew.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};

use super::hosts::Target;

/// Fields in one head.
const MOST_FIELDS: usize = 100;
/// Fields between us and the client alone (RFC 9110 section 7.6.1), and those we write ourselves.
const OURS: [&str; 9] = [
    "connection",
    "proxy-connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "proxy-authorization",
    "proxy-authenticate",
    "host",
];

#[derive(Debug, thiserror::Error)]
pub(super) enum HeadError {
    #[error("the head of the request is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the head of the request took too long")]
    Slow,
    #[error("the connection ended within the head of a request")]
    Cut,
    #[error("the request is not valid HTTP/1.1: {0}")]
    Bad(&'static str),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// How the body of a request is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
}

#[derive(Debug)]
pub(super) struct Head {
    pub method: String,
    /// As it was written.
    pub target: String,
    fields: Vec<(String, Vec<u8>)>,
    pub framing: Framing,
    /// What came after the head.
    pub rest: Vec<u8>,
}

/// Reads one head; `begun` is what was read of it before. The time is for all of it, so that a byte now
/// and then does not hold a place for ever.
pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    begun: Vec<u8>,
    most: usize,
    time: Duration,
) -> Result<Head, HeadError> {
    let reading = async {
        let mut bytes = begun;
        loop {
            if let Some(head) = parse(&bytes)? {
                return Ok(head);
            }
            if bytes.len() >= most {
                return Err(HeadError::TooLarge(most));
            }
            let mut chunk = [0; 4096];
            let room = chunk.len().min(most - bytes.len());
            match stream.read(&mut chunk[..room]).await? {
                0 => return Err(HeadError::Cut),
                length => bytes.extend_from_slice(&chunk[..length]),
            }
        }
    };
    tokio::time::timeout(time, reading).await.map_err(|_| HeadError::Slow)?
}

fn parse(bytes: &[u8]) -> Result<Option<Head>, HeadError> {
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    let length = match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(HeadError::Bad("too many fields")),
        Err(_) => return Err(HeadError::Bad("it cannot be read")),
    };
    if request.version != Some(1) && request.version != Some(0) {
        return Err(HeadError::Bad("another version"));
    }
    let fields: Vec<(String, Vec<u8>)> =
        request.headers.iter().map(|field| (field.name.to_ascii_lowercase(), field.value.to_vec())).collect();
    Ok(Some(Head {
        method: request.method.unwrap_or_default().to_owned(),
        target: request.path.unwrap_or_default().to_owned(),
        framing: framing(&fields)?,
        fields,
        rest: bytes[length..].to_vec(),
    }))
}

/// Two ways to tell the end would let a second request hide in the body of the first.
fn framing(fields: &[(String, Vec<u8>)]) -> Result<Framing, HeadError> {
    let all =
        |name: &'static str| fields.iter().filter(move |(known, _)| known == name).map(|(_, value)| value);
    let mut encodings = all("transfer-encoding");
    let mut lengths = all("content-length");
    match (encodings.next(), lengths.next()) {
        (None, None) => Ok(Framing::Length(0)),
        (Some(_), Some(_)) => Err(HeadError::Bad("a length and an encoding")),
        (Some(one), None) if encodings.next().is_none() && one.eq_ignore_ascii_case(b"chunked") => {
            Ok(Framing::Chunked)
        }
        (Some(_), None) => Err(HeadError::Bad("a transfer encoding other than chunked")),
        (None, Some(one)) => {
            let digits =
                std::str::from_utf8(one).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
            let length = digits.and_then(|text| text.parse().ok()).filter(|_| lengths.next().is_none());
            length.map(Framing::Length).ok_or(HeadError::Bad("its length"))
        }
    }
}

impl Head {
    /// Where a request in absolute form wants to go, and the rest of its target: `/path?query`.
    pub(super) fn absolute(&self) -> Option<(Target, &str)> {
        let (scheme, rest) = self.target.split_once("://")?;
        if !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        Some((Target::parse(authority, Some(80))?, path))
    }

    /// The head as it goes on: its target, a `Host` that matches, and one request a connection.
    pub(super) fn written(&self, target: &str, host: &Target, authorization: Option<&str>) -> Vec<u8> {
        let named: Vec<String> = self
            .fields
            .iter()
            .filter(|(name, _)| name == "connection")
            .flat_map(|(_, value)| {
                String::from_utf8_lossy(value)
                    .to_ascii_lowercase()
                    .split(',')
                    .map(|name| name.trim().to_owned())
                    .collect::<Vec<_>>()
            })
            .collect();
        let host = if host.port == 80 { host.host.to_string() } else { host.to_string() };
        let mut out = format!("{} {target} HTTP/1.1\r\nHost: {host}\r\n", self.method).into_bytes();
        for (name, value) in &self.fields {
            let framed = matches!(name.as_str(), "content-length" | "transfer-encoding");
            if OURS.contains(&name.as_str()) || !framed && named.contains(name) {
                continue;
            }
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
        if let Some(authorization) = authorization {
            out.extend_from_slice(format!("Proxy-Authorization: {authorization}\r\n").as_bytes());
        }
        out.extend_from_slice(b"Connection: close\r\n\r\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Result<Option<Head>, HeadError> {
        parse(text.replace('\n', "\r\n").as_bytes())
    }

    #[test]
    fn what_goes_on_names_the_host_that_was_judged_and_keeps_no_login() {
        let text = "GET http://A.test:8080/x?y#z HTTP/1.1\nHost: evil.test\nhost: other.test\n\
                    Proxy-Authorization: Basic c2VjcmV0\nConnection: x-secret, close, content-length\nX-Secret: 1\n\
                    Content-Length: 3\nAccept: */*\n\nabc";
        let head = head(text).unwrap().unwrap();
        let (target, path) = head.absolute().unwrap();
        assert_eq!((target.to_string().as_str(), path), ("a.test:8080", "/x?y"));
        assert_eq!((head.framing, head.rest.as_slice()), (Framing::Length(3), &b"abc"[..]));
        assert_eq!(
            String::from_utf8(head.written(path, &target, None)).unwrap(),
            "GET /x?y HTTP/1.1\r\nHost: a.test:8080\r\ncontent-length: 3\r\naccept: */*\r\nConnection: close\r\n\r\n"
        );
    }

    #[test]
    fn a_body_has_one_end() {
        for (fields, expected) in [
            ("", Some(Framing::Length(0))),
            ("Content-Length: 12\n", Some(Framing::Length(12))),
            ("Transfer-Encoding: Chunked\n", Some(Framing::Chunked)),
            ("Content-Length: 12\nContent-Length: 12\n", None),
            ("Content-Length: 1\nTransfer-Encoding: chunked\n", None),
            ("Transfer-Encoding: gzip, chunked\n", None),
            ("Transfer-Encoding: chunked\nTransfer-Encoding: chunked\n", None),
            ("Content-Length: +1\n", None),
            ("Content-Length: -1\n", None),
            ("Content-Length: 99999999999999999999\n", None),
            ("Content-Length: 1, 1\n", None),
        ] {
            let got = head(&format!("POST http://a.test/ HTTP/1.1\n{fields}\n"));
            assert_eq!(got.ok().flatten().map(|head| head.framing), expected, "{fields}");
        }
    }

    #[test]
    fn only_http_in_absolute_form_leads_anywhere() {
        for (target, leads) in [
            ("http://a.test/", true),
            ("HTTP://a.test", true),
            ("http://a.test?x", true),
            ("https://a.test/", false),
            ("ftp://a.test/", false),
            ("/x", false),
            ("*", false),
            ("http://me@a.test/", false),
            ("http:///x", false),
            ("http://a.test:0/", false),
        ] {
            let head = head(&format!("GET {target} HTTP/1.1\n\n")).unwrap().unwrap();
            assert_eq!(head.absolute().is_some(), leads, "{target}");
        }
        for bad in ["GET / HTTP/2.0\n\n", "GET\n\n", "GET / HTTP/1.1\n folded: x\n\n", "\x16\x03\x01\n"] {
            assert!(head(bad).is_err(), "{bad:?}");
        }
    }
}
