//! One connection of a command to its proxy: one request, or one tunnel.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::head::{self, Head, HeadError};
use super::hello::{Greeting, MOST_HELLO, greeting};
use super::hosts::{Host, Refusal, Target};
use super::outward::{NoWay, Way};
use super::proxy::Shared;
use super::relay::{Pulse, body, copy};

/// The answer of the user's own proxy to `CONNECT`, in bytes.
const MOST_ANSWER: usize = 16 * 1024;

/// Why a connection ended before it was served.
#[derive(Debug)]
enum End {
    /// Status line, and a sentence for people.
    Answer(&'static str, String),
    /// Nothing can be said any more.
    Silent,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Silent
    }
}

pub(super) async fn serve(mut client: TcpStream, shared: Arc<Shared>) {
    let served = async {
        let limits = shared.limits;
        let head = head::read(&mut client, Vec::new(), limits.head_bytes, limits.head_time).await?;
        if head.method == "CONNECT" {
            tunnel(&mut client, head, &shared).await
        } else {
            request(&mut client, head, &shared).await
        }
    };
    if let Err(End::Answer(status, why)) = served.await {
        let body = format!("iosm: {why}\n");
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let saying = async {
            client.write_all(answer.as_bytes()).await?;
            client.shutdown().await?;
            // What still comes would reset the connection before the answer is read.
            let mut rest = [0; 4096];
            let mut left = 64usize;
            while left > 0 && client.read(&mut rest).await? > 0 {
                left -= 1;
            }
            io::Result::Ok(())
        };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), saying).await;
    }
    if shared.meter.is_used_up() {
        shared.log.used_up();
    }
}

impl From<HeadError> for End {
    fn from(error: HeadError) -> Self {
        let status = match &error {
            HeadError::TooLarge(_) => "431 Request Header Fields Too Large",
            HeadError::Slow => "408 Request Timeout",
            HeadError::Bad(_) => "400 Bad Request",
            HeadError::Cut | HeadError::Io(_) => return Self::Silent,
        };
        Self::Answer(status, error.to_string())
    }
}

fn bad(why: &str) -> End {
    End::Answer("400 Bad Request", why.to_owned())
}

impl Shared {
    fn refused(&self, refusal: &Refusal) -> End {
        self.log.refuse(refusal);
        End::Answer("403 Forbidden", refusal.to_string())
    }

    /// Judges, looks up, connects.
    async fn reach(&self, target: &Target, secure: bool) -> Result<(Way, TcpStream), End> {
        let way = self.outward.way(&self.hosts, target, secure).await.map_err(|no_way| match no_way {
            NoWay::Refused(refusal) => self.refused(&refusal),
            NoWay::Upstream(why) => {
                self.log.upstream_failed(target, &why);
                End::Answer("502 Bad Gateway", why)
            }
            NoWay::Unknown { .. } => End::Answer("502 Bad Gateway", no_way.to_string()),
        })?;
        match self.outward.connect(&way).await {
            Ok(stream) => Ok((way, stream)),
            Err(error) => {
                let why = format!("{target} cannot be reached: {error}");
                if matches!(way, Way::Through(_)) {
                    self.log.upstream_failed(target, &error.to_string());
                }
                Err(End::Answer("502 Bad Gateway", why))
            }
        }
    }
}

/// A request for `http://`, answered on a connection of its own.
async fn request(client: &mut TcpStream, head: Head, shared: &Shared) -> Result<(), End> {
    let Some((target, path)) = head.absolute() else {
        return Err(bad("this is a proxy: it takes CONNECT, and http:// in absolute form"));
    };
    let path = path.to_owned();
    let (way, server) = shared.reach(&target, false).await?;
    forward(client, server, head, &path, &target, &way, shared).await
}

async fn forward(
    client: &mut TcpStream,
    mut server: TcpStream,
    head: Head,
    path: &str,
    target: &Target,
    way: &Way,
    shared: &Shared,
) -> Result<(), End> {
    let path = match path {
        "" => "/".to_owned(),
        query if query.starts_with('?') => format!("/{query}"),
        path => path.to_owned(),
    };
    let (asked, authorization) = match way {
        Way::Straight(_) => (path, None),
        Way::Through(upstream) => (format!("http://{target}{path}"), upstream.authorization.as_deref()),
    };
    server.write_all(&head.written(&asked, target, authorization)).await?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let pulse = Pulse::new();
    let asking = async {
        let passed =
            body(&mut from_client, head.rest, &mut to_server, head.framing, &shared.meter, &pulse).await;
        // A server may answer before it has read everything; the answer still counts. One that waits
        // for the rest of a body that broke off would wait for ever.
        match passed {
            Ok(()) => std::future::pending().await,
            Err(error) => error,
        }
    };
    tokio::select! {
        answered = copy(&mut from_server, &mut to_client, &shared.meter, &pulse) => Ok(answered?),
        _ = asking => Err(End::Silent),
        () = pulse.stops(shared.limits.idle) => Err(End::Silent),
    }
}

/// `CONNECT`: bytes in both directions, once it is clear whom they are for.
async fn tunnel(client: &mut TcpStream, head: Head, shared: &Shared) -> Result<(), End> {
    let Some(target) = Target::parse(&head.target, None) else {
        return Err(bad("CONNECT names no host and port"));
    };
    let (way, mut server) = shared.reach(&target, true).await?;
    let mut from_server = Vec::new();
    if let Way::Through(upstream) = &way {
        let connect = connect(&mut server, &target, upstream.authorization.as_deref());
        let answered = tokio::time::timeout(shared.limits.head_time, connect).await;
        let answered = answered.unwrap_or_else(|_| Err("it did not answer".to_owned()));
        from_server = answered.map_err(|why| {
            shared.log.upstream_failed(&target, &why);
            End::Answer(
                "502 Bad Gateway",
                format!("{target} was not reached through the user's proxy: {why}"),
            )
        })?;
    }
    client.write_all(b"HTTP/1.1 200 Connection Established\r\n\r\n").await?;
    let mut begun = head.rest;
    let greeted = tokio::time::timeout(
        shared.limits.head_time,
        greet(client, &mut server, &mut begun, !matches!(target.port, 80 | 443), from_server.is_empty()),
    );
    match greeted.await.map_err(|_| End::Silent)?? {
        Opening::Asks(name) => same_host(&target, name).map_err(|refusal| {
            // An answer within the tunnel would be read as TLS.
            shared.log.refuse(&refusal);
            End::Silent
        })?,
        Opening::Plain if target.port == 443 => {
            shared.log.refuse(&Refusal::NotTls(target));
            return Err(End::Silent);
        }
        // Plain HTTP within a tunnel: judged and written anew like any other, so that its `Host` is the
        // one that was asked for.
        Opening::Plain if target.port == 80 => {
            let limits = shared.limits;
            let head = head::read(client, begun, limits.head_bytes, limits.head_time).await?;
            if !head.target.starts_with('/') {
                return Err(bad("within a tunnel, a request names a path only"));
            }
            let path = head.target.clone();
            let straight = Way::Straight(Vec::new());
            return forward(client, server, head, &path, &target, &straight, shared).await;
        }
        // A port that was granted by its number may speak anything.
        Opening::Plain => {}
    }
    let (mut from_client, mut to_client) = client.split();
    let (mut from_far, mut to_far) = server.split();
    let pulse = Pulse::new();
    let both = async {
        to_far.write_all(&begun).await?;
        to_client.write_all(&from_server).await?;
        tokio::try_join!(
            copy(&mut from_client, &mut to_far, &shared.meter, &pulse),
            copy(&mut from_far, &mut to_client, &shared.meter, &pulse),
        )
    };
    tokio::select! {
        done = both => done.map(drop).map_err(End::from),
        () = pulse.stops(shared.limits.idle) => Err(End::Silent),
    }
}

/// How a tunnel begins.
enum Opening {
    /// With a TLS greeting that asks for this name.
    Asks(Option<String>),
    /// With something else, or with the server's words.
    Plain,
}

/// Reads as much as is needed to tell. A protocol in which the server speaks first has no greeting.
async fn greet(
    client: &mut TcpStream,
    server: &mut TcpStream,
    begun: &mut Vec<u8>,
    server_may_begin: bool,
    server_is_silent: bool,
) -> Result<Opening, End> {
    loop {
        match greeting(begun) {
            Greeting::Asks(name) => return Ok(Opening::Asks(name)),
            Greeting::Other => return Ok(Opening::Plain),
            Greeting::More if begun.len() > MOST_HELLO * 2 => return Err(End::Silent),
            Greeting::More => {}
        }
        if server_may_begin && begun.is_empty() && !server_is_silent {
            return Ok(Opening::Plain);
        }
        let mut chunk = [0; 4096];
        let length = if server_may_begin && begun.is_empty() {
            tokio::select! {
                read = client.read(&mut chunk) => read?,
                ready = server.readable() => {
                    ready?;
                    return Ok(Opening::Plain);
                }
            }
        } else {
            client.read(&mut chunk).await?
        };
        if length == 0 {
            return Err(End::Silent);
        }
        begun.extend_from_slice(&chunk[..length]);
    }
}

/// The name within must be the name without. An address has no name to ask for.
fn same_host(target: &Target, name: Option<String>) -> Result<(), Refusal> {
    match (&target.host, name) {
        (Host::Name(host), Some(name)) if *host == name.trim_end_matches('.') => Ok(()),
        (Host::Address(_), None) => Ok(()),
        (Host::Name(_), None) => Err(Refusal::Nameless(target.clone())),
        // Only a name is repeated to a reader: a command may write anything there.
        (_, Some(name)) => {
            let name =
                Host::parse(&name).map_or_else(|| "something else".to_owned(), |name| name.to_string());
            Err(Refusal::Fronting(target.clone(), name))
        }
    }
}

/// Asks the user's own proxy for a tunnel; what it sent behind its answer.
async fn connect(
    server: &mut TcpStream,
    target: &Target,
    authorization: Option<&str>,
) -> Result<Vec<u8>, String> {
    let authorization =
        authorization.map_or(String::new(), |value| format!("Proxy-Authorization: {value}\r\n"));
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{authorization}\r\n");
    server.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    loop {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut fields);
        match response.parse(&answer) {
            Ok(httparse::Status::Complete(length)) => {
                let code = response.code.unwrap_or_default();
                if !(200..300).contains(&code) {
                    let hint =
                        if code == 407 { " (its user name and password belong in its URL)" } else { "" };
                    return Err(format!("it answered {code}{hint}"));
                }
                return Ok(answer.split_off(length));
            }
            Ok(httparse::Status::Partial) if answer.len() < MOST_ANSWER => {}
            _ => return Err("its answer is not HTTP".to_owned()),
        }
        let mut chunk = [0; 4096];
        match server.read(&mut chunk).await {
            Ok(0) => return Err("it closed the connection".to_owned()),
            Ok(length) => answer.extend_from_slice(&chunk[..length]),
            Err(error) => return Err(error.to_string()),
        }
    }
}
