//! A tiny HTTP server on loopback that answers as a test wants, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One answer.
#[derive(Clone)]
pub enum Answer {
    /// Status line and headers, then the body with its length.
    Full { status: u16, headers: Vec<(&'static str, String)>, body: String },
    /// A chunked event stream, in pieces of so many bytes.
    Stream { body: String, piece: usize },
    /// As `Stream`, but the connection breaks before the end of the body.
    Broken { body: String },
    /// Accepts the request and closes without a byte.
    Close,
    /// Bytes that are no HTTP.
    Noise,
    /// Accepts the request and never says a word.
    Mute,
    /// As `Stream` in one piece per entry, cut where the entries say, also within a character, and with
    /// a pause between them.
    Pieces { pieces: Vec<Vec<u8>>, every: Duration },
}

impl Answer {
    pub fn status(status: u16, body: &str) -> Self {
        Self::typed(status, "application/json", body)
    }

    pub fn typed(status: u16, kind: &str, body: &str) -> Self {
        Self::Full { status, headers: vec![("content-type", kind.to_owned())], body: body.to_owned() }
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Full { headers, .. } = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

/// What a client sent.
#[derive(Clone, Debug)]
pub struct Asked {
    pub head: String,
    pub body: String,
    /// Which connection it came over, counted from 1.
    pub connection: usize,
    /// When its last byte had come.
    pub came: SystemTime,
    /// When the last byte of the answer had been written.
    pub answered: Option<SystemTime>,
}

pub struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers the n-th request with the n-th answer, and further ones with the last.
    pub async fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            for connection in 1.. {
                let Ok((socket, _)) = listener.accept().await else { return };
                // As every real server does; without it the last bytes wait 40 ms for an acknowledgement.
                let _ = socket.set_nodelay(true);
                tokio::spawn(serve(socket, connection, answers.clone(), Arc::clone(&log)));
            }
        });
        Self { url, asked }
    }

    /// As `start`, on a thread of its own, for tests that wait for a process and not for a future.
    pub fn hosted(answers: Vec<Answer>) -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let _ = sender.send(Self::start(answers).await);
                // The thread goes with the test's process.
                std::future::pending::<()>().await;
            });
        });
        receiver.recv().unwrap()
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut socket: TcpStream, connection: usize, answers: Vec<Answer>, log: Arc<Mutex<Vec<Asked>>>) {
    while let Some((head, body)) = read_request(&mut socket).await {
        let at = {
            let mut log = log.lock().unwrap();
            log.push(Asked { head, body, connection, came: SystemTime::now(), answered: None });
            log.len() - 1
        };
        let answer = &answers[at.min(answers.len() - 1)];
        let open = respond(&mut socket, answer).await;
        log.lock().unwrap()[at].answered = Some(SystemTime::now());
        if !open {
            return;
        }
    }
}

async fn read_request(socket: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_ascii_lowercase().lines().find_map(|line| {
                line.strip_prefix("content-length:").map(|value| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        if socket.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// Whether the connection stays open.
async fn respond(socket: &mut TcpStream, answer: &Answer) -> bool {
    const STREAM: &str =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    match answer {
        Answer::Full { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            socket.write_all(format!("{head}\r\n{body}").as_bytes()).await.is_ok()
        }
        Answer::Stream { body, piece } => {
            let mut sent = socket.write_all(STREAM.as_bytes()).await.is_ok();
            for chunk in body.as_bytes().chunks(*piece) {
                sent &= write_chunk(socket, chunk).await;
            }
            sent && socket.write_all(b"0\r\n\r\n").await.is_ok()
        }
        Answer::Broken { body } => {
            let _ = socket.write_all(STREAM.as_bytes()).await;
            write_chunk(socket, body.as_bytes()).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            false
        }
        Answer::Close => false,
        Answer::Noise => {
            let _ = socket.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await;
            false
        }
        Answer::Mute => {
            let _ = socket.read(&mut [0]).await;
            false
        }
        Answer::Pieces { pieces, every } => {
            let mut sent = socket.write_all(STREAM.as_bytes()).await.is_ok();
            for piece in pieces {
                sent &= write_chunk(socket, piece).await;
                tokio::time::sleep(*every).await;
            }
            sent && socket.write_all(b"0\r\n\r\n").await.is_ok()
        }
    }
}

async fn write_chunk(socket: &mut TcpStream, chunk: &[u8]) -> bool {
    let mut frame = format!("{:x}\r\n", chunk.len()).into_bytes();
    frame.extend_from_slice(chunk);
    frame.extend_from_slice(b"\r\n");
    socket.write_all(&frame).await.is_ok() && socket.flush().await.is_ok()
}
