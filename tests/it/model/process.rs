//! What depends on the process's environment: proxies, and a machine without certificates. Each test
//! runs one of the `child_` tests of this file in a process of its own.

use iosm::model::ModelError;
use tokio::io::AsyncWriteExt;

use super::{ask, provider, request, text};
use crate::world::server::{Answer, Server};

const OPENAI: &str = include_str!("../../golden/openai/text.sse");
const BASE: &str = "IOSM_TEST_CHILD_BASE";
const PROXIES: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// Runs one test of this file in a child with these variables; panics when it fails there.
async fn child(test: &str, base: &str, variables: &[(&str, &str)]) {
    assert!(std::env::var_os(BASE).is_none(), "a child starts no children");
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", &format!("model::process::{test}"), "--nocapture"]).env(BASE, base);
    for name in PROXIES {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let shown =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && shown.contains("1 passed"), "{shown}");
}

#[tokio::test]
async fn a_proxy_is_used_for_the_world_and_not_for_this_machine() {
    let server = Server::start(vec![Answer::Stream { body: OPENAI.to_owned(), piece: 100 }]).await;
    child("child_gets_an_answer", "http://models.invalid/v1", &[("http_proxy", &server.url)]).await;
    assert!(server.asked()[0].head.starts_with("POST http://models.invalid/v1/chat/completions "));
    child("child_gets_an_answer", &server.url, &[("http_proxy", "http://127.0.0.1:9")]).await;
    assert!(server.asked()[1].head.starts_with("POST /v1/chat/completions "));
}

#[tokio::test]
async fn a_machine_without_certificates_can_still_ask() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let https = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await.unwrap();
    });
    let none = [("SSL_CERT_FILE", "/nonexistent"), ("SSL_CERT_DIR", "/nonexistent")];
    child("child_reaches_the_handshake", &https, &none).await;
}

#[tokio::test]
async fn child_gets_an_answer() {
    let Ok(base) = std::env::var(BASE) else { return };
    let (deltas, error) = ask(&*provider("openai_compatible/m", Some(&base)), &request("m")).await;
    assert_eq!((error, text(&deltas).is_empty()), (None, false));
}

/// The server speaks no TLS, so the handshake is as far as it goes.
#[tokio::test]
async fn child_reaches_the_handshake() {
    let Ok(base) = std::env::var(BASE) else { return };
    let (_, error) = ask(&*provider("openai_compatible/m", Some(&base)), &request("m")).await;
    let Some(ModelError::Unreachable { message, .. }) = &error else { panic!("{error:?}") };
    assert!(message.contains("InvalidContentType"), "{message}");
}
