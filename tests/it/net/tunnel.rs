//! `CONNECT`: a tunnel carries what its name says, and nothing under another name.

use std::sync::Arc;
use std::time::Duration;

use iosm::host::net::ProxyLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Names, Peer, connect, outward, rest, start, tight};

/// The greeting that a TLS client sends for a host.
fn hello(host: &str, sni: bool) -> Vec<u8> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = rustls::RootCertStore::empty();
    let mut config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.enable_sni = sni;
    let name = rustls::pki_types::ServerName::try_from(host.to_owned()).unwrap();
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}

#[tokio::test]
async fn the_name_within_must_be_the_name_without() {
    let peer = Peer::new("served").await;
    let names = Names::new(&[("cdn.test", &["127.0.0.1"])]);
    let (cdn, local) = (format!("cdn.test:{}", peer.port), format!("127.0.0.1:{}", peer.port));
    for (greeting, served, note) in [
        (hello("cdn.test", true), true, ""),
        (hello("CDN.test", true), true, ""),
        (hello("evil.test", true), false, "asked for evil.test within"),
        (hello("x.cdn.test", true), false, "asked for x.cdn.test within"),
        (hello("cdn.test", false), false, "no server name"),
    ] {
        let (proxy, address) = start(&[&cdn, &local], &outward(&names, &[], &[]), ProxyLimits::default());
        let before = peer.heard().len();
        let (mut stream, status) = connect(address, &cdn).await;
        assert_eq!(status, "HTTP/1.1 200 Connection Established");
        // In two pieces: nothing goes on before the name is known.
        let (start, end) = greeting.split_at(60);
        stream.write_all(start).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(peer.heard().get(before).map_or("", String::as_str), "");
        stream.write_all(end).await.unwrap();
        let _ = stream.shutdown().await;
        let answer = rest(&mut stream).await;
        assert_eq!(answer == b"served", served, "{note}: {answer:?}");
        if !served {
            assert_eq!(peer.heard().get(before).map_or("", String::as_str), "", "not a byte went on");
        }
        assert!(proxy.notes().join(" ").contains(note), "{:?}", proxy.notes());
        assert_eq!(proxy.notes().is_empty(), served);
    }
}

#[tokio::test]
async fn an_address_has_no_name_to_ask_for() {
    let peer = Peer::new("served").await;
    let local = format!("127.0.0.1:{}", peer.port);
    for (greeting, served) in [(hello("127.0.0.1", true), true), (hello("evil.test", true), false)] {
        let (_proxy, address) = start(&[&local], &outward(&Names::default(), &[], &[]), tight());
        let (mut stream, _) = connect(address, &local).await;
        stream.write_all(&greeting).await.unwrap();
        let _ = stream.shutdown().await;
        assert_eq!(rest(&mut stream).await == b"served", served);
    }
}

#[tokio::test]
async fn a_port_granted_by_its_number_may_speak_anything_even_first() {
    let names = Names::new(&[("db.test", &["127.0.0.1"])]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 ready\r\n").await.unwrap();
        let mut said = [0; 5];
        stream.read_exact(&mut said).await.unwrap();
        stream.write_all(&said).await.unwrap();
    });
    let (db, local) = (format!("db.test:{port}"), format!("127.0.0.1:{port}"));
    let (_proxy, address) = start(&[&db, &local], &outward(&names, &[], &[]), ProxyLimits::default());
    let (mut stream, _) = connect(address, &db).await;
    let mut greeting = [0; 11];
    stream.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"220 ready\r\n");
    stream.write_all(b"HELO\n").await.unwrap();
    assert_eq!(rest(&mut stream).await, b"HELO\n");
}

#[tokio::test]
async fn a_silent_tunnel_ends() {
    let peer = Peer::of(|_| Vec::new()).await;
    let local = format!("127.0.0.1:{}", peer.port);
    let (_proxy, address) = start(&[&local], &outward(&Names::default(), &[], &[]), tight());
    let since = std::time::Instant::now();
    let (mut stream, _) = connect(address, &local).await;
    stream.write_all(b"hello").await.unwrap();
    assert_eq!(rest(&mut stream).await, b"");
    assert!((Duration::from_millis(300)..Duration::from_secs(5)).contains(&since.elapsed()));
    assert_eq!(peer.heard(), ["hello"]);
}
