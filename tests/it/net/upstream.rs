//! The user's own proxy stands between ours and the world.

use iosm::host::net::ProxyLimits;
use tokio::io::AsyncWriteExt;

use super::{Names, Peer, connect, outward, rest, say, start, tight};

#[tokio::test]
async fn requests_chain_to_it_with_the_login_of_its_address() {
    let upstream = Peer::of(|said| match said.split(' ').next() {
        Some("CONNECT") => b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n".to_vec(),
        _ => b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nvia".to_vec(),
    })
    .await;
    let peer = Peer::new("HTTP/1.1 200 OK\nContent-Length: 8\n\nstraight").await;
    let url = format!("http://me:p%40ss@127.0.0.1:{}", upstream.port);
    // The names are known to the user's proxy alone.
    let names = Names::new(&[("straight.test", &["127.0.0.1"]), ("inner.test", &["10.0.0.1"])]);
    let vars = [("HTTP_PROXY", url.as_str()), ("https_proxy", &url), ("NO_PROXY", "straight.test")];
    let (straight, local) = (format!("straight.test:{}", peer.port), format!("127.0.0.1:{}", peer.port));
    let granted = ["a.test", "inner.test", &straight, &local];
    let (proxy, address) = start(&granted, &outward(&names, &vars, &[]), ProxyLimits::default());

    let answer = say(address, "GET http://a.test/x HTTP/1.1\n\n").await;
    assert!(answer.ends_with("via"), "{answer}");
    assert_eq!(
        upstream.heard()[0].replace('\r', ""),
        "GET http://a.test:80/x HTTP/1.1\nHost: a.test\nProxy-Authorization: Basic bWU6cEBzcw==\nConnection: close\n\n"
    );
    let answer = say(address, &format!("GET http://{straight}/ HTTP/1.1\n\n")).await;
    assert!(answer.ends_with("straight"), "{answer}");
    assert_eq!(upstream.heard().len(), 1);

    let (mut stream, status) = connect(address, "a.test:443").await;
    assert_eq!(status, "HTTP/1.1 200 Connection Established");
    // Not TLS: nothing of it goes on.
    stream.write_all(b"\0\0garbage").await.unwrap();
    assert_eq!(rest(&mut stream).await, b"");
    assert_eq!(
        upstream.heard()[1].replace('\r', ""),
        "CONNECT a.test:443 HTTP/1.1\nHost: a.test:443\nProxy-Authorization: Basic bWU6cEBzcw==\n\n"
    );
    // What is refused here is not asked for there.
    assert!(say(address, "CONNECT evil.test:443 HTTP/1.1\n\n").await.starts_with("HTTP/1.1 403"));
    assert!(say(address, "CONNECT inner.test:443 HTTP/1.1\n\n").await.starts_with("HTTP/1.1 403"));
    assert_eq!(upstream.heard().len(), 2);
    assert!(proxy.notes()[0].contains("did not speak TLS"), "{:?}", proxy.notes());
}

#[tokio::test]
async fn plain_http_in_a_tunnel_is_written_anew() {
    let upstream = Peer::of(|_| b"HTTP/1.1 200 OK\r\n\r\n".to_vec()).await;
    let url = format!("http://127.0.0.1:{}", upstream.port);
    let (_proxy, address) =
        start(&["a.test"], &outward(&Names::default(), &[("HTTPS_PROXY", &url)], &[]), tight());
    let (mut stream, _) = connect(address, "a.test:80").await;
    stream
        .write_all(b"GET /x HTTP/1.1\r\nHost: evil.test\r\n\r\nGET /y HTTP/1.1\r\nHost: evil.test\r\n\r\n")
        .await
        .unwrap();
    rest(&mut stream).await;
    let heard = upstream.heard().remove(0).replace('\r', "");
    assert!(heard.ends_with("\n\nGET /x HTTP/1.1\nHost: a.test\nConnection: close\n\n"), "{heard}");
}

#[tokio::test]
async fn a_proxy_that_does_not_serve_is_named_without_its_password() {
    let refusing = Peer::new("HTTP/1.1 407 Proxy Authentication Required\n\n").await;
    let url = format!("http://me:sesame@127.0.0.1:{}", refusing.port);
    for (url, why) in [
        (url.as_str(), "it answered 407"),
        ("socks5://me:sesame@127.0.0.1:1", "`socks5://` is not supported"),
        ("http://me:sesame@127.0.0.1:1", "refused"),
    ] {
        let out = outward(&Names::default(), &[("HTTPS_PROXY", url)], &[]);
        let (proxy, address) = start(&["a.test"], &out, ProxyLimits::default());
        let answer = say(address, "CONNECT a.test:443 HTTP/1.1\n\n").await;
        assert!(answer.starts_with("HTTP/1.1 502 "), "{answer}");
        let told = format!("{answer}{:?}", proxy.notes());
        assert!(told.contains("a.test:443 was not reached through your proxy"), "{told}");
        assert!(told.to_lowercase().contains(why) && !told.contains("sesame"), "{told}");
    }
}
