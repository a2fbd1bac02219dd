//! Requests for `http://` through the proxy, and everything that is no request.

use std::time::Duration;

use iosm::host::net::ProxyLimits;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Names, PATIENCE, Peer, outward, rest, say, say_bytes, start, tight};

const HELLO: &str = "HTTP/1.1 200 OK\nContent-Length: 5\nConnection: close\n\nhello";

#[tokio::test]
async fn a_granted_host_is_reached_under_its_own_name_and_a_login_stays_here() {
    let peer = Peer::new(HELLO).await;
    let names = Names::new(&[("a.test", &["127.0.0.1"])]);
    let (a, local) = (format!("a.test:{}", peer.port), format!("127.0.0.1:{}", peer.port));
    let (proxy, address) = start(&[&a, &local], &outward(&names, &[], &[]), ProxyLimits::default());
    let answer = say(
        address,
        &format!("GET http://{a}/x?y=1 HTTP/1.1\nHost: evil.test\nProxy-Authorization: Basic eA==\nX: y\n\n"),
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"), "{answer}");
    let heard = peer.heard().remove(0).replace('\r', "");
    assert_eq!(heard, format!("GET /x?y=1 HTTP/1.1\nHost: {a}\nx: y\nConnection: close\n\n"));
    assert_eq!(proxy.notes(), [""; 0]);
}

#[tokio::test]
async fn a_host_that_was_not_granted_is_named_and_never_looked_up() {
    let peer = Peer::new(HELLO).await;
    let names = Names::new(&[("a.test", &["127.0.0.1"]), ("evil.test", &["127.0.0.1"])]);
    let (a, port) = (format!("a.test:{}", peer.port), peer.port);
    let (proxy, address) = start(&[&a], &outward(&names, &[], &[]), ProxyLimits::default());
    for target in [
        format!("evil.test:{port}"),
        "evil.test".to_owned(),
        format!("a.test.evil.test:{port}"),
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        "169.254.169.254".to_owned(),
        "a.test".to_owned(),
    ] {
        let answer = say(address, &format!("GET http://{target}/ HTTP/1.1\n\n")).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{target}: {answer}");
    }
    assert_eq!(names.asked(), [""; 0], "a name is told to nobody before it is judged");
    assert_eq!(peer.heard(), [""; 0]);
    let notes = proxy.notes();
    assert!(notes[0].starts_with(&format!("refused: evil.test:{port} is not among the hosts granted")));
    assert!(notes[0].contains("sandbox.expose.hosts"), "{notes:?}");
    assert!(notes.last().unwrap().contains("3 more"), "{notes:?}");
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_an_inner_address_is_refused() {
    let peer = Peer::new(HELLO).await;
    // Bound anew to a private address after its first look.
    let names = Names::new(&[
        ("rebind.test", &["127.0.0.1", "10.0.0.1"]),
        ("two.test", &["127.0.0.1 10.0.0.1"]),
        ("inner.test", &["192.168.1.1"]),
        ("meta.test", &["169.254.169.254"]),
        ("mapped.test", &["::ffff:10.0.0.1"]),
    ]);
    let port = peer.port;
    let granted: Vec<String> =
        ["rebind.test", "two.test", "inner.test", "meta.test", "mapped.test", "127.0.0.1"]
            .iter()
            .map(|host| format!("{host}:{port}"))
            .collect();
    let granted: Vec<&str> = granted.iter().map(String::as_str).collect();
    let (proxy, address) = start(&granted, &outward(&names, &[], &[]), ProxyLimits::default());
    let first = say(address, &format!("GET http://rebind.test:{port}/ HTTP/1.1\n\n")).await;
    assert!(first.ends_with("hello"), "{first}");
    assert_eq!(names.asked(), ["rebind.test"], "one look for one request");
    for name in ["rebind.test", "two.test", "inner.test", "meta.test", "mapped.test"] {
        let answer = say(address, &format!("GET http://{name}:{port}/ HTTP/1.1\n\n")).await;
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("leads to"), "{name}: {answer}");
    }
    assert_eq!(peer.heard().len(), 1);
    assert!(proxy.notes()[0].contains("10.0.0.1, a private address"), "{:?}", proxy.notes());
}

#[tokio::test]
async fn a_host_of_the_users_settings_may_have_an_inner_address_but_not_the_clouds() {
    let peer = Peer::new(HELLO).await;
    let names = Names::new(&[("own.test", &["127.0.0.1"]), ("meta.test", &["169.254.169.254"])]);
    let (own, meta) = (format!("own.test:{}", peer.port), format!("meta.test:{}", peer.port));
    let (_proxy, address) = start(&["x.test"], &outward(&names, &[], &[&own, &meta]), ProxyLimits::default());
    assert!(say(address, &format!("GET http://{own}/ HTTP/1.1\n\n")).await.ends_with("hello"));
    assert!(say(address, &format!("GET http://{meta}/ HTTP/1.1\n\n")).await.contains(" 403 "));
}

#[tokio::test]
async fn a_second_request_behind_the_first_goes_nowhere() {
    let peer = Peer::new(HELLO).await;
    let names = Names::new(&[("a.test", &["127.0.0.1"])]);
    let (a, local) = (format!("a.test:{}", peer.port), format!("127.0.0.1:{}", peer.port));
    let (_proxy, address) = start(&[&a, &local], &outward(&names, &[], &[]), tight());
    let second = "GET http://evil.test/ HTTP/1.1\nHost: evil.test\n\n";
    for body in [
        format!("Content-Length: 3\n\nabc{second}"),
        format!("\n{second}"),
        format!("Transfer-Encoding: chunked\n\n3\nabc\n0\n\n{second}"),
    ] {
        let before = peer.heard().len();
        let answer = say(address, &format!("POST http://{a}/ HTTP/1.1\n{body}")).await;
        assert!(answer.ends_with("hello"), "{answer}");
        assert_eq!(peer.heard().len(), before + 1);
        assert!(!peer.heard().concat().contains("evil"), "{:?}", peer.heard());
    }
    for framed in
        ["Content-Length: 3\nContent-Length: 4\n", "Content-Length: 3\nTransfer-Encoding: chunked\n"]
    {
        let answer = say(address, &format!("POST http://{a}/ HTTP/1.1\n{framed}\nabcd")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_answered_and_ends() {
    let (_proxy, address) = start(&["a.test"], &outward(&Names::default(), &[], &[]), tight());
    for (text, status) in [
        (format!("GET http://a.test/ HTTP/1.1\nX: {}\n\n", "x".repeat(5000)), "431"),
        (format!("GET http://a.test/ HTTP/1.1\n{}\n", "X: y\n".repeat(120)), "400"),
        ("GET / HTTP/1.1\nHost: a.test\n\n".to_owned(), "400"),
        ("GET https://a.test/ HTTP/1.1\n\n".to_owned(), "400"),
        ("GET http://me:pw@a.test/ HTTP/1.1\n\n".to_owned(), "400"),
        ("CONNECT a.test HTTP/1.1\n\n".to_owned(), "400"),
        ("CONNECT https://a.test:443 HTTP/1.1\n\n".to_owned(), "400"),
        ("CONNECT evil.test:443 HTTP/1.1\n\n".to_owned(), "403"),
        ("CONNECT a.test:22 HTTP/1.1\n\n".to_owned(), "403"),
        ("PRI * HTTP/2.0\n\nSM\n\n".to_owned(), "400"),
        ("\0\0\0garbage\n\n".to_owned(), "400"),
        // Begun and never ended.
        ("CONNECT a.test:443 HT".to_owned(), "408"),
    ] {
        let answer = say(address, &text).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{:.40}: {answer}", text);
        assert!(answer.contains("iosm: "), "{answer}");
    }
    let socks = say_bytes(address, b"\x05\x01\x00").await;
    assert!(socks.starts_with("HTTP/1.1 400 "), "{socks}");
}

#[tokio::test]
async fn a_byte_now_and_then_does_not_hold_a_place() {
    let (_proxy, address) = start(&["a.test"], &outward(&Names::default(), &[], &[]), tight());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let since = std::time::Instant::now();
    for byte in b"GET http://a.test/ HTTP/1.1\r\nX: and so on and on and on" {
        if stream.write_all(&[*byte]).await.is_err() || since.elapsed() > Duration::from_secs(1) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    let answer = String::from_utf8(rest(&mut stream).await).unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(since.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn connections_and_bytes_are_bounded_and_all_end_with_the_proxy() {
    let peer = Peer::of(|_| vec![b'x'; 200_000]).await;
    let names = Names::new(&[("a.test", &["127.0.0.1"])]);
    let (a, local) = (format!("a.test:{}", peer.port), format!("127.0.0.1:{}", peer.port));
    let limits = ProxyLimits { connections: 2, bytes: 100_000, ..tight() };
    let (proxy, address) = start(&[&a, &local], &outward(&names, &[], &[]), limits);
    // Two that say nothing hold both places until their time is over; the third is served then.
    let held = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
    let since = std::time::Instant::now();
    let answer = say(address, &format!("GET http://{a}/ HTTP/1.1\n\n")).await;
    assert!(since.elapsed() >= Duration::from_millis(300), "{:?}", since.elapsed());
    assert!(answer.len() <= 100_000 && answer.starts_with('x'), "{}", answer.len());
    drop(held);
    assert!(proxy.notes().iter().any(|note| note.contains("all the bytes")), "{:?}", proxy.notes());
    let mut open = TcpStream::connect(address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(proxy);
    assert_eq!(rest(&mut open).await, b"");
    let gone = async { while TcpStream::connect(address).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, gone).await.expect("it still listens");
}
