//! The network under a grant: the proxy of commands and requests of our own. Names are looked up in tables
//! of the tests, servers are on loopback.

mod fetch;
mod proxy;
mod sandboxed;
mod tunnel;
mod upstream;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use iosm::host::net::{Outward, Proxy, ProxyLimits, Resolve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longer than anything here takes, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Names and the addresses given at the first, second … look; the last is given from then on.
#[derive(Clone, Default)]
pub struct Names {
    table: Arc<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Names {
    /// `("a.test", &["127.0.0.1", "10.0.0.1 10.0.0.2"])`: one word a look, addresses in it.
    pub fn new(table: &[(&str, &[&str])]) -> Self {
        let looks = |looks: &[&str]| {
            looks.iter().map(|look| look.split(' ').map(|a| a.parse().unwrap()).collect()).collect()
        };
        let table = table.iter().map(|(name, given)| ((*name).to_owned(), looks(given))).collect();
        Self { table: Arc::new(table), asked: Arc::default() }
    }

    /// Every look, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Resolve for Names {
    fn resolve(&self, name: &str) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> {
        let mut asked = self.asked.lock().unwrap();
        let before = asked.iter().filter(|known| *known == name).count();
        asked.push(name.to_owned());
        let found = self.table.get(name).map(|looks| looks[before.min(looks.len() - 1)].clone());
        Box::pin(async move { found.ok_or_else(|| std::io::Error::other("no such name")) })
    }
}

/// A way out with these names and variables; `trusted` as in the user's settings.
pub fn outward(names: &Names, vars: &[(&str, &str)], trusted: &[&str]) -> Outward {
    let vars: HashMap<String, String> =
        vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let trusted: Vec<String> = trusted.iter().map(|host| (*host).to_owned()).collect();
    Outward::new(&|name| vars.get(name).cloned(), &trusted).with_resolver(names.clone())
}

/// A proxy on an ordinary listener.
pub fn start(granted: &[&str], outward: &Outward, limits: ProxyLimits) -> (Proxy, SocketAddr) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = Proxy::start(OwnedFd::from(listener), granted.iter().copied(), outward, limits).unwrap();
    (proxy, address)
}

/// Short waits, small bounds.
pub fn tight() -> ProxyLimits {
    ProxyLimits {
        head_bytes: 4096,
        head_time: Duration::from_millis(400),
        idle: Duration::from_millis(400),
        ..ProxyLimits::default()
    }
}

/// A server that answers every connection with `answer` after it has heard something, and closes when the
/// other side does. What it heard is remembered, one text a connection.
pub struct Peer {
    pub port: u16,
    heard: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Peer {
    pub async fn new(answer: &str) -> Self {
        let bytes = answer.replace('\n', "\r\n").into_bytes();
        Self::of(move |_| bytes.clone()).await
    }

    /// The answer made from what was heard first.
    pub async fn of(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let (answer, kept) = (Arc::new(answer), heard.clone());
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (answer, heard) = (answer.clone(), kept.clone());
                let at = {
                    let mut heard = heard.lock().unwrap();
                    heard.push(String::new());
                    heard.len() - 1
                };
                tokio::spawn(async move {
                    let mut chunk = vec![0; 65536];
                    let mut first = true;
                    while let Ok(length @ 1..) = stream.read(&mut chunk).await {
                        heard.lock().unwrap()[at].push_str(&String::from_utf8_lossy(&chunk[..length]));
                        if std::mem::take(&mut first) {
                            let said = heard.lock().unwrap()[at].clone();
                            let bytes = answer(&said);
                            if stream.write_all(&bytes).await.is_err() {
                                return;
                            }
                            // As a server does that was asked to close.
                            if said.to_ascii_lowercase().contains("connection: close") {
                                let _ = stream.shutdown().await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, heard, task }
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// Sends `text` (line ends made right) and reads to the end.
pub async fn say(address: SocketAddr, text: &str) -> String {
    say_bytes(address, text.replace('\n', "\r\n").as_bytes()).await
}

pub async fn say_bytes(address: SocketAddr, bytes: &[u8]) -> String {
    let talk = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).replace('\r', "")
    };
    tokio::time::timeout(PATIENCE, talk).await.expect("hangs")
}

/// Opens a tunnel and returns it, with the answer's status line.
pub async fn connect(address: SocketAddr, target: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap() == 0 {
            break;
        }
        answer.push(byte[0]);
    }
    let status = String::from_utf8(answer).unwrap().lines().next().unwrap_or_default().to_owned();
    (stream, status)
}

/// What is left to read.
pub async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("hangs");
    bytes
}
