//! The tool `fetch` with grants of a real kernel.

use std::io::Write;
use std::time::{Duration, Instant};

use iosm::base::{BlobStore, StateDir};
use iosm::host::net::{FetchError, Outward, WebLimits, fetch};
use iosm::kernel::{Grant, RawResult};
use iosm::protocol::{Part, ToolCall, ToolStatus};
use iosm::tools::{Registry, ToolContext, register_fetch};
use serde_json::{Value, json};

use super::{Names, Peer, outward};
use crate::kernel::world::{World, asked, granted};

struct Web {
    world: World,
    registry: Registry,
}

impl Web {
    fn new(outward: &Outward) -> Self {
        let mut world = World::new();
        let mut registry = Registry::default();
        register_fetch(&mut registry, outward);
        world.charter.tools.extend(registry.specs().cloned());
        world.charter.capability.tools.insert("fetch".to_owned());
        Self { world, registry }
    }

    fn grant(&self, args: &Value) -> Grant {
        let kernel = self.world.kernel();
        let call = ToolCall { id: "t1".to_owned(), tool: "fetch".to_owned(), args: args.clone() };
        let question = asked(kernel.judge("main", &call).unwrap());
        granted(kernel.approve(question, "ann", false).unwrap()).grant
    }

    async fn fetch(&self, args: Value) -> RawResult {
        let grant = self.grant(&args);
        let blobs = BlobStore::new(StateDir::open(self.world.root.join("state/blobs")).unwrap());
        let tool = self.registry.get("fetch").unwrap();
        tool.run(grant, args, ToolContext::new(blobs)).await
    }
}

fn text(result: &RawResult) -> &str {
    let Part::Text { text } = &result.parts[0] else { panic!("text first") };
    text
}

fn page(content_type: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nSet-Cookie: a=b\r\n\r\n{body}")
        .into_bytes()
}

#[tokio::test]
async fn a_page_comes_as_markdown_and_nothing_is_sent_but_who_we_are() {
    let peer =
        Peer::of(|_| page("text/html; charset=utf-8", "<title>T</title><h1>Hi</h1><p>a <b>b</b></p>")).await;
    let web = Web::new(&outward(&Names::default(), &[], &[]));
    let url = format!("http://localhost:{}/x?y#z", peer.port);
    let result = web.fetch(json!({"url": url})).await;
    let expected = format!(
        "http://localhost:{}/x?y\n200 OK · text/html · 44 bytes\n\nTitle: T\n\n# Hi\n\na **b**",
        peer.port
    );
    assert_eq!((result.status, text(&result)), (ToolStatus::Ok, expected.as_str()));
    let raw = web.fetch(json!({"url": url, "raw": true})).await;
    assert!(text(&raw).contains("<h1>Hi</h1>"));
    let heard = peer.heard()[0].to_ascii_lowercase();
    let fields: Vec<&str> = heard.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
    assert_eq!(fields, ["accept", "accept-encoding", "user-agent", "host"], "{heard}");
    assert!(heard.contains(concat!("user-agent: iosm/", env!("CARGO_PKG_VERSION"))), "{heard}");
    assert!(!peer.heard().concat().contains("a=b"), "no cookie comes back");
}

#[tokio::test]
async fn a_redirect_is_followed_within_what_was_granted_and_named_beyond() {
    let peer = Peer::of(|said| {
        let to = match said.split(' ').nth(1) {
            Some("/here") => "/there",
            Some("/away") => "http://evil.test/x",
            Some("/port") => "http://localhost:1/x",
            Some("/file") => "file:///etc/passwd",
            Some("/round") => "/round",
            _ => return page("text/plain", "arrived"),
        };
        format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into_bytes()
    })
    .await;
    let names = Names::new(&[("evil.test", &["127.0.0.1"])]);
    let web = Web::new(&outward(&names, &[], &[]));
    let at = |path: &str| json!({"url": format!("http://localhost:{}{path}", peer.port)});
    let result = web.fetch(at("/here")).await;
    assert!(text(&result).starts_with(&format!("http://localhost:{}/there\n", peer.port)), "{result:?}");
    for (path, needles) in [
        ("/away", &["redirects to http://evil.test/x", "evil.test:80 was not granted", "fetch that URL"][..]),
        ("/port", &["localhost:1 was not granted"]),
        ("/file", &["file:///etc/passwd`, which is no web address"]),
        ("/round", &["more than 5 redirects"]),
    ] {
        let result = web.fetch(at(path)).await;
        assert_eq!(result.status, ToolStatus::Error);
        for needle in needles {
            assert!(text(&result).contains(needle), "{path}: {}", text(&result));
        }
    }
    assert_eq!(names.asked(), [""; 0], "nobody was asked where evil.test is");
}

#[tokio::test]
async fn a_public_name_does_not_lead_within() {
    let peer = Peer::of(|_| page("text/plain", "inner")).await;
    let port = peer.port;
    let names = Names::new(&[("a.test", &["127.0.0.1"]), ("b.test", &["10.0.0.1", "8.8.8.8"])]);
    let web = Web::new(&outward(&names, &[], &[]));
    for (url, needle) in [
        (format!("http://a.test:{port}/"), "an address of this machine"),
        (format!("http://b.test:{port}/"), "a private address"),
    ] {
        let result = web.fetch(json!({"url": url})).await;
        assert_eq!(result.status, ToolStatus::Error);
        assert!(
            text(&result).contains(needle) && text(&result).contains("expose.hosts"),
            "{}",
            text(&result)
        );
    }
    assert_eq!(peer.heard(), [""; 0]);
    let trusting = Web::new(&outward(&names, &[], &[&format!("a.test:{port}")]));
    let result = trusting.fetch(json!({"url": format!("http://a.test:{port}/")})).await;
    assert!(text(&result).ends_with("inner"), "{}", text(&result));
    // An address that a person allowed as such.
    let result = web.fetch(json!({"url": format!("http://127.0.0.1:{port}/")})).await;
    assert!(text(&result).ends_with("inner"), "{}", text(&result));
}

#[tokio::test]
async fn what_unpacks_without_end_is_cut() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..200 {
        packer.write_all(&zeros).unwrap();
    }
    let bomb = packer.finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    let peer = Peer::of(move |_| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length:";
        [format!("{head} {}\r\n\r\n", bomb.len()).as_bytes(), &bomb].concat()
    })
    .await;
    let web = Web::new(&outward(&Names::default(), &[], &[]));
    let url = format!("http://localhost:{}/", peer.port);
    let result = web.fetch(json!({"url": url, "max_bytes": 100_000})).await;
    assert!(text(&result).contains("cut after 100,000 bytes"), "{:.200}", text(&result));
    assert!(text(&result).len() < 101_000);
}

#[tokio::test]
async fn types_that_cannot_be_shown_are_told_and_not_read() {
    let peer = Peer::of(|said| match said.split(' ').nth(1) {
        Some("/br") => b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 1\r\n\r\nx".to_vec(),
        Some("/404") => b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone".to_vec(),
        _ => {
            b"HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 12000000\r\nETag: e\r\n\r\n"
                .to_vec()
        }
    })
    .await;
    let web = Web::new(&outward(&Names::default(), &[], &[]));
    let at = |path: &str| format!("http://localhost:{}{path}", peer.port);
    for (args, needle) in [
        (json!({"url": at("/x.pdf")}), "application/pdf · 12,000,000 bytes\n\nnot fetched"),
        (json!({"url": at("/br")}), "encoding `br`"),
        (json!({"url": at("/404")}), "404 Not Found · no type given · 4 bytes\n\ngone"),
    ] {
        let result = web.fetch(args).await;
        assert_eq!(result.status, ToolStatus::Error);
        assert!(text(&result).contains(needle), "{}", text(&result));
    }
    let head = web.fetch(json!({"url": at("/x.pdf"), "method": "HEAD"})).await;
    assert_eq!(head.status, ToolStatus::Ok);
    assert!(text(&head).contains("content-length: 12000000\netag: e\n"), "{}", text(&head));
    assert!(peer.heard().last().unwrap().starts_with("HEAD /x.pdf "));
}

#[tokio::test]
async fn silence_ends_a_request() {
    let peer = Peer::of(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegin".to_vec()).await;
    let mute = Peer::of(|_| Vec::new()).await;
    let out = outward(&Names::default(), &[], &[]);
    let web = Web::new(&out);
    let limits = WebLimits { idle: Duration::from_millis(150), ..WebLimits::default() };
    for port in [peer.port, mute.port] {
        let since = Instant::now();
        let grant = web.grant(&json!({"url": format!("http://localhost:{port}/")}));
        let error = fetch(grant, &out, limits, |_| true).await.unwrap_err();
        assert!(matches!(error, FetchError::Slow(_)), "{error}");
        assert!(since.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_request_goes_through_the_users_proxy() {
    let upstream = Peer::of(|_| page("text/plain", "via")).await;
    let url = format!("http://me:pw@127.0.0.1:{}", upstream.port);
    let web = Web::new(&outward(&Names::default(), &[("HTTP_PROXY", &url)], &[]));
    let result = web.fetch(json!({"url": "http://a.test/x"})).await;
    assert!(text(&result).ends_with("via"), "{}", text(&result));
    let heard = upstream.heard().remove(0).to_ascii_lowercase();
    assert!(heard.starts_with("get http://a.test/x http/1.1"), "{heard}");
    assert!(heard.contains("proxy-authorization: basic bwu6chc="), "{heard}");
}
